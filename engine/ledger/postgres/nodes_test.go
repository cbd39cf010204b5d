package postgres

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/engine"
	"shopbell/event"
	"shopbell/virtualtime"
)

// TestWatch holds that a node is dead when another has seen it silent for long enough, and only then.
func TestWatch(t *testing.T) {
	w := watch{}
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, step := range []struct {
		at    time.Duration
		beats map[string]int64
		dead  []string
		fresh bool
	}{
		{0, map[string]int64{"a": 1, "b": 7}, nil, false},
		{deadAfter / 2, map[string]int64{"a": 2, "b": 7}, nil, false},
		{deadAfter - time.Second, map[string]int64{"a": 3, "b": 7}, nil, false},
		{deadAfter, map[string]int64{"a": 4, "b": 7}, []string{"b"}, true},
		{deadAfter + time.Second, map[string]int64{"a": 5, "b": 7}, []string{"b"}, false}, // it stays dead, and is told once
		{2 * deadAfter, map[string]int64{"a": 6, "b": 8}, nil, false},                     // it was only slow
		{2*deadAfter + time.Second, map[string]int64{"a": 6}, nil, false},
		{3 * deadAfter, map[string]int64{"a": 6, "b": 8}, []string{"a"}, true}, // off the list and on it again: b is known anew
		{4 * deadAfter, map[string]int64{"a": 6, "b": 8}, []string{"a", "b"}, true},
	} {
		dead, fresh := w.see(began.Add(step.at), step.beats)
		if !slices.Equal(dead, step.dead) || fresh != step.fresh {
			t.Errorf("after %v: dead %v, fresh %v; want %v, %v", step.at, dead, fresh, step.dead, step.fresh)
		}
	}
}

// TestTurns holds that one store has no more turns than it may, in time, and that the others wait.
func TestTurns(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		turns := turns{perStore: 2, share: 4}
		shop := engine.Store{Source: "shop", Store: "1"}
		inside, free := make(chan int, 100), make(chan struct{})
		for i := range 4 {
			go func() {
				if _, err := turns.enter(t.Context(), shop); err != nil {
					t.Error(err)
				}
				inside <- i
				<-free
				turns.leave(shop)
			}()
		}
		synctest.Wait()
		if len(inside) != 2 {
			t.Errorf("%d inside, want 2", len(inside))
		}
		if _, err := turns.enter(t.Context(), engine.Store{Source: "shop", Store: "2"}); err != nil {
			t.Errorf("another store: %v", err)
		}
		turns.leave(engine.Store{Source: "shop", Store: "2"})
		for range 4 {
			free <- struct{}{}
			synctest.Wait()
		}
		if len(inside) != 4 || len(turns.stores) != 0 {
			t.Errorf("%d have been inside, %d stores are left", len(inside), len(turns.stores))
		}
	})
}

// TestTurnsOfAStoreThatHangs holds that a store whose platform does not answer keeps no more than its share of places: those
// who wait already are sent away for a while.
func TestTurnsOfAStoreThatHangs(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		const share, all = 4, 10
		turns := turns{perStore: 2, share: share}
		shop := engine.Store{Source: "shop", Store: "1"}
		ctx, cancel := context.WithCancel(t.Context())
		away := make(chan time.Duration, all)
		for range all {
			go func() {
				wait, err := turns.enter(ctx, shop)
				if err != nil {
					away <- wait
					return
				}
				<-ctx.Done() // the platform hangs
				turns.leave(shop)
			}()
		}
		synctest.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(away) < all-share {
			t.Errorf("%d of %d have gone, so %d jobs are kept by a store that hangs; its share is %d", len(away), all, all-len(away), share)
		}
		for range len(away) {
			if wait := <-away; wait < 5*time.Second || wait > 15*time.Second {
				t.Errorf("sent away for %v", wait)
			}
		}
		cancel()
		synctest.Wait()
		if len(turns.stores) != 0 {
			t.Error("the store is not forgotten")
		}
	})
}

func TestClockFault(t *testing.T) {
	l := &ledger{where: `database "bell" at db:5432`}
	for skew, want := range map[time.Duration]string{
		0: "", 59 * time.Second: "", -time.Minute: "",
		5*time.Minute + 300*time.Millisecond: "5m0s ahead of", -61 * time.Second: "1m1s behind",
	} {
		err := l.clockFault(skew)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "NTP")) {
			t.Errorf("%v: %v, want %q", skew, err, want)
		}
	}
	before := time.Now()
	l.noteClock(before, before.Add(-5*time.Minute))
	if skew := time.Duration(l.skew.Load()); skew < 5*time.Minute || skew > 5*time.Minute+time.Second {
		t.Errorf("a machine five minutes ahead: %v", skew)
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{"": "", "order/Ä": "order/Ä", "a\x00b": "a␀b", "a\xffb": "a\uFFFDb", "\x00\xc3": "␀\uFFFD"} {
		if got := clean(text); got != want || clean(got) != got {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestTouches holds that what a notification claims and what is read of it later are one subject to the locks, though the
// database cannot keep every text.
func TestTouches(t *testing.T) {
	record := func(store, subject, id string) *engine.Record {
		return &engine.Record{Event: event.Event{Source: "shop", Store: store, Subject: subject, ID: id}}
	}
	keyOf := func(c engine.Change) string { key, _ := touches(c); return key }
	for _, dirty := range []string{"order/\x00", "order/\xff", "order/plain"} {
		accept := keyOf(&engine.Accept{Record: record("1", dirty, "e")})
		for _, later := range []engine.Change{
			&engine.Plan{Record: record("1", clean(dirty), "e")}, &engine.Defer{Record: record("1", clean(dirty), "e")},
			&engine.Again{Record: record("1", clean(dirty), "e")}, &engine.Save{Run: &engine.Run{Source: "shop", Store: "1", Subject: clean(dirty), EventID: "x"}},
		} {
			if key := keyOf(later); lockOf(key) != lockOf(accept) {
				t.Errorf("%T of %q has another lock than the Accept: %q, %q", later, dirty, key, accept)
			}
		}
	}
	apart := []engine.Change{
		&engine.Accept{Record: record("1", "order/A", "e")}, &engine.Accept{Record: record("2", "order/A", "e")},
		&engine.Accept{Record: record("1", "order/B", "e")}, &engine.Accept{Record: record("1", "", "e")}, &engine.Accept{Record: record("1", "", "f")},
	}
	seen := map[int64]bool{}
	for _, c := range apart {
		seen[lockOf(keyOf(c))] = true
	}
	if len(seen) != len(apart) {
		t.Errorf("%d locks for %d different subjects", len(seen), len(apart))
	}
	if n := len(segments(append(apart, apart...))); n != 1 {
		t.Errorf("%d segments for events and their duplicates", n)
	}
	if n := len(segments([]engine.Change{apart[0], &engine.Plan{Record: record("1", "order/A", "e")}, &engine.Purge{}, apart[1]})); n != 4 {
		t.Errorf("%d segments, want 4", n)
	}
}

func TestNodeID(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := nodeID()
		if seen[id] || len(id) > 80 || strings.ContainsFunc(id, func(r rune) bool { return r > 'z' || r < '-' }) {
			t.Fatalf("node %q, twice: %v", id, seen[id])
		}
		seen[id] = true
	}
}
