package ledgertest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/engine"
)

// alien is a change that no ledger knows.
type alien struct{ *engine.Tally }

func allOrNothing(t *testing.T, b *bench) {
	good := &engine.Accept{Record: anEvent(1, engine.EventPlanned), Runs: []*engine.NewRun{aRun("a")}}
	if err := b.Commit(t.Context(), []engine.Change{good, alien{}}); err == nil {
		t.Fatal("a change that cannot be made was committed")
	}
	want(t, "events", b.list(engine.EventFilter{}), []int64{})
	want(t, "runs", len(b.runsOf(engine.RunFilter{})), 0)
	want(t, "count", b.count("event.planned"), 0)
	b.accept(anEvent(1, engine.EventPlanned), aRun("a"))
	want(t, "events", len(b.list(engine.EventFilter{})), 1)
	want(t, "count", b.count("event.planned"), 1)
}

func comesBackWhole(t *testing.T, b *bench) {
	r := anEvent(1, engine.EventUnmatched)
	r.Note = "no rule listens — 没有"
	b.accept(r)
	got := b.event(r.Seq)
	want(t, "event", got.Event, r.Event)
	want(t, "data", string(got.Data), string(r.Data))
	want(t, "note", got.Note, r.Note)

	apart := anEvent(2, engine.EventUnmatched)
	apart.Data = json.RawMessage(`{"other": "than in the body"}`)
	b.accept(apart)
	want(t, "data apart from the body", string(b.event(apart.Seq).Data), string(apart.Data))

	bare := anEvent(3, engine.EventUnmatched)
	bare.Data, bare.Body, bare.Subject, bare.Created = nil, nil, "", time.Time{}
	b.accept(bare)
	got = b.event(bare.Seq)
	want(t, "nothing", fmt.Sprint(got.Data == nil, got.Body == nil, got.Subject, got.Created.IsZero()), "true truetrue")

	if _, err := b.Event(t.Context(), 999); err != engine.ErrNone {
		t.Errorf("an event that is not there: %v", err)
	}
}

func survives(t *testing.T, b *bench) {
	r := anEvent(1, engine.EventPending)
	b.accept(r)
	r.State, r.Entity = engine.EventPlanned, json.RawMessage(`{"id":"O1","note":"`+strings.Repeat("long ", 500)+`"}`)
	n := aRun("a")
	b.commit(&engine.Plan{Record: r, Runs: []*engine.NewRun{n}})
	b.reopen()
	got := b.event(r.Seq)
	want(t, "state", got.State, engine.EventPlanned)
	want(t, "entity", string(got.Entity), string(r.Entity))
	u := b.run(n.Run.ID)
	want(t, "run", fmt.Sprint(u.Rule, u.Revision, u.Source, u.Store, u.Type, u.Subject, u.EventID),
		fmt.Sprint("a", "rev-a", "ecwid", "1003", "order.created", "order/O1", "e1"))
	want(t, "steps", u.Steps, n.Run.Steps)
	if a := b.accept(anEvent(1, engine.EventPending)); !a.Duplicate {
		t.Error("after a restart an event is not known any more")
	}
}

func duplicates(t *testing.T, b *bench) {
	first, second := &engine.Accept{Record: anEvent(1, engine.EventPlanned), Runs: []*engine.NewRun{aRun("a")}},
		&engine.Accept{Record: anEvent(1, engine.EventPlanned), Runs: []*engine.NewRun{aRun("a")}}
	b.commit(first, second)
	third := b.accept(anEvent(1, engine.EventPlanned), aRun("a"))
	want(t, "duplicate", fmt.Sprint(first.Duplicate, second.Duplicate, third.Duplicate), "false true true")
	want(t, "runs", len(b.runsOf(engine.RunFilter{})), 1)
	want(t, "id of a run not made", third.Runs[0].Run.ID, 0)
	want(t, "counted", b.count("event.duplicate"), 2)
	other := anEvent(1, engine.EventPlanned)
	other.Store = "1004"
	if b.accept(other).Duplicate {
		t.Error("the same id in another store is not a duplicate")
	}
}

func refusals(t *testing.T, b *bench) {
	var changes []engine.Change
	for range 1010 {
		r := anEvent(1, engine.EventRefused)
		r.ID, r.Store, r.Subject = "", "", ""
		changes = append(changes, &engine.Accept{Record: r})
	}
	b.accept(anEvent(7, engine.EventUnmatched))
	b.commit(changes...)
	left := 0
	for before := int64(0); ; {
		page := b.list(engine.EventFilter{State: engine.EventRefused, Limit: 500, Before: before})
		if len(page) == 0 {
			break
		}
		left, before = left+len(page), page[len(page)-1]
	}
	want(t, "kept", left, 1000)
	want(t, "counted", b.count("event.refused"), 1010)
	want(t, "others", len(b.list(engine.EventFilter{State: engine.EventUnmatched})), 1)
}

