package rules_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"shopbell/rules"
)

// many gives the files of n rules on one event type, at most 5,000 in each.
func many(n int, condition func(i int) string) map[string]string {
	files := map[string]string{}
	for from := 0; from < n; from += 5000 {
		var text strings.Builder
		text.WriteString("rules:\n")
		for i := from; i < min(from+5000, n); i++ {
			fmt.Fprintf(&text, "  - name: r%d\n    when: order.created\n    if: %s\n    then:\n      - log: { message: \"{{ order.id }}: x\" }\n", i, condition(i))
		}
		files[fmt.Sprintf("r%05d.yaml", from)] = text.String()
	}
	return files
}

// A workload is conditions of one shape. Of any number of them at least ten, where there are so many, are true of the
// order of these tests.
type workload struct {
	name      string
	condition func(i int) string
	indexed   bool // all of them
}

// pick gives a value that only the first ten rules wait for.
func pick(i int, value, other string) string {
	if i < 10 {
		return value
	}
	return fmt.Sprintf("%s%d", other, i)
}

func workloads() []workload {
	equal := func(i int) string {
		return fmt.Sprintf(`order.customerGroup == "%s" and order.total > 100`, pick(i, "VIP", "G"))
	}
	in := func(i int) string {
		return fmt.Sprintf(`order.total > 100 and order.customerGroup in ["%s", "H%d"]`, pick(i, "VIP", "G"), i)
	}
	lines := func(i int) string {
		return fmt.Sprintf(`any(order.items, .sku == "%s" and .quantity > 0)`, pick(i, "HW-2", "SKU-"))
	}
	mixed := func(i int) string {
		switch i % 5 {
		case 1:
			return in(i)
		case 2:
			return lines(i)
		case 3:
			return fmt.Sprintf(`order.paymentStatus == "PAID" and (order.email == "%s" or order.id == "%s")`, pick(i, "ann@example.com", "m"), pick(i, "-", "O"))
		case 4:
			return fmt.Sprintf(`became(order.paymentStatus, was?.paymentStatus, "PAID") and event.data.orderId == "%s"`, pick(i, "K8XTQ", "O"))
		}
		return equal(i)
	}
	return []workload{
		{"Equal", equal, true},
		{"In", in, true},
		{"AnyItem", lines, true},
		{"Range", func(i int) string {
			if i < 10 {
				return `order.total > 100`
			}
			return fmt.Sprintf(`order.total > %d`, 1000+i)
		}, false},
		{"Mixed", mixed, true},
	}
}

// What the speed rests on: of thousands of rules, an event is held against those only that wait for what it has. How many
// there are makes no difference, and loading 100,000 takes a while: BenchmarkIndex does.
func TestFewConditionsAreEvaluated(t *testing.T) {
	for _, w := range workloads() {
		if !w.indexed {
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			const n = 1_000
			s := rules.Parse(many(n, w.condition), fuzzWorld())
			if len(s.Rules()) != n {
				t.Fatal(s.Problems()[0])
			}
			in := input("order.created", order(nil), nil)
			if fire := len(s.Match(in)); fire != 10 {
				t.Errorf("%d fire, want 10", fire)
			}
			if asked := s.Candidates(in); asked != 10 {
				t.Errorf("%d conditions were evaluated, want 10", asked)
			}
		})
	}
}

