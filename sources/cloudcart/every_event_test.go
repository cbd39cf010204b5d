package cloudcart_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/cloudcart"
	"shopbell/sources/cloudcart/cloudcarttest"
)

const (
	key   = "KEYZq7OfTheStoreThatNobodyMayTell"
	other = "KEYOfAnotherStoreThatIsWrongHere1"
)

// world is a simulated store with an API and a source that knows it as shop1.
type world struct {
	store  *cloudcarttest.Store
	source sources.Source
}

// newWorld opens a source with more keys of config, such as `,"attest":"never"`.
func newWorld(t testing.TB, o cloudcarttest.Options, more string) *world {
	t.Helper()
	o.Key = key
	if o.Rate == 0 {
		o.Rate = 800
	}
	store := cloudcarttest.New(o)
	api := httptest.NewServer(store)
	t.Cleanup(api.Close)
	return &world{store, open(t, fmt.Sprintf(`{"api":%q,"rate":800,"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":%q}}%s}`, api.URL, key, more))}
}

func open(t testing.TB, config string) sources.Source {
	t.Helper()
	s, err := cloudcart.Kind().Open("cloudcart", json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// request is a notification as CloudCart sends it, an hour ago.
func request(event, withKey, body string) sources.Request {
	r := sources.Request{Header: http.Header{}, Path: "/shop1/" + event, Body: []byte(body), Received: time.Now().Add(-time.Hour)}
	if withKey != "" {
		r.Header.Set(cloudcart.KeyHeader, withKey)
	}
	return r
}

func refusalOf(t testing.TB, s sources.Source, r sources.Request) *sources.Refusal {
	t.Helper()
	events, err := s.Receive(r)
	refusal, ok := errors.AsType[*sources.Refusal](err)
	if !ok {
		t.Fatalf("got %v, %v, want a refusal", events, err)
	}
	if answer := cloudcart.Kind().Answer(refusal.Status); refusal.Status != 200 || answer != 200 {
		t.Errorf("%s is answered by %d, %d", refusal.Reason, refusal.Status, answer)
	}
	if strings.Contains(refusal.Reason, key) || strings.Contains(refusal.Reason, other) || strings.Contains(refusal.Reason, "unsubscribe") {
		t.Errorf("the reason tells too much: %s", refusal.Reason)
	}
	return refusal
}

// collections of the API by the noun of the events.
func collection(noun string) string {
	if noun == "category" {
		return "categories"
	}
	return noun + "s"
}

// seed puts one thing of a noun into the store and gives its id.
func (w *world) seed(noun string) string {
	switch noun {
	case "order":
		return w.store.PlaceOrder()
	case "product":
		return w.store.AddProduct("bowl", 1999, 25)
	case "customer":
		return w.store.Add("customers", map[string]any{"email": "ana@example.com", "first_name": "Ana", "marketing": "yes", "income": 24580})
	case "discount":
		return w.store.Add("discounts", map[string]any{"name": "Ten", "discount_type": "percent", "type_value": 10, "active": "yes"})
	}
	return w.store.Add(collection(noun), map[string]any{"name": "One of " + noun, "first_name": "Ana"})
}

// TestEveryEvent holds for each event type that what is genuine is taken and read back, and that every trouble has its
// outcome.
func TestEveryEvent(t *testing.T) {
	catalog := cloudcart.Kind().Catalog
	if names := namesOf(catalog); !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(cloudcarttest.Events()))) {
		t.Errorf("the catalog has %q", names)
	}
	for i := range catalog.Types {
		k := &catalog.Types[i]
		t.Run(k.Name, func(t *testing.T) {
			w := newWorld(t, cloudcarttest.Options{}, "")
			id := w.seed(k.Noun)
			body := fmt.Sprintf(`[{"id":%s,"status":"pending","updated_at":"2026-01-16T11:35:09-05:00"}]`, id)
			t.Run("good", func(t *testing.T) { w.good(t, k, id, body) })
			t.Run("wrong key", func(t *testing.T) { wantLabel(t, w.source, request(k.Name, other, body), "secret") })
			t.Run("missing key", func(t *testing.T) { wantLabel(t, w.source, request(k.Name, "", body), "secret") })
			for name, bad := range malformed() {
				t.Run("malformed "+name, func(t *testing.T) { wantLabel(t, w.source, request(k.Name, key, bad), "parse") })
			}
			w.troubles(t, k, id, body)
		})
	}
}