// samePlace makes the n-th event of subject order/X.
func samePlace(n int) *engine.Record {
	r := anEvent(n, engine.EventPending)
	r.Subject, r.Due = "order/X", epoch.Add(time.Duration(n)*time.Second)
	return r
}

func order(t *testing.T, b *bench) {
	first, second, other := samePlace(1), samePlace(2), anEvent(3, engine.EventPending)
	b.accept(first)
	b.accept(second)
	b.accept(other)
	later := epoch.Add(time.Hour)
	first.Tries, first.Due, first.Note = 1, later, "the store does not answer"
	b.commit(&engine.Defer{Record: first})
	want(t, "the one behind waits too", b.event(second.Seq).Due, later)
	want(t, "another does not", b.event(other.Seq).Due, epoch)
	third := samePlace(4)
	b.accept(third)
	want(t, "a new one waits too", third.Due, later)
	planned, run := samePlace(5), aRun("a")
	planned.State = engine.EventPlanned
	if a := b.accept(planned, run); !a.Behind || run.Run.ID != 0 || b.event(planned.Seq).State != engine.EventPending {
		t.Errorf("an event that needs no reading overtakes those that wait: %+v", a)
	}
	stale := *first
	d := &engine.Defer{Record: &stale} // its Tries are those of the last Defer
	b.commit(d)
	want(t, "a second Defer of the same try", d.Stale, true)
	found, err := b.DueEvents(t.Context(), engine.Store{Source: "ecwid", Store: "1003"}, later, 10)
	if err != nil {
		t.Fatal(err)
	}
	var seqs []int64
	for _, r := range found {
		seqs = append(seqs, r.Seq)
	}
	want(t, "order", seqs, []int64{other.Seq, first.Seq, second.Seq, third.Seq, planned.Seq})
	want(t, "whole", string(found[1].Data), string(first.Data))
	want(t, "note", found[1].Note, first.Note)
}

func plansOnce(t *testing.T, b *bench) {
	r := anEvent(1, engine.EventPending)
	b.accept(r)
	r.State = engine.EventPlanned
	one, two := &engine.Plan{Record: r, Runs: []*engine.NewRun{aRun("a")}}, &engine.Plan{Record: r, Runs: []*engine.NewRun{aRun("a")}}
	b.commit(one)
	b.commit(two)
	want(t, "stale", fmt.Sprint(one.Stale, two.Stale), "false true")
	want(t, "runs", len(b.runsOf(engine.RunFilter{})), 1)
}

func snapshots(t *testing.T, b *bench) {
	step := func(n int, entity string, gone bool) *engine.Record {
		r := samePlace(n)
		b.accept(r)
		r.State, r.Gone, r.Entity = engine.EventUnmatched, gone, nil
		if entity != "" {
			r.Entity = json.RawMessage(entity)
		}
		b.commit(&engine.Plan{Record: r})
		return r
	}
	is := func(what, entity string, seq int64) {
		t.Helper()
		raw, at, err := b.Snapshot(t.Context(), "ecwid", "1003", "order/X")
		if err != nil {
			t.Fatal(err)
		}
		want(t, what, fmt.Sprint(string(raw), at), fmt.Sprint(entity, seq))
	}
	is("before any", "", 0)
	first := step(1, `{"v":1}`, false)
	is("first", `{"v":1}`, first.Seq)
	step(2, "", false)
	is("an event that read nothing leaves it", `{"v":1}`, first.Seq)
	third := step(3, `{"v":3}`, false)
	is("third", `{"v":3}`, third.Seq)
	b.reopen()
	is("after a restart", `{"v":3}`, third.Seq)
	step(4, "", true)
	is("gone", "", 0)
}

