package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"shopbell/sources"
)

// The bounds of polling.
const (
	pollSpell   = 55 * time.Second // one spell of polling; then the next is begun, by another node perhaps
	pollersMost = 16               // stores asked at once
	pollBatches = 50               // of one store in a row, before others have their turn
	pollLook    = time.Second      // how often it is seen which store's turn has come
	pollLongest = 50 * time.Second // how long one store may take; it goes on at its next turn
	knownSlack  = 2 * time.Second  // by which the ledger's clock may be ahead
)

// The names of memos.
const (
	memoPoll       = "poll" // a source's cursor
	memoEdit       = "edit/"
	memoConnection = "connection/" // what all begin with that tells of the connection with a store
	memoLife       = memoConnection + "life"
	memoDead       = memoConnection + "dead"
	memoRevived    = memoConnection + "revived"
)

// A round is one source that polls.
type round struct {
	name string
	sources.Poller
}

// rounds gives the sources that poll, by name.
func (e *Engine) rounds() (found []round) {
	for _, name := range slices.Sorted(maps.Keys(e.o.Sources)) {
		if p, ok := e.o.Sources[name].(sources.Poller); ok && p.Every() > 0 {
			found = append(found, round{name, p})
		}
	}
	return found
}

// pollState is when each store was last asked, or last failed; of this node's spells only.
type pollState struct {
	mu      sync.Mutex
	next    map[Store]time.Time
	known   map[Store]time.Time // up to when memos of a store tell nothing new
	places  chan struct{}
	asking  map[Store]bool
	read    time.Time // up to when memos are known
	lagging map[Store]pollFailure
}

func newPollState() pollState {
	return pollState{next: map[Store]time.Time{}, known: map[Store]time.Time{}, places: make(chan struct{}, pollersMost), asking: map[Store]bool{}, lagging: map[Store]pollFailure{}}
}

type pollFailure struct {
	since time.Time
	why   string
}

// keepPolling polls until ctx ends.
func (e *Engine) keepPolling(ctx context.Context) {
	for ctx.Err() == nil {
		e.pollSpell(ctx)
		pause(ctx, pollLook)
	}
}

// pollSpell asks the stores whose turn comes within one spell. One node does it for all.
func (e *Engine) pollSpell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pollSpell)
	defer cancel()
	if err := e.recallPolls(ctx); err != nil {
		e.o.Log.Warn("stores are not polled: the ledger does not tell when they were", "error", err)
		return
	}
	for {
		for _, due := range e.pollsDue(time.Now()) {
			select {
			case e.polls.places <- struct{}{}:
			case <-ctx.Done():
				e.polled(due, time.Time{})
				continue
			}
			e.workers.Go(func() { // those who wait for workers wait for this spell too, so there is one left to wait for
				defer func() { <-e.polls.places }()
				e.poll(e.feedCtx, due)
			})
		}
		if !pause(ctx, pollLook) {
			return
		}
	}
}

// recallPolls learns from the ledger when stores were last polled, by this or another node.
func (e *Engine) recallPolls(ctx context.Context) error {
	s := &e.polls
	s.mu.Lock()
	since := s.read
	s.mu.Unlock()
	memos, err := e.o.Ledger.Memos(ctx, memoPoll, since, false)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range memos {
		src, ok := e.o.Sources[m.Source].(sources.Poller)
		if !ok || src.Every() <= 0 {
			continue
		}
		at := Store{m.Source, m.Store}
		if m.Updated.After(s.known[at]) {
			s.next[at], s.known[at] = m.Updated.Add(src.Every()), m.Updated
		}
		if m.Updated.After(s.read) {
			s.read = m.Updated
		}
	}
	return nil
}

