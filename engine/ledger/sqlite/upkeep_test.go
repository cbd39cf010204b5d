package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"shopbell/engine"
	"shopbell/engine/ledger/ledgertest"
	"shopbell/engine/ledger/sqlite"
	"shopbell/engine/ledger/upkeep"
	"shopbell/event"
)

// faults checks a ledger and gives what is wrong with it.
func faults(t *testing.T, l engine.Ledger) string {
	t.Helper()
	var lines []string
	if _, err := l.(upkeep.Checker).Check(t.Context(), func(f upkeep.Fault) { lines = append(lines, f.Words) }); err != nil {
		lines = append(lines, err.Error())
	}
	return strings.Join(lines, "\n")
}

// breakBy runs SQL in a ledger's file, past everything that guards it.
func breakBy(t *testing.T, path, sql string) {
	t.Helper()
	c, err := zombiezen.OpenConn(path, zombiezen.OpenReadWrite)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := sqlitex.ExecuteScript(c, sql, nil); err != nil {
		t.Fatal(err)
	}
}

// TestCheck breaks one thing after the other and wants to be told.
func TestCheck(t *testing.T) {
	used := filepath.Join(t.TempDir(), "used.db")
	l := open(t, used)
	ledgertest.Fill(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(used)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ sql, words string }{
		"nothing":                 {"SELECT 1", ""},
		"an id twice":             {"DROP INDEX events_id; UPDATE events SET id = 'e1' WHERE seq = 2", "event id e1 of store 1003 is kept 2 times"},
		"no store":                {"UPDATE events SET place = 99 WHERE seq = 2", "event 2 is of a store that the ledger does not know"},
		"no type":                 {"UPDATE events SET type = 99 WHERE seq = 2", "event 2 has a type that the ledger does not know"},
		"no state":                {"UPDATE events SET state = 9 WHERE seq = 2", "event 2 has a state that there is not (9)"},
		"pending for ever":        {"UPDATE events SET due = NULL WHERE seq = 4", "event 4 is pending, but has no time"},
		"later before":            {"UPDATE events SET prev = 7 WHERE seq = 3", "event 3 says that event 7 came before it"},
		"a run of nothing":        {"DELETE FROM events WHERE seq = (SELECT event FROM runs WHERE id = 1)", "run 1 is of event 14, which is not there"},
		"a run without its rule":  {"DELETE FROM revisions WHERE hash = 'rev-a'", "run 1 is of a revision of its rule that is not there"},
		"a run without a name":    {"UPDATE runs SET outlet = 77 WHERE id = 5", "run 5 is of a store, a rule or an account that the ledger does not know"},
		"a run's state":           {"UPDATE runs SET state = 0 WHERE id = 5", "run 5 has a state that there is not (0)"},
		"due for ever":            {"UPDATE runs SET due = NULL WHERE id = 5", "run 5 is due, but has no time"},
		"a run twice":             {"DROP INDEX runs_event; UPDATE runs SET rule = 1 WHERE id = 5", "has 2 runs of one rule and item"},
		"no snapshot":             {"UPDATE snapshots SET seq = 999", "the snapshot of order/X is that of event 999, which is not there"},
		"another's snapshot":      {"UPDATE snapshots SET seq = 4 WHERE subject = 'order/X'; UPDATE events SET subject = 'order/Y', entity = x'7b7d' WHERE seq = 4", "which is about something else"},
		"an empty snapshot":       {"UPDATE events SET entity = NULL WHERE seq = 3", "the snapshot of order/X is that of event 3, which has no entity"},
		"events not counted":      {"UPDATE counts SET n = 3 WHERE what = 'event.unmatched'", "events unmatched, but only"},
		"runs not counted":        {"DELETE FROM counts WHERE what = 'run.new'", "store 1003 has 10 runs, but only 0 were counted"},
		"a claim that is lost":    {"DELETE FROM claims WHERE pool = 'pool-Ü1' AND n = 2", "pool pool-Ü1 has given 6 values, and the last of them is number 7"},
		"unreadable steps":        {"UPDATE runs SET steps = x'5b7b' WHERE id = 5", "the steps of run 5 cannot be read"},
		"a step too far":          {"UPDATE runs SET step = 4 WHERE id = 5", "run 5 is due at step 5, and knows only 1 steps"},
		"an entity in pieces":     {"UPDATE events SET entity = x'28b52ffd0000' WHERE seq = 3", "the entity of event 3 cannot be unpacked"},
		"an index that is behind": {"PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE INDEX events_type ON events (seq)' WHERE name = 'events_type'", "the file is damaged"},
		"half a copy":             {"PRAGMA user_version = 1048579", "the ledger is half a copy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "shopbell.db")
			if err := os.WriteFile(path, sound, 0o600); err != nil {
				t.Fatal(err)
			}
			breakBy(t, path, c.sql)
			l, err := sqlite.Open(t.Context(), path, sqlite.Options{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			if got := faults(t, l); !strings.Contains(got, c.words) || c.words == "" && got != "" {
				t.Errorf("got %q, want %q", got, c.words)
			}
		})
	}
}

// TestHold wants an idle server to be noticed, and to be kept out afterwards.
func TestHold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shopbell.db")
	server := open(t, path)
	for _, side := range []upkeep.Side{upkeep.From, upkeep.To} {
		if _, err := sqlite.Hold(t.Context(), path, side); err == nil || !strings.Contains(err.Error(), "another program works on the ledger") {
			t.Errorf("held while it is in use: %v", err)
		}
	}
	if err := server.Close(); err != nil {
		t.Fatal(err)
	}
	m, err := sqlite.Hold(t.Context(), path, upkeep.From)
	if err != nil {
		t.Fatal(err)
	}
	if l, err := sqlite.Open(t.Context(), path, sqlite.Options{Busy: 1}); err == nil {
		l.Close()
		t.Error("a server starts while the ledger is held")
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Close(); err != nil {
		t.Error(err)
	}
}

// backUpDuring makes a backup while events are accepted, and opens it.
func backUpDuring(t *testing.T, l engine.Ledger, from string) engine.Ledger {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	first, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for n := 0; ctx.Err() == nil; n++ {
			r := &engine.Record{State: engine.EventUnmatched, Event: event.Event{Source: "ecwid", Store: "1003", ID: fmt.Sprint("during", n), Type: "order.created", Received: time.Now()}}
			if err := l.Commit(t.Context(), []engine.Change{&engine.Accept{Record: r}}); err != nil {
				t.Error(err)
				return
			}
			if n == 0 {
				close(first)
			}
		}
	}()
	<-first
	path := from + ".during"
	_, err := sqlite.Backup(t.Context(), from, path)
	stop()
	<-ended
	if err != nil {
		t.Fatal(err)
	}
	during := open(t, path)
	t.Cleanup(func() { during.Close() })
	return during
}

