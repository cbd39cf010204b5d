package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/secret"
)

const advertsRules = `
rules:
  - name: advert
    when: order.created
    then:
      - probe: { text: "advert for ann@b.example" }
        marketing: { consent: "signed on paper" }
      - probe: { text: "adverts for ann@b.example bob@b.example" }
        marketing: { consent: "signed on paper" }
      - probe: { text: "receipt for ann@b.example" }
`

func public(t *testing.T) func(*engine.Options) {
	box, err := secret.NewBox("a key of sixteen bytes or more")
	if err != nil {
		t.Fatal(err)
	}
	return func(o *engine.Options) { o.Box, o.Public = box, "https://bell.example" }
}

// TestUnsubscribe holds that a marketing message to one person bears an address of its own, that using it ends marketing for that
// person and shop, and that other messages still come.
func TestUnsubscribe(t *testing.T) { onEachLedger(t, unsubscribe) }

func unsubscribe(t *testing.T, newBench maker) {
	b := newBench(t, advertsRules, public(t))
	b.must(b.post("e1", "order.created", "A", 1))
	b.untilRuns(engine.RunDone, 1)
	calls := b.provider.got()
	token, ok := strings.CutPrefix(calls[0].leave, "https://bell.example/unsubscribe/")
	if !ok || calls[1].leave != "" || calls[2].leave != "" {
		t.Fatalf("the addresses are %q", []string{calls[0].leave, calls[1].leave, calls[2].leave})
	}
	if strings.Contains(token, "ann") || len(token) > 300 {
		t.Errorf("the address tells too much, or is too long: %s", token)
	}
	for _, wrong := range []string{"", token[1:], token[:len(token)-2], strings.ToUpper(token), token + "AA", "!"} {
		if err := b.Leave(t.Context(), wrong); !errors.Is(err, engine.ErrUnsubscribe) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	who, err := b.Leaving(token)
	b.must(err)
	if who.Address != "ann@b.example" || len(b.suppressed()) != 0 {
		t.Errorf("the address is of %+v; to look at it must change nothing", who)
	}
	b.must(b.Leave(t.Context(), token))
	b.must(b.Leave(t.Context(), token)) // twice is once
	b.must(b.post("e2", "order.created", "B", 1))
	b.untilRuns(engine.RunDone, 2)
	want := []string{"adverts for nobody bob@b.example", "receipt for ann@b.example"}
	if got := b.provider.texts()[3:]; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	run, err := b.ledger.Run(t.Context(), b.runs(engine.RunDone)[0].ID)
	b.must(err)
	if s := run.Steps[0]; s.Outcome != actions.OutcomeSkip || s.Note != "ann@b.example gets no marketing: unsubscribed" {
		t.Errorf("the step is %s, %q", s.Outcome, s.Note)
	}
	if list := b.suppressed(); len(list) != 1 || !list[0].Marketing || list[0].Store != "1" {
		t.Errorf("suppressed are %+v", list)
	}
}

// TestUnsubscribedAndGone holds that the two do not replace each other, and are lifted together.
func TestUnsubscribedAndGone(t *testing.T) {
	b := newBench(t, advertsRules, public(t))
	gone := engine.Suppression{Source: "shop", Store: "1", Channel: actions.Mail, Address: "ann@b.example", Why: "bounced"}
	left := gone
	left.Marketing, left.Why = true, "unsubscribed"
	for _, s := range []engine.Suppression{gone, left, gone} {
		b.must(b.Suppress(context.Background(), s))
	}
	if n := len(b.suppressed()); n != 2 {
		t.Errorf("%d entries, want 2", n)
	}
	lifted, err := b.Lift(t.Context(), gone)
	b.must(err)
	if n := len(b.suppressed()); !lifted || n != 0 {
		t.Errorf("lifted %v, %d entries are left", lifted, n)
	}
}

// TestNoAddressToUnsubscribe holds that nothing is promised where nobody could keep it.
func TestNoAddressToUnsubscribe(t *testing.T) {
	for name, change := range map[string]func(*engine.Options){
		"no key":     func(o *engine.Options) { public(t)(o); o.Box = nil },
		"no address": func(o *engine.Options) { public(t)(o); o.Public = "" },
	} {
		b := newBench(t, advertsRules, change)
		b.must(b.post("e1", "order.created", "A", 1))
		b.untilRuns(engine.RunDone, 1)
		for _, c := range b.provider.got() {
			if c.leave != "" {
				t.Errorf("%s: %q has the address %q", name, c.text, c.leave)
			}
		}
	}
	b := newBench(t, "rules:\n  - name: advert\n    mode: { redirect: me@b.example }\n"+strings.TrimPrefix(advertsRules, "\nrules:\n  - name: advert\n"), public(t))
	b.must(b.post("e1", "order.created", "A", 1))
	b.untilRuns(engine.RunDone, 1)
	for _, c := range b.provider.got() {
		if c.leave != "" {
			t.Errorf("a redirected message has the address %q: whoever tries rules would unsubscribe a customer, or themselves", c.leave)
		}
	}
}

// TestKindsThatAreMarketing holds that who has unsubscribed is not put on a newsletter by a rule that does not say what it is.
func TestKindsThatAreMarketing(t *testing.T) {
	b := newBench(t, lettersRules, func(o *engine.Options) { o.World.Actions["probe"].Marketing = true })
	left := engine.Suppression{Source: "shop", Store: "1", Channel: goneMail.Channel, Address: goneMail.Address, Why: "unsubscribed", Marketing: true}
	b.must(b.Suppress(t.Context(), left))
	b.must(b.post("e1", "order.created", "A", 1))
	b.untilRuns(engine.RunDone, 1)
	if got, want := b.provider.texts(), []string{"dear nobody ann@b.example", "to nobody in particular"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if h := b.Health().Accounts["probe"]; h.LastOK.IsZero() {
		t.Error("what was sent does not show in the account's health")
	}
}

// TestSkippedIsNotHealth holds that a message which was not sent says nothing of the account.
func TestSkippedIsNotHealth(t *testing.T) {
	b := newBench(t, "rules:\n  - name: letter\n    when: order.created\n    then: [ probe: { text: dear gone@b.example } ]\n")
	b.must(b.Suppress(t.Context(), engine.Suppression{Channel: goneMail.Channel, Address: goneMail.Address, Why: "asked"}))
	b.must(b.post("e1", "order.created", "A", 1))
	b.untilRuns(engine.RunDone, 1)
	if h := b.Health(); !h.Accounts["probe"].LastOK.IsZero() || !h.LastSent.IsZero() {
		t.Errorf("nothing was sent, and the health says %+v, last sent %s", h.Accounts["probe"], h.LastSent)
	}
}
