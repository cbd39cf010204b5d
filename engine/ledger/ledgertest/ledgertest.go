// Package ledgertest is the exam that every ledger sits: what the engine relies on, and nothing else.
//
//	func TestLedger(t *testing.T) {
//		ledgertest.Run(t, func(t *testing.T, name string) engine.Ledger { … open the ledger of that name … })
//	}
//
// It does not test speed, nor what only one ledger promises.
package ledgertest

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"shopbell/engine"
	"shopbell/event"
)

// An Opener opens the ledger of a name, and makes it when there is none. The exam closes it, and may open it again.
type Opener func(t *testing.T, name string) engine.Ledger

// Run puts a ledger through the exam.
func Run(t *testing.T, open Opener) {
	for _, part := range []struct {
		name string
		exam func(*testing.T, *bench)
	}{
		{"all or nothing", allOrNothing},
		{"an event comes back whole", comesBackWhole},
		{"survives a restart", survives},
		{"duplicates", duplicates},
		{"refusals are samples", refusals},
		{"pending events of a subject keep their order", order},
		{"a plan is made once", plansOnce},
		{"snapshots", snapshots},
		{"a run begins once", beginsOnce},
		{"a stale begin", staleBegin},
		{"what was rolled back leaves no trace", rolledBack},
		{"a plan that read nothing", readNothing},
		{"retention leaves what was", keepsWas},
		{"created acts once for a subject", once},
		{"replays make new runs", replays},
		{"due times", dueTimes},
		{"due stores and outlets", dueGroups},
		{"events are listed", listsEvents},
		{"runs are listed", listsRuns},
		{"history is told from the oldest on", history},
		{"revisions", revisions},
		{"counts", counts},
		{"retention", retention},
		{"memos", memos},
		{"marks of events", marks},
		{"what was seen is the first snapshot", seen},
		{"a person is forgotten", rewritten},
		{"claims", claims},
		{"claims of one commit", claimsTogether},
		{"claims of a big pool", claimsOfMany},
		{"claims stay", claimsStay},
		{"writers at once", writersAtOnce},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			b := &bench{T: t, open: open, name: "exam"}
			b.Ledger = open(t, b.name)
			t.Cleanup(func() { b.Ledger.Close() })
			part.exam(t, b)
		})
	}
}

// bench is a ledger under exam, with short words for what every part does.
type bench struct {
	*testing.T
	engine.Ledger
	open Opener
	name string
}

// epoch is when the exam's events happen.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (b *bench) reopen() {
	b.Helper()
	if err := b.Ledger.Close(); err != nil {
		b.Fatal(err)
	}
	b.Ledger = b.open(b.T, b.name)
}

func (b *bench) commit(changes ...engine.Change) {
	b.Helper()
	if err := b.Commit(b.Context(), changes); err != nil {
		b.Fatal(err)
	}
}

// event makes a record; n makes its id and its subject.
func anEvent(n int, state engine.EventState) *engine.Record {
	body := fmt.Sprintf(`{"eventId":"e%d","data":{"orderId":"O%d","total":12.5}}`, n, n)
	return &engine.Record{State: state, Due: epoch, Event: event.Event{Source: "ecwid", Store: "1003", ID: fmt.Sprintf("e%d", n),
		Type: "order.created", Subject: fmt.Sprintf("order/O%d", n), Created: epoch.Add(-time.Second), Received: epoch,
		Body: json.RawMessage(body), Data: json.RawMessage(fmt.Sprintf(`{"orderId":"O%d","total":12.5}`, n))}}
}

func aRun(rule string) *engine.NewRun {
	return &engine.NewRun{
		Run: &engine.Run{Rule: rule, Revision: "rev-" + rule, State: engine.RunDue, Outlet: "http", Due: epoch, Created: epoch, Updated: epoch,
			Steps: []engine.Step{{ID: "first", Action: "http", Params: json.RawMessage(`{"url":"http://x/"}`)}}},
		Revision: &engine.Revision{Hash: "rev-" + rule, Directory: "", Name: rule, Text: "name: " + rule},
	}
}

func (b *bench) accept(r *engine.Record, runs ...*engine.NewRun) *engine.Accept {
	b.Helper()
	a := &engine.Accept{Record: r, Runs: runs}
	b.commit(a)
	return a
}

func (b *bench) event(seq int64) engine.Record {
	b.Helper()
	r, err := b.Event(b.Context(), seq)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func (b *bench) run(id int64) engine.Run {
	b.Helper()
	u, err := b.Ledger.Run(b.Context(), id)
	if err != nil {
		b.Fatal(err)
	}
	return u
}

func (b *bench) list(f engine.EventFilter) []int64 {
	b.Helper()
	found, err := b.Events(b.Context(), f)
	if err != nil {
		b.Fatal(err)
	}
	seqs := []int64{}
	for _, r := range found {
		seqs = append(seqs, r.Seq)
	}
	return seqs
}

func (b *bench) runsOf(f engine.RunFilter) []engine.Run {
	b.Helper()
	found, err := b.Runs(b.Context(), f)
	if err != nil {
		b.Fatal(err)
	}
	return found
}

func (b *bench) count(what string) (n int64) {
	b.Helper()
	all, err := b.Counts(b.Context(), time.Time{})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range all {
		if c.What == what {
			n += c.N
		}
	}
	return n
}

func want[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}
