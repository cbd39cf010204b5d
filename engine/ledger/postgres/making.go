package postgres

import (
	"bytes"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
)

// A making makes the changes of one segment, in three rounds: it looks at what is there, writes what was asked, and makes
// what follows from it.
type making struct {
	*turn
	*segment
	accepted map[eventID]*engine.Accept // by what the answer of the insert tells
	refused  []*engine.Accept
	planned  map[int64]*engine.Plan
	deferred map[int64]*engine.Defer
	again    map[int64]*engine.Again
	began    map[int64]*engine.Begin
	saved    map[int64]*engine.Save
	pending  map[subject]time.Time // subjects with pending events, and when the last of them is due
	busy     map[subject]bool      // subjects with runs that have not had their first try
	ran      map[*engine.NewRun]bool
	runs     map[runKey]*engine.NewRun
	lost     map[*job]bool  // jobs that this node has no more
	stays    map[int64]bool // runs that go on before later ones of their subject, for their next step is due at once
	err      error          // of what cannot be written down
}

type eventID struct {
	place int32
	id    string
}

type subject struct {
	place int32
	name  string
}

type runKey struct {
	event        int64
	rule         int32
	item, replay int
}

func newMaking(t *turn, s *segment) *making {
	return &making{turn: t, segment: s, accepted: map[eventID]*engine.Accept{}, planned: map[int64]*engine.Plan{},
		deferred: map[int64]*engine.Defer{}, again: map[int64]*engine.Again{}, began: map[int64]*engine.Begin{}, saved: map[int64]*engine.Save{},
		pending: map[subject]time.Time{}, busy: map[subject]bool{}, ran: map[*engine.NewRun]bool{}, runs: map[runKey]*engine.NewRun{}, lost: map[*job]bool{},
		stays: map[int64]bool{}}
}

func (l *ledger) placeID(source, store string) int32 {
	id, _ := lookup(l.names, l.names.places, place{source, store})
	return id
}

func (l *ledger) nameID(name string) int32 {
	id, _ := lookup(l.names, l.names.ids, name)
	return id
}

func (m *making) subjectOf(r *engine.Record) subject {
	return subject{m.placeID(r.Source, r.Store), clean(r.Subject)}
}

// The statements that look for many keys at once have a LATERAL part with a LIMIT, an OFFSET or a sum, and those that change
// many rows name them with = ANY: a planner that thinks a table or an index small, as its statistics say when they are a
// minute old, would else read all of it, for every commit, however large it has become.

// look ends the jobs whose work is settled here, and asks what the changes depend on.
func (m *making) look(r *round) {
	m.endJobs(r)
	pending, lanes := subjects{}, subjects{}
	var once onceQuery
	for _, a := range m.accepts {
		a.Duplicate, a.Behind = false, false
		if a.Record.Subject == "" || a.Record.State != engine.EventPending && len(a.Runs) == 0 {
			continue
		}
		pending.add(m.subjectOf(a.Record))
		if len(a.Runs) > 0 {
			lanes.add(m.subjectOf(a.Record))
			once.add(m, a.Record, math.MaxInt64, a.Runs)
		}
	}
	for _, a := range m.agains {
		if a.Record.Subject != "" {
			pending.add(m.subjectOf(a.Record))
		}
	}
	for _, p := range m.plans {
		if p.Record.Subject != "" && len(p.Runs) > 0 {
			lanes.add(m.subjectOf(p.Record))
			once.add(m, p.Record, p.Record.Seq, p.Runs)
		}
	}
	if len(pending.place) > 0 {
		r.ask(`SELECT k.place, k.subject, last.due FROM unnest($1::int[], $2::text[]) AS k(place, subject) CROSS JOIN LATERAL (
			SELECT max(e.due) AS due FROM shopbell.events e WHERE e.place = k.place AND e.subject = k.subject AND e.state = 1) AS last WHERE last.due IS NOT NULL`, m.sawPending, pending.place, pending.name)
	}
	if len(lanes.place) > 0 {
		r.ask(`SELECT k.place, k.subject FROM unnest($1::int[], $2::text[]) AS k(place, subject) CROSS JOIN LATERAL (
			SELECT 1 FROM shopbell.runs r WHERE r.place = k.place AND r.subject = k.subject AND r.state IN (1, 2) AND r.lane > 0 LIMIT 1) AS ahead`, m.sawBusy, lanes.place, lanes.name)
	}
	once.ask(m, r)
}

