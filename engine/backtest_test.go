package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"shopbell/document"
	"shopbell/engine"
	"shopbell/event"
	"shopbell/rules"
)

// ruleset makes a set in the world of the bench.
func (b *bench) ruleset(text string) *rules.Set {
	b.Helper()
	set := rules.Parse(map[string]string{"rules.yaml": text}, b.options.World)
	if problems, _ := document.Split(set.Problems()); len(problems) > 0 {
		b.Fatal(document.Text(problems))
	}
	return set
}

const leapRules = `
rules:
  - name: tell
    when: [order.created, order.updated]
    if: was != nil && order.v > was.v + 1
    then:
      - probe: { text: "{{ event.subject }} {{ order.v }} was {{ was?.v ?? 'new' }}" }
`

func TestBacktest(t *testing.T) { onEachLedger(t, backtest) }

// backtest holds that new rules see what the rules of then saw, and that nothing is asked, sent or written.
func backtest(t *testing.T, newBench maker) {
	b := newBench(t, threeRules)
	for i, v := range []int{1, 2, 5, 6, 9} {
		typ := map[bool]string{true: "order.created", false: "order.updated"}[i == 0]
		b.must(b.post(fmt.Sprint("e", i), typ, "A", v))
		b.untilRuns(engine.RunDone, i+1)
	}
	b.must(b.notify("none", "order.created", "NONE"))
	b.untilEvents(engine.EventUnconfirmed, 1)
	asked, sent := b.source.asked, len(b.provider.got())
	found, err := engine.Backtest(t.Context(), b.ledger, engine.Trial{New: b.ruleset(leapRules), Current: b.options.Rules, World: b.options.World, Show: 2})
	b.must(err)
	if found.Events != 6 || found.Judged != 5 || len(found.Unjudged) != 1 || found.Unjudged[0].Events != 1 || len(found.Rules) != 1 {
		t.Fatalf("found %+v", found)
	}
	f := found.Rules[0]
	if f.Edit != engine.EditChanged || f.Before != 5 || f.After != 2 || f.New != 0 || f.Gone != 3 || f.Changed != 0 || !found.Differs() {
		t.Errorf("found %+v", f)
	}
	if len(f.Examples) != 2 || f.Examples[1].Sort != engine.SortGone || string(f.Examples[1].Before[0].Params) != `{"text":"order/A 2 was 1"}` {
		t.Errorf("examples %+v", f.Examples)
	}
	if b.source.asked != asked || len(b.provider.got()) != sent || len(b.runs(engine.RunDone)) != 5 || len(b.events("")) != 6 {
		t.Error("something was asked, sent or written")
	}
}

// fillHistory writes n events of n/4 orders, a minute apart, each planned with its entity and what was before.
func (b *bench) fillHistory(n int, start time.Time, entity func(i int) string) {
	b.Helper()
	prev := map[string]int64{}
	for from := 0; from < n; from += 64 {
		var accepts, plans []engine.Change
		for i := from; i < min(n, from+64); i++ {
			r := &engine.Record{State: engine.EventPending, Due: start.AddDate(100, 0, 0), Event: event.Event{Source: "shop", Store: "1", ID: fmt.Sprint("h", i),
				Type: "order.updated", Subject: fmt.Sprint("order/", i%max(1, n/4)), Received: start.Add(time.Duration(i) * time.Minute), Body: json.RawMessage(`{"storeId":1}`)}}
			accepts = append(accepts, &engine.Accept{Record: r})
		}
		b.must(b.ledger.Commit(context.Background(), accepts))
		for i, a := range accepts {
			r := a.(*engine.Accept).Record
			r.State, r.Entity, r.Prev = engine.EventUnmatched, json.RawMessage(entity(from+i)), prev[r.Subject]
			prev[r.Subject] = r.Seq
			plans = append(plans, &engine.Plan{Record: r})
		}
		b.must(b.ledger.Commit(context.Background(), plans))
	}
}

// TestBacktestLong holds that many events are told in order and once, from any time on, whatever is read at once.
func TestBacktestLong(t *testing.T) {
	const n = 1_000
	b := newBench(t, threeRules)
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	b.fillHistory(n, start, func(i int) string { return fmt.Sprintf(`{"id":"A","v":%d}`, i) })
	for _, from := range []int{0, 1, 255, 256, 600, n - 1, n} {
		found, err := engine.Backtest(t.Context(), b.ledger, engine.Trial{New: b.ruleset(leapRules), Current: b.options.Rules, World: b.options.World,
			Since: start.Add(time.Duration(from) * time.Minute), Source: "shop"})
		b.must(err)
		f := found.Rules[0]
		leaps := n - max(from, n/4) // those that have something before
		if found.Events != n-from || found.Judged != n-from || f.Before != n-from || f.After != leaps || f.Gone != n-from-leaps || f.Changed != 0 {
			t.Errorf("from %d: %d events, %d judged, %+v", from, found.Events, found.Judged, f)
		}
		if from < n && (!found.First.Equal(start.Add(time.Duration(from)*time.Minute)) || !found.Last.Equal(start.Add((n-1)*time.Minute))) {
			t.Errorf("from %d: %s to %s", from, found.First, found.Last)
		}
	}
}

