package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"sync"
	"time"
)

// What the API has said is shared among those who ask the same.
const (
	shareFor = time.Second // counted from when the request was sent
	maxKept  = 1 << 20     // bytes of one answer; a larger one is shared only with those who wait for it already
)

// answers are what the API of one store has just said, or is being asked. A backlog of events of one order is so worked
// with one request a second.
//
// An answer may be given for an event only when the event had reached us before the request was sent: what an event tells of
// has happened by then, so the answer shows it. For a later event it could be out of date.
type answers struct {
	mu   sync.Mutex
	kept map[string]*answer // by path and query; nil when empty
}

// An answer is one request, which is shared.
type answer struct {
	done   chan struct{} // closed when body, err and asked are there
	cancel context.CancelFunc
	body   json.RawMessage
	err    error
	asked  time.Time // when the last try of the request was sent

	// Guarded by the mutex of answers.
	sent    time.Time // zero while the request waits for its turn
	over    bool
	waiting int
}

// serves tells whether an answer may be given for an event that reached us at a time; zero means now.
func (a *answer) serves(received time.Time) bool {
	switch {
	case a.sent.IsZero():
		return true
	case received.IsZero() || !received.Before(a.sent):
		return false
	}
	return !a.over || time.Since(a.sent) < shareFor
}

// A sake is the event for which the API is asked.
type sake struct {
	received time.Time // when it reached us
	asked    time.Time // filled in: when the API was asked first; zero for not at all
}

// read is get for the sake of an event. It may give what another event was just answered.
func (s *shop) read(ctx context.Context, path string, query url.Values, scope string, of *sake) (json.RawMessage, error) {
	key := path + "?" + query.Encode()
	s.answers.mu.Lock()
	a := s.answers.kept[key]
	if a == nil || !a.serves(of.received) {
		a = &answer{done: make(chan struct{})}
		s.answers.put(key, a)
		// The request outlives the one who asked first, while others wait for it too.
		var shared context.Context
		shared, a.cancel = context.WithCancel(context.WithoutCancel(ctx))
		go s.ask(shared, key, a, ask{path: path, query: query, scope: scope})
	}
	a.waiting++
	s.answers.mu.Unlock()
	select {
	case <-a.done:
		if of.asked.IsZero() || a.asked.Before(of.asked) {
			of.asked = a.asked
		}
		return a.body, a.err
	case <-ctx.Done():
		s.answers.leave(key, a)
		return nil, ended{"the store's API had not answered when the call was stopped", ctx.Err()}
	}
}

// ask makes the request of an answer, and keeps it for those who come within the second.
func (s *shop) ask(ctx context.Context, key string, a *answer, what ask) {
	defer a.cancel()
	what.sent = func() {
		s.answers.mu.Lock()
		defer s.answers.mu.Unlock()
		a.sent = time.Now()
	}
	body, err := s.call(ctx, what)
	s.answers.mu.Lock()
	defer s.answers.mu.Unlock()
	a.body, a.err, a.asked, a.over = slices.Clip(body), err, a.sent, true
	close(a.done)
	left := shareFor - time.Since(a.sent)
	if err != nil && !errors.Is(err, errNotFound) || len(body) > maxKept || left <= 0 {
		s.answers.drop(key, a)
		return
	}
	time.AfterFunc(left, func() {
		s.answers.mu.Lock()
		defer s.answers.mu.Unlock()
		s.answers.drop(key, a)
	})
}

// put, drop, and what calls them, hold the mutex.
func (l *answers) put(key string, a *answer) {
	if l.kept == nil {
		l.kept = make(map[string]*answer)
	}
	l.kept[key] = a
}

func (l *answers) drop(key string, a *answer) {
	if l.kept[key] == a {
		delete(l.kept, key)
	}
	if len(l.kept) == 0 {
		l.kept = nil // most of 50,000 stores are quiet
	}
}

// leave stops a request for which nobody waits any more.
func (l *answers) leave(key string, a *answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.waiting--; a.waiting == 0 && !a.over {
		a.cancel()
		l.drop(key, a)
	}
}

// forget has everybody ask anew, because we have changed something ourselves.
func (l *answers) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kept = nil
}
