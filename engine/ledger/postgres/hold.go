package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"shopbell/engine/ledger/form"
	"shopbell/engine/ledger/upkeep"
)

// half is the layout that a database has while it is half a copy: no server works on it.
const half = layout + 1<<20

// moving is the lock of the one copy into a database: "SBEM".
const moving = 0x5342454d

// silentFor is how long a node that was killed counts as alive. One that is stopped leaves at once.
const silentFor = 30 * time.Second

// A mover implements [upkeep.Mover].
type mover struct {
	*ledger
	conn  *pgxpool.Conn
	tx    pgx.Tx  // of a source: sees one moment, and lets nobody write; nil for a target
	begun []int64 // what begunRuns has found
}

var _ upkeep.Mover = (*mover)(nil)

// Hold opens a ledger for moving house. It is refused while a node is alive. From then on, nobody can write to a source, and no
// server takes a target for a ledger before [upkeep.Mover.Finish].
func Hold(ctx context.Context, url string, side upkeep.Side) (upkeep.Mover, error) {
	l, err := unopened(ctx, url)
	if err != nil {
		return nil, err
	}
	m := &mover{ledger: l}
	if err := m.hold(ctx, side); err != nil {
		return nil, errors.Join(l.explain(err), m.Close())
	}
	return m, nil
}

// unopened is a ledger in which nothing has been looked at.
func unopened(ctx context.Context, url string) (*ledger, error) {
	conf, err := configOf(url)
	if err != nil {
		return nil, err
	}
	pack, err := form.NewPacker()
	if err != nil {
		return nil, err
	}
	l := &ledger{where: whereIs(conf), log: slog.New(slog.DiscardHandler), names: newNames(), pack: pack, node: nodeID(), shard: rand.Int32N(16)}
	l.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), conf)
	return l, l.explain(err)
}

func (m *mover) hold(ctx context.Context, side upkeep.Side) (err error) {
	if err := m.sane(ctx); err != nil {
		return err
	}
	if m.conn, err = m.pool.Acquire(ctx); err != nil {
		return err
	}
	version, err := readLayout(ctx, m.conn.Conn())
	switch {
	case err != nil:
		return err
	case version == half && side == upkeep.From:
		return fmt.Errorf("the %s is half a copy: go on with the copy into it first", m.where)
	case version == 0 && side == upkeep.From:
		return fmt.Errorf("there is no ledger in the %s", m.where)
	case version > layout && version != half:
		return m.refuseNewer(version)
	case version == 0:
		if err := m.migrate(ctx); err != nil {
			return err
		}
	}
	if err := m.names.load(ctx, m.conn); err != nil {
		return err
	}
	if side == upkeep.From {
		return m.holdSource(ctx)
	}
	return m.holdTarget(ctx)
}

// patient is for a connection that nobody waits for: it may be idle for long. It reads and writes stretches by their numbers, and
// must not read a whole table for each of them.
const patient = "SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '5s'; SET LOCAL enable_hashjoin = off"

// whole is for statements that read whole tables, once. Without statistics, as after a restore, a planner would look through
// all jobs for each run.
const whole = `SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL lock_timeout = '5s';
	SET LOCAL enable_seqscan = on; SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL enable_nestloop = off`

// holdSource keeps writers out, and then looks at one moment: in this order.
func (m *mover) holdSource(ctx context.Context) (err error) {
	if m.tx, err = m.conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}); err != nil {
		return err
	}
	if _, err := m.tx.Exec(ctx, patient); err != nil {
		return err
	}
	if _, err := m.tx.Exec(ctx, "LOCK TABLE shopbell.events, shopbell.runs, shopbell.snapshots, shopbell.counts, shopbell.memos, shopbell.claims, shopbell.nodes IN SHARE MODE"); err != nil {
		return m.occupied(err)
	}
	return m.deserted(ctx, m.tx)
}

// live is the condition on a job that will be worked, cutOff that on one whose try was begun and not ended.
const (
	live   = "j.finalized_at IS NULL"
	cutOff = live + " AND j.attempt > 0"
)

