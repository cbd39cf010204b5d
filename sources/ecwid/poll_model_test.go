package ecwid_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/ecwid"
	"shopbell/sources/ecwid/ecwidtest"
	"shopbell/virtualtime"
)

// A counter is the way to a simulated store without a network. It counts the calls of the API.
type counter struct {
	store http.Handler
	calls int
	paths []string
}

func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	c.calls++
	c.paths = append(c.paths, strings.TrimPrefix(r.URL.Path, "/api/v3/1003/"))
	w := httptest.NewRecorder()
	c.store.ServeHTTP(w, r)
	return w.Result(), nil
}

// A house is a store, the source that reads it, and as much of the engine as polling counts on.
type house struct {
	t      *testing.T
	store  *ecwidtest.Store
	wire   *counter
	source sources.Source
	poller sources.Poller
	wants  func(string) bool
	cursor json.RawMessage
	sent   []ecwidtest.Notice // not delivered yet

	events    map[string]bool            // by id
	acted     map[string]bool            // created and deleted, by type and subject
	snapshots map[string]json.RawMessage // by subject
	fired     map[string]int             // by rule, subject and what it saw
	seen      int                        // founds that were no news
	found     []string                   // ids of the others
}

// build makes a house. It must be called inside a bubble of synctest.
func build(t *testing.T, o ecwidtest.Options) *house {
	h := &house{t: t, wants: func(string) bool { return true }, events: map[string]bool{}, acted: map[string]bool{},
		snapshots: map[string]json.RawMessage{}, fired: map[string]int{}}
	o.Send = func(n ecwidtest.Notice) { h.sent = append(h.sent, n) }
	h.store = ecwidtest.New(o)
	h.wire = &counter{store: h.store}
	var err error
	h.source, err = ecwid.Kind().Open("ecwid", json.RawMessage(`{"client_secret":"s","poll":"15m","stores":{"1003":{"token":"secret_test"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	ecwid.Through(h.source, h.wire)
	h.poller = h.source.(sources.Poller)
	return h
}

// poll makes one whole round, and gives how many calls it took.
func (h *house) poll() int {
	h.t.Helper()
	before := h.wire.calls
	for range 1000 {
		round := sources.Round{Store: "1003", Cursor: h.cursor, Wants: h.wants}
		batch, err := h.poller.Poll(h.t.Context(), round)
		if wait := sources.Wait(err); wait > 0 {
			time.Sleep(wait)
			continue
		}
		if err != nil {
			h.t.Fatalf("poll: %v", err)
		}
		for _, f := range batch.Found {
			h.take(f)
		}
		h.cursor = batch.Cursor
		if !batch.More {
			return h.wire.calls - before
		}
	}
	h.t.Fatal("the round has no end")
	return 0
}

// take is what the engine does with what was found.
func (h *house) take(f sources.Found) {
	h.t.Helper()
	e := f.Event
	if !e.Polled || e.Source != "ecwid" || e.Store != "1003" || e.Subject == "" || e.ID == "" || len(e.ID) > 200 || e.Created.IsZero() || e.Received.IsZero() {
		h.t.Fatalf("found %+v", e)
	}
	if f.Seen {
		h.seen++
		if h.snapshots[e.Subject] == nil {
			h.snapshots[e.Subject] = f.Entity
		}
		return
	}
	known, _ := ecwid.Catalog().Lookup(e.Type)
	was := h.snapshots[e.Subject]
	if known.Change == event.Updated && was != nil {
		before, now := h.poller.Version(known.Noun, was), h.poller.Version(known.Noun, f.Entity)
		if !now.IsZero() && !before.Before(now) || string(was) == string(f.Entity) {
			return
		}
	}
	h.found = append(h.found, e.ID)
	h.work(e, f.Entity)
}

// hook delivers a webhook.
func (h *house) hook(n ecwidtest.Notice) {
	h.t.Helper()
	events, err := h.source.Receive(sources.Request{Header: ecwidtest.Headers(n, "s"), Body: ecwidtest.Notification(n), Received: time.Now()})
	if err != nil {
		h.t.Fatal(err)
	}
	h.work(events[0], nil)
}

// work is an event on its way through the engine: once for each id, and for created and deleted once for each subject.
func (h *house) work(e event.Event, entity json.RawMessage) {
	h.t.Helper()
	known, _ := ecwid.Catalog().Lookup(e.Type)
	once := known.Change == event.Created || known.Change == event.Deleted
	if h.events[e.ID] || once && h.acted[e.Type+" "+e.Subject] {
		return
	}
	h.events[e.ID] = true
	if entity == nil {
		r, err := h.attest(&e)
		if sources.IsUnconfirmed(err) {
			return
		}
		if err != nil {
			h.t.Fatalf("attest %s %s: %v", e.Type, e.Subject, err)
		}
		entity = r.Entity
	}
	h.acted[e.Type+" "+e.Subject] = h.acted[e.Type+" "+e.Subject] || once
	was, _ := event.DecodeObject(h.snapshots[e.Subject])
	now, _ := event.DecodeObject(entity)
	for _, what := range match(e.Type, now, was) {
		h.fired[what+" "+e.Subject]++
	}
	if entity != nil && !h.poller.Version(known.Noun, entity).Before(h.poller.Version(known.Noun, h.snapshots[e.Subject])) {
		h.snapshots[e.Subject] = entity
	}
}

func (h *house) attest(e *event.Event) (r sources.Reading, err error) {
	for range 100 {
		if r, err = h.source.Attest(h.t.Context(), e); sources.Wait(err) == 0 {
			return r, err
		}
		time.Sleep(sources.Wait(err))
	}
	return r, err
}

// match is what the rules of the house see.
func match(eventType string, now, was map[string]any) (fired []string) {
	number := func(o map[string]any, key string) float64 {
		switch n := o[key].(type) {
		case int:
			return float64(n)
		case float64:
			return n
		}
		return -1
	}
	is := func(what string, when bool) {
		if when {
			fired = append(fired, what)
		}
	}
	noun, change, _ := strings.Cut(eventType, ".")
	switch {
	case change != "updated":
		is(eventType, change == "created" || change == "deleted")
	case noun == "product" && was != nil:
		is(fmt.Sprint("price dropped to ", now["price"]), number(now, "price") < number(was, "price"))
		is("back in stock", was["inStock"] == false && now["inStock"] == true)
		is("low stock", number(now, "quantity") <= 5 && number(was, "quantity") > 5)
	case noun == "customer" && was != nil:
		is(fmt.Sprint("group is ", now["customerGroupName"]), now["customerGroupName"] != was["customerGroupName"])
	case (noun == "category" || noun == "review") && was != nil:
		is(fmt.Sprint(noun, " is ", now["name"], now["status"]), now["name"] != was["name"] || now["status"] != was["status"])
	}
	if noun == "order" && change != "deleted" {
		is("became paid", now["paymentStatus"] == "PAID" && (was == nil || was["paymentStatus"] != "PAID"))
	}
	return fired
}

// A scene is a day of a store: what happens, and what should have been seen.
type scene struct {
	*house
	random *rand.Rand
	want   map[string]int
	late   []ecwidtest.Notice
	share  float64 // of webhooks that are lost
	prices map[string]float64
}

func (s *scene) pause() {
	time.Sleep(time.Second + time.Duration(s.random.Int64N(int64(3*time.Second))))
}

func (s *scene) expect(what string) { s.want[what]++ }

// hour is what happens between two rounds: each thing changes at most once, for polling sees only the last state.
func (s *scene) hour(n int) {
	t := s.t
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		s.pause()
	}
	products := s.store.Keys("products")
	dropped, emptied := products[0], products[1]
	for _, act := range s.random.Perm(10) {
		if s.random.IntN(3) == 0 && act < 7 {
			continue
		}
		switch act {
		case 9:
			s.bill(n)
		case 0:
			s.prices[dropped] -= 0.5
			must(s.store.UpdateProduct(dropped, func(p map[string]any) { p["price"] = s.prices[dropped] }))
			s.expect(fmt.Sprint("price dropped to ", s.prices[dropped], " product/", dropped))
		case 1:
			e, _ := s.store.Get("products", emptied)
			quantity := map[any]int{20: 3, 3: 0, 0: 20}[e["quantity"]]
			must(s.store.SetQuantity(emptied, quantity))
			switch quantity {
			case 3:
				s.expect("low stock product/" + emptied)
			case 20:
				s.expect("back in stock product/" + emptied)
			}
		case 2:
			id := s.store.AddProduct(ecwidtest.Product{SKU: "N", Name: "New", Price: 1, Quantity: 30})
			s.expect("product.created product/" + id)
			s.pause()
		case 3:
			if last := products[len(products)-1]; len(products) > 3 {
				must(s.store.DeleteProduct(last))
				s.expect("product.deleted product/" + last)
			}
		case 4:
			customer, group := s.store.Keys("customers")[0], "Group "+strconv.Itoa(n)
			must(s.store.UpdateCustomer(customer, func(c map[string]any) { c["customerGroupName"] = group }))
			s.expect("group is " + group + " customer/" + customer)
		case 5:
			category, name := s.store.Keys("categories")[0], "Bells "+strconv.Itoa(n)
			must(s.store.Update("categories", "category", category, func(c map[string]any) { c["name"] = name }))
			s.expect("category is " + name + "<nil> category/" + category)
		case 6:
			id := s.store.Add("promotions", "promotion", map[string]any{"name": "x", "enabled": true})
			s.expect("promotion.created promotion/" + id)
			s.pause()
		default:
			s.sell(act == 8)
		}
	}
}

// bill makes an invoice for the first order, or deletes it.
func (s *scene) bill(n int) {
	orders := s.store.Keys("orders")
	if len(orders) == 0 {
		return
	}
	e, _ := s.store.Get("orders", orders[0])
	if list, _ := e["invoices"].([]any); len(list) > 0 && n%2 == 0 {
		id := fmt.Sprint(list[0].(map[string]any)["internalId"])
		if err := s.store.DeleteInvoice(orders[0], id); err != nil {
			s.t.Fatal(err)
		}
		s.expect("invoice.deleted invoice/" + orders[0] + "/" + id)
	} else {
		id, err := s.store.AddInvoice(orders[0])
		if err != nil {
			s.t.Fatal(err)
		}
		s.expect("invoice.created invoice/" + orders[0] + "/" + id)
	}
	s.pause()
}

// sell places an order that is paid at once or some seconds later, of a product that no other rule looks at.
func (s *scene) sell(later bool) {
	payment := "PAID"
	if later {
		payment = "AWAITING_PAYMENT"
	}
	order, err := s.store.PlaceOrder(ecwidtest.OrderOptions{Payment: payment, Lines: []ecwidtest.Line{{Product: s.store.Keys("products")[2]}},
		Customer: ecwidtest.Person{Name: "B", Email: "buyer@example.com"}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.expect("order.created order/" + order)
	s.expect("became paid order/" + order)
	s.pause()
	if later {
		if s.random.IntN(2) == 0 {
			s.deliver(0) // the webhook of the unpaid order, before it is paid
		}
		time.Sleep(3 * time.Second)
		if err := s.store.UpdateOrder(order, func(o map[string]any) { o["paymentStatus"] = "PAID" }); err != nil {
			s.t.Fatal(err)
		}
		s.pause()
	}
}

// deliver sends what is waiting as a bad day would have it: some of it lost, some doubled, some later, in any order.
func (s *scene) deliver(delayed float64) {
	batch := append(s.late, s.sent...)
	s.sent, s.late = nil, nil
	s.random.Shuffle(len(batch), func(i, j int) { batch[i], batch[j] = batch[j], batch[i] })
	for _, n := range batch {
		switch {
		case s.random.Float64() < s.share:
		case s.random.Float64() < delayed:
			s.late = append(s.late, n)
		default:
			for range 1 + s.random.IntN(2) {
				s.hook(n)
			}
		}
	}
}

// live plays a scene of some hours and holds what was seen against what happened.
func live(t *testing.T, seed uint64, share float64, lag time.Duration) {
	virtualtime.Test(t, func(t *testing.T) {
		h := build(t, ecwidtest.Options{Seed: seed, Lag: lag, Empty: true})
		s := &scene{house: h, random: rand.New(rand.NewPCG(seed, 1)), want: map[string]int{}, share: share, prices: map[string]float64{}}
		for i := range 4 {
			id := h.store.AddProduct(ecwidtest.Product{SKU: "S" + strconv.Itoa(i), Name: "S", Price: 50, Quantity: 20})
			if s.prices[id] = 50; i == 2 {
				_ = h.store.SetQuantity(id, 100000)
			}
		}
		h.store.AddCustomer(ecwidtest.Person{Name: "A", Email: "a@example.com"})
		h.store.Add("categories", "category", map[string]any{"name": "Bells"})
		h.sent = nil
		time.Sleep(10 * time.Minute)
		if h.poll(); len(h.fired) > 0 || len(h.found) > 0 || h.seen == 0 {
			t.Fatalf("the first round fired %v, found %q, saw %d", h.fired, h.found, h.seen)
		}
		for n := range 6 {
			time.Sleep(5 * time.Minute)
			s.hour(n)
			s.deliver(0.3)
			time.Sleep(time.Duration(8+s.random.IntN(60)) * time.Second) // what is younger than 5 s is left to the next round
			s.again()
			h.poll()
			if lag > 0 { // what search has not learned of must not fall together with the next change
				time.Sleep(lag + 10*time.Second)
				h.poll()
			}
		}
		time.Sleep(3 * time.Minute)
		h.poll()
		s.deliver(0)
		for what := range h.fired { // customers and groups come with orders
			if strings.HasPrefix(what, "customer.created") {
				delete(h.fired, what)
			}
		}
		if !maps.Equal(h.fired, s.want) {
			for _, what := range slices.Sorted(maps.Keys(s.want)) {
				if h.fired[what] != s.want[what] {
					t.Errorf("seed %d: %s: %d times, want %d", seed, what, h.fired[what], s.want[what])
				}
			}
			for what, times := range h.fired {
				if s.want[what] == 0 {
					t.Errorf("seed %d: %s: %d times, and it never happened", seed, what, times)
				}
			}
		}
	})
}

// again polls with the same cursor as the next poll will, as after a crash, and holds that the same ids are found.
func (s *scene) again() {
	round := sources.Round{Store: "1003", Cursor: s.cursor, Wants: s.wants}
	first, err := s.poller.Poll(s.t.Context(), round)
	if err != nil {
		s.t.Fatal(err)
	}
	second, err := s.poller.Poll(s.t.Context(), round)
	if err != nil {
		s.t.Fatal(err)
	}
	ids := func(b sources.Batch) (ids []string) {
		for _, f := range b.Found {
			ids = append(ids, f.Event.ID)
		}
		return ids
	}
	if !slices.Equal(ids(first), ids(second)) {
		s.t.Errorf("with one cursor:\n%q\n%q", ids(first), ids(second))
	}
}

func TestEveryChangeIsSeenOnceWhateverBecomesOfWebhooks(t *testing.T) {
	for seed := uint64(1); seed <= 12; seed++ {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { live(t, seed, 0.3, time.Duration(seed%3)*20*time.Second) })
	}
}

func TestPollingAloneSeesEveryChange(t *testing.T) {
	for seed := uint64(1); seed <= 6; seed++ {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) { live(t, seed, 1, 0) })
	}
}
