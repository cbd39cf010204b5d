package engine_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/engine"
	"shopbell/sources"
	"shopbell/virtualtime"
)

// polled makes a market that is polled every second, with an item that was there before.
func polled() *market {
	m := newMarket("1")
	m.every = time.Second
	m.change("1", "old", nil)
	return m
}

func TestPollingIsAFullMode(t *testing.T) { onEachLedger(t, pollingIsAFullMode) }

func pollingIsAFullMode(t *testing.T, newBench maker) {
	t.Parallel()
	m := polled()
	b := m.bench(t, newBench, marketRules)
	m.untilPolled(b, "1", 1)
	for i := range 8 { // more than one batch
		m.change("1", fmt.Sprint("A", i), func(i *item) { i.state = "paid" })
	}
	m.change("1", "old", func(i *item) { i.price = 90 })
	b.untilRuns(engine.RunDone, 18)
	m.untilPolled(b, "1", 2)
	m.change("1", "old", func(i *item) { i.price, i.state = 80, "paid" })
	b.untilRuns(engine.RunDone, 21)
	m.untilPolled(b, "1", 2)
	m.remove("1", "A0")
	b.untilRuns(engine.RunDone, 22)
	m.untilPolled(b, "1", 2)
	want := []string{"deleted item/A0", "dropped item/old 100 to 90", "dropped item/old 90 to 80", "paid item/old", "touched item/old 2", "touched item/old 3"}
	for i := range 8 {
		want = append(want, fmt.Sprint("created item/A", i), fmt.Sprint("paid item/A", i))
	}
	b.sent(want...)
	for _, e := range b.events("") {
		if !e.Polled {
			t.Errorf("event %s is not told to be found by polling", e.ID)
		}
	}
}

// sent compares what was sent, in any order.
func (b *bench) sent(want ...string) {
	b.Helper()
	times := map[string]int{}
	for _, text := range want {
		times[text]++
	}
	for _, text := range b.provider.texts() {
		times[text]--
	}
	for _, text := range slices.Sorted(maps.Keys(times)) {
		switch n := times[text]; {
		case n > 0:
			b.Errorf("not sent, or too few times by %d: %s", n, text)
		case n < 0:
			b.Errorf("sent %d times too often: %s", -n, text)
		}
	}
}

func TestAStoreIsPolledAtItsInterval(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		m := polled()
		m.every = 10 * time.Minute
		b := m.bench(t, newBench, marketRules)
		time.Sleep(35 * time.Minute)
		b.stop()
		before := m.polls("1")
		if len(before) != 4 {
			t.Fatalf("polled %d times in 35 minutes, at %v", len(before), before)
		}
		for range 3 {
			b.start()
			time.Sleep(time.Minute)
			b.stop()
		}
		if n := len(m.polls("1")); n != 4 {
			t.Errorf("starting again has polled it %d times, before its time", n-4)
		}
		b.start()
		time.Sleep(25 * time.Minute)
		b.stop()
		after := m.polls("1")
		for i := range after[1:] {
			if wait := after[i+1].Sub(after[i]); wait < 10*time.Minute || wait > 10*time.Minute+5*time.Second {
				t.Errorf("it was polled again after %v", wait)
			}
		}
		if len(after) != 7 {
			t.Errorf("polled %d times in all, want 7", len(after))
		}
	})
}

func TestAStoreThatWasDueLongAgoIsPolledAtTheStart(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		m := polled()
		m.every = 10 * time.Minute
		b := m.bench(t, newBench, marketRules)
		time.Sleep(time.Second)
		b.stop()
		time.Sleep(24 * time.Hour)
		m.change("1", "A", nil) // while the program did not run
		b.start()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		b.sent("created item/A")
		b.stop()
	})
}

