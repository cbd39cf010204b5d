package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/event"
	"shopbell/sources"
)

// What the engine's other tests show in a few virtual days on SQLite is shown here in real time on PostgreSQL, where the ledger
// hands out the work. Each test waits for what has happened; that something comes too early shows at the provider.

const quickRules = `
rules:
  - name: safe
    when: order.created
    then: [{ retry: { tries: 2, first: 1s }, probe: { text: safe } }]
  - name: fragile
    when: order.created
    then: [{ retry: { tries: 2, first: 1s }, fragile: { text: fragile } }]
`

// settledRuns waits until n runs have come to an end, and gives them by rule.
func (b *bench) settledRuns(n int) map[string]engine.Run {
	b.Helper()
	ended := map[string]engine.Run{}
	b.until(fmt.Sprintf("%d runs settled", n), func() bool {
		all, err := b.ledger.Runs(context.Background(), engine.RunFilter{})
		b.must(err)
		for _, u := range all {
			if u.State == engine.RunDone || u.State == engine.RunDead || u.State == engine.RunHeld {
				ended[u.Rule] = u
			}
		}
		return len(ended) == n
	})
	return ended
}

func TestSharedOutcomes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err          error
		safe, fragil engine.RunState
		tries        int
	}{
		"ok":        {nil, engine.RunDone, engine.RunDone, 1},
		"skip":      {actions.Skip("opted out"), engine.RunDone, engine.RunDone, 1},
		"permanent": {actions.Permanent(actions.BlameRecipient, errors.New("no such mailbox")), engine.RunDead, engine.RunDead, 1},
		"retry":     {errors.New("busy"), engine.RunDead, engine.RunDead, 2},
		"unknown":   {actions.Unknown(errors.New("no answer")), engine.RunDead, engine.RunHeld, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newNode(t, quickRules)
			b.provider.answering(func(context.Context, call) error { return c.err })
			b.must(b.post("e", "order.created", "A", 1))
			states := b.settledRuns(2)
			if s := states["safe"]; s.State != c.safe {
				t.Errorf("what may be repeated is %s, want %s: %+v", s.State, c.safe, s)
			}
			if s := states["fragile"]; s.State != c.fragil {
				t.Errorf("what may not be repeated is %s, want %s", s.State, c.fragil)
			}
			keys, tries := map[string]bool{}, 0
			for _, k := range b.provider.got() {
				if k.text == "safe" {
					tries++
					keys[k.key] = true
					if k.try != tries {
						t.Errorf("try %d is told to be try %d", tries, k.try)
					}
				}
			}
			if tries != c.tries || len(keys) != 1 {
				t.Errorf("%d tries with %d keys, want %d with one", tries, len(keys), c.tries)
			}
			if name == "unknown" && states["safe"].Steps[0].Repeated != 1 {
				t.Errorf("%d tries are marked as repeated", states["safe"].Steps[0].Repeated)
			}
		})
	}
}

func TestSharedRetryAfterIsObeyed(t *testing.T) {
	t.Parallel()
	b := newNode(t, threeRules)
	b.provider.answering(func(_ context.Context, c call) error {
		if c.try == 1 && strings.HasPrefix(c.text, "order/A 1 ") {
			return actions.RetryAfter(11*time.Second, errors.New("slow down"))
		}
		return nil
	})
	b.must(b.post("e1", "order.created", "A", 1))
	b.until("tried", func() bool { return len(b.provider.got()) == 1 })
	b.must(b.post("e2", "order.updated", "A", 2)) // does not wait for the one that is tried again
	b.untilRuns(engine.RunDone, 2)
	calls := b.provider.got()
	if len(calls) != 3 || calls[1].text != "order/A 2 was 1" || calls[2].text != calls[0].text {
		t.Fatalf("sent %q", b.provider.texts())
	}
	if wait := calls[2].at.Sub(calls[0].at); wait < 11*time.Second || wait > 20*time.Second {
		t.Errorf("tried again after %v", wait)
	}
}

func TestSharedLedgerThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, trouble := range []error{engine.ErrAway, engine.ErrFull, errors.New("disk I/O error")} {
		t.Run(trouble.Error(), func(t *testing.T) {
			t.Parallel()
			var fail atomic.Bool
			failed := make(chan struct{}, 1000)
			b := newNode(t, threeRules, func(o *engine.Options) {
				o.Ledger = writing(o.Ledger, func(ctx context.Context, changes []engine.Change, commit committing) error {
					if fail.Load() {
						failed <- struct{}{}
						return trouble
					}
					return commit(ctx, changes)
				})
			})
			arrived := make(chan struct{}, 2)
			answer, openAnswer := b.gate()
			b.provider.answering(func(context.Context, call) error { arrived <- struct{}{}; <-answer; return nil })
			b.must(b.post("before", "order.created", "A", 1))
			<-arrived
			fail.Store(true)
			var overload *engine.Overload
			if err := b.post("refused", "order.created", "B", 1); !errors.As(err, &overload) || overload.Status() != 503 || overload.Wait <= 0 {
				t.Errorf("an event that cannot be stored is answered by %v", err)
			}
			if b.Health().Ledger == nil {
				t.Error("health does not tell of the trouble")
			}
			openAnswer()
			for range 4 { // the outcome is tried to be saved
				<-failed
			}
			fail.Store(false)
			b.must(b.post("refused", "order.created", "B", 1))
			b.untilRuns(engine.RunDone, 2)
			if got := b.provider.texts(); len(got) != 2 || b.Health().Ledger != nil {
				t.Errorf("sent %q, want each once; health tells %v", got, b.Health().Ledger)
			}
		})
	}
}

