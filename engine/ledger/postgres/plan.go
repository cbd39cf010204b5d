package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
)

// planEvents ends the pending state of events.
func (m *making) planEvents(r *round) {
	var seq, prev []int64
	var state, marks []int16
	var note []string
	var gone []bool
	var entity [][]byte
	var tries, replay []int32
	for _, p := range m.plans {
		if p.Stale = true; m.isLost(p.Record) {
			continue
		}
		e := p.Record
		m.planned[e.Seq] = p
		seq, prev = append(seq, e.Seq), append(prev, e.Prev)
		state, note = append(state, int16(form.Code(form.EventStates(), e.State))), append(note, clean(e.Note))
		gone, entity = append(gone, e.Gone), append(entity, m.pack.Pack(e.Entity))
		tries, replay = append(tries, int32(e.Tries)), append(replay, int32(e.Replay))
		marks = append(marks, int16(form.Marks(&e.Event)))
	}
	if len(seq) == 0 {
		return
	}
	r.ask(`UPDATE shopbell.events e SET state = k.state, note = k.note, due = NULL, gone = k.gone, prev = k.prev, tries = k.tries, marks = k.marks,
			entity = CASE WHEN k.gone THEN NULL ELSE coalesce(k.entity, e.entity) END
		FROM unnest($1::bigint[], $2::bigint[], $3::smallint[], $4::text[], $5::boolean[], $6::bytea[], $7::int[], $8::int[], $9::smallint[])
			AS k(seq, prev, state, note, gone, entity, tries, replay, marks)
		WHERE e.seq = ANY($1) AND e.seq = k.seq AND e.state = 1 AND e.replay = k.replay RETURNING e.seq`,
		func(rows pgx.Rows) error {
			n, err := number(rows)
			if err == nil {
				m.planned[n].Stale = false
			}
			return err
		}, seq, prev, state, note, gone, entity, tries, replay, marks)
}

func number(rows pgx.Rows) (n int64, err error) {
	err = rows.Scan(&n)
	return n, err
}

// deferEvents puts off pending events.
func (m *making) deferEvents(r *round) {
	var seq []int64
	var due []*time.Time
	var tries, replay []int32
	var note []string
	for _, d := range m.defers {
		if d.Stale = true; m.isLost(d.Record) {
			continue
		}
		e := d.Record
		m.deferred[e.Seq] = d
		seq, due, note = append(seq, e.Seq), append(due, moment(e.Due)), append(note, clean(e.Note))
		tries, replay = append(tries, int32(e.Tries)), append(replay, int32(e.Replay))
	}
	if len(seq) == 0 {
		return
	}
	r.ask(`UPDATE shopbell.events e SET due = k.due, tries = k.tries, note = k.note
		FROM unnest($1::bigint[], $2::timestamptz[], $3::int[], $4::int[], $5::text[]) AS k(seq, due, tries, replay, note)
		WHERE e.seq = ANY($1) AND e.seq = k.seq AND e.state = 1 AND e.tries = k.tries - 1 AND e.replay = k.replay RETURNING e.seq`,
		func(rows pgx.Rows) error {
			n, err := number(rows)
			if err == nil {
				m.deferred[n].Stale = false
			}
			return err
		}, seq, due, tries, replay, note)
}

// replayEvents makes settled events pending once more.
func (m *making) replayEvents(r *round) {
	var seq []int64
	var due []*time.Time
	for _, a := range m.agains {
		a.Stale = true
		m.again[a.Record.Seq] = a
		seq, due = append(seq, a.Record.Seq), append(due, moment(a.Record.Due))
	}
	if len(seq) == 0 {
		return
	}
	r.ask(`UPDATE shopbell.events e SET state = 1, due = k.due, tries = 0, note = '', replay = e.replay + 1
		FROM unnest($1::bigint[], $2::timestamptz[]) AS k(seq, due) WHERE e.seq = ANY($1) AND e.seq = k.seq AND e.state NOT IN (1, 5) RETURNING e.seq, e.replay`,
		func(rows pgx.Rows) error {
			var n int64
			var replay int
			if err := rows.Scan(&n, &replay); err != nil {
				return err
			}
			a := m.again[n]
			a.Stale = false
			a.Record.State, a.Record.Tries, a.Record.Note, a.Record.Replay = engine.EventPending, 0, "", replay
			return nil
		}, seq, due)
}

