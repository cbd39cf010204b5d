package sqlite

import (
	"bytes"
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
	"shopbell/engine/ledger/upkeep"
)

// errEnough ends a walk that has seen enough.
var errEnough = errors.New("enough")

// Export implements [upkeep.Mover].
func (m *mover) Export(_ context.Context, after upkeep.Cursor, limit int) (upkeep.Stretch, error) {
	var s upkeep.Stretch
	var err error
	switch after.Kind {
	case upkeep.Revisions:
		err = m.exportRevisions(&s, after.After, limit)
	case upkeep.Counts:
		err = m.exportCounts(&s, after.After)
	case upkeep.Memos:
		err = m.exportMemos(&s, after.After, limit)
	case upkeep.Claims:
		err = m.exportClaims(&s, after.After, limit)
	case upkeep.Events:
		err = m.exportEvents(&s, after.After, limit)
	case upkeep.Runs:
		err = m.exportRuns(&s, after.After, limit)
	}
	if err != nil {
		return s, explain(m.path, err)
	}
	return s, nil
}

func (m *mover) exportRevisions(out *upkeep.Stretch, after int64, limit int) error {
	last := after
	err := query(m.write, "SELECT id, hash, directory, name, text FROM revisions WHERE id > ? ORDER BY id LIMIT ?", []any{after, limit}, func(s *sqlite.Stmt) error {
		last = s.ColumnInt64(0)
		out.Revisions = append(out.Revisions, engine.Revision{Hash: s.ColumnText(1), Directory: s.ColumnText(2), Name: s.ColumnText(3), Text: s.ColumnText(4)})
		return nil
	})
	out.Goes(upkeep.Revisions, last, len(out.Revisions) == limit)
	return err
}

// exportCounts gives the counts of the next day that has some.
func (m *mover) exportCounts(out *upkeep.Stretch, after int64) error {
	last := after
	err := query(m.write, `SELECT c.day, p.source, p.store, c.what, c.n FROM counts c JOIN places p ON p.id = c.place
		WHERE c.day = (SELECT min(day) FROM counts WHERE day > ?) ORDER BY 2, 3, 4`, []any{after}, func(s *sqlite.Stmt) error {
		last = s.ColumnInt64(0)
		out.Counts = append(out.Counts, engine.Count{Day: time.Unix(last*86400, 0).UTC(), Source: s.ColumnText(1), Store: s.ColumnText(2),
			What: s.ColumnText(3), N: s.ColumnInt64(4)})
		return nil
	})
	out.Goes(upkeep.Counts, last, last > after)
	return err
}

func (m *mover) exportEvents(out *upkeep.Stretch, after int64, limit int) error {
	size, last := 0, after
	err := query(m.write, "SELECT "+prefixed(eventWhole)+`, s.seq FROM events e LEFT JOIN snapshots s ON s.place = e.place AND s.subject = e.subject AND s.seq = e.seq
		WHERE e.seq > ? ORDER BY e.seq LIMIT ?`, []any{after, limit}, func(s *sqlite.Stmt) error {
		r, err := m.event(m.write, s, true)
		if err != nil {
			return err
		}
		e := upkeep.Event{Record: r, Snapshot: !s.ColumnIsNull(20)}
		out.Events = append(out.Events, e)
		last, size = r.Seq, size+e.Size()
		if size > upkeep.StretchSize {
			return errEnough
		}
		return nil
	})
	out.Goes(upkeep.Events, last, len(out.Events) == limit || errors.Is(err, errEnough))
	return enough(err)
}

func (m *mover) exportRuns(out *upkeep.Stretch, after int64, limit int) error {
	last := after
	err := query(m.write, "SELECT "+runLine+runFrom+"WHERE r.id > ? ORDER BY r.id LIMIT ?", []any{after, limit}, func(s *sqlite.Stmt) error {
		u, err := m.run(m.write, s)
		out.Runs, last = append(out.Runs, u), u.ID
		return err
	})
	out.Goes(upkeep.Runs, last, len(out.Runs) == limit)
	return err
}

