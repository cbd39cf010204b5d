package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"shopbell/event"
	"shopbell/rules"
)

// A Question says what is to be explained. One of Event, Subject, Recipient and Given is set.
type Question struct {
	Event     string // its number in the ledger, or the id that the platform gave it
	Subject   string // such as "order/K8XTQ"
	Recipient string // an address or a number to which something was sent, or should have been
	Given     *Given // an event that is not in the ledger

	Rule          string // only this rule, by its id or its name, also when it does not listen
	Source, Store string // only of these; "" means all
	Limit         int    // at most so many events, the newest, 1 to 100; 0 means 20
}

// A Given is an event that is not in the ledger, with what rules are to see of it.
type Given struct {
	event.Event
	Entity, Was json.RawMessage // nil for none
	Gone        bool
	Profile     event.Store
}

// A Misasked says that a question cannot be answered as it is put: what is wrong, and what would be right.
type Misasked struct{ Message, Hint string }

// Error gives both.
func (m *Misasked) Error() string { return strings.TrimSpace(m.Message + ". " + m.Hint) }

// A Story is the answer: what came in, in order of arrival, and what became of it.
type Story struct {
	Events []EventStory
	Notes  []string // about the whole, in sentences
}

// An EventStory tells of one event.
type EventStory struct {
	Record Record
	Given  bool     // it is not in the ledger
	Words  []string // what became of it, in sentences
	Rules  []RuleStory
	More   int // rules that listen, and of which no more is told
	// Deaf are rules that would listen to its type, but for their store, because they are not enabled, or because it is a
	// change of our own. MoreDeaf counts those of which no more is told.
	Deaf     []RuleStory
	MoreDeaf int
	Unasked  []string // ids of rules that listen, and were not asked, for the event did not come so far; at most 20
	Runs     []RunStory
}

// What a rule said of an event when it came.
const (
	ThenFired   = "fired"
	ThenPassed  = "passed"
	ThenErred   = "error"
	ThenAbsent  = "absent" // the rule was not there
	ThenUnknown = "unknown"
)

// A RuleStory tells what one rule makes of an event.
type RuleStory struct {
	ID, Revision, File string
	Line               int
	Now                *rules.Explanation // by the rule as it is, and what is recorded; nil when the rule is gone
	Then               string             // one of the words above; "" for an event that is not in the ledger
	Changed            bool               // it reads otherwise today than when the event came
	Old                *rules.Explanation // by the rule as it was when the event came, where that is another one
	Words              []string           // what is to be said beside, in sentences
	Runs               []int64
}

// A RunStory is a run, with why steps were left out.
type RunStory struct {
	Run
	Left map[int]string // by the step's place
}

// The bounds of one answer.
const (
	storyEvents    = 20
	maxStoryEvents = 100
	storyRules     = 30    // of one event and rank; all that fired are told of
	storyAsked     = 1_000 // rules of one event that are taken apart
	storyDeaf      = 10
	storyUnasked   = 20
	storyRuns      = 100   // of one event
	lookedRuns     = 5_000 // for a recipient
	lookedRefused  = 500   // for a subject
)

// Explain answers a question out of what is recorded: it asks no platform and sends nothing. [ErrNone] when nothing was
// found, a [*Misasked] when the question cannot be answered.
func (e *Engine) Explain(ctx context.Context, q Question) (Story, error) {
	return Explain(ctx, e.o.Ledger, e.rules.Load(), e.outfitting.Load().world, q)
}

// Explain is [Engine.Explain] for whoever has a ledger and rules, but no engine.
func Explain(ctx context.Context, l Reader, set *rules.Set, w rules.World, q Question) (Story, error) {
	t := &teller{ledger: l, set: set, world: w, question: q, explainer: rules.NewExplainer(), annals: annals{ledger: l}, old: map[string]*rules.Rule{}}
	if err := t.check(); err != nil {
		return Story{}, err
	}
	if q.Given != nil {
		one, err := t.given()
		return Story{Events: []EventStory{one}}, err
	}
	found, err := t.find(ctx)
	if err != nil {
		return Story{}, err
	}
	if len(found) == 0 {
		return t.story, ErrNone
	}
	for _, seq := range found {
		r, err := l.Event(ctx, seq)
		if errors.Is(err, ErrNone) {
			continue // retention was faster
		}
		if err != nil {
			return Story{}, err
		}
		one, err := t.event(ctx, r)
		if err != nil {
			return Story{}, err
		}
		t.story.Events = append(t.story.Events, one)
	}
	return t.story, t.doubles(ctx)
}

