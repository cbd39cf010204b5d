package ecwidtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/ecwid"
	"shopbell/sources/ecwid/ecwidtest"
)

// connect gives a source that reads from a simulated store.
func connect(t *testing.T, store *ecwidtest.Store) sources.Source {
	t.Helper()
	server := httptest.NewServer(store)
	t.Cleanup(server.Close)
	config := fmt.Sprintf(`{"client_secret":"s3cret","api":%q,"stores":{%q:{"token":"secret_test"}}}`, server.URL+"/api/v3", store.ID())
	s, err := ecwid.Kind().Open("ecwid", json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// arrive is a notice that reaches the source.
func arrive(t *testing.T, s sources.Source, n ecwidtest.Notice) *event.Event {
	t.Helper()
	events, err := s.Receive(sources.Request{Header: ecwidtest.Headers(n, "s3cret"), Body: ecwidtest.Notification(n), Received: time.Now()})
	if err != nil {
		t.Fatalf("%s: %v", n.Type, err)
	}
	return &events[0]
}

func TestEveryChangeIsConfirmed(t *testing.T) {
	var sent []ecwidtest.Notice
	store := ecwidtest.New(ecwidtest.Options{Send: func(n ecwidtest.Notice) { sent = append(sent, n) }})
	s := connect(t, store)
	// confirm attests what was sent since, and gives the entity of the first.
	confirm := func(subject string) (first map[string]any) {
		t.Helper()
		for i, n := range sent {
			e := arrive(t, s, n)
			r, err := s.Attest(t.Context(), e)
			if deleted := strings.HasSuffix(n.Type, ".deleted"); err != nil || r.Gone != deleted || (r.Entity == nil) != deleted {
				t.Errorf("%s of %s: %+v, %v", n.Type, e.Subject, r, err)
			}
			if i > 0 {
				continue
			}
			if first, _ = event.DecodeObject(r.Entity); e.Subject != subject {
				t.Errorf("%s: subject %s, want %s", n.Type, e.Subject, subject)
			}
		}
		sent = nil
		return first
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	id, err := store.PlaceOrder(ecwidtest.OrderOptions{Comments: "José <!channel>"})
	must(err)
	if o := confirm("order/" + id); o["id"] != id || o["orderComments"] != "José <!channel>" {
		t.Errorf("read back %v", o)
	}
	must(store.UpdateOrder(id, func(o map[string]any) { o["fulfillmentStatus"] = "SHIPPED" }))
	if o := confirm("order/" + id); o["fulfillmentStatus"] != "SHIPPED" {
		t.Errorf("read back %v", o["fulfillmentStatus"])
	}
	must(store.DeleteOrder(id))
	confirm("order/" + id)
	cart, err := store.LeaveCart(ecwidtest.OrderOptions{})
	must(err)
	if c := confirm("cart/" + cart); c["cartId"] != cart || c["recoveredOrderId"] != nil {
		t.Errorf("read back %v", c)
	}
	order, err := store.RecoverCart(cart)
	must(err)
	confirm("order/" + order)
	must(store.DeleteCart(cart))
	confirm("cart/" + cart)
	product := store.Keys("products")[0]
	must(store.SetQuantity(product, 2))
	if p := confirm("product/" + product); p["quantity"] != 2 {
		t.Errorf("read back %v", p["quantity"])
	}
	must(store.DeleteProduct(product))
	confirm("product/" + product)
	store.UpdateProfile(func(p map[string]any) { p["formatsAndUnits"].(map[string]any)["currency"] = "CHF" })
	confirm("store/1003")
	if st, err := s.Profile(t.Context(), "1003"); err != nil || st.Currency != "CHF" || st.Name != "Bell & Sons" || st.Timezone != "Europe/Berlin" {
		t.Errorf("profile %+v, %v", st, err)
	}
	for collection, noun := range map[string]string{"categories": "category", "classes": "product_class", "customer_groups": "customer_group",
		"discount_coupons": "discount_coupon", "promotions": "promotion", "reviews": "review", "customers": "customer"} {
		id := store.Add(collection, noun, map[string]any{"name": "x", "email": "x@example.com", "status": "moderated"})
		must(store.Update(collection, noun, id, func(e map[string]any) { e["name"] = "y" }))
		confirm(noun + "/" + id)
		must(store.Delete(collection, noun, id))
		confirm(noun + "/" + id)
	}
	store.Emit("application.installed", "1003", nil)
	confirm("application/1003")
}

func TestEveryFaultIsSorted(t *testing.T) {
	var sent []ecwidtest.Notice
	for _, c := range []struct {
		name   string
		fault  ecwidtest.Fault
		denied bool
		gone   bool          // unconfirmed
		wait   time.Duration // 0 means at the engine's own pace
		words  string
	}{
		{name: "slow, but in time", fault: ecwidtest.Fault{Kind: ecwidtest.Slow, Delay: time.Millisecond}},
		{name: "too slow", fault: ecwidtest.Fault{Kind: ecwidtest.Slow, Delay: time.Minute}, words: "had not answered"},
		{name: "hangs", fault: ecwidtest.Fault{Kind: ecwidtest.Hang}, words: "had not answered"},
		{name: "404", fault: ecwidtest.Fault{Kind: ecwidtest.NotFound}, gone: true, words: "does not know order"},
		{name: "429", fault: ecwidtest.Fault{Kind: ecwidtest.RateLimited, Delay: 7 * time.Second}, wait: 7 * time.Second, words: "429"},
		{name: "429 without header", fault: ecwidtest.Fault{Kind: ecwidtest.RateLimited}, wait: 10 * time.Second, words: "429"},
		{name: "402", fault: ecwidtest.Fault{Kind: ecwidtest.Unpaid}, denied: true, words: "402 STORE_IS_SUSPENDED"},
		{name: "dead token", fault: ecwidtest.Fault{Kind: ecwidtest.DeadToken}, denied: true, words: "403 INVALID_API_TOKEN"},
		{name: "no scope", fault: ecwidtest.Fault{Kind: ecwidtest.NoScope}, denied: true, words: "lacks the access scope read_orders"},
		{name: "408", fault: ecwidtest.Fault{Kind: ecwidtest.Timeout}, words: "408 TIMEOUT"},
		{name: "500", fault: ecwidtest.Fault{Kind: ecwidtest.ServerError}, words: "500 INTERNAL_ERROR"},
		{name: "truncated", fault: ecwidtest.Fault{Kind: ecwidtest.Truncated}, words: "broke off"},
		{name: "not JSON", fault: ecwidtest.Fault{Kind: ecwidtest.NotJSON}, words: "not JSON"},
		{name: "redirect", fault: ecwidtest.Fault{Kind: ecwidtest.Redirect}, words: "redirect"},
	} {
		t.Run(c.name, func(t *testing.T) {
			sent = nil
			store := ecwidtest.New(ecwidtest.Options{Send: func(n ecwidtest.Notice) { sent = append(sent, n) }})
			s := connect(t, store)
			if _, err := store.PlaceOrder(ecwidtest.OrderOptions{}); err != nil {
				t.Fatal(err)
			}
			e := arrive(t, s, sent[0])
			c.fault.Prefix, c.fault.Times = "orders", 1
			if c.gone {
				c.fault.Times = 2 // by its other number it is sought too
			}
			store.Inject(c.fault)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			r, err := s.Attest(ctx, e)
			if c.words == "" {
				if err != nil || r.Entity == nil {
					t.Fatalf("got %+v, %v", r, err)
				}
				return
			}
			if err == nil || sources.IsDenied(err) != c.denied || sources.IsUnconfirmed(err) != c.gone || sources.Wait(err) != c.wait || !strings.Contains(err.Error(), c.words) {
				t.Fatalf("got %v (wait %v)", err, sources.Wait(err))
			}
			if strings.Contains(err.Error(), "secret_") && !strings.Contains(err.Error(), "secret_…") {
				t.Errorf("the error tells the token: %v", err)
			}
			if c.wait > 0 || c.fault.Kind == ecwidtest.DeadToken {
				return // the source waits, which other tests time
			}
			e.Received = time.Now() // else what was just answered could be given again
			if r, err := s.Attest(t.Context(), e); err != nil || r.Entity == nil {
				t.Errorf("when the fault is over: %+v, %v", r, err)
			}
		})
	}
}

func TestWebhooksOfARealSenderAreVerified(t *testing.T) {
	events := make(chan event.Event, 100)
	store := ecwidtest.New(ecwidtest.Options{})
	source := connect(t, store)
	server := httptest.NewServer(webhooks(source, events))
	defer server.Close()
	sender := ecwidtest.NewSender(ecwidtest.SenderOptions{URL: server.URL, Secret: "s3cret"})
	store = ecwidtest.New(ecwidtest.Options{Send: sender.Send})
	for range 10 {
		if _, err := store.PlaceOrder(ecwidtest.OrderOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := sender.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, d := range sender.Log() {
		if !d.Delivered || d.Status != 200 || d.Tries != 1 {
			t.Errorf("%+v", d)
		}
		if e := <-events; e.ID != d.ID || e.Type != d.Type {
			t.Errorf("got %s, want %s", e.Type, d.Type)
		}
	}
}

// webhooks is the least that a receiver does.
func webhooks(s sources.Source, to chan<- event.Event) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		events, err := s.Receive(sources.Request{Header: r.Header, Query: r.URL.Query(), Body: body, Received: time.Now()})
		if err != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		to <- events[0]
	})
}
