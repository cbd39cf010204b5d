package rules_test

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/rules"
)

// trials makes the suite of a rules directory that has no problems.
func trials(t testing.TB, files map[string]string, w rules.World) *rules.Suite {
	t.Helper()
	s := rules.Parse(files, w)
	suite := rules.ParseTrials(files, s)
	if stop, _ := document.Split(append(s.Problems(), suite.Problems()...)); len(stop) > 0 {
		t.Fatal(document.Text(stop))
	}
	return suite
}

// outline writes a report as one line for each test and finding.
func outline(r *rules.Report) string {
	var b strings.Builder
	for _, one := range r.Results {
		word := "fails"
		if one.Passed {
			word = "passes"
		}
		fmt.Fprintf(&b, "%s %s\n", one.Name, word)
		for _, f := range one.Findings {
			fmt.Fprintf(&b, "  %s\n", f.Kind)
			for _, l := range f.Lines {
				b.WriteString(strings.TrimRight("    "+l.Sign+" "+l.Text, " ") + "\n")
			}
			for _, why := range f.Why {
				fmt.Fprintf(&b, "    why %s\n", why)
			}
		}
	}
	return b.String()
}

const trialRules = `rules:
  - name: big
    when: [order.created, order.updated]
    if: order.total >= 200 and was?.total != order.total
    then:
      - slack: { channel: "#sales", text: "{{ order.id }}" }
    else:
      - log: { message: "{{ order.id }} is small" }
  - name: keys
    when: order.created
    each: filter(order.items ?? [], .sku startsWith "SW-")
    then:
      - id: key
        license_key: { pool: games }
      - if: item.quantity > 1
        log: { message: "many {{ item.sku }}" }
      - email: { to: "{{ order.email }}", subject: Key, text: "{{ item.sku }}\n{{ steps.key.value }}\n" }
  - name: dark
    when: product.updated
    mode: shadow
    if: product.quantity < 3
    then:
      - slack: { channel: "#stock", text: "{{ product.name }}" }
  - name: elsewhere
    when: product.updated
    mode: { redirect: me@example.com }
    if: product.quantity < 3
    then:
      - email: { to: "you@example.com", subject: s, text: "{{ store.currency }}" }
  - name: strict
    when: customer.created
    on_error: stop
    if: customer.email contains "@"
    then:
      - log: { message: strict }
  - name: welcome
    when: customer.created
    then:
      - log: { message: welcome }
`