func TestManyStoresArePolledWithinTheInterval(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		const stores = 5000
		m := newMarket()
		m.every = 15 * time.Minute
		for i := range stores {
			m.shops[fmt.Sprint(i)] = newMarketShop("token")
		}
		var atOnce, most, twice atomic.Int64
		m.polling = func(_ context.Context, store string) error {
			n := atOnce.Add(1)
			defer atOnce.Add(-1)
			for most.Load() < n {
				most.Store(n)
			}
			m.set(func(m *market) {
				if m.shops[store].inside > 1 {
					twice.Add(1)
				}
			})
			time.Sleep(time.Second)
			return nil
		}
		b := m.bench(t, newBench, marketRules)
		time.Sleep(time.Hour)
		b.stop()
		if n := most.Load(); n < 8 || n > 64 {
			t.Errorf("%d stores were asked at once", n)
		}
		if twice.Load() > 0 {
			t.Error("a store was asked twice at once")
		}
		for i := range stores {
			polls := m.polls(fmt.Sprint(i))
			if len(polls) < 3 || len(polls) > 4 {
				t.Fatalf("store %d was polled %d times in an hour", i, len(polls))
			}
			for j := range polls[1:] {
				if wait := polls[j+1].Sub(polls[j]); wait < m.every || wait > m.every*3/2 {
					t.Fatalf("store %d was polled again after %v", i, wait)
				}
			}
		}
	})
}

func TestAStoreThatHangsHoldsUpNoOther(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		m := newMarket()
		m.every = 10 * time.Second
		for i := range 40 {
			m.shops[fmt.Sprint(i)] = newMarketShop("token")
		}
		m.polling = func(ctx context.Context, store string) error {
			if store == "0" || store == "1" {
				<-ctx.Done()
			}
			return ctx.Err()
		}
		b := m.bench(t, newBench, marketRules)
		time.Sleep(10 * time.Minute)
		b.stop()
		for i := 2; i < 40; i++ {
			polls := m.polls(fmt.Sprint(i))
			if len(polls) < 50 {
				t.Fatalf("store %d was polled %d times in ten minutes, want 60 or nearly", i, len(polls))
			}
		}
		if n := len(m.polls("0")); n < 2 || n > 20 {
			t.Errorf("the store that hangs was asked %d times", n)
		}
	})
}

func TestPollsThatFailAreTriedAgain(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			fails      func() error
			most, last int // polls in the ten minutes, and the longest wait afterwards
		}{
			"error":  {func() error { return errors.New("502") }, 130, 10},
			"panic":  {func() error { panic("a page that nobody thought of") }, 130, 10},
			"later":  {func() error { return sources.Later(5*time.Minute, errors.New("429")) }, 3, 301},
			"denied": {func() error { return sources.Denied(errors.New("403")) }, 2, 13 * 60},
		} {
			m := newMarket("1")
			m.every = time.Hour
			log := &logged{}
			b := m.bench(t, newBench, marketRules, log.keep)
			time.Sleep(time.Minute)
			m.change("1", "A", nil)
			m.set(func(m *market) { m.polling = func(context.Context, string) error { return c.fails() } })
			time.Sleep(69 * time.Minute)
			n := len(m.polls("1"))
			if n < 2 || n > 1+c.most {
				t.Errorf("%s: polled %d times within ten minutes of the first trouble", name, n-1)
			}
			if got := log.count("a store cannot be polled"); got != 1 {
				t.Errorf("%s: the log tells of it %d times", name, got)
			}
			m.set(func(m *market) { m.polling = nil })
			time.Sleep(time.Duration(c.last) * time.Second)
			synctest.Wait()
			b.sent("created item/A")
			if got := log.count("a store is polled again"); got != 1 {
				t.Errorf("%s: the log tells %d times that it is over", name, got)
			}
			b.stop()
		}
	})
}

// TestWhatWasFoundAndHowFarAreOneTransaction has commits fail, before and after they were made.
func TestWhatWasFoundAndHowFarAreOneTransaction(t *testing.T) {
	onEachLedger(t, whatWasFoundAndHowFarAreOneTransaction)
}

