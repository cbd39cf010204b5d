package engine_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
)

// sql changes a node's database behind its back.
func (b *bench) sql(statement string, args ...any) {
	b.Helper()
	c, err := pgx.Connect(context.Background(), b.where)
	b.must(err)
	defer c.Close(context.Background())
	_, err = c.Exec(context.Background(), statement, args...)
	b.must(err)
}

// TestANodeThoughtDead has a node fall silent with a step in its hands. Another takes the step over and marks it, or holds the run; what
// the first one has to say when it comes back is not written any more.
func TestANodeThoughtDead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule string
		want engine.RunState
		sent int
	}{{"safe", engine.RunDone, 2}, {"fragile", engine.RunHeld, 1}} {
		t.Run(c.rule, func(t *testing.T) {
			t.Parallel()
			action := map[string]string{"safe": "probe", "fragile": "fragile"}[c.rule]
			rule := "rules: [{ name: " + c.rule + ", when: order.created, then: [{ " + action + ": { text: hello } }] }]"
			b := newNode(t, rule)
			arrived := make(chan struct{})
			answer, openAnswer := b.gate()
			b.provider.answering(func(context.Context, call) error { close(arrived); <-answer; return errors.New("too late to say so") })
			b.must(b.post("e", "order.created", "A", 1))
			<-arrived
			b.provider.answering(nil)
			// For the others it is one that has been silent for long enough to be off the list.
			b.sql("UPDATE shopbell.river_job SET attempted_at = attempted_at - interval '5 min', attempted_by = ARRAY['off the list'] WHERE state = 'running'")
			other := b.another(rule)
			u := other.untilRuns(c.want, 1)[0]
			openAnswer()
			b.stop() // the first comes back with its outcome, and ends
			u, err := other.ledger.Run(t.Context(), u.ID)
			b.must(err)
			if u.State != c.want || u.Steps[0].Tries[0].Note != "the program ended while this was being sent, so it may have happened" {
				t.Errorf("the run is %s: %+v", u.State, u.Steps[0])
			}
			calls := b.provider.got()
			if len(calls) != c.sent || u.Steps[0].Repeated != c.sent-1 {
				t.Fatalf("sent %d times, %d marked as repeated", len(calls), u.Steps[0].Repeated)
			}
			if c.sent == 2 && (calls[1].try != 2 || calls[1].key != calls[0].key) {
				t.Errorf("the repeat is try %d, with the same key: %v", calls[1].try, calls[1].key == calls[0].key)
			}
		})
	}
}

// TestAnOutcomeThatCouldNotBeSaved has a node stop for good while it cannot write what became of a step: to the next that is a step of
// unknown outcome, though the node said goodbye.
func TestAnOutcomeThatCouldNotBeSaved(t *testing.T) {
	t.Parallel()
	var fail atomic.Bool
	b := newNode(t, quickRules, func(o *engine.Options) {
		o.Ledger = writing(o.Ledger, func(ctx context.Context, changes []engine.Change, commit committing) error {
			if fail.Load() {
				return engine.ErrAway
			}
			return commit(ctx, changes)
		})
	})
	arrived := make(chan struct{}, 100)
	answer, openAnswer := b.gate()
	b.provider.answering(func(context.Context, call) error { arrived <- struct{}{}; <-answer; return nil })
	b.must(b.post("e", "order.created", "A", 1))
	<-arrived
	fail.Store(true)
	openAnswer()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.Stop(ctx); err == nil {
		t.Error("a stop that cut something off says nothing")
	}
	other := b.another(quickRules)
	states := other.settledRuns(2)
	texts := b.provider.texts()
	first := states[texts[0]]
	if first.Steps[0].Tries[0].Outcome != "unknown" {
		t.Errorf("%s was sent and not saved; its tries are %+v", texts[0], first.Steps[0].Tries)
	}
	times := 0
	for _, text := range texts {
		if text == texts[0] {
			times++
		}
	}
	if texts[0] == "fragile" && (times != 1 || first.State != engine.RunHeld) || texts[0] == "safe" && times != first.Steps[0].Repeated+1 {
		t.Errorf("%s was sent %d times, %d marked as repeated, and is %s", texts[0], times, first.Steps[0].Repeated, first.State)
	}
}

// TestADrainTakesItsTime has a node told to stop go on with a step for longer than it takes to count a node as dead: nobody else
// touches the step.
func TestADrainTakesItsTime(t *testing.T) {
	if testing.Short() {
		t.Skip("takes most of a minute")
	}
	t.Parallel()
	b := newNode(t, threeRules)
	other := b.another(threeRules)
	b.source.set("A", 1)
	arrived := make(chan struct{}, 100)
	answer, openAnswer := b.gate()
	b.provider.answering(func(context.Context, call) error { arrived <- struct{}{}; <-answer; return nil })
	b.until("both nodes are there", func() bool {
		nodes, err := b.ledger.(engine.Shared).Nodes(t.Context())
		b.must(err)
		return len(nodes) == 2
	})
	b.must(b.notify("e", "order.created", "A"))
	<-arrived
	// Whichever has it, both are told; the one that is idle starts anew.
	ends := make(chan error, 2)
	for _, n := range []*bench{b, other} {
		go func() { ends <- n.Stop(context.Background()) }()
	}
	b.must(<-ends) // the idle one goes at once
	third := b.another(threeRules)
	select {
	case <-arrived:
		t.Error("a step under way was begun by another node")
	case <-time.After(50 * time.Second):
	}
	openAnswer()
	b.must(<-ends)
	u := third.untilRuns(engine.RunDone, 1)[0]
	if len(b.provider.got()) != 1 || u.Steps[0].Repeated != 0 {
		t.Errorf("sent %d times, %d marked", len(b.provider.got()), u.Steps[0].Repeated)
	}
}

// TestHandingOn has a node told to stop leave what it has not begun to the other, at once.
func TestHandingOn(t *testing.T) {
	t.Parallel()
	b := newNode(t, threeRules)
	gate, openGate := b.gate()
	b.provider.answering(func(context.Context, call) error { <-gate; return nil })
	for i := range 40 {
		b.must(b.post(string(rune('a'+i)), "order.created", string(rune('A'+i)), 1))
	}
	b.untilEvents(engine.EventPlanned, 40)
	other := b.another(threeRules)
	stopped := make(chan struct{})
	go func() { b.stop(); close(stopped) }()
	openGate()
	<-stopped
	other.untilRuns(engine.RunDone, 40)
	texts := b.provider.texts()
	slices.Sort(texts)
	if n := len(texts); n != 40 || len(slices.Compact(texts)) != 40 {
		t.Errorf("%d things were sent for 40 events", n)
	}
}
