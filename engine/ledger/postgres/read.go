package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
)

// The columns that an event is made of: what a list shows, and all.
const (
	eventLine  = "e.seq, e.place, e.type, e.state, e.id, e.subject, e.created, e.received, e.due, e.tries, e.gone, e.replay, e.prev, e.note, e.marks"
	eventWhole = eventLine + ", e.data_at, e.data_len, e.body, e.data, e.entity"
)

// event makes a record of a row of eventLine or eventWhole.
func (l *ledger) event(rows pgx.Rows, whole bool) (r engine.Record, err error) {
	var place, typ int32
	var state int
	var at, size int
	var created, received, due *time.Time
	var body, data, entity []byte
	var marks int64
	into := []any{&r.Seq, &place, &typ, &state, &r.ID, &r.Subject, &created, &received, &due, &r.Tries, &r.Gone, &r.Replay, &r.Prev, &r.Note, &marks}
	if whole {
		into = append(into, &at, &size, &body, &data, &entity)
	}
	if err := rows.Scan(into...); err != nil {
		return r, err
	}
	r.Created, r.Received, r.Due = instant(created), instant(received), instant(due)
	r.State = form.State(form.EventStates(), state)
	form.Mark(&r.Event, marks)
	p, err := l.placeName(place)
	if err != nil {
		return r, err
	}
	r.Source, r.Store = p.source, p.store
	if r.Type, err = l.nameOf(typ); err != nil || !whole {
		return r, err
	}
	r.Body = body
	if at >= 0 && at+size <= len(body) {
		r.Data = body[at : at+size : at+size]
	} else {
		r.Data = data
	}
	r.Entity, err = l.pack.Unpack(entity)
	return r, err
}

// running is the runs that a node carries out: River knows.
const running = "(SELECT (j.args->>'run')::bigint FROM shopbell.river_job j WHERE j.state = 'running' AND j.kind = '" + kindRun + "')"

// The columns that a run is made of; runShown says of a due run that a node has it.
const (
	runLine  = runHead + "r.state" + runTail
	runShown = runHead + "CASE WHEN r.state = 1 AND r.id IN " + running + " THEN 2 ELSE r.state END" + runTail
	runHead  = "r.id, r.event, r.place, r.rule, r.revision, r.item, r.replay, "
	runTail  = ", r.outlet, r.step, r.tries, r.due, r.created, r.updated, r.steps, e.type, r.subject, e.id"
	runFrom  = " FROM shopbell.runs r LEFT JOIN LATERAL (SELECT type, id FROM shopbell.events WHERE seq = r.event OFFSET 0) AS e ON true "
)

// run makes a run of a row of runLine.
func (l *ledger) run(rows pgx.Rows) (u engine.Run, err error) {
	var place, rule, revision, outlet int32
	var typ *int32
	var id *string
	var state int
	var due, created, updated *time.Time
	var steps []byte
	if err := rows.Scan(&u.ID, &u.Event, &place, &rule, &revision, &u.Item, &u.Replay, &state, &outlet, &u.Step, &u.Tries, &due, &created, &updated,
		&steps, &typ, &u.Subject, &id); err != nil {
		return u, err
	}
	u.State, u.Due, u.Created, u.Updated = form.State(form.RunStates(), state), instant(due), instant(created), instant(updated)
	p, err := l.placeName(place)
	if err != nil {
		return u, err
	}
	u.Source, u.Store = p.source, p.store
	if u.Rule, err = l.nameOf(rule); err != nil {
		return u, err
	}
	if u.Outlet, err = l.nameOf(outlet); err != nil {
		return u, err
	}
	if u.Revision, err = l.hashOf(revision); err != nil {
		return u, err
	}
	if typ != nil {
		u.EventID = *id
		if u.Type, err = l.nameOf(*typ); err != nil {
			return u, err
		}
	}
	if u.Steps, err = form.DecodeSteps(steps); err != nil {
		return u, fmt.Errorf("run %d in the ledger cannot be read: %w", u.ID, err)
	}
	return u, nil
}

// placeName and the like give what a number stands for. One that another node has given out is read first.
func (l *ledger) placeName(id int32) (place, error) {
	p, err := known(l, l.names.place, id)
	return p, err
}

func (l *ledger) nameOf(id int32) (string, error) { return known(l, l.names.name, id) }

func (l *ledger) outletName(id int32) (string, error) { return l.nameOf(id) }

func (l *ledger) hashOf(id int32) (string, error) { return known(l, l.names.hash, id) }

func known[V any](l *ledger, m map[int32]V, id int32) (V, error) {
	v, ok := lookup(l.names, m, id)
	if ok {
		return v, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), commitWithin)
	defer cancel()
	if err := l.names.load(ctx, l.pool); err != nil {
		return v, err
	}
	if v, ok = lookup(l.names, m, id); !ok {
		return v, fmt.Errorf("the ledger has no name with the number %d", id)
	}
	return v, nil
}

