package postgres_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
	"shopbell/engine/ledger/ledgertest"
	"shopbell/engine/ledger/postgres"
	"shopbell/engine/ledger/postgres/postgrestest"
	"shopbell/engine/ledger/sqlite"
	"shopbell/engine/ledger/upkeep"
)

// faults checks a ledger and gives what is wrong with it, and how much of it can be mended.
func faults(t *testing.T, url string) (text string, mendable int) {
	t.Helper()
	l, err := postgres.Open(t.Context(), url, postgres.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var lines []string
	if _, err := l.(upkeep.Checker).Check(t.Context(), func(f upkeep.Fault) {
		lines = append(lines, f.Words)
		if f.Mendable {
			mendable++
		}
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n"), mendable
}

// filledFile makes a used ledger in a file: one that has had no server of its own, whose jobs nobody has to end.
func filledFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "used.db")
	l, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ledgertest.Fill(t, l)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// move carries a file into a database.
func move(t *testing.T, path, url string) {
	t.Helper()
	from, err := sqlite.Hold(t.Context(), path, upkeep.From)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := postgres.Hold(t.Context(), url, upkeep.To)
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	if _, err := upkeep.Copy(t.Context(), from, to, nil); err != nil {
		t.Fatal(err)
	}
}

// breakBy runs SQL in a ledger's database, past everything that guards it.
func breakBy(t *testing.T, url, sql string) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if _, err := c.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

const job = "DELETE FROM shopbell.river_job WHERE "

// TestCheck breaks one thing after the other and wants to be told, and what can be mended to be so.
func TestCheck(t *testing.T) {
	path := filledFile(t)
	for name, c := range map[string]struct {
		sql, words string
		mendable   bool
	}{
		"nothing":                {"SELECT 1", "", false},
		"an id twice":            {"DROP INDEX shopbell.events_id; UPDATE shopbell.events SET id = 'e1' WHERE seq = 2", "event id e1 of store 1003 is kept 2 times", false},
		"no store":               {"UPDATE shopbell.events SET place = 99 WHERE seq = 3", "event 3 is of a store that the ledger does not know", false},
		"no type":                {"UPDATE shopbell.events SET type = 99 WHERE seq = 2", "event 2 has a type that the ledger does not know", false},
		"no state":               {"UPDATE shopbell.events SET state = 9 WHERE seq = 2", "event 2 has a state that there is not (9)", false},
		"pending for ever":       {"UPDATE shopbell.events SET due = NULL WHERE seq = 4", "event 4 is pending, but has no time", false},
		"later before":           {"UPDATE shopbell.events SET prev = 7 WHERE seq = 3", "event 3 says that event 7 came before it", false},
		"a run of nothing":       {"DELETE FROM shopbell.events WHERE seq = (SELECT event FROM shopbell.runs WHERE id = 1)", "run 1 is of event 14, which is not there", false},
		"a run without its rule": {"DELETE FROM shopbell.revisions WHERE hash = 'rev-a'", "run 1 is of a revision of its rule that is not there", false},
		"a run without a name":   {"UPDATE shopbell.runs SET rule = 77 WHERE id = 5", "run 5 is of a store, a rule or an account that the ledger does not know", false},
		"a run's state":          {"UPDATE shopbell.runs SET state = 0 WHERE id = 5", "run 5 has a state that there is not (0)", false},
		"due for ever":           {"UPDATE shopbell.runs SET due = NULL WHERE id = 5", "run 5 is due, but has no time", false},
		"a run twice":            {"DROP INDEX shopbell.runs_event; UPDATE shopbell.runs SET rule = (SELECT rule FROM shopbell.runs WHERE id = 4) WHERE id = 5", "has 2 runs of one rule and item", false},
		"no snapshot":            {"UPDATE shopbell.snapshots SET seq = 999", "the snapshot of order/X is that of event 999, which is not there", false},
		"another's snapshot":     {"UPDATE shopbell.snapshots SET subject = 'order/Y' WHERE seq = 3", "the snapshot of order/Y is that of event 3, which is about something else", false},
		"an empty snapshot":      {"UPDATE shopbell.events SET entity = NULL WHERE seq = 3", "the snapshot of order/X is that of event 3, which has no entity", false},
		"events not counted":     {"UPDATE shopbell.counts SET n = 3 WHERE what = 'event.unmatched'", "events unmatched, but only", false},
		"runs not counted":       {"DELETE FROM shopbell.counts WHERE what = 'run.new'", "store 1003 has 10 runs, but only 0 were counted", false},
		"a claim that is lost":   {"DELETE FROM shopbell.claims WHERE pool = 'pool-Ü1' AND n = 2", "pool pool-Ü1 has given 6 values, and the last of them is number 7", false},
		"unreadable steps":       {"UPDATE shopbell.runs SET steps = '[{' WHERE id = 5", "the steps of run 5 cannot be read", false},
		"a step too far":         {"UPDATE shopbell.runs SET step = 4 WHERE id = 5", "run 5 is due at step 5, and knows only 1 steps", false},
		"an entity in pieces":    {`UPDATE shopbell.events SET entity = '\x28b52ffd0000' WHERE seq = 3`, "the entity of event 3 cannot be unpacked", false},

		"a subject without a job":   {job + "args = '{\"seq\": 4}'", "events of order/X wait, beginning with event 4, and no job hands any of them out", true},
		"an event without a job":    {job + "args = '{\"seq\": 13}'", "event 13 waits, and no job hands it out", true},
		"all events without a job":  {job + "kind = 'event'", "events of order/O13 wait, beginning with event 10", true},
		"a run without a job":       {job + "args = '{\"run\": 9}'", "run 9 is due, and no job hands it out", true},
		"a begun run without a job": {"UPDATE shopbell.runs SET state = 2 WHERE id = 4; " + job + "args = '{\"run\": 4}'", "run 4 is begun, and no job is with anybody", true},
		"a run behind nothing":      {"UPDATE shopbell.runs SET lane = 0 WHERE id = 4", "run 5 waits for an earlier run of order/O40, and there is none", true},
		"numbers given twice":       {"SELECT setval('shopbell.events_seq_seq', 3)", "the next event would get the number 3 or lower, and 52 is taken", true},
		"run numbers given twice":   {"SELECT setval('shopbell.runs_id_seq', 3)", "the next run would get the number 3 or lower, and 10 is taken", true},

		"two jobs of a subject": {copyOf(`{"seq": 5}`, `{"seq": 4}`), "2 jobs hand out events of order/X", false},
		"two jobs of an event":  {copyOf(`{"seq": 13}`, `{"seq": 13}`), "2 jobs hand out event 13", false},
		"two jobs of a run":     {copyOf(`{"run": 9}`, `{"run": 9}`), "2 jobs hand out run 9", false},
		"a job out of turn":     {copyOf(`{"run": 5}`, `{"run": 4}`), "run 5 waits for an earlier one of its subject, and has a job all the same", false},
		"two that go first":     {"UPDATE shopbell.runs SET lane = 1 WHERE id IN (5, 6); " + copyOf(`{"run": 5}`, `{"run": 4}`) + ";" + copyOf(`{"run": 6}`, `{"run": 4}`), "3 runs of order/O40 go first", false},
		"a job for no event":    {copyOf(`{"seq": 1}`, `{"seq": 4}`), "is for event 1, which does not wait", false},
		"a job for no run":      {copyOf(`{"run": 1}`, `{"run": 9}`), "is for run 1, which is not due", false},
		"a job in another room": {"UPDATE shopbell.river_job SET queue = 'outlet-fax' WHERE args = '{\"run\": 9}'", "run 9 has its job in the queue outlet-fax, but goes through http", false},
	} {
		t.Run(name, func(t *testing.T) {
			url := postgrestest.Shared(t)
			move(t, path, url)
			l := open(t, url)
			defer l.Close()
			breakBy(t, url, c.sql)
			got, mendable := faults(t, url)
			if !strings.Contains(got, c.words) || c.words == "" && got != "" || c.mendable != (mendable > 0) {
				t.Errorf("got %q, %d of it mendable, want %q", got, mendable, c.words)
			}
			if !c.mendable {
				return
			}
			if _, err := l.(upkeep.Repairer).Repair(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got, _ := faults(t, url); got != "" {
				t.Errorf("after the repair: %s", got)
			}
		})
	}
}

// copyOf inserts a job like another, with other arguments.
func copyOf(args, like string) string {
	return fmt.Sprintf(`INSERT INTO shopbell.river_job (kind, args, queue, max_attempts, state) SELECT kind, '%s', queue, max_attempts, 'available' FROM shopbell.river_job WHERE args = '%s'`, args, like)
}

// TestHold wants nodes that are alive to be noticed, and nobody to write to what is held.
func TestHold(t *testing.T) {
	url := postgrestest.Shared(t)
	l := open(t, url)
	defer l.Close()
	ledgertest.Fill(t, l)
	breakBy(t, url, "INSERT INTO shopbell.nodes (id, seen, about, queues) VALUES ('node-7', clock_timestamp() - interval '29 s', '{}', '{}')")
	for _, side := range []upkeep.Side{upkeep.From, upkeep.To} {
		if _, err := postgres.Hold(t.Context(), url, side); err == nil || !strings.Contains(err.Error(), "servers work on") || !strings.Contains(err.Error(), "node-7") {
			t.Errorf("held while it is in use: %v", err)
		}
	}
	breakBy(t, url, "UPDATE shopbell.nodes SET seen = clock_timestamp() - interval '31 s'")
	m, err := postgres.Hold(t.Context(), url, upkeep.From)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(t.Context())
	if _, err := c.Exec(t.Context(), "SET lock_timeout = '50ms'; UPDATE shopbell.events SET note = 'x'"); err == nil {
		t.Error("somebody writes to what is held")
	}
	if err := m.Close(); err != nil {
		t.Error(err)
	}
	to, err := postgres.Hold(t.Context(), url, upkeep.To)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Hold(t.Context(), url, upkeep.To); err == nil || !strings.Contains(err.Error(), "another copy into") {
		t.Errorf("two copies into one: %v", err)
	}
	if err := to.Close(); err != nil {
		t.Error(err)
	}
}

// TestCutOff wants a run that a dead node had to be known as started, and to be handed out as cut off by whoever has it next.
func TestCutOff(t *testing.T) {
	url, next := postgrestest.Shared(t), postgrestest.Shared(t)
	move(t, filledFile(t), url)
	breakBy(t, url, `UPDATE shopbell.river_job SET state = 'running', attempt = 1, attempted_by = '{dead}', attempted_at = now() WHERE args = '{"run": 9}'`)
	from, err := postgres.Hold(t.Context(), url, upkeep.From)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	to, err := postgres.Hold(t.Context(), next, upkeep.To)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := upkeep.Copy(t.Context(), from, to, nil); err != nil {
		t.Fatal(err)
	}
	if err := upkeep.Same(t.Context(), from, to); err != nil {
		t.Error(err)
	}
	s, err := to.Export(t.Context(), upkeep.Cursor{Kind: upkeep.Runs, After: 8}, 1)
	if err != nil || s.Runs[0].ID != 9 || s.Runs[0].State != engine.RunStarted {
		t.Errorf("%v, %+v", err, s.Runs)
	}
	if err := to.Close(); err != nil {
		t.Error(err)
	}
	if got, _ := faults(t, next); got != "" {
		t.Error(got)
	}
	breakBy(t, next, `DO $$ BEGIN ASSERT (SELECT array_agg((args->>'run')::int ORDER BY (args->>'run')::int) FROM shopbell.river_job WHERE kind = 'run' AND attempt = 1 AND state = 'available') = '{4,9}'; END $$`)
	breakBy(t, next, `DO $$ BEGIN ASSERT (SELECT array_agg(id ORDER BY id) FROM shopbell.runs WHERE lane = 1) @> '{4}' AND (SELECT array_agg(id ORDER BY id) FROM shopbell.runs WHERE lane = 2) = '{5,6}'; END $$`)
	breakBy(t, next, `DO $$ BEGIN ASSERT (SELECT state = 'scheduled' AND attempt = 0 FROM shopbell.river_job WHERE args = '{"run": 7}'); END $$`)
}
