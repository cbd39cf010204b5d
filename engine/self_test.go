package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/engine"
	"shopbell/event"
	"shopbell/sources"
	"shopbell/virtualtime"
)

// Change implements [sources.Changer].
func (m *market) Change(_ context.Context, edit sources.Edit) error {
	name := strings.TrimPrefix(edit.Subject, "item/")
	m.change(edit.Store, name, func(i *item) {
		_ = json.Unmarshal(edit.Set["price"], &i.price)
		_ = json.Unmarshal(edit.Set["state"], &i.state)
		_ = json.Unmarshal(edit.Set["note"], &i.note)
	})
	m.mu.Lock()
	m.edits = append(m.edits, sources.Edit{Store: edit.Store, Subject: edit.Subject, Set: maps.Clone(edit.Set)})
	after := m.changed
	m.mu.Unlock()
	if after != nil {
		return after(edit)
	}
	return nil
}

// Volatile implements [sources.Changer].
func (m *market) Volatile(string) []string { return []string{"v", "updated"} }

const selfRules = `
rules:
  - name: theirs
    when: item.updated
    then: [{ probe: { text: "theirs {{ item.v }}" } }]
  - name: any
    when: item.updated
    if: event.self || !event.self
    then: [{ probe: { text: "any {{ item.v }} {{ event.self }}" } }]
`

// A hand makes changes of one item, ours and others', each of which is told to the engine.
type hand struct {
	*market
	*bench
}

// selfMarket has an item whose state is known.
func selfMarket(t *testing.T, newBench maker, change ...func(*engine.Options)) hand {
	m := newMarket("1")
	m.change("1", "A", nil)
	h := hand{m, m.bench(t, newBench, selfRules, change...)}
	h.tell(m.change("1", "A", nil))
	return h
}

// tell delivers webhooks and waits until they are worked.
func (h hand) tell(notices ...notice) {
	h.Helper()
	for _, n := range notices {
		h.must(h.deliver(n))
		h.worked(h.bench, "1")
	}
}

// ours changes the item through the engine, and gives the webhook that comes of it.
func (h hand) ours(set map[string]json.RawMessage) notice {
	h.Helper()
	h.must(h.Engine.Change(context.Background(), "shop", sources.Edit{Store: "1", Subject: "item/A", Set: set}))
	return h.latest()
}

func (h hand) latest() notice {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.notice("item.updated", "1", "A", h.shops["1"].items["A"].updated)
}

func price(p int) map[string]json.RawMessage {
	return map[string]json.RawMessage{"price": json.RawMessage(fmt.Sprint(p))}
}

func TestOurOwnChangesSetNothingOff(t *testing.T) { onEachLedger(t, ourOwnChangesSetNothingOff) }

func ourOwnChangesSetNothingOff(t *testing.T, newBench maker) {
	t.Parallel()
	h := selfMarket(t, newBench)
	first := h.ours(price(50)) // v3
	h.tell(first)
	again := first
	again.ID = "doubled" // the platform tells of it twice
	h.tell(again)
	h.ours(price(40)) // two in a row come back as one: v5
	note := map[string]json.RawMessage{"note": json.RawMessage(`"hello"`)}
	h.tell(h.ours(note))
	h.tell(h.change("1", "A", func(i *item) { i.price = 30 })) // v6, theirs
	h.ours(price(20))
	h.tell(h.change("1", "A", func(i *item) { i.note = "mine" })) // v8: ours and theirs at once
	h.tell(h.ours(price(10)))                                     // v9
	h.change("1", "A", func(i *item) { i.price = 99 })
	h.tell(h.latest())                                         // v10
	h.tell(h.change("1", "A", func(i *item) { i.price = 10 })) // v11: what we did, by somebody else
	h.sent("theirs 2", "any 2 false", "any 3 true", "any 3 true", "any 5 true", "theirs 6", "any 6 false",
		"theirs 8", "any 8 false", "any 9 true", "theirs 10", "any 10 false", "theirs 11", "any 11 false")
	for _, r := range h.events(engine.EventUnmatched) {
		h.Errorf("event %s is unmatched: %s", r.ID, r.Note)
	}
}

// TestAChangeIsMadeAsItWasAskedFor looks at what is sent: nothing of earlier changes.
func TestAChangeIsMadeAsItWasAskedFor(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := selfMarket(t, newBench)
		h.ours(map[string]json.RawMessage{"note": json.RawMessage(`"ours"`)})
		h.change("1", "A", func(i *item) { i.note = "theirs" })
		set := price(5)
		h.ours(set)
		if len(set) != 1 || len(h.edits[1].Set) != 1 || h.shops["1"].items["A"].note != "theirs" {
			t.Errorf("asked for a price, set %v, of %v; the note is %q", h.edits[1].Set, set, h.shops["1"].items["A"].note)
		}
		if err := h.Engine.Change(t.Context(), "nobody", sources.Edit{}); !errors.Is(err, engine.ErrNoSource) {
			t.Errorf("a source that is not there: %v", err)
		}
		h.stop()
	})
}

func TestAWebhookThatComesBeforeTheChangeIsAnswered(t *testing.T) {
	onEachLedger(t, aWebhookThatComesBeforeTheChangeIsAnswered)
}

func aWebhookThatComesBeforeTheChangeIsAnswered(t *testing.T, newBench maker) {
	t.Parallel()
	h := selfMarket(t, newBench)
	h.market.set(func(m *market) {
		m.changed = func(sources.Edit) error { // is told while the call is under way, and the answer is lost
			if err := h.deliver(h.latest()); err != nil {
				t.Error(err)
			}
			h.worked(h.bench, "1")
			return errors.New("the connection was lost")
		}
	})
	if err := h.Engine.Change(t.Context(), "shop", sources.Edit{Store: "1", Subject: "item/A", Set: price(7)}); err == nil {
		t.Error("the platform's error is not told")
	}
	h.sent("theirs 2", "any 2 false", "any 3 true")
}