func (l *ledger) events(ctx context.Context, whole bool, sql string, args ...any) (records []engine.Record, err error) {
	err = each(ctx, l.pool, sql, func(rows pgx.Rows) error {
		r, err := l.event(rows, whole)
		records = append(records, r)
		return err
	}, args...)
	return records, l.explain(err)
}

func (l *ledger) runs(ctx context.Context, sql string, args ...any) (runs []engine.Run, err error) {
	err = each(ctx, l.pool, sql, func(rows pgx.Rows) error {
		u, err := l.run(rows)
		runs = append(runs, u)
		return err
	}, args...)
	return runs, l.explain(err)
}

// DueStores implements [engine.Reader].
func (l *ledger) DueStores(ctx context.Context, until time.Time) (stores []engine.Store, err error) {
	err = each(ctx, l.pool, `SELECT p.source, p.store FROM shopbell.places p
		WHERE EXISTS (SELECT 1 FROM shopbell.events e WHERE e.place = p.id AND e.state = 1 AND e.due <= $1) ORDER BY p.id`, func(rows pgx.Rows) error {
		var s engine.Store
		err := rows.Scan(&s.Source, &s.Store)
		stores = append(stores, s)
		return err
	}, moment(until))
	return stores, l.explain(err)
}

// DueOutlets implements [engine.Reader].
func (l *ledger) DueOutlets(ctx context.Context, until time.Time) (outlets []string, err error) {
	err = each(ctx, l.pool, "SELECT n.name FROM shopbell.names n JOIN (SELECT DISTINCT outlet FROM shopbell.runs WHERE state = 1 AND due <= $1) r ON r.outlet = n.id ORDER BY n.id",
		func(rows pgx.Rows) error {
			var name string
			err := rows.Scan(&name)
			outlets = append(outlets, name)
			return err
		}, moment(until))
	return outlets, l.explain(err)
}

// DueEvents implements [engine.Reader].
func (l *ledger) DueEvents(ctx context.Context, at engine.Store, until time.Time, limit int) ([]engine.Record, error) {
	return l.events(ctx, true, "SELECT "+eventWhole+` FROM shopbell.events e JOIN shopbell.places p ON p.id = e.place
		WHERE e.state = 1 AND p.source = $1 AND p.store = $2 AND e.due <= $3 ORDER BY e.due, e.seq LIMIT $4`, clean(at.Source), clean(at.Store), moment(until), limit)
}

// DueRuns implements [engine.Reader].
func (l *ledger) DueRuns(ctx context.Context, outlet string, until time.Time, limit int) ([]engine.Run, error) {
	return l.runs(ctx, "SELECT "+runLine+runFrom+`JOIN shopbell.names n ON n.id = r.outlet
		WHERE r.state = 1 AND n.name = $1 AND r.due <= $2 ORDER BY r.due, r.id LIMIT $3`, clean(outlet), moment(until), limit)
}

// StartedRuns implements [engine.Reader].
func (l *ledger) StartedRuns(ctx context.Context) ([]engine.Run, error) {
	return l.runs(ctx, "SELECT "+runLine+runFrom+"WHERE r.state = 2 ORDER BY r.id")
}

// NextDue implements [engine.Reader].
func (l *ledger) NextDue(ctx context.Context, after time.Time) (events, runs time.Time, err error) {
	var e, r *time.Time
	err = l.pool.QueryRow(ctx, `SELECT (SELECT min(due) FROM shopbell.events WHERE state = 1 AND due > $1), (SELECT min(due) FROM shopbell.runs WHERE state = 1 AND due > $1)`,
		moment(after)).Scan(&e, &r)
	return instant(e), instant(r), l.explain(err)
}

// Event implements [engine.Reader].
func (l *ledger) Event(ctx context.Context, seq int64) (engine.Record, error) {
	return one(l.events(ctx, true, "SELECT "+eventWhole+" FROM shopbell.events e WHERE e.seq = $1", seq))
}

// Run implements [engine.Reader].
func (l *ledger) Run(ctx context.Context, id int64) (engine.Run, error) {
	return one(l.runs(ctx, "SELECT "+runShown+runFrom+"WHERE r.id = $1", id))
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
	var entity []byte
	var seq int64
	err := l.pool.QueryRow(ctx, `SELECT e.seq, e.entity FROM shopbell.events e WHERE e.seq = (SELECT s.seq FROM shopbell.snapshots s
		WHERE s.place = (SELECT id FROM shopbell.places WHERE source = $1 AND store = $2) AND s.subject = $3)`, clean(source), clean(store), clean(subject)).Scan(&seq, &entity)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, l.explain(err)
	}
	entity, err = l.pack.Unpack(entity)
	return entity, seq, err
}

// Revision implements [engine.Reader].
func (l *ledger) Revision(ctx context.Context, hash string) (r engine.Revision, err error) {
	err = l.pool.QueryRow(ctx, "SELECT hash, directory, name, text FROM shopbell.revisions WHERE hash = $1", hash).Scan(&r.Hash, &r.Directory, &r.Name, &r.Text)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, engine.ErrNone
	}
	return r, l.explain(err)
}
