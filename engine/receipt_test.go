package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/receipt"
	"shopbell/virtualtime"
)

// numbersOf gives receipts their numbers by the claims of the engine that the bench has then.
func (b *bench) numbersOf() *receipt.Numbers {
	return receipt.NewNumbers(func(ctx context.Context, pool, key string, offers []string) (string, int64, error) {
		c, err := b.Claim(ctx, pool, key, offers)
		return c.Value, c.Taken, err
	})
}

func receiptSeries(t testing.TB, store string) receipt.Series {
	t.Helper()
	p, err := receipt.ParsePattern("{year}-{n}")
	if err != nil {
		t.Fatal(err)
	}
	return receipt.Series{Source: "ecwid", Store: store, Name: receipt.EachYear, Pattern: p}
}

func receiptOf(order string) *receipt.Document {
	return &receipt.Document{Order: order, Created: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}
}

// TestReceiptNumbersHaveNoGap has many ask at once for the numbers of two stores' orders, each order several times: each order has one,
// no two have the same, and none between the first and the last is missing.
func TestReceiptNumbersHaveNoGap(t *testing.T) {
	onEachLedger(t, func(t *testing.T, newBench maker) {
		const orders, workers, times = 60, 6, 2
		b := newBench(t, threeRules)
		programs := []*receipt.Numbers{b.numbersOf(), b.numbersOf()} // each remembers another last number
		var mu sync.Mutex
		given := map[string]map[string]string{"1": {}, "2": {}} // by store and order
		var group sync.WaitGroup
		for w := range workers {
			group.Go(func() {
				for i := range orders * times {
					store, order := fmt.Sprint(1+(i+w)%2), fmt.Sprint("order", (i*(w+1)+w)%orders)
					got, err := programs[w%2].Of(t.Context(), receiptSeries(t, store), receiptOf(order))
					mu.Lock()
					if before := given[store][order]; err != nil || before != "" && before != got {
						t.Errorf("%s of store %s gets %s after %s: %v", order, store, got, before, err)
					}
					given[store][order] = got
					mu.Unlock()
				}
			})
		}
		group.Wait()
		for store, numbers := range given {
			var all []string
			for _, n := range numbers {
				all = append(all, n)
			}
			for i := range len(all) {
				if !slices.Contains(all, fmt.Sprint("2026-", i+1)) {
					t.Errorf("store %s: of %d numbers, %d is missing", store, len(all), i+1)
				}
			}
		}
	})
}

// TestReceiptNumberBeforeADeath has the process die after an order got its number and before anything was sent: it gets the same, and
// the next order the next.
func TestReceiptNumberBeforeADeath(t *testing.T) {
	const rule = `rules: [{ name: sell, when: order.created, then: [{ probe: { text: "{{ order.id }}" } }] }]`
	virtualtime.Test(t, func(t *testing.T) {
		end := newDeath()
		var b *bench
		b = newBench(t, rule, func(o *engine.Options) {
			probe := o.Accounts["probe"]
			through := probe.Outlet
			probe.Outlet = outletFunc(func(ctx context.Context, c actions.Call[json.RawMessage]) (actions.Result, error) {
				var p struct{ Text string }
				b.must(json.Unmarshal(c.Params, &p))
				number, err := b.numbersOf().Of(ctx, receiptSeries(t, c.Store), receiptOf(p.Text))
				if end.die(); end.dead.Load() || err != nil {
					return nil, errors.Join(err, errors.New("killed"))
				}
				c.Params, err = json.Marshal(map[string]string{"text": p.Text + " " + number})
				b.must(err)
				return through.Send(ctx, c)
			})
			o.Accounts["probe"] = probe
			o.Ledger = end.ledger(o.Ledger)
		})
		b.must(b.post("e1", "order.created", "A", 1))
		end.next(b)
		b.must(b.post("e2", "order.created", "B", 1))
		b.untilRuns(engine.RunDone, 2)
		got := b.provider.texts()
		slices.Sort(got)
		if strings.Join(got, ", ") != "order/A 2026-1, order/B 2026-2" {
			t.Errorf("sent %q", got)
		}
	})
}
