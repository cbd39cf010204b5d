package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/event"
	"shopbell/sources"
	"shopbell/virtualtime"
)

const modelRules = `
rules:
  - name: tell
    when: [order.created, order.updated]
    then:
      - retry: { tries: 4, first: 5s }
        probe: { text: "tell {{ event.id }} {{ order.v }} was {{ was?.v ?? 'new' }}" }
  - name: welcome
    when: order.created
    then:
      - id: one
        retry: { tries: 3, first: 1m }
        fragile: { text: "one {{ event.id }}" }
      - retry: { tries: 2, first: 1h }
        on_error: continue
        probe: { text: "two {{ event.id }} {{ steps.one.said }} {{ was?.v ?? 'new' }}" }
      - fragile: { text: "three {{ event.id }} {{ order.v }}" }
`

// TestModel lets an engine run for days among everything that may fail, with stops and kills, and then looks whether what
// the engine promises is true of what the ledger says and of what the provider has seen.
func TestModel(t *testing.T) {
	seeds := []uint64{1, 2}
	if testing.Short() {
		seeds = seeds[:1]
	}
	for _, seed := range append(seeds, rand.Uint64()) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			virtualtime.Test(t, func(t *testing.T) { newModel(t, seed).run() })
		})
	}
}

// model is a bench whose every part is moody.
type model struct {
	*bench
	mu       sync.Mutex
	rand     *rand.Rand
	calm     bool
	disk     *mortal
	accepted map[string]bool
	retried  map[int64]bool
	old      sync.WaitGroup
}

func newModel(t *testing.T, seed uint64) *model {
	m := &model{rand: rand.New(rand.NewPCG(seed, 7)), accepted: map[string]bool{}, retried: map[int64]bool{}}
	m.bench = newBench(t, modelRules, func(o *engine.Options) { m.renew(o) })
	m.source.failing(m.attesting)
	m.provider.answering(m.sending)
	return m
}

// dice gives a number below n.
func (m *model) dice(n int) int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.rand.IntN(n)
}

func (m *model) quiet() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.calm
}

func (m *model) attesting(*event.Event) error {
	switch n := m.dice(100); {
	case m.quiet() || n < 60:
		return nil
	case n < 75:
		return sources.Later(time.Duration(m.dice(600))*time.Second, errors.New("429"))
	case n < 92:
		return errors.New("502")
	case n < 94:
		return sources.Denied(errors.New("403"))
	case n < 96:
		panic("a platform's answer that nobody thought of")
	default:
		return sources.Unconfirmed("404")
	}
}

func (m *model) sending(ctx context.Context, _ call) error {
	switch n := m.dice(100); {
	case m.quiet() || n < 50:
		return nil
	case n < 70:
		return errors.New("busy")
	case n < 75:
		return actions.RetryAfter(time.Duration(m.dice(7200))*time.Second, errors.New("429"))
	case n < 82:
		return actions.Unknown(errors.New("no answer"))
	case n < 86:
		return actions.Permanent(actions.BlameRecipient, errors.New("no such mailbox"))
	case n < 88:
		panic("an action that nobody thought of")
	case n < 90:
		return actions.Skip("opted out")
	}
	select { // hangs for up to two minutes, one more than it may
	case <-time.After(time.Duration(m.dice(120)) * time.Second):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mortal is a ledger as one process sees it: after its death nothing of it is written any more.
type mortal struct {
	engine.Ledger
	*model
	life sync.RWMutex
	dead bool
}

// spoilt is a change that no ledger can make, so that those before it are made and rolled back.
type spoilt struct{ *engine.Tally }

func (l *mortal) Commit(ctx context.Context, changes []engine.Change) error {
	l.life.RLock()
	defer l.life.RUnlock()
	switch n := l.dice(100); {
	case l.dead:
		return engine.ErrBusy
	case n >= 10 || l.quiet():
		return l.Ledger.Commit(ctx, changes)
	case n < 2:
		return engine.ErrBusy
	case n < 4:
		return engine.ErrFull
	}
	return l.Ledger.Commit(ctx, append(changes[:len(changes):len(changes)], spoilt{}))
}

// renew gives the options a ledger for the next process.
func (m *model) renew(o *engine.Options) {
	m.disk = &mortal{Ledger: m.ledgerOf(o), model: m}
	o.Ledger = m.disk
}

func (m *model) ledgerOf(o *engine.Options) engine.Ledger {
	if m.disk != nil {
		return m.disk.Ledger
	}
	return o.Ledger
}

// restart ends the process, by a kill or by an orderly stop, and starts the next on the same ledger.
func (m *model) restart() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(m.dice(90))*time.Second)
	if m.dice(2) == 0 {
		_ = m.Stop(ctx)
		cancel()
	} else {
		m.disk.life.Lock()
		m.disk.dead = true
		m.disk.life.Unlock()
		cancel()
		dead := m.Engine
		m.old.Go(func() { _ = dead.Stop(ctx) })
	}
	for {
		m.renew(&m.options)
		m.Engine = engine.New(m.options)
		if err := m.Start(context.Background()); err == nil {
			return
		}
	}
}

