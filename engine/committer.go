package engine

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"time"
)

// The bounds of the committer.
const (
	maxWaiting  = 4096            // requests that wait for a commit
	maxBatch    = 512             // requests in one commit
	yields      = 3               // how often others are let run before a commit
	maxPatience = 3 * time.Second // how long an accept waits for its commit before the sender is told to come back; some give up after 5
)

// A request is a group of changes to be made together, in one transaction with those of other requests.
type request struct {
	changes []Change
	// after is called by the committer in the order of the commits, when the changes are on disk. It must be quick.
	after func()
	done  chan error
}

// The committer is the one that writes the ledger: it takes all requests that wait, commits them in one transaction,
// and so shares the cost of one fsync among them (group commit).
type committer struct {
	ledger Ledger
	meter  Meter
	log    *slog.Logger
	in     chan *request
	pool   sync.Pool
	ended  chan struct{} // closed: nothing is committed any more
	health func(error)
	onDone func()
}

func newCommitter(l Ledger, m Meter, log *slog.Logger, health func(error), onDone func()) *committer {
	return &committer{ledger: l, meter: m, log: log, in: make(chan *request, maxWaiting), ended: make(chan struct{}), health: health, onDone: onDone,
		pool: sync.Pool{New: func() any { return &request{done: make(chan error, 1)} }}}
}

// commit has changes made, and returns when they are on disk, or were not made at all. When ctx ends first, it returns
// ctx's error, and the changes may be made later.
func (c *committer) commit(ctx context.Context, after func(), changes ...Change) error {
	r := c.pool.Get().(*request)
	r.changes, r.after = append(r.changes[:0], changes...), after
	select {
	case c.in <- r:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-r.done:
		r.after = nil
		c.pool.Put(r)
		return err
	case <-ctx.Done():
		return ctx.Err() // r is the committer's still, so it is not put back
	case <-c.ended:
		select {
		case err := <-r.done:
			return err
		default:
			return errEnded
		}
	}
}

// errEnded answers a request that came after the committer had gone home.
var errEnded = errors.New("the engine has stopped")

// insist is commit for what must not be lost: it goes on through passing trouble until ctx ends.
func (c *committer) insist(ctx context.Context, after func(), changes ...Change) error {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := c.commit(ctx, after, changes...)
		if err == nil || ctx.Err() != nil {
			return err
		}
		c.log.Error("the ledger cannot be written; trying again", "error", err, "in", wait.String())
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return err
		}
	}
}

// run commits until stop is closed and no request is left.
func (c *committer) run(stop <-chan struct{}) {
	defer close(c.ended)
	batch, changes := make([]*request, 0, maxBatch), make([]Change, 0, 2*maxBatch)
	for {
		select {
		case r := <-c.in:
			batch = c.gather(append(batch[:0], r))
		case <-stop:
			select {
			case r := <-c.in:
				batch = c.gather(append(batch[:0], r))
			default:
				return
			}
		}
		changes = c.flush(batch, changes[:0])
	}
}

// gather takes what waits. It lets others run first: those who are about to come share this commit then, rather than wait
// for the next, and a busy machine makes fewer, larger commits.
func (c *committer) gather(batch []*request) []*request {
	for range yields {
		runtime.Gosched()
	}
	for len(batch) < maxBatch {
		select {
		case r := <-c.in:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

func (c *committer) flush(batch []*request, changes []Change) []Change {
	for _, r := range batch {
		changes = append(changes, r.changes...)
	}
	err := c.write(changes)
	if err != nil && len(batch) > 1 && !errors.Is(err, ErrFull) && !errors.Is(err, ErrBusy) && !errors.Is(err, ErrAway) {
		// One request may be what the ledger cannot take; the others must not suffer for it.
		for _, r := range batch {
			c.finish(r, c.write(r.changes))
		}
		return changes
	}
	for _, r := range batch {
		c.finish(r, err)
	}
	return changes
}

func (c *committer) write(changes []Change) error {
	began := time.Now()
	err := c.ledger.Commit(context.Background(), changes)
	c.meter.Committed(len(changes), time.Since(began), err)
	c.health(err)
	return err
}

func (c *committer) finish(r *request, err error) {
	if err == nil {
		if r.after != nil {
			r.after()
		}
		c.onDone()
	}
	r.done <- err
}
