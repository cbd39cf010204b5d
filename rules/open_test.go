package rules_test

import (
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/event"
	"shopbell/rules"
)

// openWorld has a platform whose event types nobody can list, beside one whose are.
func openWorld() rules.World {
	w := world()
	w.Sources["billing"] = rules.Origin{Kind: "signed", Catalog: &event.Catalog{
		Types: []event.Type{{Name: "invoice.paid", Change: event.Other, Data: event.ObjectOf("", event.Must("amount", event.Of(event.Number, "")))}},
		Any:   &event.Type{Name: "*", Change: event.Other},
	}}
	return w
}

func TestUnlistedTypes(t *testing.T) {
	for name, test := range map[string]struct {
		when    string
		problem string
		fires   []string
		not     []string
	}{
		"named with its source": {when: "billing:charge.failed", fires: []string{"charge.failed"}, not: []string{"charge.paid", "invoice.paid"}},
		"unlike any":            {when: "charge.failed", fires: []string{"charge.failed"}},
		"like a listed one":     {when: "ordr.created", problem: `unknown event type "ordr.created"`},
		"a group":               {when: `"billing:charge.*"`, fires: []string{"charge.failed", "charge.paid"}, not: []string{"invoice.paid", "chargeback.won"}},
		"all":                   {when: `"billing:*"`, fires: []string{"charge.failed", "invoice.paid"}},
		"twice":                 {when: `["billing:charge.*", "billing:*"]`, problem: `"billing:charge.*" is meant by "billing:*" already`, fires: []string{"charge.failed"}},
		"about a listed thing":  {when: "order.fulfilled", problem: `unknown event type "order.fulfilled"`},
		"a star without a dot":  {when: `"billing:charge*"`, problem: "unknown event type"},
		"nothing":               {when: `"billing:"`, problem: "unknown event type"},
		"a space":               {when: `"billing: charge.failed"`, problem: "unknown event type"},
		"a star elsewhere":      {when: `"billing:*.failed"`, problem: "unknown event type"},
		"of a closed source":    {when: "ecwid:charge.failed", problem: "unknown event type"},
	} {
		t.Run(name, func(t *testing.T) {
			s := rules.Parse(map[string]string{"r.yaml": "rules:\n  - name: a\n    when: " + test.when + "\n    then: [{ log: { message: x } }]\n"}, openWorld())
			if text := document.Text(s.Problems()); (test.problem == "") != (text == "") || !strings.Contains(text, test.problem) {
				t.Fatalf("the problems are %q, want %q", text, test.problem)
			}
			for _, typ := range test.fires {
				in := &rules.Input{Event: &event.Event{Source: "billing", Store: "main", Type: typ}}
				if n := len(s.Match(in)); n != 1 || !s.Need("billing", "main", typ).Listens {
					t.Errorf("%s fires %d rules", typ, n)
				}
			}
			for _, typ := range test.not {
				if n := len(s.Match(&rules.Input{Event: &event.Event{Source: "billing", Store: "main", Type: typ}})); n != 0 {
					t.Errorf("%s fires %d rules", typ, n)
				}
			}
		})
	}
}

func TestWhatWeDidOurselvesFiresNothing(t *testing.T) {
	s := set(t, `rules:
  - name: plain
    when: order.updated
    then: [{ log: { message: x } }]
  - name: asks
    when: order.updated
    if: event.self || event.polled
    then: [{ log: { message: x } }]
`)
	in := input("order.updated", map[string]any{}, nil)
	for _, self := range []bool{true, false} {
		in.Event.Self = self
		fired := s.Match(in)
		if want := map[bool]string{true: "asks", false: "plain"}[self]; len(fired) != 1 || fired[0].Rule.Name != want {
			t.Errorf("self %v: %d rules fire, want %s alone", self, len(fired), want)
		}
	}
}
