package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"shopbell/rules"
)

// A Trial says which rules are tried on which recorded events, and beside which rules.
type Trial struct {
	New, Current  *rules.Set
	World         rules.World
	Since         time.Time // only events received since; zero means all
	Source, Store string    // only of these; "" means all
	Rule          string    // only this rule, by its id or its name; "" means all
	Show          int       // examples of each sort of difference that are kept for each rule
}

// Findings are what a trial comes to.
type Findings struct {
	Events      int // looked at
	First, Last time.Time
	Judged      int // of them, those that were shown to both sets of rules
	Unheard     int // those to which no rule of either set listens
	Unjudged    []Unjudged
	Rules       []RuleFinding // in the order of the new rules, those that are gone after them
}

// Unjudged counts events that could not be judged, or not by all rules, for one reason.
type Unjudged struct {
	Why    string // in words
	Events int
}

// An Edit says how a rule of the new set stands to the one of the same id in the current set.
type Edit string

// The edits of a rule.
const (
	EditNone    Edit = "same"
	EditChanged Edit = "edited"
	EditAdded   Edit = "added"
	EditRemoved Edit = "removed"
)

// A RuleFinding tells what a rule would do, beside what it does now. What is counted are runs: a rule with each has one for
// every item.
type RuleFinding struct {
	ID   string
	File string // of the new rule, of the current one when it is removed
	Line int
	Edit Edit

	Before, After        int // runs by the current rules, and by the new ones
	New, Gone, Changed   int // runs that only the new rules start, only the current ones, and both, but that say something else
	ErrorsNow, ErrorsNew int // events for which the current rule, and the new one, cannot be evaluated
	Failing              int // events for which the new rule cannot be evaluated, and the current one can
	Examples             []Example
	Notes                []string // in sentences

	profile bool // it reads the store's profile
}

// Differs tells whether the rule would do anything else.
func (f *RuleFinding) Differs() bool { return f.New+f.Gone+f.Changed+f.Failing > 0 }

// Differs tells whether any rule would do anything else.
func (f *Findings) Differs() bool {
	return slices.ContainsFunc(f.Rules, func(r RuleFinding) bool { return r.Differs() })
}

// A Sort of a difference.
type Sort string

// The sorts of differences.
const (
	SortNew     Sort = "new"
	SortGone    Sort = "gone"
	SortChanged Sort = "changed"
	SortFailing Sort = "error"
)

// An Example is one difference.
type Example struct {
	Sort          Sort
	Event         Record // without Body, Data and Entity
	Item          int    // of each, from 0
	Before, After []Message
	Error         string // why the new rule cannot be evaluated
}

// A Message is a step as it would go out.
type Message struct {
	Step    string          `json:"step,omitempty"` // its id
	Action  string          `json:"action"`
	Account string          `json:"account,omitempty"`
	Mode    rules.Mode      `json:"mode,omitempty"` // "" for live
	Params  json.RawMessage `json:"params,omitempty"`
	Skipped bool            `json:"skipped,omitempty"` // its own `if` is false
	Error   string          `json:"error,omitempty"`   // why it cannot be rendered; nothing after it goes out
}

// Backtest has new rules look at the events of a ledger, each with its entity as it was read back then, beside the current
// ones. It asks no platform and sends nothing, and leaves the ledger as it is.
func Backtest(ctx context.Context, l Reader, t Trial) (Findings, error) {
	b := &backtest{trial: t, findings: map[string]*RuleFinding{}, unjudged: map[string]int{}, once: [2]map[onceKey]bool{{}, {}},
		places: map[*rules.Rule]place{}, kept: map[*rules.Rule]*rules.Rule{}}
	if err := b.prepare(); err != nil {
		return Findings{}, err
	}
	h := &historian{ledger: l, trial: &b.trial, only: b.fields()}
	for bite := range h.tell(ctx) {
		b.judge(bite)
		for i := range bite {
			b.add(&bite[i])
		}
	}
	if err := cmp.Or(ctx.Err(), h.err); err != nil {
		return Findings{}, err
	}
	return b.finish(), nil
}

