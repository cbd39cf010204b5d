package ecwidtest

import "time"

// A Delivery is what became of one webhook so far.
type Delivery struct {
	Notice
	Tries     int
	Status    int       // of the last answer; 0 when there was none
	Error     string    // why there was none
	Delivered bool      // an answer counted as success
	Dropped   bool      // given up: a day of failures, a blocked receiver, or the sender was closed
	Next      time.Time // of the next try; zero when there is none
}

// A delivery is a webhook on its way.
type delivery struct {
	Delivery
	body  []byte
	first time.Time // of the first try
	due   time.Time
	again bool // a doubled one, whose fate does not count
}

// failed puts a webhook off, or drops it. s is locked.
func (s *Sender) failed(d *delivery, now time.Time) {
	if s.failing.IsZero() {
		s.failing = now
	}
	if now.Sub(s.failing) >= blockAfter {
		s.blocked = true
	}
	after, more := RetryAfter(d.Tries)
	if !more || s.blocked || s.closed {
		d.Dropped = true
		return
	}
	d.due = d.first.Add(after)
	d.Next = d.due
	s.waiting = append(s.waiting, d)
}
