package main

import "time"

// A station is a number of processors that work off pieces of work, first come, first served.
type station struct {
	clock   *clock
	servers int
	since   time.Duration // work before is not counted
	busy    int
	waiting fifo[piece]
	worked  time.Duration
}

// A piece is work of which begin tells, when its turn has come, how long it takes.
type piece struct {
	begin func() time.Duration
	then  func()
}

// do works off a piece when its turn comes, and calls then.
func (s *station) do(begin func() time.Duration, then func()) {
	if s.busy == s.servers {
		s.waiting.push(piece{begin, then})
		return
	}
	s.busy++
	s.start(piece{begin, then})
}

// take is do for work that is known beforehand.
func (s *station) take(work time.Duration, then func()) {
	s.do(func() time.Duration { return work }, then)
}

func (s *station) start(p piece) {
	work, from := p.begin(), s.clock.now
	s.clock.soon(work, func() {
		s.worked += max(0, s.clock.now-max(from, s.since))
		if s.waiting.len() > 0 {
			s.start(s.waiting.pop())
		} else {
			s.busy--
		}
		p.then()
	})
}

// used gives the part of its time that the station was at work.
func (s *station) used(over time.Duration) float64 {
	return float64(s.worked) / float64(over) / float64(s.servers)
}

// A fifo is a first-in first-out list that reuses its memory.
type fifo[E any] struct {
	items []E
	head  int
}

func (f *fifo[E]) len() int { return len(f.items) - f.head }
func (f *fifo[E]) push(e E) { f.items = append(f.items, e) }

func (f *fifo[E]) pop() E {
	var none E
	e := f.items[f.head]
	f.items[f.head] = none
	f.head++
	if f.head > 1024 && f.head > len(f.items)/2 {
		f.items = f.items[:copy(f.items, f.items[f.head:])]
		f.head = 0
	}
	return e
}