func (m *model) run() {
	const events, subjects = 120, 7
	for i := range events {
		subject := fmt.Sprintf("S%d", m.dice(subjects))
		id, typ := fmt.Sprintf("e%d", i), []string{"order.created", "order.updated", "order.updated"}[m.dice(3)]
		for range 1 + m.dice(3) {
			if m.post(id, typ, subject, i) == nil {
				m.accepted[id] = true
			}
		}
		switch n := m.dice(20); {
		case n < 6:
			time.Sleep(time.Duration(m.dice(3000)) * time.Millisecond)
		case n < 8:
			time.Sleep(time.Duration(m.dice(60)) * time.Minute)
		case n < 10:
			m.restart()
		case n == 10:
			m.retrySome()
		}
	}
	time.Sleep(3 * 24 * time.Hour)
	m.mu.Lock()
	m.calm = true
	m.mu.Unlock()
	time.Sleep(3 * 24 * time.Hour)
	synctest.Wait()
	m.old.Wait()
	m.check()
	m.stop()
}

// retrySome has a person retry what is dead or held, each at most once.
func (m *model) retrySome() {
	for _, u := range append(m.runs(engine.RunDead), m.runs(engine.RunHeld)...) {
		if !m.retried[u.ID] && m.Retry(context.Background(), u.ID) == nil {
			m.retried[u.ID] = true
		}
	}
}

func (m *model) check() {
	events, err := m.ledger.Events(context.Background(), engine.EventFilter{Limit: 500})
	m.must(err)
	inside, before := map[string]bool{}, map[string]engine.Record{}
	for i := len(events) - 1; i >= 0; i-- {
		r, err := m.ledger.Event(context.Background(), events[i].Seq)
		m.must(err)
		if inside[r.ID] {
			m.Errorf("event %s is in the ledger twice", r.ID)
		}
		inside[r.ID] = true
		if r.State == engine.EventPending {
			m.Errorf("event %s is pending for ever: due %v, %d tries, %s", r.ID, r.Due, r.Tries, r.Note)
		}
		if r.State == engine.EventPlanned && r.Prev != before[r.Subject].Seq {
			m.Errorf("event %d of %s has the one before as %d, want %d", r.Seq, r.Subject, r.Prev, before[r.Subject].Seq)
		}
		m.checkWas(r, before[r.Subject])
		if r.Entity != nil {
			before[r.Subject] = r
		}
	}
	for id := range m.accepted {
		if !inside[id] {
			m.Errorf("event %s was accepted and is not in the ledger", id)
		}
	}
	m.checkRuns()
}

// checkWas looks at what was told of an event.
func (m *model) checkWas(r, before engine.Record) {
	was := "new"
	if before.Entity != nil {
		was = version(before.Entity)
	}
	want := fmt.Sprintf("tell %s %s was %s", r.ID, version(r.Entity), was)
	for _, text := range m.provider.texts() {
		if strings.HasPrefix(text, "tell "+r.ID+" ") && text != want {
			m.Errorf("told %q, want %q", text, want)
		}
	}
}

func version(entity json.RawMessage) string {
	var e struct{ V int }
	_ = json.Unmarshal(entity, &e)
	return fmt.Sprint(e.V)
}

func (m *model) checkRuns() {
	first, times := map[string]int{}, map[string]int{}
	for i, text := range m.provider.texts() {
		if _, seen := first[text]; !seen {
			first[text] = i
		}
		times[text]++
	}
	all, err := m.ledger.Runs(context.Background(), engine.RunFilter{Limit: 500})
	m.must(err)
	if len(all) < 50 {
		m.Errorf("only %d runs: the model shows nothing", len(all))
	}
	welcomed, told := map[string]bool{}, map[string]int{}
	for i := len(all) - 1; i >= 0; i-- {
		u, err := m.ledger.Run(context.Background(), all[i].ID)
		m.must(err)
		if u.State == engine.RunDue || u.State == engine.RunStarted {
			m.Errorf("run %d is %s for ever: due %v", u.ID, u.State, u.Due)
		}
		if u.Rule == "welcome" {
			if welcomed[u.Subject] {
				m.Errorf("%s is welcomed twice", u.Subject)
			}
			welcomed[u.Subject] = true
		}
		for _, s := range u.Steps {
			m.checkStep(u, s, times)
		}
		if step := u.Steps[0]; u.Rule == "tell" && len(step.Tries) > 0 && !strings.HasPrefix(step.Tries[0].Note, "the program ended") {
			at := first[textOf(step)]
			if last, ok := told[u.Subject]; ok && at < last {
				m.Errorf("run %d of %s was tried before the one before it", u.ID, u.Subject)
			}
			told[u.Subject] = at
		}
	}
}

// checkStep compares what a step says of itself with what the provider has seen.
func (m *model) checkStep(u engine.Run, s engine.Step, times map[string]int) {
	n := times[textOf(s)]
	if s.Outcome == actions.OutcomeOK && n == 0 {
		m.Errorf("run %d says that %q was sent; the provider never saw it", u.ID, textOf(s))
	}
	if n > len(s.Tries) {
		m.Errorf("run %d: %q was sent %d times; %d tries are kept: %+v", u.ID, textOf(s), n, len(s.Tries), s)
	}
	unsure := 0
	for i, t := range s.Tries {
		if t.Outcome == actions.OutcomeUnknown && i < len(s.Tries)-1 {
			unsure++
		}
	}
	if s.Repeated < unsure {
		m.Errorf("run %d: %q was sent again after %d tries of unknown outcome, and %d are marked: %+v", u.ID, textOf(s), unsure, s.Repeated, s)
	}
}

func textOf(s engine.Step) string {
	var p probeParams
	_ = json.Unmarshal(s.Params, &p)
	return p.Text
}
