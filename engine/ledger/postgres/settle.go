package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"shopbell/engine/ledger/upkeep"
)

var _ upkeep.Repairer = (*ledger)(nil)

// Finish implements [upkeep.Mover].
func (m *mover) Finish(ctx context.Context) error {
	return m.change(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, whole); err != nil {
			return err
		}
		if _, err := handOut(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DROP TABLE shopbell.moving"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "UPDATE shopbell.layout SET version = $1", layout); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "ANALYZE shopbell.events, shopbell.runs, shopbell.snapshots, shopbell.counts, shopbell.river_job")
		return err
	})
}

// Repair implements [upkeep.Repairer]. Writers wait for it, a few seconds at most; nodes are told of what they may fetch.
func (l *ledger) Repair(ctx context.Context) (mended int64, err error) {
	if l.readOnly {
		return 0, errNotOpen
	}
	err = pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, whole); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "LOCK TABLE shopbell.events, shopbell.runs IN SHARE ROW EXCLUSIVE MODE"); err != nil {
			return err
		}
		if mended, err = handOut(ctx, tx); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "SELECT pg_notify('shopbell.river_insert', json_build_object('queue', q.queue)::text) FROM (SELECT DISTINCT queue FROM shopbell.river_job WHERE state = 'available') AS q")
		return err
	})
	return mended, l.explain(err)
}

// handOut makes what rows of events and runs imply, wherever it is missing: the first run of each lane, a job for whatever
// comes next, and numbers for new rows that are after all that there are. It gives how many jobs it made.
func handOut(ctx context.Context, tx pgx.Tx) (made int64, err error) {
	for _, step := range []struct {
		sql  string
		jobs bool
	}{
		{headOfLane, false},
		{"UPDATE shopbell.runs SET lane = 0 WHERE state = 2 AND lane = 2", false},
		{startedJobs, true},
		{runJobs, true},
		{eventJobs, true},
		{"SELECT setval('shopbell.events_seq_seq', greatest((SELECT max(seq) FROM shopbell.events), (SELECT last_value FROM shopbell.events_seq_seq))) WHERE EXISTS (SELECT 1 FROM shopbell.events)", false},
		{"SELECT setval('shopbell.runs_id_seq', greatest((SELECT max(id) FROM shopbell.runs), (SELECT last_value FROM shopbell.runs_id_seq))) WHERE EXISTS (SELECT 1 FROM shopbell.runs)", false},
	} {
		tag, err := tx.Exec(ctx, step.sql)
		if err != nil {
			return made, err
		}
		if step.jobs {
			made += tag.RowsAffected()
		}
	}
	return made, nil
}

// headOfLane lets the first waiting run of a subject go ahead where nobody is ahead: one whose try was begun already, else
// the earliest.
const headOfLane = `UPDATE shopbell.runs r SET lane = 1 FROM (
		SELECT DISTINCT ON (w.place, w.subject) w.id FROM shopbell.runs w WHERE w.state IN (1, 2) AND w.lane = 2
			AND NOT EXISTS (SELECT 1 FROM shopbell.runs h WHERE h.place = w.place AND h.subject = w.subject AND h.state IN (1, 2) AND h.lane = 1)
		ORDER BY w.place, w.subject, w.state DESC, w.id) AS first
	WHERE r.id = first.id`

// insertJob and jobState are the columns of a job that is for something due, and when it is.
const insertJob = `INSERT INTO shopbell.river_job (kind, args, queue, max_attempts, state, scheduled_at, attempt) `

const jobState = `CASE WHEN due > clock_timestamp() THEN 'scheduled' ELSE 'available' END::shopbell.river_job_state, greatest(due, clock_timestamp())`

// startedJobs is for runs whose try was begun by a program that is gone. Such a job has had an attempt: whoever fetches it sees
// that it was cut off.
const startedJobs = insertJob + `SELECT 'run', jsonb_build_object('run', r.id), 'outlet-' || n.name, 1000, ` + jobState + `, 1
	FROM shopbell.runs r JOIN shopbell.names n ON n.id = r.outlet WHERE r.state = 2
		AND NOT EXISTS (SELECT 1 FROM shopbell.river_job j WHERE j.kind = 'run' AND ` + live + ` AND (j.args->>'run')::bigint = r.id)
	ORDER BY r.id`

const runJobs = insertJob + `SELECT 'run', jsonb_build_object('run', r.id), 'outlet-' || n.name, 1000, ` + jobState + `, 0
	FROM shopbell.runs r JOIN shopbell.names n ON n.id = r.outlet WHERE r.state = 1 AND r.lane <> 2
		AND NOT EXISTS (SELECT 1 FROM shopbell.river_job j WHERE j.kind = 'run' AND ` + live + ` AND (j.args->>'run')::bigint = r.id)
	ORDER BY r.id`

const eventJobs = `WITH served AS MATERIALIZED (SELECT e.seq, e.place, e.subject FROM shopbell.river_job j JOIN shopbell.events e ON e.seq = (j.args->>'seq')::bigint
		WHERE j.kind = 'event' AND ` + live + ` AND e.state = 1)
	` + insertJob + `SELECT 'event', jsonb_build_object('seq', first.seq), 'events', 1000, ` + jobState + `, 0 FROM (
		SELECT DISTINCT ON (e.place, e.subject, CASE WHEN e.subject = '' THEN e.seq END) e.seq, e.due FROM shopbell.events e WHERE e.state = 1
			AND NOT EXISTS (SELECT 1 FROM served s WHERE s.place = e.place AND s.subject = e.subject AND (e.subject <> '' OR s.seq = e.seq))
		ORDER BY e.place, e.subject, CASE WHEN e.subject = '' THEN e.seq END, e.seq) AS first ORDER BY first.seq`
