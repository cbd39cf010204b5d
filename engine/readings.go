package engine

import (
	"sync"
	"time"
)

// readings are when this node has lately read which subjects. A platform's answer may be shared among events for a moment. Of one
// subject no event may be given an older one than the event before it, or `was` would be what comes after: another node may
// have read that one since, or this one along another way.
type readings struct {
	mu            sync.Mutex
	late, earlier map[subjectOf]noted
	turned        time.Time
}

// keepReadings is longer than any source shares an answer.
const keepReadings = 10 * time.Second

type subjectOf struct{ source, store, name string }

type noted struct {
	seq   int64 // the event for which it was read
	asked time.Time
}

// note remembers that this node has asked for the subject of an event, the state of which is its snapshot now. A zero time says
// that the source does not share.
func (l *readings) note(r *Record, asked time.Time) {
	if asked.IsZero() || r.Subject == "" {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); l.late == nil || now.Sub(l.turned) > keepReadings {
		l.late, l.earlier, l.turned = map[subjectOf]noted{}, l.late, now
	}
	l.late[subjectOf{r.Source, r.Store, r.Subject}] = noted{r.Seq, asked}
}

// isOlder tells whether an answer that another event was given too may be older than the snapshot of the event's subject, which
// is of the event before (Prev). It is true where nothing is known of that one.
func (l *readings) isOlder(r *Record, asked time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := subjectOf{r.Source, r.Store, r.Subject}
	n, ok := l.late[of]
	if !ok {
		n, ok = l.earlier[of]
	}
	return !ok || n.seq != r.Prev || asked.Before(n.asked)
}
