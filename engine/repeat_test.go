package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
)

// choosySteps are a step that may be repeated and one that may not, of one kind.
var choosySteps = map[string]struct {
	want engine.RunState
	sent int
}{"again": {engine.RunDone, 2}, "never": {engine.RunHeld, 1}}

func choosyRule(text string) string {
	return `rules: [{ name: one, when: order.created, then: [{ choosy: { text: "` + text + ` {{ event.id }}" }, retry: { first: 1s } }] }]`
}

// TestAStepThatMayBeRepeated has a try end in the unknown: whether there is another is for the step to say, and not for its kind.
func TestAStepThatMayBeRepeated(t *testing.T) { onEachLedger(t, aStepThatMayBeRepeated) }

func aStepThatMayBeRepeated(t *testing.T, newBench maker) {
	for text, c := range choosySteps {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, choosyRule(text))
			b.provider.answering(func(_ context.Context, c call) error {
				if c.try == 1 {
					return actions.Unknown(errors.New("no answer"))
				}
				return nil
			})
			b.must(b.post("e", "order.created", "A", 1))
			b.repeated(b.untilRuns(c.want, 1)[0], c.sent)
		})
	}
}

// TestAKillInAStepThatMayBeRepeated has the program end while a step is under way: the next one finds it begun, and asks the step.
func TestAKillInAStepThatMayBeRepeated(t *testing.T) {
	onEachLedger(t, aKillInAStepThatMayBeRepeated)
}

func aKillInAStepThatMayBeRepeated(t *testing.T, newBench maker) {
	for text, c := range choosySteps {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, choosyRule(text))
			arrived := make(chan struct{})
			never, release := b.gate()
			b.provider.answering(func(context.Context, call) error { close(arrived); <-never; return nil })
			b.must(b.post("e", "order.created", "A", 1))
			<-arrived
			b.provider.answering(nil)
			next := b.successor(choosyRule(text), release)
			next.repeated(next.untilRuns(c.want, 1)[0], c.sent)
		})
	}
}

// successor starts another program on what a killed one has left. What the killed one still does counts for nothing; it ends with the
// test.
func (b *bench) successor(ruleFile string, release func()) *bench {
	b.Helper()
	if _, shared := b.ledger.(engine.Shared); shared {
		b.Cleanup(release)
		// For the others it is one that has been silent for long enough to be off the list.
		b.sql("UPDATE shopbell.river_job SET attempted_at = attempted_at - interval '5 min', attempted_by = ARRAY['off the list'] WHERE state = 'running'")
		return b.another(ruleFile)
	}
	old := b.Engine
	b.options.Ledger = b.reopened()
	b.Cleanup(func() { // before the ledger of the killed one is closed
		release()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = old.Stop(ctx)
	})
	b.start()
	return b
}

// repeated holds how often a run's first step was sent, with one key, and that its repeats are marked.
func (b *bench) repeated(u engine.Run, sent int) {
	b.Helper()
	calls := b.provider.got()
	if len(calls) != sent || u.Steps[0].Repeated != sent-1 || u.Steps[0].Tries[0].Outcome != actions.OutcomeUnknown {
		b.Fatalf("sent %d times, want %d: %+v", len(calls), sent, u.Steps[0])
	}
	if last := calls[sent-1]; last.try != sent || last.key != calls[0].key {
		b.Errorf("the last was try %d, with the same key: %v", last.try, last.key == calls[0].key)
	}
}
