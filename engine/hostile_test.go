package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/engine"
	"shopbell/event"
	"shopbell/sources"
	"shopbell/virtualtime"
)

func TestAPlatformWhoseAnswerPanics(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules)
		b.source.failing(func(*event.Event) error { panic("deep in a parser") })
		b.must(b.post("e", "order.created", "A", 1))
		synctest.Wait()
		if n := len(b.events(engine.EventPending)); n != 1 {
			t.Errorf("%d events pending after a panic", n)
		}
		b.source.failing(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if n := len(b.runs(engine.RunDone)); n != 1 {
			t.Errorf("%d runs done", n)
		}
		b.stop()
	})
}

// forgetful is a ledger that cannot tell at the start what was begun.
type forgetful struct{ engine.Ledger }

func (forgetful) StartedRuns(context.Context) ([]engine.Run, error) {
	return nil, errors.New("disk I/O error")
}

func TestStopAfterAStartThatFailed(t *testing.T) {
	b := newBench(t, threeRules)
	b.stop()
	o := b.options
	o.Ledger = forgetful{b.ledger}
	e := engine.New(o)
	if err := e.Start(t.Context()); err == nil {
		t.Fatal("a start that cannot settle what was begun says nothing")
	}
	b.must(e.Stop(t.Context()))
}

func TestAfterStopNobodyHangs(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, outcomesRule)
		b.provider.answering(func(context.Context, call) error { return context.Canceled })
		b.must(b.post("e", "order.created", "A", 1))
		synctest.Wait()
		held := b.runs(engine.RunHeld)[0]
		b.stop()
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := b.Retry(ctx, held.ID); err == nil || time.Since(began) > 0 {
			t.Errorf("a retry after the stop was answered by %v after %v", err, time.Since(began))
		}
	})
}

// hangingProfile is a platform that does not answer when asked for a store's profile.
type hangingProfile struct {
	*platform
	hang chan struct{}
}

func (p hangingProfile) Profile(ctx context.Context, store string) (event.Store, error) {
	select {
	case <-p.hang:
	case <-ctx.Done():
		return event.Store{}, ctx.Err()
	}
	return p.platform.Profile(ctx, store)
}

const moneyLaterRule = `
rules:
  - name: chain
    when: order.created
    then:
      - fragile: { text: first }
      - fragile: { text: "{{ money(order.v) }}" }
`

func TestAnOutcomeIsSavedBeforeThePlatformIsAsked(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		hang := make(chan struct{}, 1)
		b := newBench(t, moneyLaterRule, func(o *engine.Options) {
			o.Sources = map[string]sources.Source{"shop": hangingProfile{o.Sources["shop"].(*platform), hang}}
		})
		hang <- struct{}{} // the one that plans the event is answered
		b.must(b.post("e", "order.created", "A", 5))
		synctest.Wait()
		u, err := b.ledger.Run(t.Context(), 1)
		b.must(err)
		if u.Step != 1 || u.Steps[0].Outcome != "ok" {
			t.Errorf("the first step is sent, and a kill now would leave it as %s: %+v", u.State, u.Steps)
		}
		time.Sleep(time.Hour)
		close(hang)
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if n := len(b.runs(engine.RunDone)); n != 1 {
			t.Errorf("%d runs done", n)
		}
		b.stop()
	})
}

func TestAReplayThatReadsNothingLeavesTheSnapshot(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules)
		b.must(b.post("e1", "order.created", "A", 1))
		synctest.Wait()
		b.must(b.post("e2", "order.updated", "A", 2))
		synctest.Wait()
		b.source.failing(func(*event.Event) error { return sources.Unconfirmed("404") })
		b.must(b.Replay(t.Context(), 1))
		synctest.Wait()
		if raw, seq, err := b.ledger.Snapshot(t.Context(), "shop", "1", "order/A"); seq != 2 || err != nil {
			t.Errorf("the snapshot is %s of event %d, %v", raw, seq, err)
		}
		if r, err := b.ledger.Event(t.Context(), 1); err != nil || r.Entity == nil || r.State != engine.EventUnconfirmed {
			t.Errorf("the replayed event is %s with %s, %v; it is what was before event 2", r.State, r.Entity, err)
		}
		b.stop()
	})
}
