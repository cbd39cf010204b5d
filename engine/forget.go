package engine

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/event"
	"shopbell/sources"
)

// Forgotten stands in place of what was forgotten.
const Forgotten = "[forgotten]"

// forgetStretch is how many events one call of Forget looks at: some seconds of work.
const forgetStretch = 500

// A Forgetting says whom to forget: a person, in one store or everywhere, or all of one store.
type Forgetting struct {
	Source, Store string // "" means all
	// Person is what the person is known by, such as an e-mail address, at least 5 characters; "" means everything of Store.
	Person string
	Before int64 // only events with a smaller Seq; 0 for all
}

// A Forgot tells what one call of Forget has done.
type Forgot struct {
	Looked int   // events looked at
	Events int   // events from which something was erased
	Runs   int   // runs from which something was erased; those that were due are dead now
	Next   int64 // for Before of the next call; 0 when there is no more
}

// ErrForgetWhom says that a forgetting names neither a person nor a store, or a person by too few letters.
var ErrForgetWhom = errors.New("name a person by at least 5 characters, or a store with its source")

// Forget erases a person, or a store, from one stretch of events with their snapshots and runs. Counts, subjects, states and times
// stay. A run that was still to be sent is dead, and sends nothing.
func (e *Engine) Forget(ctx context.Context, f Forgetting) (Forgot, error) {
	whole := f.Person == ""
	if whole && (f.Source == "" || f.Store == "") || !whole && len([]rune(f.Person)) < 5 {
		return Forgot{}, ErrForgetWhom
	}
	if f.Before == 0 {
		beside := e.forgetOwner
		if whole {
			beside = e.forgetStore
		}
		if err := beside(ctx, f); err != nil {
			return Forgot{}, err
		}
	}
	if !whole && f.Before == 0 {
		if err := e.forgetSuppressed(ctx, f); err != nil {
			return Forgot{}, err
		}
	}
	var done Forgot
	var lowest int64
	for _, state := range []EventState{"", EventSeen} {
		found, err := e.o.Ledger.Events(ctx, EventFilter{Source: f.Source, Store: f.Store, State: state, Before: f.Before, Limit: forgetStretch})
		if err != nil {
			return done, err
		}
		if len(found) == forgetStretch {
			lowest = max(lowest, found[len(found)-1].Seq)
		}
		done.Looked += len(found)
		for _, r := range found {
			if r.Seq < lowest {
				continue // the next call comes by again
			}
			if err := e.forgetEvent(ctx, r.Seq, f, &done); err != nil {
				return done, err
			}
		}
	}
	done.Next = lowest
	return done, nil
}

// forgetStore drops what is kept of a store beside its events, its token above all.
func (e *Engine) forgetStore(ctx context.Context, f Forgetting) error {
	var changes []Change
	for _, name := range []string{memoPoll, memoDead, memoRevived, memoProfiles} {
		changes = append(changes, &Put{Memo: Memo{Source: f.Source, Store: f.Store, Name: name}})
	}
	e.profiles.set(Store{f.Source, f.Store}, event.Store{})
	if lively, ok := e.o.Sources[f.Source].(sources.Lively); ok {
		value, err := json.Marshal(life{Life: sources.Uninstalled, At: time.Now()})
		if err != nil {
			return err
		}
		changes = append(changes, &Put{Memo: Memo{Source: f.Source, Store: f.Store, Name: memoLife, Value: value}})
		lively.Live(f.Store, sources.Uninstalled)
	}
	return e.committer.commit(ctx, nil, changes...)
}

func (e *Engine) forgetEvent(ctx context.Context, seq int64, f Forgetting, done *Forgot) error {
	r, err := e.o.Ledger.Event(ctx, seq)
	if errors.Is(err, ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	runs, err := e.wholeRuns(ctx, seq)
	if err != nil {
		return err
	}
	eraser := newEraser(f.Person)
	about := eraser.learn(&r)
	w := &Rewrite{Record: &r}
	changes := []Change{w}
	for _, u := range runs {
		if !about && !eraser.mentions(u) {
			continue
		}
		from := u.State
		eraser.eraseRun(u)
		if from == RunDue || from == RunHeld {
			changes = append([]Change{&Save{Run: u, From: from}}, changes...)
		}
		w.Runs = append(w.Runs, u)
	}
	if !about && len(w.Runs) == 0 {
		return nil
	}
	pending := r.State == EventPending
	eraser.eraseEvent(&r)
	if pending {
		r.State = EventUnmatched
		changes = append([]Change{&Plan{Record: &r}}, changes...)
	}
	if err := e.committer.commit(ctx, nil, changes...); err != nil {
		return err
	}
	done.Events++
	done.Runs += len(w.Runs)
	return nil
}

// wholeRuns gives the runs of an event with all that they hold.
func (e *Engine) wholeRuns(ctx context.Context, seq int64) ([]*Run, error) {
	list, err := e.o.Ledger.Runs(ctx, RunFilter{Event: seq, Limit: 500})
	if err != nil {
		return nil, err
	}
	var whole []*Run
	for _, line := range list {
		u, err := e.o.Ledger.Run(ctx, line.ID)
		if errors.Is(err, ErrNone) {
			continue
		}
		if err != nil {
			return nil, err
		}
		whole = append(whole, &u)
	}
	return whole, nil
}

// eraseRun takes out what a run says to and of anybody. One that was to be sent is dead.
func (x *eraser) eraseRun(u *Run) {
	if u.State == RunDue || u.State == RunHeld {
		u.State, u.Updated = RunDead, time.Now()
	}
	u.Steps = slices.Clone(u.Steps)
	for i := range u.Steps {
		s := &u.Steps[i]
		if len(s.Params) > 0 {
			s.Params = json.RawMessage(`{"forgotten":true}`)
		}
		if s.Result != nil {
			s.Result = actions.Result{"forgotten": true}
		}
		s.Note = x.text(s.Note)
		s.Tries = slices.Clone(s.Tries)
		for j := range s.Tries {
			s.Tries[j].Note = x.text(s.Tries[j].Note)
		}
	}
	if u.State == RunDead && u.Step < len(u.Steps) && u.Steps[u.Step].Outcome != actions.OutcomePermanent {
		u.Steps[u.Step].Outcome, u.Steps[u.Step].Blame, u.Steps[u.Step].Note = actions.OutcomePermanent, actions.BlameRecipient, "forgotten, as was asked for"
	}
}

// mentions tells whether a run says anything of the person.
func (x *eraser) mentions(u *Run) bool {
	raw, err := json.Marshal(u.Steps)
	return err == nil && x.in(string(raw))
}

func (x *eraser) in(text string) bool {
	if x.person == "" {
		return true
	}
	return strings.Contains(strings.ToLower(text), x.person)
}
