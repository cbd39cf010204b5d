package engine_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"shopbell/engine"
)

// A death is one end of a bench's process, in the middle of a step: from then on nothing is written, until another process comes.
type death struct {
	dead atomic.Bool
	died chan struct{}
	die  func() // what comes after the first does nothing
}

func newDeath() *death {
	d := &death{died: make(chan struct{})}
	d.die = sync.OnceFunc(func() { d.dead.Store(true); close(d.died) })
	return d
}

// ledger is out of reach for the dead.
func (d *death) ledger(l engine.Ledger) engine.Ledger {
	return writing(l, func(ctx context.Context, changes []engine.Change, commit committing) error {
		if d.dead.Load() {
			return engine.ErrAway
		}
		return commit(ctx, changes)
	})
}

// next waits for the death, and starts the next process.
func (d *death) next(b *bench) {
	<-d.died
	ctx, cancel := context.WithTimeout(b.Context(), time.Second)
	defer cancel()
	_ = b.Stop(ctx) // what it would write of the step is lost
	d.dead.Store(false)
	b.start()
}
