package postgres

import (
	"bytes"
	"context"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
	"shopbell/engine/ledger/upkeep"
)

// Import implements [upkeep.Mover]. What follows from the rows, jobs and lanes, is made at the end.
func (m *mover) Import(ctx context.Context, s upkeep.Stretch) error {
	if err := m.needAll(ctx, s); err != nil {
		return m.explain(err)
	}
	return m.change(ctx, func(tx pgx.Tx) error {
		for _, part := range []func(context.Context, pgx.Tx, upkeep.Stretch) error{m.importCounts, m.importMemos, m.importClaims, m.importEvents, m.importRuns} {
			if err := part(ctx, tx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

// needAll gives the names of a stretch their numbers.
func (m *mover) needAll(ctx context.Context, s upkeep.Stretch) error {
	for i := range s.Revisions {
		if err := m.needRevision(ctx, &s.Revisions[i]); err != nil {
			return err
		}
	}
	for _, c := range s.Counts {
		if err := m.needPlace(ctx, place{c.Source, c.Store}); err != nil {
			return err
		}
	}
	for _, memo := range s.Memos {
		if err := m.needPlace(ctx, place{memo.Source, memo.Store}); err != nil {
			return err
		}
	}
	for i := range s.Events {
		if err := m.needEvent(ctx, &s.Events[i].Record, nil); err != nil {
			return err
		}
	}
	for _, u := range s.Runs {
		if err := m.needPlace(ctx, place{u.Source, u.Store}); err != nil {
			return err
		}
		for _, name := range []string{u.Rule, u.Outlet} {
			if err := m.needName(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *mover) importCounts(ctx context.Context, tx pgx.Tx, s upkeep.Stretch) error {
	var day, place []int32
	var what []string
	var n []int64
	for _, c := range s.Counts {
		day, place, what, n = append(day, midnight(c.Day)), append(place, m.placeID(c.Source, c.Store)), append(what, c.What), append(n, c.N)
	}
	if len(day) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO shopbell.counts (day, place, what, shard, n) SELECT day, place, what, 0, n FROM unnest($1::int[], $2::int[], $3::text[], $4::bigint[]) AS k(day, place, what, n)
		ON CONFLICT (day, place, what, shard) DO UPDATE SET n = excluded.n`, day, place, what, n)
	return err
}

func (m *mover) importEvents(ctx context.Context, tx pgx.Tx, s upkeep.Stretch) error {
	if len(s.Events) == 0 {
		return nil
	}
	var c eventColumns
	var seq, prev []int64
	var gone, snapshot []bool
	var replay []int32
	for i := range s.Events {
		e := &s.Events[i]
		m.addMoved(&c, e)
		seq, prev, replay = append(seq, e.Seq), append(prev, e.Prev), append(replay, int32(e.Replay))
		gone, snapshot = append(gone, e.Gone), append(snapshot, e.Snapshot)
	}
	_, err := tx.Exec(ctx, `INSERT INTO shopbell.events (place, type, state, id, subject, created, received, due, tries, data_at, data_len, note, body, data, entity, seq, prev, replay, gone, marks)
		SELECT * FROM unnest($1::int[], $2::int[], $3::smallint[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::int[],
			$10::int[], $11::int[], $12::text[], $13::bytea[], $14::bytea[], $15::bytea[], $16::bigint[], $17::bigint[], $18::int[], $19::boolean[], $20::smallint[])
		ON CONFLICT DO NOTHING`,
		c.place, c.typ, c.state, c.id, c.subject, c.created, c.received, c.due, c.tries, c.dataAt, c.dataLen, c.note, c.body, c.data, c.entity, seq, prev, replay, gone, c.marks)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO shopbell.snapshots (place, subject, seq) SELECT place, subject, seq FROM unnest($1::int[], $2::text[], $3::bigint[], $4::boolean[]) AS k(place, subject, seq, is_it)
		WHERE is_it ON CONFLICT (place, subject) DO UPDATE SET seq = excluded.seq`, c.place, c.subject, seq, snapshot)
	return err
}

func (m *mover) addMoved(c *eventColumns, e *upkeep.Event) {
	at, data := -1, []byte(e.Data)
	if len(e.Data) > 0 {
		if at = bytes.Index(e.Body, e.Data); at >= 0 {
			data = nil
		}
	}
	c.place, c.typ = append(c.place, m.placeID(e.Source, e.Store)), append(c.typ, m.nameID(e.Type))
	c.state, c.marks = append(c.state, int16(form.Code(form.EventStates(), e.State))), append(c.marks, int16(form.Marks(&e.Record.Event)))
	c.id, c.subject, c.note = append(c.id, clean(e.ID)), append(c.subject, clean(e.Subject)), append(c.note, clean(e.Note))
	c.created, c.received, c.due = append(c.created, moment(e.Created)), append(c.received, moment(e.Received)), append(c.due, moment(e.Due))
	c.tries, c.dataAt, c.dataLen = append(c.tries, int32(e.Tries)), append(c.dataAt, int32(at)), append(c.dataLen, int32(len(e.Data)))
	c.body, c.data, c.entity = append(c.body, e.Body), append(c.data, data), append(c.entity, m.pack.Pack(e.Entity))
}

func (m *mover) importRuns(ctx context.Context, tx pgx.Tx, s upkeep.Stretch) error {
	if len(s.Runs) == 0 {
		return nil
	}
	var c runColumns
	var id []int64
	for i := range s.Runs {
		u := &s.Runs[i]
		if err := m.addMovedRun(&c, u); err != nil {
			return err
		}
		id = append(id, u.ID)
	}
	_, err := tx.Exec(ctx, `INSERT INTO shopbell.runs (event, place, rule, revision, outlet, item, replay, step, tries, state, lane, due, created, updated, subject, steps, id)
		SELECT * FROM unnest($1::bigint[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::smallint[], $11::smallint[],
			$12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::text[], $16::text[], $17::bigint[])
		ON CONFLICT DO NOTHING`,
		c.event, c.place, c.rule, c.revision, c.outlet, c.item, c.replay, c.step, c.tries_, c.state, c.lane, c.due, c.created, c.updated, c.subject, c.steps, id)
	return err
}

func (m *mover) addMovedRun(c *runColumns, u *engine.Run) error {
	steps, err := form.EncodeSteps(u.Steps)
	if err != nil {
		return err
	}
	revision, _ := lookup(m.names, m.names.revisions, u.Revision)
	c.event, c.place, c.rule = append(c.event, u.Event), append(c.place, m.placeID(u.Source, u.Store)), append(c.rule, m.nameID(u.Rule))
	c.revision, c.outlet = append(c.revision, revision), append(c.outlet, m.nameID(u.Outlet))
	c.item, c.replay, c.step, c.tries_ = append(c.item, int32(u.Item)), append(c.replay, int32(u.Replay)), append(c.step, int32(u.Step)), append(c.tries_, int32(u.Tries))
	c.state, c.lane = append(c.state, int16(form.Code(form.RunStates(), u.State))), append(c.lane, laneOf(u))
	c.due, c.created, c.updated = append(c.due, moment(u.Due)), append(c.created, moment(u.Created)), append(c.updated, moment(u.Updated))
	c.subject, c.steps = append(c.subject, clean(u.Subject)), append(c.steps, string(steps))
	return nil
}

// laneOf says whether an open run waits for the earlier ones of its subject: it does until it has had its first try. Which of
// those that wait is the first is found at the end.
func laneOf(u *engine.Run) int16 {
	open := u.State == engine.RunDue || u.State == engine.RunStarted
	if !open || u.Subject == "" {
		return laneNone
	}
	for _, s := range u.Steps {
		if len(s.Tries) > 1 || len(s.Tries) == 1 && s.Outcome != "ok" && s.Outcome != "skip" {
			return laneNone
		}
	}
	if u.State == engine.RunDue && u.Tries > 0 {
		return laneNone
	}
	return laneWait
}
