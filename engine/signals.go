package engine

import (
	"sync"
	"sync/atomic"
	"time"
)

// signals tells listeners that the ledger has changed. A listener that is slow is told once for many changes.
type signals struct {
	mu        sync.Mutex
	listeners map[chan struct{}]struct{}
	some      atomic.Bool
}

func (s *signals) tell() {
	if !s.some.Load() {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for ch := range s.listeners {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// Changes gives a channel that gets a value after the ledger or what steps go through has changed, coalesced. stop must be called to end it.
func (e *Engine) Changes() (ch <-chan struct{}, stop func()) {
	s := &e.changes
	c := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listeners == nil {
		s.listeners = map[chan struct{}]struct{}{}
	}
	s.listeners[c] = struct{}{}
	s.some.Store(true)
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.listeners, c)
		s.some.Store(len(s.listeners) > 0)
	}
}

// The samples of refused notifications: this many at once, then so many a second, so that a flood of rubbish does not
// become a flood of commits.
const (
	sampleBurst = 100
	sampleRate  = 5
)

// sampler is a token bucket.
type sampler struct {
	mu   sync.Mutex
	left float64
	last time.Time
}

func (s *sampler) take(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last.IsZero() {
		s.left = sampleBurst
	} else {
		s.left = min(sampleBurst, s.left+now.Sub(s.last).Seconds()*sampleRate)
	}
	s.last = now
	if s.left < 1 {
		return false
	}
	s.left--
	return true
}
