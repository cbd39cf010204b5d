package engine

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"shopbell/rules"
	"shopbell/virtualtime"
)

func item(id int64, key, group string) entry[int64] {
	return entry[int64]{id: id, key: key, group: group, item: id}
}

// TestQueueKeepsItsPromises has workers draw at random from a queue: every item once, those of a key in order and never
// two at once, never more of a group than it may have.
func TestQueueKeepsItsPromises(t *testing.T) {
	const items, keys, groups, share = 5000, 50, 3, 4
	q := newQueue[int64](bounds{items + 1, items + 1, share}, nil)
	var mu sync.Mutex
	seen, busy, inGroup := map[string][]int64{}, map[string]bool{}, map[string]int{}
	var workers sync.WaitGroup
	left := make(chan struct{}, items)
	for range 20 {
		workers.Go(func() {
			var last *lane[int64]
			for {
				e, l, ok := q.poll(last) // which frees its place in the group, and keeps its key
				if last != nil {
					mu.Lock()
					busy[last.key] = false
					mu.Unlock()
					q.done(last)
					last = nil
				}
				if !ok {
					if e, l, ok = q.next(); !ok {
						return
					}
				}
				mu.Lock()
				if busy[e.key] {
					t.Errorf("two of key %s at once", e.key)
				}
				if inGroup[e.group]++; inGroup[e.group] > share {
					t.Errorf("%d of group %s at once", inGroup[e.group], e.group)
				}
				busy[e.key] = true
				mu.Unlock()
				mu.Lock()
				inGroup[e.group]--
				seen[e.key] = append(seen[e.key], e.id)
				if e.id%3 == 0 {
					last = l
				} else {
					busy[e.key] = false
				}
				mu.Unlock()
				if last == nil {
					q.done(l)
				}
				left <- struct{}{}
			}
		})
	}
	for i := range int64(items) {
		k := rand.IntN(keys)
		q.put(item(i, fmt.Sprint("k", k), fmt.Sprint("g", (k+int(i%2))%groups)))
	}
	for range items {
		<-left
	}
	q.close()
	workers.Wait()
	total := 0
	for key, ids := range seen {
		total += len(ids)
		if !slices.IsSorted(ids) {
			t.Errorf("items of key %s came in the order %v", key, ids)
		}
	}
	if total != items || len(q.lanes) != 0 || len(q.groups) != 0 || len(q.ids) != 0 {
		t.Errorf("%d items; left inside: %d lanes, %d groups, %d ids", total, len(q.lanes), len(q.groups), len(q.ids))
	}
}

// TestQueueGivesEachGroupItsOwnShare holds that a group may have fewer workers than others, but never none, and that those
// that are parked go on when one is done.
func TestQueueGivesEachGroupItsOwnShare(t *testing.T) {
	q := newQueue[int64](bounds{100, 100, 8}, nil)
	q.most = func(group string) int { return map[string]int{"limited": 2, "open": 5}[group] }
	for i := range int64(10) {
		q.put(item(i, "", "limited"))
		q.put(item(100+i, "", "open"))
		q.put(item(200+i, "", "none"))
	}
	taken := map[string]int{}
	var limited *lane[int64]
	for e, l, ok := q.poll(nil); ok; e, l, ok = q.poll(nil) {
		if taken[e.group]++; e.group == "limited" {
			limited = l
		}
	}
	if want := map[string]int{"limited": 2, "open": 5, "none": 1}; !maps.Equal(taken, want) {
		t.Errorf("at once %v, want %v", taken, want)
	}
	q.done(limited)
	if e, _, ok := q.poll(nil); !ok || e.id != 2 {
		t.Errorf("after one is done comes %d, %v; want the third of its group", e.id, ok)
	}
	if _, _, more := q.poll(nil); more {
		t.Error("one that is done makes room for two")
	}
}

// TestQueuePassesAPlaceOn holds that a worker which has only to write down what came of its item takes the next of the group with its
// place, that nobody else gets in with that, and that what waits behind the item goes on waiting.
func TestQueuePassesAPlaceOn(t *testing.T) {
	q := newQueue[int64](bounds{100, 100, 1}, nil)
	for i := range int64(4) {
		q.put(item(i, map[bool]string{true: "a", false: ""}[i < 2], "x"))
	}
	q.put(item(9, "", "y"))
	take := func(last *lane[int64], want int64) *lane[int64] {
		t.Helper()
		e, l, ok := q.poll(last)
		if !ok || e.id != want {
			t.Fatalf("got %d, %v, want %d", e.id, ok, want)
		}
		return l
	}
	none := func(last *lane[int64]) {
		t.Helper()
		if e, _, ok := q.poll(last); ok {
			t.Fatalf("got %d, want nothing", e.id)
		}
	}
	first := take(nil, 0)
	other := take(nil, 9)
	none(nil)
	second := take(first, 2)
	none(first) // it has no place any more
	q.done(first)
	none(nil) // 1 and 3 wait for the place
	third := take(second, 3)
	q.done(second)
	last := take(third, 1)
	q.done(third)
	none(last)
	q.done(last)
	q.done(other)
	if inside, working := q.size(); inside != 0 || working != 0 || len(q.groups) != 0 || len(q.lanes) != 0 {
		t.Errorf("%d inside, %d working, %d groups, %d lanes are left", inside, working, len(q.groups), len(q.lanes))
	}
}

