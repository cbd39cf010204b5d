package rules_test

import (
	"strings"
	"testing"

	"shopbell/rules"
)

const marketingRule = `
rules:
  - name: r
    when: [order.updated, order.deleted]
    then:
      - email: { to: a@example.com, subject: Hi, text: Hello }
        marketing: MARKETING
        if: 1 == ONE
`

// TestMarketing holds who gets what is marketing, and that an explanation says why not.
func TestMarketing(t *testing.T) {
	const declines = "the person does not accept marketing: order.acceptMarketing is false"
	yes, no, silent := order(map[string]any{"acceptMarketing": true}), order(map[string]any{"acceptMarketing": false}), order(nil)
	for _, test := range []struct {
		marketing, one, typ string
		entity              map[string]any
		why                 string
	}{
		{"true", "1", "order.updated", yes, ""},
		{"true", "1", "order.updated", silent, ""}, // the platform's own rule: nothing means they may be written to
		{"true", "1", "order.updated", no, declines},
		{"true", "2", "order.updated", no, "its own condition is false"},
		{"true", "1", "order.updated", nil, "it is not known whether the person accepts marketing: the order is gone"},
		{"false", "1", "order.updated", no, ""},
		{`{ consent: "signed on paper" }`, "1", "order.updated", no, ""},
		{`{ consent: "signed on paper" }`, "1", "order.updated", nil, ""},
	} {
		text := strings.NewReplacer("MARKETING", test.marketing, "ONE", test.one, ", order.deleted", "").Replace(marketingRule)
		rule := set(t, text).Rules()[0]
		in := input(test.typ, test.entity, nil)
		got, err := rule.Render(rules.Branch{}, 0, in, nil)
		if err != nil || got.Skip != (test.why != "") || got.Why != test.why {
			t.Errorf("%+v: rendered %+v, %v", test, got, err)
		}
		x := rules.NewExplainer().Step(rule, rules.Branch{}, 0, in, nil)
		if (x.Verdict == rules.Passes) != got.Skip || test.one == "1" && !strings.Contains(x.Sentence, test.why) {
			t.Errorf("%+v: explained as %+v", test, x)
		}
	}
}

// TestMarketingReadsTheEntity holds that a rule that reads nothing else has the entity read back, for it may be false there.
func TestMarketingReadsTheEntity(t *testing.T) {
	for marketing, want := range map[string]bool{"true": true, "false": false, `{ consent: "signed on paper" }`: false} {
		text := strings.NewReplacer("MARKETING", marketing, "        if: 1 == ONE\n", "", ", order.deleted", "").Replace(marketingRule)
		if got := set(t, text).Need("ecwid", "1003", "order.updated").Entity; got != want {
			t.Errorf("marketing: %s: the entity is needed: %v, want %v", marketing, got, want)
		}
	}
}
