package cloudcart_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/cloudcart"
)

func keyed(t testing.TB) sources.Source {
	t.Helper()
	return open(t, `{"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":"now","previous_api_key":"before","webhook_key":"hook"},
		"shop2":{"host":"shop2.cloudcart.net","api_key":"two"}}}`)
}

// TestPathsThatNameNothing holds that whatever is not a store and an event of ours is refused, with 200.
func TestPathsThatNameNothing(t *testing.T) {
	for path, label := range map[string]string{"": "parse", "/": "parse", "/shop1": "parse", "/shop1/": "parse", "//order.created": "parse", "/shop1/order.created/more": "parse",
		"/shop1/order.deleted": "type", "/shop1/order": "type", "/shop1/please unsubscribe me": "parse", "/shop9/order.created": "store", "/../order.created": "parse", "/shop1/%2e": "parse",
		"/" + strings.Repeat("a", 65) + "/order.created": "parse", "/shop1/order.created\x00": "parse"} {
		r := request("", "now", `[{"id":1}]`)
		r.Path = path
		wantLabel(t, keyed(t), r, label)
	}
	r := request("", "now", `[{"id":1}]`)
	r.Path = "/shop1/order.created/"
	if _, err := keyed(t).Receive(r); err != nil {
		t.Errorf("a slash at the end: %v", err)
	}
}

// TestKeys holds which keys prove a notification, for each store its own.
func TestKeys(t *testing.T) {
	s := keyed(t)
	for k, good := range map[string]bool{"now": true, "before": true, "hook": true, " now ": true, "two": false, "NOW": false, "no": false, "noww": false} {
		_, err := s.Receive(request("order.created", k, `[{"id":1}]`))
		if (err == nil) != good {
			t.Errorf("%q: %v", k, err)
		}
	}
	for name, h := range map[string]http.Header{"any case": {"x-cloudcart-apikey": {"now"}}, "as written": {"X-CloudCart-ApiKey": {"now"}}, "second line": {"X-Cloudcart-Apikey": {"merchant's", "now"}}} {
		r := request("order.created", "", `[{"id":1}]`)
		r.Header = h
		if _, err := s.Receive(r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := request("order.created", "", `[{"id":1}]`)
	r.Header = http.Header{"X-Cloudcart-Apikey": {"1", "2", "3", "4", "now"}}
	wantLabel(t, s, r, "secret")
	r.Header = http.Header{"X-Cloudcart-Apikey": {""}}
	wantLabel(t, s, r, "secret")
}

// TestTheSameIsTheSameEvent holds what the id of an event depends on: CloudCart gives none.
func TestTheSameIsTheSameEvent(t *testing.T) {
	id := func(name, body string) string {
		events, err := keyed(t).Receive(request(name, "now", body))
		if err != nil {
			t.Fatal(err)
		}
		return events[0].ID
	}
	const body = `[{"id":6,"status":"paid","updated_at":"2026-01-16T11:35:09-05:00","a":{"b":1,"c":[1.50]}}]`
	first := id("order.updated", body)
	for name, again := range map[string]string{"again": body, "other order": `[{"a":{"c":[1.5],"b":1},"updated_at":"2026-01-16T11:35:09-05:00","id":6,"status":"paid"}]`,
		"bare": `{"id":6,"status":"paid","updated_at":"2026-01-16T11:35:09-05:00","a":{"b":1,"c":[1.50]}}`} {
		if got := id("order.updated", again); got != first {
			t.Errorf("%s: another id", name)
		}
	}
	for name, got := range map[string]string{"other event": id("order.created", body), "other entity": id("order.updated", strings.Replace(body, `"id":6`, `"id":7`, 1)),
		"later": id("order.updated", strings.Replace(body, "35:09", "35:10", 1)), "other content": id("order.updated", strings.Replace(body, "paid", "voided", 1))} {
		if got == first {
			t.Errorf("%s: the same id", name)
		}
	}
}

// TestFormsOfBodies holds what a body may look like.
func TestFormsOfBodies(t *testing.T) {
	for name, c := range map[string]struct {
		event, body string
		want        []event.Event
	}{
		"as documented": {"order.created", `[{"id":6,"updated_at":"2026-01-16T11:35:09-05:00"}]`,
			[]event.Event{{Subject: "order/6", Created: time.Date(2026, 1, 16, 16, 35, 9, 0, time.UTC), Data: []byte(`{"id":6,"updated_at":"2026-01-16T11:35:09-05:00"}`)}}},
		"id as text":     {"product.updated", `[{"id":"7","date_modified":"2026-01-16T12:00:22Z"}]`, []event.Event{{Subject: "product/7", Created: time.Date(2026, 1, 16, 12, 0, 22, 0, time.UTC), Data: []byte(`{"date_modified":"2026-01-16T12:00:22Z","id":"7"}`)}}},
		"no time":        {"vendor.deleted", `[{"id":7}]`, []event.Event{{Subject: "vendor/7", Data: []byte(`{"id":7}`)}}},
		"a resource":     {"vendor.created", `[{"type":"vendors","id":"3","attributes":{"name":"A & B"}}]`, []event.Event{{Subject: "vendor/3", Data: []byte(`{"id":"3","name":"A & B"}`)}}},
		"a document":     {"vendor.created", `{"data":{"type":"vendors","id":"3","attributes":{"name":"A"}}}`, []event.Event{{Subject: "vendor/3", Data: []byte(`{"id":"3","name":"A"}`)}}},
		"several":        {"category.updated", `[{"id":1},{"id":2}]`, []event.Event{{Subject: "category/1", Data: []byte(`{"id":1}`)}, {Subject: "category/2", Data: []byte(`{"id":2}`)}}},
		"without a zone": {"customer.created", `[{"id":5,"updated_at":"2026-06-05 09:01:33"}]`, []event.Event{{Subject: "customer/5", Created: time.Date(2026, 6, 5, 9, 1, 33, 0, time.UTC), Data: []byte(`{"id":5,"updated_at":"2026-06-05 09:01:33"}`)}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := keyed(t).Receive(request(c.event, "now", c.body))
			if err != nil || len(got) != len(c.want) {
				t.Fatalf("got %v, %v", got, err)
			}
			for i, want := range c.want {
				if g := got[i]; g.Subject != want.Subject || !g.Created.Equal(want.Created) || string(g.Data) != string(want.Data) || g.Type != c.event || string(g.Body) != c.body && (len(got) == 1 || string(g.Body) != string(g.Data)) || g.Store != "shop1" {
					t.Errorf("got %+v, %s", g, g.Data)
				}
			}
		})
	}
}

// TestNoAnswerDeactivates holds that whatever status the server would give, CloudCart sees one that does not switch the webhook off,
// and is asked to come again only where that helps.
func TestNoAnswerDeactivates(t *testing.T) {
	answer := cloudcart.Kind().Answer
	for status := -1; status < 1000; status++ {
		want := 200
		if status == 408 || status == 429 || status >= 500 {
			want = 503
		}
		if got := answer(status); got != want {
			t.Errorf("%d is answered by %d, want %d", status, got, want)
		}
	}
}

// TestTimesOfAStoreInItsZone holds how times without a zone are read.
func TestTimesOfAStoreInItsZone(t *testing.T) {
	s := open(t, `{"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":"now","timezone":"Europe/Sofia"}}}`)
	got, err := s.Receive(request("order.created", "now", `[{"id":6,"created_at":"2026-06-05 09:00:00"}]`))
	if err != nil || !got[0].Created.Equal(time.Date(2026, 6, 5, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("got %v, %v", got, err)
	}
}
