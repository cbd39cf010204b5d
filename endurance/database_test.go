//go:build linux

package endurance

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"shopbell/engine/ledger/postgres/postgrestest"
)

// password is one that no log may tell, and that is in no other word of it.
const password = "pa55-0f-the-test"

// keeper makes a database whose owner has the password, and gives its name and address.
func keeper(t *testing.T, s *postgrestest.Server) (name, address string) {
	t.Helper()
	u, err := url.Parse(s.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	name = strings.TrimPrefix(u.Path, "/")
	s.Exec(t, "postgres", fmt.Sprintf("CREATE ROLE keeper_%s LOGIN PASSWORD '%s'; ALTER DATABASE %s OWNER TO keeper_%s", name, password, name, name))
	u.User = url.UserPassword("keeper_"+name, password)
	return name, u.String()
}

// changed gives an address with something else in it.
func changed(t *testing.T, address string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

// refused starts a program that must end with status 1, saying what is wrong.
func refused(t *testing.T, address string, words ...string) {
	t.Helper()
	s := telling("http://127.0.0.1:9")
	s.database = address
	p := newProgramWith(t, t.TempDir(), s)
	began := time.Now()
	p.launch()
	select {
	case <-p.ended:
	case <-time.After(50 * time.Second):
		t.Fatalf("the program neither starts nor ends; it says: %s", p.said())
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("it ended with status %d, want 1", code)
	}
	said := p.said()
	for _, word := range words {
		if !strings.Contains(said, word) {
			t.Errorf("%q is not in what it says", word)
		}
	}
	p.tellsNoPassword()
	t.Logf("after %v: %s", time.Since(began).Round(100*time.Millisecond), said)
}

// said gives what the program has said, without the warnings of this test's config.
func (p *program) said() string {
	var lines []string
	for line := range strings.Lines(p.logged()) {
		if line = strings.TrimSpace(line); !strings.Contains(line, "warning:") && !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "Keep it out") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func (p *program) tellsNoPassword() {
	p.Helper()
	if strings.Contains(p.logged(), password) {
		p.Error("the log tells the password of the database")
	}
}

// TestRefusedDatabase starts the program with addresses of databases that it cannot use.
func TestRefusedDatabase(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	name, address := keeper(t, server)
	t.Run("Address", func(t *testing.T) {
		refused(t, "postgres://bell:"+password+"@[::1/x", "the address of the database cannot be read")
	})
	t.Run("Password", func(t *testing.T) {
		wrong := changed(t, address, func(u *url.URL) { u.User = url.UserPassword("keeper_"+name, "not-"+password) })
		refused(t, wrong, "the password is refused")
	})
	t.Run("NoDatabase", func(t *testing.T) {
		refused(t, changed(t, address, func(u *url.URL) { u.Path = "/nowhere" }), "there is no such database")
	})
	t.Run("NoRights", func(t *testing.T) {
		server.Exec(t, "postgres", "CREATE ROLE guest LOGIN PASSWORD '"+password+"'")
		refused(t, changed(t, address, func(u *url.URL) { u.User = url.UserPassword("guest", password) }), "the user may not do this", "grant it CREATE")
	})
	t.Run("ReadOnly", func(t *testing.T) {
		name, address := keeper(t, server)
		server.Exec(t, "postgres", "ALTER DATABASE "+name+" SET default_transaction_read_only = on")
		refused(t, address, "the database is read-only")
	})
	t.Run("Newer", func(t *testing.T) {
		s := telling("http://127.0.0.1:9")
		s.database = address
		p := newProgramWith(t, t.TempDir(), s)
		p.start()
		p.kill()
		server.Exec(t, name, "UPDATE shopbell.layout SET version = 99")
		refused(t, address, "a newer Shopbell made it")
	})
	t.Run("Away", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		where := l.Addr().String()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		refused(t, changed(t, address, func(u *url.URL) { u.Host = where }), "waiting for the database", `"at most"=30s`, where+": no answer")
	})
}

// until waits for a condition, and tells how long that took.
func until(t *testing.T, most time.Duration, what string, holds func() bool) time.Duration {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > most {
			t.Errorf("%s: not within %v", what, most)
			break
		}
		<-time.After(20 * time.Millisecond)
	}
	return time.Since(began)
}

// unready waits until /readyz says why no events are taken.
func (p *program) unready(most time.Duration, word string) {
	p.Helper()
	status, text := 0, ""
	took := until(p.T, most, "/readyz tells of "+word, func() bool {
		status, text = p.readyz()
		return status == 503 && strings.Contains(text, word)
	})
	p.Logf("after %v /readyz answers %d %s", took.Round(100*time.Millisecond), status, text)
}

// ready waits until /readyz is content, without anybody's doing.
func (p *program) ready(most time.Duration) {
	p.Helper()
	took := until(p.T, most, "/readyz is content again", func() bool { status, _ := p.readyz(); return status == 200 })
	p.Logf("content again after %v", took.Round(100*time.Millisecond))
}

// works holds that events are taken and acted on. One that is turned away comes again, as a platform has it.
func (p *program) works(target *sink, from, n int) {
	p.Helper()
	before := target.distinct()
	for i := range n {
		event, status := from+2*i+1, 0
		until(p.T, 10*time.Second, "an event is taken", func() bool {
			status, _ = p.post(event)
			return status != 503
		})
		if status != 200 {
			p.Errorf("event %d was answered %d", event, status)
		}
	}
	target.wait(p.T, before+n, 30*time.Second)
}

// on starts a program on a database.
func on(t *testing.T, address string) (*program, *sink) {
	t.Helper()
	target := newSink(t)
	s := telling(target.URL)
	s.database = address
	return newProgramWith(t, t.TempDir(), s), target
}

// TestDatabaseComes starts the program before its database, and with one that has no connection left. It waits, and goes on
// by itself.
func TestDatabaseComes(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t, "max_connections=10")
	name, address := keeper(t, server)
	p, target := on(t, address)
	server.Stop()
	p.launch()
	until(t, 10*time.Second, "the log tells of the wait", func() bool { return strings.Contains(p.logged(), "waiting for the database") })
	server.Restart()
	p.await(20 * time.Second)
	p.works(target, 0, 10)
	p.kill()

	server.Exec(t, "postgres", "ALTER DATABASE "+name+" CONNECTION LIMIT 0")
	p.launch()
	until(t, 10*time.Second, "the log tells of connections", func() bool { return strings.Contains(p.logged(), "has no connection left") })
	server.Exec(t, "postgres", "ALTER DATABASE "+name+" CONNECTION LIMIT 6") // more than a node needs, and fewer than it may have
	p.await(20 * time.Second)
	p.works(target, 100, 50)
	p.tellsNoPassword()
	t.Log(p.said())
}

