package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"testing"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/sources"
)

// A workshop is a market in which items can be made, which are known by their note, and where a change of A is told of B, too.
type workshop struct {
	*market
	made   func(id string) error // called before the answer is given; nil for nothing
	refuse error
}

// Named implements [sources.Creator].
func (w *workshop) Named(noun string) string {
	if noun == "item" {
		return "note"
	}
	return ""
}

// Create implements [sources.Creator].
func (w *workshop) Create(_ context.Context, d sources.Draft) (json.RawMessage, error) {
	var note string
	_ = json.Unmarshal(d.Set["note"], &note)
	if w.refuse != nil {
		return nil, w.refuse
	}
	w.mu.Lock()
	_, there := w.shops[d.Store].items[note]
	w.mu.Unlock()
	if !there {
		w.change(d.Store, note, func(i *item) { i.note = note })
	}
	if w.made != nil {
		if err := w.made(note); err != nil {
			return nil, err
		}
	}
	return json.RawMessage(fmt.Sprintf(`{"id":%q,"note":%q}`, note, note)), nil
}

// Find implements [sources.Finder].
func (w *workshop) Find(_ context.Context, store, _, name string) (json.RawMessage, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, there := w.shops[store].items[name]; !there {
		return nil, sources.Unconfirmed("there is no item %s", name)
	}
	return json.RawMessage(`{"id":"` + name + `"}`), nil
}

// Echoes implements [sources.Echoer].
func (w *workshop) Echoes(e sources.Edit) []string {
	if e.Subject == "item/A" {
		return []string{"item/B"}
	}
	return nil
}

const madeRules = `
rules:
  - name: made
    when: item.created
    if: event.self || !event.self
    then: [{ probe: { text: "made {{ event.self }}" } }]
  - name: changed
    when: item.updated
    if: event.self || !event.self
    then: [{ probe: { text: "changed {{ item.id }} {{ event.self }}" } }]
`

func newWorkshop(t *testing.T, newBench maker) (*workshop, hand) {
	w := &workshop{market: newMarket("1")}
	b := w.bench(t, newBench, madeRules, func(o *engine.Options) { o.Sources["shop"] = w })
	return w, hand{w.market, b}
}

func TestWhatWeMakeIsOurs(t *testing.T) { onEachLedger(t, whatWeMakeIsOurs) }

func whatWeMakeIsOurs(t *testing.T, newBench maker) {
	t.Parallel()
	w, h := newWorkshop(t, newBench)
	ctx := context.Background()
	create := func(key, set string) (name string, err error) {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(set), &fields); err != nil {
			t.Fatal(err)
		}
		made, err := h.Engine.CreateEntity(ctx, "shop", "1", "item", key, fields)
		var e struct{ Note string }
		_ = json.Unmarshal(made, &e)
		return e.Note, err
	}
	told := func(name string) notice {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.notice("item.created", "1", name, w.shops["1"].items[name].created)
	}

	name, err := create("k1", `{}`)
	if err != nil || !regexp.MustCompile(`^[0-9A-Z]{12}$`).MatchString(name) {
		t.Fatalf("made %q, %v", name, err)
	}
	h.tell(told(name))
	again, err := create("k1", `{}`)
	other, err2 := create("k2", `{}`)
	if err != nil || err2 != nil || again != name || other == name {
		t.Errorf("again %q, another %q, %v, %v", again, other, err, err2)
	}
	h.tell(told(other))
	w.made = func(id string) error { // its event comes first, and then the answer is lost
		h.tell(told(id))
		return errors.New("lost")
	}
	if _, err := create("k3", `{"note":"given"}`); actions.OutcomeOf(err).Outcome != actions.OutcomeRetry {
		t.Errorf("a lost answer: %v", err)
	}
	w.made = nil
	h.tell(w.change("1", "theirs", func(i *item) { i.note = "theirs" }))
	for _, refusal := range []error{sources.Denied(errors.New("no")), sources.Unconfirmed("wrong")} {
		w.refuse = refusal
		if _, err := create("k4", `{"note":"later"}`); actions.OutcomeOf(err).Outcome != actions.OutcomePermanent {
			t.Errorf("refused: %v", err)
		}
	}
	h.tell(w.change("1", "later", func(i *item) { i.note = "later" })) // by somebody else
	h.sent("made true", "made true", "made true", "made false", "made false")
	if _, err := h.Engine.CreateEntity(ctx, "shop", "1", "app", "k", nil); actions.OutcomeOf(err).Blame != actions.BlameAccount {
		t.Errorf("what cannot be made: %v", err)
	}
	if found, err := h.Engine.FindEntity(ctx, "shop", "1", "item", "later"); err != nil || string(found) != `{"id":"later"}` {
		t.Errorf("found %s, %v", found, err)
	}
	if _, err := h.Engine.FindEntity(ctx, "shop", "1", "item", "nobody"); actions.OutcomeOf(err).Blame != actions.BlameRequest {
		t.Errorf("what is not there: %v", err)
	}
}

func TestAnEchoIsOurs(t *testing.T) { onEachLedger(t, anEchoIsOurs) }

func anEchoIsOurs(t *testing.T, newBench maker) {
	t.Parallel()
	w, h := newWorkshop(t, newBench)
	w.change("1", "A", nil)
	w.change("1", "B", nil)
	echo := func() notice { return w.change("1", "B", func(i *item) { i.v-- }) } // nothing but its date is another
	h.tell(echo())
	h.ours(price(50))
	h.tell(echo(), echo())
	h.tell(w.change("1", "B", func(i *item) { i.price = 7 })) // by somebody else
	h.sent("changed item/B false", "changed item/B true", "changed item/B true", "changed item/B false")
}
