package engine

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// A Ledger is the durable record of events, snapshots and runs. What Commit was given is on disk when it returns; it
// survives a kill and a power cut. All methods may be called at once, save Commit, which is called by one goroutine.
type Ledger interface {
	Writer
	Reader
	// Ready tells whether the ledger can be written and read now, by doing both.
	Ready(context.Context) error
	// Close waits for calls under way. Nothing may be called after it.
	Close() error
}

// A Writer changes the ledger.
type Writer interface {
	// Commit applies all changes in order, in one transaction, or none. It fills in what each Change says it fills.
	// [ErrFull], [ErrBusy] and [ErrAway] tell passing trouble; other errors are for people.
	Commit(context.Context, []Change) error
}

// A Reader asks the ledger. It never waits for a Commit under way, and sees what the last one left.
type Reader interface {
	// DueStores gives the stores that have pending events with Due not after until, and DueOutlets the outlets ([Run.Outlet])
	// of due runs.
	DueStores(ctx context.Context, until time.Time) ([]Store, error)
	DueOutlets(ctx context.Context, until time.Time) ([]string, error)
	// DueEvents gives pending events of a store with Due not after until, by Due and Seq, at most limit.
	DueEvents(ctx context.Context, s Store, until time.Time, limit int) ([]Record, error)
	// DueRuns gives due runs of an outlet with Due not after until, by Due and ID, at most limit.
	DueRuns(ctx context.Context, outlet string, until time.Time, limit int) ([]Run, error)
	// NextDue gives the earliest Due of events and of runs that are after the given time; zero for none.
	NextDue(ctx context.Context, after time.Time) (events, runs time.Time, err error)
	// StartedRuns gives the runs that are with a worker: at start, those that the last process left.
	StartedRuns(context.Context) ([]Run, error)

	// Snapshot gives the entity of a subject as last read back, and the event that read it; nil and 0 for none.
	Snapshot(ctx context.Context, source, store, subject string) (entity json.RawMessage, seq int64, err error)
	// Revision gives the text and directory of a rule's revision.
	Revision(ctx context.Context, hash string) (Revision, error)

	// Event and Run give one, whole; [ErrNone] when there is none.
	Event(ctx context.Context, seq int64) (Record, error)
	Run(ctx context.Context, id int64) (Run, error)
	// Events and Runs list, newest first. Body, Data and Entity of events and Params of steps are left out.
	Events(context.Context, EventFilter) ([]Record, error)
	Runs(context.Context, RunFilter) ([]Run, error)
	// History gives events whole, oldest first: those with a greater Seq than after, also in state [EventSeen], of one source or
	// store ("" means all). They are at most limit, fewer when they are big; none when there are no more.
	History(ctx context.Context, s Store, after int64, limit int) ([]Record, error)
	// Counts gives the sums kept for every day since a day (UTC), also of what retention has deleted.
	Counts(ctx context.Context, since time.Time) ([]Count, error)

	// Memo gives one memo; [ErrNone] when there is none.
	Memo(ctx context.Context, source, store, name string) (Memo, error)
	// Memos gives those of all stores that have a name and were put since a time, oldest first. A name that ends in a slash
	// stands for all that begin with it. Their values are left out unless they are to be whole.
	Memos(ctx context.Context, name string, since time.Time, whole bool) ([]Memo, error)
}

// A Memo is what the engine has to remember of a store beside its events: how far it was polled, how it was installed.
// Retention does not touch it.
type Memo struct {
	Source, Store, Name string
	Value               []byte    // at most some hundred KB
	Updated             time.Time // by the ledger's clock; filled in
}

// A Store names a store of a source.
type Store struct{ Source, Store string }

// An EventFilter says which events to list. Zero fields mean all, but for events in state [EventSeen], which are listed only
// when they are asked for.
type EventFilter struct {
	Source, Store, Type, Subject, ID string
	State                            EventState
	Before                           int64 // only Seq smaller than this
	Limit                            int   // at most this many, 1 to 500; 0 means 50
}

// A RunFilter says which runs to list. Zero fields mean all.
type RunFilter struct {
	Event  int64
	Rule   string
	State  RunState
	Before int64 // only ID smaller than this
	Limit  int   // at most this many, 1 to 500; 0 means 50
}

// A Count is how often something happened in a store on a day.
type Count struct {
	Day    time.Time // midnight UTC
	Source string
	Store  string
	What   string // "event.planned", "event.duplicate", "run.done", …
	N      int64
}

// What is counted beside events by their states and runs by theirs.
const (
	CountRefusal       = "refusal." // with the label of the refusal after it
	CountAttestFailure = "attest.failed"
)

// A Revision is one content of one rule, kept as long as runs refer to it.
type Revision struct {
	Hash, Directory, Name, Text string
}

// A Change is one of [*Accept], [*Plan], [*Defer], [*Begin], [*Save], [*Again], [*Tally], [*Purge], [*Put], [*Claim] and [*Rewrite].
type Change interface{ change() }