func namesOf(c *event.Catalog) []string {
	var names []string
	for _, t := range c.Types {
		names = append(names, t.Name)
	}
	return names
}

func wantLabel(t *testing.T, s sources.Source, r sources.Request, label string) {
	t.Helper()
	if got := refusalOf(t, s, r); got.Label != label {
		t.Errorf("the refusal is %q: %s", got.Label, got.Reason)
	}
}

func malformed() map[string]string {
	return map[string]string{"empty": "", "word": "please unsubscribe me", "cut off": `[{"id":1`, "empty list": "[]", "list of text": `["please unsubscribe me"]`, "number": "5",
		"null": "null", "no id": `[{"status":"please unsubscribe me"}]`, "id with a path": `[{"id":"../customers/1"}]`, "id as object": `[{"id":{}}]`,
		"too deep": strings.Repeat("[", 100) + strings.Repeat("]", 100), "too many": "[" + strings.Repeat(`{"id":1},`, 100) + `{"id":1}]`, "one without id": `[{"id":1},{}]`,
		"xml": "<order><id>1</id></order>"}
}

// good receives and reads back. What is deleted is there no more.
func (w *world) good(t *testing.T, k *event.Type, id, body string) {
	e := w.told(t, k, body)
	if e.Type != k.Name || e.Subject != k.Noun+"/"+id || e.Store != "shop1" || e.Source != "cloudcart" || len(e.ID) != 64 ||
		!e.Created.Equal(time.Date(2026, 1, 16, 16, 35, 9, 0, time.UTC)) || string(e.Body) != body {
		t.Errorf("the event is %+v", e)
	}
	if k.Change == event.Deleted {
		w.store.Inject(cloudcarttest.Fault{Status: 404, Prefix: collection(k.Noun) + "/"})
		defer w.store.Clear()
	}
	got, err := w.source.Attest(t.Context(), e)
	if err != nil || got.Gone != (k.Change == event.Deleted) || got.Gone != (got.Entity == nil) || got.Stale != "" {
		t.Fatalf("read back %+v, %v", got, err)
	}
	if !got.Gone {
		fits(t, k.Noun, k.Entity, decode(t, got.Entity))
	}
}

func (w *world) told(t testing.TB, k *event.Type, body string) *event.Event {
	t.Helper()
	events, err := w.source.Receive(request(k.Name, key, body))
	if err != nil || len(events) != 1 {
		t.Fatalf("got %v, %v", events, err)
	}
	return &events[0]
}

