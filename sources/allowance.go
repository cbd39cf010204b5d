package sources

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// A Sharer is a source whose platform bounds how fast it may be asked, however many nodes ask.
type Sharer interface {
	// Share tells of how many nodes this program is one. It may be called at any time, often with the same number.
	Share(nodes int)
}

// An Allowance is how fast a platform may be asked with one credential. Each node takes an equal part of it, so that all
// together stay within. Its methods may be called at once.
type Allowance struct {
	limiter *rate.Limiter

	mu    sync.Mutex
	whole rate.Limit // of all nodes
	burst int
	nodes int
}

// NewAllowance makes an Allowance of so many calls a second, and so many at once before that counts, for one node. It begins
// empty but for one call: see [Allowance.Empty].
func NewAllowance(perSecond rate.Limit, burst int) *Allowance {
	a := &Allowance{whole: perSecond, burst: burst, nodes: 1}
	a.Empty(time.Now())
	return a
}

// Empty says that there was no more than one call left of it at a time, such as the start of the program: what programs before this
// one have used is not known, and one that is started again and again must not have its burst each time. It must not be called
// after Wait or Allow.
func (a *Allowance) Empty(at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	part, burst := a.part()
	a.limiter = rate.NewLimiter(part, burst)
	a.limiter.AllowN(at, burst-1)
}

// Wait waits for the next turn. It fails when ctx ends, and at once when ctx has a deadline before that turn.
func (a *Allowance) Wait(ctx context.Context) error { return a.limiter.Wait(ctx) }

// Allow takes a turn if there is one now.
func (a *Allowance) Allow() bool { return a.limiter.Allow() }

// Set changes the whole of it.
func (a *Allowance) Set(perSecond rate.Limit, burst int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if perSecond != a.whole || burst != a.burst {
		a.whole, a.burst = perSecond, burst
		a.divide()
	}
}

// Share says among how many nodes it is divided; less than one counts as one.
func (a *Allowance) Share(nodes int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if nodes = max(1, nodes); nodes != a.nodes {
		a.nodes = nodes
		a.divide()
	}
}

// divide is called with the mutex held.
func (a *Allowance) divide() {
	part, burst := a.part()
	a.limiter.SetLimit(part)
	a.limiter.SetBurst(burst)
}

// part gives what one node may do. A part of less than one call at once would be none.
func (a *Allowance) part() (perSecond rate.Limit, burst int) {
	if perSecond = a.whole; perSecond != rate.Inf {
		perSecond /= rate.Limit(a.nodes)
	}
	return perSecond, max(1, a.burst/a.nodes)
}

// PerSecond gives how many calls a second all nodes together may make.
func (a *Allowance) PerSecond() float64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return float64(a.whole)
}
