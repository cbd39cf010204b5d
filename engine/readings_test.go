package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"shopbell/engine"
	"shopbell/event"
	"shopbell/sources"
)

// sharing is a platform with an answer that it gives to the next event, when that is asked for the first time.
type sharing struct {
	*platform
	mu    sync.Mutex
	next  *sources.Reading
	asked []time.Time                // when it was asked anew
	since map[string][]time.Duration // by event id: how much later than the event itself each answer had to be asked for
}

func (s *sharing) Attest(ctx context.Context, e *event.Event) (sources.Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.since[e.ID] = append(s.since[e.ID], time.Since(e.Received))
	if r := s.next; r != nil {
		s.next = nil
		return *r, nil
	}
	r, err := s.platform.Attest(ctx, e)
	r.Asked = time.Now()
	s.asked = append(s.asked, r.Asked)
	return r, err
}

// latest is when it was asked anew the last time. At the start of an engine it may be asked twice for one event, of which one answer counts.
func (s *sharing) latest() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[len(s.asked)-1]
}

// share has a version be told as the answer that was asked for at a time.
func (s *sharing) share(version int, asked time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = &sources.Reading{Entity: json.RawMessage(fmt.Sprintf(`{"id":"order/A","v":%d}`, version)), Asked: asked}
}

func TestNoReadingIsOlderThanTheOneBefore(t *testing.T) {
	onEachLedger(t, noReadingIsOlderThanTheOneBefore)
}

// noReadingIsOlderThanTheOneBefore shares answers with an event that are as old as what was read for the one before, or older:
// another node may have read that one.
func noReadingIsOlderThanTheOneBefore(t *testing.T, newBench maker) {
	var s *sharing
	b := newBench(t, threeRules, func(o *engine.Options) {
		s = &sharing{platform: o.Sources["shop"].(*platform), since: map[string][]time.Duration{}}
		o.Sources = map[string]sources.Source{"shop": s}
	})
	b.must(b.post("e1", "order.created", "A", 5))
	b.untilRuns(engine.RunDone, 1)

	s.share(3, s.latest().Add(-time.Second))
	b.must(b.post("e2", "order.updated", "A", 6))
	b.untilRuns(engine.RunDone, 2)
	if n := len(s.since["e2"]); n != 2 {
		t.Errorf("the platform was asked %d times for an event whose first answer was too old", n)
	}

	s.share(6, s.latest())
	b.must(b.post("e3", "order.updated", "A", 7))
	b.untilRuns(engine.RunDone, 3)
	if n := len(s.since["e3"]); n != 1 {
		t.Errorf("the platform was asked %d times for an event that had the answer of the one before", n)
	}
	want := []string{"order/A 5 was new", "order/A 6 was 5", "order/A 6 was 6"}
	if got := b.provider.texts(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

func TestWhatAnotherNodeReadIsNotForgotten(t *testing.T) {
	t.Parallel()
	var s *sharing
	b := newNode(t, threeRules, func(o *engine.Options) {
		s = &sharing{platform: o.Sources["shop"].(*platform), since: map[string][]time.Duration{}}
		o.Sources = map[string]sources.Source{"shop": s}
	})
	b.must(b.post("e1", "order.created", "A", 5))
	b.untilRuns(engine.RunDone, 1)
	b.stop()
	first := s.latest()
	other := b.another(threeRules)
	b.must(other.post("e2", "order.updated", "A", 8)) // read by the other: what it asked for is not known here
	other.untilRuns(engine.RunDone, 2)
	other.stop()

	third := b.another(threeRules)
	s.share(5, first)
	b.must(third.post("e3", "order.updated", "A", 9))
	third.untilRuns(engine.RunDone, 3)
	want := []string{"order/A 5 was new", "order/A 8 was 5", "order/A 9 was 8"}
	if got := b.provider.texts(); !slices.Equal(got, want) {
		t.Errorf("sent %q, want %q", got, want)
	}
}

// nodesOf is a source that is told how many nodes there are.
type nodesOf struct {
	*platform
	told chan int
}

func (n nodesOf) Share(nodes int) { n.told <- nodes }

func (n nodesOf) until(t *testing.T, want int) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case got := <-n.told:
			if got == want {
				return
			}
		case <-late:
			t.Fatalf("nobody told of %d nodes", want)
		}
	}
}

// TestSourcesKnowHowManyNodesAsk holds that the allowance of a token is divided as soon as nodes come and go.
func TestSourcesKnowHowManyNodesAsk(t *testing.T) {
	t.Parallel()
	tell := func(n *nodesOf) func(*engine.Options) {
		return func(o *engine.Options) {
			*n = nodesOf{newPlatform(), make(chan int, 1000)}
			o.Sources = map[string]sources.Source{"shop": *n}
		}
	}
	var one, two nodesOf
	b := newNode(t, threeRules, tell(&one))
	one.until(t, 1)
	other := b.another(threeRules, tell(&two))
	if first := <-two.told; first != 2 {
		t.Errorf("the second node was first told of %d nodes", first)
	}
	one.until(t, 2)
	other.stop()
	one.until(t, 1)
}
