package sqlite

import (
	"context"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
	"shopbell/engine/ledger/upkeep"
)

func (l *ledger) put(p *engine.Put) error {
	m := &p.Memo
	at, err := l.names.needPlace(l.write, place{m.Source, m.Store})
	if err != nil {
		return err
	}
	if m.Value == nil {
		f, err := l.prepare("DELETE FROM memos WHERE place = ? AND name = ?")
		if err != nil {
			return err
		}
		return f.int(at).text(m.Name).run()
	}
	f, err := l.prepare(`INSERT INTO memos (place, name, value, updated) VALUES (?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET value = excluded.value, updated = excluded.updated`)
	if err != nil {
		return err
	}
	if m.Updated.IsZero() { // else it is one that moves house
		m.Updated = time.Now()
	}
	if !p.Of.IsZero() {
		if f, err = l.prepare("UPDATE memos SET value = ?, updated = ? WHERE place = ? AND name = ? AND updated = ?"); err != nil {
			return err
		}
		err = f.blob(m.Value).time(m.Updated).int(at).text(m.Name).time(p.Of).run()
		p.Stale = l.write.Changes() == 0
		return err
	}
	return f.int(at).text(m.Name).blob(m.Value).time(m.Updated).run()
}

// Memo implements [engine.Reader].
func (l *ledger) Memo(ctx context.Context, source, store, name string) (engine.Memo, error) {
	return one(l.memos(ctx, true, " WHERE p.source = ? AND p.store = ? AND m.name = ?", source, store, name))
}

// Memos implements [engine.Reader].
func (l *ledger) Memos(ctx context.Context, name string, since time.Time, whole bool) ([]engine.Memo, error) {
	last := name
	if strings.HasSuffix(name, "/") {
		last += "\U0010ffff"
	}
	return l.memos(ctx, whole, " WHERE m.name BETWEEN ? AND ? AND m.updated >= ? ORDER BY m.updated, m.id", name, last, micros(since))
}

const memoLine = "SELECT p.source, p.store, m.name, m.value, m.updated, m.id FROM memos m JOIN places p ON p.id = m.place"

func memo(s *sqlite.Stmt) engine.Memo {
	return engine.Memo{Source: s.ColumnText(0), Store: s.ColumnText(1), Name: s.ColumnText(2), Value: blob(s, 3), Updated: instant(s.ColumnInt64(4))}
}

func (l *ledger) memos(ctx context.Context, whole bool, where string, args ...any) (found []engine.Memo, err error) {
	err = l.reading(ctx, func(c *sqlite.Conn) error {
		line := memoLine
		if !whole {
			line = strings.Replace(line, "m.value", "NULL", 1)
		}
		return query(c, line+where, args, func(s *sqlite.Stmt) error {
			found = append(found, memo(s))
			return nil
		})
	})
	return found, err
}

func (m *mover) exportMemos(out *upkeep.Stretch, after int64, limit int) error {
	last := after
	err := query(m.write, memoLine+" WHERE m.id > ? ORDER BY m.id LIMIT ?", []any{after, limit}, func(s *sqlite.Stmt) error {
		out.Memos, last = append(out.Memos, memo(s)), s.ColumnInt64(5)
		return nil
	})
	out.Goes(upkeep.Memos, last, len(out.Memos) == limit)
	return err
}

// rewrite replaces what an event and its runs hold for people. The claim is kept apart from then on: it may not stand in the body
// any more.
func (l *ledger) rewrite(w *engine.Rewrite) error {
	if err := l.exec("PRAGMA secure_delete=ON"); err != nil { // what was there must not stay in the file's free pages
		return err
	}
	r := w.Record
	f, err := l.prepare("UPDATE events SET body = ?, data = ?, data_at = -1, data_len = 0, entity = ?, note = ? WHERE seq = ?")
	if err != nil {
		return err
	}
	if err := f.blob(r.Body).blob(r.Data).blob(l.pack.Pack(r.Entity)).text(r.Note).int(r.Seq).run(); err != nil {
		return err
	}
	for _, u := range w.Runs {
		steps, err := form.EncodeSteps(u.Steps)
		if err != nil {
			return err
		}
		if f, err = l.prepare("UPDATE runs SET steps = ? WHERE id = ?"); err != nil {
			return err
		}
		if err := f.blob(steps).int(u.ID).run(); err != nil {
			return err
		}
	}
	return nil
}