// follow makes what follows from the changes: runs, snapshots, and jobs for what is due next.
func (m *making) follow(r *round) {
	var c runColumns
	var kept, dropped, first snapshotColumns
	next, promoted := subjects{}, subjects{}
	for _, a := range m.accepts {
		m.countAccept(a)
		if a.Duplicate || a.Record.State == engine.EventRefused {
			continue
		}
		m.addRuns(&c, a.Record, a.Runs)
		if k := m.subjectOf(a.Record); a.Record.State == engine.EventSeen && a.Record.Entity != nil && k.name != "" {
			first.add(k, a.Record.Seq)
		}
		if a.Record.State == engine.EventPending && !a.Behind {
			m.eventJob(m.subjectOf(a.Record).place, a.Record.Seq, a.Record.Due)
		}
	}
	for _, p := range m.plans {
		if p.Stale {
			continue
		}
		m.count(p.Record, "event."+string(p.Record.State), p.Record.Received)
		m.addRuns(&c, p.Record, p.Runs)
		if k := m.subjectOf(p.Record); k.name != "" {
			next.add(k)
			switch {
			case p.Record.Gone:
				dropped.add(k, 0)
			case p.Record.Entity != nil:
				kept.add(k, p.Record.Seq)
			}
		}
	}
	for _, s := range m.saves {
		if !s.Stale {
			m.followSave(s, &promoted)
		}
	}
	m.pushBack(r)
	for _, a := range m.agains {
		if _, others := m.pending[m.subjectOf(a.Record)]; !a.Stale && (a.Record.Subject == "" || !others) {
			m.eventJob(m.subjectOf(a.Record).place, a.Record.Seq, a.Record.Due)
		}
	}
	kept.keep(r)
	first.keepFirst(r)
	dropped.drop(r)
	m.nextEvents(r, next)
	m.insertRuns(r, &c, &promoted)
	m.promote(r, promoted)
}

func (m *making) countAccept(a *engine.Accept) {
	if a.Duplicate {
		m.count(a.Record, "event.duplicate", a.Record.Received)
		return
	}
	m.count(a.Record, "event."+string(a.Record.State), a.Record.Received)
}

// pushBack puts off what is behind a deferred event, and has the event handed out when it is due.
func (m *making) pushBack(r *round) {
	var k subjects
	var seq []int64
	var due []*time.Time
	for _, d := range m.defers {
		if d.Stale {
			continue
		}
		m.eventJob(m.subjectOf(d.Record).place, d.Record.Seq, d.Record.Due)
		if s := m.subjectOf(d.Record); s.name != "" {
			k.add(s)
			seq, due = append(seq, d.Record.Seq), append(due, moment(d.Record.Due))
		}
	}
	for i := range seq {
		r.ask("UPDATE shopbell.events SET due = $4 WHERE place = $1 AND subject = $2 AND state = 1 AND seq > $3 AND due < $4", nil,
			k.place[i], k.name[i], seq[i], due[i])
	}
}

// nextEvents has the earliest pending event of subjects handed out, after the one before has been planned.
func (m *making) nextEvents(r *round, k subjects) {
	if len(k.place) == 0 {
		return
	}
	r.ask(`SELECT k.place, next.seq, next.due FROM unnest($1::int[], $2::text[]) AS k(place, subject) CROSS JOIN LATERAL (
			SELECT e.seq, e.due FROM shopbell.events e WHERE e.place = k.place AND e.subject = k.subject AND e.state = 1 ORDER BY e.seq LIMIT 1) AS next`,
		func(rows pgx.Rows) error {
			var place int32
			var seq int64
			var due *time.Time
			err := rows.Scan(&place, &seq, &due)
			m.eventJob(place, seq, instant(due))
			return err
		}, k.place, k.name)
}

// snapshotColumns are the columns of snapshots.
type snapshotColumns struct {
	place []int32
	name  []string
	seq   []int64
}

func (c *snapshotColumns) add(k subject, seq int64) {
	c.place, c.name, c.seq = append(c.place, k.place), append(c.name, k.name), append(c.seq, seq)
}

func (c *snapshotColumns) keep(r *round) {
	if len(c.place) > 0 {
		r.ask(`INSERT INTO shopbell.snapshots (place, subject, seq) SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[])
			ON CONFLICT (place, subject) DO UPDATE SET seq = excluded.seq`, nil, c.place, c.name, c.seq)
	}
}

// keepFirst leaves the snapshots that there are.
func (c *snapshotColumns) keepFirst(r *round) {
	if len(c.place) > 0 {
		r.ask(`INSERT INTO shopbell.snapshots (place, subject, seq) SELECT * FROM unnest($1::int[], $2::text[], $3::bigint[])
			ON CONFLICT (place, subject) DO NOTHING`, nil, c.place, c.name, c.seq)
	}
}

func (c *snapshotColumns) drop(r *round) {
	if len(c.place) > 0 {
		r.ask(`DELETE FROM shopbell.snapshots s USING unnest($1::int[], $2::text[]) AS k(place, subject)
			WHERE s.place = k.place AND s.subject = k.subject`, nil, c.place, c.name)
	}
}
