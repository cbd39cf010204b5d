package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
	"shopbell/engine/ledger/postgres/postgrestest"
	"shopbell/event"
)

func anEvent(n int, subject string, s engine.EventState) *engine.Record {
	now := time.Now()
	return &engine.Record{State: s, Due: now, Event: event.Event{Source: "shop", Store: "1", ID: fmt.Sprintf("e%d", n), Type: "order.updated", Subject: subject,
		Received: now, Body: json.RawMessage(fmt.Sprintf(`{"id":"e%d"}`, n))}}
}

func aRun(rule string) *engine.NewRun {
	now := time.Now()
	return &engine.NewRun{Run: &engine.Run{Rule: rule, Revision: rule, State: engine.RunDue, Outlet: "http", Due: now, Created: now, Updated: now,
		Steps: []engine.Step{{Action: "http", Params: json.RawMessage(`{}`)}}}, Revision: &engine.Revision{Hash: rule, Name: rule}}
}

func mustCommit(t testing.TB, l engine.Ledger, changes ...engine.Change) {
	t.Helper()
	if err := l.Commit(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

// number asks the database for one.
func number(t testing.TB, address, query string, args ...any) (n int) {
	t.Helper()
	c, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	if err := c.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// A crew works what a ledger hands out on one node.
type crew struct {
	engine.Ledger
	mu sync.Mutex // commits are one goroutine's affair
}

// work has a node do its share in the way of two functions, until it is told to stop.
func work(l engine.Shared, e func(*crew, *engine.Record), r func(*crew, *engine.Run, bool)) (stop func()) {
	c := &crew{Ledger: l}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		l.Work(ctx, engine.Desk{Events: 8, PerStore: 8, Longest: 10 * time.Second, Tell: func() engine.Node { return engine.Node{} },
			Outlets: []engine.Outlet{{Name: "http", AtOnce: 8}},
			Event:   func(rec *engine.Record) { e(c, rec) }, Run: func(u *engine.Run, cutOff bool) bool { r(c, u, cutOff); return true }})
	})
	return sync.OnceFunc(func() { cancel(); all.Wait() })
}

func (c *crew) commit(t *testing.T, changes ...engine.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.Commit(context.Background(), changes); err != nil {
		t.Error(err)
	}
}

// soon gives the next n values of a channel.
func soon[T any](t *testing.T, ch <-chan T, n int) (got []T) {
	t.Helper()
	late := time.After(time.Minute)
	for range n {
		select {
		case v := <-ch:
			got = append(got, v)
		case <-late:
			t.Fatalf("%d of %d came: %v", len(got), n, got)
		}
	}
	return got
}

// TestTwoNodesAcceptTheSame has two nodes accept the same events at once, in different orders: no error comes out, and each event is
// there once.
func TestTwoNodesAcceptTheSame(t *testing.T) {
	const events, subjects = 500, 40
	address := postgrestest.Shared(t)
	one, two := open(t, address), open(t, address)
	t.Cleanup(func() { one.Close(); two.Close() })
	var all sync.WaitGroup
	for i, l := range []engine.Shared{one, two} {
		all.Go(func() {
			order := make([]int, events)
			for n := range order {
				order[n] = n
			}
			if i == 1 {
				slices.Reverse(order)
			}
			for batch := range slices.Chunk(order, 50) {
				var changes []engine.Change
				for _, n := range batch {
					subject := fmt.Sprintf("order/%d", n%subjects)
					if n%10 == 0 {
						subject = ""
					}
					changes = append(changes, &engine.Accept{Record: anEvent(n, subject, engine.EventPending)})
				}
				if err := l.Commit(t.Context(), changes); err != nil {
					t.Errorf("node %d: %v", i, err)
				}
			}
		})
	}
	all.Wait()
	counts := map[string]int64{}
	found, err := one.Counts(t.Context(), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range found {
		counts[c.What] += c.N
	}
	if counts["event.pending"] != events || counts["event.duplicate"] != events {
		t.Errorf("counts %v", counts)
	}
	if n := number(t, address, "SELECT count(*) FROM shopbell.events"); n != events {
		t.Errorf("%d events", n)
	}
	heads := number(t, address, `SELECT count(*) FROM shopbell.events e WHERE subject = '' OR NOT EXISTS (
		SELECT 1 FROM shopbell.events b WHERE b.subject = e.subject AND b.seq < e.seq)`)
	jobs := number(t, address, `SELECT count(*) FROM shopbell.river_job j JOIN shopbell.events e ON e.seq = (j.args->>'seq')::bigint WHERE subject = '' OR NOT EXISTS (
		SELECT 1 FROM shopbell.events b WHERE b.subject = e.subject AND b.seq < e.seq)`)
	if all := number(t, address, "SELECT count(*) FROM shopbell.river_job"); all != heads || jobs != heads {
		t.Errorf("%d jobs, %d of them for one of the %d events that are first", all, jobs, heads)
	}
}

// TestAChainOverTwoNodes has the pending events of one subject handed out one by one, in order, whichever node took them.
func TestAChainOverTwoNodes(t *testing.T) {
	const each = 15
	address := postgrestest.Shared(t)
	one, two := open(t, address), open(t, address)
	t.Cleanup(func() { one.Close(); two.Close() })
	var accepts sync.WaitGroup
	for i, l := range []engine.Shared{one, two} {
		accepts.Go(func() {
			for n := range each {
				mustCommit(t, l, &engine.Accept{Record: anEvent(100*i+n, "order/A\x00", engine.EventPending)})
			}
		})
	}
	accepts.Wait()
	if n := number(t, address, "SELECT count(*) FROM shopbell.river_job"); n != 1 {
		t.Fatalf("%d jobs for the events of one subject", n)
	}
	came := make(chan int64, 3*each)
	var busy sync.Mutex
	plan := func(c *crew, r *engine.Record) {
		if !busy.TryLock() {
			t.Error("two events of a subject at once")
			return
		}
		came <- r.Seq
		r.State = engine.EventUnmatched
		busy.Unlock() // the next may come with the commit
		c.commit(t, &engine.Plan{Record: r})
	}
	none := func(*crew, *engine.Run, bool) { t.Error("there is no run") }
	stopOne, stopTwo := work(one, plan, none), work(two, plan, none)
	defer stopTwo()
	defer stopOne()
	if got := soon(t, came, 2*each); !slices.IsSorted(got) {
		t.Errorf("order %v", got)
	}
	stopOne()
	stopTwo()
	if n := number(t, address, "SELECT count(*) FROM shopbell.river_job WHERE state <> 'completed'"); n != 0 || len(came) != 0 {
		t.Errorf("%d jobs and %d calls are left", n, len(came))
	}
}

// TestLanes has the runs of a subject go one after the other, and one that is to be tried again later make way for the next.
func TestLanes(t *testing.T) {
	address := postgrestest.Shared(t)
	one, two := open(t, address), open(t, address)
	t.Cleanup(func() { one.Close(); two.Close() })
	var changes []engine.Change
	var ids []int64
	for n := range 3 {
		changes = append(changes, &engine.Accept{Record: anEvent(n, "order/A", engine.EventPlanned), Runs: []*engine.NewRun{aRun("a"), aRun("b")}})
	}
	mustCommit(t, one, changes...)
	for _, c := range changes {
		for _, n := range c.(*engine.Accept).Runs {
			ids = append(ids, n.Run.ID)
		}
	}
	if n := number(t, address, "SELECT count(*) FROM shopbell.river_job"); n != 1 {
		t.Fatalf("%d jobs for the runs of one subject", n)
	}
	came := make(chan int64, 20)
	var busy sync.Mutex
	carryOut := func(c *crew, u *engine.Run, cutOff bool) {
		if cutOff {
			t.Errorf("run %d counts as cut off", u.ID)
		}
		if u.Tries == 0 && !busy.TryLock() {
			t.Errorf("run %d is tried while another has its first try", u.ID)
			return
		}
		came <- u.ID
		first := u.Tries == 0
		u.Tries++
		switch {
		case u.ID == ids[1] && first:
			u.Due = time.Now().Add(time.Second) // a retry
		case u.ID == ids[2] && u.Step == 0:
			u.Step, u.Due = 1, time.Now() // its next step follows at once
		default:
			u.State = engine.RunDone
		}
		if first {
			busy.Unlock()
		}
		c.commit(t, &engine.Save{Run: u, From: engine.RunDue})
	}
	none := func(*crew, *engine.Record) { t.Error("there is no event") }
	stopOne, stopTwo := work(one, none, carryOut), work(two, none, carryOut)
	defer stopTwo()
	defer stopOne()
	got := soon(t, came, 8)
	again := slices.Index(got[2:], ids[1]) // the second time; it may come while others are under way, or after them
	if again < 0 {
		t.Fatalf("order %v of %v", got, ids)
	}
	rest := slices.Delete(slices.Clone(got), again+2, again+3)
	if want := []int64{ids[0], ids[1], ids[2], ids[2], ids[3], ids[4], ids[5]}; !slices.Equal(rest, want) {
		t.Errorf("order %v, want %v and %d again", got, want, ids[1])
	}
	stopOne()
	stopTwo()
	if n := number(t, address, "SELECT count(*) FROM shopbell.runs WHERE lane > 0 OR state = 1") + number(t, address, "SELECT count(*) FROM shopbell.river_job"); n != 0 {
		t.Errorf("%d lanes, due runs and jobs are left", n)
	}
}

// TestWhatAKilledNodeLeaves has a node die with a run and an event in its hands: another gets both, and knows of the run that its
// step may have happened.
func TestWhatAKilledNodeLeaves(t *testing.T) {
	address := postgrestest.Shared(t)
	l := open(t, address)
	defer l.Close()
	n := aRun("a")
	mustCommit(t, l, &engine.Accept{Record: anEvent(1, "order/A", engine.EventPlanned), Runs: []*engine.NewRun{n}},
		&engine.Accept{Record: anEvent(2, "order/B", engine.EventPending)}, &engine.Accept{Record: anEvent(3, "order/C", engine.EventPlanned), Runs: []*engine.NewRun{aRun("a")}})
	// As a node leaves it that is killed: River says that it has the jobs, and it is on no list any more.
	if k := number(t, address, `WITH left_behind AS (UPDATE shopbell.river_job SET state = 'running', attempt = 1, attempted_by = '{killed}',
		attempted_at = clock_timestamp() - interval '5 min' WHERE args <> jsonb_build_object('run', $1::bigint + 1) RETURNING 1) SELECT count(*) FROM left_behind`, n.Run.ID); k != 2 {
		t.Fatalf("%d jobs", k)
	}
	came := make(chan string, 10)
	stop := work(l, func(c *crew, r *engine.Record) {
		came <- "event " + r.ID
		r.State = engine.EventUnmatched
		c.commit(t, &engine.Plan{Record: r})
	}, func(c *crew, u *engine.Run, cutOff bool) {
		came <- fmt.Sprint("run of ", u.EventID, " cut off ", cutOff)
		u.State = engine.RunHeld
		c.commit(t, &engine.Save{Run: u, From: engine.RunDue})
	})
	defer stop()
	got := soon(t, came, 3)
	stop()
	slices.Sort(got)
	if want := []string{"event e2", "run of e1 cut off true", "run of e3 cut off false"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestHostileText holds what only a hostile notification carries: bytes that the database has no form for.
func TestHostileText(t *testing.T) {
	address := postgrestest.Shared(t)
	l := open(t, address)
	defer l.Close()
	const bad = "a\x00b\xff\xc3"
	hostile := func(state engine.EventState) *engine.Record {
		r := anEvent(1, "order/"+bad, state)
		r.ID, r.Type, r.Store, r.Note = bad, bad, bad, bad
		r.Body, r.Data = []byte(`{"x":"`+bad+`"}`), []byte(bad)
		return r
	}
	first, again := &engine.Accept{Record: hostile(engine.EventPending)}, &engine.Accept{Record: hostile(engine.EventPending)}
	mustCommit(t, l, first)
	mustCommit(t, l, again)
	if first.Duplicate || !again.Duplicate {
		t.Errorf("duplicates: %v, %v", first.Duplicate, again.Duplicate)
	}
	next := hostile(engine.EventPending)
	next.ID += "2"
	behind := &engine.Accept{Record: next}
	mustCommit(t, l, behind)
	if !behind.Behind {
		t.Error("the next event of the subject is not behind the first")
	}
	r, err := l.Event(t.Context(), first.Record.Seq)
	if err != nil {
		t.Fatal(err)
	}
	if string(r.Body) != string(first.Record.Body) || string(r.Data) != bad {
		t.Errorf("the body came back as %q, the data as %q", r.Body, r.Data)
	}
	r.State, r.Note, r.Entity = engine.EventPlanned, bad, []byte(`{"x":"`+bad+`"}`)
	n := aRun("rule " + bad)
	n.Run.Revision, n.Revision.Hash = "hash", "hash"
	n.Run.Steps[0].Note, n.Run.Steps[0].Params = bad, []byte(`{"text":"a\u0000b"}`)
	mustCommit(t, l, &engine.Plan{Record: &r, Runs: []*engine.NewRun{n}})
	u, err := l.Run(t.Context(), n.Run.ID)
	if err != nil {
		t.Fatal(err)
	}
	u.State, u.Steps[0].Note, u.Steps[0].Result = engine.RunDone, bad, map[string]any{"said": bad}
	mustCommit(t, l, &engine.Save{Run: &u, From: engine.RunDue})
	refused := hostile(engine.EventRefused)
	mustCommit(t, l, &engine.Accept{Record: refused}, &engine.Tally{Count: engine.Count{Day: time.Now(), Source: bad, Store: bad, What: "event.refused", N: 1}})
	for name, f := range map[string]engine.EventFilter{"id": {ID: bad}, "subject": {Subject: "order/" + bad}, "type": {Type: bad}, "store": {Store: bad}, "source": {Source: bad}} {
		if found, err := l.Events(t.Context(), f); err != nil || len(found) == 0 && name != "source" {
			t.Errorf("by %s: %d events, %v", name, len(found), err)
		}
	}
	if _, err := l.Runs(t.Context(), engine.RunFilter{Rule: "rule " + bad}); err != nil {
		t.Error(err)
	}
	if _, seq, err := l.Snapshot(t.Context(), "shop", bad, "order/"+bad); err != nil || seq != r.Seq {
		t.Errorf("the snapshot is of event %d, %v", seq, err)
	}
}
