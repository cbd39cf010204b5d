package cloudcart_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/cloudcart"
	"shopbell/sources/cloudcart/cloudcarttest"
	"shopbell/virtualtime"
)

// A receiver is the server around a source, as far as CloudCart can see it: every status goes through Answer.
type receiver struct {
	source sources.Source
	keeps  func(n int) int // status by which the ledger takes the n-th call that was received, from 1; nil means 200

	mu      sync.Mutex
	calls   int
	events  []event.Event
	refused []string // labels
	said    bytes.Buffer
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	status := r.status(request)
	answer := cloudcart.Kind().Answer(status)
	w.WriteHeader(answer)
	if answer != 200 {
		_, _ = io.WriteString(w, http.StatusText(answer)+"\n")
		r.said.WriteString(http.StatusText(answer))
	}
}

func (r *receiver) status(request *http.Request) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if request.Method != http.MethodPost {
		return 405
	}
	body, err := io.ReadAll(io.LimitReader(request.Body, 1<<20+1))
	if err != nil {
		return 400
	}
	if len(body) > 1<<20 {
		return 413
	}
	path, ok := strings.CutPrefix(request.URL.Path, "/webhooks/cloudcart")
	if !ok {
		return 404
	}
	r.calls++
	events, err := r.source.Receive(sources.Request{Header: request.Header, Query: request.URL.Query(), Path: path, Body: body, Received: time.Now()})
	if refusal, ok := errors.AsType[*sources.Refusal](err); ok {
		r.refused = append(r.refused, refusal.Label)
		r.said.WriteString(refusal.Reason)
		return refusal.Status
	}
	if r.keeps != nil {
		if status := r.keeps(r.calls); status != 200 {
			return status
		}
	}
	r.events = append(r.events, events...)
	return 200
}

const hookBase = "https://bell.example.com/webhooks/cloudcart/shop1/"

func receiving(t *testing.T, storeKey string) (*receiver, *cloudcarttest.Store) {
	r := &receiver{source: open(t, `{"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":"`+key+`"}}}`)}
	return r, cloudcarttest.New(cloudcarttest.Options{Key: storeKey, Deliver: cloudcarttest.Handler(r)})
}

// everything makes one of each event happen, with the phrase that unsubscribes in every text.
func everything(s *cloudcarttest.Store) {
	const phrase = "please unsubscribe me"
	order := s.PlaceOrder(map[string]any{"note_customer": phrase, "customer_first_name": phrase})
	s.Pay(order, "completed", "paid")
	for _, name := range []string{"products", "customers", "categories", "vendors", "discounts", "subscribers"} {
		id := s.Add(name, map[string]any{"name": phrase, "note": phrase})
		s.Change(name, id, map[string]any{"description": phrase})
		s.Delete(name, id)
	}
}

