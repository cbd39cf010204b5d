package postgrestest_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"shopbell/engine/ledger/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	postgrestest.StopShared()
	os.Exit(code)
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

func run(t *testing.T, c *pgx.Conn, sql string) {
	t.Helper()
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func one[T comparable](t *testing.T, c *pgx.Conn, sql string, want T) {
	t.Helper()
	var got T
	if err := c.QueryRow(t.Context(), sql, pgx.QueryExecModeSimpleProtocol).Scan(&got); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if got != want {
		t.Errorf("%s: got %v, want %v", sql, got, want)
	}
}

// refused holds that an address is refused with one of some errors of PostgreSQL.
func refused(t *testing.T, address string, codes ...string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), address)
	if err == nil {
		_ = c.Close(t.Context())
		t.Fatalf("a connection was made, want error %s", codes)
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || !slices.Contains(codes, pg.Code) {
		t.Errorf("got %v, want error %s", err, codes)
	}
}

func name(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

func TestServer(t *testing.T) {
	s := postgrestest.Start(t, "max_connections=20", "work_mem=5MB")
	address := s.Database(t)
	if other := s.Database(t); other == address {
		t.Errorf("two databases have one address: %s", address)
	}
	if got := s.URL(name(t, address)); got != address {
		t.Errorf("URL gives %s for %s", got, address)
	}
	c := connect(t, address)
	one(t, c, "SELECT current_user::text", "bell")
	one(t, c, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user", false)
	one(t, c, "SELECT pg_encoding_to_char(encoding) || datcollate FROM pg_database WHERE datname = current_database()", "UTF8C")
	for setting, want := range map[string]string{"max_connections": "20", "work_mem": "5MB", "fsync": "on", "synchronous_commit": "on",
		"full_page_writes": "on", "listen_addresses": "127.0.0.1"} {
		one(t, c, "SHOW "+setting, want)
	}
	run(t, c, "CREATE TABLE bells (n int)")
	s.Exec(t, name(t, address), "INSERT INTO bells VALUES (1); INSERT INTO bells VALUES (2)")
	one(t, c, "SELECT sum(n) FROM bells", 3)

	refused(t, strings.Replace(address, ":secret@", ":wrong@", 1), "28P01")
	refused(t, s.URL("nothing"), "3D000")
}

func TestCrash(t *testing.T) {
	s := postgrestest.Start(t)
	address := s.Database(t)
	c := connect(t, address)
	run(t, c, "CREATE TABLE bells (n int)")
	for _, down := range []struct {
		how string
		do  func()
	}{{"kill", s.Kill}, {"stop", s.Stop}, {"nothing but a restart", func() {}}} {
		c := connect(t, address)
		run(t, c, "INSERT INTO bells VALUES (1)")
		open := connect(t, address)
		run(t, open, "BEGIN; INSERT INTO bells VALUES (100)")
		down.do()
		down.do() // a second time does nothing
		if down.how != "nothing but a restart" {
			if _, err := pgx.Connect(t.Context(), address); err == nil {
				t.Errorf("after %s the server answers", down.how)
			}
		}
		s.Restart()
		if err := c.Ping(t.Context()); err == nil {
			t.Errorf("after %s a connection from before works", down.how)
		}
	}
	one(t, connect(t, address), "SELECT sum(n) FROM bells", 3)
}

func TestShared(t *testing.T) {
	var first string
	t.Run("first", func(t *testing.T) {
		first = postgrestest.Shared(t)
		c := connect(t, first)
		run(t, c, "CREATE TABLE bells (n int)")
		one(t, c, "SHOW fsync", "off")
		connectForever(t, first)
	})
	if t.Failed() || first == "" {
		return
	}
	refused(t, first, "3D000")
	for range 4 {
		t.Run("at once", func(t *testing.T) {
			t.Parallel()
			run(t, connect(t, postgrestest.Shared(t)), "CREATE TABLE bells (n int)")
		})
	}
}

// connectForever leaves a connection open beyond the test, which must not keep its database from being dropped.
func connectForever(t *testing.T, address string) {
	t.Helper()
	if _, err := pgx.Connect(t.Context(), address); err != nil {
		t.Fatal(err)
	}
}

func TestBouncer(t *testing.T) {
	s := postgrestest.Start(t)
	address := s.Database(t)
	database := name(t, address)
	for _, mode := range []string{"session", "transaction"} {
		t.Run(mode, func(t *testing.T) {
			through := s.Bouncer(t, mode)(database)
			if through == address {
				t.Fatalf("PgBouncer has the server's address %s", address)
			}
			// PgBouncer calls a wrong password a breach of the protocol.
			refused(t, strings.Replace(through, ":secret@", ":wrong@", 1), "28P01", "08P01")
			a, b := connect(t, through), connect(t, through)
			if a, b := backend(t, a), backend(t, b); (a == b) != (mode == "transaction") {
				t.Errorf("two clients have backends %d and %d", a, b)
			}
			s.Kill()
			s.Restart()
			one(t, connect(t, through), "SELECT 1", 1)
		})
	}
}

// backend is the process that serves a connection.
func backend(t *testing.T, c *pgx.Conn) (pid int) {
	t.Helper()
	if err := c.QueryRow(t.Context(), "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid); err != nil {
		t.Fatal(err)
	}
	return pid
}
