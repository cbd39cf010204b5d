package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
)

var errPooler = errors.New("PgBouncer, or another pooler, gives each transaction another connection: set pool_mode = session for this database, or connect straight")

// checkPooler refuses a pooler that does not keep sessions: locks, prepared statements and what a connection listens for would be
// lost. A pooler is told by the process number that it makes up. One that keeps sessions gives a second client another connection of
// the server, and leaves the first its own.
func (l *ledger) checkPooler(ctx context.Context) error {
	first, err := l.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer first.Release()
	before, err := serverPID(ctx, first.Conn())
	if err != nil || before == first.Conn().PgConn().PID() {
		return err
	}
	second, err := l.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer second.Release()
	if _, err := second.Exec(ctx, "BEGIN"); err != nil {
		return err
	}
	defer func() { _, _ = second.Exec(context.WithoutCancel(ctx), "ROLLBACK") }()
	other, err := serverPID(ctx, second.Conn())
	if err != nil {
		return err
	}
	after, err := serverPID(ctx, first.Conn())
	if err == nil && (other == before || after != before) {
		return errPooler
	}
	return err
}

// serverPID asks for the number of the server process, in the one way that works through any pooler.
func serverPID(ctx context.Context, c *pgx.Conn) (pid uint32, err error) {
	err = c.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	return pid, err
}