func TestQueueDropsWhatWaitsBehind(t *testing.T) {
	q := newQueue[int64](bounds{10, 10, 10}, nil)
	for i := range int64(3) {
		q.put(item(i, "a", ""))
	}
	q.put(item(7, "b", ""))
	head, l, _ := q.poll(nil)
	q.drop("a", "")
	q.done(l)
	next, _, _ := q.poll(nil)
	if _, _, more := q.poll(nil); head.id != 0 || next.id != 7 || more {
		t.Errorf("got %d, then %d, and more: %v", head.id, next.id, more)
	}
}

func TestQueueGoesOnWithTheSameItemFirst(t *testing.T) {
	q := newQueue[int64](bounds{10, 10, 10}, nil)
	q.put(item(1, "a", "x"))
	q.put(item(2, "a", "x"))
	_, l, _ := q.poll(nil)
	q.again(l, item(1, "a", "y"))
	first, l, _ := q.poll(nil)
	q.done(l)
	second, l, _ := q.poll(nil)
	q.done(l)
	if first.id != 1 || first.group != "y" || second.id != 2 || len(q.groups) != 0 {
		t.Errorf("got %v, then %v; %d groups left", first, second, len(q.groups))
	}
}

func TestQueueTakesAgainWhatAWorkerHas(t *testing.T) {
	q := newQueue[int64](bounds{10, 10, 10}, nil)
	q.put(item(1, "a", ""))
	q.put(item(1, "a", "")) // waits already: nothing new
	_, l, _ := q.poll(nil)
	q.put(item(1, "a", "")) // a worker has it: it may be done with an older state of it
	q.done(l)
	if _, l, ok := q.poll(nil); !ok {
		t.Error("what was put in while a worker had it is lost")
	} else {
		q.done(l)
	}
	if _, _, ok := q.poll(nil); ok {
		t.Error("it came a third time")
	}
}

// TestQueueForgetsWhatTheLedgerHasMovedOn holds that a copy of an item, read while a worker had it, is not worked after it.
func TestQueueForgetsWhatTheLedgerHasMovedOn(t *testing.T) {
	for name, moved := range map[string]func(q *queue[int64]){
		"put off": func(q *queue[int64]) { q.drop("a", "") },
		"planned": func(q *queue[int64]) { q.settled(1) },
	} {
		q := newQueue[int64](bounds{10, 10, 10}, nil)
		q.put(item(1, "a", ""))
		_, l, _ := q.poll(nil)
		q.fallBehind([]string{""})
		group, _ := q.beginLoad()
		q.endLoad(group, []entry[int64]{item(1, "a", "")}, true)
		moved(q)
		q.done(l)
		if _, _, again := q.poll(nil); again {
			t.Errorf("%s: it is worked once more", name)
		}
	}
}

func TestQueueFallsBehindAndCatchesUp(t *testing.T) {
	hungry := 0
	q := newQueue[int64](bounds{window: 20, share: 4, perGroup: 10}, func() { hungry++ })
	for i := range int64(6) {
		q.put(item(i, "", "slow"))
	}
	q.put(item(50, "", "quick")) // another group is not held up
	if inside, _ := q.size(); inside != 5 || len(q.starved) != 1 {
		t.Fatalf("%d inside, %d groups behind", inside, len(q.starved))
	}
	if _, ok := q.beginLoad(); ok {
		t.Error("a full group is fed")
	}
	for range 3 {
		_, l, _ := q.poll(nil)
		q.done(l)
	}
	if hungry == 0 {
		t.Error("nobody was told that the group is nearly empty")
	}
	name, ok := q.beginLoad()
	if name != "slow" || !ok {
		t.Fatalf("to be fed: %q, %v", name, ok)
	}
	q.put(item(9, "", "slow"))
	q.endLoad(name, []entry[int64]{item(3, "", "slow"), item(4, "", "slow"), item(5, "", "slow")}, true)
	if ids := drain(q); !slices.Equal(ids, []int64{3, 50, 4, 5, 9}) {
		t.Errorf("order %v", ids)
	}
	if len(q.groups) != 0 || len(q.starved) != 0 {
		t.Errorf("%d groups and %d starved ones left", len(q.groups), len(q.starved))
	}
}

func TestQueueStaysBehindWhileThereIsMore(t *testing.T) {
	q := newQueue[int64](bounds{window: 20, share: 2, perGroup: 10}, nil)
	q.fallBehind([]string{"a"})
	name, _ := q.beginLoad()
	q.put(item(9, "", "a"))
	q.endLoad(name, []entry[int64]{item(1, "", "a"), item(2, "", "a")}, false)
	if ids := drain(q); !slices.Equal(ids, []int64{1, 2}) {
		t.Errorf("got %v; what came meanwhile has to wait behind what is in the ledger", ids)
	}
	if name, ok := q.beginLoad(); name != "a" || !ok {
		t.Error("the rest is not asked for")
	}
}

