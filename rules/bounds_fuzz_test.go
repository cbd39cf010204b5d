package rules_test

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"shopbell/rules"
)

// A grammar makes expressions with loops in loops, long texts and lists that grow. The same choices make the same
// expression.
type grammar struct {
	choices *rand.Rand
	left    int // parts that may still be made
	level   int // of loops
}

func (g *grammar) pick(forms ...func() string) string {
	g.left--
	if g.left <= 0 {
		return forms[0]() // the first form has no parts
	}
	return forms[g.choices.Intn(len(forms))]()
}

func word(words ...string) func(g *grammar) string {
	return func(g *grammar) string { return words[g.choices.Intn(len(words))] }
}

// item names the value of the loop around, where there is one.
func (g *grammar) item(otherwise string) string {
	if g.level > 0 && g.choices.Intn(2) == 0 {
		return "#"
	}
	return otherwise
}

func (g *grammar) inLoop(make func() string) string {
	g.level++
	defer func() { g.level-- }()
	return make()
}

func (g *grammar) list() string {
	return g.pick(
		func() string {
			return word("event.data.items", "event.data.numbers", "event.data.words", "1..1000", "1..150000", "[]", "order.items")(g)
		},
		func() string { return fmt.Sprintf("filter(%s, %s)", g.list(), g.inLoop(g.flag)) },
		func() string { return fmt.Sprintf("map(%s, %s)", g.list(), g.inLoop(g.any)) },
		func() string { return fmt.Sprintf("sortBy(%s, %s)", g.list(), g.inLoop(g.any)) },
		func() string { return fmt.Sprintf("concat(%s, %s)", g.list(), g.list()) },
		func() string { return fmt.Sprintf("flatten([%s, %s])", g.list(), g.list()) },
		func() string { return fmt.Sprintf("split(%s, %s)", g.text(), g.text()) },
		func() string { return fmt.Sprintf("uniq(%s)", g.list()) },
		func() string { return fmt.Sprintf("sort(%s)", g.list()) },
		func() string { return fmt.Sprintf("reverse(%s)", g.list()) },
		func() string { return fmt.Sprintf("keys(%s)", g.object()) },
		func() string { return fmt.Sprintf("[%s, %s]", g.any(), g.any()) },
		func() string { return fmt.Sprintf("reduce(%s, concat([#acc], %s), [])", g.list(), g.inLoop(g.list)) },
		func() string { return fmt.Sprintf("%s[%s:%s]", g.list(), g.number(), g.number()) },
	)
}

func (g *grammar) text() string {
	return g.pick(
		func() string { return word("event.data.big", `"a"`, `"é"`, `""`, "order.id", `"a1"`)(g) },
		func() string { return fmt.Sprintf("(%s + %s)", g.text(), g.text()) },
		func() string { return fmt.Sprintf("repeat(%s, %s)", g.text(), g.number()) },
		func() string { return fmt.Sprintf("replace(%s, %s, %s)", g.text(), g.text(), g.text()) },
		func() string { return fmt.Sprintf("join(%s, %s)", g.list(), g.text()) },
		func() string { return fmt.Sprintf("toJSON(%s)", g.any()) },
		func() string {
			return fmt.Sprintf("%s(%s)", word("upper", "lower", "html", "toBase64", "trim", "string")(g), g.text())
		},
		func() string { return fmt.Sprintf("trim(%s, %s)", g.text(), g.text()) },
		func() string { return fmt.Sprintf("%s[%s:]", g.text(), g.number()) },
		func() string { return fmt.Sprintf(`reduce(%s, string(#acc) + %s, "")`, g.list(), g.inLoop(g.text)) },
		func() string { return fmt.Sprintf("day(%s, %s)", g.any(), g.text()) },
	)
}

