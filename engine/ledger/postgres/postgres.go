// Package postgres keeps the ledger in a PostgreSQL that any number of nodes share, with due work as River jobs.
//
//	ledger, err := postgres.Open(ctx, "postgres://bell:…@db/bell", postgres.Options{Log: log})
//
// A job is inserted in the transaction that makes its work due, and ends in the one that settles it. There is a job for the
// earliest pending event of each subject and for the first run of its lane, never for what must come after: that is how
// order holds across nodes without a lock being kept while something is sent.
//
// What it needs: PostgreSQL 14 or later, a role that may create a schema (all is in the schema shopbell), and connections
// that keep their session, straight or through PgBouncer in session mode. It does not decide anything: when an event is
// due, or what a state means, is the engine's.
package postgres

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
)

// Options says how a database is opened. The zero value is right for a server.
type Options struct {
	// ReadOnly is for looking at a ledger that servers work on: nothing is made or changed, and Commit fails.
	ReadOnly bool
	Log      *slog.Logger // nil for none
	// Wait is how long a database that cannot be reached, or is only starting, is waited for.
	Wait time.Duration
}

// A ledger implements [engine.Shared].
type ledger struct {
	pool     *pgxpool.Pool
	where    string // host and database, for people
	log      *slog.Logger
	readOnly bool
	names    *names
	pack     *form.Packer
	node     string // of this process, unique
	shard    int32  // of the counts
	held     held
	shares   shares
	alarms   alarms
	skew     atomic.Int64 // how far this machine's clock is ahead, in nanoseconds
}

var _ engine.Shared = (*ledger)(nil)

// Open opens the ledger in a database, and makes its tables when they are missing: any number of nodes may do so at once.
// A wrong password, a database that is not there, that is read-only or that a newer program made is an error for the
// operator; one that cannot be reached is waited for.
func Open(ctx context.Context, url string, o Options) (engine.Shared, error) {
	conf, err := configOf(url)
	if err != nil {
		return nil, err
	}
	pack, err := form.NewPacker()
	if err != nil {
		return nil, err
	}
	l := &ledger{where: whereIs(conf), log: o.Log, readOnly: o.ReadOnly, names: newNames(), pack: pack, node: nodeID(), shard: rand.Int32N(16)}
	if l.log == nil {
		l.log = slog.New(slog.DiscardHandler)
	}
	if l.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), conf); err != nil {
		return nil, l.explain(err)
	}
	if err := l.begin(ctx, o); err != nil {
		l.pool.Close()
		return nil, err
	}
	return l, nil
}

func (l *ledger) begin(ctx context.Context, o Options) error {
	if err := l.await(ctx, o.Wait); err != nil {
		return err
	}
	if err := l.checkPooler(ctx); err != nil {
		return l.explain(err)
	}
	if err := l.measureSkew(ctx); err != nil {
		return l.explain(err)
	}
	if !o.ReadOnly {
		if err := l.sane(ctx); err != nil {
			return err
		}
		if err := l.clockFault(time.Duration(l.skew.Load())); err != nil {
			return err
		}
		if err := l.migrate(ctx); err != nil {
			return l.explain(err)
		}
	} else if err := l.checkLayout(ctx); err != nil {
		return l.explain(err)
	}
	return l.explain(l.names.load(ctx, l.pool))
}

// nodeID makes the name of this process among the nodes: no two starts of a program have the same.
func nodeID() string {
	host, _ := os.Hostname()
	host = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '_'
	}, host)
	return host[:min(len(host), 60)] + "_" + strconv.FormatUint(rand.Uint64()>>16, 36)
}

// Ready implements [engine.Ledger].
func (l *ledger) Ready(ctx context.Context) error {
	if err := l.sane(ctx); err != nil {
		return err
	}
	if err := l.measureSkew(ctx); err != nil {
		return l.explain(err)
	}
	return l.clockFault(time.Duration(l.skew.Load()))
}

// sane tells whether the database can be written now.
func (l *ledger) sane(ctx context.Context) error {
	var readOnly string
	if err := l.pool.QueryRow(ctx, "SHOW transaction_read_only").Scan(&readOnly); err != nil {
		return l.explain(err)
	}
	if readOnly == "on" && !l.readOnly {
		return l.explain(errReadOnly)
	}
	return nil
}

// Close implements [engine.Ledger].
func (l *ledger) Close() error {
	l.pool.Close()
	return nil
}

var errNotOpen = errors.New("the ledger is open for looking only")