// brokenHistory is a ledger that fails after some bites.
type brokenHistory struct {
	engine.Ledger
	bites int
}

func (l *brokenHistory) History(ctx context.Context, s engine.Store, after int64, limit int) ([]engine.Record, error) {
	if l.bites--; l.bites < 0 {
		return nil, errors.New("disk I/O error")
	}
	return l.Ledger.History(ctx, s, after, limit)
}

func TestBacktestThatFails(t *testing.T) {
	b := newBench(t, threeRules)
	b.fillHistory(600, time.Now().Add(-time.Hour), func(int) string { return `{"id":"A","v":1}` })
	trial := engine.Trial{New: b.options.Rules, Current: b.options.Rules, World: b.options.World}
	for bites := range 3 {
		if _, err := engine.Backtest(t.Context(), &brokenHistory{b.ledger, bites}, trial); err == nil || err.Error() != "disk I/O error" {
			t.Errorf("after %d bites: %v", bites, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.Backtest(ctx, b.ledger, trial); !errors.Is(err, context.Canceled) {
		t.Errorf("when nobody waits any more: %v", err)
	}
}

// TestBacktestOfALostReading holds that a rule is not asked whether something changed when what was before is not kept.
func TestBacktestOfALostReading(t *testing.T) {
	b := newBench(t, threeRules)
	r := benchRecord(1)
	b.must(b.ledger.Commit(t.Context(), []engine.Change{&engine.Accept{Record: r}}))
	r.State, r.Entity, r.Prev = engine.EventUnmatched, json.RawMessage(`{"id":"A","v":3}`), 4711
	b.must(b.ledger.Commit(t.Context(), []engine.Change{&engine.Plan{Record: r}}))
	found, err := engine.Backtest(t.Context(), b.ledger, engine.Trial{New: b.ruleset(leapRules), Current: b.options.Rules, World: b.options.World})
	b.must(err)
	if found.Judged != 0 || len(found.Unjudged) != 1 || found.Differs() {
		t.Errorf("found %+v", found)
	}
}

// BenchmarkBacktest tries 100 rules, ten of them edited, on 100,000 events of orders with their entities, 5,000 with -short: all
// of them have to be told in 10 seconds on two processors. It is a baseline: keep it as it is.
func BenchmarkBacktest(b *testing.B) {
	n := 100_000
	if testing.Short() {
		n = 5_000
	}
	bench := newBench(b, threeRules)
	bench.fillHistory(n, time.Now().Add(-time.Duration(n)*time.Minute), func(i int) string {
		return fmt.Sprintf(`{"id":"A%d","v":%d,"email":"jane%d@example.com","paymentStatus":"PAID","ipAddress":"203.0.113.7","items":[%s],"shippingPerson":{"name":"Jane Doe","city":"Berlin","countryCode":"DE"}}`,
			i, i%1000, i, manyItems)
	})
	text := func(every int) string {
		out := "rules:\n"
		for i := range 100 {
			limit := 990 - i
			if i%10 == 0 {
				limit -= every
			}
			out += fmt.Sprintf("  - name: r%d\n    when: order.updated\n    if: order.v > %d && (was?.v ?? 0) <= %d\n    then:\n      - probe: { text: \"{{ order.id }} is {{ order.v }}\" }\n", i, limit, limit)
		}
		return out
	}
	trial := engine.Trial{New: bench.ruleset(text(5)), Current: bench.ruleset(text(0)), World: bench.options.World, Show: 3}
	b.ResetTimer()
	for b.Loop() {
		found, err := engine.Backtest(b.Context(), bench.ledger, trial)
		bench.must(err)
		if found.Judged != n || !found.Differs() {
			b.Fatalf("%d judged", found.Judged)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// manyItems makes an order as big as those of real stores.
var manyItems = func() string {
	text := ""
	for i := range 8 {
		if i > 0 {
			text += ","
		}
		text += fmt.Sprintf(`{"id":%d,"productId":%d,"sku":"SKU-%05d","name":"Ceramic mug, hand-made, number %d","quantity":%d,"price":%d.5,"tax":1.9,"weight":0.4,"imageUrl":"https://images.example.com/%d.jpg","taxes":[{"name":"VAT","value":19,"total":1.9}],"discounts":[]}`, i, i*7, i*13, i, i+1, i*3, i)
	}
	return text
}()