// Some changes are made on the strength of what was read before. When that is not true any more (the event is not
// pending or the run not due, or its Tries, Step or Replay differ), the change is left out and its Stale is set; the others of the
// transaction are made all the same.

// Accept stores an event. If the ledger has one with the same source, store and id, nothing is stored but the count of
// duplicates, and the event's runs are dropped. A refused event is never a duplicate, and only the newest 1,000 of a
// source are kept. The entity of a seen event becomes the snapshot of its subject, unless there is one.
type Accept struct {
	Record *Record // Seq is filled in; Due too, where a pending event must wait for an earlier one of its subject
	Runs   []*NewRun
	// Duplicate is filled in.
	Duplicate bool
	// Behind is filled in: an earlier event of the subject is pending, so this one is pending too and comes after it, and its
	// runs are dropped: they are made when its turn has come.
	Behind bool
}

// Plan ends the pending state of an event, with its entity as the new snapshot of its subject unless it is nil: then
// the entity of an earlier plan stays. A deletion (Record.Gone) drops both.
type Plan struct {
	Record *Record
	Runs   []*NewRun
	Stale  bool
}

// A NewRun is a run to be inserted. Run.ID is filled in, and stays 0 when the run is not wanted: the same event, rule
// and item has one, or Once is set and the same rule has one for an earlier event of the same type and subject.
type NewRun struct {
	Run      *Run
	Revision *Revision
	Once     bool
}

// Defer puts off a pending event, and with it every later pending event of its subject, to Record.Due.
type Defer struct {
	Record *Record // with Tries counted up
	Stale  bool
}

// Begin marks a due run as started. Run.State must be RunStarted already, and Run.Tries counted up.
type Begin struct {
	Run   *Run
	Stale bool
}

// Save writes a run as it is now. It is for whoever began the run, or, with From set, for whoever saw it in that state.
type Save struct {
	Run   *Run
	From  RunState // "" means RunStarted
	Stale bool
}

// Again makes a settled event pending once more, for a replay: its next runs are new ones. Record.Replay is filled in.
type Again struct {
	Record *Record
	Stale  bool
}

// Tally adds to counts, and does nothing else.
type Tally struct{ Count Count }

// Purge forgets old events with their runs, walking on from After, a bounded stretch at a time. Events that are pending,
// or have a run that is due or started, stay. Of an event that read the last snapshot of its subject, or `was` of an event
// that stays, only that stays.
// Counts stay.
type Purge struct {
	Before time.Time // only events received before
	After  int64     // only events with a greater Seq
	// Last is filled in: the Seq up to which the walk came; 0 when it has come to the end.
	Last int64
	// Gone is filled in: how many events were deleted.
	Gone int
}

// Put keeps a memo in place of the one with the same source, store and name; one without a value is dropped. With Of set, only in
// place of the one that was updated then.
type Put struct {
	Memo  Memo
	Of    time.Time
	Stale bool // filled in: it was another one, so nothing was done
}

// Claim gives a key a value of a pool, for good: the one that it has already, or else the first of the offers that no key of the
// pool has. In a pool no key has two values, and no two keys have one value, whoever claims at the same time. Nothing is given back:
// retention and forgetting leave what was claimed.
type Claim struct {
	Pool, Key string // with Key "", nothing is claimed, and only Free and Taken are filled in
	Offers    []Offer
	Value     []byte // filled in; nil when the key had none and no offer was free
	At        int    // filled in: the place among the offers of the one that the key got now; -1 when it got none now
	Free      int    // filled in: how many different offers no key has, after this
	Taken     int64  // filled in: how many values of the pool keys have, after this
}

// An Offer is a value that a [Claim] may get, not empty. Two of one mark are the same to the ledger, which looks at nothing else.
type Offer struct{ Mark, Value []byte }

// Rewrite replaces what an event and runs hold for people: Body, Data, Entity and Note of the event, Steps of the runs. Nothing
// else of them is changed. It is for forgetting a person.
type Rewrite struct {
	Record *Record
	Runs   []*Run
}

func (*Accept) change() {}
func (*Plan) change()   {}
func (*Defer) change()  {}
func (*Begin) change()  {}
func (*Save) change()   {}
func (*Again) change()  {}
func (*Tally) change()  {}
func (*Purge) change()  {}
func (*Put) change()    {}
func (*Claim) change()  {}

func (*Rewrite) change() {}

// Errors of a ledger that callers sort by errors.Is.
var (
	ErrNone = errors.New("there is no such entry")
	ErrFull = errors.New("the disk is full")
	ErrBusy = errors.New("the ledger is locked by another program")
	ErrAway = errors.New("the database cannot be used now")
	// ErrClock says that this machine and the database do not agree on the time.
	ErrClock = errors.New("the clock is wrong")
)
