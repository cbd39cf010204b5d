package postgres

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

//go:embed schema.sql
var schema string

//go:embed layout2.sql
var layout2 string

//go:embed claims.sql
var claims string

// layout is the number of the schema, River's tables with it: a River with other tables needs a new one. Each number has a
// script that comes from the one before.
const layout = 3

func scripts() []string { return []string{schema, layout2, claims} }

// migrating is the lock of those who make tables: "SBEL".
const migrating = 0x5342454c

// oldest is the earliest server that is known to do, as server_version_num.
const oldest = 140000

// migrate makes the tables in a new database, and refuses that of a newer program. Nodes that start at once wait for
// each other.
func (l *ledger) migrate(ctx context.Context) error {
	conn, err := l.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	var number int
	if err := conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int").Scan(&number); err != nil {
		return err
	}
	if number < oldest {
		return fmt.Errorf("PostgreSQL %d is too old: version 14 or later is needed", number/10000)
	}
	version, err := readLayout(ctx, conn.Conn())
	if err == nil && version >= layout {
		return l.refuseNewer(version)
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", migrating); err != nil {
		return err
	}
	defer func() { _, _ = conn.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrating) }()
	if version, err = readLayout(ctx, conn.Conn()); err != nil || version >= layout {
		return errors.Join(err, l.refuseNewer(version))
	}
	if version == 0 {
		if err := l.makeJobTables(ctx, conn.Conn()); err != nil {
			return err
		}
	}
	return pgx.BeginFunc(ctx, conn.Conn(), func(tx pgx.Tx) error {
		for _, script := range scripts()[version:] {
			if _, err := tx.Exec(ctx, script); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *ledger) makeJobTables(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "CREATE SCHEMA IF NOT EXISTS shopbell"); err != nil {
		return err
	}
	river, err := rivermigrate.New(riverpgxv5.New(l.pool), &rivermigrate.Config{Schema: "shopbell", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = river.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// readLayout gives the number of the schema in the database; 0 when there is none.
func readLayout(ctx context.Context, conn *pgx.Conn) (version int, err error) {
	err = conn.QueryRow(ctx, "SELECT version FROM shopbell.layout").Scan(&version)
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok && (pg.Code == "42P01" || pg.Code == "3F000") {
		return 0, nil
	}
	return version, err
}

func (l *ledger) refuseNewer(version int) error {
	if version == half {
		return errHalf
	}
	if version > layout {
		return fmt.Errorf("the ledger has layout %d, this program knows %d: a newer Shopbell made it; use that one", version, layout)
	}
	return nil
}

var errHalf = errors.New("it is half a copy of another ledger: go on with shopbell ledger copy")

// checkLayout is for those who only look.
func (l *ledger) checkLayout(ctx context.Context) error {
	conn, err := l.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	version, err := readLayout(ctx, conn.Conn())
	if err == nil && version == 0 {
		return errors.New("there is no ledger here: the server makes it at its first start")
	}
	if err == nil && version < layout {
		return fmt.Errorf("an older Shopbell made the ledger (layout %d, this program knows %d): start the server once with this version", version, layout)
	}
	return errors.Join(err, l.refuseNewer(version))
}
