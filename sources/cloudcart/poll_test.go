package cloudcart_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/sources"
	"shopbell/sources/cloudcart/cloudcarttest"
)

// round makes a whole round and gives what it found.
func (w *world) round(t testing.TB, from json.RawMessage, wants ...string) ([]sources.Found, json.RawMessage) {
	t.Helper()
	var all []sources.Found
	for range 50 {
		batch, err := w.source.(sources.Poller).Poll(t.Context(), sources.Round{Store: "shop1", Cursor: from, Wants: func(name string) bool {
			return len(wants) == 0 || slices.Contains(wants, name)
		}})
		if err != nil {
			t.Fatal(err)
		}
		all, from = append(all, batch.Found...), batch.Cursor
		if !batch.More {
			return all, from
		}
	}
	t.Fatal("the round does not end")
	return nil, nil
}

func told(found []sources.Found) []string {
	var all []string
	for _, f := range found {
		word := f.Event.Type + " " + f.Event.Subject
		if f.Seen {
			word = "seen " + f.Event.Subject
		}
		all = append(all, word)
	}
	slices.Sort(all)
	return all
}

func at(minutes int) string {
	return time.Date(2026, 6, 5, 9, minutes, 0, 0, time.UTC).Format(time.DateTime)
}

// TestPollingFindsWhatNoWebhookTold holds the first round, which fires nothing, and what later rounds find: changes by import, new
// things, and nothing of what is as it was.
func TestPollingFindsWhatNoWebhookTold(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, `,"poll":"15m"`)
	for n := range 120 {
		w.store.Add("products", map[string]any{"name": fmt.Sprint("p", n), "price_from": 1999, "date_added": at(0), "date_modified": at(1)})
	}
	w.store.Add("customers", map[string]any{"email": "a@example.com", "date_added": at(0), "updated_at": at(0)})
	first, cursor := w.round(t, nil)
	if len(first) != 121 || slices.ContainsFunc(first, func(f sources.Found) bool { return !f.Seen || f.Entity == nil || !f.Event.Polled }) {
		t.Fatalf("the first round found %d: %q", len(first), told(first)[:3])
	}
	if pages := slices.DeleteFunc(w.store.Asked(), func(a string) bool { return !strings.HasPrefix(a, "GET products?") }); len(pages) != 3 {
		t.Errorf("asked %q", pages)
	}
	fits(t, "product", typeOf(t, "product.updated").Entity, decode(t, first[0].Entity))

	again, cursor := w.round(t, cursor)
	if slices.ContainsFunc(again, func(f sources.Found) bool { return f.Seen || strings.HasSuffix(f.Event.Type, "created") }) {
		t.Errorf("the second round found %q", told(again)) // changes of the last minutes, which the engine knows
	}
	w.store.Import("products", "7", map[string]any{"price_from": 999, "date_modified": at(30)})
	w.store.Add("products", map[string]any{"name": "new", "date_added": at(31), "date_modified": at(31)})
	w.store.Add("products", map[string]any{"name": "new and changed", "date_added": at(31), "date_modified": at(32)})
	found, cursor := w.round(t, cursor)
	changes := slices.DeleteFunc(told(found), func(word string) bool {
		return !strings.HasSuffix(word, "/7") && !strings.HasSuffix(word, "/122") && !strings.HasSuffix(word, "/123")
	})
	if want := []string{"product.created product/122", "product.created product/123", "product.updated product/123", "product.updated product/7"}; !slices.Equal(changes, want) {
		t.Errorf("found %q, want %q", changes, want)
	}
	same, _ := w.round(t, cursor, "product.updated")
	if want := []string{"product.created product/122", "product.created product/123", "product.updated product/123", "product.updated product/7"}; !slices.Equal(told(same), want) {
		t.Errorf("in the overlap: %q, want %q", told(same), want)
	}
	for _, f := range found {
		for _, g := range same {
			if f.Event.Type == g.Event.Type && f.Event.Subject == g.Event.Subject && f.Event.ID != g.Event.ID {
				t.Errorf("%s %s has another id when it is found again", f.Event.Type, f.Event.Subject)
			}
		}
		if version := w.source.(sources.Poller).Version("product", f.Entity); f.Event.Type == "product.updated" && !version.Equal(f.Event.Created) {
			t.Errorf("%s has version %s, want %s", f.Event.Subject, version, f.Event.Created)
		}
	}
}