// TestDatabaseGoes takes the database from a node that nobody sends anything to, and gives it back. The node says so, and goes
// on by itself.
func TestDatabaseGoes(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	name, address := keeper(t, server)
	p, target := on(t, address)
	p.start()
	p.works(target, 0, 10)
	server.Kill()
	p.unready(15*time.Second, "database")
	server.Restart()
	p.ready(15 * time.Second)
	p.works(target, 100, 10)

	server.Exec(t, "postgres", "ALTER DATABASE "+name+" SET default_transaction_read_only = on")
	server.Exec(t, "postgres", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"+name+"'")
	p.unready(15*time.Second, "database")
	if status, header := p.post(201); status != 503 || header.Get("Retry-After") == "" {
		t.Errorf("with the database read-only an event was answered %d, Retry-After %q", status, header.Get("Retry-After"))
	}
	server.Exec(t, "postgres", "ALTER DATABASE "+name+" RESET default_transaction_read_only")
	p.ready(30 * time.Second)
	p.works(target, 300, 10)
	p.tellsNoPassword()
	t.Log(p.said())
}

// TestClock has the database's clock five minutes ahead, as the program sees it: it does not start then. When the clock goes
// wrong later, it says so, and is content when it is right again.
func TestClock(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	name, address := keeper(t, server)
	server.Exec(t, name, "CREATE SCHEMA odd; GRANT USAGE ON SCHEMA odd TO PUBLIC; ALTER DATABASE "+name+" SET search_path = odd, pg_catalog, public")
	ahead := func(by string) { // found before the server's own
		server.Exec(t, name, "CREATE OR REPLACE FUNCTION odd.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS "+
			"'SELECT pg_catalog.clock_timestamp() + interval ''"+by+"'''")
	}
	ahead("5 min")
	refused(t, address, "clock", "5m0s behind", "NTP")
	ahead("-5 min")
	refused(t, address, "clock", "5m0s ahead of", "NTP")
	ahead("0 s")
	p, target := on(t, address)
	p.start()
	p.works(target, 0, 10)
	ahead("5 min")
	p.unready(20*time.Second, "clock")
	ahead("0 s")
	p.ready(20 * time.Second)
	p.works(target, 100, 10)
	t.Log(p.said())
}

// TestBouncer works through a PgBouncer in session mode. In transaction mode, which loses what a connection has set, it says
// what it needs.
func TestBouncer(t *testing.T) {
	t.Parallel()
	server := postgrestest.Start(t)
	through := func(t *testing.T, mode string) string {
		u, err := url.Parse(server.Database(t))
		if err != nil {
			t.Fatal(err)
		}
		bounced := server.Bouncer(t, mode)
		return bounced(strings.TrimPrefix(u.Path, "/"))
	}
	t.Run("Session", func(t *testing.T) {
		p, target := on(t, through(t, "session"))
		p.start()
		p.works(target, 0, 200)
		if got := p.settled(time.Minute); len(got) != 0 {
			t.Errorf("something was repeated: %v", got)
		}
		t.Log(p.said())
	})
	t.Run("Transaction", func(t *testing.T) {
		p, _ := on(t, through(t, "transaction"))
		p.launch()
		const word = "pool_mode = session"
		until(t, 40*time.Second, "the program says what it needs", func() bool { return strings.Contains(p.logged(), word) })
		status, text := p.readyz()
		if status == 200 {
			t.Errorf("/readyz answers %d %s", status, text)
		}
		posted, _ := p.post(1)
		t.Logf("/readyz answers %d %s, an event is answered %d\n%s", status, text, posted, p.said())
	})
}
