package ledgertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
)

func beginsOnce(t *testing.T, b *bench) {
	n := aRun("a")
	b.accept(anEvent(1, engine.EventPlanned), n)
	begin := func() bool {
		u := b.run(n.Run.ID)
		u.Tries++
		c := &engine.Begin{Run: &u}
		b.commit(c)
		return !c.Stale
	}
	want(t, "first", begin(), true)
	want(t, "second", begin(), false)
	b.reopen()
	started, err := b.StartedRuns(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(started) != 1 || started[0].ID != n.Run.ID || started[0].Tries != 1 {
		t.Fatalf("what a killed worker leaves: %+v", started)
	}
	u := started[0]
	u.State, u.Due, u.Updated = engine.RunDue, epoch.Add(time.Minute), epoch.Add(time.Second)
	u.Steps[0].Outcome, u.Steps[0].Note, u.Steps[0].Repeated = actions.OutcomeUnknown, "cut off", 1
	u.Steps[0].Tries = []engine.Try{{At: epoch, Outcome: actions.OutcomeUnknown, Took: time.Second}}
	b.commit(&engine.Save{Run: &u})
	got := b.run(u.ID)
	want(t, "saved", got, u)
	again := &engine.Save{Run: &u}
	b.commit(again)
	want(t, "a save of what is not begun", again.Stale, true)
	u.State, u.Step = engine.RunDone, 1
	from := &engine.Save{Run: &u, From: engine.RunDue}
	b.commit(from)
	want(t, "a save from due", from.Stale, false)
	want(t, "done", b.run(u.ID).State, engine.RunDone)
	want(t, "counted", fmt.Sprint(b.count("run.new"), b.count("run.done")), "1 1")
	if _, err := b.Ledger.Run(t.Context(), 999); err != engine.ErrNone {
		t.Errorf("a run that is not there: %v", err)
	}
}

func once(t *testing.T, b *bench) {
	try := func(n int, rule, typ, store string) bool {
		r := anEvent(n, engine.EventPlanned)
		r.Subject, r.Type, r.Store = "order/X", typ, store
		u := aRun(rule)
		u.Once = true
		b.accept(r, u)
		return u.Run.ID != 0
	}
	want(t, "first", try(1, "a", "order.created", "1"), true)
	want(t, "the same once more", try(2, "a", "order.created", "1"), false)
	want(t, "another rule", try(3, "b", "order.created", "1"), true)
	want(t, "another type", try(4, "a", "invoice.created", "1"), true)
	want(t, "another store", try(5, "a", "order.created", "2"), true)
}

func replays(t *testing.T, b *bench) {
	r := anEvent(1, engine.EventPlanned)
	first := aRun("a")
	first.Once = true
	b.accept(r, first)
	again := &engine.Again{Record: r}
	r.Due = epoch.Add(time.Minute)
	b.commit(again)
	want(t, "record", fmt.Sprint(r.State, r.Replay), "pending1")
	twice := *r
	stale := &engine.Again{Record: &twice}
	b.commit(stale)
	want(t, "a pending one", stale.Stale, true)
	r.State = engine.EventPlanned
	second := aRun("a")
	second.Once = true
	b.commit(&engine.Plan{Record: r, Runs: []*engine.NewRun{second}})
	want(t, "a new run", second.Run.ID != 0 && second.Run.ID != first.Run.ID, true)
	want(t, "its replay", b.run(second.Run.ID).Replay, 1)
}

func dueTimes(t *testing.T, b *bench) {
	at := func(n int, due time.Time) int64 {
		u := aRun("a")
		u.Run.Due = due
		b.accept(anEvent(n, engine.EventPlanned), u)
		return u.Run.ID
	}
	third, first, second := at(1, epoch.Add(time.Hour)), at(2, epoch), at(3, epoch)
	due := func(until time.Time, limit int) (ids []int64) {
		found, err := b.DueRuns(t.Context(), "http", until, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, u := range found {
			ids = append(ids, u.ID)
			want(t, "whole", len(u.Steps[0].Params) > 0, true)
		}
		return ids
	}
	want(t, "now", due(epoch, 10), []int64{first, second})
	want(t, "all", due(epoch.Add(time.Hour), 10), []int64{first, second, third})
	want(t, "some", due(epoch.Add(time.Hour), 1), []int64{first})
	events, runs, err := b.NextDue(t.Context(), epoch)
	want(t, "next", fmt.Sprint(events.IsZero(), runs.Equal(epoch.Add(time.Hour)), err), "true true <nil>")
	p := anEvent(9, engine.EventPending)
	p.Due = epoch.Add(time.Minute)
	b.accept(p)
	events, _, _ = b.NextDue(t.Context(), epoch)
	want(t, "next event", events, epoch.Add(time.Minute))
	u := b.run(first)
	u.Tries++
	b.commit(&engine.Begin{Run: &u})
	want(t, "without what is begun", due(epoch, 10), []int64{second})
}

func dueGroups(t *testing.T, b *bench) {
	for i, c := range []struct {
		store, outlet string
		due           time.Time
	}{{"2", "slack", epoch}, {"1", "email", epoch}, {"2", "slack", epoch}, {"3", "http", epoch.Add(time.Hour)}} {
		r := anEvent(i, engine.EventPending)
		r.Store, r.Due = c.store, c.due
		b.accept(r)
		n := aRun("a")
		n.Run.Outlet, n.Run.Due = c.outlet, c.due
		done := anEvent(100+i, engine.EventPlanned)
		b.accept(done, n)
	}
	look := func(until time.Time) string {
		stores, err := b.DueStores(t.Context(), until)
		if err != nil {
			t.Fatal(err)
		}
		outlets, err := b.DueOutlets(t.Context(), until)
		if err != nil {
			t.Fatal(err)
		}
		slices.SortFunc(stores, func(x, y engine.Store) int { return strings.Compare(x.Store, y.Store) })
		slices.Sort(outlets)
		return fmt.Sprint(stores, outlets)
	}
	want(t, "before", look(epoch.Add(-time.Second)), "[] []")
	want(t, "now", look(epoch), "[{ecwid 1} {ecwid 2}] [email slack]")
	want(t, "later", look(epoch.Add(time.Hour)), "[{ecwid 1} {ecwid 2} {ecwid 3}] [email http slack]")
	slack, err := b.DueRuns(t.Context(), "slack", epoch, 10)
	want(t, "runs of one outlet", fmt.Sprint(len(slack), err), "2 <nil>")
	second, err := b.DueEvents(t.Context(), engine.Store{Source: "ecwid", Store: "2"}, epoch, 10)
	want(t, "events of one store", fmt.Sprint(len(second), err), "2 <nil>")
	nothing, err := b.DueRuns(t.Context(), "fax", epoch, 10)
	want(t, "no such outlet", fmt.Sprint(len(nothing), err), "0 <nil>")
	u := slack[0]
	want(t, "outlet of a run", u.Outlet, "slack")
	u.Outlet = "email"
	b.commit(&engine.Save{Run: &u, From: engine.RunDue})
	want(t, "another outlet", b.run(u.ID).Outlet, "email")
}

func listsRuns(t *testing.T, b *bench) {
	for i := 1; i <= 6; i++ {
		n := aRun([]string{"a", "b"}[i%2])
		if i == 3 {
			n.Run.State = engine.RunDead
		}
		if i > 4 {
			n.Run.State = engine.RunDone
		}
		b.accept(anEvent(i, engine.EventPlanned), n)
	}
	ids := func(f engine.RunFilter) (ids []int64) {
		for _, u := range b.runsOf(f) {
			ids = append(ids, u.ID)
			want(t, "params in a list", len(u.Steps[0].Params), 0)
		}
		return ids
	}
	want(t, "all", ids(engine.RunFilter{}), []int64{6, 5, 4, 3, 2, 1})
	want(t, "page", ids(engine.RunFilter{Before: 4, Limit: 2}), []int64{3, 2})
	want(t, "event", ids(engine.RunFilter{Event: 2}), []int64{2})
	want(t, "rule", ids(engine.RunFilter{Rule: "a"}), []int64{6, 4, 2})
	want(t, "no such rule", ids(engine.RunFilter{Rule: "z"}), []int64(nil))
	want(t, "dead", ids(engine.RunFilter{State: engine.RunDead}), []int64{3})
	want(t, "due", ids(engine.RunFilter{State: engine.RunDue}), []int64{4, 2, 1})
	want(t, "done", ids(engine.RunFilter{State: engine.RunDone}), []int64{6, 5})
}

func revisions(t *testing.T, b *bench) {
	b.accept(anEvent(1, engine.EventPlanned), aRun("a"))
	b.reopen()
	got, err := b.Revision(t.Context(), "rev-a")
	want(t, "revision", got, engine.Revision{Hash: "rev-a", Name: "a", Text: "name: a"})
	if err != nil {
		t.Error(err)
	}
	if _, err := b.Revision(t.Context(), "none"); err != engine.ErrNone {
		t.Errorf("a revision that is not there: %v", err)
	}
}
