package ledgertest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"shopbell/engine"
)

// staleBegin has a worker begin a step from an old copy of the run, after another has come to the next step.
func staleBegin(t *testing.T, b *bench) {
	n := aRun("a")
	b.accept(anEvent(1, engine.EventPlanned), n)
	old, u := b.run(n.Run.ID), b.run(n.Run.ID)
	u.Tries, u.State = 1, engine.RunStarted
	b.commit(&engine.Begin{Run: &u})
	u.State, u.Step, u.Tries, u.Due = engine.RunDue, 1, 0, epoch.Add(time.Hour)
	b.commit(&engine.Save{Run: &u})
	old.Tries++
	begin := &engine.Begin{Run: &old}
	b.commit(begin)
	want(t, "the first step is begun a second time", begin.Stale, true)
}

// rolledBack makes changes anew after the transaction that had made them failed; meanwhile their run is not wanted any more.
func rolledBack(t *testing.T, b *bench) {
	created := func(n int) (*engine.Record, *engine.NewRun) {
		r, u := samePlace(n), aRun("a")
		r.State, u.Once = engine.EventPlanned, true
		return r, u
	}
	first, wanted := created(1)
	second, unwanted := created(2)
	accept := &engine.Accept{Record: second, Runs: []*engine.NewRun{unwanted}}
	if err := b.Commit(t.Context(), []engine.Change{accept, alien{}}); err == nil {
		t.Fatal("a change that cannot be made was committed")
	}
	b.accept(first, wanted)
	b.commit(accept)
	want(t, "ids of the runs", fmt.Sprint(wanted.Run.ID > 0, unwanted.Run.ID), "true 0")
}

func readNothing(t *testing.T, b *bench) {
	r := anEvent(1, engine.EventPending)
	want(t, "behind", b.accept(r).Behind, false)
	next := samePlace(2)
	next.Subject = r.Subject
	want(t, "behind", b.accept(next).Behind, true)
	r.State, r.Entity = engine.EventPlanned, json.RawMessage(`{"v":1}`)
	b.commit(&engine.Plan{Record: r})
	old := *r
	b.commit(&engine.Again{Record: r})
	late := &engine.Plan{Record: &old}
	b.commit(late)
	want(t, "a plan from before the replay", late.Stale, true)
	r.State, r.Entity = engine.EventUnconfirmed, nil
	b.commit(&engine.Plan{Record: r})
	want(t, "entity", string(b.event(r.Seq).Entity), `{"v":1}`)
}

// keepsWas purges while the step of a young event may still ask for what was before it.
func keepsWas(t *testing.T, b *bench) {
	plan := func(n int, received time.Time, prev int64) *engine.Record {
		r := samePlace(n)
		r.Received = received
		b.accept(r)
		r.State, r.Entity, r.Prev = engine.EventUnmatched, json.RawMessage(fmt.Sprintf(`{"v":%d}`, n)), prev
		b.commit(&engine.Plan{Record: r})
		return r
	}
	now := epoch.Add(100 * 24 * time.Hour)
	before := plan(1, epoch, 0)
	old := plan(2, epoch, before.Seq)
	young := plan(3, now, old.Seq)
	b.commit(&engine.Purge{Before: now.Add(-time.Hour)})
	want(t, "left", b.list(engine.EventFilter{}), []int64{young.Seq, old.Seq})
	want(t, "what was", string(b.event(old.Seq).Entity), `{"v":2}`)
}
