// Package rules turns the merchants' rule files into a checked, compiled, indexed set, and matches events against it.
//
//	set := rules.Load("rules", world, nil)
//	fmt.Print(document.Text(set.Problems()))
//	for _, d := range set.Match(&input) {
//		if d.Verdict == rules.Fires {
//			rendering, err := d.Rule.Render(rules.Branch{}, 0, &input, nil)
//			…
//		}
//	}
//
// Loading reads files; everything after it is pure: no I/O, no clock, no randomness, so that live, test and explain
// run the same code. It does not know how anything is sent or stored, and not HTTP.
package rules

import (
	"encoding/json"
	"time"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/event"
)

// A World is what rules are checked against: what the operator has configured.
type World struct {
	Sources map[string]Origin // by the name in the config
	// Default is the source that an event type without a source's name means, where it has one of that name: when nobody has
	// said which sources there are. "" means all that have one.
	Default  string
	Actions  map[string]*actions.Kind // by name
	Accounts map[string]Outlet        // by the name in the config
	// Things gives the names of the operator's things of a sort, such as "pool", that a step may name; see [actions.Name]. nil means that
	// nobody knows, and then such names are not checked.
	Things func(sort string) []string
}

// An Origin is a configured source as rules see it.
type Origin struct {
	Kind    string
	Catalog *event.Catalog
	// ReadsBack says that entities are read back from the platform, so that rules may name them.
	ReadsBack bool
	Stores    []string // configured store ids
}

// An Outlet is a configured account as rules see it.
type Outlet struct {
	Kind   string   // of action
	Stores []string // that may use it; empty means all
	Fixed  string   // why its messages can go to one place only, and so not be redirected; "" when they can
}

// An Input is all that a rule can see of one event. It is read-only while rules look at it.
type Input struct {
	Event  *event.Event
	Data   any            // the claim, decoded by event.Decode; nil when there is none
	Entity map[string]any // as read back; nil when it was not, or is gone
	Was    map[string]any // the entity as last read back before; nil when never
	Store  event.Store
}

// A Need says what the rules that listen to an event type want to know, in their conditions and in their steps.
type Need struct {
	Listens bool // some rule listens
	Data    bool // some rule that listens reads event.data, so that Input.Data must be filled
	Entity  bool // some rule that listens reads the entity or `was`
	Profile bool // some rule that listens reads `store` beyond its id, or calls a function that does
}

// A Verdict is what a rule says of an event.
type Verdict string

// The verdicts.
const (
	Fires     Verdict = "fires"
	Passes    Verdict = "passes" // its condition is false, or the list of its each is empty
	Otherwise Verdict = "else"   // its condition is false, and the steps of its else are carried out
	Errs      Verdict = "error"  // its condition or its each could not be evaluated
)

// A Decision is one rule's verdict on one event.
type Decision struct {
	Rule    *Rule
	Verdict Verdict
	Once    bool  // the event's type says that its subject is new: the rule acts once for each subject
	Items   []any // of Fires and Otherwise: what each gives, at least one; nil for a rule without each
	Err     error // of Errs: what went wrong, in a merchant's words, with file, line and column
}

// A Rule is one checked and compiled rule. It is read-only and may be used by many goroutines at once.
type Rule struct {
	Directory   string // below the rules directory: "" for every store, else the store's id
	Name        string // unique in its directory
	Revision    string // content hash: 16 hex digits over Text and Directory
	Text        string // the rule as YAML, enough for Compile to make the same rule again
	File        string // where it was read from
	Line        int
	Description string
	When        []string
	Condition   string // as written; "" when absent
	Each        string // as written; "" when absent
	Steps       []Step
	Else        []Step // carried out when the condition is false
	Mode        Mode
	// StopsOnError says that an event for which the rule cannot be evaluated is put aside whole, for a person to replay; else it
	// goes on without this rule.
	StopsOnError bool

	compiled
}

// ID names the rule among all rules: its name, after its directory and a slash when it has one.
func (r *Rule) ID() string {
	if r.Directory == "" {
		return r.Name
	}
	return r.Directory + "/" + r.Name
}

// A Step is one action of a rule.
type Step struct {
	ID       string // as written, else "" ; later steps read steps.<id>
	Action   string // kind of action
	Account  string // name of the account; "" for kinds that need none and have none configured
	Continue bool   // on_error: continue
	Retry    RetryPolicy
	// Marketing says that the step is for a person who may have said that they want no marketing. Consent, if not "", says where
	// consent comes from or why none is needed, so that the platform's word is not asked for.
	Marketing bool
	Consent   string
}

// A RetryPolicy says how often and how fast a step is tried again. Zero fields mean the engine's default.
type RetryPolicy struct {
	Tries int           // at most this many tries, counting the first
	First time.Duration // wait before the second try
	Max   time.Duration // longest wait between tries
}

// A Rendering is a step made ready to send.
type Rendering struct {
	Skip   bool            // the step's own `if` is false, or its person wants no marketing
	Why    string          // of Skip, for people
	Params json.RawMessage // JSON that fits the action's parameters
}

// A Directory is the state of one directory of rule files after a load.
type Directory struct {
	Name     string // "" for the top
	Revision string // hash over its files' names and contents
	Rules    int
	Problems []document.Problem // why it does not run; warnings too
	Broken   bool               // it has problems, so none of its rules is in the set
}
