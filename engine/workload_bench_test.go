package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/engine"
	"shopbell/event"
	"shopbell/sources"
)

// These workloads are baselines: keep them as they are, so that figures of different days can be compared. Every commit is on
// disk; run them with `go test -bench . ./engine`.

// BenchmarkAccept takes events that no rule listens to, 32 senders at once.
func BenchmarkAccept(b *testing.B) {
	bench := newBench(b, threeRules)
	var n atomic.Int64
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			body := fmt.Appendf(nil, `{"id":"e%d","type":"order.deleted","subject":"A%d"}`, i, i)
			if err := bench.Receive(context.Background(), "shop", sources.Request{Body: body, Received: time.Now()}); err != nil {
				b.Error(err)
			}
		}
	})
}

// BenchmarkPlan writes plans of 64 events with one run each in a commit: event and run stored, event planned.
func BenchmarkPlan(b *testing.B) {
	bench := newBench(b, threeRules)
	entity := json.RawMessage(`{"id":"K8XTQ","v":1,"email":"jane@example.com"}`)
	for i := 0; b.Loop(); i++ {
		changes := make([]engine.Change, 0, 128)
		for j := range 64 {
			r := benchRecord(i*64 + j)
			changes = append(changes, &engine.Accept{Record: r})
		}
		bench.must(bench.ledger.Commit(context.Background(), changes))
		for j := range 64 {
			r := changes[j].(*engine.Accept).Record
			r.State, r.Entity = engine.EventPlanned, entity
			changes[j] = &engine.Plan{Record: r, Runs: []*engine.NewRun{benchRun()}}
		}
		bench.must(bench.ledger.Commit(context.Background(), changes))
	}
	b.ReportMetric(float64(b.N)*64/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkSettle begins and settles 64 runs: the two commits that each step costs.
func BenchmarkSettle(b *testing.B) {
	bench := newBench(b, threeRules)
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		changes := make([]engine.Change, 64)
		runs := make([]*engine.Run, 64)
		for j := range runs {
			n := benchRun()
			changes[j], runs[j] = &engine.Accept{Record: benchRecord(i*64 + j), Runs: []*engine.NewRun{n}}, n.Run
		}
		bench.must(bench.ledger.Commit(context.Background(), changes))
		b.StartTimer()
		for j, u := range runs {
			u.Tries++
			changes[j] = &engine.Begin{Run: u}
		}
		bench.must(bench.ledger.Commit(context.Background(), changes))
		for j, u := range runs {
			u.State, u.Step = engine.RunDone, 1
			changes[j] = &engine.Save{Run: u}
		}
		bench.must(bench.ledger.Commit(context.Background(), changes))
	}
	b.ReportMetric(float64(b.N)*64/b.Elapsed().Seconds(), "steps/s")
}

func benchRecord(i int) *engine.Record {
	return &engine.Record{State: engine.EventPending, Due: time.Now().Add(time.Hour), Event: event.Event{Source: "shop", Store: "1",
		ID: fmt.Sprintf("e%d", i), Type: "order.created", Subject: fmt.Sprintf("order/A%d", i), Received: time.Now(),
		Body: json.RawMessage(`{"eventId":"5b0c6d0e-2f6b-4f1e-9a56-7e0c7f0b1a11","eventCreated":1735689600,"storeId":1003,"eventType":"order.created"}`)}}
}

func benchRun() *engine.NewRun {
	now := time.Now()
	return &engine.NewRun{
		Run: &engine.Run{Rule: "tell", Revision: "r", Source: "shop", Store: "1", State: engine.RunDue, Outlet: "probe", Due: now.Add(time.Hour), Created: now, Updated: now,
			Steps: []engine.Step{{Action: "probe", Params: json.RawMessage(`{"text":"order/A1 1 was new"}`)}}},
		Revision: &engine.Revision{Hash: "r", Name: "tell", Text: "name: tell"},
	}
}