func enough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// Import implements [upkeep.Mover].
func (m *mover) Import(_ context.Context, s upkeep.Stretch) error {
	return m.transact(func() error {
		for i := range s.Revisions {
			if _, err := m.names.needRevision(m.write, &s.Revisions[i]); err != nil {
				return err
			}
		}
		for _, c := range s.Counts {
			if err := m.importCount(c); err != nil {
				return err
			}
		}
		for _, memo := range s.Memos {
			if err := m.put(&engine.Put{Memo: memo}); err != nil {
				return err
			}
		}
		if err := m.importClaims(s.Claims); err != nil {
			return err
		}
		for i := range s.Events {
			if err := m.importEvent(&s.Events[i]); err != nil {
				return err
			}
		}
		for i := range s.Runs {
			if err := m.importRun(&s.Runs[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

func (m *mover) importCount(c engine.Count) error {
	at, err := m.names.needPlace(m.write, place{c.Source, c.Store})
	if err != nil {
		return err
	}
	f, err := m.prepare("INSERT INTO counts (day, place, what, n) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = excluded.n")
	if err != nil {
		return err
	}
	return f.int(midnight(c.Day)).int(at).text(c.What).int(c.N).run()
}

func (m *mover) importEvent(e *upkeep.Event) error {
	at, err := m.names.needPlace(m.write, place{e.Source, e.Store})
	if err != nil {
		return err
	}
	typ, err := m.names.needType(m.write, e.Type)
	if err != nil {
		return err
	}
	f, err := m.prepare(`INSERT INTO events (seq, place, type, state, id, subject, created, received, due, tries, gone, replay, prev, data_at, data_len, note, marks, body, data, entity)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	from, data := claimAt(e)
	f.int(e.Seq).int(at).int(typ).int(form.Code(form.EventStates(), e.State)).text(e.ID).text(e.Subject).time(e.Created).time(e.Received)
	f.dueWhen(!e.Due.IsZero(), e.Due).int(int64(e.Tries)).int(bit(e.Gone)).int(int64(e.Replay)).int(e.Prev).int(int64(from)).int(int64(len(e.Data)))
	if err := f.text(e.Note).int(form.Marks(&e.Record.Event)).blob(e.Body).blob(data).blob(m.pack.Pack(e.Entity)).run(); err != nil || !e.Snapshot {
		return err
	}
	if f, err = m.prepare("INSERT INTO snapshots (place, subject, seq) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq"); err != nil {
		return err
	}
	return f.int(at).text(e.Subject).int(e.Seq).run()
}

// claimAt says where the claim stands in the body, -1 when it has to be kept apart.
func claimAt(e *upkeep.Event) (at int, apart []byte) {
	if len(e.Data) > 0 {
		if at = bytes.Index(e.Body, e.Data); at >= 0 {
			return at, nil
		}
	}
	return -1, e.Data
}

func (m *mover) importRun(u *engine.Run) error {
	at, err := m.names.needPlace(m.write, place{u.Source, u.Store})
	if err != nil {
		return err
	}
	rule, err := m.names.needRule(m.write, u.Rule)
	if err != nil {
		return err
	}
	outlet, err := m.names.needOutlet(m.write, u.Outlet)
	if err != nil {
		return err
	}
	revision, _ := lookup(m.names, m.names.revisions, u.Revision)
	steps, err := form.EncodeSteps(u.Steps)
	if err != nil {
		return err
	}
	f, err := m.prepare(`INSERT INTO runs (id, event, place, rule, revision, item, replay, state, outlet, step, tries, due, created, updated, steps)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
	if err != nil {
		return err
	}
	f.int(u.ID).int(u.Event).int(at).int(rule).int(revision).int(int64(u.Item)).int(int64(u.Replay)).int(form.Code(form.RunStates(), u.State)).int(outlet)
	f.int(int64(u.Step)).int(int64(u.Tries)).dueWhen(!u.Due.IsZero(), u.Due).time(u.Created).time(u.Updated)
	return f.blob(steps).run()
}