// pollsDue gives the stores whose turn has come, and marks them as being asked.
func (e *Engine) pollsDue(now time.Time) (due []Store) {
	s := &e.polls
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range e.rounds() {
		for _, store := range r.Stores() {
			at := Store{r.name, store}
			if !s.asking[at] && !s.next[at].After(now) {
				s.asking[at] = true
				if s.next[at] == soon {
					s.next[at] = time.Time{}
				}
				due = append(due, at)
			}
		}
	}
	slices.SortStableFunc(due, func(a, b Store) int { return s.next[a].Compare(s.next[b]) })
	return due
}

// polled notes that a store was asked, and when it is its turn again; at once for the zero time.
func (e *Engine) polled(at Store, next time.Time) {
	s := &e.polls
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.asking, at)
	if s.next[at] != soon {
		s.next[at] = next
	}
	s.known[at] = time.Now().Add(knownSlack)
}

// soon stands for a turn that somebody asked for, whenever it was to be.
var soon = time.Unix(1, 0)

// pollSoon makes it a store's turn.
func (e *Engine) pollSoon(at Store) {
	s := &e.polls
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next[at] = soon
}

// poll asks one store.
func (e *Engine) poll(ctx context.Context, at Store) {
	src := e.o.Sources[at.Source]
	p := src.(sources.Poller)
	bounded, cancel := context.WithTimeout(ctx, pollLongest)
	defer cancel()
	more, err := e.pollSafely(bounded, p, at)
	e.bury(ctx, src, at.Source, at.Store, err)
	now := time.Now()
	next := now.Add(p.Every())
	switch {
	case ctx.Err() != nil || more && err == nil:
		next = time.Time{}
	case err != nil:
		next = now.Add(min(p.Every(), max(attestWait(1, err), 5*time.Second)))
	}
	e.polled(at, next)
	if ctx.Err() == nil {
		e.pollFailed(at, err)
	}
}

func (e *Engine) pollFailed(at Store, err error) {
	s := &e.polls
	s.mu.Lock()
	defer s.mu.Unlock()
	failed, before := s.lagging[at]
	switch {
	case err == nil && before:
		delete(s.lagging, at)
		e.o.Log.Info("a store is polled again", "source", at.Source, "store", at.Store)
	case err != nil:
		if !before {
			failed.since = time.Now()
			e.o.Log.Warn("a store cannot be polled", "source", at.Source, "store", at.Store, "error", err)
		}
		failed.why = clip(err.Error(), 500)
		s.lagging[at] = failed
	}
}

// pollSafely makes rounds of a store until there is no more, or others should have their turn.
func (e *Engine) pollSafely(ctx context.Context, p sources.Poller, at Store) (more bool, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			e.o.Log.Error("polling panicked", "source", at.Source, "store", at.Store)
			err = errors.New("the source broke down; this is a mistake of the program")
		}
	}()
	for range pollBatches {
		if more, err = e.pollOnce(ctx, p, at); err != nil || !more {
			return more, err
		}
	}
	return true, nil
}

// pollOnce makes one part of a round: what was found and how far it came are one transaction.
func (e *Engine) pollOnce(ctx context.Context, p sources.Poller, at Store) (more bool, err error) {
	memo, err := e.o.Ledger.Memo(ctx, at.Source, at.Store, memoPoll)
	if err != nil && !errors.Is(err, ErrNone) {
		return false, err
	}
	set := e.rules.Load()
	batch, err := p.Poll(ctx, sources.Round{Store: at.Store, Cursor: memo.Value,
		Wants: func(typ string) bool { return set.Need(at.Source, at.Store, typ).Listens }})
	if err != nil {
		return false, err
	}
	var accepts []*Accept
	var changes []Change
	for i := range batch.Found {
		a, err := e.news(ctx, p, at, &batch.Found[i])
		if err != nil {
			return false, err
		}
		if a != nil {
			accepts, changes = append(accepts, a), append(changes, a)
		}
	}
	changes = append(changes, &Put{Memo: Memo{Source: at.Source, Store: at.Store, Name: memoPoll, Value: batch.Cursor}})
	return batch.More, e.committer.commit(ctx, func() { e.accepted(accepts) }, changes...)
}
