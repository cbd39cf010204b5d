package slack

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/virtualtime"
)

// TestAHundredTakeTheirTurns has a hundred messages for one channel at once: each goes at a second of its own, a few wait, the
// others are told when to come back, and coming back once is enough.
func TestAHundredTakeTheirTurns(t *testing.T) {
	t.Parallel()
	virtualtime.Test(t, func(t *testing.T) {
		var (
			p     pace
			mu    sync.Mutex
			sent  = map[int]int{} // by second
			group sync.WaitGroup
			begun = time.Now()
		)
		for i := range 100 {
			group.Go(func() {
				key, tries := fmt.Sprint(i), 0
				for {
					tries++
					ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
					at := time.Now()
					err := p.enter(ctx, "#sales", key)
					cancel()
					if spent := time.Since(at); spent > patience {
						t.Errorf("a try waited for %s", spent)
					}
					if err == nil {
						break
					}
					a := actions.OutcomeOf(err)
					if a.Outcome != actions.OutcomeRetry || a.Wait <= patience {
						t.Errorf("got %+v: %v", a, err)
						return
					}
					time.Sleep(a.Wait)
				}
				mu.Lock()
				defer mu.Unlock()
				sent[int(time.Since(begun)/time.Second)]++
				if tries > 2 {
					t.Errorf("it took %d tries", tries)
				}
			})
		}
		group.Wait()
		for second := range 100 {
			if sent[second] != 1 {
				t.Errorf("second %d: %d messages", second, sent[second])
			}
		}
	})
}

func TestChannelsAreApartAndNamesAreIds(t *testing.T) {
	t.Parallel()
	virtualtime.Test(t, func(t *testing.T) {
		var p pace
		enter := func(channel, key string) time.Duration {
			at := time.Now()
			if err := p.enter(t.Context(), channel, key); err != nil {
				t.Fatal(err)
			}
			return time.Since(at)
		}
		if enter("#a", "1") != 0 || enter("#b", "2") != 0 {
			t.Error("two channels wait for each other")
		}
		p.known("#a", "C1")
		if waited := enter("C1", "3"); waited != time.Second {
			t.Errorf("the id is another queue than the name: waited %s", waited)
		}
		p.hold("#a", 2*time.Second)
		if waited := enter("C1", "4"); waited != 2*time.Second {
			t.Errorf("a held channel: waited %s", waited)
		}
	})
}

func TestAShortDeadlineIsNotBurnt(t *testing.T) {
	t.Parallel()
	virtualtime.Test(t, func(t *testing.T) {
		var p pace
		for i := range 2 {
			if err := p.enter(t.Context(), "C1", fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		at := time.Now()
		if got := actions.OutcomeOf(p.enter(ctx, "C1", "late")); got.Outcome != actions.OutcomeRetry || got.Wait != time.Second || time.Since(at) != 0 {
			t.Errorf("got %+v after %s", got, time.Since(at))
		}
	})
}

func TestWhoNeverComesBackIsForgotten(t *testing.T) {
	t.Parallel()
	virtualtime.Test(t, func(t *testing.T) {
		var p pace
		for i := range 1000 {
			p.reserve(fmt.Sprint("C", i), "k", time.Now())
			p.keep(fmt.Sprint("C", i), "k", time.Now())
		}
		time.Sleep(2 * forgetAfter)
		p.reserve("C-new", "k", time.Now())
		if len(p.queue) > 2 {
			t.Errorf("%d queues are kept", len(p.queue))
		}
	})
}
