package postgres_test

import (
	"errors"
	"net/url"
	"strings"
	"sync"
	"testing"

	"shopbell/engine"
	"shopbell/engine/ledger/postgres"
	"shopbell/engine/ledger/postgres/postgrestest"
)

// TestTenOpensAtOnce has ten nodes find an empty database at the same time.
func TestTenOpensAtOnce(t *testing.T) {
	address := postgrestest.Shared(t)
	var all sync.WaitGroup
	ledgers := make([]engine.Shared, 10)
	for i := range ledgers {
		all.Go(func() {
			var err error
			if ledgers[i], err = postgres.Open(t.Context(), address, postgres.Options{}); err != nil {
				t.Errorf("node %d: %v", i, err)
			}
		})
	}
	all.Wait()
	nodes := map[string]bool{}
	for _, l := range ledgers {
		if l == nil {
			continue
		}
		if err := l.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		nodes[l.Node()] = true
		l.Close()
	}
	if len(nodes) != len(ledgers) {
		t.Errorf("%d names for %d nodes", len(nodes), len(ledgers))
	}
}

// TestWhatAnOperatorGetsWrong holds that each mistake is told in words that say what to do, at once, without the password.
func TestWhatAnOperatorGetsWrong(t *testing.T) {
	const password = "hush-hush"
	address := postgrestest.Shared(t)
	with := func(change func(*url.URL)) string {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		change(u)
		return u.String()
	}
	for name, c := range map[string]struct {
		address string
		want    string
		away    bool // so that it is worth waiting
	}{
		"wrong password":   {with(func(u *url.URL) { u.User = url.UserPassword("bell", password) }), "the password is refused", false},
		"unknown user":     {with(func(u *url.URL) { u.User = url.UserPassword("nobody", password) }), "the password is refused", false},
		"no such database": {with(func(u *url.URL) { u.Path = "/no_such_thing" }), "there is no such database", false},
		"read-only":        {with(func(u *url.URL) { u.RawQuery += "&default_transaction_read_only=on" }), "the database is read-only", true},
		"nobody listens":   {with(func(u *url.URL) { u.Host = "127.0.0.1:1" }), "no answer", true},
		"no such host":     {with(func(u *url.URL) { u.Host = "db.invalid:5432" }), `there is no host "db.invalid"`, true},
		"no address":       {"postgres://bell:" + password + "@[::1:5432/bell", "cannot be read: write postgres://", false},
		"a bad setting":    {with(func(u *url.URL) { u.RawQuery += "&pool_max_conns=many"; u.User = url.UserPassword("bell", password) }), "cannot be read", false},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := postgres.Open(t.Context(), c.address, postgres.Options{})
			if err == nil {
				l.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), c.want) || errors.Is(err, engine.ErrAway) != c.away {
				t.Errorf("away %v: %v", errors.Is(err, engine.ErrAway), err)
			}
			if strings.Contains(err.Error(), password) || strings.Contains(err.Error(), "secret") {
				t.Errorf("it tells the password: %v", err)
			}
		})
	}
}

func TestReadOnly(t *testing.T) {
	address := postgrestest.Shared(t)
	server := open(t, address)
	defer server.Close()
	r := anEvent(1, "order/A", engine.EventUnmatched)
	mustCommit(t, server, &engine.Accept{Record: r})
	l, err := postgres.Open(t.Context(), address+"&default_transaction_read_only=on", postgres.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Ready(t.Context()); err != nil {
		t.Errorf("one who only looks minds that it is read-only: %v", err)
	}
	if err := l.Commit(t.Context(), []engine.Change{&engine.Accept{Record: anEvent(2, "order/B", engine.EventUnmatched)}}); err == nil {
		t.Error("what is open for looking was written")
	}
	if found, err := l.Events(t.Context(), engine.EventFilter{}); err != nil || len(found) != 1 {
		t.Errorf("%d events, %v", len(found), err)
	}
}