// TestPollingAsksForNothingMore holds that only what a rule listens to is listed, and what cannot be listed by change is not.
func TestPollingAsksForNothingMore(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	for wants, resources := range map[string]string{"order.created": "orders", "customer.updated": "customers", "vendor.created": "vendors", "category.deleted": "categories", "discount.updated": "discounts", "subscriber.created": "", "cart.created": ""} {
		before := len(w.store.Asked())
		_, cursor := w.round(t, nil, wants)
		asked := w.store.Asked()[before:]
		if resources == "" && (len(asked) > 0 || cursor != nil) || resources != "" && (len(asked) != 1 || !strings.HasPrefix(asked[0], "GET "+resources+"?")) {
			t.Errorf("%s asked %q", wants, asked)
		}
	}
	if every := w.source.(sources.Poller).Every(); every != 0 {
		t.Errorf("it polls every %s without being told to", every)
	}
	if stores := w.source.(sources.Poller).Stores(); !slices.Equal(stores, []string{"shop1"}) {
		t.Errorf("stores are %q", stores)
	}
}

// TestAStoreThatWasEmpty holds that what comes after an empty first round is news.
func TestAStoreThatWasEmpty(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	_, cursor := w.round(t, nil, "order.created")
	id := w.store.PlaceOrder()
	found, _ := w.round(t, cursor, "order.created")
	if len(found) != 1 || found[0].Seen || found[0].Event.Type != "order.created" || found[0].Event.Subject != "order/"+id {
		t.Fatalf("found %q", told(found))
	}
	fits(t, "order", typeOf(t, "order.created").Entity, decode(t, found[0].Entity))
	attested, err := w.source.Attest(t.Context(), &found[0].Event)
	if err != nil || string(attested.Entity) != string(found[0].Entity) {
		t.Errorf("the list says %s, the order itself %s, %v", found[0].Entity, attested.Entity, err)
	}
}

// TestCursorsThatAreRubbish holds that a cursor of another time begins anew, and that one in the middle goes on.
func TestCursorsThatAreRubbish(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	w.store.PlaceOrder()
	for _, cursor := range []string{`{}`, `[]`, `null`, `{"marks":5}`, `{"walk":{"noun":"cart","page":3}}`} {
		found, _ := w.round(t, json.RawMessage(cursor), "order.created")
		if len(found) != 1 || !found[0].Seen {
			t.Errorf("%s: found %q", cursor, told(found))
		}
	}
	found, _ := w.round(t, json.RawMessage(`{"marks":{},"firsts":{},"walk":{"noun":"order","page":1,"since":"2020-01-01T00:00:00Z","first":"2020-01-01T00:00:00Z"}}`), "order.created", "order.updated")
	if len(found) != 1 || found[0].Seen {
		t.Errorf("in the middle: %q", told(found))
	}
}

// TestPollingThatFails holds that nothing of a page that failed is used.
func TestPollingThatFails(t *testing.T) {
	for name, fault := range map[string]cloudcarttest.Fault{"throttled": {Status: 429}, "gone": {Status: 404}, "broken": {Status: 500}, "page": {Body: "<html>"}, "cut off": {Truncate: true}, "rejected": {Status: 422}} {
		w := newWorld(t, cloudcarttest.Options{}, "")
		w.store.PlaceOrder()
		w.store.Inject(fault)
		batch, err := w.source.(sources.Poller).Poll(t.Context(), sources.Round{Store: "shop1", Wants: func(string) bool { return true }})
		if err == nil || len(batch.Found) > 0 || sources.IsUnconfirmed(err) {
			t.Errorf("%s: %+v, %v", name, batch, err)
		}
	}
	w := newWorld(t, cloudcarttest.Options{}, "")
	if _, err := w.source.(sources.Poller).Poll(t.Context(), sources.Round{Store: "shop9"}); !sources.IsUnconfirmed(err) {
		t.Errorf("another store: %v", err)
	}
}
