package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
	"shopbell/engine/ledger/upkeep"
)

// Export implements [upkeep.Mover].
func (m *mover) Export(ctx context.Context, after upkeep.Cursor, limit int) (upkeep.Stretch, error) {
	var s upkeep.Stretch
	var err error
	switch after.Kind {
	case upkeep.Revisions:
		err = m.exportRevisions(ctx, &s, after.After, limit)
	case upkeep.Counts:
		err = m.exportCounts(ctx, &s, after.After)
	case upkeep.Events:
		err = m.exportEvents(ctx, &s, after.After, limit)
	case upkeep.Memos:
		err = m.exportMemos(ctx, &s, after.After, limit)
	case upkeep.Claims:
		err = m.exportClaims(ctx, &s, after.After, limit)
	case upkeep.Runs:
		err = m.exportRuns(ctx, &s, after.After, limit)
	}
	return s, m.explain(err)
}

func (m *mover) exportRevisions(ctx context.Context, out *upkeep.Stretch, after int64, limit int) error {
	last := after
	err := each(ctx, m.q(), "SELECT id, hash, directory, name, text FROM shopbell.revisions WHERE id > $1 ORDER BY id LIMIT $2", func(rows pgx.Rows) error {
		var r engine.Revision
		err := rows.Scan(&last, &r.Hash, &r.Directory, &r.Name, &r.Text)
		out.Revisions = append(out.Revisions, r)
		return err
	}, after, limit)
	out.Goes(upkeep.Revisions, last, len(out.Revisions) == limit)
	return err
}

// exportCounts gives the counts of the next day that has some, in the order of bytes as every ledger does.
func (m *mover) exportCounts(ctx context.Context, out *upkeep.Stretch, after int64) error {
	last := after
	err := each(ctx, m.q(), `SELECT c.day, p.source, p.store, c.what, sum(c.n)::bigint FROM shopbell.counts c JOIN shopbell.places p ON p.id = c.place
		WHERE c.day = (SELECT min(day) FROM shopbell.counts WHERE day > $1) GROUP BY 1, 2, 3, 4 ORDER BY p.source COLLATE "C", p.store COLLATE "C", c.what COLLATE "C"`, func(rows pgx.Rows) error {
		var c engine.Count
		err := rows.Scan(&last, &c.Source, &c.Store, &c.What, &c.N)
		c.Day = time.Unix(last*86400, 0).UTC()
		out.Counts = append(out.Counts, c)
		return err
	}, after)
	out.Goes(upkeep.Counts, last, last > after)
	return err
}

func (m *mover) exportEvents(ctx context.Context, out *upkeep.Stretch, after int64, limit int) error {
	rows, err := m.q().Query(ctx, "SELECT "+eventWhole+`, s.seq IS NOT NULL FROM shopbell.events e
		LEFT JOIN shopbell.snapshots s ON s.place = e.place AND s.subject = e.subject AND s.seq = e.seq WHERE e.seq > $1 ORDER BY e.seq LIMIT $2`, after, limit)
	if err != nil {
		return err
	}
	defer rows.Close()
	size, last := 0, after
	for rows.Next() && size <= upkeep.StretchSize {
		var e upkeep.Event
		if e.Record, err = m.event(withExtra{rows, &e.Snapshot}, true); err != nil {
			return err
		}
		out.Events = append(out.Events, e)
		last, size = e.Seq, size+e.Size()
	}
	out.Goes(upkeep.Events, last, len(out.Events) == limit || size > upkeep.StretchSize)
	return rows.Err()
}

// withExtra scans one column more than whoever reads the row asks for.
type withExtra struct {
	pgx.Rows
	extra any
}

// Scan implements [pgx.Rows].
func (w withExtra) Scan(into ...any) error { return w.Rows.Scan(append(into, w.extra)...) }

// exportRuns gives a run whose try was begun and not ended as started, which is how the engine knows it.
func (m *mover) exportRuns(ctx context.Context, out *upkeep.Stretch, after int64, limit int) error {
	last := after
	begun, err := m.begunRuns(ctx)
	if err != nil {
		return err
	}
	err = each(ctx, m.q(), "SELECT "+runLine+runFrom+"WHERE r.id > $1 ORDER BY r.id LIMIT $2", func(rows pgx.Rows) error {
		u, err := m.run(rows)
		if u.State == engine.RunDue && isIn(begun, u.ID) {
			u.State, u.Due = engine.RunStarted, time.Time{}
		}
		out.Runs, last = append(out.Runs, u), u.ID
		return err
	}, after, limit)
	out.Goes(upkeep.Runs, last, len(out.Runs) == limit)
	return err
}

func isIn(sorted []int64, id int64) bool {
	_, found := slices.BinarySearch(sorted, id)
	return found
}

// begunRuns gives the runs whose try was begun by a program that is gone, sorted.
func (m *mover) begunRuns(ctx context.Context) ([]int64, error) {
	if m.begun != nil {
		return m.begun, nil
	}
	begun := []int64{}
	err := each(ctx, m.q(), "SELECT (args->>'run')::bigint AS run FROM shopbell.river_job j WHERE kind = 'run' AND "+cutOff+" ORDER BY run", func(rows pgx.Rows) error {
		id, err := number(rows)
		begun = append(begun, id)
		return err
	})
	if m.tx != nil { // it sees one moment
		m.begun = begun
	}
	return begun, err
}
