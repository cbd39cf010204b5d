package rules_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/rules"
)

// choices makes random rules and events out of the bytes that a fuzzer changes. When they are used up, the first choice
// is always taken.
type choices struct {
	bytes []byte
	deep  int
}

func (c *choices) next(n int) int {
	if len(c.bytes) == 0 {
		return 0
	}
	b := c.bytes[0]
	c.bytes = c.bytes[1:]
	return int(b) % n
}

func (c *choices) of(list ...string) string { return list[c.next(len(list))] }

// constant writes a value, some of them equal in one way or another.
func (c *choices) constant() string {
	return c.of(`"x"`, `"y"`, `1`, `1.0`, `2`, `-1`, `nil`, `true`, `false`, `""`, `9007199254740992`, `9007199254740993`, `0`, `-0.0`, `"1"`)
}

func (c *choices) constants() string {
	var list []string
	for range c.next(5) {
		list = append(list, c.constant())
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// value writes a way to a value.
func (c *choices) value() string {
	paths := []string{
		"event.data.a", "event.data.b", "event.data?.c", "event.data.d.e", "event.data.d?.e", "event.data.d?.e.f", "event.data.d?.e?.f", "(event.data.d?.e).f",
		"event.data.list", "event.data.list[0]", "event.type", "event.store", "event.polled", "order.customerGroup", "order.extraFields?.gift", "order.shippingPerson.name",
		"order.shippingPerson?.name", "was?.customerGroup", "was.customerGroup", "store.currency", "store.url", "event.created", "event", `event.data["a.b"]`,
	}
	if c.deep > 0 {
		paths = slices.Concat([]string{".a", ".b?.a", "#", ".list"}, paths)
	}
	return paths[c.next(len(paths))]
}

// operand writes something to compare.
func (c *choices) operand() string {
	switch c.next(8) {
	case 5:
		return "(" + c.value() + " ?? " + c.constant() + ")"
	case 6:
		return "len(" + c.value() + ")"
	case 7:
		return c.value() + c.of(" + ", " - ", " * ", " / ") + c.of("1", "0", `"x"`, c.value())
	}
	return c.value()
}

// condition writes one.
func (c *choices) condition(left int) string {
	if left > 0 {
		switch c.next(10) {
		case 0, 1, 2:
			return "(" + c.condition(left-1) + " and " + c.condition(left-1) + ")"
		case 3, 4:
			return "(" + c.condition(left-1) + " or " + c.condition(left-1) + ")"
		case 5:
			return "not (" + c.condition(left-1) + ")"
		case 6, 7:
			over := c.of("event.data.list", "order.items", "event.data?.list", "event.data.d.list", c.value())
			c.deep++
			inner := c.condition(left - 1)
			c.deep--
			return c.of("any", "any", "one", "all", "none") + "(" + over + ", " + inner + ")"
		}
	}
	switch c.next(10) {
	case 0, 1, 2:
		return c.value() + " == " + c.constant()
	case 3:
		return c.constant() + " == " + c.operand()
	case 4:
		return c.value() + " in " + c.constants()
	case 5:
		return c.constant() + " in " + c.value()
	case 6:
		return "became(" + c.value() + ", " + c.value() + ", " + c.constant() + ")"
	case 7:
		return c.operand() + c.of(" > ", " <= ", " != ", " == ") + c.of(c.constant(), c.operand())
	case 8:
		return c.value() + c.of(" contains ", " startsWith ", " endsWith ") + c.of(`"x"`, c.value())
	}
	return c.of(c.value(), "true", "changed("+c.value()+", "+c.value()+")", "event.self")
}

// any makes a value as JSON has it.
func (c *choices) any(left int) any {
	switch n := c.next(16); {
	case n == 0:
		return nil
	case n < 4:
		return c.of("x", "y", "", "1")
	case n < 8:
		return []any{1, 1.0, 2.0, -1, 9007199254740992, 9007199254740993, 0}[c.next(7)]
	case n == 8:
		return c.next(2) == 0
	case n < 11 && left > 0:
		return c.object(left - 1)
	case n == 11 && left > 0:
		return alike[:[]int{5, 9, 30, 300, 700, 2000, 60_000}[min(c.next(7), c.next(7))]]
	case n == 12:
		return xs[:[]int{2, 4096, 4097, 1 << 20}[min(c.next(4), c.next(4))]]
	case left > 0:
		var list []any
		for range c.next(4) {
			list = append(list, c.any(left-1))
		}
		return append([]any{}, list...)
	}
	return "x"
}

// What is long in an event is made once, or else making it would take most of the time.
var (
	alike = slices.Repeat([]any{map[string]any{"a": "z", "b": nil}}, 60_000)
	xs    = strings.Repeat("x", 1<<20)
)

func (c *choices) object(left int) map[string]any {
	object := map[string]any{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "list", "a.b", "customerGroup", "items", "extraFields", "shippingPerson", "name", "gift"} {
		switch c.next(4) {
		case 0:
		case 1:
			if name == "d" || name == "e" || name == "extraFields" || name == "shippingPerson" {
				object[name] = c.object(max(left-1, 0))
				continue
			}
			if name == "list" || name == "items" {
				object[name] = []any{c.object(0), c.object(0)}
				continue
			}
			fallthrough
		default:
			object[name] = c.any(left)
		}
	}
	return object
}

// input makes an event.
func (c *choices) input() *rules.Input {
	in := input("order.created", nil, nil)
	in.Event.Store = c.of("1003", "1004")
	in.Event.Self = c.next(8) == 7
	in.Data = c.any(3)
	if c.next(4) > 0 {
		in.Data = c.object(3)
	}
	if c.next(4) > 0 {
		in.Entity = c.object(2)
	}
	if c.next(3) > 0 {
		in.Was = c.object(2)
	}
	return in
}

// set makes rules, each of five lines, and leaves out those that the checker refuses.
func (c *choices) set(t *testing.T) *rules.Set {
	lines := []string{"rules:"}
	for i := range 1 + c.next(24) {
		condition, err := json.Marshal(c.condition(c.next(4)))
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, fmt.Sprintf("  - name: r%d", i), "    when: order.created",
			"    "+c.of("", "", "store: 1003", "store: [1004, 1003]"), "    if: "+string(condition), "    then: [ log: { message: x } ]")
	}
	s := rules.Parse(map[string]string{"r.yaml": strings.Join(lines, "\n")}, fuzzWorld())
	problems, _ := document.Split(s.Problems())
	if len(problems) == 0 {
		return s
	}
	for _, p := range problems {
		first := p.Line - 2 - (p.Line-2)%5 + 1
		clear(lines[first : first+5])
	}
	s = rules.Parse(map[string]string{"r.yaml": strings.Join(lines, "\n")}, fuzzWorld())
	if problems, _ := document.Split(s.Problems()); len(problems) > 0 {
		t.Fatal(document.Text(problems))
	}
	return s
}

// plain is what [rules.Set.Match] says, found by asking every rule.
func plain(s *rules.Set, in *rules.Input) (said []string) {
	for _, r := range s.Rules() {
		in := only(in, r)
		if in.Event.Self && !strings.Contains(r.Condition, "event.self") || len(r.Stores()) > 0 && !slices.Contains(r.Stores(), in.Event.Store) {
			continue
		}
		if d := r.Decide(in); d.Verdict != rules.Passes {
			said = append(said, told(d))
		}
	}
	return said
}

// only gives an event whose entities have no more than what a rule says that it reads.
func only(in *rules.Input, r *rules.Rule) *rules.Input {
	fields, whole := r.Fields()
	if whole {
		return in
	}
	less := *in
	for _, entity := range []*map[string]any{&less.Entity, &less.Was} {
		if *entity != nil {
			*entity = maps.Clone(*entity)
			maps.DeleteFunc(*entity, func(name string, _ any) bool { return !slices.Contains(fields, name) })
		}
	}
	return &less
}

func told(d rules.Decision) string {
	return fmt.Sprintf("%s: %s, %v, %v", d.Rule.Condition, d.Verdict, d.Once, d.Err)
}

// FuzzIndex holds that the index changes nothing: of any rules and any event, it gives the verdicts, the order and the
// errors that asking every rule gives, each with no more of the entities than it says that it reads.
func FuzzIndex(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		seed := make([]byte, 3000)
		for i := range seed {
			seed[i] = byte(random.Uint32())
		}
		f.Add(seed)
	}
	f.Fuzz(indexedIsPlain)
}

func indexedIsPlain(t *testing.T, bytes []byte) {
	c := &choices{bytes: bytes}
	s := c.set(t)
	for range 6 {
		in := c.input()
		var got []string
		for _, d := range s.Match(in) {
			got = append(got, told(d))
		}
		if want := plain(s, in); !slices.Equal(got, want) {
			data, _ := json.Marshal(in.Data)
			entity, _ := json.Marshal(in.Entity)
			t.Fatalf("indexed:\n%s\nplain:\n%s\nof %.2000s\nand %.2000s", strings.Join(got, "\n"), strings.Join(want, "\n"), data, entity)
		}
	}
}
