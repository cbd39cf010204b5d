package rules_test

import (
	"fmt"
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/event"
	"shopbell/rules"
)

// doubtsOf gives the first lines of all warnings of a file, which must have no problems.
func doubtsOf(t *testing.T, text string, w rules.World) string {
	t.Helper()
	stop, warnings := document.Split(rules.Parse(map[string]string{"r.yaml": text}, w).Problems())
	if len(stop) > 0 {
		t.Fatal(document.Text(stop))
	}
	var lines []string
	for _, p := range warnings {
		lines = append(lines, fmt.Sprintf("%d:%d %s: %s", p.Line, p.Column, p.ID, p.Message))
	}
	return strings.Join(lines, "\n")
}

// A step that changes an order starts the rules on changes of orders again, when they ask for what we did ourselves.
func TestLoop(t *testing.T) {
	const rule = `rules:
  - name: r
    when: %s
    if: %s
    then: [ ecwid: { store: "{{ store.id }}", order: "{{ order.id }}", note: seen } ]
`
	const loop = `5:13 loop: ecwid causes "order.updated", which starts this rule again`
	w := realWorld()
	w.Accounts["ecwid"] = rules.Outlet{Kind: "ecwid"}
	for name, test := range map[string]struct{ when, condition, want string }{
		"asks":          {"order.updated", `event.self and changed(order.total, was?.total)`, loop},
		"asks for both": {"[order.created, order.updated]", `(event.self or event.polled) and changed(order.total, was?.total)`, loop},
		"does not ask":  {"order.updated", `changed(order.total, was?.total)`, ""},
		"refuses":       {"order.updated", `not event.self and changed(order.total, was?.total)`, ""},
		"refuses by ==": {"order.updated", `changed(order.total, was?.total) and event.self == false`, ""},
		"other event":   {"order.created", `event.self and order.total > 5`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := doubtsOf(t, fmt.Sprintf(rule, test.when, test.condition), w); got != test.want {
				t.Errorf("the warnings are %q, want %q", got, test.want)
			}
		})
	}
}

// What a step causes depends on what it does.
func TestLoopByParameter(t *testing.T) {
	const rule = `rules:
  - name: r
    when: %s
    if: event.self
    then: [ ecwid: { %s } ]
`
	w := realWorld()
	w.Accounts["ecwid"] = rules.Outlet{Kind: "ecwid"}
	steps := map[string]string{"order": `order: A, note: seen`, "coupon": `coupon: { type: SHIPPING }`, "customer": `customer: 7, group: VIP`}
	for when, by := range map[string]string{"order.updated": "order", "discount_coupon.created": "coupon", "customer.updated": "customer", "customer_group.updated": "customer"} {
		for name, step := range steps {
			want := fmt.Sprintf("5:13 loop: ecwid causes %q, which starts this rule again", when)
			if got := doubtsOf(t, fmt.Sprintf(rule, when, step), w); strings.Contains(got, want) != (name == by) {
				t.Errorf("%s with %s: the warnings are %q", when, name, got)
			}
		}
	}
}

func TestClaimedRecipient(t *testing.T) {
	const rule = `rules:
  - name: r
    when: order.created
    then: [ email: { to: "%s", subject: "{{ event.data.orderId ?? '-' }}", text: hi } ]
`
	const want = "4:30 claimed-recipient: the recipient is what the notification claims, not what the store confirms"
	if got := doubtsOf(t, fmt.Sprintf(rule, "{{ event.data.email }}"), realWorld()); got != want {
		t.Errorf("the warnings are %q, want %q", got, want)
	}
	if got := doubtsOf(t, fmt.Sprintf(rule, "{{ order.email }}"), realWorld()); got != "" {
		t.Errorf("the warnings are %q", got)
	}
	w := realWorld()
	w.Sources["ecwid"] = rules.Origin{Kind: "ecwid", Catalog: w.Sources["ecwid"].Catalog, Stores: []string{"1003"}}
	if got := doubtsOf(t, fmt.Sprintf(rule, "{{ event.data.email }}"), w); got != "" {
		t.Errorf("where nothing is read back, the warnings are %q", got)
	}
}

