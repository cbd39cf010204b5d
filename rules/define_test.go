package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/rules"
)

const defining = `
define:
  conditions:
    paid: order.paymentStatus == "PAID"
    big: order.total > threshold_of[0]
    both: paid and big
    fails: order.items[3].sku == "A"
  lists:
    threshold_of: [100]
    vips: [anna@example.com, x@example.com]
`

func TestDefinitions(t *testing.T) {
	for condition, want := range map[string]string{
		`paid`:                       "fires",
		`not paid`:                   "",
		`both`:                       "fires",
		`both and not (paid or big)`: "",
		`order.email in vips`:        "fires",
		`len(vips) == 2 and vips[0] contains "anna"`:    "fires",
		`any(order.items, paid)`:                        "fires",
		`paid and fails`:                                `error define.yaml:6:23: order.items is shorter than that`,
		`let a = both; a and fails`:                     `error define.yaml:6:23: order.items is shorter than that`,
		`order.total > 5 and order.items[3].sku == "A"`: `error r.yaml:5:40: order.items is shorter than that`,
	} {
		t.Run(condition, func(t *testing.T) {
			files := map[string]string{"define.yaml": defining[1:], "r.yaml": fmt.Sprintf("rules:\n  - name: r\n    description: >-\n      Text\n    if: %s\n    when: order.created\n    then: [ { if: paid, log: { message: '{{ both }} {{ join(vips) }}' } } ]\n", condition)}
			files["r.yaml"] += "  - { name: quiet, when: order.created, if: both and order.email in vips and fails, then: [ log: { message: x } ] }\n"
			s := rules.Parse(files, world())
			if problems, _ := document.Split(s.Problems()); len(problems) > 0 {
				t.Fatal(document.Text(problems))
			}
			r := s.Rules()[0]
			in := input("order.created", order(map[string]any{"email": "anna@example.com"}), nil)
			got := verdictOf(r.Decide(in))
			if want == "" {
				want = "passes"
			}
			if got != want {
				t.Errorf("it is %s, want %s", got, want)
			}
			again, err := rules.Compile(r.Text, r.Directory, world())
			if err != nil {
				t.Fatalf("%v of\n%s", err, r.Text)
			}
			if a := verdictOf(again.Decide(in)); strings.Fields(a)[0] != strings.Fields(want)[0] {
				t.Errorf("made again from its text, it is %s, want %s", a, want)
			}
			one, err := r.Render(rules.Branch{}, 0, in, nil)
			two, err2 := again.Render(rules.Branch{}, 0, in, nil)
			if err != nil || err2 != nil || string(one.Params) != string(two.Params) || string(one.Params) != `{"message":"true anna@example.comx@example.com"}` {
				t.Errorf("rendered %s %v, then %s %v", one.Params, err, two.Params, err2)
			}
		})
	}
}

func verdictOf(d rules.Decision) string {
	if d.Err != nil {
		return fmt.Sprint(d.Verdict, " ", d.Err)
	}
	return string(d.Verdict)
}

// TestARuleChangesWithWhatItUses holds that the revision of a rule, which runs are pinned to, tells of what stands behind it.
func TestARuleChangesWithWhatItUses(t *testing.T) {
	revisions := func(defined string) (of [2]string) {
		s := set(t, defined+"rules:\n  - { name: uses, when: order.created, if: both, then: [ log: { message: x } ] }\n  - { name: not, when: order.created, then: [ log: { message: x } ] }\n")
		return [2]string{s.Rules()[0].Revision, s.Rules()[1].Revision}
	}
	first := revisions(defining)
	for change, used := range map[[2]string]bool{
		{`"PAID"`, `"CANCELLED"`}:  true,
		{"[100]", "[200]"}:         true,
		{"x@example", "y@example"}: false,
		{"items[3]", "items[4]"}:   false,
	} {
		now := revisions(strings.ReplaceAll(defining, change[0], change[1]))
		if (now[0] != first[0]) != used || now[1] != first[1] {
			t.Errorf("%q: %v, before %v", change, now, first)
		}
	}
}

// TestDefinitionsThatGrow holds that names of names of names cannot make an expression of any size.
func TestDefinitionsThatGrow(t *testing.T) {
	var text strings.Builder
	text.WriteString("define:\n  conditions:\n    c0: order.total > 5\n")
	for i := 1; i < 40; i++ {
		fmt.Fprintf(&text, "    c%d: c%d and c%d\n", i, i-1, i-1)
	}
	text.WriteString("rules: [ { name: r, when: order.created, if: c39, then: [ log: { message: x } ] } ]\n")
	problems, _ := document.Split(rules.Parse(map[string]string{"r.yaml": text.String()}, world()).Problems())
	if len(problems) != 1 || !strings.Contains(problems[0].Message, "this is too long") {
		t.Errorf("%s", document.Text(problems))
	}
}

func TestEach(t *testing.T) {
	many := make([]any, 1001)
	for i := range many {
		many[i] = map[string]any{"sku": "A", "name": "x"}
	}
	for each, want := range map[string]string{
		`order.items`:                         "fires [0 1]",
		`map(order.items, .sku)`:              "fires [0 1]",
		`filter(order.items, .sku == "none")`: "passes []",
		`event.data.lines`:                    "error each wants a list, and this is text",
		`event.data.nothing`:                  "error the list of each is missing from this event; write ?? [] behind it to do nothing then",
		`event.data.nothing ?? []`:            "passes []",
		`event.data.many`:                     "error each gives 1001 items, and 1000 are the most for one event",
		`take(event.data.many, 1000)`:         "fires 1000",
		`map([order.items[7]], .sku)`:         "error order.items is shorter than that",
	} {
		t.Run(each, func(t *testing.T) {
			r := set(t, fmt.Sprintf("rules:\n  - name: r\n    when: order.created\n    each: %s\n    then: [ log: { message: x } ]\n", each)).Rules()[0]
			in := input("order.created", order(nil), nil)
			in.Data = map[string]any{"lines": "x", "many": many}
			d := r.Decide(in)
			got := fmt.Sprint(d.Verdict, " ", places(d.Items))
			if d.Err != nil {
				got = "error " + strings.Join(strings.SplitN(d.Err.Error(), ": ", 2)[1:], "")
			}
			if len(d.Items) > 5 {
				got = fmt.Sprint(d.Verdict, " ", len(d.Items))
			}
			if got != want {
				t.Errorf("%s, want %s", got, want)
			}
			again, err := r.Items(in)
			if (err == nil) != (d.Err == nil) || err == nil && len(again) != len(d.Items) {
				t.Errorf("asked again, it gives %d items, %v", len(again), err)
			}
		})
	}
}

func places(items []any) []int {
	all := make([]int, len(items))
	for i := range items {
		all[i] = i
	}
	return all
}
