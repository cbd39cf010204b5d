package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// A feeder brings due work from the ledger into a queue: at start, when a group of the queue had no room for all of its
// work, and when the time of a retry has come. While nothing is due it sleeps; it never asks the ledger in vain.
type feeder[T any] struct {
	queue *queue[T]
	// groups gives the groups that have work due by a time.
	groups func(ctx context.Context, until time.Time) ([]string, error)
	// load reads what of a group is due by a time, at most limit, in order.
	load func(ctx context.Context, group string, until time.Time, limit int) ([]entry[T], error)
	// next gives the earliest time, after a given one, at which something is due; zero for never.
	next  func(ctx context.Context, after time.Time) (time.Time, error)
	log   *slog.Logger
	mu    sync.Mutex
	alarm time.Time     // when to look for groups; zero for never
	kick  chan struct{} // wakes run, because alarm has changed or a group is hungry
}

// at makes sure that work which will be due at t is loaded then.
func (f *feeder[T]) at(t time.Time) {
	f.mu.Lock()
	earlier := f.alarm.IsZero() || t.Before(f.alarm)
	if earlier {
		f.alarm = t
	}
	f.mu.Unlock()
	if earlier {
		f.poke()
	}
}

// poke has run look at the alarm and the queue again. It never waits.
func (f *feeder[T]) poke() {
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

// run feeds the queue until ctx ends.
func (f *feeder[T]) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.kick:
		case <-timer.C:
		}
		wait := f.turn(ctx)
		timer.Reset(wait)
	}
}

// turn loads what there is to load, and tells how long to sleep.
func (f *feeder[T]) turn(ctx context.Context) time.Duration {
	const forEver, afterTrouble = 24 * time.Hour, time.Second
	now := time.Now()
	err := f.wakeGroups(ctx, now)
	if err == nil {
		err = f.feed(ctx)
	}
	if err != nil {
		if ctx.Err() == nil {
			f.log.Error("due work cannot be read from the ledger; trying again", "error", err)
		}
		f.at(now.Add(afterTrouble))
		return afterTrouble
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.alarm.IsZero() {
		return forEver
	}
	// A clock that is set forward must not make the timer late, so it looks at the alarm now and then.
	return min(max(time.Until(f.alarm), 0), time.Minute)
}

// wakeGroups has the groups fed that have work due, when the time has come.
func (f *feeder[T]) wakeGroups(ctx context.Context, now time.Time) error {
	f.mu.Lock()
	come := !f.alarm.IsZero() && !f.alarm.After(now)
	if come {
		f.alarm = time.Time{}
	}
	f.mu.Unlock()
	if !come {
		return nil
	}
	groups, err := f.groups(ctx, now)
	if err != nil {
		return err
	}
	f.queue.fallBehind(groups)
	next, err := f.next(ctx, now)
	if err == nil && !next.IsZero() {
		f.at(next)
	}
	return err
}

// feed loads for every group that is behind and has room.
func (f *feeder[T]) feed(ctx context.Context) error {
	for {
		group, ok := f.queue.beginLoad()
		if !ok {
			return nil
		}
		now, limit := time.Now(), f.queue.bounds.share
		entries, err := f.load(ctx, group, now, limit)
		whole := err == nil && len(entries) < limit
		f.queue.endLoad(group, entries, whole)
		if err != nil {
			return err
		}
		if !whole {
			continue
		}
		next, err := f.next(ctx, now)
		if err != nil {
			return err
		}
		if !next.IsZero() {
			f.at(next)
		}
	}
}
