package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/sources"
	"shopbell/virtualtime"
)

// troubled is a ledger that fails when it is told to.
type troubled struct {
	engine.Ledger
	fail atomic.Pointer[error]
}

func (l *troubled) set(err error) {
	if err == nil {
		l.fail.Store(nil)
		return
	}
	l.fail.Store(&err)
}

func (l *troubled) Commit(ctx context.Context, changes []engine.Change) error {
	if err := l.fail.Load(); err != nil {
		return *err
	}
	return l.Ledger.Commit(ctx, changes)
}

func TestALedgerThatCannotBeWritten(t *testing.T) {
	for _, trouble := range []error{engine.ErrFull, engine.ErrBusy, errors.New("disk I/O error")} {
		t.Run(trouble.Error(), func(t *testing.T) {
			virtualtime.Test(t, func(t *testing.T) {
				var ledger *troubled
				b := newBench(t, threeRules, func(o *engine.Options) {
					ledger = &troubled{Ledger: o.Ledger}
					o.Ledger = ledger
				})
				answer, openAnswer := b.gate()
				b.provider.answering(func(context.Context, call) error { <-answer; return nil })
				b.must(b.post("before", "order.created", "A", 1))
				synctest.Wait() // the step is with the provider now
				ledger.set(trouble)
				var overload *engine.Overload
				if err := b.post("refused", "order.created", "B", 1); !errors.As(err, &overload) || overload.Status() != 503 || overload.Wait <= 0 {
					t.Errorf("an event that cannot be stored is answered by %v", err)
				}
				if b.Health().Ledger == nil {
					t.Error("health does not tell of the trouble")
				}
				openAnswer()
				time.Sleep(time.Hour)
				ledger.set(nil)
				b.must(b.post("refused", "order.created", "B", 1))
				time.Sleep(time.Minute)
				synctest.Wait()
				if n := len(b.runs(engine.RunDone)); n != 2 {
					t.Errorf("%d runs are done after recovery, want 2", n)
				}
				if got := b.provider.texts(); len(got) != 2 {
					t.Errorf("sent %q, want each once", got)
				}
				if b.Health().Ledger != nil {
					t.Error("health still tells of the trouble")
				}
				b.stop()
			})
		})
	}
}

// poisoned makes one commit out of many fail, as a change that the ledger cannot take would.
func poisoned(ctx context.Context, changes []engine.Change, commit committing) error {
	for _, c := range changes {
		if a, ok := c.(*engine.Accept); ok && a.Record.ID == "poison" {
			return errors.New("a constraint failed")
		}
	}
	return commit(ctx, changes)
}

func TestOneBadRequestDoesNotSpoilTheBatch(t *testing.T) {
	onEachLedger(t, oneBadRequestDoesNotSpoilTheBatch)
}

func oneBadRequestDoesNotSpoilTheBatch(t *testing.T, newBench maker) {
	b := newBench(t, threeRules, func(o *engine.Options) { o.Ledger = writing(o.Ledger, poisoned) })
	results := make(chan string)
	for i := range 40 {
		id := fmt.Sprintf("e%d", i)
		if i%8 == 0 {
			id = "poison"
		}
		go func() {
			if err := b.post(id, "order.created", id, 1); err != nil {
				id += " failed"
			}
			results <- id
		}()
	}
	for range 40 {
		if id := <-results; strings.HasPrefix(id, "poison") != strings.HasSuffix(id, " failed") {
			t.Errorf("%s", id)
		}
	}
	b.untilRuns(engine.RunDone, 35)
}

func TestProviderAwayForAnHour(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules)
		began := time.Now()
		b.provider.answering(func(context.Context, call) error {
			if time.Since(began) < time.Hour {
				return errors.New("connection refused")
			}
			return nil
		})
		for i := range 50 {
			b.must(b.post(fmt.Sprintf("e%d", i), "order.created", fmt.Sprintf("A%d", i), 1))
		}
		time.Sleep(4 * time.Hour)
		synctest.Wait()
		if n := len(b.runs(engine.RunDone)); n != 50 {
			t.Errorf("%d of 50 runs are done after the provider came back", n)
		}
		b.stop()
	})
}

func TestProviderThatHangs(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, outcomesRule)
		b.provider.answering(func(ctx context.Context, c call) error {
			if c.try == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		})
		b.must(b.post("e", "order.created", "A", 1))
		time.Sleep(time.Hour)
		synctest.Wait()
		states := map[string]engine.RunState{}
		for _, u := range append(b.runs(engine.RunDone), b.runs(engine.RunHeld)...) {
			states[u.Rule] = u.State
		}
		if states["safe"] != engine.RunDone || states["fragile"] != engine.RunHeld {
			t.Errorf("states %v", states)
		}
		b.stop()
	})
}

func TestAnActionThatPanics(t *testing.T) { onEachLedger(t, anActionThatPanics) }

func anActionThatPanics(t *testing.T, newBench maker) {
	b := newBench(t, outcomesRule)
	b.provider.answering(func(context.Context, call) error { panic("secret token 123") })
	b.must(b.post("e", "order.created", "A", 1))
	held := b.untilRuns(engine.RunHeld, 1)[0]
	if strings.Contains(held.Steps[0].Note, "123") {
		t.Errorf("the note tells what the panic said: %s", held.Steps[0].Note)
	}
}

