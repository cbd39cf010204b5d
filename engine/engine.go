// Package engine takes an event along its way, one straight line: accept, attest, match, plan, send, settle.
//
//	e := engine.New(engine.Options{Ledger: ledger, Sources: …, Accounts: …, Rules: set, World: world})
//	err := e.Start(ctx)                        // goes on where the last process stopped
//	err = e.Receive(ctx, "ecwid", request)     // nil: the event is on disk
//	err = e.Stop(ctx)                          // drains
//
// An event and every step of what it started is in the ledger before the next thing happens, so a kill at any moment
// loses nothing, and a step whose answer was cut off is marked as one that may be repeated.
//
// It knows nothing of SQL, HTTP servers, any one platform or any one action.
package engine

import (
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"shopbell/actions"
	"shopbell/rules"
	"shopbell/secret"
	"shopbell/sources"
)

// Options is what an engine is made of.
type Options struct {
	Ledger   Ledger
	Sources  map[string]sources.Source // by the name in the config
	Accounts map[string]Account        // by the name in the config; a kind that needs no account also by its own name
	World    rules.World               // for rules' earlier revisions, which waiting runs keep
	Rules    *rules.Set                // to begin with
	Log      *slog.Logger
	Meter    Meter         // may be nil
	Workers  int           // steps carried out at once; 0 means 128
	Timeout  time.Duration // of one try of a step; 0 means a minute
	// Retention is how long events and runs are kept; 0 means for ever. Counts are always kept.
	Retention time.Duration
	// Changes says that actions may change stores, so that events may be our own.
	Changes bool
	// Box seals the tokens of stores that were installed, addresses for unsubscribing, and what steps have claimed; nil when nothing is
	// to be sealed.
	Box *secret.Box
	// Public is where the server is reached from outside, without a slash at its end; "" when that is not known.
	Public string
	// Cap bounds how many messages one person gets.
	Cap Cap
	// Node tells what other nodes of a shared ledger may know of this one; may be nil.
	Node func() Node
}

// An Account is one configured outlet of one kind of action.
type Account struct {
	Kind   *actions.Kind
	Outlet actions.Outlet
	Limit  actions.Limit // of what goes through it
	// Budget is how much of it a store may use up on a day (UTC), in what [actions.Kind.Cost] counts; 0 means any.
	Budget int
}

// A Meter is told what happens, for metrics. Its methods are called by many goroutines at once and must be quick.
type Meter interface {
	// Received tells of one notification: "accepted", "duplicate", "overload", or the label of a refusal.
	Received(source, result string)
	// Attested tells of one try to read an entity back: "confirmed", "unconfirmed", "denied" or "retry".
	Attested(source, result string, took time.Duration)
	// Sent tells of one try of a step.
	Sent(action, account string, o actions.Outcome, took time.Duration)
	// Committed tells of one transaction.
	Committed(changes int, took time.Duration, err error)
}

// The bounds of what an engine holds in memory; the ledger holds the rest.
const (
	defaultWorkers = 128
	defaultTimeout = time.Minute
	attesters      = 16   // entities read back at once
	perStore       = 4    // of them for one store
	window         = 8192 // events or runs waiting for a worker
	groupShare     = 2048 // of them of one store or account
)

// An Engine works events. All its methods may be called at once.
type Engine struct {
	o          Options
	rules      atomic.Pointer[rules.Set]
	adopted    atomic.Pointer[adopted]
	toAdopt    chan struct{} // has an entry when adopted has changed
	pinned     revisions
	committer  *committer
	events     *queue[*Record]
	runs       *queue[*Run]
	eventFeed  *feeder[*Record]
	runFeed    *feeder[*Run]
	health     health
	readings   readings
	profiles   profiles
	changes    signals
	samples    sampler
	shared     Shared // the ledger, when it hands out due work itself; nil when the queues do
	breakers   *breakers
	counting   counting
	outfitting atomic.Pointer[equipment]
	working    atomic.Int64 // pieces of work that a shared ledger has handed out
	polls      pollState
	lives      lifeState
	marks      markState

	stopping   atomic.Bool
	stop       chan struct{}   // closed: the committer ends when it has nothing left
	feedCtx    context.Context // ended first: nothing new is fetched
	endFeed    context.CancelFunc
	workCtx    context.Context // ended last: what is under way is cut off
	endWork    context.CancelFunc
	workers    sync.WaitGroup
	committing sync.WaitGroup
	hiring     hiring
	once       sync.Once
}