// TestBackup makes one beside a server that writes.
func TestBackup(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "shopbell.db"), filepath.Join(dir, "copy.db")
	l := open(t, from)
	defer l.Close()
	ledgertest.Fill(t, l)
	during := backUpDuring(t, l, from)
	if got := faults(t, during); got != "" {
		t.Errorf("a backup made while events came in: %s", got)
	}
	size, err := sqlite.Backup(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(to)
	if err != nil || info.Size() != size || info.Mode().Perm() != 0o600 {
		t.Errorf("%d bytes, %v, %v", size, info, err)
	}
	if _, err := sqlite.Backup(t.Context(), from, to); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a file was overwritten: %v", err)
	}
	if _, err := sqlite.Backup(t.Context(), to+".not", to+".2"); err == nil || !strings.Contains(err.Error(), "there is no ledger") {
		t.Errorf("a backup of nothing: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	a, err := sqlite.Hold(t.Context(), from, upkeep.From)
	if err != nil {
		t.Fatal(err)
	}
	b, err := sqlite.Hold(t.Context(), to, upkeep.From)
	if err != nil {
		t.Fatal(err)
	}
	if err := upkeep.Same(t.Context(), a, b); err != nil {
		t.Error(err)
	}
	for _, m := range []upkeep.Mover{a, b} {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	}
}
