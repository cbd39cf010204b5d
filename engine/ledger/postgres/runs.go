package postgres

import (
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
)

// The lanes of runs; see the schema.
const (
	laneNone = 0
	laneHead = 1
	laneWait = 2
)

// runColumns are the columns of runs to be inserted.
type runColumns struct {
	event                                                     []int64
	place, rule, revision, outlet, item, replay, step, tries_ []int32
	state, lane                                               []int16
	due, created, updated                                     []*time.Time
	subject, steps                                            []string
	wanted                                                    []*engine.NewRun
}

// addRuns adds the new runs of an event. The first of its subject goes ahead, the others wait for it.
func (m *making) addRuns(c *runColumns, r *engine.Record, runs []*engine.NewRun) {
	k := m.subjectOf(r)
	for _, n := range runs {
		u := n.Run
		u.ID = 0 // a transaction that was rolled back may have filled it in
		u.Event, u.Source, u.Store, u.Replay = r.Seq, r.Source, r.Store, r.Replay
		u.Subject, u.Type, u.EventID = r.Subject, r.Type, r.ID
		key := runKey{u.Event, m.nameID(u.Rule), u.Item, u.Replay}
		if m.ran[n] || m.runs[key] != nil {
			continue
		}
		m.runs[key] = n
		lane := int16(laneNone)
		if u.State == engine.RunDue && k.name != "" {
			if lane = laneHead; m.busy[k] {
				lane = laneWait
			}
			m.busy[k] = true
		}
		m.addRun(c, n, k, lane)
	}
}

func (m *making) addRun(c *runColumns, n *engine.NewRun, k subject, lane int16) {
	u := n.Run
	steps, err := form.EncodeSteps(u.Steps)
	if err != nil {
		m.err = err
	}
	revision, _ := lookup(m.names, m.names.revisions, n.Revision.Hash)
	c.event, c.place, c.rule = append(c.event, u.Event), append(c.place, k.place), append(c.rule, m.nameID(u.Rule))
	c.revision, c.outlet = append(c.revision, revision), append(c.outlet, m.nameID(u.Outlet))
	c.item, c.replay, c.step, c.tries_ = append(c.item, int32(u.Item)), append(c.replay, int32(u.Replay)), append(c.step, int32(u.Step)), append(c.tries_, int32(u.Tries))
	c.state, c.lane = append(c.state, int16(form.Code(form.RunStates(), u.State))), append(c.lane, lane)
	c.due, c.created, c.updated = append(c.due, dueWhen(u.State == engine.RunDue, u.Due)), append(c.created, moment(u.Created)), append(c.updated, moment(u.Updated))
	c.subject, c.steps, c.wanted = append(c.subject, k.name), append(c.steps, string(steps)), append(c.wanted, n)
}

func (m *making) insertRuns(r *round, c *runColumns, promoted *subjects) {
	if len(c.event) == 0 {
		return
	}
	lanes := map[*engine.NewRun]int16{}
	for i, n := range c.wanted {
		lanes[n] = c.lane[i]
	}
	r.ask(`INSERT INTO shopbell.runs (event, place, rule, revision, outlet, item, replay, step, tries, state, lane, due, created, updated, subject, steps)
		SELECT * FROM unnest($1::bigint[], $2::int[], $3::int[], $4::int[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::smallint[], $11::smallint[],
			$12::timestamptz[], $13::timestamptz[], $14::timestamptz[], $15::text[], $16::text[])
		ON CONFLICT DO NOTHING RETURNING id, event, rule, item, replay`,
		func(rows pgx.Rows) error {
			var id int64
			var key runKey
			if err := rows.Scan(&id, &key.event, &key.rule, &key.item, &key.replay); err != nil {
				return err
			}
			n := m.runs[key]
			u := n.Run
			u.ID = id
			m.countRun(u, "run.new", u.Created)
			m.countEnd(u)
			if u.State == engine.RunDue && lanes[n] != laneWait {
				m.runJob(u)
			}
			return nil
		}, c.event, c.place, c.rule, c.revision, c.outlet, c.item, c.replay, c.step, c.tries_, c.state, c.lane, c.due, c.created, c.updated, c.subject, c.steps)
}