// subjects are the columns of a list of subjects, each once.
type subjects struct {
	place []int32
	name  []string
	seen  map[subject]bool
}

func (s *subjects) add(k subject) {
	if s.seen == nil {
		s.seen = map[subject]bool{}
	}
	if !s.seen[k] {
		s.seen[k] = true
		s.place, s.name = append(s.place, k.place), append(s.name, k.name)
	}
}

func (m *making) sawPending(rows pgx.Rows) error {
	var k subject
	var due *time.Time
	err := rows.Scan(&k.place, &k.name, &due)
	m.pending[k] = instant(due)
	return err
}

func (m *making) sawBusy(rows pgx.Rows) error {
	var k subject
	err := rows.Scan(&k.place, &k.name)
	m.busy[k] = true
	return err
}

// A onceQuery asks which of the runs that are wanted once for a subject it has had already.
type onceQuery struct {
	runs  []*engine.NewRun
	n     []int32
	place []int32
	name  []string
	typ   []int32
	rule  []int32
	seq   []int64
}

func (q *onceQuery) add(m *making, r *engine.Record, before int64, runs []*engine.NewRun) {
	if r.Replay > 0 {
		return
	}
	k := m.subjectOf(r)
	for _, n := range runs {
		if n.Once {
			q.n = append(q.n, int32(len(q.runs)))
			q.runs = append(q.runs, n)
			q.place, q.name = append(q.place, k.place), append(q.name, k.name)
			q.typ, q.rule, q.seq = append(q.typ, m.nameID(r.Type)), append(q.rule, m.nameID(n.Run.Rule)), append(q.seq, before)
		}
	}
}

func (q *onceQuery) ask(m *making, r *round) {
	if len(q.runs) == 0 {
		return
	}
	runs := q.runs
	r.ask(`SELECT k.n FROM unnest($1::int[], $2::int[], $3::text[], $4::int[], $5::int[], $6::bigint[]) AS k(n, place, subject, type, rule, seq)
		CROSS JOIN LATERAL (SELECT 1 FROM (
				SELECT seq FROM shopbell.events WHERE place = k.place AND subject = k.subject AND type = k.type AND seq < k.seq OFFSET 0) AS e
			CROSS JOIN LATERAL (SELECT 1 FROM shopbell.runs WHERE event = e.seq AND rule = k.rule LIMIT 1) AS r LIMIT 1) AS ran`,
		func(rows pgx.Rows) error {
			var n int32
			err := rows.Scan(&n)
			if err == nil {
				m.ran[runs[n]] = true
			}
			return err
		}, q.n, q.place, q.name, q.typ, q.rule, q.seq)
}

// write makes the changes themselves.
func (m *making) write(r *round) {
	m.insertEvents(r)
	m.planEvents(r)
	m.deferEvents(r)
	m.replayEvents(r)
	m.beginRuns(r)
	m.saveRuns(r)
	m.putMemos(r)
	m.rewriteEvents(r)
	m.claimValues(r)
	for _, t := range m.tallies {
		m.counts[countKey{midnight(t.Count.Day), m.placeID(t.Count.Source, t.Count.Store), t.Count.What}] += t.Count.N
	}
}

// eventColumns are the columns of events to be inserted.
type eventColumns struct {
	place, typ, tries, dataAt, dataLen []int32
	state, marks                       []int16
	id, subject, note                  []string
	created, received, due             []*time.Time
	body, data, entity                 [][]byte
}

