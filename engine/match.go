package engine

import (
	"cmp"
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
			notes = append(notes, "rule "+d.Rule.ID()+undecided+d.Err.Error())
			if d.Rule.StopsOnError {
				r.State, r.Note = EventFailed, clip(notes[len(notes)-1]+"; it asks for the event to be put aside then: mend the rule and replay the event", 2000)
				return nil
			}
			continue
		}
		runs = append(runs, e.newRuns(d, in)...)
	}
	r.Note = clip(strings.Join(notes, "; "), 2000)
	if len(runs) > 0 {
		r.State = EventPlanned
	}
	return runs
}

// newRuns makes the runs of a rule that fires: one, or one for each of its items.
func (e *Engine) newRuns(d rules.Decision, in *rules.Input) []*NewRun {
	items := d.Items
	if items == nil {
		items = []any{nil}
	}
	runs := make([]*NewRun, len(items))
	for i, item := range items {
		runs[i] = e.newRun(d, in, i, item)
	}
	return runs
}

func (e *Engine) newRun(d rules.Decision, in *rules.Input, place int, item any) *NewRun {
	rule, now := d.Rule, time.Now()
	u := &Run{Rule: rule.ID(), Revision: rule.Revision, Item: place, State: RunDue, Due: now, Created: now, Updated: now,
		Source: in.Event.Source, Store: in.Event.Store, Type: in.Event.Type, Subject: in.Event.Subject, EventID: in.Event.ID}
	e.prepare(u, rule, rules.Branch{Else: d.Verdict == rules.Otherwise, Item: item}, in)
	e.pinned.put(rule)
	return &NewRun{Run: u, Once: d.Once,
		Revision: &Revision{Hash: rule.Revision, Directory: rule.Directory, Name: rule.Name, Text: rule.Text}}
}

// prepare makes a run's next step ready: it renders it, passes over steps that are not wanted, and settles the run
// when there is none left, or when one cannot be rendered.
func (e *Engine) prepare(u *Run, rule *rules.Rule, b rules.Branch, in *rules.Input) {
	branch := rule.Branch(b.Else)
	u.Steps = u.Steps[:min(u.Step, len(u.Steps))] // what could not be rendered before
	for ; u.Step < len(branch); u.Step++ {
		def := branch[u.Step]
		step := Step{ID: def.ID, Action: def.Action, Account: def.Account, Else: b.Else, Marketing: def.Marketing}
		rendered, err := rule.Render(b, u.Step, in, results(u))
		switch {
		case err != nil:
			step.Outcome, step.Blame, step.Note = actions.OutcomePermanent, actions.BlameRequest, err.Error()
		case rendered.Skip:
			step.Skipped, step.Outcome, step.Note = true, actions.OutcomeSkip, rendered.Why
		case !e.goesOut(&step, rule, rendered.Params):
		default:
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
