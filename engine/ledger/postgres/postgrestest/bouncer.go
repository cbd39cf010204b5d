package postgrestest

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"shopbell/freeport"
)

// Bouncer starts a PgBouncer before the server, on a port of its own, and gives the function that URL is for the server.
// The mode is "session" or "transaction"; all else is as PgBouncer has it by default. It ends with the test, and stays
// while the server is killed and started again. Without a PgBouncer on the machine the test is skipped, or fails when
// SHOPBELL_REQUIRE_ALL is set.
func (s *Server) Bouncer(t testing.TB, mode string) func(database string) string {
	t.Helper()
	program := pgbouncer(t)
	dir, err := folder(s.account)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.configure(dir, port, mode); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(dir, "log")
	run, err := launch(command(s.account, dir, program, "bouncer.ini"), log)
	if err != nil {
		t.Fatalf("PgBouncer does not start: %v", err)
	}
	t.Cleanup(func() { run.end(syscall.SIGKILL) })
	if err := ready(run, s.address(superuser, superPassword, port, "postgres"), s.data()); err != nil {
		said, _ := os.ReadFile(log)
		t.Fatalf("PgBouncer does not start: %v\n%s", err, said)
	}
	return func(database string) string { return s.address(owner, ownerPassword, port, database) }
}

// configure writes what PgBouncer reads. It knows the passwords in the clear, for it proves them to the server anew.
func (s *Server) configure(dir string, port int, mode string) error {
	users := fmt.Sprintf("%q %q\n%q %q\n", owner, ownerPassword, superuser, superPassword)
	if err := write(filepath.Join(dir, "users.txt"), users, s.account); err != nil {
		return err
	}
	return write(filepath.Join(dir, "bouncer.ini"), fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = scram-sha-256
auth_file = users.txt
pool_mode = %s
`, s.port, port, mode), s.account)
}
