package postgres

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"shopbell/engine"
	"shopbell/engine/ledger/postgres/postgrestest"
	"shopbell/event"
)

// aNode opens a ledger on a database and makes the worker of a node of it, on the list of nodes and without work.
func aNode(t *testing.T, url string, d engine.Desk) *worker {
	t.Helper()
	shared, err := Open(t.Context(), url, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shared.Close() })
	if d.Tell == nil {
		d.Tell = func() engine.Node { return engine.Node{} }
	}
	w := &worker{ledger: shared.(*ledger), desk: d, ending: t.Context(), turns: turns{perStore: 4, share: 8}, single: map[string]time.Time{}}
	w.must(t, w.register(t.Context()))
	return w
}

func (w *worker) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *worker) sql(t *testing.T, statement string, args ...any) {
	t.Helper()
	_, err := w.pool.Exec(t.Context(), statement, args...)
	w.must(t, err)
}

func ask[T any](t *testing.T, w *worker, query string, args ...any) (v T) {
	t.Helper()
	if err := w.pool.QueryRow(t.Context(), query, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// given puts a job into the hands of a node, some while ago.
func (w *worker) given(t *testing.T, id int64, node string, attempt int, ago time.Duration) *rivertype.JobRow {
	t.Helper()
	w.sql(t, `UPDATE shopbell.river_job SET state = 'running', attempt = $3, attempted_by = ARRAY['an earlier one', $2], attempted_at = clock_timestamp() - $4::interval
		WHERE id = $1`, id, node, attempt, ago)
	return &rivertype.JobRow{ID: id, Attempt: attempt, Queue: ask[string](t, w, "SELECT queue FROM shopbell.river_job WHERE id = $1", id)}
}

// aRunOf accepts an event with one due run, and gives the run with its job.
func (w *worker) aRunOf(t *testing.T, id, subject string) (u *engine.Run, job int64) {
	t.Helper()
	now := time.Now()
	n := &engine.NewRun{Run: &engine.Run{Rule: "tell", Revision: "r", State: engine.RunDue, Outlet: "http", Due: now, Created: now, Updated: now,
		Steps: []engine.Step{{Action: "http"}}}, Revision: &engine.Revision{Hash: "r"}}
	w.must(t, w.Commit(t.Context(), []engine.Change{&engine.Accept{Record: recordOf(id, subject, engine.EventPlanned), Runs: []*engine.NewRun{n}}}))
	return n.Run, w.jobOf(t, runWork(n.Run.ID))
}

// bring has a job worked by this node.
func (w *worker) bring(item any, row *rivertype.JobRow) { w.held.bring(w.take(row), item) }

func (w *worker) jobOf(t *testing.T, k work) int64 {
	t.Helper()
	return ask[int64](t, w, "SELECT coalesce(max(id), 0) FROM shopbell.river_job WHERE kind = $1 AND args = $2::jsonb", k.kind, k.args())
}

func recordOf(id, subject string, s engine.EventState) *engine.Record {
	return &engine.Record{State: s, Due: time.Now(), Event: event.Event{Source: "shop", Store: "1", ID: id, Type: "order.created", Subject: subject, Received: time.Now()}}
}

// TestTakeOver holds which jobs a beat hands out anew: those of the dead, and of nodes that are on no list, and those that
// this node was given without knowing it.
func TestTakeOver(t *testing.T) {
	w := aNode(t, postgrestest.Shared(t), engine.Desk{})
	w.sql(t, "INSERT INTO shopbell.nodes (id, seen, about, queues) VALUES ('alive', clock_timestamp(), '{}', '{}'), ('dead', clock_timestamp(), '{}', '{}')")
	type left struct {
		state   string
		attempt int
	}
	for name, c := range map[string]struct {
		node string
		ago  time.Duration
		held bool
		want left
	}{
		"a dead node's":                              {"dead", 0, false, left{"available", 2}},
		"a node's that is on no list":                {"gone", 61 * time.Second, false, left{"available", 2}},
		"the same, just now":                         {"gone", 10 * time.Second, false, left{"running", 2}},
		"a node's that is alive":                     {"alive", time.Hour, false, left{"running", 2}},
		"its own, under way":                         {w.node, time.Hour, true, left{"running", 2}},
		"its own, of which it does not know":         {w.node, 21 * time.Second, false, left{"available", 1}},
		"its own, under way, while it is on no list": {"", time.Hour, true, left{"running", 2}},
		"its own, on the way to it just now ":        {w.node, 5 * time.Second, false, left{"running", 2}},
	} {
		t.Run(name, func(t *testing.T) {
			u, id := w.aRunOf(t, name, "")
			if c.node == "" {
				w.sql(t, "DELETE FROM shopbell.nodes WHERE id = $1", w.node)
			}
			row := w.given(t, id, cmp.Or(c.node, w.node), 2, c.ago)
			if c.held {
				w.bring(u, row)
			}
			for range 2 { // what it does not know of may be on its way: only when a second beat finds it so, it is handed out again
				_, err := w.beat(t.Context(), []string{"dead"})
				w.must(t, err)
			}
			got := left{ask[string](t, w, "SELECT state::text FROM shopbell.river_job WHERE id = $1", id), ask[int](t, w, "SELECT attempt::int FROM shopbell.river_job WHERE id = $1", id)}
			if got != c.want {
				t.Errorf("the job is %+v, want %+v", got, c.want)
			}
		})
	}
	others, err := w.beat(t.Context(), nil)
	w.must(t, err)
	if len(others) != 2 || others["alive"] != 1 {
		t.Errorf("the others are %v", others)
	}
}

// TestALongChoreIsNotHandedOutTwice holds that a chore which takes minutes stays with its node.
func TestALongChoreIsNotHandedOutTwice(t *testing.T) {
	begun, free := make(chan struct{}), make(chan struct{})
	w := aNode(t, postgrestest.Shared(t), engine.Desk{Chores: []engine.Chore{{Name: "sweep", Do: func(context.Context) { close(begun); <-free }}}})
	id := ask[int64](t, w, `INSERT INTO shopbell.river_job (kind, args, queue, max_attempts) VALUES ('chore', '{"name": "sweep"}', 'chores', 5) RETURNING id`)
	row := w.given(t, id, w.node, 1, time.Minute)
	var all sync.WaitGroup
	all.Go(func() {
		if err := (&choreWorker{worker: w}).Work(t.Context(), &river.Job[choreArgs]{JobRow: row, Args: choreArgs{"sweep"}}); err != nil {
			t.Error(err)
		}
	})
	<-begun
	_, err := w.beat(t.Context(), nil)
	w.must(t, err)
	if state := ask[string](t, w, "SELECT state::text FROM shopbell.river_job WHERE id = $1", id); state != "running" {
		t.Errorf("while the chore is being done its job is %s", state)
	}
	close(free)
	all.Wait()
}

// TestWhatWasTakenAwayIsStale has a node that was thought dead come back with outcomes: another has the work now, so nothing
// of it is written.
func TestWhatWasTakenAwayIsStale(t *testing.T) {
	for name, take := range map[string]string{
		"by another node":         "UPDATE shopbell.river_job SET attempted_by = array_append(attempted_by, 'other'), attempt = attempt + 1 WHERE id = $1",
		"and comes again to this": "UPDATE shopbell.river_job SET attempt = attempt + 1 WHERE id = $1",
		"and waits":               "UPDATE shopbell.river_job SET state = 'available' WHERE id = $1",
		"and was settled":         "DELETE FROM shopbell.river_job WHERE id = $1",
		"":                        "SELECT $1::bigint",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := aNode(t, postgrestest.Shared(t), engine.Desk{})
			u, runJob := w.aRunOf(t, "planned", "order/R")
			plan, put := recordOf("plan", "order/P", engine.EventPending), recordOf("defer", "order/D", engine.EventPending)
			w.must(t, w.Commit(t.Context(), []engine.Change{&engine.Accept{Record: plan}, &engine.Accept{Record: put}}))
			for item, id := range map[any]int64{u: runJob, plan: w.jobOf(t, eventWork(plan.Seq)), put: w.jobOf(t, eventWork(put.Seq))} {
				w.bring(item, w.given(t, id, w.node, 1, 0))
				w.sql(t, take, id)
			}
			u.State, u.Step, u.Tries = engine.RunDone, 1, 1
			plan.State = engine.EventUnmatched
			put.Tries, put.Due, put.Note = 1, time.Now().Add(time.Hour), "later"
			save, planned, deferred := &engine.Save{Run: u, From: engine.RunDue}, &engine.Plan{Record: plan}, &engine.Defer{Record: put}
			w.must(t, w.Commit(t.Context(), []engine.Change{save, planned, deferred}))
			stale := name != ""
			if save.Stale != stale || planned.Stale != stale || deferred.Stale != stale {
				t.Errorf("stale: save %v, plan %v, defer %v; want %v", save.Stale, planned.Stale, deferred.Stale, stale)
			}
			run, err := w.Run(t.Context(), u.ID)
			w.must(t, err)
			e, err := w.Event(t.Context(), plan.Seq)
			w.must(t, err)
			d, err := w.Event(t.Context(), put.Seq)
			w.must(t, err)
			if (run.State == engine.RunDone) == stale || (e.State == engine.EventUnmatched) == stale || (d.Tries == 1) == stale {
				t.Errorf("written: run %s, event %s, tries %d of the one put off", run.State, e.State, d.Tries)
			}
		})
	}
}

