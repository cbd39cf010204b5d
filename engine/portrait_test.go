package engine_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"shopbell/engine"
	"shopbell/event"
	"shopbell/rules"
	"shopbell/sources"
)

// moving is a platform whose store moves to another country.
type moving struct {
	*platform
	profile atomic.Pointer[event.Store]
}

// Profile implements [sources.Source].
func (m *moving) Profile(context.Context, string) (event.Store, error) { return *m.profile.Load(), nil }

const euroRule = `
rules:
  - name: euro
    when: order.created
    if: order.v > 0 && store.currency == "EUR"
    then: [{ probe: { text: "{{ money(order.v) }}" } }]
`

func TestTheProfileOfThen(t *testing.T) { onEachLedger(t, theProfileOfThen) }

// theProfileOfThen holds that explanations, backtests and fixtures see a store's profile as rules saw it, and that it can be forgotten.
func theProfileOfThen(t *testing.T, newBench maker) {
	shop := &moving{}
	b := newBench(t, euroRule, func(o *engine.Options) {
		shop.platform = o.Sources["shop"].(*platform)
		o.Sources = map[string]sources.Source{"shop": shop}
	})
	shop.profile.Store(&event.Store{ID: "1", Currency: "EUR", Email: "jane@example.com", Name: "Bells", Language: "en"})
	b.must(b.post("e1", "order.created", "A", 5))
	b.untilRuns(engine.RunDone, 1)
	shop.profile.Store(&event.Store{ID: "1", Currency: "SEK", Email: "jane@example.com", Name: "Bells", Language: "en"})
	b.must(b.post("e2", "order.created", "B", 6))
	b.untilEvents(engine.EventUnmatched, 1)

	for id, want := range map[string]rules.Verdict{"e1": rules.Fires, "e2": rules.Passes} {
		story, err := b.Explain(t.Context(), engine.Question{Event: id})
		b.must(err)
		if rule := story.Events[0].Rules[0]; rule.Now.Verdict != want || len(rule.Words) > 0 {
			t.Errorf("%s is explained as %s, %q; want %s", id, rule.Now.Verdict, rule.Words, want)
		}
		f, err := engine.FixtureOf(t.Context(), b.ledger, func(string) *event.Catalog { return nil }, id, "", "")
		b.must(err)
		if (f.Profile.Currency == "EUR") != (want == rules.Fires) || strings.Contains(f.Profile.Email+f.Profile.Name, "jane") || f.Profile.Email == "" {
			t.Errorf("%s has the fixture %+v", id, f.Profile)
		}
	}
	set := rules.Parse(map[string]string{"rules.yaml": euroRule}, b.options.World)
	found, err := engine.Backtest(t.Context(), b.ledger, engine.Trial{New: set, Current: set, World: b.options.World})
	b.must(err)
	if r := found.Rules[0]; r.Before != 1 || r.After != 1 || len(r.Notes) > 0 {
		t.Errorf("the backtest finds %+v", r)
	}

	if _, err := b.Forget(t.Context(), engine.Forgetting{Person: "jane@example.com"}); err != nil {
		t.Error(err)
	}
	if m, err := b.ledger.Memo(t.Context(), "shop", "1", "profiles"); err != nil || strings.Contains(string(m.Value), "jane") || !strings.Contains(string(m.Value), "SEK") {
		t.Errorf("of the owner, who was forgotten, there is %s, %v", m.Value, err)
	}
	if _, err := b.Forget(t.Context(), engine.Forgetting{Source: "shop", Store: "1"}); err != nil {
		t.Error(err)
	}
	if m, err := b.ledger.Memo(t.Context(), "shop", "1", "profiles"); !errors.Is(err, engine.ErrNone) {
		t.Errorf("of the store, which was forgotten, there is %s, %v", m.Value, err)
	}
}
