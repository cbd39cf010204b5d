package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/event"
)

// An order as a store tells it, with the customer in many places, and escaped in one.
const janesOrder = `{"id":"A","email":"Jane@Example.com","paymentStatus":"PAID","total":12.50,"ipAddress":"203.0.113.7",
	"shippingPerson":{"name":"Jane Doe-Smith","street":"Main St 1\nApt 2","city":"Berlin","countryCode":"DE"},
	"items":[{"name":"T-shirt","sku":"RED-M"},{"name":"Engraved for Jane Doe-Smith","sku":"E"}],"orderComments":"ring twice"}`

const bobsOrder = `{"id":"B","email":"bob@example.com","paymentStatus":"PAID","shippingPerson":{"name":"Bob","city":"Berlin"}}`

func TestForgetAPerson(t *testing.T) { onEachLedger(t, forgetAPerson) }

func forgetAPerson(t *testing.T, newBench maker) {
	b := newBench(t, outcomesRule)
	seqs := forgettable(b)
	before := b.counted()
	var done engine.Forgot
	f := engine.Forgetting{Person: " jane@example.com"}
	for {
		one, err := b.Forget(t.Context(), f)
		b.must(err)
		done.Events, done.Runs = done.Events+one.Events, done.Runs+one.Runs
		if f.Before = one.Next; f.Before == 0 {
			break
		}
	}
	if done.Events != 3 || done.Runs != 2 {
		t.Errorf("erased from %d events and %d runs, want 3 and 2", done.Events, done.Runs)
	}
	all := b.everything(seqs)
	for _, word := range []string{"jane", "Jane", "JANE", "Doe-Smith", "Main St", "203.0.113.7", "ring twice"} {
		if strings.Contains(all, word) {
			t.Errorf("%q is still there:\n%s", word, all)
		}
	}
	for _, word := range []string{`"paymentStatus":"PAID"`, `"sku":"RED-M"`, `"total":12.5`, `"name":"T-shirt"`, "bob@example.com", "Dear Bob"} {
		if !strings.Contains(all, word) {
			t.Errorf("%q is gone too:\n%s", word, all)
		}
	}
	if was, _, err := b.ledger.Snapshot(t.Context(), "shop", "1", "order/A"); err != nil || !strings.Contains(string(was), `"PAID"`) {
		t.Errorf("the snapshot is %s, %v", was, err)
	}
	if after := b.counted(); after != before {
		t.Errorf("counts were %s and are %s", before, after)
	}
	dead := b.runs(engine.RunDead)
	if len(dead) != 1 || len(b.runs(engine.RunDue)) != 0 || len(b.provider.got()) != 0 {
		t.Errorf("%d runs are dead, %d due, %d were sent", len(dead), len(b.runs(engine.RunDue)), len(b.provider.got()))
	}
}

func TestForgetAStore(t *testing.T) { onEachLedger(t, forgetAStore) }

func forgetAStore(t *testing.T, newBench maker) {
	b := newBench(t, outcomesRule)
	seqs := forgettable(b)
	done, err := b.Forget(t.Context(), engine.Forgetting{Source: "shop", Store: "1"})
	b.must(err)
	if done.Events != 4 || done.Next != 0 {
		t.Errorf("erased from %d events", done.Events)
	}
	if all := b.everything(seqs); strings.Contains(all, "PAID") || strings.Contains(all, "@") || strings.Contains(all, "Dear") {
		t.Errorf("something is still there:\n%s", all)
	}
}

func TestForgetWhom(t *testing.T) {
	b := newBench(t, outcomesRule)
	for _, f := range []engine.Forgetting{{}, {Source: "shop"}, {Store: "1"}, {Person: "jo"}} {
		if _, err := b.Forget(t.Context(), f); !errors.Is(err, engine.ErrForgetWhom) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// forgettable fills the ledger with two customers, and gives the numbers of the events.
func forgettable(b *bench) (seqs []int64) {
	b.Helper()
	b.stop()
	record := func(id, subject, entity string, state engine.EventState) *engine.Record {
		return &engine.Record{State: state, Due: time.Now(), Entity: json.RawMessage(entity), Event: event.Event{Source: "shop", Store: "1", ID: id,
			Type: "order.created", Subject: subject, Received: time.Now(), Body: json.RawMessage(`{"id":"` + id + `"}`)}}
	}
	run := func(state engine.RunState, text string) *engine.NewRun {
		n := benchRun()
		n.Run.Rule, n.Run.State, n.Run.Outlet, n.Run.Due = "safe", state, "probe", time.Now().Add(time.Hour)
		n.Run.Steps[0] = engine.Step{Action: "probe", Params: json.RawMessage(fmt.Sprintf(`{"text":%q}`, text)), Note: "sent to " + text,
			Result: actions.Result{"to": text}, Tries: []engine.Try{{At: time.Now(), Note: text + " does not answer"}}}
		return n
	}
	notified := record("n", "customer/7", `{"id":7,"name":"Jane Doe-Smith","email":"jane@example.com"}`, engine.EventUnmatched)
	notified.Body = json.RawMessage(`{"id":"n","data":{"customerEmail":"jan\u0065@example.com"}}`)
	notified.Data = json.RawMessage(`{"customerEmail":"jan\u0065@example.com"}`)
	accepts := []*engine.Accept{
		{Record: record("a", "order/A", janesOrder, engine.EventSeen)},
		{Record: record("a2", "order/A", janesOrder, engine.EventPlanned), Runs: []*engine.NewRun{run(engine.RunDue, "Dear JANE@example.com")}},
		{Record: notified},
		{Record: record("b", "order/B", bobsOrder, engine.EventPlanned), Runs: []*engine.NewRun{run(engine.RunDone, "Dear Bob")}},
	}
	second := run(engine.RunDone, "Engraving: Jane Doe-Smith")
	second.Run.Rule = "fragile"
	accepts[1].Runs = append(accepts[1].Runs, second)
	for _, a := range accepts {
		b.must(b.ledger.Commit(context.Background(), []engine.Change{a}))
		seqs = append(seqs, a.Record.Seq)
	}
	b.start()
	return seqs
}

// everything gives all that the ledger holds of some events, as text.
func (b *bench) everything(seqs []int64) string {
	b.Helper()
	var all strings.Builder
	for _, seq := range seqs {
		r, err := b.ledger.Event(context.Background(), seq)
		b.must(err)
		fmt.Fprintf(&all, "%d body %s data %s entity %s note %s\n", seq, r.Body, r.Data, r.Entity, r.Note)
		runs, err := b.ledger.Runs(context.Background(), engine.RunFilter{Event: seq, Limit: 500})
		b.must(err)
		for _, line := range runs {
			u, err := b.ledger.Run(context.Background(), line.ID)
			b.must(err)
			steps, err := json.Marshal(u.Steps)
			b.must(err)
			fmt.Fprintf(&all, "  run %d %s %s\n", u.ID, u.State, steps)
		}
	}
	return all.String()
}

// counted gives the counts of events, as text.
func (b *bench) counted() string {
	b.Helper()
	counts, err := b.ledger.Counts(context.Background(), time.Time{})
	b.must(err)
	sums := map[string]int64{}
	for _, c := range counts {
		if strings.HasPrefix(c.What, "event.") {
			sums[c.What] += c.N
		}
	}
	text, err := json.Marshal(sums)
	b.must(err)
	return string(text)
}
