package engine

import (
	"math"
	"sync"
)

// pacers space the calls of the outlets that have a rate.
type pacers map[string]*pacer

func newPacers(accounts map[string]Account) pacers {
	p := pacers{}
	for name, a := range accounts {
		if a.Limit.Rate > 0 {
			p[name] = newPacer(a.Limit.Rate)
		}
	}
	return p
}

// reset has an outlet's first call wait, because another program may have called a moment ago.
func (p pacers) reset(name string) {
	if pacer := p[name]; pacer != nil {
		pacer.reset()
	}
}

// senders is how many workers carry out steps: enough for every outlet to have its share, so that those which hang, or wait for a
// provider that is down, leave all others theirs.
func (e *Engine) senders() int {
	n := max(1, e.o.Workers/4)
	for name := range e.outfitting.Load().accounts {
		n += e.atOnce(name)
	}
	return max(n, e.o.Workers)
}

// hiring is the workers that carry out steps, where the engine has its own.
type hiring struct {
	mu   sync.Mutex
	open bool // the engine has started, and does not stop
	n    int
}

// hire has as many workers as the outlets want by now. Those that there are stay.
func (e *Engine) hire() {
	h := &e.hiring
	h.mu.Lock()
	defer h.mu.Unlock()
	for ; h.open && h.n < e.senders(); h.n++ {
		e.workers.Go(e.sendLoop)
	}
}

func (h *hiring) set(open bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open = open
}

// pace waits for a run's turn at its outlet, if there is anything to send yet. An error says that the engine stops first.
func (e *Engine) pace(u *Run) error {
	if p := e.pacer(u.Outlet); p != nil && u.isReady() {
		return p.wait(e.feedCtx)
	}
	return nil
}

// depart spaces the calls themselves. What was in their turn has been written down as begun meanwhile, and commits do not take
// the same time each: without this, those that waited for one commit would leave together.
func (e *Engine) depart(u *Run) {
	if p := e.departure(u.Outlet); p != nil {
		_ = p.wait(e.workCtx) // when the engine is cut off, so is the call
	}
}

// atOnce is how many runs of an outlet are worked at once: as many as its account says, or else a share of the workers. Those that wait
// for their turn hold a worker too: few are enough for a slow rate, as long as a call takes no longer than four seconds.
func (e *Engine) atOnce(outlet string) int {
	share, limit := max(1, e.o.Workers*3/4), e.account(outlet).Limit
	if limit.Concurrency > 0 {
		return limit.Concurrency
	}
	if limit.Rate > 0 {
		return min(share, max(2, int(math.Ceil(4*limit.Rate))))
	}
	return share
}
