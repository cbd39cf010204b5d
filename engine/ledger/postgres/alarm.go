package postgres

import (
	"sync"
	"time"
)

// alarms wake the queues when jobs come due that waited: River makes them available a few seconds ahead, and counts on nodes that
// look again every second. Its methods may be called at once.
type alarms struct {
	mu     sync.Mutex
	timers map[string]*alarm
	ring   func(queue string)
}

type alarm struct {
	at    time.Time
	timer *time.Timer
}

// slack is added to an alarm, for a timer may be early by what two clocks differ in a second.
const slack = 20 * time.Millisecond

// far is how far ahead an alarm is set. What is due later, a beat will see in time.
const far = 2 * beatEvery

// begin says how to wake a queue. Before that, alarms are not set: whoever only writes wakes nobody.
func (a *alarms) begin(ring func(queue string)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.timers, a.ring = map[string]*alarm{}, ring
}

// set has a queue woken at a time, unless it will be before.
func (a *alarms) set(queue string, at time.Time) {
	wait := time.Until(at)
	a.mu.Lock()
	defer a.mu.Unlock()
	if wait > far || a.ring == nil {
		return
	}
	if before := a.timers[queue]; before != nil {
		if !at.Before(before.at) {
			return
		}
		before.timer.Stop()
	}
	set := &alarm{at: at}
	set.timer = time.AfterFunc(max(wait, 0)+slack, func() { a.rung(queue, set) })
	a.timers[queue] = set
}

func (a *alarms) rung(queue string, set *alarm) {
	a.mu.Lock()
	if a.timers[queue] == set {
		delete(a.timers, queue)
	}
	ring := a.ring
	a.mu.Unlock()
	if ring != nil {
		ring(queue)
	}
}

// stop forgets all alarms.
func (a *alarms) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, set := range a.timers {
		set.timer.Stop()
	}
	a.timers, a.ring = nil, nil
}
