package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/freeport"
)

const (
	superuser     = "postgres"
	superPassword = "super"
	owner         = "bell" // of the databases; no superuser, as in production
	ownerPassword = "secret"
)

// patience is how long a server may take to start, to recover after a kill, or to stop.
const patience = time.Minute

// A Server is one PostgreSQL with a folder of its own. Its methods may be called at once, and from goroutines of the
// test: Kill, Restart and Stop fail the test, but do not end it.
type Server struct {
	t        testing.TB // nil for the shared server
	bin      string
	dir      string
	port     int
	settings []string
	account  *account
	names    atomic.Int64

	mu  sync.Mutex
	run *process // nil while it is stopped
}

// newServer makes the folder of a server and starts it.
func newServer(bin string, settings []string) (*Server, error) {
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := folder(who)
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin, dir: dir, settings: settings, account: who}
	if err := s.setUp(); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

func (s *Server) setUp() error {
	if err := s.initdb(); err != nil {
		return err
	}
	if err := s.startAnywhere(); err != nil {
		return err
	}
	return s.exec("postgres", fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", owner, ownerPassword))
}

func (s *Server) initdb() error {
	secret := filepath.Join(s.dir, "password")
	if err := write(secret, superPassword, s.account); err != nil {
		return err
	}
	cmd := command(s.account, s.dir, filepath.Join(s.bin, "initdb"), "--pgdata="+s.data(), "--username="+superuser, "--pwfile="+secret,
		"--auth=scram-sha-256", "--locale=C", "--encoding=UTF8", "--no-sync", "--no-instructions")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return nil
}

func (s *Server) data() string { return filepath.Join(s.dir, "data") }
func (s *Server) log() string  { return filepath.Join(s.dir, "log") }

// startAnywhere starts the server on a free port. Another program may take the port between the look and the start.
func (s *Server) startAnywhere() error {
	var err error
	for range 5 {
		if s.port, err = freeport.Find(); err != nil {
			return err
		}
		if err = s.start(); err == nil || !strings.Contains(s.tail(), "could not bind") {
			return err
		}
	}
	return err
}

// start starts the server on its port, and returns when it accepts connections.
func (s *Server) start() error {
	args := []string{"-D", s.data()}
	for _, setting := range append([]string{"listen_addresses=127.0.0.1", "port=" + strconv.Itoa(s.port), "unix_socket_directories=",
		"shared_buffers=32MB", "max_connections=100", "log_destination=stderr"}, s.settings...) {
		args = append(args, "-c", setting)
	}
	// The program itself, not pg_ctl, so that it is our child and ends with us.
	run, err := launch(command(s.account, s.dir, filepath.Join(s.bin, "postgres"), args...), s.log())
	if err != nil {
		return err
	}
	if err := ready(run, s.address(superuser, superPassword, s.port, "postgres"), s.data()); err != nil {
		run.end(syscall.SIGQUIT)
		return fmt.Errorf("PostgreSQL does not start: %w\n%s", err, s.tail())
	}
	s.run = run
	return nil
}

// ready waits until the server of a data folder answers at an address: ours, and not another that has our port.
func ready(run *process, address, data string) error {
	ctx, late := context.WithTimeoutCause(context.Background(), patience, fmt.Errorf("no answer within %v", patience))
	defer late()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() { // what has our port may take connections and never answer
		select {
		case <-run.done:
			cancel(errors.New("the process has ended"))
		case <-ctx.Done():
		}
	}()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		there, err := dataFolder(ctx, address)
		if err == nil && there == data {
			return nil
		}
		if err == nil {
			err = errors.New("another server answers at its port")
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		case <-tick.C:
		}
	}
}

func dataFolder(ctx context.Context, address string) (dir string, err error) {
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	err = c.QueryRow(ctx, "SHOW data_directory").Scan(&dir)
	return dir, err
}

// create makes a database and gives its name.
func (s *Server) create() (string, error) {
	name := "shopbell_" + strconv.FormatInt(s.names.Add(1), 10)
	// template0, for template1 cannot be copied while somebody is connected to it.
	if err := s.exec("postgres", "CREATE DATABASE "+name+" OWNER "+owner+" TEMPLATE template0"); err != nil {
		return "", fmt.Errorf("making a database: %w", err)
	}
	return name, nil
}

// URL is where the user bell finds a database, whether there is one of that name or not:
// postgres://bell:secret@127.0.0.1:PORT/name?sslmode=disable.
func (s *Server) URL(database string) string {
	return s.address(owner, ownerPassword, s.port, database)
}

func (s *Server) address(user, password string, port int, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)),
		Path: database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Kill ends the server as a crash would (pg_ctl stop -m immediate), and returns when it has ended. What was committed
// is there after Restart. On a stopped server it does nothing.
func (s *Server) Kill() { s.stop(syscall.SIGQUIT) }

// Stop ends connections and shuts the server down in order (pg_ctl stop -m fast). On a stopped server it does nothing.
func (s *Server) Stop() { s.stop(syscall.SIGINT) }

func (s *Server) stop(signal syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return
	}
	if !s.run.end(signal) {
		s.t.Errorf("PostgreSQL had to be killed: it did not end within %v of %v", patience, signal)
	}
	s.run = nil
}

// Restart starts the server after Kill or Stop, on the port it had, and returns when it accepts connections. A server
// that runs is stopped first.
func (s *Server) Restart() {
	s.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		return // another goroutine was quicker
	}
	if err := s.start(); err != nil {
		s.t.Error(err)
	}
}

// remove ends the server without ceremony and removes its folder.
func (s *Server) remove() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run != nil {
		s.run.end(syscall.SIGQUIT)
		s.run = nil
	}
	return os.RemoveAll(s.dir)
}

// tail is the end of the server's log, without the lines that are due to our own asking whether it is ready.
func (s *Server) tail() string {
	text, err := os.ReadFile(s.log())
	if err != nil {
		return err.Error()
	}
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(string(text)), "\n"), func(line string) bool {
		return strings.Contains(line, "the database system is starting up")
	})
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}

// command is a program that runs as who, in a folder that it may read, without the variables by which libpq is steered.
func command(who *account, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	cmd.SysProcAttr = who.attributes()
	return cmd
}
