package sql_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"shopbell/freeport"
)

// mariadb is the one MariaDB of the tests, in a temporary folder, started by the first that wants it.
var mariadb struct {
	sync.Mutex
	dir   string
	port  int
	stdin io.Closer // its end is the server's
	cmd   *exec.Cmd
	names atomic.Int64
}

const (
	mariaUser     = "shop"
	mariaPassword = "correct horse"
)

// newMariaDB gives a new, empty database: its name, and a connection of root's.
func newMariaDB(t testing.TB) (address, name string, root *sql.DB) {
	t.Helper()
	mariadb.Lock()
	defer mariadb.Unlock()
	if mariadb.cmd == nil {
		startMariaDB(t)
	}
	name = fmt.Sprintf("shop_%d", mariadb.names.Add(1))
	all := connectMariaDB(t, "")
	for _, text := range []string{"CREATE DATABASE " + name + " CHARACTER SET utf8mb4",
		fmt.Sprintf("GRANT SELECT, INSERT, UPDATE, DELETE ON %s.* TO '%s'@'127.0.0.1' IDENTIFIED BY '%s'", name, mariaUser, mariaPassword)} {
		if _, err := all.Exec(text); err != nil {
			t.Fatal(err)
		}
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(mariadb.port)), name, connectMariaDB(t, name)
}

func connectMariaDB(t testing.TB, name string) *sql.DB {
	c := mysql.NewConfig()
	c.User, c.Net, c.Addr, c.DBName, c.MultiStatements = "root", "unix", filepath.Join(mariadb.dir, "socket"), name, true
	c.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func startMariaDB(t testing.TB) {
	t.Helper()
	install, server := mariaProgram(t, "mariadb-install-db", "mysql_install_db"), mariaProgram(t, "mariadbd", "mysqld")
	dir, err := os.MkdirTemp("", "shopbell-mariadb-")
	if err != nil {
		t.Fatal(err)
	}
	mariadb.dir = dir
	common := []string{"--no-defaults", "--datadir=" + filepath.Join(dir, "data")}
	if os.Geteuid() == 0 {
		common = append(common, "--user=root")
	}
	if out, err := exec.Command(install, append(common, "--auth-root-authentication-method=normal", "--skip-test-db", "--innodb-log-file-size=4M")...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", install, err, out)
	}
	if err := writeCertificate(dir); err != nil {
		t.Fatal(err)
	}
	if mariadb.port, err = freeport.Find(); err != nil {
		t.Fatal(err)
	}
	// The shell waits for the end of its input, which comes when the tests end, however they do.
	args := append([]string{"-c", `"$@" & pid=$!; cat; kill -9 $pid`, "sh", server}, common...)
	cmd := exec.Command("/bin/sh", append(args, "--socket="+filepath.Join(dir, "socket"), "--port="+strconv.Itoa(mariadb.port), "--bind-address=127.0.0.1",
		"--skip-name-resolve", "--ssl-cert="+filepath.Join(dir, certificate), "--ssl-key="+filepath.Join(dir, certificate),
		"--skip-log-bin", "--innodb-log-file-size=4M", "--innodb-buffer-pool-size=16M", "--innodb-flush-log-at-trx-commit=0")...)
	said, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer said.Close()
	cmd.Stderr = said
	if mariadb.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	mariadb.cmd = cmd
	if err := mariaAnswers(connectMariaDB(t, "")); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log"))
		t.Fatalf("MariaDB does not start: %v\n%s", err, log)
	}
}

func mariaAnswers(db *sql.DB) error {
	end := time.NewTimer(time.Minute)
	defer end.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := db.Ping()
		if err == nil {
			return nil
		}
		select {
		case <-end.C:
			return errors.Join(errors.New("no answer within a minute"), err)
		case <-tick.C:
		}
	}
}

func mariaProgram(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		for _, path := range []string{name, filepath.Join("/usr/sbin", name)} {
			if found, err := exec.LookPath(path); err == nil {
				return found
			}
		}
	}
	if os.Getenv("SHOPBELL_REQUIRE_ALL") != "" {
		t.Fatal("SHOPBELL_REQUIRE_ALL is set, and there is no MariaDB")
	}
	t.Skip("there is no MariaDB on this machine, so nothing was tested with it")
	return ""
}

// stopMariaDB stops the server, if it was started, and removes its folder.
func stopMariaDB() {
	mariadb.Lock()
	defer mariadb.Unlock()
	if mariadb.cmd != nil {
		_ = mariadb.stdin.Close()
		_ = mariadb.cmd.Wait()
	}
	if mariadb.dir != "" {
		_ = os.RemoveAll(mariadb.dir)
	}
}
