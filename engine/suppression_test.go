package engine_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/engine"
)

const lettersRules = `
rules:
  - name: letter
    when: order.created
    then:
      - probe: { text: "dear gone@b.example" }
      - probe: { text: "dear gone@b.example ann@b.example" }
      - probe: { text: "to nobody in particular" }
`

var goneMail = actions.Recipient{Channel: actions.Mail, Address: "gone@b.example"}

func entry(store string) engine.Suppression {
	return engine.Suppression{Source: "shop", Store: store, Channel: goneMail.Channel, Address: goneMail.Address}
}

// TestWhoIsNotWrittenTo holds that what a provider says of a recipient once keeps every later message away from there, in that
// store and no other, until it is lifted, and that each step says why.
func TestWhoIsNotWrittenTo(t *testing.T) { onEachLedger(t, whoIsNotWrittenTo) }

func whoIsNotWrittenTo(t *testing.T, newBench maker) {
	b := newBench(t, lettersRules)
	b.provider.answering(func(_ context.Context, c call) error {
		if c.text == "dear gone@b.example" {
			return actions.Gone(goneMail, errors.New("the server says 550 5.1.1 no such user"))
		}
		return nil
	})
	b.must(b.post("e1", "order.created", "A", 1))
	b.untilRuns(engine.RunDead, 1)
	b.must(b.post("e2", "order.created", "B", 1))
	b.untilRuns(engine.RunDone, 1)
	if got, want := b.provider.texts(), []string{"dear gone@b.example", "dear nobody ann@b.example", "to nobody in particular"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	run, err := b.ledger.Run(t.Context(), b.runs(engine.RunDone)[0].ID)
	b.must(err)
	const why = "gone@b.example is not written to: the server says 550 5.1.1 no such user"
	for i, want := range []struct {
		outcome actions.Outcome
		note    string
	}{{actions.OutcomeSkip, why}, {actions.OutcomeOK, why}, {actions.OutcomeOK, ""}} {
		if s := run.Steps[i]; s.Outcome != want.outcome || s.Note != want.note {
			t.Errorf("step %d: %s, %q; want %s, %q", i+1, s.Outcome, s.Note, want.outcome, want.note)
		}
	}
	if s := run.Steps[1]; !strings.Contains(string(s.Params), "gone@b.example") {
		t.Errorf("the step is kept as %s: what the rule asked for is not to be seen any more", s.Params)
	}
	if list := b.suppressed(); len(list) != 1 || list[0].Store != "1" || list[0].Address != "gone@b.example" {
		t.Errorf("suppressed are %+v", list)
	}
	b.elsewhere(t)
	lifted, err := b.Lift(t.Context(), entry("1"))
	b.must(err)
	again, err := b.Lift(t.Context(), entry("1"))
	b.must(err)
	if !lifted || again || len(b.suppressed()) != 0 {
		t.Errorf("lifted %v, and again %v; %d are left", lifted, again, len(b.suppressed()))
	}
	b.must(b.post("e4", "order.created", "D", 1))
	b.untilRuns(engine.RunDead, 3)
}

// elsewhere holds that another store writes to the same person.
func (b *bench) elsewhere(t *testing.T) {
	b.source.set("C", 1)
	b.must(b.notifyStore("e3", "order.created", "C", "2"))
	b.untilRuns(engine.RunDead, 2)
	if n := len(b.provider.texts()); n != 4 {
		t.Errorf("%d were sent, want 4: another store knows nothing of it", n)
	}
	if _, err := b.Lift(t.Context(), entry("2")); err != nil {
		t.Error(err)
	}
}

func (b *bench) suppressed() []engine.Suppression {
	b.Helper()
	list, err := b.Suppressions(context.Background())
	b.must(err)
	return list
}

// TestSuppressedEverywhere holds for every store, and survives that the person is forgotten: the address is gone, and still nobody
// writes to it.
func TestSuppressedEverywhere(t *testing.T) { onEachLedger(t, suppressedEverywhere) }

func suppressedEverywhere(t *testing.T, newBench maker) {
	b := newBench(t, lettersRules)
	b.must(b.Suppress(t.Context(), engine.Suppression{Channel: actions.Mail, Address: "gone@b.example", Why: "asked by telephone, gone@b.example"}))
	_, err := b.Forget(t.Context(), engine.Forgetting{Person: "gone@b.example"})
	b.must(err)
	list := b.suppressed()
	if len(list) != 1 || list[0].Address != "" || strings.Contains(list[0].Why, "gone") || list[0].Since.IsZero() {
		t.Errorf("suppressed are %+v", list)
	}
	b.must(b.post("e1", "order.created", "A", 1))
	b.untilRuns(engine.RunDone, 1)
	if got := b.provider.texts(); len(got) != 2 || strings.Contains(got[0], "gone") {
		t.Errorf("sent %q", got)
	}
}

// TestSuppressionsUnread holds that nothing is sent while it cannot be known whether it may be.
func TestSuppressionsUnread(t *testing.T) {
	var blind blindLedger
	b := newBench(t, lettersRules, func(o *engine.Options) {
		blind.Ledger = o.Ledger
		o.Ledger = &blind
	})
	b.must(b.post("e1", "order.created", "A", 1))
	b.until("a try that could not be made", func() bool {
		due := b.runs(engine.RunDue)
		return len(due) == 1 && due[0].Steps[0].Outcome == actions.OutcomeRetry
	})
	if n := len(b.provider.got()); n != 0 {
		t.Errorf("%d were sent", n)
	}
}

type blindLedger struct{ engine.Ledger }

// Memo implements [engine.Reader], and cannot read whom not to write to.
func (l *blindLedger) Memo(ctx context.Context, source, store, name string) (engine.Memo, error) {
	if strings.HasPrefix(name, "suppressed/") {
		return engine.Memo{}, errors.Join(engine.ErrAway, context.DeadlineExceeded)
	}
	return l.Ledger.Memo(ctx, source, store, name)
}

func TestRecipientOf(t *testing.T) {
	for text, want := range map[string]actions.Recipient{
		" Jane@Example.com ":  {Channel: actions.Mail, Address: "jane@example.com"},
		"Jane@Bücher.example": {Channel: actions.Mail, Address: "jane@xn--bcher-kva.example"},
		"+31 6 1234-5678":     {Channel: actions.Phone, Address: "+31612345678"},
		"+31 (0) 6":           {},
		"0612345678":          {},
		"a@":                  {},
		"@b":                  {},
		"Jane <j@e.com>":      {},
		"":                    {},
		"+31612345678 x":      {},
	} {
		got, err := engine.RecipientOf(text)
		if got != want || (err == nil) != (want != actions.Recipient{}) {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
}
