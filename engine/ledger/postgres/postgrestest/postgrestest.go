// Package postgrestest starts a real PostgreSQL from its binaries in a temporary folder, for tests, and on demand a
// PgBouncer before it.
//
//	func TestMain(m *testing.M) {
//		code := m.Run()
//		postgrestest.StopShared()
//		os.Exit(code)
//	}
//
//	url := postgrestest.Shared(t)     // an empty database, quick: the server is shared, and does not wait for the disk
//
//	s := postgrestest.Start(t)        // a server of its own, with fsync as in production
//	url := s.Database(t)
//	s.Kill()                          // as if the power had gone
//	s.Restart()
//
// Without a PostgreSQL on the machine the test is skipped, or fails when SHOPBELL_REQUIRE_ALL is set. A server listens on
// 127.0.0.1 alone and ends with the test binary, however that ends (on Linux; elsewhere a test binary that is killed
// leaves it behind). PostgreSQL refuses to run as root: then it runs as the user postgres, or nobody.
package postgrestest

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Start starts a server of its own for one test or benchmark, which takes about a second. It is stopped and its folder
// removed at the end. Settings such as "max_connections=20" overrule those that the harness has chosen. The log of the
// server is shown when the test fails.
func Start(t testing.TB, settings ...string) *Server {
	t.Helper()
	found := binaries(t)
	s, err := newServer(found, settings)
	if err != nil {
		t.Fatal(err)
	}
	s.t = t
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("PostgreSQL's log ends with:\n%s", s.tail())
		}
		if err := s.remove(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// The one server that the tests of this binary share. It outlives the test that happens to be the first, so it can only
// live here.
var shared struct {
	sync.Mutex
	server *Server
}

// Shared gives the URL of a new, empty database, which is dropped at the end of the test together with what is connected
// to it. All tests of the binary share one server, started by the first; it may lose data in a crash. Tests that run at
// once may call it.
func Shared(t testing.TB) string {
	t.Helper()
	found := binaries(t)
	s, err := theShared(found)
	if err != nil {
		t.Fatal(err)
	}
	name, err := s.create()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.exec("postgres", "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("dropping the test's database: %v", err)
		}
	})
	return s.URL(name)
}

func theShared(bin string) (*Server, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		return shared.server, nil
	}
	s, err := newServer(bin, []string{"fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=400"})
	if err != nil {
		return nil, err
	}
	shared.server = s
	return s, nil
}

// StopShared stops the server that Shared started, if it did, and removes its folder. It is for TestMain, after m.Run.
func StopShared() {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return
	}
	if err := shared.server.remove(); err != nil {
		os.Stderr.WriteString(err.Error() + "\n")
	}
	shared.server = nil
}

// Database makes a new, empty database that belongs to the user bell, and gives its URL. It goes with the server.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name, err := s.create()
	if err != nil {
		t.Fatal(err)
	}
	return s.URL(name)
}

// Exec runs SQL as superuser, one statement or more, in a database of the given name. The superuser gets in when
// ordinary users have taken all connections.
func (s *Server) Exec(t testing.TB, database, sql string) {
	t.Helper()
	if err := s.exec(database, sql); err != nil {
		t.Fatalf("running SQL in %s: %v", database, err)
	}
}

// enough is how long one statement of the harness may take on a busy machine.
const enough = time.Minute

func (s *Server) exec(database, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), enough)
	defer cancel()
	c, err := pgx.Connect(ctx, s.address(superuser, superPassword, s.port, database))
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, sql)
	if closed := c.Close(ctx); err == nil {
		err = closed
	}
	return err
}
