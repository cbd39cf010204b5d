package sqlite

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"shopbell/engine"
	"shopbell/engine/ledger/form"
	"shopbell/engine/ledger/upkeep"
)

var _ upkeep.Checker = (*ledger)(nil)

// An invariant is a query for the rows that break it, and what to say of each.
type invariant struct {
	words string // with %s for each column, in order
	sql   string
}

// invariants are what holds in every ledger, after every commit.
func invariants() []invariant {
	return []invariant{
		{"event id %s of store %s is kept %s times: an event may have been acted on twice",
			"SELECT e.id, p.store, count(*) FROM events e NOT INDEXED LEFT JOIN places p ON p.id = e.place WHERE e.state <> 5 GROUP BY e.place, e.id HAVING count(*) > 1"},
		{"event %s is of a store that the ledger does not know: it cannot be worked", "SELECT seq FROM events WHERE place NOT IN (SELECT id FROM places)"},
		{"event %s has a type that the ledger does not know: no rule listens to it", "SELECT seq FROM events WHERE type NOT IN (SELECT id FROM types)"},
		{"event %s has a state that there is not (%s): nobody works it", "SELECT seq, state FROM events WHERE state NOT BETWEEN 1 AND 7"},
		{"event %s is pending, but has no time at which it is due: it waits for ever", "SELECT seq FROM events WHERE state = 1 AND due IS NULL"},
		{"event %s says that event %s came before it, which has the higher number", "SELECT seq, prev FROM events WHERE prev >= seq"},
		{"run %s is of event %s, which is not there: what it would send cannot be known", "SELECT id, event FROM runs WHERE event NOT IN (SELECT seq FROM events)"},
		{"run %s is of a revision of its rule that is not there: it cannot go on", "SELECT id FROM runs WHERE revision NOT IN (SELECT id FROM revisions)"},
		{"run %s is of a store, a rule or an account that the ledger does not know",
			"SELECT id FROM runs WHERE place NOT IN (SELECT id FROM places) OR rule NOT IN (SELECT id FROM rules) OR outlet NOT IN (SELECT id FROM outlets)"},
		{"run %s has a state that there is not (%s): nobody carries it out", "SELECT id, state FROM runs WHERE state NOT BETWEEN 1 AND 5"},
		{"run %s is due, but has no time at which it is: it waits for ever", "SELECT id FROM runs WHERE state = 1 AND due IS NULL"},
		{"event %s has %s runs of one rule and item: something may have been sent twice",
			"SELECT event, count(*) FROM runs NOT INDEXED GROUP BY event, rule, item, replay HAVING count(*) > 1"},
		{"the snapshot of %s is that of event %s, which is not there: `was` is nothing for its next event", "SELECT subject, seq FROM snapshots WHERE seq NOT IN (SELECT seq FROM events)"},
		{"the snapshot of %s is that of event %s, which is about something else", `SELECT s.subject, s.seq FROM snapshots s JOIN events e ON e.seq = s.seq
			WHERE e.place <> s.place OR e.subject <> s.subject`},
		{"the snapshot of %s is that of event %s, which has no entity", "SELECT s.subject, s.seq FROM snapshots s JOIN events e ON e.seq = s.seq WHERE e.entity IS NULL"},
		{"store %s has %s events %s, but only %s were counted", `SELECT p.store, e.n, e.name, coalesce(c.n, 0) FROM (
				SELECT place, count(*) AS n, CASE state WHEN 2 THEN 'planned' WHEN 3 THEN 'unmatched' WHEN 4 THEN 'unconfirmed' WHEN 5 THEN 'refused' WHEN 6 THEN 'failed' END AS name
				FROM events WHERE state BETWEEN 2 AND 6 GROUP BY place, state) e
			JOIN places p ON p.id = e.place LEFT JOIN (SELECT place, what, sum(n) AS n FROM counts GROUP BY place, what) c ON c.place = e.place AND c.what = 'event.' || e.name
			WHERE e.n > coalesce(c.n, 0)`},
		{"store %s has %s runs, but only %s were counted", `SELECT p.store, r.n, coalesce(c.n, 0) FROM (SELECT place, count(*) AS n FROM runs GROUP BY place) r
			JOIN places p ON p.id = r.place LEFT JOIN (SELECT place, sum(n) AS n FROM counts WHERE what = 'run.new' GROUP BY place) c ON c.place = r.place
			WHERE r.n > coalesce(c.n, 0)`},
		{"pool %s has given %s values, and the last of them is number %s: what is left of it is told wrong",
			"SELECT pool, count(*), max(n) FROM claims GROUP BY pool HAVING count(*) <> max(n)"},
	}
}

