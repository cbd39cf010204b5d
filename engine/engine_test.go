package engine_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/event"
	"shopbell/sources"
	"shopbell/virtualtime"
)

func TestTheWayOfAnEvent(t *testing.T) { onEachLedger(t, theWayOfAnEvent) }

func theWayOfAnEvent(t *testing.T, newBench maker) {
	b := newBench(t, threeRules)
	b.must(b.post("e1", "order.created", "A", 1))
	run := b.untilRuns(engine.RunDone, 1)[0]
	b.must(b.post("e2", "order.updated", "A", 2))
	b.untilRuns(engine.RunDone, 2)
	if got, want := b.provider.texts(), []string{"order/A 1 was new", "order/A 2 was 1"}; !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
	whole, err := b.ledger.Run(t.Context(), run.ID)
	b.must(err)
	step := whole.Steps[0]
	if step.Outcome != actions.OutcomeOK || len(step.Tries) != 1 || step.Result["said"] != "order/A 1 was new" || step.Repeated != 0 {
		t.Errorf("the step is kept as %+v", step)
	}
	if e := b.events(engine.EventPlanned); len(e) != 2 {
		t.Errorf("%d events planned, want 2", len(e))
	}
}

func TestFiftyAtOnce(t *testing.T) { onEachLedger(t, fiftyAtOnce) }

