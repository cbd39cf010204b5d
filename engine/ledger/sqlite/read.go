package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
)

func query(c *sqlite.Conn, text string, args []any, row func(*sqlite.Stmt) error) error {
	return sqlitex.Execute(c, text, &sqlitex.ExecOptions{Args: args, ResultFunc: row})
}

const (
	eventLine  = "seq, place, type, state, id, subject, created, received, due, tries, gone, replay, prev, note, marks"
	eventWhole = eventLine + ", data_at, data_len, body, data, entity"
	runLine    = "r.id, r.event, r.place, r.rule, r.revision, r.item, r.replay, r.state, r.step, r.tries, r.due, r.created, r.updated, r.steps, e.type, e.subject, e.id, r.outlet"
	runFrom    = " FROM runs r LEFT JOIN events e ON e.seq = r.event "
)

// event makes a record of a row of eventLine, or of eventWhole when whole is set.
func (l *ledger) event(c *sqlite.Conn, s *sqlite.Stmt, whole bool) (r engine.Record, err error) {
	n := l.names
	at, ok := lookup(n, n.place, s.ColumnInt64(1))
	if err := n.reload(c, ok); err != nil {
		return r, err
	} else if !ok {
		at, _ = lookup(n, n.place, s.ColumnInt64(1))
	}
	typ, ok := lookup(n, n.types.name, s.ColumnInt64(2))
	if err := n.reload(c, ok); err != nil {
		return r, err
	} else if !ok {
		typ, _ = lookup(n, n.types.name, s.ColumnInt64(2))
	}
	r.Seq, r.Source, r.Store, r.Type = s.ColumnInt64(0), at.source, at.store, typ
	r.State = form.State(form.EventStates(), s.ColumnInt(3))
	r.ID, r.Subject, r.Created, r.Received = s.ColumnText(4), s.ColumnText(5), instant(s.ColumnInt64(6)), instant(s.ColumnInt64(7))
	r.Due, r.Tries, r.Gone, r.Replay, r.Prev, r.Note = instant(s.ColumnInt64(8)), s.ColumnInt(9), s.ColumnBool(10), s.ColumnInt(11), s.ColumnInt64(12), s.ColumnText(13)
	form.Mark(&r.Event, s.ColumnInt64(14))
	if !whole {
		return r, nil
	}
	r.Body = blob(s, 17)
	if from, size := s.ColumnInt(15), s.ColumnInt(16); from >= 0 && from+size <= len(r.Body) {
		r.Data = r.Body[from : from+size : from+size]
	} else {
		r.Data = blob(s, 18)
	}
	r.Entity, err = l.pack.Unpack(blob(s, 19))
	return r, err
}

func blob(s *sqlite.Stmt, column int) []byte {
	if s.ColumnIsNull(column) {
		return nil
	}
	b := make([]byte, s.ColumnLen(column))
	s.ColumnBytes(column, b)
	return b
}

// run makes a run of a row of runLine.
func (l *ledger) run(c *sqlite.Conn, s *sqlite.Stmt) (u engine.Run, err error) {
	n := l.names
	_, havePlace := lookup(n, n.place, s.ColumnInt64(2))
	_, haveRule := lookup(n, n.rules.name, s.ColumnInt64(3))
	_, haveRevision := lookup(n, n.hash, s.ColumnInt64(4))
	_, haveType := lookup(n, n.types.name, s.ColumnInt64(14))
	_, haveOutlet := lookup(n, n.outlets.name, s.ColumnInt64(17))
	if err := n.reload(c, havePlace && haveRule && haveRevision && haveOutlet && (haveType || s.ColumnIsNull(14))); err != nil {
		return u, err
	}
	at, _ := lookup(n, n.place, s.ColumnInt64(2))
	u.ID, u.Event, u.Source, u.Store = s.ColumnInt64(0), s.ColumnInt64(1), at.source, at.store
	u.Rule, _ = lookup(n, n.rules.name, s.ColumnInt64(3))
	u.Revision, _ = lookup(n, n.hash, s.ColumnInt64(4))
	u.Type, _ = lookup(n, n.types.name, s.ColumnInt64(14))
	u.Outlet, _ = lookup(n, n.outlets.name, s.ColumnInt64(17))
	u.Item, u.Replay, u.State = s.ColumnInt(5), s.ColumnInt(6), form.State(form.RunStates(), s.ColumnInt(7))
	u.Step, u.Tries, u.Due, u.Created, u.Updated = s.ColumnInt(8), s.ColumnInt(9), instant(s.ColumnInt64(10)), instant(s.ColumnInt64(11)), instant(s.ColumnInt64(12))
	u.Subject, u.EventID = s.ColumnText(15), s.ColumnText(16)
	if u.Steps, err = form.DecodeSteps(blob(s, 13)); err != nil {
		return u, fmt.Errorf("run %d in the ledger cannot be read: %w", u.ID, err)
	}
	return u, nil
}