// TestAKillBeforeAChange ends the program between the memo and the change, and between the change and its event.
func TestAKillBeforeAChange(t *testing.T) { onEachLedger(t, aKillBeforeAChange) }

func aKillBeforeAChange(t *testing.T, newBench maker) {
	t.Parallel()
	var mu sync.Mutex
	var committed func()
	h := selfMarket(t, newBench, func(o *engine.Options) {
		o.Ledger = writing(o.Ledger, func(ctx context.Context, changes []engine.Change, commit committing) error {
			err := commit(ctx, changes)
			mu.Lock()
			after := committed
			mu.Unlock()
			if p, ok := changes[0].(*engine.Put); ok && strings.HasPrefix(p.Memo.Name, "edit/") && after != nil {
				after()
			}
			return err
		})
	})
	ctx, die := context.WithCancel(context.Background())
	mu.Lock()
	committed = die
	mu.Unlock()
	err := h.Engine.Change(ctx, "shop", sources.Edit{Store: "1", Subject: "item/A", Set: price(70)})
	mu.Lock()
	committed = nil
	mu.Unlock()
	if err == nil && len(h.edits) == 0 {
		t.Error("nothing was changed, and nobody is told")
	}
	made := len(h.edits)
	if made == 0 { // what was noted and not made explains nobody else's change
		h.tell(h.change("1", "A", func(i *item) { i.price = 71 }))
	}
	n := h.ours(price(60))
	h.restart(t)
	h.tell(n)
	if made == 0 {
		h.sent("theirs 2", "any 2 false", "theirs 3", "any 3 false", "any 4 true")
	} else {
		h.sent("theirs 2", "any 2 false", "any 4 true")
	}
}

// restart ends the engine and starts another on its ledger. A shared one works once, so it is opened anew; what stood before it is
// gone.
func (b *bench) restart(t *testing.T) {
	t.Helper()
	b.stop()
	if _, shared := b.ledger.(engine.Shared); shared {
		b.must(b.ledger.Close())
		b.open()
		b.options.Ledger = b.ledger
	}
	b.start()
}

// TestAnEditDuringTheEchoOfAnother changes an item while the event of the change before is being worked.
func TestAnEditDuringTheEchoOfAnother(t *testing.T) {
	onEachLedger(t, anEditDuringTheEchoOfAnother)
}

func anEditDuringTheEchoOfAnother(t *testing.T, newBench maker) {
	t.Parallel()
	var look *looking
	h := selfMarket(t, newBench, func(o *engine.Options) { look = &looking{}; o.Ledger = look.before(o.Ledger) })
	first := h.ours(price(50))
	var second notice
	look.arm(func() { second = h.ours(map[string]json.RawMessage{"note": json.RawMessage(`"second"`)}) })
	h.tell(first)
	h.tell(second)
	h.sent("theirs 2", "any 2 false", "any 3 true", "any 4 true")
}

// looking calls something back once, after the next memo was read.
type looking struct {
	mu   sync.Mutex
	then func()
}

func (l *looking) arm(then func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.then = then
}

func (l *looking) looked() {
	l.mu.Lock()
	then := l.then
	l.then = nil
	l.mu.Unlock()
	if then != nil {
		then()
	}
}

func (l *looking) before(ledger engine.Ledger) engine.Ledger {
	if s, ok := ledger.(engine.Shared); ok {
		return sharedLooking{s, l}
	}
	return plainLooking{ledger, l}
}

type plainLooking struct {
	engine.Ledger
	*looking
}

func (l plainLooking) Memo(ctx context.Context, source, store, name string) (engine.Memo, error) {
	m, err := l.Ledger.Memo(ctx, source, store, name)
	l.looked()
	return m, err
}

type sharedLooking struct {
	engine.Shared
	*looking
}

func (l sharedLooking) Memo(ctx context.Context, source, store, name string) (engine.Memo, error) {
	m, err := l.Shared.Memo(ctx, source, store, name)
	l.looked()
	return m, err
}

// TestWhatWeChangedLongAgo has nobody else's change taken for ours after a day, and a poll find our own one.
func TestWhatWeChangedLongAgo(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		h := selfMarket(t, newBench)
		h.ours(price(100)) // changes nothing that can be seen, and its webhook is lost
		time.Sleep(25 * time.Hour)
		h.tell(h.change("1", "A", func(i *item) { i.price = 90 }))
		h.tell(h.change("1", "A", func(i *item) { i.price = 100 }))
		h.sent("theirs 2", "any 2 false", "theirs 4", "any 4 false", "theirs 5", "any 5 false")
		h.stop()
	})
}

func TestAPollFindsOurOwnChange(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		m := newMarket("1")
		m.every = time.Minute
		m.change("1", "A", nil)
		h := hand{m, m.bench(t, newBench, selfRules)}
		time.Sleep(2 * time.Minute)
		late := h.ours(price(50))
		time.Sleep(2 * time.Minute)
		h.must(h.deliver(late))
		synctest.Wait()
		h.sent("any 2 true")
		for _, r := range h.events(engine.EventPlanned) {
			if !r.Self || !r.Polled {
				t.Errorf("the event is kept as self %v, polled %v", r.Self, r.Polled)
			}
		}
		h.stop()
	})
}

var _ interface {
	sources.Poller
	sources.Changer
	sources.Installer
	sources.Lively
	sources.Caller
	Attest(context.Context, *event.Event) (sources.Reading, error)
} = (*market)(nil)
