package ledgertest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
)

// Fill uses a ledger: events and runs in every state, with all that a copy must not lose.
func Fill(t *testing.T, l engine.Ledger) {
	t.Helper()
	b := &bench{T: t, Ledger: l}
	fillEvents(b)
	fillRuns(b)
	var many []engine.Change
	for i := 100; i < 130; i++ {
		many = append(many, &engine.Accept{Record: anEvent(i, engine.EventUnmatched)})
	}
	b.commit(many...)
	b.accept(anEvent(100, engine.EventUnmatched))  // a duplicate
	hostile := anEvent(600, engine.EventUnmatched) // which PostgreSQL has no form for
	hostile.ID, hostile.Subject, hostile.Note = "e\x00600\xff\xfe", "order/\x00", "\xff"
	b.accept(hostile)
	marked, known := anEvent(601, engine.EventUnmatched), anEvent(602, engine.EventSeen)
	marked.Polled, marked.Stale, marked.Self, known.Entity = true, true, true, json.RawMessage(`{"v":1}`)
	b.accept(marked)
	b.accept(known)
	b.commit(&engine.Put{Memo: engine.Memo{Source: "ecwid", Store: "1003", Name: "poll", Value: []byte("{\"a\":1}\x00\xff")}},
		&engine.Put{Memo: engine.Memo{Source: "ecwid", Store: "1004", Name: "poll", Value: []byte{}}})
	for i := range 20 {
		b.commit(&engine.Claim{Pool: fmt.Sprint("pool-Ü", i%3), Key: fmt.Sprint("key", i), Offers: offers(fmt.Sprint("\x00\xff", i))})
	}
	b.commit(&engine.Tally{Count: engine.Count{Day: epoch.Add(-48 * time.Hour), Source: "ecwid", Store: "9", What: "event.unmatched", N: 7}})
}

func fillEvents(b *bench) {
	b.Helper()
	for i := 1; i <= 3; i++ { // order/X: a snapshot, what was before it, and two that wait
		r := samePlace(i)
		b.accept(r)
		r.State, r.Entity, r.Prev = engine.EventUnmatched, json.RawMessage(fmt.Sprintf(`{"v":%d,"note":"%s"}`, i, strings.Repeat("long ", 100))), r.Seq-1
		b.commit(&engine.Plan{Record: r})
	}
	waits, behind := samePlace(4), samePlace(5)
	b.accept(waits)
	b.accept(behind)
	waits.Tries, waits.Due, waits.Note = 1, epoch.Add(time.Hour), "the store does not answer — 没有"
	b.commit(&engine.Defer{Record: waits})
	gone := anEvent(6, engine.EventPending)
	b.accept(gone)
	gone.State, gone.Gone = engine.EventPlanned, true
	b.commit(&engine.Plan{Record: gone})
	for i, state := range []engine.EventState{engine.EventUnconfirmed, engine.EventFailed, engine.EventRefused, engine.EventPending} {
		r := anEvent(10+i, state)
		if r.Note = "because"; state == engine.EventRefused {
			r.ID, r.Subject, r.Store = "", "", ""
		}
		b.accept(r)
	}
	again := anEvent(20, engine.EventUnmatched)
	b.accept(again)
	again.Due = epoch.Add(time.Minute)
	b.commit(&engine.Again{Record: again})
	bare := anEvent(21, engine.EventUnmatched)
	bare.Data, bare.Body, bare.Subject, bare.Created = nil, nil, "", time.Time{}
	b.accept(bare)
	apart := anEvent(22, engine.EventPending)
	apart.Data, apart.Subject, apart.Store = json.RawMessage(`{"other":"than in the body"}`), "", "1004"
	b.accept(apart)
}

func fillRuns(b *bench) {
	b.Helper()
	for i, state := range []engine.RunState{engine.RunDone, engine.RunDead, engine.RunHeld} {
		n := aRun("a")
		n.Run.State, n.Run.Step = state, 1
		n.Run.Steps[0].Outcome, n.Run.Steps[0].Note = actions.OutcomeOK, `said "<ok>" & more`
		n.Run.Steps[0].Tries = []engine.Try{{At: epoch, Outcome: actions.OutcomeOK, Took: time.Second}}
		b.accept(anEvent(30+i, engine.EventPlanned), n)
	}
	first, second, third := aRun("a"), aRun("b"), aRun("c") // of one subject: begun, and two that wait
	second.Run.Outlet = "slack"
	b.accept(anEvent(40, engine.EventPlanned), first, second, third)
	begun := b.run(first.Run.ID)
	begun.Tries, begun.State = 1, engine.RunStarted
	b.commit(&engine.Begin{Run: &begun})
	retried, waiting := aRun("a"), aRun("b") // of another: tried, and due again later
	b.accept(anEvent(41, engine.EventPlanned), retried, waiting)
	u := b.run(retried.Run.ID)
	u.Tries, u.Due, u.Updated = 1, time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond), epoch.Add(time.Second)
	u.Steps[0].Outcome, u.Steps[0].Tries = actions.OutcomeRetry, []engine.Try{{At: epoch, Outcome: actions.OutcomeRetry}}
	b.commit(&engine.Save{Run: &u, From: engine.RunDue})
	free := anEvent(42, engine.EventPlanned)
	free.Subject = ""
	b.accept(free, aRun("a"), aRun("b"))
}