// TestWhatIsIndexed holds which conditions an event is held against: none that cannot be true of it, and all that could
// fail. The event is of an order of group VIP with the lines SW-1 and HW-2, and no orderComments.
func TestWhatIsIndexed(t *testing.T) {
	long := strings.Repeat(`order.email contains "q" or `, 2)
	tests := map[string]bool{
		`order.customerGroup == "VIP"`:                                    true,
		`order.customerGroup == "B"`:                                      false,
		`"B" == order.customerGroup`:                                      false,
		`order.customerGroup in []`:                                       false,
		`was.customerGroup in []`:                                         true, // it fails
		`order.customerGroup in ["A", "B"]`:                               false,
		`order.customerGroup in ["A", "VIP"]`:                             true,
		`order.orderComments == nil`:                                      true,
		`order.customerGroup == nil`:                                      false,
		`(order.orderComments ?? "") == ""`:                               true,
		`(order.orderComments ?? "none") == "x"`:                          false,
		`order.total == 250.5`:                                            true,
		`order.total == 250`:                                              false,
		`order.total == -250.5`:                                           false,
		`order.items[0].sku == "x"`:                                       true, // not a way to a field
		`event.data.total == 250.0`:                                       true,
		`event.data.total == "250"`:                                       false,
		`event.type == "order.created" and order.total > 5`:               true,
		`event.store == "1004"`:                                           false,
		`store.currency == "USD"`:                                         false,
		`was?.paymentStatus == "PAID"`:                                    false,
		`was.paymentStatus == "PAID"`:                                     true, // it fails
		`event.data.a.b == 1`:                                             true, // it fails
		`event.data.a?.b == 1`:                                            false,
		`order.shippingPerson?.name == "Ann"`:                             false,
		`any(order.items, .sku == "X")`:                                   false,
		`any(order.items, .sku == "HW-2")`:                                true,
		`any(order.items, .sku in ["X", "Y"] and .quantity > 1)`:          false,
		`any(order.items, .quantity > 1 and .sku == "X")`:                 false,
		`any(event.data.lines, .missing > 1 and .sku == "X")`:             true, // it fails
		`any(event.data.lines, .missing == "X" and .nothing > 1)`:         false,
		`one(order.items, .sku == "X")`:                                   false,
		`all(order.items, .sku == "X")`:                                   true, // true of an order without lines
		`any(event.data.nothing, .sku == "X")`:                            true, // it fails
		`any(event.data.nothing ?? [], .sku == "X")`:                      true, // not a way
		`"X" in event.data.tags`:                                          false,
		`"X" in event.data.lines`:                                         false,
		`order.customerGroup == "A" or order.customerGroup == "B"`:        false,
		`order.customerGroup == "A" or order.email == "ann@example.com"`:  true,
		`order.customerGroup == "A" or order.total > 5`:                   true,
		`order.total > 5 and order.customerGroup == "B"`:                  false,
		`order.acceptMarketing and order.customerGroup == "B"`:            true, // it fails
		`order.customerGroup == "B" and order.acceptMarketing`:            false,
		`event.data.missing > 5 and order.customerGroup == "B"`:           true, // it fails
		`(event.data.missing ?? 0) > 5 and order.customerGroup == "B"`:    false,
		`order.total * 2 - 1 > 5 and order.customerGroup == "B"`:          false,
		`len(order.items) > 5 and order.customerGroup == "B"`:             false,
		`upper(order.email) == "X" and order.customerGroup == "B"`:        true, // not known to be sure
		`(` + long + `order.email == "x") and order.customerGroup == "B"`: false,
		`all(order.items, .quantity > 0) and order.customerGroup == "B"`:  false,
		`became(order.paymentStatus, was?.paymentStatus, "CANCELLED")`:    false,
		`became(order.paymentStatus, was?.paymentStatus, "PAID")`:         true,
		`changed(order.total, was?.total) and order.customerGroup == "B"`: false,
		`not (order.customerGroup == "VIP")`:                              true, // no equality is necessary
		`not (order.total > 5) and order.customerGroup == "B"`:            false,
		`let g = order.customerGroup; g == "B"`:                           true, // not looked through
	}
	for condition, want := range tests {
		t.Run(condition, func(t *testing.T) {
			s := set(t, fmt.Sprintf("rules:\n  - name: r\n    when: order.created\n    if: |\n      %s\n    then: [ log: { message: x } ]\n", condition))
			in := input("order.created", order(nil), nil)
			in.Data.(map[string]any)["lines"] = in.Entity["items"]
			asked := 0
			if want {
				asked = 1
			}
			if got := s.Candidates(in); got != asked {
				t.Errorf("it is evaluated %d times, want %d", got, asked)
			}
		})
	}
}

