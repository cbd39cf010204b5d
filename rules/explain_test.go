package rules_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"shopbell/document"
	"shopbell/event"
	"shopbell/rules"
)

// explained loads one rule with a condition and explains it.
func explained(t *testing.T, condition string, in *rules.Input) rules.Explanation {
	t.Helper()
	quoted, err := json.Marshal(condition)
	if err != nil {
		t.Fatal(err)
	}
	s := rules.Parse(map[string]string{"a.yaml": "rules:\n  - name: a\n    when: order.updated\n    if: " + string(quoted) + "\n    then: [ log: { message: x } ]\n"}, world())
	if stop, _ := document.Split(s.Problems()); len(stop) > 0 {
		t.Fatal(document.Text(stop))
	}
	rule := s.Rules()[0]
	x := rule.Explain(in)
	if d := rule.Decide(in); d.Verdict != x.Verdict {
		t.Errorf("%s: explained as %s, decided as %s", condition, x.Verdict, d.Verdict)
	}
	return x
}

func TestExplain(t *testing.T) {
	before := order(map[string]any{"paymentStatus": "AWAITING_PAYMENT", "total": 100})
	for _, c := range []struct {
		condition string
		was       map[string]any
		verdict   rules.Verdict
		near      bool
		sentence  string
	}{
		{`order.total >= 300`, nil, rules.Passes, false, `order.total >= 300 is false: order.total is 250.5`},
		{`order.total >= 200`, nil, rules.Fires, false, `order.total >= 200 is true: order.total is 250.5`},
		{`order.paymentStatus == "PAID" && was?.paymentStatus != "PAID" && order.total >= 300`, nil, rules.Passes, true, `order.total >= 300 is false: order.total is 250.5`},
		{`order.id == "B" && order.total > 1 && order.total >= 300`, nil, rules.Passes, false, `order.id == "B" is false: order.id is "K8XTQ"`},
		{`order.total > 1 and order.id == "K8XTQ"`, nil, rules.Fires, false, `all of it holds: order.total > 1 is true: order.total is 250.5; order.id == "K8XTQ" is true: order.id is "K8XTQ"`},
		{`order.total > 300 or order.customerGroup == "GOLD"`, nil, rules.Passes, false, `nothing of it holds: order.total > 300 is false: order.total is 250.5; order.customerGroup == "GOLD" is false: order.customerGroup is "VIP"`},
		{`order.total > 300 or order.customerGroup == "VIP"`, nil, rules.Fires, false, `order.customerGroup == "VIP" is true: order.customerGroup is "VIP"`},
		{`(order.total > 300 or order.id == "K8XTQ" and order.total > 1) and order.email == ""`, nil, rules.Passes, true, `order.email == "" is false: order.email is "ann@example.com"`},
		{`was != nil and was.total > 5`, nil, rules.Passes, false, `was != nil is false: was is nil: the first time this order was read`},
		{`was.total > 5`, nil, rules.Errs, false, `was.total > 5 cannot be worked out: was is empty, so it has no total; write was?.total; the first time this order was read`},
		{`order.total > 1 and was.total > 5`, nil, rules.Errs, false, `was.total > 5 cannot be worked out: was is empty, so it has no total; write was?.total; the first time this order was read`},
		{`became(order.paymentStatus, was?.paymentStatus, "CANCELLED")`, before, rules.Passes, false,
			`became(order.paymentStatus, was?.paymentStatus, "CANCELLED") is false: order.paymentStatus is "PAID"; was?.paymentStatus is "AWAITING_PAYMENT"`},
		{`changed(order.total, was?.total)`, nil, rules.Passes, false, `changed(order.total, was?.total) is false: order.total is 250.5; was is nil: the first time this order was read`},
		{`order.total - was.total > 200`, before, rules.Passes, false, `order.total - was.total > 200 is false: order.total - was.total is 150.5; order.total is 250.5; was.total is 100`},
		{`any(order.items, .sku == "X")`, nil, rules.Passes, false, `any(order.items, .sku == "X") is false: order.items is a list of 2; .sku is "SW-1", "HW-2"`},
		{`any(order.items, .sku startsWith "X-" && .quantity > 1)`, nil, rules.Passes, false,
			`any(order.items, .sku startsWith "X-" && .quantity > 1) is false: order.items is a list of 2; .sku startsWith "X-" is true for none of 2; .sku is "SW-1", "HW-2"; .quantity > 1 is true for 1 of 2; .quantity is 2, 1`},
		{`count(order.items, .quantity > 5) > 0`, nil, rules.Passes, false, `count(order.items, .quantity > 5) > 0 is false: count(order.items, .quantity > 5) is 0; order.items is a list of 2; .quantity is 2, 1`},
		{`any(filter(order.items, .price > 999), .sku == "X")`, nil, rules.Passes, false,
			`any(filter(order.items, .price > 999), .sku == "X") is false: filter(order.items, .price > 999) is an empty list`},
		{`len(order.items) > 3`, nil, rules.Passes, false, `len(order.items) > 3 is false: len(order.items) is 2; order.items is a list of 2`},
		{`order.shippingPerson?.name == "Ann"`, nil, rules.Passes, false, `order.shippingPerson?.name == "Ann" is false: order.shippingPerson is missing`},
		{`(order.orderComments ?? "") contains "gift"`, nil, rules.Passes, false, `(order.orderComments ?? "") contains "gift" is false: order.orderComments is missing`},
		{`order.customerGroup not in ["VIP"]`, nil, rules.Passes, false, `order.customerGroup not in ["VIP"] is false: order.customerGroup is "VIP"`},
		{`not (order.total > 100 or order.total < 3)`, nil, rules.Passes, true, `order.total > 100 is true: order.total is 250.5, and the rule wants that not to be so`},
		{`let twice = order.total * 2; twice > 1000 && order.id == "K8XTQ"`, nil, rules.Passes, true, `twice > 1000 is false: twice is 501`},
		{`order.total > 300 ? order.id == "A" : order.id == "B"`, nil, rules.Passes, false, `order.id == "B" is false: order.id is "K8XTQ"`},
		{`order.acceptMarketing`, nil, rules.Errs, false, `order.acceptMarketing cannot be worked out: it is nil, neither true nor false`},
		{`store.currency == "USD"`, nil, rules.Passes, false, `store.currency == "USD" is false: store.currency is "EUR"`},
		{`true`, nil, rules.Fires, false, `true is true`},
	} {
		x := explained(t, c.condition, input("order.updated", order(nil), c.was))
		if x.Verdict != c.verdict || x.Near != c.near || x.Sentence != c.sentence {
			t.Errorf("%s\n got %s near=%v %s\nwant %s near=%v %s", c.condition, x.Verdict, x.Near, x.Sentence, c.verdict, c.near, c.sentence)
		}
	}
}