// The sides of a backtest.
const (
	sideNow = iota
	sideNew
)

// backtest is one under way.
type backtest struct {
	trial    Trial
	out      Findings
	order    []string                // ids of rules
	findings map[string]*RuleFinding // by id
	unjudged map[string]int
	faceless int                 // events that were judged without the store's profile, which is not recorded
	once     [2]map[onceKey]bool // by side, what a rule has acted for
	places   map[*rules.Rule]place
	kept     map[*rules.Rule]*rules.Rule // by rule of the current set, the one of the new set that is the same
}

// A place is where a rule of the new set stands.
type place struct {
	at   int
	same bool // it is in the current set as it is
}

// An onceKey names what a rule acts on once.
type onceKey struct{ rule, source, store, typ, subject string }

// fields gives the fields of entities that any rule of either set reads; nil for all. Mostly they are few, and to decode the others took
// half of the time.
func (b *backtest) fields() map[string]bool {
	only := map[string]bool{}
	for _, set := range b.sets() {
		for _, r := range set.Rules() {
			fields, whole := r.Fields()
			if whole {
				return nil
			}
			for _, f := range fields {
				only[f] = true
			}
		}
	}
	return only
}

// meant tells whether a rule is asked for.
func (b *backtest) meant(r *rules.Rule) bool {
	return b.trial.Rule == "" || r.ID() == b.trial.Rule || r.Name == b.trial.Rule
}

// prepare lists the rules, and says how those of the same id differ.
func (b *backtest) prepare() error {
	now := map[string]*rules.Rule{}
	for _, r := range b.trial.Current.Rules() {
		now[r.ID()] = r
	}
	for i, r := range b.trial.New.Rules() {
		old := now[r.ID()]
		b.places[r] = place{at: i, same: old != nil && old.Revision == r.Revision}
		if b.places[r].same {
			b.kept[old] = r
		}
		edit := EditNone
		if old == nil {
			edit = EditAdded
		} else if old.Revision != r.Revision {
			edit = EditChanged
		}
		b.list(r, old, edit)
		delete(now, r.ID())
	}
	for _, r := range b.trial.Current.Rules() {
		if now[r.ID()] != nil {
			b.list(r, r, EditRemoved)
		}
	}
	if b.trial.Rule != "" && len(b.order) == 0 {
		return &Misasked{"there is no rule \"" + clip(b.trial.Rule, 100) + "\", neither among the new rules nor among the current ones", "Give its name as it stands in the file."}
	}
	return nil
}

func (b *backtest) list(r, old *rules.Rule, edit Edit) {
	if !b.meant(r) {
		return
	}
	f := &RuleFinding{ID: r.ID(), File: r.File, Line: r.Line, Edit: edit}
	b.order, b.findings[f.ID] = append(b.order, f.ID), f
	if old != nil && old != r && old.Enabled() != r.Enabled() {
		f.Notes = append(f.Notes, map[bool]string{true: "It is enabled now, and was not.", false: "It is not enabled any more."}[r.Enabled()])
	}
	if old != nil && old != r && old.Mode != r.Mode {
		f.Notes = append(f.Notes, "Its mode is "+string(r.Mode)+" now, and was "+string(old.Mode)+".")
	}
	f.profile = r.Need().Profile
}

func (b *backtest) finish() Findings {
	for _, why := range slices.Sorted(maps.Keys(b.unjudged)) {
		b.out.Unjudged = append(b.out.Unjudged, Unjudged{why, b.unjudged[why]})
	}
	for _, id := range b.order {
		if f := b.findings[id]; f.profile && b.faceless > 0 {
			f.Notes = append(f.Notes, "It reads the store's profile, which is not recorded where no rule had read it: its condition sees none, and its messages show stand-ins such as (store.name).")
		}
		b.out.Rules = append(b.out.Rules, *b.findings[id])
	}
	return b.out
}
