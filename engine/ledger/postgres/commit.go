package postgres

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"shopbell/engine"
)

// commitWithin bounds one commit. What it did when it ended late is not known: the engine asks again, and finds it made or
// not made.
const commitWithin = 10 * time.Second

// tries is how often a commit that met another is tried.
const tries = 4

// Commit implements [engine.Writer]. Changes that touch different subjects are made together, statement by statement, so
// that a commit takes a handful of round trips however many changes it has.
func (l *ledger) Commit(ctx context.Context, changes []engine.Change) error {
	if l.readOnly {
		return errNotOpen
	}
	ctx, cancel := context.WithTimeout(ctx, commitWithin)
	defer cancel()
	var err error
	for range tries {
		if err = l.need(ctx, changes); err == nil {
			err = l.transact(ctx, changes)
		}
		if !collided(err) {
			break
		}
		l.dropBroken(err)
	}
	l.dropBroken(err)
	return l.explain(err)
}

// collided tells whether another commit was in the way, or the connection was that of a server which has been restarted since, so
// that trying again helps. Changes that were made all the same are found to be made.
func collided(err error) bool {
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pg.Code == "40001" || pg.Code == "40P01" || pg.Code == "57P01") || !ok && err != nil && broken(err)
}

// dropBroken drops all connections when one has broken: they are those of a server that is gone, and whoever took one would find
// out by an error.
func (l *ledger) dropBroken(err error) {
	if err != nil && broken(err) {
		l.pool.Reset()
	}
}

func (l *ledger) transact(ctx context.Context, changes []engine.Change) error {
	conn, err := l.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	t := newTurn(l, conn.Conn(), changes)
	for _, s := range segments(changes) {
		if err = t.make(ctx, s); err != nil {
			break
		}
	}
	if err == nil {
		err = t.commit(ctx)
	}
	if err != nil && !conn.Conn().IsClosed() && conn.Conn().PgConn().TxStatus() != 'I' {
		back, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_, _ = conn.Exec(back, "ROLLBACK") // a connection that cannot even do that is thrown away by the pool
	}
	if err == nil {
		t.settled()
	}
	return err
}

// A segment is changes that touch different subjects, so that their order among each other does not matter; but events
// are accepted in order.
type segment struct {
	accepts  []*engine.Accept
	plans    []*engine.Plan
	defers   []*engine.Defer
	agains   []*engine.Again
	begins   []*engine.Begin
	saves    []*engine.Save
	tallies  []*engine.Tally
	puts     []*engine.Put
	rewrites []*engine.Rewrite
	claims   []*engine.Claim // made one after the other
	purge    *engine.Purge
	unknown  engine.Change
}

// segments cuts changes so that what depends on what went before comes after it.
func segments(changes []engine.Change) []*segment {
	s := &segment{}
	all := []*segment{s}
	seen := map[string]string{} // of a subject, the id of the event that accepts have brought; "" for another change
	for _, c := range changes {
		key, id := touches(c)
		before, touched := seen[key]
		if key != "" && touched && (id == "" || id != before) || alone(c) || s.purge != nil {
			s = &segment{}
			all = append(all, s)
			clear(seen)
		}
		seen[key] = id
		s.add(c)
	}
	return all
}

// alone tells whether a change has a segment of its own.
func alone(c engine.Change) bool {
	key, _ := touches(c)
	_, tally := c.(*engine.Tally)
	_, accept := c.(*engine.Accept)
	_, claim := c.(*engine.Claim)
	return key == "" && !tally && !accept && !claim
}

// touches names what a change is about, "" for nothing that another could touch, and the id of an event that it accepts.
func touches(c engine.Change) (key, id string) {
	switch c := c.(type) {
	case *engine.Accept:
		if c.Record.State == engine.EventRefused {
			return "", ""
		}
		return about(c.Record), c.Record.ID
	case *engine.Plan:
		return about(c.Record), ""
	case *engine.Defer:
		return about(c.Record), ""
	case *engine.Again:
		return about(c.Record), ""
	case *engine.Begin:
		return aboutRun(c.Run), ""
	case *engine.Save:
		return aboutRun(c.Run), ""
	case *engine.Put:
		return name(c.Memo.Source, c.Memo.Store, "memo\x00"+c.Memo.Name, ""), ""
	case *engine.Rewrite:
		return about(c.Record), ""
	}
	return "", ""
}

// about names a subject, or an event that has none.
func about(r *engine.Record) string { return name(r.Source, r.Store, r.Subject, r.ID) }

func aboutRun(u *engine.Run) string { return name(u.Source, u.Store, u.Subject, u.EventID) }

// name is made of what the rows hold, which is what every node sees.
func name(source, store, subject, id string) string {
	place := clean(source) + "\x00" + clean(store) + "\x00"
	if subject == "" {
		return place + "\x00" + clean(id)
	}
	return place + clean(subject)
}