func (m *making) insertEvents(r *round) {
	var c eventColumns
	refusing := map[string]bool{}
	for _, a := range m.accepts {
		m.fallBehind(a)
		m.addEvent(&c, a)
		if a.Record.State == engine.EventRefused {
			m.refused = append(m.refused, a)
			refusing[a.Record.Source] = true
			continue
		}
		a.Duplicate = true // until the answer says that it was inserted
		if k := (eventID{m.placeID(a.Record.Source, a.Record.Store), clean(a.Record.ID)}); m.accepted[k] == nil {
			m.accepted[k] = a
		}
	}
	if len(c.place) == 0 {
		return
	}
	r.ask(`INSERT INTO shopbell.events (place, type, state, id, subject, created, received, due, tries, data_at, data_len, note, body, data, entity, marks)
		SELECT * FROM unnest($1::int[], $2::int[], $3::smallint[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::int[],
			$10::int[], $11::int[], $12::text[], $13::bytea[], $14::bytea[], $15::bytea[], $16::smallint[])
		ON CONFLICT DO NOTHING RETURNING seq, place, id, state`, m.inserted,
		c.place, c.typ, c.state, c.id, c.subject, c.created, c.received, c.due, c.tries, c.dataAt, c.dataLen, c.note, c.body, c.data, c.entity, c.marks)
	for source := range refusing {
		m.dropOldRefusals(r, source)
	}
}

// fallBehind puts a new event behind earlier pending ones of its subject.
func (m *making) fallBehind(a *engine.Accept) {
	r := a.Record
	if r.Subject == "" || r.State != engine.EventPending && len(a.Runs) == 0 {
		return
	}
	last, waiting := m.pending[m.subjectOf(r)]
	if a.Behind = waiting; waiting {
		r.State, a.Runs = engine.EventPending, nil
	}
	if last.After(r.Due) {
		r.Due = last
	}
}

func (m *making) addEvent(c *eventColumns, a *engine.Accept) {
	r := a.Record
	at, data := -1, []byte(r.Data)
	if len(r.Data) > 0 {
		if at = bytes.Index(r.Body, r.Data); at >= 0 {
			data = nil
		}
	}
	c.place, c.typ = append(c.place, m.placeID(r.Source, r.Store)), append(c.typ, m.nameID(r.Type))
	c.state = append(c.state, int16(form.Code(form.EventStates(), r.State)))
	c.id, c.subject, c.note = append(c.id, clean(r.ID)), append(c.subject, clean(r.Subject)), append(c.note, clean(r.Note))
	c.created, c.received = append(c.created, moment(r.Created)), append(c.received, moment(r.Received))
	c.marks = append(c.marks, int16(form.Marks(&r.Event)))
	c.due = append(c.due, dueWhen(r.State == engine.EventPending, r.Due))
	c.tries, c.dataAt, c.dataLen = append(c.tries, int32(r.Tries)), append(c.dataAt, int32(at)), append(c.dataLen, int32(len(r.Data)))
	c.body, c.data, c.entity = append(c.body, r.Body), append(c.data, data), append(c.entity, m.pack.Pack(r.Entity))
}

func (m *making) inserted(rows pgx.Rows) error {
	var seq int64
	var k eventID
	var state int16
	if err := rows.Scan(&seq, &k.place, &k.id, &state); err != nil {
		return err
	}
	if form.State(form.EventStates(), int(state)) == engine.EventRefused {
		m.refused[0].Record.Seq = seq
		m.refused = m.refused[1:]
		return nil
	}
	a := m.accepted[k]
	a.Duplicate, a.Record.Seq = false, seq
	return nil
}

// keptRefusals is how many refused events of a source are kept as samples.
const keptRefusals = 1000

func (m *making) dropOldRefusals(r *round, source string) {
	r.ask(`DELETE FROM shopbell.events WHERE state = 5 AND place IN (SELECT id FROM shopbell.places WHERE source = $1) AND seq <= (
		SELECT seq FROM shopbell.events WHERE state = 5 AND place IN (SELECT id FROM shopbell.places WHERE source = $1) ORDER BY seq DESC LIMIT 1 OFFSET $2)`,
		nil, clean(source), keptRefusals)
}
