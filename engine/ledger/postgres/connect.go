package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"shopbell/engine"
)

// connections is how many a node keeps at most, unless the address says so with pool_max_conns.
const connections = 10

// stale is how long a connection may have been idle before it is tried before use. A shorter time would have an idle node ask
// the database more often for that than for anything else.
const stale = 2 * time.Minute

// configOf reads the address of a database.
func configOf(url string) (*pgxpool.Config, error) {
	conf, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the address of the database cannot be read: write postgres://USER:PASSWORD@HOST:5432/DATABASE, with special characters of the password as %XX")
	}
	if !strings.Contains(url, "pool_max_conns") {
		conf.MaxConns = connections
	}
	// One for the ledger, two that listen, and one to look are the least that a node can work with.
	conf.MaxConns = max(conf.MaxConns, 5)
	conf.ShouldPing = func(_ context.Context, p pgxpool.ShouldPingParams) bool { return p.IdleDuration > stale }
	conf.ConnConfig.ConnectTimeout = 5 * time.Second
	if conf.ConnConfig.RuntimeParams["application_name"] == "" {
		conf.ConnConfig.RuntimeParams["application_name"] = "shopbell"
	}
	conf.AfterConnect = func(ctx context.Context, c *pgx.Conn) error {
		_, err := c.Exec(ctx, session)
		return err
	}
	return conf, nil
}

// session is how every connection is set. A node that vanishes from the network in the middle of a commit must not keep its
// locks. All statements look up rows by an index; a planner that thinks a table small, because it was when statistics were
// last made, would read it whole for each of them.
const session = "SET idle_in_transaction_session_timeout = '15s'; SET enable_seqscan = off; SET enable_mergejoin = off; SET jit = off"

func whereIs(conf *pgxpool.Config) string {
	c := conf.ConnConfig
	return fmt.Sprintf("database %q at %s", c.Database, net.JoinHostPort(c.Host, fmt.Sprint(c.Port)))
}

// await connects, and waits for a database that cannot be reached yet.
func (l *ledger) await(ctx context.Context, wait time.Duration) error {
	end := time.Now().Add(wait)
	for told := false; ; told = true {
		err := l.explain(l.pool.Ping(ctx))
		if err == nil || !errors.Is(err, engine.ErrAway) || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
		if !told {
			l.log.Warn("waiting for the database", "error", err, "at most", wait)
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(500 * time.Millisecond):
		}
	}
}

var errReadOnly = &pgconn.PgError{Code: "25006", Message: "read-only"}

// faults are what operators meet, in their words, by PostgreSQL's codes.
func faults() map[string]string {
	return map[string]string{
		"28P01": "the password is refused: check the user and the password in database: of the config",
		"08P01": "the connection is refused, by PgBouncer most likely: check the user and the password in database: of the config",
		"28000": "the user is refused: check the user in database: of the config, and pg_hba.conf of the server",
		"3D000": "there is no such database: make it with createdb, or check the name at the end of database: in the config",
		"42501": "the user may not do this: make it the owner of the database, or grant it CREATE on it",
		"25006": "the database is read-only: it is a standby, or default_transaction_read_only is on; point database: at the one that can be written",
		"53300": "the database has no connection left: raise its max_connections, or lower pool_max_conns in database: of the config",
		"53200": "the database has no memory left for locks: raise its max_locks_per_transaction, which many nodes need",
		"26000": "a prepared statement is gone, as happens behind PgBouncer in transaction mode: set pool_mode = session for this database",
		"42P05": "a prepared statement is there already, as happens behind PgBouncer in transaction mode: set pool_mode = session for this database",
	}
}

// explain says in an operator's words what is wrong with the database. It tells no password.
func (l *ledger) explain(err error) error {
	switch {
	case err == nil, errors.Is(err, engine.ErrNone), errors.Is(err, engine.ErrAway), errors.Is(err, engine.ErrFull):
		return err
	case errors.Is(err, context.Canceled):
		return err
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	if !ok {
		return l.explainSilence(err)
	}
	words := faults()[pg.Code]
	switch {
	case words != "" && passing(pg.Code):
		return fmt.Errorf("%s: %s: %w", l.where, words, engine.ErrAway)
	case words != "":
		return fmt.Errorf("%s: %s", l.where, words)
	case pg.Code == "53100":
		return fmt.Errorf("%s: %w", l.where, engine.ErrFull)
	case strings.HasPrefix(pg.Code, "57P0"):
		return fmt.Errorf("%s: it is starting or stopping: %w", l.where, engine.ErrAway)
	}
	return fmt.Errorf("%s: %w", l.where, err)
}

// passing tells whether a fault is likely to go by itself.
func passing(code string) bool { return code == "53300" || code == "53200" || code == "25006" }

// explainSilence is for a database that gave no answer.
func (l *ledger) explainSilence(err error) error {
	if l.pool != nil && errors.Is(err, context.DeadlineExceeded) {
		if s := l.pool.Stat(); s.AcquiredConns() >= s.MaxConns() {
			return fmt.Errorf("%s: all %d connections of this node are in use: %w", l.where, s.MaxConns(), engine.ErrAway)
		}
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		return fmt.Errorf("%s: there is no host %q: %w", l.where, dns.Name, engine.ErrAway)
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, context.DeadlineExceeded) || pgconn.SafeToRetry(err) || broken(err) {
		return fmt.Errorf("%s: no answer (%s): %w", l.where, cause(err), engine.ErrAway)
	}
	return fmt.Errorf("%s: %w", l.where, err)
}

// broken tells whether a connection ended in the middle of something.
func broken(err error) bool {
	text := err.Error()
	return strings.Contains(text, "EOF") || strings.Contains(text, "conn closed") || strings.Contains(text, "closed pool")
}

// cause gives the innermost words of an error, without those of the layers above.
func cause(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}
