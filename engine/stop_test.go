package engine_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"shopbell/engine"
)

func TestStopDrains(t *testing.T) { onEachLedger(t, stopDrains) }

func stopDrains(t *testing.T, newBench maker) {
	b := newBench(t, threeRules)
	arrived := make(chan struct{})
	answer, openAnswer := b.gate()
	b.provider.answering(func(context.Context, call) error { close(arrived); <-answer; return nil })
	b.must(b.post("e", "order.created", "A", 1))
	<-arrived
	stopped := make(chan error)
	go func() { stopped <- b.Stop(context.Background()) }()
	for !b.Health().Stopping {
		runtime.Gosched() // nothing tells of it
	}
	var overload *engine.Overload
	if err := b.post("late", "order.created", "B", 1); !errors.As(err, &overload) {
		t.Errorf("while stopping an event is answered by %v", err)
	}
	openAnswer()
	b.must(<-stopped)
	if n := len(b.runs(engine.RunDone)); n != 1 {
		t.Errorf("%d runs done after the drain", n)
	}
}

func TestStopCutsOff(t *testing.T) { onEachLedger(t, stopCutsOff) }

func stopCutsOff(t *testing.T, newBench maker) {
	b := newBench(t, outcomesRule)
	arrived := make(chan struct{}, 2)
	b.provider.answering(func(ctx context.Context, _ call) error { arrived <- struct{}{}; <-ctx.Done(); return ctx.Err() })
	b.must(b.post("e", "order.created", "A", 1))
	<-arrived
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.Stop(ctx); err == nil {
		t.Error("a stop that cut something off says nothing")
	}
	started, err := b.ledger.StartedRuns(t.Context())
	b.must(err)
	if len(started) != 0 {
		t.Errorf("%d steps are left as begun by an orderly stop", len(started))
	}
}
