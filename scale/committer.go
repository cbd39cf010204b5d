package main

import (
	"slices"
	"time"
)

// A committer is the one of a node that writes: it takes all that waits into one transaction, while one is under way the
// rest gathers.
type committer struct {
	world   *world
	waiting fifo[change]
	under   bool
}

// A change is one request for a commit: what it costs the database, and what happens when it is on disk.
type change struct {
	work time.Duration
	due  *queue // gets a job by it; nil for none
	done func()
}

func (c *committer) add(ch change) {
	c.waiting.push(ch)
	c.next()
}

// next begins a commit when none is under way. What else comes at this moment goes with it, as the real committer lets others
// run first.
func (c *committer) next() {
	if c.under || c.waiting.len() == 0 {
		return
	}
	c.under = true
	c.world.clock.after(0, c.commit)
}

func (c *committer) commit() {
	w := c.world
	work := w.p.costs.dbCommit
	batch := make([]change, min(c.waiting.len(), w.p.costs.batch))
	for i := range batch {
		batch[i] = c.waiting.pop()
		work += batch[i].work
	}
	tells := w.tells(batch)
	if w.measuring() {
		w.commits, w.changes, w.words = w.commits+1, w.changes+len(batch), w.words+min(1, len(tells))
	}
	w.database.take(work, func() {
		w.flush(len(tells) > 0, func() {
			c.under = false
			for _, ch := range batch {
				ch.done()
			}
			w.tell(tells)
			c.next()
		})
	})
}

// tells gives the queues that get a job by a batch: the nodes are told of them with the commit.
func (w *world) tells(batch []change) []*queue {
	var list []*queue
	for _, ch := range batch {
		if ch.due != nil && w.p.costs.listen && !slices.Contains(list, ch.due) {
			list = append(list, ch.due)
		}
	}
	return list
}

// flush is the end of a commit, after its round trips. PostgreSQL lets those that notify pass one at a time, whichever of a
// server's databases they are for.
func (w *world) flush(notifies bool, then func()) {
	w.clock.soon(commitTrips*w.p.costs.trip, func() {
		if notifies {
			w.notices.take(w.p.costs.flush, then)
			return
		}
		w.clock.soon(w.p.costs.flush, then)
	})
}

// tell wakes the pools of all nodes that work on these queues.
func (w *world) tell(queues []*queue) {
	for _, q := range queues {
		w.clock.soon(w.p.costs.notify, func() {
			for _, n := range w.nodes {
				n.pool(q).wake()
			}
		})
	}
}