// The place of what decided is that of its first character, also in a condition of several lines.
func TestExplainPlace(t *testing.T) {
	s := rules.Parse(map[string]string{"a.yaml": "rules:\n  - name: a\n    when: order.updated\n    if: >-\n      order.total > 1 and\n      order.id == \"B\" and\n      was.total > 5\n    then: [ log: { message: x } ]\n"}, world())
	x := s.Rules()[0].Explain(input("order.updated", order(nil), nil))
	if d := x.Decider; d == nil || d.Line != 6 || d.Column != 7 || d.File != "a.yaml" {
		t.Fatalf("it was decided at %+v", d)
	}
	var got []string
	for _, c := range x.Clauses {
		got = append(got, c.Sentence)
	}
	want := []string{"order.total > 1 is true: order.total is 250.5", `order.id == "B" is false: order.id is "K8XTQ"`,
		"was.total > 5 is not asked then: was is empty, so it has no total; write was?.total; the first time this order was read"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("clauses\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestExplainIgnores(t *testing.T) {
	s := rules.Parse(map[string]string{"a.yaml": `rules:
  - { name: off, enabled: false, when: order.updated, then: [ log: { message: x } ] }
  - { name: other, when: order.created, then: [ log: { message: x } ] }
  - { name: store, store: "1004", when: order.updated, then: [ log: { message: x } ] }
  - { name: own, when: order.updated, if: event.self or order.total > 1, then: [ log: { message: x } ] }
  - { name: others, when: order.updated, if: order.total > 1, then: [ log: { message: x } ] }
`}, world())
	in := input("order.updated", order(nil), nil)
	in.Event.Self = true
	want := []string{"ignores it is not enabled", "ignores it does not listen to order.updated of source ecwid: its when is order.created",
		"ignores it is a rule of store 1004, not of store 1003", "fires event.self is true: event.self is true",
		"ignores the event tells of nothing but a change that we made ourselves, and such a change sets off only rules whose condition reads event.self"}
	for i, r := range s.Rules() {
		if x := r.Explain(in); string(x.Verdict)+" "+x.Sentence != want[i] {
			t.Errorf("%s: %s %s\nwant %s", r.Name, x.Verdict, x.Sentence, want[i])
		}
	}
}

func TestExplainStep(t *testing.T) {
	s := rules.Parse(map[string]string{"a.yaml": `rules:
  - name: a
    when: order.updated
    then:
      - id: call
        http: { url: "https://example.com" }
      - if: steps.call.status >= 400
        log: { message: x }
`}, world())
	x := rules.NewExplainer().Step(s.Rules()[0], rules.Branch{}, 1, input("order.updated", order(nil), nil), map[string]any{"call": map[string]any{"status": 200}})
	if x.Verdict != rules.Passes || x.Sentence != "steps.call.status >= 400 is false: steps.call.status is 200" {
		t.Errorf("%s %s", x.Verdict, x.Sentence)
	}
}

// Values are cut, and what may be a secret is not shown.
func TestExplainShows(t *testing.T) {
	for condition, want := range map[string]string{
		`order.orderComments == "x"`:                         `order.orderComments is "` + strings.Repeat("é", 79) + `…"`,
		`order.extraFields?.apiKey == "x"`:                   `order.extraFields?.apiKey is not shown: it may be a secret`,
		`order.email == "x"`:                                 `order.email is not shown: it looks like a secret`,
		`order.customerGroup == "x"`:                         `order.customerGroup is "a\nb\u202e"`,
		`order.items == []`:                                  `order.items is a list of 2`,
		`[order.total, 1] == [1, 2]`:                         `order.total is 250.5`,
		`any(order.items, string(.quantity) == order.email)`: `order.items is a list of 2; .quantity is 2, 1`,
		`map(order.items, .sku) == ["X"]`:                    `map(order.items, .sku) is ["SW-1", "HW-2"]; order.items is a list of 2; .sku is "SW-1", "HW-2"`,
		`keys(order.extraFields) == []`:                      `keys(order.extraFields) is ["apiKey"]; order.extraFields is an object`,
	} {
		in := input("order.updated", order(map[string]any{"orderComments": strings.Repeat("é", 200), "extraFields": map[string]any{"apiKey": "p4ss"},
			"email": "xoxb-" + strings.Repeat("1", 20), "customerGroup": "a\nb\u202e"}), nil)
		if x := explained(t, condition, in); !strings.HasSuffix(x.Sentence, " is false: "+want) {
			t.Errorf("%s: %s\nwant … %s", condition, x.Sentence, want)
		}
	}
}

// However a condition is made, it is explained in bounded time.
func TestExplainBounded(t *testing.T) {
	many := make([]any, 3000)
	for i := range many {
		many[i] = i
	}
	in := input("order.updated", order(nil), nil)
	in.Data = map[string]any{"many": many}
	slow := `any(event.data.many, let x = #; any(event.data.many, # + x < 0))`
	began := time.Now()
	x := explained(t, strings.Repeat(slow+" or ", 30)+slow, in)
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
	if x.Verdict != rules.Errs || x.Decider == nil {
		t.Errorf("%s %s", x.Verdict, x.Sentence)
	}
}

// FuzzExplain holds that an explanation gives the verdict that the rule gives, twice the same, and shows no secret.
func FuzzExplain(f *testing.F) {
	f.Add(`order.total > 5 and event.data.a == "x" or not (event.data.b in [1])`, []byte(`{"a":"x"}`))
	f.Add(`any(event.data.a, .b in [1, "x", nil] && .c.d)`, []byte(`{"a":[{"b":1},{"b":{}}]}`))
	f.Add(`let x = event.data; x?.a ? x.b : was.total > 1`, []byte(`{"a":true,"b":{"b":null},"d":1e3}`))
	f.Add(`none(event.data, reduce(., #acc + #, 0) > 1) && !order.acceptMarketing`, []byte(`[[1,2]]`))
	f.Add(`event.data.token == "a" || store.name matches "(" + event.data.token`, []byte(`{"token":"hunter2hunter2"}`))
	f.Fuzz(func(t *testing.T, condition string, claim []byte) {
		data, err := event.Decode(claim)
		if err != nil {
			return
		}
		quoted, err := json.Marshal(condition)
		if err != nil {
			t.Fatal(err)
		}
		s := rules.Parse(map[string]string{"r.yaml": "rules:\n  - { name: r, when: order.created, if: " + string(quoted) + ", then: [ log: { message: x } ] }\n"}, fuzzWorld())
		if len(s.Rules()) == 0 {
			return
		}
		in := input("order.created", order(nil), nil)
		in.Data = data
		rule := s.Rules()[0]
		first := rule.Explain(in)
		if d := rule.Decide(in); d.Verdict != first.Verdict {
			t.Errorf("explained as %s, decided as %s: %s", first.Verdict, d.Verdict, condition)
		}
		if second := rule.Explain(in); !reflect.DeepEqual(first, second) {
			t.Errorf("%+v, then %+v", first, second)
		}
		if first.Sentence == "" {
			t.Errorf("nothing is said of %s: %+v", condition, first)
		}
	})
}