func (g *grammar) number() string {
	return g.pick(
		func() string { return g.item(word("0", "1", "-1", "1000", "1000000", "9007199254740993", "0.5")(g)) },
		func() string { return fmt.Sprintf("len(%s)", g.any()) },
		func() string { return fmt.Sprintf("%s(%s)", word("sum", "max", "min", "median", "mean")(g), g.list()) },
		func() string { return fmt.Sprintf("count(%s, %s)", g.list(), g.inLoop(g.flag)) },
		func() string {
			return fmt.Sprintf("(%s %s %s)", g.number(), word("+", "-", "*", "/", "%", "**")(g), g.number())
		},
		func() string { return fmt.Sprintf("indexOf(%s, %s)", g.text(), g.text()) },
		func() string { return fmt.Sprintf("int(%s)", g.text()) },
	)
}

func (g *grammar) flag() string {
	return g.pick(
		func() string { return "true" },
		func() string {
			return fmt.Sprintf("%s(%s, %s)", word("all", "any", "none", "one")(g), g.list(), g.inLoop(g.flag))
		},
		func() string { return fmt.Sprintf("(%s %s %s)", g.any(), word("==", "!=", "in")(g), g.any()) },
		func() string {
			return fmt.Sprintf("(%s %s %s)", g.text(), word("<", ">=", "contains", "startsWith", "endsWith", "matches")(g), g.text())
		},
		func() string { return fmt.Sprintf(`(%s matches "(a?){20}[b-d]")`, g.text()) },
		func() string { return fmt.Sprintf("(%s in %s)", g.any(), g.list()) },
		func() string { return fmt.Sprintf("(%s and %s)", g.flag(), g.flag()) },
		func() string { return fmt.Sprintf("changed(%s, %s)", g.any(), g.any()) },
	)
}

func (g *grammar) object() string {
	return g.pick(
		func() string { return word("event.data", "event.data.object", "order")(g) },
		func() string { return fmt.Sprintf("({a: %s, b: %s})", g.any(), g.any()) },
		func() string { return fmt.Sprintf("groupBy(%s, %s)", g.list(), g.inLoop(g.any)) },
		func() string { return fmt.Sprintf("fromPairs(map(%s, [%s, 1]))", g.list(), g.inLoop(g.text)) },
		func() string { return fmt.Sprintf("fromJSON(%s)", g.text()) },
	)
}

func (g *grammar) any() string {
	return g.pick(
		func() string { return g.item("nil") }, g.list, g.text, g.number, g.flag, g.object,
		func() string { return fmt.Sprintf("(let v%d = %s; [v%[1]d, v%[1]d])", g.left, g.any()) },
		func() string { return fmt.Sprintf("get(%s, %s)", g.object(), g.text()) },
	)
}

// FuzzBounds holds that no expression of the grammar takes longer than a second on a large event, or asks for more memory than
// an evaluation may.
func FuzzBounds(f *testing.F) {
	for seed := range int64(200) {
		f.Add(seed, byte(12+seed%40))
	}
	in := hugeEvent()
	f.Fuzz(func(t *testing.T, seed int64, size byte) {
		g := &grammar{choices: rand.New(rand.NewSource(seed)), left: int(size)}
		code := g.any() + " != nil"
		quoted, err := json.Marshal(code)
		if err != nil {
			t.Fatal(err)
		}
		s := rules.Parse(map[string]string{"r.yaml": "rules:\n  - { name: r, when: order.created, if: " + string(quoted) + ", then: [ log: { message: x } ] }\n"}, fuzzWorld())
		if len(s.Rules()) == 0 {
			return // not every expression makes sense
		}
		var verdict rules.Decision
		attacked(t, code, func() error {
			verdict = s.Rules()[0].Decide(in)
			return nil
		})
		if verdict.Err != nil && (len(verdict.Err.Error()) > 3000 || strings.Contains(verdict.Err.Error(), "runtime error")) {
			t.Errorf("%s ends with %.3000s", code, verdict.Err)
		}
	})
}
