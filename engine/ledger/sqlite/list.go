package sqlite

import (
	"context"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
)

// A where collects the conditions of a list.
type where struct {
	text []string
	args []any
}

func (w *where) add(condition string, args ...any) {
	w.text, w.args = append(w.text, condition), append(w.args, args...)
}

func (w *where) String() string {
	if len(w.text) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.text, " AND ")
}

func bounded(limit int) int {
	if limit == 0 {
		return 50
	}
	return max(1, min(limit, 500))
}

// Events implements [engine.Reader].
func (l *ledger) Events(ctx context.Context, f engine.EventFilter) ([]engine.Record, error) {
	var w where
	if f.Before > 0 {
		w.add("seq < ?", f.Before)
	}
	if f.State == "" {
		w.add("+state <> 7")
	} else {
		w.add("state = ?", form.Code(form.EventStates(), f.State))
		if f.State == engine.EventUnmatched { // the one state without an index, because most events have it
			w.text[len(w.text)-1] = "+state = ?"
		} else {
			w.add("state <> 3")
		}
	}
	if f.Type != "" {
		id, ok := lookup(l.names, l.names.types.id, f.Type)
		if !ok {
			return nil, nil
		}
		w.add("type = ?", id)
	}
	if f.ID != "" {
		w.add("id = ? AND state <> 5", f.ID) // as the index on id says; a refused event has none
	}
	if f.Subject != "" {
		w.add("subject = ?", f.Subject)
	}
	if f.Source != "" || f.Store != "" {
		if err := l.wherePlace(ctx, &w, f); err != nil {
			return nil, err
		}
	} else if f.ID != "" || f.Subject != "" {
		w.add("place IN (SELECT id FROM places)") // opens the indexes that begin with place
	}
	w.args = append(w.args, bounded(f.Limit))
	return l.events(ctx, false, "SELECT "+eventLine+" FROM events"+w.String()+" ORDER BY seq DESC LIMIT ?", w.args...)
}

// wherePlace narrows a list to stores. A store with a large share of the events is found quickest by walking back
// through all of them, one with few by its index: the counts of the last month tell which it
// is.
func (l *ledger) wherePlace(ctx context.Context, w *where, f engine.EventFilter) error {
	return l.reading(ctx, func(c *sqlite.Conn) error {
		var ids []any
		var share float64
		err := query(c, `WITH recent AS MATERIALIZED (SELECT place, sum(n) AS n FROM counts
				WHERE day >= (SELECT max(day) FROM counts) - 30 AND what LIKE 'event.%' GROUP BY place)
			SELECT p.id, coalesce(r.n, 0) * 1.0 / max(1, (SELECT sum(n) FROM recent))
			FROM places p LEFT JOIN recent r ON r.place = p.id WHERE (?1 = '' OR p.source = ?1) AND (?2 = '' OR p.store = ?2)`, []any{f.Source, f.Store}, func(s *sqlite.Stmt) error {
			ids, share = append(ids, s.ColumnInt64(0)), share+s.ColumnFloat(1)
			return nil
		})
		if err != nil {
			return err
		}
		column := "place"
		if share > 0.01 && f.ID == "" && f.Subject == "" {
			column = "+place"
		} else if f.State == engine.EventPlanned { // nearly as common as unmatched: the store is the narrower of the two
			w.text[slices.Index(w.text, "state = ?")] = "+state = ?"
		}
		if len(ids) == 0 {
			ids = []any{-1}
		}
		w.add(column+" IN (?"+strings.Repeat(", ?", len(ids)-1)+")", ids...)
		return nil
	})
}

// Runs implements [engine.Reader].
func (l *ledger) Runs(ctx context.Context, f engine.RunFilter) ([]engine.Run, error) {
	var w where
	if f.Before > 0 {
		w.add("r.id < ?", f.Before)
	}
	if f.Event > 0 {
		w.add("r.event = ?", f.Event)
	}
	if f.Rule != "" {
		id, ok := lookup(l.names, l.names.rules.id, f.Rule)
		if !ok {
			return nil, nil
		}
		w.add("r.rule = ?", id)
	}
	if f.State != "" {
		w.add("r.state = ?", form.Code(form.RunStates(), f.State))
		if f.State == engine.RunDone {
			w.text[len(w.text)-1] = "+r.state = ?"
		} else {
			w.add("r.state <> 3")
		}
	}
	w.args = append(w.args, bounded(f.Limit))
	runs, err := l.runs(ctx, "SELECT "+runLine+runFrom+w.String()+" ORDER BY r.id DESC LIMIT ?", w.args...)
	for i := range runs {
		for j := range runs[i].Steps {
			runs[i].Steps[j].Params = nil
		}
	}
	return runs, err
}