// TestNoFaultSwitchesAWebhookOff drives the sender with its true schedule against what a server makes of this source: with
// wrong keys, paths, events and bodies, and with a ledger that fails for up to 14 minutes, every webhook stays.
func TestNoFaultSwitchesAWebhookOff(t *testing.T) {
	for name, c := range map[string]struct {
		key     string
		url     string // "" means the right one for each event
		keeps   func(int) int
		label   string // of the refusals; "" means that all are taken
		atLeast int    // tries in all
	}{
		"good":               {key, "", nil, "", 20},
		"wrong key":          {other, "", nil, "secret", 20},
		"unknown store":      {key, "https://bell.example.com/webhooks/cloudcart/shop9/order.created", nil, "store", 20},
		"unknown event":      {key, "https://bell.example.com/webhooks/cloudcart/shop1/order.deleted", nil, "type", 20},
		"junk path":          {key, "https://bell.example.com/webhooks/cloudcart/please%20unsubscribe%20me", nil, "parse", 20},
		"ledger fails":       {key, "", func(n int) int { return map[bool]int{true: 503, false: 200}[n <= 60] }, "", 60},
		"overload":           {key, "", func(n int) int { return map[bool]int{true: 429, false: 200}[n%3 == 0] }, "", 20},
		"bug in the server":  {key, "", func(n int) int { return map[bool]int{true: 500, false: 200}[n%2 == 0] }, "", 20},
		"server says 400":    {key, "", func(n int) int { return 400 }, "dropped", 20},
		"server says 401":    {key, "", func(n int) int { return 401 }, "dropped", 20},
		"server says 404":    {key, "", func(n int) int { return 404 }, "dropped", 20},
		"server says 405":    {key, "", func(n int) int { return 405 }, "dropped", 20},
		"server says 410":    {key, "", func(n int) int { return 410 }, "dropped", 20},
		"server says 411":    {key, "", func(n int) int { return 411 }, "dropped", 20},
		"body too large":     {key, "", func(n int) int { return 413 }, "dropped", 20},
		"not JSON, it says":  {key, "", func(n int) int { return 415 }, "dropped", 20},
		"redirect to itself": {key, "", func(n int) int { return 301 }, "dropped", 20},
	} {
		t.Run(name, func(t *testing.T) {
			virtualtime.Test(t, func(t *testing.T) {
				r, store := receiving(t, c.key)
				r.keeps = c.keeps
				for _, name := range cloudcarttest.Events() {
					url := c.url
					if url == "" {
						url = hookBase + name
					}
					store.AddHook(name, url)
				}
				everything(store)
				store.Settle(t.Context())
				checkHooks(t, store, r)
				switch {
				case c.label == "" && (len(r.events) < 20 || len(r.refused) > 0):
					t.Errorf("%d events were taken, refused were %q", len(r.events), r.refused)
				case c.label == "dropped" && len(r.refused) > 0:
					t.Errorf("refused were %q", r.refused)
				case c.label != "" && c.label != "dropped" && (len(r.refused) != 20 || len(slices.Compact(r.refused)) != 1 || r.refused[0] != c.label):
					t.Errorf("refused were %q", r.refused)
				}
				if tries := len(store.Log()); tries < c.atLeast {
					t.Errorf("there were %d tries", tries)
				}
			})
		})
	}
}

func checkHooks(t *testing.T, store *cloudcarttest.Store, r *receiver) {
	t.Helper()
	hooks := store.Hooks()
	if len(hooks) != 20 {
		t.Errorf("%d webhooks are left", len(hooks))
	}
	for _, h := range hooks {
		if !h.Active {
			t.Errorf("%s was switched off: %q", h.Event, store.Alerts())
		}
	}
	if strings.Contains(r.said.String(), "unsubscribe") || strings.Contains(r.said.String(), key) {
		t.Errorf("an answer or a reason repeats what was sent: %s", r.said.String())
	}
}

// TestTheEventsAreTheSameWhenSentAgain holds that what CloudCart sends again, because no answer came through, is one event.
func TestTheEventsAreTheSameWhenSentAgain(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		r, store := receiving(t, key)
		r.keeps = func(n int) int { // taken, but the answer is lost
			if n < 3 {
				r.events = append(r.events, event.Event{ID: "lost"})
				return 500
			}
			return 200
		}
		store.AddHook("order.created", hookBase+"order.created")
		store.PlaceOrder()
		store.Settle(t.Context())
		if len(r.events) != 3 || r.events[2].ID == "lost" || r.events[2].Subject != "order/2" {
			t.Errorf("got %+v", r.events)
		}
		var again []string
		for range 2 {
			events, err := r.source.Receive(sources.Request{Header: http.Header{"X-Cloudcart-Apikey": {key}}, Path: "/shop1/order.created", Body: r.events[2].Body})
			if err != nil {
				t.Fatal(err)
			}
			again = append(again, events[0].ID)
		}
		if again[0] != again[1] || again[0] != r.events[2].ID {
			t.Errorf("ids differ: %q", again)
		}
	})
}

// TestASourceThatIsSlowToRead holds that taking a notification does not depend on the store's API: it has 5 seconds.
func TestASourceThatIsSlowToRead(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	s := open(t, fmt.Sprintf(`{"api":%q,"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":%q}}}`, silent.URL, key))
	begin := time.Now()
	for n := range 1000 {
		if _, err := s.Receive(request("order.updated", key, fmt.Sprintf(`[{"id":%d}]`, n+1))); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(begin); took > 2*time.Second {
		t.Errorf("1000 notifications took %s", took)
	}
}