func (l *ledger) events(ctx context.Context, whole bool, text string, args ...any) (records []engine.Record, err error) {
	err = l.reading(ctx, func(c *sqlite.Conn) error {
		return query(c, text, args, func(s *sqlite.Stmt) error {
			r, err := l.event(c, s, whole)
			records = append(records, r)
			return err
		})
	})
	return records, err
}

func (l *ledger) runs(ctx context.Context, text string, args ...any) ([]engine.Run, error) {
	return l.runsUpTo(ctx, 0, text, args...)
}

// runsUpTo is runs for what gives a known number of them at most. When there are many, memory is asked for once.
func (l *ledger) runsUpTo(ctx context.Context, most int, text string, args ...any) (runs []engine.Run, err error) {
	const few = 64
	err = l.reading(ctx, func(c *sqlite.Conn) error {
		return query(c, text, args, func(s *sqlite.Stmt) error {
			u, err := l.run(c, s)
			if len(runs) == few && most > few {
				runs = slices.Grow(runs, most-few)
			}
			runs = append(runs, u)
			return err
		})
	})
	return runs, err
}

// leading gives the distinct values of an index's first column that have due rows, by leaping from one to the next: the cost
// is one seek for each, however many rows there are.
const leading = `WITH RECURSIVE lead (v) AS (
	SELECT min(%[2]s) FROM %[1]s WHERE state = 1
	UNION ALL SELECT (SELECT min(%[2]s) FROM %[1]s WHERE state = 1 AND %[2]s > v) FROM lead WHERE v IS NOT NULL)
SELECT v, (SELECT min(due) FROM %[1]s WHERE state = 1 AND %[2]s = v AND due > ?1) FROM lead
WHERE v IS NOT NULL AND (?2 = 0 OR EXISTS (SELECT 1 FROM %[1]s WHERE state = 1 AND %[2]s = v AND due <= ?1))`

// DueStores implements [engine.Reader].
func (l *ledger) DueStores(ctx context.Context, until time.Time) (stores []engine.Store, err error) {
	err = l.reading(ctx, func(c *sqlite.Conn) error {
		return query(c, fmt.Sprintf(leading, "events", "place"), []any{micros(until), 1}, func(s *sqlite.Stmt) error {
			at, ok := lookup(l.names, l.names.place, s.ColumnInt64(0))
			if err := l.names.reload(c, ok); err != nil {
				return err
			} else if !ok {
				at, _ = lookup(l.names, l.names.place, s.ColumnInt64(0))
			}
			stores = append(stores, engine.Store{Source: at.source, Store: at.store})
			return nil
		})
	})
	return stores, err
}

// DueOutlets implements [engine.Reader].
func (l *ledger) DueOutlets(ctx context.Context, until time.Time) (outlets []string, err error) {
	err = l.reading(ctx, func(c *sqlite.Conn) error {
		return query(c, fmt.Sprintf(leading, "runs", "outlet"), []any{micros(until), 1}, func(s *sqlite.Stmt) error {
			name, ok := lookup(l.names, l.names.outlets.name, s.ColumnInt64(0))
			if err := l.names.reload(c, ok); err != nil {
				return err
			} else if !ok {
				name, _ = lookup(l.names, l.names.outlets.name, s.ColumnInt64(0))
			}
			outlets = append(outlets, name)
			return nil
		})
	})
	return outlets, err
}

