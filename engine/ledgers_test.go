package engine_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
	"shopbell/engine/ledger/postgres"
	"shopbell/engine/ledger/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	postgrestest.StopShared()
	os.Exit(code)
}

// A maker makes a bench on one kind of ledger.
type maker func(t testing.TB, ruleFile string, change ...func(*engine.Options)) *bench

// onEachLedger runs a test on both ledgers: what an engine promises does not depend on where it keeps things.
func onEachLedger(t *testing.T, test func(t *testing.T, newBench maker)) {
	t.Run("sqlite", func(t *testing.T) { test(t, newBench) })
	t.Run("postgres", func(t *testing.T) { test(t, newNode) })
}

// newNode is newBench on an empty PostgreSQL. Time is real there, so waits are short, and what River schedules may come five
// seconds late.
func newNode(t testing.TB, ruleFile string, change ...func(*engine.Options)) *bench {
	t.Helper()
	return nodeAt(t, postgrestest.Shared(t), ruleFile, change...)
}

// nodeAt makes a node of those that share a database.
func nodeAt(t testing.TB, url, ruleFile string, change ...func(*engine.Options)) *bench {
	t.Helper()
	return startBench(t, &bench{where: url, opens: func(where string) (engine.Ledger, error) {
		return postgres.Open(context.Background(), where, postgres.Options{Wait: 5 * time.Second})
	}}, ruleFile, change)
}

// another makes one more node on the database of this one, before the same platform and the same provider.
func (b *bench) another(ruleFile string, change ...func(*engine.Options)) *bench {
	b.Helper()
	n := nodeAt(b.TB, b.where, ruleFile, append([]func(*engine.Options){func(o *engine.Options) {
		o.Sources, o.Accounts, o.World = b.options.Sources, b.options.Accounts, b.options.World
	}}, change...)...)
	n.source, n.provider = b.source, b.provider
	return n
}

// jobs tells what River has of a shared ledger, for a test that waits in vain.
func (b *bench) jobs() string {
	if _, shared := b.ledger.(engine.Shared); !shared {
		return ""
	}
	c, err := pgx.Connect(context.Background(), b.where)
	b.must(err)
	defer c.Close(context.Background())
	var jobs, leader string
	b.must(c.QueryRow(context.Background(), `SELECT coalesce(string_agg(format('%s %s in %s, due in %s, attempt %s by %s', state, args, queue, scheduled_at - clock_timestamp(),
		attempt, attempted_by), E'\n'), '') FROM shopbell.river_job`).Scan(&jobs))
	b.must(c.QueryRow(context.Background(), `SELECT coalesce(string_agg(format('%s until %s', leader_id, expires_at - clock_timestamp()), ', '), 'nobody') FROM shopbell.river_leader`).Scan(&leader))
	return fmt.Sprintf("; River's leader is %s; jobs:\n%s", leader, jobs)
}

// committing is what a ledger does to commit.
type committing func(context.Context, []engine.Change) error

// meddling stands between an engine and its ledger's Commit.
type meddling func(ctx context.Context, changes []engine.Change, commit committing) error

// writing puts a meddling before a ledger. One that is shared stays so.
func writing(l engine.Ledger, m meddling) engine.Ledger {
	if s, ok := l.(engine.Shared); ok {
		return sharedWriting{s, m}
	}
	return plainWriting{l, m}
}

type plainWriting struct {
	engine.Ledger
	meddling meddling
}

func (l plainWriting) Commit(ctx context.Context, changes []engine.Change) error {
	return l.meddling(ctx, changes, l.Ledger.Commit)
}

type sharedWriting struct {
	engine.Shared
	meddling meddling
}

func (l sharedWriting) Commit(ctx context.Context, changes []engine.Change) error {
	return l.meddling(ctx, changes, l.Shared.Commit)
}
