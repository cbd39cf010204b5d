package postgres

import (
	"context"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
	"shopbell/engine/ledger/upkeep"
)

func (m *making) putMemos(r *round) {
	for _, p := range m.puts {
		at := m.placeID(p.Memo.Source, p.Memo.Store)
		if p.Memo.Value == nil {
			r.ask("DELETE FROM shopbell.memos WHERE place = $1 AND name = $2", nil, at, clean(p.Memo.Name))
			continue
		}
		if !p.Of.IsZero() {
			p.Stale = true
			r.ask("UPDATE shopbell.memos SET value = $3, updated = clock_timestamp() WHERE place = $1 AND name = $2 AND updated = $4 RETURNING id",
				func(pgx.Rows) error { p.Stale = false; return nil }, at, clean(p.Memo.Name), p.Memo.Value, p.Of)
			continue
		}
		r.ask(`INSERT INTO shopbell.memos (place, name, value, updated) VALUES ($1, $2, $3, clock_timestamp())
			ON CONFLICT (place, name) DO UPDATE SET value = excluded.value, updated = excluded.updated`, nil, at, clean(p.Memo.Name), p.Memo.Value)
	}
}

const memoLine = "SELECT p.source, p.store, m.name, m.value, m.updated, m.id FROM shopbell.memos m JOIN shopbell.places p ON p.id = m.place"

func memo(rows pgx.Rows) (m engine.Memo, id int64, err error) {
	err = rows.Scan(&m.Source, &m.Store, &m.Name, &m.Value, &m.Updated, &id)
	m.Updated = m.Updated.UTC()
	return m, id, err
}

// Memo implements [engine.Reader].
func (l *ledger) Memo(ctx context.Context, source, store, name string) (engine.Memo, error) {
	return one(l.memos(ctx, true, " WHERE p.source = $1 AND p.store = $2 AND m.name = $3", clean(source), clean(store), clean(name)))
}

// Memos implements [engine.Reader].
func (l *ledger) Memos(ctx context.Context, name string, since time.Time, whole bool) ([]engine.Memo, error) {
	matches := "m.name = $1"
	if strings.HasSuffix(name, "/") {
		matches = "starts_with(m.name, $1)"
	}
	return l.memos(ctx, whole, " WHERE "+matches+" AND m.updated >= coalesce($2, '-infinity'::timestamptz) ORDER BY m.updated, m.id", clean(name), moment(since))
}

func (l *ledger) memos(ctx context.Context, whole bool, where string, args ...any) (found []engine.Memo, err error) {
	line := memoLine
	if !whole {
		line = strings.Replace(line, "m.value", "NULL::bytea", 1)
	}
	err = each(ctx, l.pool, line+where, func(rows pgx.Rows) error {
		m, _, err := memo(rows)
		found = append(found, m)
		return err
	}, args...)
	return found, l.explain(err)
}

func (m *mover) exportMemos(ctx context.Context, out *upkeep.Stretch, after int64, limit int) error {
	last := after
	err := each(ctx, m.q(), memoLine+" WHERE m.id > $1 ORDER BY m.id LIMIT $2", func(rows pgx.Rows) error {
		found, id, err := memo(rows)
		out.Memos, last = append(out.Memos, found), id
		return err
	}, after, limit)
	out.Goes(upkeep.Memos, last, len(out.Memos) == limit)
	return err
}

func (m *mover) importMemos(ctx context.Context, tx pgx.Tx, s upkeep.Stretch) error {
	for _, found := range s.Memos {
		_, err := tx.Exec(ctx, `INSERT INTO shopbell.memos (place, name, value, updated) VALUES ($1, $2, $3, $4)
			ON CONFLICT (place, name) DO UPDATE SET value = excluded.value, updated = excluded.updated`,
			m.placeID(found.Source, found.Store), found.Name, found.Value, found.Updated)
		if err != nil {
			return err
		}
	}
	return nil
}

// rewriteEvents replaces what events and runs hold for people. The claim is kept apart from then on: it may not stand in the
// body any more.
func (m *making) rewriteEvents(r *round) {
	for _, w := range m.rewrites {
		e := w.Record
		r.ask("UPDATE shopbell.events SET body = $2, data = $3, data_at = -1, data_len = 0, entity = $4, note = $5 WHERE seq = $1", nil,
			e.Seq, []byte(e.Body), []byte(e.Data), m.pack.Pack(e.Entity), clean(e.Note))
		for _, u := range w.Runs {
			steps, err := form.EncodeSteps(u.Steps)
			if err != nil {
				m.err = err
				return
			}
			r.ask("UPDATE shopbell.runs SET steps = $2 WHERE id = $1", nil, u.ID, clean(string(steps)))
		}
	}
}