// DueEvents implements [engine.Reader].
func (l *ledger) DueEvents(ctx context.Context, at engine.Store, until time.Time, limit int) ([]engine.Record, error) {
	id, ok := l.names.placeID(place{at.Source, at.Store})
	if !ok {
		return nil, nil
	}
	return l.events(ctx, true, "SELECT "+eventWhole+" FROM events WHERE state = 1 AND place = ? AND due <= ? ORDER BY due, seq LIMIT ?", id, micros(until), limit)
}

// DueRuns implements [engine.Reader].
func (l *ledger) DueRuns(ctx context.Context, outlet string, until time.Time, limit int) ([]engine.Run, error) {
	id, ok := lookup(l.names, l.names.outlets.id, outlet)
	if !ok {
		return nil, nil
	}
	return l.runsUpTo(ctx, limit, "SELECT "+runLine+runFrom+"WHERE r.state = 1 AND r.outlet = ? AND r.due <= ? ORDER BY r.due, r.id LIMIT ?", id, micros(until), limit)
}

// StartedRuns implements [engine.Reader]. The second condition opens the partial index.
func (l *ledger) StartedRuns(ctx context.Context) ([]engine.Run, error) {
	return l.runs(ctx, "SELECT "+runLine+runFrom+"WHERE r.state = 2 AND r.state <> 3 ORDER BY r.id")
}

// NextDue implements [engine.Reader].
func (l *ledger) NextDue(ctx context.Context, after time.Time) (events, runs time.Time, err error) {
	err = l.reading(ctx, func(c *sqlite.Conn) error {
		if events, err = nextDue(c, "events", "place", after); err != nil {
			return err
		}
		runs, err = nextDue(c, "runs", "outlet", after)
		return err
	})
	return events, runs, err
}

func nextDue(c *sqlite.Conn, table, column string, after time.Time) (next time.Time, err error) {
	err = query(c, fmt.Sprintf(leading, table, column), []any{micros(after), 0}, func(s *sqlite.Stmt) error {
		if t := instant(s.ColumnInt64(1)); !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
		return nil
	})
	return next, err
}

// Event implements [engine.Reader].
func (l *ledger) Event(ctx context.Context, seq int64) (engine.Record, error) {
	return one(l.events(ctx, true, "SELECT "+eventWhole+" FROM events WHERE seq = ?", seq))
}

// Run implements [engine.Reader].
func (l *ledger) Run(ctx context.Context, id int64) (engine.Run, error) {
	return one(l.runs(ctx, "SELECT "+runLine+runFrom+"WHERE r.id = ?", id))
}

func one[T any](found []T, err error) (T, error) {
	var none T
	switch {
	case err != nil:
		return none, err
	case len(found) == 0:
		return none, engine.ErrNone
	}
	return found[0], nil
}

// Snapshot implements [engine.Reader].
func (l *ledger) Snapshot(ctx context.Context, source, store, subject string) (json.RawMessage, int64, error) {
	r, err := one(l.events(ctx, true, "SELECT "+prefixed(eventWhole)+` FROM snapshots s JOIN places p ON p.id = s.place JOIN events e ON e.seq = s.seq
		WHERE p.source = ? AND p.store = ? AND s.subject = ?`, source, store, subject))
	if err == engine.ErrNone {
		return nil, 0, nil
	}
	return r.Entity, r.Seq, err
}

func prefixed(columns string) string { return "e." + strings.ReplaceAll(columns, ", ", ", e.") }

// Revision implements [engine.Reader].
func (l *ledger) Revision(ctx context.Context, hash string) (engine.Revision, error) {
	var found []engine.Revision
	err := l.reading(ctx, func(c *sqlite.Conn) error {
		return query(c, "SELECT hash, directory, name, text FROM revisions WHERE hash = ?", []any{hash}, func(s *sqlite.Stmt) error {
			found = append(found, engine.Revision{Hash: s.ColumnText(0), Directory: s.ColumnText(1), Name: s.ColumnText(2), Text: s.ColumnText(3)})
			return nil
		})
	})
	return one(found, err)
}