func listsEvents(t *testing.T, b *bench) {
	for i := 1; i <= 10; i++ {
		r := anEvent(i, engine.EventUnmatched)
		if i%2 == 0 {
			r.Type = "product.updated"
		}
		if i%5 == 0 {
			r.Store, r.State = "1004", engine.EventUnconfirmed
		}
		b.accept(r)
	}
	for what, c := range map[string]struct {
		f    engine.EventFilter
		want []int64
	}{
		"all, newest first": {engine.EventFilter{}, []int64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}},
		"a page":            {engine.EventFilter{Before: 9, Limit: 3}, []int64{8, 7, 6}},
		"type":              {engine.EventFilter{Type: "product.updated"}, []int64{10, 8, 6, 4, 2}},
		"no such type":      {engine.EventFilter{Type: "x"}, []int64{}},
		"store":             {engine.EventFilter{Store: "1004"}, []int64{10, 5}},
		"no such store":     {engine.EventFilter{Store: "9"}, []int64{}},
		"source":            {engine.EventFilter{Source: "ecwid", Limit: 2}, []int64{10, 9}},
		"state":             {engine.EventFilter{State: engine.EventUnconfirmed}, []int64{10, 5}},
		"common state":      {engine.EventFilter{State: engine.EventUnmatched, Limit: 2}, []int64{9, 8}},
		"subject":           {engine.EventFilter{Subject: "order/O5"}, []int64{5}},
		"subject in store":  {engine.EventFilter{Subject: "order/O5", Source: "ecwid", Store: "1003"}, []int64{}},
		"id":                {engine.EventFilter{ID: "e3"}, []int64{3}},
		"state and type":    {engine.EventFilter{State: engine.EventUnconfirmed, Type: "product.updated"}, []int64{10}},
	} {
		want(t, what, b.list(c.f), c.want)
	}
}

func counts(t *testing.T, b *bench) {
	late := anEvent(2, engine.EventUnmatched)
	late.Received = epoch.Add(24 * time.Hour)
	b.accept(anEvent(1, engine.EventUnmatched))
	b.accept(late)
	b.commit(&engine.Tally{Count: engine.Count{Day: epoch, Source: "ecwid", Store: "1003", What: "event.unmatched", N: 5}})
	all, err := b.Counts(t.Context(), epoch)
	if err != nil {
		t.Fatal(err)
	}
	day := func(d time.Time, n int64) engine.Count {
		return engine.Count{Day: d.Truncate(24 * time.Hour), Source: "ecwid", Store: "1003", What: "event.unmatched", N: n}
	}
	want(t, "days", all, []engine.Count{day(epoch, 6), day(late.Received, 1)})
	since, err := b.Counts(t.Context(), late.Received)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "since", since, []engine.Count{day(late.Received, 1)})
}

func retention(t *testing.T, b *bench) {
	step := func(n int, state engine.EventState, received time.Time, runs ...*engine.NewRun) *engine.Record {
		r := anEvent(n, engine.EventPending)
		r.Received = received
		b.accept(r)
		if state != engine.EventPending {
			r.State, r.Entity = state, json.RawMessage(fmt.Sprintf(`{"n":%d}`, n))
			if n == 2 {
				r.Entity = nil
			}
			b.commit(&engine.Plan{Record: r, Runs: runs})
		}
		return r
	}
	old, now := epoch, epoch.Add(100*24*time.Hour)
	done, due := aRun("a"), aRun("a")
	done.Run.State = engine.RunDone
	snapshot := step(1, engine.EventPlanned, old, done)
	gone := step(2, engine.EventUnmatched, old)
	waits := step(3, engine.EventPending, old)
	busy := step(4, engine.EventPlanned, old, due)
	young := step(5, engine.EventUnmatched, now)
	var last int64
	for first := true; first || last > 0; first = false {
		p := &engine.Purge{Before: now.Add(-time.Hour), After: last}
		b.commit(p)
		last = p.Last
	}
	want(t, "left", b.list(engine.EventFilter{}), []int64{young.Seq, busy.Seq, waits.Seq, snapshot.Seq})
	if _, err := b.Event(t.Context(), gone.Seq); err != engine.ErrNone {
		t.Errorf("an old event is still there: %v", err)
	}
	left := b.runsOf(engine.RunFilter{})
	want(t, "runs left", len(left) == 1 && left[0].ID == due.Run.ID, true)
	raw, _, err := b.Snapshot(t.Context(), "ecwid", "1003", snapshot.Subject)
	want(t, "snapshot", fmt.Sprint(string(raw), err), `{"n":1}<nil>`)
	want(t, "its notification", len(b.event(snapshot.Seq).Body), 0)
	want(t, "counts", b.count("event.planned")+b.count("event.unmatched"), 4)
}

// writersAtOnce has readers look while commits are made: each sees whole transactions only.
func writersAtOnce(t *testing.T, b *bench) {
	ctx, cancel := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for ctx.Err() == nil {
				runs, err := b.Runs(t.Context(), engine.RunFilter{Limit: 500})
				if err != nil || len(runs)%2 != 0 {
					t.Errorf("%d runs, %v: want an even number", len(runs), err)
					return
				}
			}
		})
	}
	for i := range 100 {
		b.accept(anEvent(i, engine.EventPlanned), aRun("a"), aRun("b"))
	}
	cancel()
	readers.Wait()
}
