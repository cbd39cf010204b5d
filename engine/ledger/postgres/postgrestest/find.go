package postgrestest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

// binaries is the folder of PostgreSQL's programs: of those in PATH, or else of the newest version where Debian keeps them.
func binaries(t testing.TB) string {
	t.Helper()
	if path, err := exec.LookPath("postgres"); err == nil {
		if _, err := os.Stat(filepath.Join(filepath.Dir(path), "initdb")); err == nil {
			return filepath.Dir(path)
		}
	}
	newest, best := "", -1
	all, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres") // fails for a bad pattern only
	for _, path := range all {
		dir := filepath.Dir(path)
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(dir))); err == nil && version > best {
			newest, best = dir, version
		}
	}
	if newest == "" {
		missing(t, "PostgreSQL")
	}
	return newest
}

// pgbouncer is the path of PgBouncer. Debian keeps it where only root's PATH looks.
func pgbouncer(t testing.TB) string {
	t.Helper()
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	missing(t, "PgBouncer")
	return ""
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("SHOPBELL_REQUIRE_ALL") != "" {
		t.Fatalf("SHOPBELL_REQUIRE_ALL is set, and there is no %s", what)
	}
	t.Skipf("there is no %s on this machine, so nothing was tested with it", what)
}

// folder makes a temporary folder that belongs to who. It is not one of testing.TB, which others than their owner cannot
// reach.
func folder(who *account) (string, error) {
	dir, err := os.MkdirTemp("", "shopbell-postgres-")
	if err != nil {
		return "", err
	}
	return dir, who.own(dir)
}

// write writes a file that who may read.
func write(path, text string, who *account) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return fmt.Errorf("writing for PostgreSQL: %w", err)
	}
	return who.own(path)
}
