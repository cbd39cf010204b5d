package postgres

import (
	"context"
	"fmt"
	"strings"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
)

// A where collects the conditions of a list.
type where struct {
	text []string
	args []any
}

// add adds a condition, in which %d stands for the number of its argument.
func (w *where) add(condition string, arg any) {
	w.args = append(w.args, arg)
	w.text = append(w.text, fmt.Sprintf(condition, len(w.args)))
}

func (w *where) String() string {
	if len(w.text) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.text, " AND ")
}

// limit adds the end of a list's query.
func (w *where) limit(order string, n int) string {
	if n == 0 {
		n = 50
	}
	w.args = append(w.args, max(1, min(n, 500)))
	return fmt.Sprintf(" ORDER BY %s DESC LIMIT $%d", order, len(w.args))
}

// Events implements [engine.Reader].
func (l *ledger) Events(ctx context.Context, f engine.EventFilter) ([]engine.Record, error) {
	var w where
	if f.Before > 0 {
		w.add("e.seq < $%d", f.Before)
	}
	if f.State == "" {
		w.text = append(w.text, "e.state <> 7")
	} else {
		// Written out, so that the index of the rare states is found.
		w.text = append(w.text, fmt.Sprintf("e.state = %d", form.Code(form.EventStates(), f.State)))
	}
	if f.Type != "" {
		w.add("e.type = (SELECT id FROM shopbell.names WHERE name = $%d)", clean(f.Type))
	}
	if f.ID != "" {
		w.add("e.id = $%d AND e.state <> 5", clean(f.ID))
	}
	if f.Subject != "" {
		w.add("e.subject = $%d", clean(f.Subject))
	}
	if f.Source != "" {
		w.add("e.place IN (SELECT id FROM shopbell.places WHERE source = $%d)", clean(f.Source))
	}
	if f.Store != "" {
		w.add("e.place IN (SELECT id FROM shopbell.places WHERE store = $%d)", clean(f.Store))
	}
	if f.Source == "" && f.Store == "" && (f.ID != "" || f.Subject != "") {
		w.text = append(w.text, "e.place IN (SELECT id FROM shopbell.places)") // opens the indexes that begin with place
	}
	order := w.limit("e.seq", f.Limit)
	return l.events(ctx, false, "SELECT "+eventLine+" FROM shopbell.events e"+w.String()+order, w.args...)
}

// Runs implements [engine.Reader]. A due run that a node carries out is started: what only River knows is asked of River.
func (l *ledger) Runs(ctx context.Context, f engine.RunFilter) ([]engine.Run, error) {
	var w where
	if f.Before > 0 {
		w.add("r.id < $%d", f.Before)
	}
	if f.Event > 0 {
		w.add("r.event = $%d", f.Event)
	}
	if f.Rule != "" {
		w.add("r.rule = (SELECT id FROM shopbell.names WHERE name = $%d)", clean(f.Rule))
	}
	switch f.State {
	case "":
	case engine.RunDue:
		w.text = append(w.text, "r.state = 1 AND r.id NOT IN "+running)
	case engine.RunStarted:
		w.text = append(w.text, "r.id IN (SELECT id FROM shopbell.runs WHERE state = 2 UNION ALL "+running+")")
	default:
		w.text = append(w.text, fmt.Sprintf("r.state = %d", form.Code(form.RunStates(), f.State)))
	}
	order := w.limit("r.id", f.Limit)
	runs, err := l.runs(ctx, "SELECT "+runShown+runFrom+w.String()+order, w.args...)
	for i := range runs {
		for j := range runs[i].Steps {
			runs[i].Steps[j].Params = nil
		}
	}
	return runs, err
}