func fiftyAtOnce(t *testing.T, newBench maker) {
	b := newBench(t, threeRules)
	b.source.set("A", 1)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := b.notify("same", "order.created", "A"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	b.untilRuns(engine.RunDone, 1)
	counts, err := b.ledger.Counts(t.Context(), time.Time{})
	b.must(err)
	for _, c := range counts {
		if c.What == "event.duplicate" && c.N != 49 {
			t.Errorf("%d duplicates, want 49", c.N)
		}
	}
	if n := len(b.provider.got()); n != 1 {
		t.Errorf("sent %d times", n)
	}
}

func TestWhatIsNotActedOn(t *testing.T) { onEachLedger(t, whatIsNotActedOn) }

func whatIsNotActedOn(t *testing.T, newBench maker) {
	b := newBench(t, threeRules)
	b.must(b.notify("gone", "order.created", "NONE"))
	b.must(b.Receive(t.Context(), "shop", sources.Request{Body: []byte(`{"id":"x","type":"order.created","subject":"A","store":"99"}`), Received: time.Now()}))
	b.must(b.post("other", "order.shipped", "A", 1))
	refusal, ok := errors.AsType[*sources.Refusal](b.Receive(t.Context(), "shop", sources.Request{Body: []byte(`nonsense`), Received: time.Now()}))
	if !ok || refusal.Status != 400 {
		t.Errorf("nonsense was answered by %v", refusal)
	}
	if err := b.Receive(t.Context(), "nobody", sources.Request{}); err != engine.ErrNoSource {
		t.Errorf("a source that is not there: %v", err)
	}
	notes := map[string]string{}
	for _, e := range append(append(b.untilEvents(engine.EventUnconfirmed, 2), b.untilEvents(engine.EventUnmatched, 1)...), b.untilEvents(engine.EventRefused, 1)...) {
		notes[e.ID] = e.Note
	}
	want := map[string]string{
		"gone":  "there is no such order",
		"x":     `store "99" is not configured for source shop, so nothing can be confirmed or done`,
		"other": `source shop has no event type "order.shipped", so no rule can listen to it`,
		"":      "the body is not a notification",
	}
	if !reflect.DeepEqual(notes, want) {
		t.Errorf("notes %q\nwant %q", notes, want)
	}
	if n := len(b.provider.got()); n != 0 {
		t.Errorf("%d things were sent", n)
	}
}

func TestOrderOfASubject(t *testing.T) { onEachLedger(t, orderOfASubject) }

func orderOfASubject(t *testing.T, newBench maker) {
	b := newBench(t, threeRules)
	const subjects, updates = 10, 20
	var all sync.WaitGroup
	for s := range subjects {
		all.Go(func() {
			for v := range updates {
				name := fmt.Sprintf("S%d", s)
				b.source.set(name, v)
				if err := b.notify(fmt.Sprintf("%s-%d", name, v), "order.updated", name); err != nil {
					t.Error(err)
				}
				// The next update must not overtake the reading of this one, or it would not be a change.
				b.until("planned", func() bool { return len(b.events(engine.EventPending)) == 0 })
			}
		})
	}
	all.Wait()
	b.untilRuns(engine.RunDone, subjects*updates)
	last := map[string]int{}
	for _, text := range b.provider.texts() {
		var name, was string
		var v int
		fmt.Sscanf(text, "%s %d was %s", &name, &v, &was)
		before := "new"
		if v > 0 {
			before = fmt.Sprint(v - 1)
		}
		if v > 0 && last[name] != v-1 || was != before {
			t.Fatalf("%q came after version %d", text, last[name])
		}
		last[name] = v
	}
}

const outcomesRule = `
rules:
  - name: safe
    when: order.created
    then: [{ probe: { text: safe } }]
  - name: fragile
    when: order.created
    then: [{ fragile: { text: fragile } }]
`

func TestOutcomes(t *testing.T) {
	for name, c := range map[string]struct {
		err          error
		safe, fragil engine.RunState
		tries        int
	}{
		"ok":        {nil, engine.RunDone, engine.RunDone, 1},
		"skip":      {actions.Skip("opted out"), engine.RunDone, engine.RunDone, 1},
		"permanent": {actions.Permanent(actions.BlameRecipient, errors.New("no such mailbox")), engine.RunDead, engine.RunDead, 1},
		"retry":     {errors.New("busy"), engine.RunDead, engine.RunDead, 12},
		"unknown":   {actions.Unknown(errors.New("no answer")), engine.RunDead, engine.RunHeld, 12},
	} {
		t.Run(name, func(t *testing.T) {
			virtualtime.Test(t, func(t *testing.T) {
				b := newBench(t, outcomesRule)
				b.provider.answering(func(context.Context, call) error { return c.err })
				b.must(b.post("e", "order.created", "A", 1))
				time.Sleep(72 * time.Hour)
				synctest.Wait()
				states := map[string]engine.Run{}
				all, err := b.ledger.Runs(context.Background(), engine.RunFilter{})
				b.must(err)
				for _, u := range all {
					states[u.Rule] = u
				}
				if s := states["safe"]; s.State != c.safe {
					t.Errorf("what may be repeated is %s, want %s: %+v", s.State, c.safe, s)
				}
				if s := states["fragile"]; s.State != c.fragil {
					t.Errorf("what may not be repeated is %s, want %s", s.State, c.fragil)
				}
				tries, keys := 0, map[string]bool{}
				for _, k := range b.provider.got() {
					if k.text == "safe" {
						tries++
						keys[k.key] = true
					}
				}
				if tries != c.tries || len(keys) != 1 {
					t.Errorf("%d tries with %d keys, want %d with one", tries, len(keys), c.tries)
				}
				if name == "unknown" && states["safe"].Steps[0].Repeated != c.tries-1 {
					t.Errorf("%d tries are marked as repeated", states["safe"].Steps[0].Repeated)
				}
				b.stop()
			})
		})
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules)
		b.provider.answering(func(_ context.Context, c call) error {
			if c.try == 1 {
				return actions.RetryAfter(5*time.Hour, errors.New("slow down"))
			}
			return nil
		})
		b.must(b.post("e", "order.created", "A", 1))
		time.Sleep(5*time.Hour - time.Second)
		if n := len(b.provider.got()); n != 1 {
			t.Errorf("%d tries before the time", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := len(b.runs(engine.RunDone)); n != 1 {
			t.Errorf("%d runs done after the time", n)
		}
		b.stop()
	})
}

func TestIdleAsksNothing(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		var counted *counting
		b := newBench(t, threeRules, func(o *engine.Options) {
			counted = &counting{Ledger: o.Ledger}
			o.Ledger = counted
		})
		b.must(b.post("e", "order.created", "A", 1))
		time.Sleep(time.Minute)
		before := counted.calls.Load()
		time.Sleep(time.Hour)
		if n := counted.calls.Load() - before; n > 0 {
			t.Errorf("an idle engine asked the ledger %d times in an hour", n)
		}
		b.stop()
	})
}

// counting counts what an engine asks a ledger for.
type counting struct {
	engine.Ledger
	calls atomic.Int64
}

func (c *counting) DueOutlets(ctx context.Context, until time.Time) ([]string, error) {
	c.calls.Add(1)
	return c.Ledger.DueOutlets(ctx, until)
}

func (c *counting) DueStores(ctx context.Context, until time.Time) ([]engine.Store, error) {
	c.calls.Add(1)
	return c.Ledger.DueStores(ctx, until)
}

