package engine

import (
	"encoding/json"
	"time"

	"shopbell/actions"
	"shopbell/event"
	"shopbell/rules"
)

// An EventState is how far an event has come.
type EventState string

// The states of an event. All but pending are final, save for a replay.
const (
	EventPending     EventState = "pending"     // accepted; its entity is still to be read back
	EventPlanned     EventState = "planned"     // at least one rule fired: it has runs
	EventUnmatched   EventState = "unmatched"   // no rule fired
	EventUnconfirmed EventState = "unconfirmed" // the platform does not know what it claims; never acted on
	EventRefused     EventState = "refused"     // bad signature or not parseable; a sample is kept, never acted on
	EventFailed      EventState = "failed"      // its entity could not be read back for a whole day; can be replayed
	EventSeen        EventState = "seen"        // no event: how an entity was when its store was connected
)

// A Record is one event in the ledger.
type Record struct {
	Seq int64 // order of arrival, from 1
	event.Event
	State  EventState
	Note   string          // why it is in this state, for people; "" when the state says it all
	Entity json.RawMessage // as read back when it was matched; nil when it was not, or is gone
	Gone   bool            // the platform confirmed that the entity is deleted
	Prev   int64           // Seq of the event whose Entity was `was` here; 0 for none
	Due    time.Time       // of a pending event: the next try to read back
	Tries  int             // tries to read back so far
	Replay int             // how often a person had it matched again
}

// A RunState is how far a run has come.
type RunState string

// The states of a run.
const (
	RunDue     RunState = "due"     // its next step waits for its time, or for a worker
	RunStarted RunState = "started" // its next step is with a worker: a crash now leaves its outcome unknown
	RunDone    RunState = "done"    // every step is done or skipped
	RunDead    RunState = "dead"    // a step failed for good: a dead letter
	RunHeld    RunState = "held"    // the outcome of a step is unknown and it may not be repeated: a person decides
)

// A Run is what one rule does about one event: its steps, in order. It keeps the revision of the rule that started it.
type Run struct {
	ID       int64
	Event    int64 // Seq
	Source   string
	Store    string
	Type     string // of the event; filled by a Reader
	Subject  string // of the event; filled by a Reader
	EventID  string // of the event; filled by a Reader
	Rule     string // [rules.Rule.ID]
	Revision string
	Item     int // which of `each`, from 0
	Replay   int // of the event, when this run was made
	State    RunState
	Outlet   string    // what its next step goes through: an account, or the kind of action that needs none
	Step     int       // the step to do next, from 0
	Tries    int       // begun tries of that step
	Due      time.Time // of a due run
	Created  time.Time
	Updated  time.Time
	Steps    []Step // what is known of each step, up to and with Step

	aim aim // of its next step, once somebody has asked
}

// A Step is what became of one step of a run.
type Step struct {
	ID      string          `json:"id,omitempty"`
	Action  string          `json:"action"`
	Account string          `json:"account,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`  // as rendered, once; what was sent
	Outcome actions.Outcome `json:"outcome,omitempty"` // of the last try; "" before the first
	Blame   actions.Blame   `json:"blame,omitempty"`
	Note    string          `json:"note,omitempty"` // what the provider said, for people; holds no secret
	Result  actions.Result  `json:"result,omitempty"`
	Tries   []Try           `json:"tries,omitempty"` // the first, and up to the nine latest
	// Repeated counts tries made although an earlier one may have reached the provider: cut off by a crash, or
	// answered by nothing.
	Repeated int  `json:"repeated,omitempty"`
	Skipped  bool `json:"skipped,omitempty"` // its own `if` was false
	Else     bool `json:"else,omitempty"`    // it is one of the rule's `else`
	// Marketing says that it is not for those who want no marketing.
	Marketing bool `json:"marketing,omitempty"`
	// Delivery is what the provider told later, where [WholeRun] put it.
	Delivery *Delivery `json:"delivery,omitempty"`
	// Mode is how it was carried out when not live: [rules.Shadow], when nothing was sent, or [rules.Redirect], when Params say
	// whom it went to.
	Mode rules.Mode `json:"mode,omitempty"`
}

// isReady tells whether a run's next step has been rendered.
func (u *Run) isReady() bool { return u.Step < len(u.Steps) && u.Steps[u.Step].Params != nil }

// unready ends a run whose next step cannot be rendered.
func (u *Run) unready(note string) {
	s := Step{Action: "?", Else: u.isElse(), Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest, Note: clip(note, 500)}
	u.Steps = append(u.Steps[:min(u.Step, len(u.Steps))], s)
	u.State, u.Outlet = RunDead, ""
}

// isElse tells whether a run does the steps of its rule's `else`. Every run has a step from the beginning.
func (u *Run) isElse() bool { return len(u.Steps) > 0 && u.Steps[0].Else }

// A Try is one call of an action.
type Try struct {
	At      time.Time       `json:"at"`
	Took    time.Duration   `json:"took,omitempty"`
	Outcome actions.Outcome `json:"outcome"`
	Note    string          `json:"note,omitempty"`
}