// TestTrials holds what tests say, to the letter.
func TestTrials(t *testing.T) {
	const given = "given: { event: order.created, entity: { id: A1, total: 250, email: a@example.com, items: [] } }"
	for name, c := range map[string]struct{ test, want string }{
		"as expected":     {given + "\n    expect: [{ rule: big, slack: { channel: \"#sales\" } }]", "passes"},
		"by a pattern":    {given + "\n    expect: { slack: { text: /^A\\d$/ } }", "passes"},
		"only the action": {given + "\n    expect: slack", "passes"},
		"nothing expected": {given + "\n    expect: none", `fails
  extra
    + slack {"channel":"#sales","text":"A1"}
    why on event 1, order.created: all of it holds: order.total >= 200 is true: order.total is 250; was?.total != order.total is true: was is nil: the test gives nothing before it; order.total is 250`},
		"more is expected": {given + "\n    expect: [slack, log]", `fails
  missing
    - log
    why rule keys did not fire on event 1, order.created: it has no condition, so it fires on every event that it listens to; but the list of its each, filter(order.items ?? [], .sku startsWith "SW-"), is empty`},
		"otherwise": {given + "\n    expect: [{ slack: { channel: \"#sale\" } }]", `fails
  differs
    - slack.channel: "#sale"
    + slack.channel: "#sales"`},
		"exact":               {given + "\n    exact: true\n    expect: [{ slack: { channel: \"#sales\" } }]", "fails\n  differs\n    + slack.text: \"A1\""},
		"exact, and all told": {given + "\n    exact: true\n    expect: [{ slack: { channel: \"#sales\", text: A1 } }]", "passes"},
		"else":                {"given: { event: order.created, entity: { id: A2, total: 5, items: [] } }\n    expect: [{ log: { message: A2 is small } }]", "passes"},
		"created once": {`given:
      - { event: order.created, entity: { id: A1, total: 250, items: [] } }
      - { event: order.created, entity: { id: A1, total: 300, items: [] } }
      - { event: order.created, entity: { id: A2, total: 300, items: [] } }
    expect: [{ slack: { text: A1 } }, { slack: { text: A2 } }]`, "passes"},
		"was is the entity before": {`given:
      - { event: order.updated, entity: { id: A1, total: 250 } }
      - { event: order.updated, entity: { id: A1, total: 250 } }
      - { event: order.updated, entity: { id: A1, total: 350 } }
      - { event: order.updated, entity: { id: A1, total: 350 }, was: { id: A1, total: 1 } }
      - event: order.updated
    expect: [slack, log, slack, slack, log]`, "passes"},
		"gone, and back": {`given:
      - { event: order.updated, entity: { id: A1, total: 250 } }
      - { event: order.deleted, subject: order/A1 }
      - { event: order.updated, entity: { id: A1, total: 250 } }
    expect: [slack, slack]`, "passes"},
		"each, with answers": {`given: { event: order.created, entity: { id: A1, total: 5, email: a@example.com, items: [{ sku: SW-1, quantity: 2 }, { sku: X, quantity: 1 }, { sku: SW-2, quantity: 1 }] } }
    answers: { key: { value: K-1 } }
    expect:
      - log
      - license_key
      - { log: { message: many SW-1 }, item: { sku: SW-1 } }
      - { email: { text: "SW-1\nK-1\n" }, item: { sku: SW-1 } }
      - license_key: { pool: games }
      - { email: { text: "SW-2\nK-2\n" }, item: { sku: SW-2 } }`, `fails
  differs
      email.text:
        SW-2
    -   K-2
    +   K-1
       `},
		"a stand-in, and a step left out": {`given: { event: order.created, entity: { id: A1, total: 250, email: a@example.com, items: [{ sku: SW-1, quantity: 1 }] } }
    expect:
      - slack
      - license_key
      - log: { message: many SW-1 }
      - email: { text: /\(key.value\)/ }`, `fails
  missing
    - log {"message":"many SW-1"}
    why rule keys left the step out: item.quantity > 1 is false: item.quantity is 1`},
		"partial": {`given: { event: order.created, entity: { id: A1, total: 250, email: a@example.com, items: [{ sku: SW-1, quantity: 1 }] } }
    partial: true
    expect: [email]`, "passes"},
		"shadow and redirect": {`given: { event: product.updated, entity: { id: 1, name: Tea, quantity: 1 }, profile: { currency: EUR } }
    expect:
      - { rule: dark, mode: shadow, slack: { text: Tea } }
      - { rule: elsewhere, mode: redirect, email: { text: EUR } }`, "passes"},
		"another mode": {`given: { event: product.updated, entity: { id: 1, name: Tea, quantity: 1 }, profile: { currency: EUR } }
    expect: [{ slack: {}, mode: live }, email]`, "fails\n  differs\n    - mode: \"live\"\n    + mode: \"shadow\""},
		"an error": {`given: { event: product.updated, entity: { id: 1, name: Tea, quantity: 1 } }
    expect: [slack]`, `fails
  error
    + rule elsewhere: r.yaml:29:63: store.currency is empty; write store.currency ?? "…" to say what to put there`},
		"an error that is expected": {`given: { event: product.updated, entity: { id: 1, name: Tea, quantity: 1 } }
    expect: [slack]
    errors: [store.currency is empty]`, "passes"},
		"an error that does not come": {given + "\n    expect: [slack]\n    errors: [/nothing/]", "fails\n  no error\n    - /nothing/"},
		"an event that is put aside":  {"given: { event: customer.created }\n    errors: strict\n    expect: none", "passes"},
		"without an entity": {"given: { event: customer.created }\n    expect: [log, log]", `fails
  missing
    - log
    why rule strict did not fire on event 1, customer.created: customer.email contains "@" cannot be worked out: customer is empty, so it has no email; write customer?.email
  missing
    - log
    why rule strict did not fire on event 1, customer.created: customer.email contains "@" cannot be worked out: customer is empty, so it has no email; write customer?.email
  error
    + rule strict: r.yaml:33:18: customer is empty, so it has no email; write customer?.email
    why the rule reads the entity, and event 1 of the test gives none: add "entity:"`},
		"our own change": {"given: { event: order.updated, self: true, entity: { id: A1, total: 250 } }\n    expect: none", "passes"},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"r.yaml": trialRules, "a_test.yaml": "tests:\n  - name: it\n    " + c.test + "\n"}
			got := outline(trials(t, files, world()).Run(nil))
			if want := "it " + strings.TrimRight(c.want, "\n") + "\n"; got != want && strings.TrimRight(got, " \n") != strings.TrimRight(want, " \n") {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// A test in a store's directory sees the rules of that store and of the top; one at the top sees those of the top.
func TestTrialsOfStores(t *testing.T) {
	rule := func(name string) string {
		return "rules:\n  - { name: " + name + ", when: order.created, then: [ log: { message: \"" + name + " {{ event.store }}\" } ] }\n"
	}
	test := func(expect string) string {
		return "tests:\n  - { name: it, given: { event: order.created, entity: { id: A1 } }, expect: [" + expect + "] }\n"
	}
	files := map[string]string{
		"r.yaml": rule("top"), "1003/r.yaml": rule("here") + test("{ rule: top, log: {} }, { rule: 1003/here, log: { message: here 1003 } }"), "1004/r.yaml": rule("there"),
		"r_test.yaml": test("{ log: { message: top 1003 } }"), "1004/x_test.yaml": test("{ log: { message: top 1004 } }, { rule: there, log: {} }"),
	}
	r := trials(t, files, world()).Run(nil)
	if r.Passed != 3 || r.Failed != 0 {
		t.Error(outline(r))
	}
	if r := trials(t, files, world()).Run(regexp.MustCompile("nothing")); len(r.Results) != 0 {
		t.Error(outline(r))
	}
}

// A test below rules is about those of its file, and those that it names; one in a file of its own is about all.
func TestTrialsBelowRules(t *testing.T) {
	const given = "given: { event: order.created, entity: { id: A1, total: 5 } }"
	const tell = "rules:\n  - { name: tell, when: order.created, then: [ log: { message: told } ] }\n"
	const others = `rules:
  - { name: loud, when: order.created, then: [ slack: { channel: "#sales", text: "{{ order.id }}" } ] }
  - { name: broken, when: order.created, then: [ log: { message: "{{ order.email }}" } ] }
`
	for name, c := range map[string]struct{ below, apart, want string }{
		"its own":           {"expect: log", "", "passes"},
		"none of its own":   {"expect: none", "", "fails\n  extra\n    + log {\"message\":\"told\"}\n    why on event 1, order.created: it has no condition, so it fires on every event that it listens to"},
		"with one it names": {"expect: [log, { rule: loud, slack: { text: A1 } }]", "", "passes"},
		"one that it does not name": {"expect: [log, slack]", "", `fails
  missing
    - slack
    why no rule of a.yaml that listens to these events has a step slack; rule loud of b.yaml has: a test below rules is about those of its file, and those that it names with rule:`},
		"an error of another, named":    {"expect: [log]\n    errors: order.email", "", "fails\n  no error\n    - order.email"},
		"in a file of its own":          {"", "expect: [log, slack]\n    errors: order.email", "passes"},
		"in a file of its own, in part": {"", "expect: [log]\n    partial: true", "passes"},
	} {
		files := map[string]string{"a.yaml": tell, "b.yaml": others}
		if c.below != "" {
			files["a.yaml"] += "tests:\n  - name: it\n    " + given + "\n    " + c.below + "\n"
		}
		if c.apart != "" {
			files["a_test.yaml"] = "tests:\n  - name: it\n    " + given + "\n    " + c.apart + "\n"
		}
		if got := strings.TrimPrefix(strings.TrimSpace(outline(trials(t, files, world()).Run(nil))), "it "); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, c.want)
		}
	}
}