// troubles puts the event through everything that can go wrong while it is read back. Each has a source of its own, for
// a dead key stays dead.
func (w *world) troubles(t *testing.T, k *event.Type, id, body string) {
	unconfirmed := func(err error) bool { return sources.IsUnconfirmed(err) }
	denied := func(err error) bool { return sources.IsDenied(err) }
	again := func(err error) bool {
		return err != nil && !sources.IsDenied(err) && !sources.IsUnconfirmed(err) && sources.Wait(err) == 0
	}
	waits := func(wait time.Duration) func(error) bool {
		return func(err error) bool { return sources.Wait(err) == wait }
	}
	for name, c := range map[string]struct {
		fault cloudcarttest.Fault
		want  func(error) bool
	}{
		"dead key":          {cloudcarttest.Fault{Status: 401}, denied},
		"forbidden":         {cloudcarttest.Fault{Status: 403}, denied},
		"robot check":       {cloudcarttest.Fault{Status: 403, Body: "<html>are you a robot?</html>"}, denied},
		"suspended":         {cloudcarttest.Fault{Status: 402}, denied},
		"no API in plan":    {cloudcarttest.Fault{Status: 429, Retry: 60, Header: map[string]string{"X-RateLimit-Limit": "0"}}, denied},
		"wrong host":        {cloudcarttest.Fault{Status: 404}, denied},
		"throttled":         {cloudcarttest.Fault{Status: 429, Retry: 17}, waits(17 * time.Second)},
		"throttled, no say": {cloudcarttest.Fault{Status: 429}, waits(time.Minute)},
		"server error":      {cloudcarttest.Fault{Status: 500}, again},
		"maintenance":       {cloudcarttest.Fault{Status: 503}, again},
		"maintenance, says": {cloudcarttest.Fault{Status: 503, Retry: 30}, waits(30 * time.Second)},
		"time-out":          {cloudcarttest.Fault{Status: 408}, again},
		"redirect":          {cloudcarttest.Fault{Status: 301, Header: map[string]string{"Location": "https://elsewhere.example.com/"}}, again},
		"rejected":          {cloudcarttest.Fault{Status: 422}, again},
		"page":              {cloudcarttest.Fault{Body: "<html>back soon</html>"}, again},
		"page for 404":      {cloudcarttest.Fault{Status: 404, Body: "<html>not here</html>"}, again},
		"cut off":           {cloudcarttest.Fault{Truncate: true}, again},
	} {
		t.Run(name, func(t *testing.T) {
			own := w.again(t)
			w.store.Inject(c.fault)
			defer w.store.Clear()
			got, err := own.source.Attest(t.Context(), own.told(t, k, body))
			if !c.want(err) || got.Entity != nil || got.Gone {
				t.Errorf("got %+v, %v (wait %s)", got, err, sources.Wait(err))
			}
			if err != nil && strings.Contains(err.Error(), key) {
				t.Errorf("the error tells the key: %v", err)
			}
		})
	}
	t.Run("hang", func(t *testing.T) {
		own := w.again(t)
		w.store.Inject(cloudcarttest.Fault{Hang: true})
		defer w.store.Clear()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if got, err := own.source.Attest(ctx, own.told(t, k, body)); !again(err) || got.Gone {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("gone", func(t *testing.T) {
		own := w.again(t)
		absent := strings.Replace(body, `"id":`+id, `"id":999`, 1)
		got, err := own.source.Attest(t.Context(), own.told(t, k, absent))
		if deleted := k.Change == event.Deleted; got.Gone != deleted || unconfirmed(err) == deleted {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	if k.Change == event.Deleted {
		t.Run("still there", func(t *testing.T) {
			own := w.again(t)
			if got, err := own.source.Attest(t.Context(), own.told(t, k, body)); !unconfirmed(err) {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// again gives the same store with a new source.
func (w *world) again(t testing.TB) *world {
	t.Helper()
	api := httptest.NewServer(w.store)
	t.Cleanup(api.Close)
	return &world{w.store, open(t, fmt.Sprintf(`{"api":%q,"rate":800,"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":%q}}}`, api.URL, key))}
}

func decode(t testing.TB, raw []byte) map[string]any {
	t.Helper()
	value, err := event.DecodeObject(raw)
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return value
}

// fits holds that a value keeps what its schema promises.
func fits(t testing.TB, path string, s *event.Schema, value any) {
	t.Helper()
	ok := true
	switch v := value.(type) {
	case nil:
		ok = false
	case bool:
		ok = s.Form == event.Flag || s.Form == event.Anything
	case int, float64:
		ok = s.Form == event.Number || s.Form == event.Anything
	case string:
		ok = s.Form == event.Text || s.Form == event.Anything
		if len(s.Values) > 0 && !slices.Contains(s.Values, v) {
			t.Errorf("%s is %q, which is none of %q", path, v, s.Values)
		}
	case []any:
		ok = s.Form == event.List || s.Form == event.Anything
		for i := range v {
			if ok && s.Elem != nil {
				fits(t, fmt.Sprintf("%s[%d]", path, i), s.Elem, v[i])
			}
		}
	case map[string]any:
		ok = s.Form == event.Object || s.Form == event.Anything
		for name, inner := range v {
			f, known := s.Field(name)
			if s.Form == event.Object && !known {
				t.Errorf("%s.%s is not in the schema", path, name)
			} else if known {
				fits(t, path+"."+name, f.Schema, inner)
			}
		}
		for _, f := range s.Fields {
			if _, there := v[f.Name]; !there && !f.Optional {
				t.Errorf("%s.%s is missing", path, f.Name)
			}
		}
	}
	if !ok {
		t.Errorf("%s is %#v, want %s", path, value, s.Form)
	}
}