func (c *counting) NextDue(ctx context.Context, after time.Time) (time.Time, time.Time, error) {
	c.calls.Add(1)
	return c.Ledger.NextDue(ctx, after)
}

func TestReadingBack(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules)
		var tries atomic.Int64
		b.source.failing(func(e *event.Event) error {
			if e.Store == "1" && tries.Add(1) <= 3 {
				return sources.Later(10*time.Minute, errors.New("429"))
			}
			return nil
		})
		b.must(b.post("e1", "order.created", "A", 1))
		b.must(b.notify("e2", "order.updated", "A"))
		synctest.Wait()
		b.must(b.notify("e3", "order.updated", "A"))
		time.Sleep(29 * time.Minute)
		synctest.Wait()
		if n := len(b.events(engine.EventPending)); n != 3 {
			t.Errorf("%d events pending while the store asks to wait, want 3", n)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		want := []string{"order/A 1 was new", "order/A 1 was 1", "order/A 1 was 1"}
		if got := b.provider.texts(); !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
		b.stop()
	})
}

func TestAStoreThatNeverAnswersFailsAfterADay(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules)
		b.source.failing(func(*event.Event) error { return errors.New("connection refused") })
		b.must(b.post("e1", "order.created", "A", 1))
		time.Sleep(25 * time.Hour)
		synctest.Wait()
		if n := len(b.events(engine.EventFailed)); n != 1 {
			t.Fatalf("%d events failed", n)
		}
		b.source.failing(nil)
		b.must(b.Replay(t.Context(), 1))
		synctest.Wait()
		if got := b.provider.texts(); len(got) != 1 {
			t.Errorf("after the replay: sent %q", got)
		}
		b.stop()
	})
}

func TestOneHangingStoreLeavesTheOthers(t *testing.T) {
	onEachLedger(t, oneHangingStoreLeavesTheOthers)
}

func oneHangingStoreLeavesTheOthers(t *testing.T, newBench maker) {
	b := newBench(t, threeRules)
	free, openFree := b.gate()
	b.source.failing(func(e *event.Event) error {
		if e.Store == "2" {
			<-free
		}
		return nil
	})
	for i := range 100 {
		b.must(b.Receive(t.Context(), "shop", sources.Request{Received: time.Now(),
			Body: fmt.Appendf(nil, `{"id":"h%d","type":"order.created","subject":"H%d","store":"2"}`, i, i)}))
	}
	for i := range 50 {
		b.must(b.post(fmt.Sprintf("e%d", i), "order.created", fmt.Sprintf("A%d", i), 1))
	}
	b.untilRuns(engine.RunDone, 50)
	openFree()
	b.untilEvents(engine.EventUnconfirmed, 100)
}

const moneyRule = `
rules:
  - name: money
    when: order.created
    then: [{ probe: { text: "{{ money(order.v) }} {{ store.id }}" } }]
`

func TestAStoreThatDoesNotTellItsProfile(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, moneyRule)
		b.source.hiding(sources.Denied(errors.New("the app has no scope read_store_profile")))
		b.must(b.post("e1", "order.created", "A", 5))
		synctest.Wait()
		b.source.hiding(errors.New("502"))
		b.must(b.post("e2", "order.created", "B", 6))
		synctest.Wait()
		if got := b.provider.texts(); !slices.Equal(got, []string{"5.00 1"}) {
			t.Errorf("sent %q", got)
		}
		b.source.hiding(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := b.provider.texts(); !slices.Equal(got, []string{"5.00 1", "€6.00 1"}) {
			t.Errorf("sent %q", got)
		}
		b.stop()
	})
}

func TestAReplaySeesWhatWasThen(t *testing.T) { onEachLedger(t, aReplaySeesWhatWasThen) }

func aReplaySeesWhatWasThen(t *testing.T, newBench maker) {
	b := newBench(t, threeRules)
	for v := 1; v <= 3; v++ {
		b.must(b.post(fmt.Sprint("e", v), "order.updated", "A", v))
		b.untilRuns(engine.RunDone, v)
	}
	b.must(b.Replay(t.Context(), 2))
	b.untilRuns(engine.RunDone, 4)
	want := []string{"order/A 1 was new", "order/A 2 was 1", "order/A 3 was 2", "order/A 3 was 1"}
	if got := b.provider.texts(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}