// A long condition costs little to look through, however its parts are nested.
func TestIndexOfLongConditions(t *testing.T) {
	chain, left, right := `order.total > 1`, `order.total > 1`, `order.customerGroup == "B"`
	for i := range 60 {
		chain += fmt.Sprintf(` and event.data.f%d > 1`, i)
		left = fmt.Sprintf(`((%s) or event.data.f%d == 1) and event.data.g%d == 2`, left, i, i)
		right = fmt.Sprintf(`event.data.f%d == 1 or (event.data.g%d == 2 and (%s))`, i, i, right)
	}
	for _, condition := range []string{chain + ` and order.customerGroup == "B"`, left, right} {
		s := set(t, "rules:\n"+"  - name: r\n    when: order.created\n    if: |\n      "+condition+"\n    then: [ log: { message: x } ]\n")
		in := input("order.created", order(nil), nil)
		if got, want := fmt.Sprint(len(s.Match(in))), fmt.Sprint(len(plain(s, in))); got != want {
			t.Errorf("%s verdicts, want %s", got, want)
		}
	}
}

// An evaluation that would have been too much is an error, and must be one with the index too.
func TestIndexKeepsErrorsOfBounds(t *testing.T) {
	var lines []any
	for range 130_000 {
		lines = append(lines, map[string]any{"sku": "A"})
	}
	values := strings.Repeat(`"x", `, 200)
	for name, condition := range map[string]string{
		"loop":           `any(event.data.lines, .sku == "X")`,
		"list in a loop": `any(event.data.few, .sku in [` + values + `"y"])`,
		"loop before":    `not any(event.data.lines, .sku == "B") and order.customerGroup == "B"`,
		"long texts":     strings.Repeat(`not (event.data.text contains "z") and `, 40) + `order.customerGroup == "B"`,
		"long list":      strings.Repeat(`not ("z" in event.data.lines) and `, 5) + `order.customerGroup == "B"`,
		"equal texts":    strings.Repeat(`not changed(event.data.text, event.data.copy) and `, 66) + `order.customerGroup == "B"`,
		"in a loop":      `any(event.data.long, .sku == event.data.text and .name == "X")`,
	} {
		t.Run(name, func(t *testing.T) {
			s := set(t, "rules:\n  - name: r\n    when: order.created\n    if: |\n      "+condition+"\n    then: [ log: { message: x } ]\n")
			in := input("order.created", order(nil), nil)
			long := strings.Repeat("a", 2<<20)
			one := map[string]any{"sku": strings.Clone(long), "name": nil}
			in.Data = map[string]any{"lines": lines, "few": lines[:2000], "text": long, "copy": strings.Clone(long), "long": slices.Repeat([]any{one}, 150)}
			if made := s.Match(in); len(made) != 1 || made[0].Verdict != rules.Errs {
				t.Errorf("%v, want an error", made)
			}
			in.Data = map[string]any{"lines": lines[:10], "few": lines[:10], "text": "a", "copy": "a", "long": []any{}}
			if asked := s.Candidates(in); asked != 0 {
				t.Errorf("of a small event, %d conditions were evaluated", asked)
			}
		})
	}
}

// A list that is defined has many values, whose every use takes as many steps, and makes as many values.
func TestIndexKeepsErrorsOfDefinedLists(t *testing.T) {
	many := strings.Repeat("abc, ", 9_999) + "abc"
	for uses, want := range map[int]int{1: 0, 25: 1} {
		if slow > 1 && uses > 1 {
			continue // 250,000 parts of one expression, which the race detector makes slow
		}
		condition := strings.Repeat("not (order.email in many) and ", uses) + `order.customerGroup == "B"`
		s := set(t, "define: { lists: { many: ["+many+"] } }\nrules:\n  - name: r\n    when: order.created\n    if: "+condition+"\n    then: [ log: { message: x } ]\n")
		made := s.Match(input("order.created", order(nil), nil))
		if len(made) != want || want == 1 && made[0].Verdict != rules.Errs {
			t.Errorf("%d uses: %v", uses, made)
		}
		if asked := s.Candidates(input("order.created", order(nil), nil)); asked != want {
			t.Errorf("%d uses: %d conditions were evaluated", uses, asked)
		}
	}
}