// TestSharedReadingBack has a store that asks to wait: later events of the subject wait with the first, in order.
func TestSharedReadingBack(t *testing.T) {
	t.Parallel()
	b := newNode(t, threeRules)
	other := b.another(threeRules)
	var tries atomic.Int64
	b.source.failing(func(e *event.Event) error {
		if e.Subject == "order/A" && tries.Add(1) <= 2 {
			return sources.Later(2*time.Second, errors.New("429"))
		}
		return nil
	})
	began := time.Now()
	b.must(b.post("e1", "order.created", "A", 1))
	b.must(other.notify("e2", "order.updated", "A"))
	b.until("put off", func() bool { return tries.Load() == 1 && b.events(engine.EventPending)[0].Due.After(time.Now()) })
	b.must(other.notify("e3", "order.updated", "A"))
	b.must(b.post("e4", "order.updated", "B", 1))
	b.until("another subject", func() bool { return len(b.provider.got()) > 0 })
	if n := len(b.events(engine.EventPending)); n != 3 && time.Since(began) < 3*time.Second {
		t.Errorf("%d events pending while the store asks to wait, want 3", n)
	}
	b.untilRuns(engine.RunDone, 4)
	want := []string{"order/B 1 was new", "order/A 1 was new", "order/A 1 was 1", "order/A 1 was 1"}
	if got := b.provider.texts(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	if took := time.Since(began); took < 4*time.Second {
		t.Errorf("the store asked twice for two seconds, and was asked a third time after %v", took)
	}
}

func TestSharedStoreThatDoesNotTellItsProfile(t *testing.T) {
	t.Parallel()
	b := newNode(t, moneyRule)
	b.source.hiding(sources.Denied(errors.New("the app has no scope read_store_profile")))
	b.must(b.post("e1", "order.created", "A", 5))
	b.untilRuns(engine.RunDone, 1)
	b.source.hiding(errors.New("502"))
	b.must(b.post("e2", "order.created", "B", 6))
	b.until("put off", func() bool { p := b.events(engine.EventPending); return len(p) == 1 && p[0].Tries > 0 })
	b.source.hiding(nil)
	b.untilRuns(engine.RunDone, 2)
	if got := b.provider.texts(); !slices.Equal(got, []string{"5.00 1", "€6.00 1"}) {
		t.Errorf("sent %q", got)
	}
}

func TestSharedPlatformWhoseAnswerPanics(t *testing.T) {
	t.Parallel()
	b := newNode(t, threeRules)
	b.source.failing(func(*event.Event) error { panic("deep in a parser") })
	b.must(b.post("e", "order.created", "A", 1))
	b.until("put off", func() bool { p := b.events(engine.EventPending); return len(p) == 1 && p[0].Tries > 0 })
	b.source.failing(nil)
	b.untilRuns(engine.RunDone, 1)
}

func TestSharedProviderThatHangs(t *testing.T) {
	t.Parallel()
	b := newNode(t, quickRules, func(o *engine.Options) { o.Timeout = 500 * time.Millisecond })
	b.provider.answering(func(ctx context.Context, c call) error {
		if c.try == 1 {
			<-ctx.Done()
			return ctx.Err()
		}
		return nil
	})
	b.must(b.post("e", "order.created", "A", 1))
	states := b.settledRuns(2)
	if states["safe"].State != engine.RunDone || states["fragile"].State != engine.RunHeld {
		t.Errorf("what may be repeated is %s, what may not %s", states["safe"].State, states["fragile"].State)
	}
}

func TestSharedStepsInOrder(t *testing.T) {
	t.Parallel()
	b := newNode(t, stepsRule)
	b.provider.answering(func(_ context.Context, c call) error {
		if c.text == "fails" {
			return errors.New("busy")
		}
		return nil
	})
	b.must(b.post("e", "order.created", "A", 7))
	b.untilRuns(engine.RunDone, 1)
	want := []string{"first 7", "fails", "fails", "last after first 7"}
	if got := b.provider.texts(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// TestSharedRunKeepsItsRevision has a run wait while its node goes and another comes, with other rules.
func TestSharedRunKeepsItsRevision(t *testing.T) {
	t.Parallel()
	b := newNode(t, stepsRule)
	b.provider.answering(func(_ context.Context, c call) error {
		if c.try == 1 {
			return actions.RetryAfter(2*time.Second, errors.New("later"))
		}
		return nil
	})
	b.must(b.post("e", "order.created", "A", 7))
	b.until("tried", func() bool { return len(b.provider.got()) == 1 })
	b.stop()
	after := b.another(strings.ReplaceAll(stepsRule, "last after", "EDITED"))
	after.untilRuns(engine.RunDone, 1)
	if got := b.provider.texts(); got[len(got)-1] != "last after first 7" {
		t.Errorf("the run went on as %q", got)
	}
}

func TestSharedAfterStopNobodyHangs(t *testing.T) {
	t.Parallel()
	b := newNode(t, quickRules)
	b.provider.answering(func(context.Context, call) error { return context.Canceled })
	b.must(b.post("e", "order.created", "A", 1))
	held := b.untilRuns(engine.RunHeld, 1)[0]
	b.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := b.Retry(ctx, held.ID); err == nil || ctx.Err() != nil {
		t.Errorf("a retry after the stop was answered by %v", err)
	}
}

func TestSharedOutcomeIsSavedBeforeThePlatformIsAsked(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{}, 1)
	b := newNode(t, moneyLaterRule, func(o *engine.Options) {
		o.Sources = map[string]sources.Source{"shop": hangingProfile{o.Sources["shop"].(*platform), hang}}
	})
	hang <- struct{}{} // the one that plans the event is answered
	b.must(b.post("e", "order.created", "A", 5))
	b.until("the first step saved", func() bool {
		u, err := b.ledger.Run(t.Context(), 1)
		return err == nil && u.Step == 1 && u.Steps[0].Outcome == actions.OutcomeOK
	})
	close(hang)
	b.untilRuns(engine.RunDone, 1)
	if got := b.provider.texts(); !slices.Equal(got, []string{"first", "€5.00"}) {
		t.Errorf("sent %q", got)
	}
}

// TestSharedReplayBehindAPendingOne replays an event whose subject has a later one pending: that comes first, then this.
func TestSharedReplayBehindAPendingOne(t *testing.T) {
	t.Parallel()
	b := newNode(t, threeRules)
	b.must(b.post("e1", "order.created", "A", 1))
	first := b.untilRuns(engine.RunDone, 1)[0]
	b.source.failing(func(*event.Event) error { return errors.New("502") })
	b.must(b.post("e2", "order.updated", "A", 2))
	b.until("put off", func() bool { p := b.events(engine.EventPending); return len(p) == 1 && p[0].Tries > 0 })
	b.must(b.Replay(t.Context(), first.Event))
	b.source.failing(nil)
	b.untilRuns(engine.RunDone, 3)
	got := b.provider.texts()
	slices.Sort(got)
	if want := []string{"order/A 1 was new", "order/A 2 was 1", "order/A 2 was new"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// TestSharedRetention has old events there when a node starts: its first round forgets them, save what is still needed.
func TestSharedRetention(t *testing.T) {
	t.Parallel()
	const old = 1200
	b := newNode(t, threeRules, func(o *engine.Options) {
		o.Retention = 24 * time.Hour
		var changes []engine.Change
		for i := range old + 1 {
			r := benchRecord(i)
			r.State, r.Received = engine.EventUnmatched, time.Now().Add(-25*time.Hour)
			if i == old {
				r.Received = time.Now()
			}
			changes = append(changes, &engine.Accept{Record: r})
		}
		if err := o.Ledger.Commit(context.Background(), changes); err != nil {
			t.Fatal(err)
		}
	})
	var left []engine.Record
	b.until("forgotten", func() bool {
		var err error
		left, err = b.ledger.Events(t.Context(), engine.EventFilter{})
		b.must(err)
		return len(left) < 500 && len(left) > 0 && left[len(left)-1].Seq > old
	})
	if len(left) != 1 {
		t.Errorf("%d events are left", len(left))
	}
}
