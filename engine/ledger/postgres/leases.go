package postgres

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// leased lists the outlets that this node works for all.
func (w *worker) leased() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Sorted(maps.Keys(w.single))
}

// wanted lists the outlets that this node would work for all: while it stops, those that it has.
func (w *worker) wanted() []string {
	if w.ending.Err() != nil {
		return append([]string{}, w.leased()...)
	}
	names := []string{}
	for _, o := range w.desk.Outlets {
		if o.Single && !w.leaving[o.Name] {
			names = append(names, o.Name)
		}
	}
	return names
}

// keep notes which outlets this node leases, begins with those that are new, and lets go of those that it has no more.
func (w *worker) keep(leased []string, at time.Time) {
	w.mu.Lock()
	for name := range w.single {
		if !slices.Contains(leased, name) {
			w.single[name] = time.Time{} // dropStale will see to it
		}
	}
	w.mu.Unlock()
	for _, name := range leased {
		w.mu.Lock()
		_, had := w.single[name]
		if had || w.ending.Err() == nil {
			w.single[name] = at
		}
		w.mu.Unlock()
		if !had && w.ending.Err() == nil {
			w.begin(name)
		}
	}
}

func (w *worker) begin(name string) {
	for _, o := range w.desk.Outlets {
		if o.Name != name {
			continue
		}
		o.Taken()
		if err := w.client.Queues().Add(queueOf(name), river.QueueConfig{MaxWorkers: o.AtOnce}); err != nil {
			w.log.Error("an account's work cannot be begun; trying again", "account", name, "error", w.explain(err))
			w.forsake(name)
		}
	}
}

func (w *worker) forsake(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.single, name)
}

// dropStale stops working the outlets whose lease has not been kept, before another node may have them. River stops fetching at
// once; that what is under way comes to its end is looked at again with every beat, for nothing may hold up the beats.
func (w *worker) dropStale(ctx context.Context) {
	for _, name := range w.leased() {
		w.mu.Lock()
		kept := time.Since(w.single[name]) < leaseTrust
		w.mu.Unlock()
		if !kept {
			w.forsake(name)
			w.leaving[name] = true
			w.log.Warn("an account is left to another node", "account", name)
		}
	}
	for name := range w.leaving {
		short, cancel := context.WithTimeout(ctx, removeWithin)
		err := w.client.Queues().Remove(short, queueOf(name))
		cancel()
		if err == nil || short.Err() == nil { // it is gone, or was not there
			delete(w.leaving, name)
		}
	}
}

// removeWithin is how long a queue that is left may hold up a beat.
const removeWithin = 100 * time.Millisecond

// leaveIdle gives back the outlets that this node leases and has nothing under way of, while it stops.
func (w *worker) leaveIdle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	idle := []string{}
	for _, name := range w.leased() {
		if !w.held.busy(queueOf(name)) {
			idle = append(idle, name)
		}
	}
	if len(idle) == 0 {
		return
	}
	for _, name := range idle {
		w.forsake(name)
	}
	var r pgx.Batch
	r.Queue("DELETE FROM shopbell.leases WHERE node = $1 AND outlet = ANY($2)", w.node, idle)
	r.Queue("SELECT pg_notify($1, '')", beatNow)
	if err := w.pool.SendBatch(ctx, &r).Close(); err != nil {
		w.log.Warn("an account could not be given back; others will notice", "error", w.explain(err))
	}
}
