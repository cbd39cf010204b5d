package cloudcart

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"
)

// shareFor is for how long after its begin one read answers others that want the same.
const shareFor = time.Second

// reads are the reads of one store that can be shared.
type reads struct {
	mu sync.Mutex
	by map[string]*reading // by resource and id
}

// A reading is one read, and who waits for it.
type reading struct {
	begun   time.Time
	waiting int // guarded by reads.mu
	cancel  context.CancelFunc
	done    chan struct{} // closed when the rest is set
	finding
	err error
}

// shared reads an entity, or takes what another has read of it within a second. A read that began before the event
// reached us does not count: it may have missed what the event tells. Nor does one that has failed.
func (s *shop) shared(ctx context.Context, e *entity, id string, received time.Time) (finding, error) {
	r := s.join(ctx, e, id, received)
	defer s.reads.leave(r)
	select {
	case <-r.done:
		return r.finding, r.err
	case <-ctx.Done():
		return finding{}, ended{"the store's API did not answer in time", ctx.Err()}
	}
}

// join finds a read to wait for, or begins one.
func (s *shop) join(ctx context.Context, e *entity, id string, received time.Time) *reading {
	key := e.resource + "/" + id
	s.reads.mu.Lock()
	defer s.reads.mu.Unlock()
	if r := s.reads.by[key]; r != nil && r.begun.After(received) && time.Since(r.begun) < shareFor {
		r.waiting++
		return r
	}
	// The read may outlive the one who asked first, for others wait for it too; leave ends it when nobody does.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &reading{begun: time.Now(), waiting: 1, cancel: cancel, done: make(chan struct{})}
	s.reads.put(key, r)
	go func() {
		defer cancel()
		r.finding, r.err = s.find(ctx, e, id)
		if r.err != nil && !errors.Is(r.err, errNotFound) {
			s.reads.drop(r)
		}
		close(r.done)
	}()
	return r
}

// put keeps a read, and forgets those that nobody can share any more. r.mu is held.
func (r *reads) put(key string, read *reading) {
	if r.by == nil {
		r.by = make(map[string]*reading)
	}
	maps.DeleteFunc(r.by, func(_ string, old *reading) bool { return time.Since(old.begun) >= shareFor })
	r.by[key] = read
}

// leave ends a read for which nobody waits any more.
func (r *reads) leave(read *reading) {
	r.mu.Lock()
	defer r.mu.Unlock()
	read.waiting--
	select {
	case <-read.done:
	default:
		if read.waiting == 0 {
			r.forget(read)
			read.cancel()
		}
	}
}

// drop is forget for one who does not hold r.mu.
func (r *reads) drop(read *reading) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(read)
}

// forget lets nobody join a read any more. r.mu is held.
func (r *reads) forget(read *reading) {
	maps.DeleteFunc(r.by, func(_ string, other *reading) bool { return other == read })
}