// teller answers one question.
type teller struct {
	ledger    Reader
	set       *rules.Set
	world     rules.World
	question  Question
	explainer *rules.Explainer
	annals    annals
	old       map[string]*rules.Rule // revisions that are not in use any more; nil for those that are not kept
	story     Story
}

func (t *teller) check() error {
	q := &t.question
	asked := 0
	for _, is := range []bool{q.Event != "", q.Subject != "", q.Recipient != "", q.Given != nil} {
		if is {
			asked++
		}
	}
	if asked != 1 {
		return &Misasked{"nothing is asked, or more than one thing", "Ask for one of an event, a subject, a recipient and a file."}
	}
	if q.Rule != "" && !slices.ContainsFunc(t.set.Rules(), t.meant) {
		return &Misasked{fmt.Sprintf("there is no rule %q", clip(q.Rule, 100)), "Give its name as it stands in the file."}
	}
	if q.Recipient != "" && len([]rune(strings.TrimSpace(q.Recipient))) < 5 {
		return &Misasked{"a recipient has at least 5 characters", "Give the whole address or number."}
	}
	if q.Limit < 0 || q.Limit > maxStoryEvents {
		return &Misasked{fmt.Sprintf("a limit is from 1 to %d", maxStoryEvents), ""}
	}
	if q.Limit == 0 {
		q.Limit = storyEvents
	}
	return nil
}

// meant tells whether a rule is the one that is asked for.
func (t *teller) meant(r *rules.Rule) bool {
	return t.question.Rule == "" || r.ID() == t.question.Rule || r.Name == t.question.Rule
}

// find gives the events that are asked for, in order of arrival.
func (t *teller) find(ctx context.Context) (found []int64, err error) {
	q := t.question
	f := EventFilter{Source: q.Source, Store: q.Store, Limit: q.Limit}
	switch {
	case q.Recipient != "":
		return t.sentTo(ctx)
	case q.Event != "":
		if seq, err := strconv.ParseInt(q.Event, 10, 64); err == nil {
			if _, err := t.ledger.Event(ctx, seq); err == nil || !errors.Is(err, ErrNone) {
				return []int64{seq}, err
			}
		}
		f.ID = q.Event
	default:
		f.Subject = q.Subject
		if found, err = t.refusedOf(ctx); err != nil {
			return nil, err
		}
	}
	list, err := t.ledger.Events(ctx, f)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		found = append(found, r.Seq)
	}
	if len(list) == f.Limit {
		t.story.Notes = append(t.story.Notes, fmt.Sprintf("Only the newest %d events are told of; there may be older ones.", f.Limit))
	}
	slices.Sort(found)
	return slices.Compact(found), nil
}

// refusedOf finds refused notifications that name the subject. They have none, for nobody knows that they are true.
func (t *teller) refusedOf(ctx context.Context) (found []int64, err error) {
	_, id, _ := strings.Cut(t.question.Subject, "/")
	if id == "" {
		return nil, nil
	}
	list, err := t.ledger.Events(ctx, EventFilter{Source: t.question.Source, State: EventRefused, Limit: lookedRefused})
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		whole, err := t.ledger.Event(ctx, r.Seq)
		if err != nil && !errors.Is(err, ErrNone) {
			return nil, err
		}
		if holdsWord(decoded(whole.Body), id) && len(found) < t.question.Limit {
			found = append(found, r.Seq)
		}
	}
	return found, nil
}

// doubles tells of what came more than once on the days of the events: only how often is known of it.
func (t *teller) doubles(ctx context.Context) error {
	type dayOf struct{ day, source, store string }
	days := map[dayOf]bool{}
	var since time.Time
	for _, one := range t.story.Events {
		day := one.Record.Received.UTC().Truncate(24 * time.Hour)
		days[dayOf{day.Format(time.DateOnly), one.Record.Source, one.Record.Store}] = true
		if since.IsZero() || day.Before(since) {
			since = day
		}
	}
	counts, err := t.ledger.Counts(ctx, since)
	if err != nil {
		return err
	}
	for _, c := range counts {
		day := c.Day.UTC().Format(time.DateOnly)
		if c.What != "event.duplicate" || !days[dayOf{day, c.Source, c.Store}] {
			continue
		}
		times := "a notification"
		if c.N > 1 {
			times = fmt.Sprintf("%d notifications", c.N)
		}
		t.story.Notes = append(t.story.Notes, fmt.Sprintf("On %s store %s of source %s sent %s that had come before; such a double is dropped, and does nothing.",
			day, c.Store, c.Source, times))
	}
	return nil
}
