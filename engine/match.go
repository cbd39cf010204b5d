package engine

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/event"
	"shopbell/rules"
)

// match has the rules look at an event, and makes the runs of those that fire. It sets the record's State and Note. It
// does no I/O, so it may ride in the accepting transaction.
func (e *Engine) match(set *rules.Set, r *Record, entity, was map[string]any, store event.Store) []*NewRun {
	in := &rules.Input{Event: &r.Event, Entity: entity, Was: was, Store: store}
	r.State, r.Note = EventUnmatched, ""
	if len(r.Data) > 0 && set.Need(r.Source, r.Store, r.Type).Data {
		data, err := event.Decode(r.Data)
		if err != nil {
			r.Note = "what the notification says cannot be read: " + err.Error()
			return nil
		}
		in.Data = data
	}
	var runs []*NewRun
	var notes []string
	for _, d := range set.Match(in) {
		if d.Verdict == rules.Errs {
			notes = append(notes, fmt.Sprintf("rule %s could not be decided: %v", d.Rule.ID(), d.Err))
			continue
		}
		runs = append(runs, e.newRun(d, in))
	}
	r.Note = clip(strings.Join(notes, "; "), 2000)
	if len(runs) > 0 {
		r.State = EventPlanned
	}
	return runs
}

func (e *Engine) newRun(d rules.Decision, in *rules.Input) *NewRun {
	rule, now := d.Rule, time.Now()
	u := &Run{Rule: rule.ID(), Revision: rule.Revision, State: RunDue, Due: now, Created: now, Updated: now,
		Source: in.Event.Source, Store: in.Event.Store, Type: in.Event.Type, Subject: in.Event.Subject, EventID: in.Event.ID}
	e.prepare(u, rule, in)
	e.pinned.put(rule)
	return &NewRun{Run: u, Once: d.Once,
		Revision: &Revision{Hash: rule.Revision, Directory: rule.Directory, Name: rule.Name, Text: rule.Text}}
}

// prepare makes a run's next step ready: it renders it, passes over steps that are not wanted, and settles the run
// when there is none left, or when one cannot be rendered.
func (e *Engine) prepare(u *Run, rule *rules.Rule, in *rules.Input) {
	for ; u.Step < len(rule.Steps); u.Step++ {
		def := rule.Steps[u.Step]
		step := Step{ID: def.ID, Action: def.Action, Account: def.Account}
		rendered, err := rule.Render(u.Step, in, results(u))
		switch {
		case err != nil:
			step.Outcome, step.Blame, step.Note = actions.OutcomePermanent, actions.BlameRequest, err.Error()
		case rendered.Skip:
			step.Skipped, step.Outcome, step.Note = true, actions.OutcomeSkip, "its own condition is false"
		default:
			step.Params = rendered.Params
			u.Steps = append(u.Steps, step)
			u.State, u.Tries, u.Outlet = RunDue, 0, cmp.Or(def.Account, def.Action)
			return
		}
		u.Steps = append(u.Steps, step)
		if err != nil && !def.Continue {
			u.State, u.Outlet = RunDead, ""
			return
		}
	}
	u.State, u.Tries, u.Outlet = RunDone, 0, ""
}

// results gives what earlier steps have left, by their id.
func results(u *Run) map[string]any {
	left := map[string]any{}
	for _, s := range u.Steps {
		if s.ID != "" {
			left[s.ID] = map[string]any(s.Result)
		}
	}
	return left
}