func TestQueueForgetsWhatWasReadBeforeADrop(t *testing.T) {
	q := newQueue[int64](bounds{window: 20, share: 2, perGroup: 10}, nil)
	q.put(item(1, "k", "a"))
	_, l, _ := q.poll(nil)
	q.fallBehind([]string{"a"})
	q.bounds.share = 8
	name, ok := q.beginLoad() // reads that 1, 2 and 3 are due
	if !ok {
		t.Fatal("not fed")
	}
	q.drop("k", "a") // 1 is put off, and 2 behind it
	q.endLoad(name, []entry[int64]{item(1, "k", "a"), item(2, "k", "a"), item(3, "other", "a")}, true)
	q.done(l)
	if ids := drain(q); !slices.Equal(ids, []int64{3}) {
		t.Errorf("got %v; what was put off comes when its time has come", ids)
	}
}

func TestQueueFetchesWhatIsInFront(t *testing.T) {
	hungry := 0
	q := newQueue[int64](bounds{window: 20, share: 8, perGroup: 10}, func() { hungry++ })
	second := item(2, "k", "a")
	second.behind = true
	q.put(second) // 1 is in the ledger only
	if ids := drain(q); len(ids) != 0 || hungry == 0 {
		t.Fatalf("got %v before the one in front of it; fed: %v", ids, hungry > 0)
	}
	name, _ := q.beginLoad()
	third := item(3, "k", "a")
	third.behind = true
	q.put(third)
	q.endLoad(name, []entry[int64]{item(1, "k", "a"), item(2, "k", "a")}, true)
	if ids := drain(q); !slices.Equal(ids, []int64{1, 2, 3}) {
		t.Errorf("order %v", ids)
	}
}

func drain(q *queue[int64]) (ids []int64) {
	for e, l, ok := q.poll(nil); ok; e, l, ok = q.poll(nil) {
		ids = append(ids, e.id)
		q.done(l)
	}
	return ids
}

func TestBackoff(t *testing.T) {
	var least, most time.Duration
	for try := 1; try < tries(rules.RetryPolicy{}); try++ {
		low, high := 1000*time.Hour, time.Duration(0)
		for range 1000 {
			w := backoff(rules.RetryPolicy{}, try, 0)
			low, high = min(low, w), max(high, w)
		}
		least, most = least+low, most+high
	}
	if least < 16*time.Hour || most > 30*time.Hour {
		t.Errorf("twelve tries take between %v and %v, want about a day", least, most)
	}
	if w := backoff(rules.RetryPolicy{}, 1, time.Hour); w != time.Hour {
		t.Errorf("asked for an hour, it waits %v", w)
	}
	if w := backoff(rules.RetryPolicy{First: time.Second, Max: 2 * time.Second}, 30, 0); w > 2400*time.Millisecond {
		t.Errorf("with at most 2 s it waits %v", w)
	}
}

func TestStepKey(t *testing.T) {
	u := Run{Source: "ecwid", Store: "1", EventID: "e", Rule: "r", Revision: "x", ID: 5}
	key := stepKey(&u)
	other := u
	other.ID, other.Revision, other.Tries, other.Event = 9, "y", 3, 8
	if stepKey(&other) != key {
		t.Error("the key depends on what may differ between tries")
	}
	for what, change := range map[string]func(*Run){
		"source": func(u *Run) { u.Source = "x" }, "store": func(u *Run) { u.Store = "x" }, "event": func(u *Run) { u.EventID = "x" },
		"rule": func(u *Run) { u.Rule = "x" }, "item": func(u *Run) { u.Item = 1 }, "replay": func(u *Run) { u.Replay = 1 },
		"step": func(u *Run) { u.Step = 1 },
	} {
		other := u
		change(&other)
		if stepKey(&other) == key {
			t.Errorf("another %s has the same key", what)
		}
	}
	if len(key) > 64 {
		t.Errorf("the key %q is too long", key)
	}
	for _, part := range []string{"", "order/1 #~", `a"b`, `a\b`, "a\nb", "é", "\x7f", "\xff", "\u2028"} {
		if got, want := string(appendQuoted(nil, part)), strconv.Quote(part); got != want {
			t.Errorf("%q becomes %s, want %s", part, got, want)
		}
	}
	// A key that changed would have steps under way at an upgrade done twice.
	if want := "sb_6cdb4ba024ae78d9f4e4aa545c559444"; key != want {
		t.Errorf("the key is %s, and was %s", key, want)
	}
}

func TestSampler(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		var s sampler
		taken := func() (n int) {
			for range 1000 {
				if s.take(time.Now()) {
					n++
				}
			}
			return n
		}
		if n := taken(); n != sampleBurst {
			t.Errorf("%d at once", n)
		}
		time.Sleep(2 * time.Second)
		if n := taken(); n != 2*sampleRate {
			t.Errorf("%d after two seconds", n)
		}
	})
}