// Coverage counts clauses that an evaluation came to.
func TestTrialCoverage(t *testing.T) {
	files := map[string]string{"r.yaml": trialRules, "a_test.yaml": `tests:
  - { name: a, given: { event: order.created, entity: { id: A1, total: 5, items: [] } }, expect: [log] }
  - { name: b, given: { event: order.updated, entity: { id: A1, total: 500 } }, expect: [slack] }
  - { name: c, given: { event: product.updated, entity: { id: 1, quantity: 10 } }, expect: none }
`}
	r := trials(t, files, world()).Run(nil)
	var b strings.Builder
	for _, c := range r.Coverage {
		fmt.Fprintf(&b, "%s:%d fired %d, else %d, passed %d, untested %v", c.Rule, c.Place.Line, c.Fired, c.Else, c.Passed, c.Untested())
		for _, k := range c.Clauses {
			fmt.Fprintf(&b, "; %s %d:%d %v %v", k.Text, k.Place.Line, k.Place.Column, k.True, k.False)
		}
		b.WriteString("\n")
	}
	want := `big:2 fired 1, else 1, passed 0, untested false; order.total >= 200 4:9 true true; was?.total != order.total 4:32 true false
keys:9 fired 0, else 0, passed 1, untested true
dark:18 fired 0, else 0, passed 1, untested true; product.quantity < 3 21:9 false true
elsewhere:24 fired 0, else 0, passed 1, untested true; product.quantity < 3 27:9 false true
strict:30 fired 0, else 0, passed 0, untested true; customer.email contains "@" 33:18 false false
welcome:36 fired 0, else 0, passed 0, untested true
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// No action is ever opened by a test.
func TestTrialsOpenNothing(t *testing.T) {
	w, opened := world(), 0
	for name, k := range w.Actions {
		copied := *k
		copied.Open = func(actions.Env, json.RawMessage) (actions.Outlet, error) { opened++; return outlet{&opened}, nil }
		w.Actions[name] = &copied
	}
	files := map[string]string{"r.yaml": trialRules, "a_test.yaml": "tests:\n  - { name: a, given: { event: order.created, entity: { id: A1, total: 500, items: [] } }, expect: [slack] }\n"}
	if r := trials(t, files, w).Run(nil); r.Failed > 0 || opened > 0 {
		t.Errorf("%d opened\n%s", opened, outline(r))
	}
}

type outlet struct{ n *int }

// Send implements [actions.Outlet].
func (o outlet) Send(context.Context, actions.Call[json.RawMessage]) (actions.Result, error) {
	*o.n++
	return nil, nil
}
