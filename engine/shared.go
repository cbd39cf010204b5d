package engine

import (
	"context"
	"time"

	"shopbell/actions"
	"shopbell/sources"
)

// A Shared ledger serves many programs at once, its nodes. It hands out due work itself, each piece to one node, so the
// engine keeps no queue of its own. What [Reader.DueEvents] and its like give is for looking only.
//
// Of a subject's pending events only the earliest is handed out; of its runs, each for the first time only when all earlier
// ones have had their first try. Work of a node that has died is handed out again.
type Shared interface {
	Ledger
	// Work brings due work of this node to the desk until ctx ends, and returns when all of it has come back. It is called
	// once. What comes back without a change that settles it is handed out again, to any node.
	Work(ctx context.Context, d Desk)
	// Node gives the ID of this node.
	Node() string
	// Nodes gives the nodes that are alive, or were a short while ago, oldest first.
	Nodes(context.Context) ([]Node, error)
}

// A Desk is where a shared ledger brings the work of one node. Its functions are called by many goroutines at once, and
// return when the work has been settled, or could not be because the node stops.
type Desk struct {
	Event func(*Record) // a pending event: read back, match, plan
	// Run is a due run. cutOff says that a node had it before and died, so that its last try may have happened. begun says that
	// this one may have: what comes back begun and not settled is cut off too.
	Run      func(u *Run, cutOff bool) (begun bool)
	Events   int      // events at once
	PerStore int      // of them of one store
	Outlets  []Outlet // what this node can send through; it gets no other runs
	Chores   []Chore
	// Nodes is called with how many nodes there are, this one among them, when that may have changed: before this one gets any
	// work, when it hears of another that has come, left or died. May be nil.
	Nodes func(int)
	// Tell gives what other nodes may know of this one; ID and times are filled in by the ledger.
	Tell func() Node
	// Longest is how long one piece of work may take, in good times.
	Longest time.Duration
}

// An Outlet is an account, or the kind of action that needs none.
type Outlet struct {
	Name   string
	AtOnce int // runs at once on this node
	// Single says that one node at a time works it for all, so that its limits hold for the cluster. Taken is called when this
	// node begins to.
	Single bool
	Taken  func()
	// Begins says that the beginning of a try is written by a [Begin] of its own, so that a run which is due has not been begun.
	Begins bool
}

// A Chore is done now and then, by one node for all.
type Chore struct {
	Name  string
	Every time.Duration
	Do    func(context.Context)
}

// desk is what this engine offers a shared ledger.
func (e *Engine) desk() Desk {
	d := Desk{Event: e.workEvent, Run: e.workRun, Nodes: e.share, Events: attesters, PerStore: perStore, Tell: e.o.Node,
		Longest: e.o.Timeout + saveFor}
	for name, account := range e.outfitting.Load().accounts {
		d.Outlets = append(d.Outlets, e.outlet(name, account))
	}
	if e.o.Retention > 0 {
		d.Chores = append(d.Chores, Chore{Name: "retention", Every: forgetEvery, Do: e.forgetRound})
	}
	if len(e.rounds()) > 0 {
		d.Chores = append(d.Chores, Chore{Name: "polling", Every: time.Minute, Do: e.pollSpell})
	}
	return d
}

func (e *Engine) outlet(name string, a Account) Outlet {
	o := Outlet{Name: name, AtOnce: e.atOnce(name)}
	if a.Limit != (actions.Limit{}) {
		o.Single, o.Begins = true, a.Limit.Rate > 0
		o.Taken = func() { q := e.outfitting.Load(); q.pacers.reset(name); q.departures.reset(name) }
	}
	return o
}

// share tells the sources how many nodes ask their platforms: what these allow is for all together.
func (e *Engine) share(nodes int) {
	for _, src := range e.o.Sources {
		if s, ok := src.(sources.Sharer); ok {
			s.Share(nodes)
		}
	}
}

func (e *Engine) workEvent(r *Record) {
	e.working.Add(1)
	defer e.working.Add(-1)
	e.attestSafely(e.workCtx, r)
}

// workRun carries out the next step of a run that a shared ledger has handed out. That it was handed out is on disk, which
// begins the try; where runs wait for their turn after that, the beginning is written when it has come.
func (e *Engine) workRun(u *Run, cutOff bool) (begun bool) {
	e.working.Add(1)
	defer e.working.Add(-1)
	from := u.State
	if from == RunDue {
		if again := e.admitted(u, cutOff); !again.IsZero() {
			e.postpone(u, again)
			return false
		}
		if !cutOff && e.pace(u) != nil {
			e.leave(u)
			return false // the node stops: another will have it
		}
		u.Tries++
	}
	switch {
	case cutOff:
		e.settleCutOff(u)
	case !u.isReady():
		e.tellStopped(u, e.makeReady(u, from))
		return false
	default:
		if e.pacer(u.Outlet) != nil {
			if from = RunStarted; !e.beginPaced(u) {
				e.leave(u)
				return false
			}
			e.depart(u)
		}
		e.carryOut(u)
	}
	e.tellStopped(u, e.insistSave(nil, &Save{Run: u, From: from}))
	return true
}

// beginPaced writes that a run whose turn has come is begun. It is false when the run is another node's now.
func (e *Engine) beginPaced(u *Run) bool {
	u.State = RunStarted
	b := &Begin{Run: u}
	return e.insistSave(nil, b) == nil && !b.Stale
}

func (e *Engine) tellStopped(u *Run, err error) {
	if err == nil {
		e.warnStopped(u)
	}
}
