package engine

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"
)

// late is how much of a timer's lateness is made up for by the calls that come after it. Without that, every call would be
// as late as the one before it and a little more, and the rate would not be reached. It is more than the timers of an idle
// machine are late, which is one to two milliseconds.
const late = 2 * time.Millisecond

// A pacer spaces the calls of one outlet evenly: first come, first served, and what was not used is not saved up. No second,
// wherever it begins, sees more than the rate and one more. Its methods may be called at once.
type pacer struct {
	interval time.Duration // from one call to the next

	mu    sync.Mutex
	next  time.Time       // no call goes before
	queue []chan struct{} // one for each that waits, the first come first; closed once it is the first
}

// newPacer makes a pacer for a rate above 0, in calls a second.
func newPacer(rate float64) *pacer {
	interval := float64(time.Second) / rate
	if interval <= float64(late) {
		// So many calls fit into what is made up for that they would show in a second's count; the interval is as much longer.
		interval = float64(time.Second+late) / rate
	}
	return &pacer{interval: time.Duration(math.Ceil(min(interval, math.MaxInt64/4)))}
}

// wait returns when it is the caller's turn to call. When ctx ends first it returns ctx's error, and the turn goes to the
// next that waits.
func (p *pacer) wait(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	came := time.Now()
	first := p.join()
	defer p.leave(first)
	select {
	case <-first:
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		rest := p.take(came, time.Now())
		if rest <= 0 {
			return nil
		}
		timer := time.NewTimer(rest)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// reset has the next call wait for one interval from now, because another may have called a moment ago.
func (p *pacer) reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if from := time.Now().Add(p.interval); from.After(p.next) {
		p.next = from
	}
}

// take makes now the time of a call, for one who has been here since came. When it is too early for that, it gives how long
// it still is.
func (p *pacer) take(came, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.next) {
		return p.next.Sub(now)
	}
	from := now
	if came.Before(p.next) { // the call comes late only because the timer did
		if from = now.Add(-late); from.Before(p.next) {
			from = p.next
		}
	}
	p.next = from.Add(p.interval)
	return 0
}

// join queues up, and gives what is closed once the caller is the first.
func (p *pacer) join() chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := make(chan struct{})
	p.queue = append(p.queue, first)
	if len(p.queue) == 1 {
		close(first)
	}
	return first
}

// leave gives up a place in the queue, from wherever it is.
func (p *pacer) leave(first chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.Index(p.queue, first)
	p.queue = slices.Delete(p.queue, i, i+1)
	if i == 0 && len(p.queue) > 0 {
		close(p.queue[0])
	}
}