// TestAPersonsRetryAtOnce has a person retry a run at the very moment its last try is settled, while its worker is still there.
func TestAPersonsRetryAtOnce(t *testing.T) {
	w := aNode(t, postgrestest.Shared(t), engine.Desk{})
	u, id := w.aRunOf(t, "e", "order/A")
	w.bring(u, w.given(t, id, w.node, 1, 0))
	u.State = engine.RunHeld
	w.must(t, w.Commit(t.Context(), []engine.Change{&engine.Save{Run: u, From: engine.RunDue}}))
	read := *u
	read.State, read.Due = engine.RunDue, time.Now()
	again := &engine.Save{Run: &read, From: engine.RunHeld}
	w.must(t, w.Commit(t.Context(), []engine.Change{again}))
	if again.Stale || w.jobOf(t, runWork(u.ID)) <= id {
		t.Errorf("stale: %v, its job is %d", again.Stale, w.jobOf(t, runWork(u.ID)))
	}
}

// TestSavedOnceMore holds that an outcome which was saved, though the answer to that was lost, is not saved a second time over
// what has become of the run since: here it was handed out to this very node again.
func TestSavedOnceMore(t *testing.T) {
	w := aNode(t, postgrestest.Shared(t), engine.Desk{})
	u, id := w.aRunOf(t, "e", "order/A")
	w.bring(u, w.given(t, id, w.node, 1, 0))
	u.Step, u.Tries, u.Due = 1, 0, time.Now() // its first step is done
	w.must(t, w.Commit(t.Context(), []engine.Change{&engine.Save{Run: u, From: engine.RunDue}}))
	w.held.get(u).settled.Store(false) // as when no answer came

	next := *u
	second := w.jobOf(t, runWork(u.ID))
	w.bring(&next, w.given(t, second, w.node, 1, 0))
	again := &engine.Save{Run: u, From: engine.RunDue}
	w.must(t, w.Commit(t.Context(), []engine.Change{again}))
	if !again.Stale {
		t.Error("what was saved before is saved again")
	}
	if n := ask[int](t, w, "SELECT count(*) FROM shopbell.river_job WHERE kind = 'run'"); n != 1 || w.jobOf(t, runWork(u.ID)) != second {
		t.Errorf("there are %d jobs, the last is %d, want %d only", n, w.jobOf(t, runWork(u.ID)), second)
	}
	if !w.held.get(u).settled.Load() {
		t.Error("the first job counts as one to be handed back")
	}
	next.State, next.Step = engine.RunDone, 2
	saved := &engine.Save{Run: &next, From: engine.RunDue}
	w.must(t, w.Commit(t.Context(), []engine.Change{saved}))
	if saved.Stale {
		t.Error("the second step was left out")
	}
}

// TestNewerLayout holds that a database of a newer program is refused, by servers and by those who only look.
func TestNewerLayout(t *testing.T) {
	url := postgrestest.Shared(t)
	if _, err := Open(t.Context(), url, Options{ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "no ledger here") {
		t.Errorf("looking at an empty database: %v", err)
	}
	w := aNode(t, url, engine.Desk{})
	w.sql(t, "UPDATE shopbell.layout SET version = $1", layout+1)
	for _, readOnly := range []bool{false, true} {
		_, err := Open(t.Context(), url, Options{ReadOnly: readOnly})
		if want := fmt.Sprintf("layout %d", layout+1); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "newer") {
			t.Errorf("read-only %v: %v", readOnly, err)
		}
	}
}