func (s *segment) add(c engine.Change) {
	switch c := c.(type) {
	case *engine.Accept:
		s.accepts = append(s.accepts, c)
	case *engine.Plan:
		s.plans = append(s.plans, c)
	case *engine.Defer:
		s.defers = append(s.defers, c)
	case *engine.Again:
		s.agains = append(s.agains, c)
	case *engine.Begin:
		s.begins = append(s.begins, c)
	case *engine.Save:
		s.saves = append(s.saves, c)
	case *engine.Tally:
		s.tallies = append(s.tallies, c)
	case *engine.Put:
		s.puts = append(s.puts, c)
	case *engine.Claim:
		s.claims = append(s.claims, c)
	case *engine.Rewrite:
		s.rewrites = append(s.rewrites, c)
	case *engine.Purge:
		s.purge = c
	default:
		s.unknown = c
	}
}

// A turn is one transaction.
type turn struct {
	*ledger
	conn   *pgx.Conn
	begun  bool
	locks  []int64 // of all subjects that the transaction touches
	jobs   []newJob
	counts map[countKey]int64
	ended  []*job               // of this node, whose work is settled by this transaction
	later  map[string]time.Time // queues, and when the first of the jobs inserted is due
}

func newTurn(l *ledger, conn *pgx.Conn, changes []engine.Change) *turn {
	t := &turn{ledger: l, conn: conn, counts: map[countKey]int64{}}
	for _, c := range changes {
		if key, _ := touches(c); key != "" && orders(c) {
			t.locks = append(t.locks, lockOf(key))
		}
		if c, ok := c.(*engine.Claim); ok {
			t.locks = append(t.locks, lockOfPool(c.Pool))
		}
	}
	slices.Sort(t.locks)
	t.locks = slices.Compact(t.locks)
	return t
}

// orders tells whether a change depends on what others do with its subject. An event that nobody waits for does not.
func orders(c engine.Change) bool {
	a, ok := c.(*engine.Accept)
	return !ok || a.Record.State == engine.EventPending || len(a.Runs) > 0
}

// lockOf gives the number of a subject's lock. That two subjects may have the same does no harm.
func lockOf(key string) int64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, key)
	return int64(h.Sum64())
}

// begin starts the transaction, and waits until no other one touches the same subjects: what is read after that stays true. The
// locks are taken in order, so that two commits never wait for each other.
func (t *turn) begin(r *round) {
	t.begun = true
	r.ask("BEGIN", nil)
	if len(t.locks) > 0 {
		r.ask("SELECT count(pg_advisory_xact_lock(k)) FROM unnest($1::bigint[]) AS k", nil, t.locks)
	}
}

// A round is statements that are sent together, with what to do with the answer of each.
type round struct {
	batch   pgx.Batch
	answers []func(pgx.Rows) error // called for each row
}

// ask adds a statement; row, which may be nil, is called for each row of its answer.
func (r *round) ask(sql string, row func(pgx.Rows) error, args ...any) {
	r.batch.Queue(sql, args...)
	r.answers = append(r.answers, row)
}

func (r *round) empty() bool { return len(r.answers) == 0 }

// send sends a round and deals with the answers.
func (t *turn) send(ctx context.Context, r *round) error {
	if r.empty() {
		return nil
	}
	results := t.conn.SendBatch(ctx, &r.batch)
	for _, row := range r.answers {
		rows, err := results.Query()
		if err != nil {
			return errors.Join(err, results.Close())
		}
		for rows.Next() {
			if row == nil {
				continue
			}
			if err := row(rows); err != nil {
				rows.Close()
				return errors.Join(err, results.Close())
			}
		}
		if err := rows.Err(); err != nil {
			return errors.Join(err, results.Close())
		}
	}
	return results.Close()
}

// make makes the changes of a segment.
func (t *turn) make(ctx context.Context, s *segment) error {
	if s.purge != nil {
		return t.purge(ctx, s.purge)
	}
	if s.unknown != nil {
		return fmt.Errorf("the ledger does not know the change %T", s.unknown)
	}
	m := newMaking(t, s)
	for _, stage := range []func(*round){m.look, m.write, m.follow} {
		var r round
		if !t.begun {
			t.begin(&r)
		}
		stage(&r)
		if err := errors.Join(m.err, t.send(ctx, &r)); err != nil {
			return err
		}
	}
	m.giveUp()
	return nil
}

// commit writes what is left and ends the transaction.
func (t *turn) commit(ctx context.Context) error {
	var r round
	if !t.begun {
		return nil
	}
	t.saveCounts(&r)
	t.insertJobs(&r)
	r.ask("COMMIT", nil)
	return t.send(ctx, &r)
}