// Check implements [upkeep.Checker]. A damaged file may not let itself be read to the end; then what was found is told, and
// why there is no more.
func (l *ledger) Check(ctx context.Context, tell func(upkeep.Fault)) (looked int64, err error) {
	clerk := &upkeep.Clerk{Tell: tell}
	err = l.reading(ctx, func(c *sqlite.Conn) (err error) {
		defer sqlitex.Transaction(c)(&err) // every query sees one moment
		if whole, err := checkWhole(c, clerk); err != nil || !whole {
			return err
		}
		if sound, err := checkFile(c, clerk); err != nil || !sound {
			return err
		}
		for _, i := range invariants() {
			if err := i.check(c, clerk); err != nil {
				return err
			}
		}
		events, err := l.checkEntities(c, clerk)
		if err != nil {
			return err
		}
		runs, err := checkSteps(c, clerk)
		looked = events + runs
		return err
	})
	return looked, err
}

func checkWhole(c *sqlite.Conn, clerk *upkeep.Clerk) (bool, error) {
	version, err := sqlitex.ResultInt(c.Prep("PRAGMA user_version"))
	if version == half {
		clerk.Find("half", upkeep.Fault{Words: "the ledger is half a copy: go on with shopbell ledger copy"})
	}
	return version != half, err
}

// checkFile has SQLite check its own pages and indexes.
func checkFile(c *sqlite.Conn, clerk *upkeep.Clerk) (sound bool, err error) {
	sound = true
	err = query(c, "PRAGMA integrity_check", nil, func(s *sqlite.Stmt) error {
		if text := s.ColumnText(0); text != "ok" {
			sound = false
			clerk.Find("file", upkeep.Fault{Words: "the file is damaged (" + text + "): put back a backup, or make a new file of it with: sqlite3 FILE \".recover\""})
		}
		return nil
	})
	return sound, err
}

func (i invariant) check(c *sqlite.Conn, clerk *upkeep.Clerk) error {
	return query(c, i.sql, nil, func(s *sqlite.Stmt) error {
		values := make([]any, s.ColumnCount())
		for n := range values {
			values[n] = s.ColumnText(n)
		}
		clerk.Find(i.words, upkeep.Fault{Words: fmt.Sprintf(i.words, values...)})
		return nil
	})
}

func (l *ledger) checkEntities(c *sqlite.Conn, clerk *upkeep.Clerk) (n int64, err error) {
	err = query(c, "SELECT seq, entity FROM events", nil, func(s *sqlite.Stmt) error {
		n++
		if _, err := l.pack.Unpack(blob(s, 1)); err != nil {
			clerk.Find("entity", upkeep.Fault{Words: fmt.Sprintf("the entity of event %d cannot be unpacked: it cannot be shown, nor be `was` of another", s.ColumnInt64(0))})
		}
		return nil
	})
	return n, err
}

func checkSteps(c *sqlite.Conn, clerk *upkeep.Clerk) (n int64, err error) {
	err = query(c, "SELECT id, state, step, steps FROM runs", nil, func(s *sqlite.Stmt) error {
		n++
		if words := upkeep.Steps(s.ColumnInt64(0), runState(s.ColumnInt(1)), s.ColumnInt(2), blob(s, 3)); words != "" {
			clerk.Find("steps", upkeep.Fault{Words: words})
		}
		return nil
	})
	return n, err
}

func runState(code int) engine.RunState { return form.State(form.RunStates(), code) }
