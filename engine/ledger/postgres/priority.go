package postgres

import (
	"sync"
	"time"
)

// River takes the jobs of a queue by priority, then by age. All stores share the queue of events, so a store that sends a
// hundred thousand at once would have all others wait behind them; what it sends beyond its share comes after theirs.
const (
	priorityShare = 1   // of events within the share of their store
	priorityExtra = 2   // of those beyond it
	shareBurst    = 500 // events of a store at once
	shareRate     = 50  // events of a store a second
)

// shares tells which events are within the share of their store. Each node counts what it gives River.
type shares struct {
	mu     sync.Mutex
	stores map[int32]*bucket
}

// bucket is a token bucket.
type bucket struct {
	left float64
	last time.Time
}

// maxShares is how many stores are remembered; those that have all of their share left need not be.
const maxShares = 10_000

// priority gives the priority of an event of a store.
func (s *shares) priority(place int32, now time.Time) int16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.stores[place]
	if b == nil {
		if s.stores == nil || len(s.stores) >= maxShares {
			s.stores = map[int32]*bucket{}
		}
		b = &bucket{left: shareBurst, last: now}
		s.stores[place] = b
	}
	b.left = min(shareBurst, b.left+now.Sub(b.last).Seconds()*shareRate)
	b.last = now
	if b.left < 1 {
		return priorityExtra
	}
	b.left--
	return priorityShare
}