func whatWasFoundAndHowFarAreOneTransaction(t *testing.T, newBench maker) {
	t.Parallel()
	m := polled()
	m.page = 100
	var commits, failing atomic.Int64
	b := m.bench(t, newBench, marketRules, func(o *engine.Options) {
		o.Ledger = writing(o.Ledger, func(ctx context.Context, changes []engine.Change, commit committing) error {
			found := 0
			for _, c := range changes {
				if a, ok := c.(*engine.Accept); ok && a.Record.Polled {
					found++
				}
			}
			if found == 0 || failing.Load() == 0 {
				return commit(ctx, changes)
			}
			commits.Add(1)
			switch failing.Add(-1) {
			case 3:
				return errors.New("the disk has failed")
			case 2: // all is made and rolled back
				return commit(ctx, append(slices.Clip(changes), spoilt{}))
			case 1: // the first is made, and the cursor is not
				return commit(ctx, append(changes[:1:1], spoilt{}))
			}
			if _, shared := o.Ledger.(engine.Shared); shared { // the answer is lost
				_ = commit(ctx, changes)
			}
			return errors.New("the connection was lost")
		})
	})
	m.untilPolled(b, "1", 1)
	failing.Store(4)
	for i := range 5 {
		m.change("1", fmt.Sprint("A", i), nil)
	}
	m.change("1", "old", nil)
	b.untilRuns(engine.RunDone, 6)
	m.untilPolled(b, "1", 2)
	want := []string{"touched item/old 2"}
	for i := range 5 {
		want = append(want, fmt.Sprint("created item/A", i))
	}
	b.sent(want...)
	if n := commits.Load(); n < 4 {
		t.Errorf("only %d commits have failed: this shows nothing", n)
	}
	if n := len(b.events("")); n != 6 {
		t.Errorf("%d events, want 6", n)
	}
}

// TestAKillWithinARound ends the program between two batches of a round.
func TestAKillWithinARound(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		m := polled()
		m.every = 10 * time.Minute
		b := m.bench(t, newBench, marketRules)
		time.Sleep(time.Minute)
		for i := range 20 {
			m.change("1", fmt.Sprint("A", i), nil)
		}
		batches := 0
		m.set(func(m *market) {
			m.polling = func(ctx context.Context, _ string) error {
				if batches++; batches >= 4 {
					<-ctx.Done()
				}
				return ctx.Err()
			}
		})
		time.Sleep(10 * time.Minute)
		b.stop()
		if n := len(b.events("")); n == 0 || n == 20 {
			t.Fatalf("%d of 20 events before the kill: this shows nothing", n)
		}
		m.set(func(m *market) { m.polling = nil })
		b.start()
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		var want []string
		for i := range 20 {
			want = append(want, fmt.Sprint("created item/A", i))
		}
		b.sent(want...)
		b.stop()
	})
}

// TestSharedOneNodePolls has two nodes: one polls for both, and when it goes the other does.
func TestSharedOneNodePolls(t *testing.T) {
	t.Parallel()
	m := polled()
	var atOnce, twice atomic.Int64
	m.polling = func(context.Context, string) error {
		if atOnce.Add(1) > 1 {
			twice.Add(1)
		}
		time.Sleep(300 * time.Millisecond)
		atOnce.Add(-1)
		return nil
	}
	first := m.bench(t, newNode, marketRules)
	m.untilPolled(first, "1", 1)
	second := first.another(threeRules, m.serve(t, marketRules))
	second.provider = first.provider
	m.change("1", "A", nil)
	second.untilRuns(engine.RunDone, 1)
	m.untilPolled(second, "1", 5)
	first.stop()
	m.change("1", "B", nil)
	began := time.Now()
	second.untilRuns(engine.RunDone, 2)
	if took := time.Since(began); took > 75*time.Second {
		t.Errorf("the other node began to poll after %v", took)
	}
	m.untilPolled(second, "1", 2)
	second.sent("created item/A", "created item/B")
	if twice.Load() > 0 {
		t.Errorf("the store was asked by two nodes at once, %d times", twice.Load())
	}
}