// beginRuns marks due runs as started.
func (m *making) beginRuns(r *round) {
	var id []int64
	var step, tries []int32
	var ours []bool // its job is this node's: a begin that is there already is this one, made although its answer was lost
	for _, b := range m.begins {
		if b.Stale = true; m.isLost(b.Run) {
			continue
		}
		m.began[b.Run.ID] = b
		id, step, tries = append(id, b.Run.ID), append(step, int32(b.Run.Step)), append(tries, int32(b.Run.Tries))
		ours = append(ours, m.held.get(b.Run) != nil)
	}
	if len(id) == 0 {
		return
	}
	r.ask(`UPDATE shopbell.runs r SET state = 2, due = NULL, tries = k.tries FROM unnest($1::bigint[], $2::int[], $3::int[], $4::boolean[]) AS k(id, step, tries, ours)
		WHERE r.id = ANY($1) AND r.id = k.id AND r.step = k.step AND (r.state = 1 AND r.tries = k.tries - 1 OR k.ours AND r.state = 2 AND r.tries = k.tries) RETURNING r.id`,
		func(rows pgx.Rows) error {
			n, err := number(rows)
			if err == nil {
				m.began[n].Stale = false
			}
			return err
		}, id, step, tries, ours)
}

// saveColumns are the columns of runs to be saved.
type saveColumns struct {
	id                  []int64
	from, state         []int16
	outlet, step, tries []int32
	due, updated        []*time.Time
	steps               []string
	stays               []bool // first of its lane still
}

// saveRuns writes runs as they are now. A run whose next step is due at once stays the first of its lane; otherwise it
// leaves it to the next.
func (m *making) saveRuns(r *round) {
	var c saveColumns
	for _, s := range m.saves {
		u, from := s.Run, s.From
		if s.Stale = true; m.isLost(u) {
			continue
		}
		if from == "" {
			from = engine.RunStarted
		}
		steps, err := form.EncodeSteps(u.Steps)
		if err != nil {
			m.err = err
		}
		m.saved[u.ID] = s
		c.id, c.from, c.state = append(c.id, u.ID), append(c.from, int16(form.Code(form.RunStates(), from))), append(c.state, int16(form.Code(form.RunStates(), u.State)))
		c.outlet, c.step, c.tries = append(c.outlet, m.nameID(u.Outlet)), append(c.step, int32(u.Step)), append(c.tries, int32(u.Tries))
		c.due, c.updated = append(c.due, dueWhen(u.State == engine.RunDue, u.Due)), append(c.updated, moment(u.Updated))
		m.stays[u.ID] = u.State == engine.RunDue && !u.Due.After(time.Now())
		c.steps, c.stays = append(c.steps, string(steps)), append(c.stays, m.stays[u.ID])
	}
	if len(c.id) == 0 {
		return
	}
	r.ask(`UPDATE shopbell.runs r SET state = k.state, outlet = k.outlet, step = k.step, tries = k.tries, due = k.due, updated = k.updated, steps = k.steps,
			lane = CASE WHEN k.stays THEN r.lane ELSE 0 END
		FROM unnest($1::bigint[], $2::smallint[], $3::smallint[], $4::int[], $5::int[], $6::int[], $7::timestamptz[], $8::timestamptz[], $9::text[], $10::boolean[])
			AS k(id, was, state, outlet, step, tries, due, updated, steps, stays)
		WHERE r.id = ANY($1) AND r.id = k.id AND r.state = k.was RETURNING r.id`,
		func(rows pgx.Rows) error {
			n, err := number(rows)
			if err == nil {
				m.saved[n].Stale = false
			}
			return err
		}, c.id, c.from, c.state, c.outlet, c.step, c.tries, c.due, c.updated, c.steps, c.stays)
}

func (m *making) followSave(s *engine.Save, promoted *subjects) {
	u := s.Run
	m.countEnd(u)
	if u.State == engine.RunDue {
		m.runJob(u)
	}
	if u.Subject != "" && !m.stays[u.ID] {
		promoted.add(subject{m.placeID(u.Source, u.Store), clean(u.Subject)})
	}
}

// promote has the first waiting run of subjects handed out, where none is ahead of it.
func (m *making) promote(r *round, k subjects) {
	if len(k.place) == 0 {
		return
	}
	r.ask(`UPDATE shopbell.runs SET lane = 1 WHERE id = ANY(ARRAY(
			SELECT next.id FROM unnest($1::int[], $2::text[]) AS k(place, subject) CROSS JOIN LATERAL (
				SELECT w.id, w.lane FROM shopbell.runs w WHERE w.place = k.place AND w.subject = k.subject AND w.state IN (1, 2) AND w.lane > 0
				ORDER BY w.lane, w.id LIMIT 1) AS next
			WHERE next.lane = 2)) RETURNING id, outlet, due`,
		func(rows pgx.Rows) error {
			var id int64
			var outlet int32
			var due *time.Time
			if err := rows.Scan(&id, &outlet, &due); err != nil {
				return err
			}
			name, err := m.outletName(outlet)
			m.jobs = append(m.jobs, newJob{runWork(id), queueOf(name), priorityShare, instant(due)})
			return err
		}, k.place, k.name)
}

func (m *making) countEnd(u *engine.Run) {
	switch u.State {
	case engine.RunDone, engine.RunDead, engine.RunHeld:
		m.countRun(u, "run."+string(u.State), u.Updated)
	}
}
