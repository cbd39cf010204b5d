package postgres_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"shopbell/engine"
	"shopbell/engine/ledger/postgres/postgrestest"
	"shopbell/event"
)

// These workloads are baselines: keep them as they are, so that figures of different days can be compared. Every commit is on
// disk, on a server of its own; run them with `go test -bench . ./engine/ledger/postgres`.

// BenchmarkAccept stores 64 events in a commit, each with one run and its job.
func BenchmarkAccept(b *testing.B) {
	l := open(b, postgrestest.Start(b).Database(b))
	defer l.Close()
	for i := 0; b.Loop(); i++ {
		commit(b, l, accepts(i))
	}
	b.ReportMetric(float64(b.N)*64/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkPlan stores 64 pending events with their jobs in one commit, and plans them with one run each in another.
func BenchmarkPlan(b *testing.B) {
	l := open(b, postgrestest.Start(b).Database(b))
	defer l.Close()
	for i := 0; b.Loop(); i++ {
		changes := accepts(i)
		for _, c := range changes {
			a := c.(*engine.Accept)
			a.Record.State, a.Runs = engine.EventPending, nil
		}
		commit(b, l, changes)
		for j, c := range changes {
			r := c.(*engine.Accept).Record
			r.State, r.Entity = engine.EventPlanned, json.RawMessage(`{"id":"K8XTQ","v":1,"email":"jane@example.com"}`)
			changes[j] = &engine.Plan{Record: r, Runs: []*engine.NewRun{workloadRun()}}
		}
		commit(b, l, changes)
	}
	b.ReportMetric(float64(b.N)*64/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkSettle writes the outcomes of 64 runs in a commit.
func BenchmarkSettle(b *testing.B) {
	l := open(b, postgrestest.Start(b).Database(b))
	defer l.Close()
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		changes := accepts(i)
		commit(b, l, changes)
		for j, c := range changes {
			u := c.(*engine.Accept).Runs[0].Run
			u.State, u.Step, u.Tries = engine.RunDone, 1, 1
			changes[j] = &engine.Save{Run: u, From: engine.RunDue}
		}
		b.StartTimer()
		commit(b, l, changes)
	}
	b.ReportMetric(float64(b.N)*64/b.Elapsed().Seconds(), "steps/s")
}

func commit(b *testing.B, l engine.Ledger, changes []engine.Change) {
	b.Helper()
	if err := l.Commit(b.Context(), changes); err != nil {
		b.Fatal(err)
	}
}

func accepts(batch int) []engine.Change {
	changes := make([]engine.Change, 64)
	for j := range changes {
		n := batch*64 + j
		changes[j] = &engine.Accept{Runs: []*engine.NewRun{workloadRun()}, Record: &engine.Record{State: engine.EventPlanned, Due: time.Now(), Event: event.Event{
			Source: "shop", Store: "1", ID: fmt.Sprintf("e%d", n), Type: "order.created", Subject: fmt.Sprintf("order/A%d", n), Received: time.Now(),
			Body: json.RawMessage(`{"eventId":"5b0c6d0e-2f6b-4f1e-9a56-7e0c7f0b1a11","eventCreated":1735689600,"storeId":1003,"eventType":"order.created"}`)}}}
	}
	return changes
}

func workloadRun() *engine.NewRun {
	now := time.Now()
	return &engine.NewRun{
		Run: &engine.Run{Rule: "tell", Revision: "r", Source: "shop", Store: "1", State: engine.RunDue, Outlet: "http", Due: now, Created: now, Updated: now,
			Steps: []engine.Step{{Action: "http", Params: json.RawMessage(`{"text":"order/A1 1 was new"}`)}}},
		Revision: &engine.Revision{Hash: "r", Name: "tell", Text: "name: tell"},
	}
}