// A source that could read entities back and is told not to leaves nothing but claims to decide on.
func TestClaimNeverAttested(t *testing.T) {
	const rule = "rules:\n  - name: r\n    when: order.created\n    if: event.data.total > 5\n    then: [ log: { message: hi } ]\n"
	w := realWorld()
	w.Sources["ecwid"] = rules.Origin{Kind: "ecwid", Catalog: w.Sources["ecwid"].Catalog, Stores: []string{"1003"}}
	want := "4:9 claimed-data: event.data is what the notification claims, and the source ecwid never asks the store"
	if got := doubtsOf(t, rule, w); got != want {
		t.Errorf("the warnings are %q, want %q", got, want)
	}
	w.Sources["ecwid"] = rules.Origin{Kind: "signed", Stores: []string{"1003"}, Catalog: &event.Catalog{Types: []event.Type{{Name: "order.created"}}}}
	if got := doubtsOf(t, rule, w); got != "" {
		t.Errorf("where nothing can be read back, the warnings are %q", got)
	}
}

// What a warning says of missing fields is what happens.
func TestMissingIsAsTheWarningSays(t *testing.T) {
	for condition, test := range map[string]struct {
		verdict rules.Verdict
		warns   string
	}{
		`order.customerGroup == "VIP"`:                                   {rules.Passes, ""},
		`order.customerGroup in ["VIP"]`:                                 {rules.Passes, ""},
		`order.orderComments contains "x"`:                               {rules.Passes, ""},
		`order.customerGroup != "VIP"`:                                   {rules.Fires, "and then this is true"},
		`not (order.customerGroup == "VIP")`:                             {rules.Fires, "and then this is true"},
		`order.customerGroup not in ["VIP"]`:                             {rules.Fires, "and then this is true"},
		`not (order.orderComments startsWith "x")`:                       {rules.Fires, "and then this is true"},
		`order.acceptMarketing == false`:                                 {rules.Passes, "and then this is false"},
		`order.orderComments == ""`:                                      {rules.Passes, "and then this is false"},
		`order.customerGroup > "A"`:                                      {rules.Errs, "and then this is an error"},
		`order.acceptMarketing`:                                          {rules.Errs, "and then this is an error"},
		`not order.acceptMarketing`:                                      {rules.Errs, "and then this is an error"},
		`order.acceptMarketing or false`:                                 {rules.Errs, "and then this is an error"},
		`order.shippingPerson.name == "x"`:                               {rules.Errs, "and then this rule is an error"},
		`order.shippingPerson?.name == "x"`:                              {rules.Passes, ""},
		`(order.customerGroup ?? "") != "VIP"`:                           {rules.Fires, ""},
		`order.customerGroup != nil and order.customerGroup != "VIP"`:    {rules.Passes, ""},
		`order.customerGroup == nil`:                                     {rules.Fires, ""},
		`(order.acceptMarketing ?? false) == false`:                      {rules.Fires, ""},
		`order.shippingPerson != nil and order.shippingPerson.name > ""`: {rules.Passes, ""},
	} {
		t.Run(condition, func(t *testing.T) {
			text := fmt.Sprintf("rules:\n  - name: r\n    when: order.created\n    if: |\n      %s\n    then: [ log: { message: x } ]\n", condition)
			s := set(t, text)
			o := order(nil)
			delete(o, "customerGroup")
			if d := s.Rules()[0].Decide(input("order.created", o, nil)); d.Verdict != test.verdict {
				t.Errorf("it is %s (%v), want %s", d.Verdict, d.Err, test.verdict)
			}
			got := document.Text(s.Problems())
			if (got == "") != (test.warns == "") && !strings.Contains(got, "part is never") || !strings.Contains(got, test.warns) {
				t.Errorf("the warnings are %q, want %q", got, test.warns)
			}
		})
	}
}