func TestAKilledProgram(t *testing.T) {
	b := newBench(t, outcomesRule)
	arrived := make(chan string, 10)
	never, release := b.gate()
	b.provider.answering(func(_ context.Context, c call) error { arrived <- c.text; <-never; return nil })
	b.must(b.post("e", "order.created", "A", 1))
	<-arrived // of one subject's runs one is under way, the other waits
	// The program ends here, as by a kill: nothing of it writes to the ledger any more. Another one starts.
	old := b.Engine
	second := b.options
	second.Ledger = b.reopened()
	b.provider.answering(nil)
	b.Engine, b.options = engine.New(second), second
	b.must(b.Start(t.Context()))
	b.until("settled", func() bool { return len(b.runs(engine.RunDone))+len(b.runs(engine.RunHeld)) == 2 })
	texts := b.provider.texts()
	switch cut := texts[0]; cut {
	case "safe":
		u := b.runs(engine.RunDone)
		i := slices.IndexFunc(u, func(u engine.Run) bool { return u.Rule == "safe" })
		if i < 0 || u[i].Steps[0].Repeated != 1 {
			t.Errorf("a repeated step is not marked: %+v", u)
		}
	default:
		if len(b.runs(engine.RunHeld)) != 1 {
			t.Error("what may not be repeated is not held")
		}
	}
	release()
	_ = old.Stop(t.Context())
}

// reopened opens what a kill would leave of the ledger: its file and its log as they are now.
func (b *bench) reopened() engine.Ledger {
	b.Helper()
	left := filepath.Join(b.TempDir(), "left.db")
	for _, end := range []string{"", "-wal"} {
		text, err := os.ReadFile(b.where + end)
		b.must(err)
		b.must(os.WriteFile(left+end, text, 0o600))
	}
	l, err := b.opens(left)
	b.must(err)
	before := b.ledger
	b.Cleanup(func() { before.Close() })
	b.ledger = l
	return l
}

func TestMoreWorkThanMemory(t *testing.T) {
	b := newBench(t, threeRules, func(o *engine.Options) { o.Workers = 64 })
	gate, openGate := b.gate()
	b.provider.answering(func(context.Context, call) error { <-gate; return nil })
	const n = 6_000 // more than the queues hold
	failed := make(chan error, n)
	for w := range 20 {
		go func() {
			for i := w; i < n; i += 20 {
				post := func() error { return b.post(fmt.Sprintf("e%d", i), "order.created", fmt.Sprintf("A%d", i), 1) }
				err := post()
				for overload := new(engine.Overload); errors.As(err, &overload); err = post() {
				} // a platform comes again too
				failed <- err
			}
		}()
	}
	for range n {
		b.must(<-failed)
	}
	openGate()
	done := func() (n int64) {
		counts, err := b.ledger.Counts(t.Context(), time.Time{})
		b.must(err)
		for _, c := range counts {
			if c.What == "run.done" {
				n += c.N
			}
		}
		return n
	}
	b.until("all done", func() bool { return done() == n })
	times := map[string]int{}
	for _, c := range b.provider.got() {
		times[c.key]++
	}
	if len(times) != n || len(b.provider.got()) != n {
		t.Errorf("%d sends of %d steps, want %d of each", len(b.provider.got()), len(times), n)
	}
}

// TestOneHangingAccount has more work for an account that hangs than memory holds, and expects the other's to go on.
func TestOneHangingAccount(t *testing.T) {
	b := newBench(t, `
rules:
  - name: hangs
    when: order.created
    then: [{ probe: { text: hang } }]
  - name: works
    when: order.updated
    then: [{ fragile: { text: "{{ event.id }}" } }]
`)
	free, openFree := b.gate()
	b.provider.answering(func(_ context.Context, c call) error {
		if c.text == "hang" {
			<-free
		}
		return nil
	})
	const stuck, fine = 9_000, 100 // more than all queues hold together
	changes := make([]engine.Change, 0, stuck)
	rule := b.Rules().Rules()[0]
	for i := range stuck {
		r, n := benchRecord(i), benchRun()
		r.State = engine.EventPlanned
		n.Run.Rule, n.Run.Revision, n.Run.Outlet, n.Run.Due = rule.ID(), rule.Revision, "probe", time.Now()
		n.Run.Steps[0].Params, n.Revision.Hash, n.Revision.Text = []byte(`{"text":"hang"}`), rule.Revision, rule.Text
		changes = append(changes, &engine.Accept{Record: r, Runs: []*engine.NewRun{n}})
	}
	b.stop()
	b.must(b.ledger.Commit(t.Context(), changes))
	b.start()
	for i := range fine {
		b.must(b.post(fmt.Sprintf("f%d", i), "order.updated", fmt.Sprintf("F%d", i), 1))
	}
	done := func(what string) (n int64) {
		counts, err := b.ledger.Counts(t.Context(), time.Time{})
		b.must(err)
		for _, c := range counts {
			if c.What == what {
				n += c.N
			}
		}
		return n
	}
	b.until("the others done", func() bool { return done("run.done") == fine })
	openFree()
	b.until("all done", func() bool { return done("run.done") == fine+stuck })
}

