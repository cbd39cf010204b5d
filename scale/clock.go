package main

import "time"

// A clock is the time of a simulation. It jumps from one moment at which something happens to the next; what happens at
// the same moment does so in the order in which it was planned.
type clock struct {
	now     time.Duration
	planned moments
	count   uint64
}

type moment struct {
	at    time.Duration
	count uint64
	do    func()
}

// after plans something.
func (c *clock) after(wait time.Duration, do func()) {
	c.count++
	c.planned.push(moment{c.now + wait, c.count, do})
}

// soon is after, without a plan where there is nothing to wait for.
func (c *clock) soon(wait time.Duration, do func()) {
	if wait <= 0 {
		do()
		return
	}
	c.after(wait, do)
}

// run lets everything happen until a time.
func (c *clock) run(until time.Duration) {
	for len(c.planned) > 0 && c.planned[0].at <= until {
		next := c.planned.pop()
		c.now = next.at
		next.do()
	}
	c.now = until
}

// moments are a heap, the earliest first; like container/heap, without putting each moment into an interface.
type moments []moment

func (m moment) before(other moment) bool {
	return m.at < other.at || m.at == other.at && m.count < other.count
}

func (m *moments) push(x moment) {
	*m = append(*m, x)
	h := *m
	for i := len(h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h[i].before(h[parent]) {
			return
		}
		h[i], h[parent] = h[parent], h[i]
		i = parent
	}
}

func (m *moments) pop() moment {
	h := *m
	first, last := h[0], len(h)-1
	h[0], h[last] = h[last], moment{}
	h = h[:last]
	*m = h
	for i := 0; ; {
		child := 2*i + 1
		if child >= last {
			return first
		}
		if child+1 < last && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(h[i]) {
			return first
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