// New makes an engine that does nothing before Start.
func New(o Options) *Engine {
	if o.Workers <= 0 {
		o.Workers = defaultWorkers
	}
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Meter == nil {
		o.Meter = silent{}
	}
	if o.Node == nil {
		o.Node = func() Node { return Node{} }
	}
	e := &Engine{o: o, stop: make(chan struct{}), polls: newPollState(), lives: newLifeState()}
	e.outfitting.Store(newEquipment(o.Accounts, o.World, nil))
	e.shared, _ = o.Ledger.(Shared)
	e.toAdopt = make(chan struct{}, 1)
	e.breakers = newBreakers(o.Log, o.Timeout)
	e.counting.seed = maphash.MakeSeed()
	e.adopt(o.Rules)
	e.health.start()
	e.feedCtx, e.endFeed = context.WithCancel(context.Background())
	e.workCtx, e.endWork = context.WithCancel(context.Background())
	e.committer = newCommitter(o.Ledger, o.Meter, o.Log, e.health.ledger, e.changes.tell)
	e.eventFeed = &feeder[*Record]{kick: make(chan struct{}, 1), log: o.Log, groups: e.dueStores, load: e.loadEvents, next: e.nextEvent}
	e.runFeed = &feeder[*Run]{kick: make(chan struct{}, 1), log: o.Log, groups: e.dueOutlets, load: e.loadRuns, next: e.nextRun}
	e.events = newQueue[*Record](bounds{window, groupShare, perStore}, e.eventFeed.poke)
	e.runs = newQueue[*Run](bounds{window, groupShare, max(1, o.Workers*3/4)}, e.runFeed.poke)
	e.runs.most = e.atOnce
	e.eventFeed.queue, e.runFeed.queue = e.events, e.runs
	e.pinned.load = e.loadRevision
	return e
}

// Use swaps the rules. Runs under way keep the revision they began with.
func (e *Engine) Use(set *rules.Set) { e.adopt(set) }

// Rules gives the rules in use.
func (e *Engine) Rules() *rules.Set { return e.rules.Load() }

// Start settles what the last process left unfinished, and starts the workers. ctx bounds the start only.
func (e *Engine) Start(ctx context.Context) error {
	e.committing.Go(func() { e.committer.run(e.stop) })
	if err := e.recallLives(ctx); err != nil {
		_ = e.Stop(ctx)
		return err
	}
	e.workers.Go(func() { e.watch(e.feedCtx) })
	e.workers.Go(func() { e.keepAnnals(e.feedCtx) })
	if e.counts() {
		e.workers.Go(func() { e.keepSweepingCounts(e.feedCtx) })
	}
	if e.o.Changes {
		e.workers.Go(func() { e.keepSweeping(e.feedCtx) })
	}
	if e.shared != nil {
		e.workers.Go(func() { e.keepRecalling(e.feedCtx) })
		e.workers.Go(func() { e.shared.Work(e.feedCtx, e.desk()) })
		return nil
	}
	if err := e.recover(ctx); err != nil {
		_ = e.Stop(ctx) // nothing is under way yet
		return err
	}
	e.eventFeed.at(time.Now()) // what the last process left
	e.runFeed.at(time.Now())
	for range attesters {
		e.workers.Go(e.attestLoop)
	}
	e.hiring.set(true)
	e.hire()
	e.workers.Go(func() { e.eventFeed.run(e.feedCtx) })
	e.workers.Go(func() { e.runFeed.run(e.feedCtx) })
	if e.o.Retention > 0 {
		e.workers.Go(func() { e.forget(e.feedCtx) })
	}
	if len(e.rounds()) > 0 {
		e.workers.Go(func() { e.keepPolling(e.feedCtx) })
	}
	return nil
}

// Stop refuses new events, lets work under way come to its end until ctx ends, then cuts it off: what was cut off is
// marked in the ledger. What waits stays in the ledger for the next start. The ledger is not closed.
func (e *Engine) Stop(ctx context.Context) error {
	var err error
	e.once.Do(func() {
		e.stopping.Store(true)
		e.hiring.set(false)
		e.endFeed()
		e.events.close()
		e.runs.close()
		if !waited(ctx, &e.workers) {
			err = errors.New("some steps were still under way and were cut off; they are marked and will be settled at the next start")
			e.endWork()
			e.workers.Wait()
		}
		e.endWork()
		close(e.stop)
		e.committing.Wait()
	})
	return err
}

func waited(ctx context.Context, group *sync.WaitGroup) bool {
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// silent is the Meter of an engine without one.
type silent struct{}

func (silent) Received(string, string)                             {}
func (silent) Attested(string, string, time.Duration)              {}
func (silent) Sent(string, string, actions.Outcome, time.Duration) {}
func (silent) Committed(int, time.Duration, error)                 {}