func TestRetryByHand(t *testing.T) { onEachLedger(t, retryByHand) }

func retryByHand(t *testing.T, newBench maker) {
	b := newBench(t, outcomesRule)
	b.provider.answering(func(context.Context, call) error { return actions.Unknown(errors.New("no answer")) })
	b.must(b.post("e", "order.created", "A", 1))
	held := b.untilRuns(engine.RunHeld, 1)[0]
	b.provider.answering(nil)
	b.must(b.Retry(t.Context(), held.ID))
	b.until("done", func() bool { u, _ := b.ledger.Run(t.Context(), held.ID); return u.State == engine.RunDone })
	keys, latest := map[string]bool{}, 0
	for _, c := range b.provider.got() {
		if c.text == "fragile" {
			keys[c.key] = true
			latest = c.try
		}
	}
	if len(keys) != 1 || latest != 2 {
		t.Errorf("a retry by hand used %d keys, want the same one, and is try %d, want 2: what may have happened is looked for", len(keys), latest)
	}
	var conflict *engine.Conflict
	if err := b.Retry(t.Context(), held.ID); !errors.As(err, &conflict) {
		t.Errorf("a retry of a done run: %v", err)
	}
	if err := b.Retry(t.Context(), 999); err != engine.ErrNone {
		t.Errorf("a retry of no run: %v", err)
	}
}

const stepsRule = `
rules:
  - name: chain
    when: order.created
    then:
      - id: one
        probe: { text: "first {{ order.v }}" }
      - if: order.v > 100
        probe: { text: never }
      - id: broken
        on_error: continue
        retry: { tries: 2, first: 1s }
        probe: { text: fails }
      - probe: { text: "last after {{ steps.one.said }}" }
`

func TestStepsInOrder(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, stepsRule)
		b.provider.answering(func(_ context.Context, c call) error {
			if c.text == "fails" {
				return errors.New("busy")
			}
			return nil
		})
		b.must(b.post("e", "order.created", "A", 7))
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []string{"first 7", "fails", "fails", "last after first 7"}
		if got := b.provider.texts(); !slices.Equal(got, want) {
			t.Errorf("sent %q, want %q", got, want)
		}
		if n := len(b.runs(engine.RunDone)); n != 1 {
			all, _ := b.ledger.Runs(t.Context(), engine.RunFilter{})
			t.Errorf("%d runs done: %+v", n, all)
		}
		b.stop()
	})
}

func TestARunKeepsItsRevision(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, stepsRule)
		first := true
		b.provider.answering(func(context.Context, call) error {
			if first {
				first = false
				return actions.RetryAfter(time.Hour, errors.New("later"))
			}
			return nil
		})
		b.must(b.post("e", "order.created", "A", 7))
		synctest.Wait()
		b.stop()
		edited := newBench(t, strings.ReplaceAll(stepsRule, "last after", "EDITED"))
		edited.stop()
		b.options.Rules = edited.options.Rules // the next process has other rules, and the same ledger
		b.start()
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if got := b.provider.texts(); got[len(got)-1] != "last after first 7" {
			t.Errorf("the run went on as %q", got)
		}
		b.stop()
	})
}

func TestRefusalsAreSampled(t *testing.T) { onEachLedger(t, refusalsAreSampled) }

func refusalsAreSampled(t *testing.T, newBench maker) {
	b := newBench(t, threeRules)
	for range 500 {
		_ = b.Receive(t.Context(), "shop", sources.Request{Body: []byte("rubbish"), Received: time.Now()})
	}
	if n := len(b.events(engine.EventRefused)); n < 100 || n > 200 {
		t.Errorf("%d samples of 500 refusals", n)
	}
	counts, err := b.ledger.Counts(t.Context(), time.Time{})
	b.must(err)
	var total int64
	for _, c := range counts {
		if c.What == "event.refused" {
			total += c.N
		}
	}
	if total != 500 {
		t.Errorf("%d refusals counted", total)
	}
}

func TestRetention(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		b := newBench(t, threeRules, func(o *engine.Options) { o.Retention = 24 * time.Hour })
		for i := range 1200 {
			b.must(b.post(fmt.Sprintf("e%d", i), "order.deleted", "A", 1))
		}
		b.must(b.post("kept", "order.created", "B", 1))
		time.Sleep(23 * time.Hour)
		b.must(b.post("young", "order.deleted", "C", 1))
		if n := len(b.events(engine.EventUnmatched)); n != 500 { // as many as a list gives
			t.Errorf("%d events before their time", n)
		}
		time.Sleep(3 * time.Hour)
		left, err := b.ledger.Events(t.Context(), engine.EventFilter{})
		b.must(err)
		if len(left) != 2 || left[0].ID != "young" || left[1].ID != "kept" {
			t.Errorf("left: %+v", left)
		}
		b.stop()
	})
}