// holdTarget keeps other copies out.
func (m *mover) holdTarget(ctx context.Context) error {
	if _, err := m.conn.Exec(ctx, "SET lock_timeout = '5s'"); err != nil { // one that was killed may need a moment to be gone
		return err
	}
	_, err := m.conn.Exec(ctx, "SELECT pg_advisory_lock($1)", moving)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && pg.Code == "55P03" {
		return fmt.Errorf("another copy into the %s is under way", m.where)
	}
	if err != nil {
		return err
	}
	return m.deserted(ctx, m.conn)
}

// deserted refuses a database that a node works on.
func (m *mover) deserted(ctx context.Context, q querier) error {
	var nodes []string
	err := each(ctx, q, "SELECT id FROM shopbell.nodes WHERE seen > clock_timestamp() - $1::interval ORDER BY id", func(rows pgx.Rows) error {
		var id string
		err := rows.Scan(&id)
		nodes = append(nodes, id)
		return err
	}, silentFor)
	if err == nil && len(nodes) > 0 {
		return fmt.Errorf("servers work on the %s (%s): stop them first; one that was killed counts as gone after %v", m.where, strings.Join(nodes, ", "), silentFor)
	}
	return err
}

// occupied says why a lock could not be had.
func (m *mover) occupied(err error) error {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == "55P03" || pg.Code == "40P01") {
		return fmt.Errorf("another program is writing to the %s: stop the servers first", m.where)
	}
	return err
}

// Close implements [upkeep.Mover].
func (m *mover) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	var err error
	if m.tx != nil {
		err = m.tx.Rollback(ctx)
	}
	if m.conn != nil {
		_, _ = m.conn.Exec(ctx, "SELECT pg_advisory_unlock_all()") // it goes with the connection otherwise
		m.conn.Release()
	}
	return errors.Join(err, m.ledger.Close())
}

// Name implements [upkeep.Mover].
func (m *mover) Name() string { return m.where }

// q is what is read through.
func (m *mover) q() interface {
	querier
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
} {
	if m.tx != nil {
		return m.tx
	}
	return m.conn
}

// change does f in a transaction of a target.
func (m *mover) change(ctx context.Context, f func(pgx.Tx) error) error {
	if m.tx != nil {
		return errNotOpen
	}
	return m.explain(pgx.BeginFunc(ctx, m.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, patient); err != nil {
			return err
		}
		return f(tx)
	}))
}

// Progress implements [upkeep.Mover].
func (m *mover) Progress(ctx context.Context) (p upkeep.Progress, err error) {
	var version int
	err = m.q().QueryRow(ctx, `SELECT (SELECT version FROM shopbell.layout), (SELECT coalesce(max(seq), 0) FROM shopbell.events), (SELECT coalesce(max(id), 0) FROM shopbell.runs),
		NOT (EXISTS (SELECT 1 FROM shopbell.events) OR EXISTS (SELECT 1 FROM shopbell.runs) OR EXISTS (SELECT 1 FROM shopbell.counts) OR EXISTS (SELECT 1 FROM shopbell.revisions) OR EXISTS (SELECT 1 FROM shopbell.memos) OR EXISTS (SELECT 1 FROM shopbell.claims))`).
		Scan(&version, &p.Events, &p.Runs, &p.Empty)
	if err == nil && version == half {
		err = m.q().QueryRow(ctx, "SELECT mark FROM shopbell.moving").Scan(&p.Mark)
	}
	return p, m.explain(err)
}

// Begin implements [upkeep.Mover]. No node can appear between the look and the mark.
func (m *mover) Begin(ctx context.Context, mark string) error {
	return m.change(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "LOCK TABLE shopbell.layout, shopbell.nodes IN EXCLUSIVE MODE"); err != nil {
			return m.occupied(err)
		}
		if err := m.deserted(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "CREATE TABLE shopbell.moving (mark text NOT NULL)"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "INSERT INTO shopbell.moving VALUES ($1)", mark); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "UPDATE shopbell.layout SET version = $1", half)
		return err
	})
}
