package postgres

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"shopbell/engine"
)

// turns bounds how many events of one store are worked at once. The others wait their turn here, unless the store is slow or has
// hung: then it keeps no more than its share of the places, and the rest of its events make room for those of other stores.
// Without that, a store whose platform allows 3 calls a second would have all others wait behind a backlog of thousands.
type turns struct {
	perStore, share int
	mu              sync.Mutex
	stores          map[engine.Store]*turnstile
}

type turnstile struct {
	inside int
	places chan struct{}
	moved  time.Time     // when one last came to its end
	gap    time.Duration // between two ends, on average, while others waited
	next   time.Time     // when the last that was sent away comes back
}

const (
	hung     = 2 * time.Second         // no event of a store comes to its end for so long: it has hung
	slow     = time.Second / shareRate // between two ends: the store is slow
	lookWait = hung / 4                // how often one that waits looks whether it may go on to do so
	farthest = 5 * time.Minute         // for which one is sent away, should its turn be later
)

var errNoTurn = errors.New("not now")

// enter waits for a place. With errNoTurn it has waited in vain, and wait is when to come again.
func (t *turns) enter(ctx context.Context, s engine.Store) (wait time.Duration, err error) {
	stile, wait := t.join(s)
	for wait == 0 {
		select {
		case stile.places <- struct{}{}:
			return 0, nil
		case <-ctx.Done():
			t.quit(s, stile, false)
			return 0, ctx.Err()
		case <-time.After(lookWait):
			wait = t.stay(s, stile)
		}
	}
	return wait, errNoTurn
}

// join takes one in, unless it has to wait elsewhere.
func (t *turns) join(s engine.Store) (stile *turnstile, wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stores == nil {
		t.stores = map[engine.Store]*turnstile{}
	}
	stile = t.stores[s]
	if stile == nil {
		stile = &turnstile{places: make(chan struct{}, max(1, t.perStore)), moved: time.Now()}
		t.stores[s] = stile
	}
	if stile.inside >= t.share && stile.lingers(time.Now()) {
		return nil, stile.away(time.Now())
	}
	stile.inside++
	return stile, 0
}

// stay tells whether one that waits may go on to do so: then wait is 0.
func (t *turns) stay(s engine.Store, stile *turnstile) (wait time.Duration) {
	t.mu.Lock()
	if stile.inside > t.share && stile.lingers(time.Now()) {
		wait = stile.away(time.Now())
	}
	t.mu.Unlock()
	if wait > 0 {
		t.quit(s, stile, false)
	}
	return wait
}

// lingers tells whether a store is slow or has hung.
func (s *turnstile) lingers(now time.Time) bool {
	return s.gap > slow || now.Sub(s.moved) > hung
}

// away tells one when to come again: of a slow store well before its turn is expected, for it may become faster, as when another
// node has died that shared what its platform allows. Of one that has hung nobody knows.
func (s *turnstile) away(now time.Time) time.Duration {
	if s.gap <= slow || now.Sub(s.moved) > hung {
		return time.Duration(5+rand.IntN(10)) * time.Second
	}
	first := now.Add(time.Duration(s.inside) * s.gap / 2)
	if s.next.Before(first) {
		s.next = first
	}
	if s.next.Sub(now) > farthest {
		return farthest/2 + rand.N(farthest/2)
	}
	s.next = s.next.Add(s.gap / 2)
	return s.next.Sub(now)
}

// quit takes one out; moved says that it came to its end.
func (t *turns) quit(s engine.Store, stile *turnstile, moved bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if moved {
		now := time.Now()
		if stile.inside > t.perStore { // else nobody waited, and the time between them says nothing
			stile.gap += (min(now.Sub(stile.moved), hung) - stile.gap) / 5
		}
		stile.moved = now
	}
	if stile.inside--; stile.inside == 0 {
		delete(t.stores, s)
	}
}

func (t *turns) leave(s engine.Store) {
	t.mu.Lock()
	stile := t.stores[s]
	t.mu.Unlock()
	<-stile.places
	t.quit(s, stile, true)
}
