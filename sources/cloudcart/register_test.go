package cloudcart_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"shopbell/sources"
	"shopbell/sources/cloudcart/cloudcarttest"
)

func (w *world) register(t testing.TB, r sources.Registration) (map[string]sources.Registered, error) {
	t.Helper()
	if r.Base == "" {
		r.Base = "https://bell.example.com/"
	}
	all, err := w.source.(sources.Registrar).Register(t.Context(), r)
	by := map[string]sources.Registered{}
	for _, one := range all {
		by[one.Event+" "+string(one.Done)] = one
		if strings.Contains(one.String(), key) {
			t.Errorf("%s tells the key", one)
		}
	}
	return by, err
}

func count(by map[string]sources.Registered, done sources.Registering) (n int) {
	for _, one := range by {
		if one.Done == done {
			n++
		}
	}
	return n
}

// TestRegisteringTwice holds that all 20 are made the first time, and nothing is done the second.
func TestRegisteringTwice(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	by, err := w.register(t, sources.Registration{DryRun: true})
	if err != nil || count(by, sources.RegisteringCreated) != 20 || len(w.store.Hooks()) != 0 {
		t.Fatalf("dry: %v, %v, %v", by, err, w.store.Hooks())
	}
	if got := by["order.created created"].String(); got != "shop1  order.created  would be created  "+hookBase+"order.created" {
		t.Errorf("it says %q", got)
	}
	by, err = w.register(t, sources.Registration{})
	if err != nil || count(by, sources.RegisteringCreated) != 20 {
		t.Fatalf("first: %v, %v", by, err)
	}
	hooks := w.store.Hooks()
	for _, h := range hooks {
		if h.URL != hookBase+h.Event || !h.Active {
			t.Errorf("%+v", h)
		}
	}
	before := len(w.store.Asked())
	by, err = w.register(t, sources.Registration{})
	if err != nil || count(by, sources.RegisteringKept) != 20 || len(w.store.Hooks()) != 20 {
		t.Errorf("second: %v, %v", by, err)
	}
	for _, asked := range w.store.Asked()[before:] {
		if !strings.HasPrefix(asked, "GET ") {
			t.Errorf("the second time asked %s", asked)
		}
	}
}

// TestRegisteringMends holds that what is off is switched on, what leads to an earlier address or has the older form is
// changed with its headers kept, and that others' webhooks are left as they are.
func TestRegisteringMends(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	hook := func(event, attributes string) {
		t.Helper()
		w.call(t, http.MethodPost, "webhooks", `{"data":{"type":"webhooks","attributes":{"event":"`+event+`",`+attributes+`}}}`, 201)
	}
	hook("order.created", `"url":"`+hookBase+`order.created","active":"no","request_headers":{"Authorization":"Bearer x"}`)
	hook("order.updated", `"url":"https://old.example.com/webhooks/cloudcart/shop1/order.updated","request_headers":{"X-A":"b"}`)
	hook("product.created", `"url":"https://erp.example.com/in?token=SECRETOFERP"`)
	hook("product.updated", `"url":"`+hookBase+`product.updated"`)
	hook("product.updated", `"url":"https://staging.example.com/webhooks/cloudcart/shop1/product.updated"`)
	hook("order.updated", `"url":"https://erp.example.com/orders"`)
	w.call(t, http.MethodPatch, "webhooks/"+w.store.Hooks()[3].ID, `{"data":{"attributes":{"new_version":0}}}`, 200)
	wanted := []string{"order.created", "order.updated", "product.created", "product.updated"}
	foreign := []cloudcarttest.Hook{w.store.Hooks()[2], w.store.Hooks()[4], w.store.Hooks()[5]}

	by, err := w.register(t, sources.Registration{Events: wanted})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"order.created enabled", "order.updated changed", "product.created created", "product.updated unchanged", "product.created foreign",
		"product.updated foreign", "order.updated foreign"} {
		if _, ok := by[want]; !ok {
			t.Errorf("%s is missing in %v", want, by)
		}
	}
	if note := by["order.updated changed"].Note; note != "it led to old.example.com" {
		t.Errorf("the note is %q", note)
	}
	if note := by["product.updated foreign"].Note; !strings.Contains(note, "another Shopbell?") {
		t.Errorf("the note is %q", note)
	}
	if note := by["order.updated foreign"].Note; !strings.Contains(note, "a minute late") {
		t.Errorf("the note is %q", note)
	}
	hooks := w.store.Hooks()
	if h := hooks[0]; !h.Active || h.Headers["Authorization"] != "Bearer x" || h.URL != hookBase+"order.created" {
		t.Errorf("switched on: %+v", h)
	}
	if h := hooks[1]; h.URL != hookBase+"order.updated" || h.Headers["X-A"] != "b" {
		t.Errorf("changed: %+v", h)
	}
	after := []cloudcarttest.Hook{hooks[2], hooks[4], hooks[5]}
	if fmt.Sprint(foreign) != fmt.Sprint(after) {
		t.Errorf("others' were changed: %v, before %v", after, foreign)
	}
	for _, one := range by {
		if strings.Contains(one.String(), "SECRETOFERP") {
			t.Errorf("%s tells another's secret", one)
		}
	}
	w.call(t, http.MethodPatch, "webhooks/"+hooks[0].ID, `{"data":{"attributes":{"new_version":0}}}`, 200)
	if by, err = w.register(t, sources.Registration{Events: wanted}); err != nil || by["order.created changed"].Note != "it had the older form of orders" {
		t.Errorf("the older form: %v, %v", by, err)
	}
}

// call talks to the store's API as a merchant's own program would.
func (w *world) call(t testing.TB, method, path, body string, want int) {
	t.Helper()
	r := httptest.NewRequest(method, "/api/v2/"+path, strings.NewReader(body))
	r.Header.Set("X-CloudCart-ApiKey", key)
	r.Header.Set("Accept", "application/vnd.api+json")
	r.Header.Set("Content-Type", "application/vnd.api+json")
	recorder := httptest.NewRecorder()
	w.store.ServeHTTP(recorder, r)
	if recorder.Code != want {
		t.Fatalf("%s %s: %d %s", method, path, recorder.Code, recorder.Body)
	}
}

// TestRegisteringWithAKeyOfOnesChoice holds that new webhooks carry the key whose number is configured.
func TestRegisteringWithAKeyOfOnesChoice(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	api := httptest.NewServer(w.store)
	defer api.Close()
	w.source = open(t, fmt.Sprintf(`{"api":%q,"rate":800,"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":%q,"api_key_id":3}}}`, api.URL, key))
	if _, err := w.register(t, sources.Registration{Events: []string{"order.created"}}); err != nil || w.store.Hooks()[0].KeyID != 3 {
		t.Errorf("%+v, %v", w.store.Hooks(), err)
	}
}

// TestRegisteringThatFails holds that what a store refuses is told in words, and that the other events and stores are gone on
// with where that makes sense.
func TestRegisteringThatFails(t *testing.T) {
	t.Run("limit of the plan", func(t *testing.T) {
		w := newWorld(t, cloudcarttest.Options{Hooks: 2}, "")
		by, err := w.register(t, sources.Registration{})
		if err == nil || count(by, sources.RegisteringCreated) != 2 || count(by, sources.RegisteringFailed) != 18 || !strings.Contains(err.Error(), "limit of webhooks of your plan") {
			t.Errorf("%v, %v", by, err)
		}
	})
	t.Run("dead key", func(t *testing.T) {
		w := newWorld(t, cloudcarttest.Options{}, "")
		w.store.SetKey("ANOTHER")
		by, err := w.register(t, sources.Registration{})
		if !sources.IsDenied(err) || len(by) != 1 || count(by, sources.RegisteringFailed) != 1 || len(w.store.Asked()) != 1 {
			t.Errorf("%v, %v, asked %q", by, err, w.store.Asked())
		}
	})
	t.Run("dies in between", func(t *testing.T) {
		w := newWorld(t, cloudcarttest.Options{}, "")
		w.store.AddHook("vendor.created", hookBase+"vendor.created")
		w.store.Inject(cloudcarttest.Fault{Prefix: "webhooks", Times: 1})
		w.store.Inject(cloudcarttest.Fault{Status: 401})
		by, err := w.register(t, sources.Registration{})
		if !sources.IsDenied(err) || count(by, sources.RegisteringFailed) != 1 || len(w.store.Asked()) != 2 {
			t.Errorf("%v, %v, asked %q", by, err, w.store.Asked())
		}
	})
	t.Run("one store of two", func(t *testing.T) {
		w := newWorld(t, cloudcarttest.Options{}, "")
		api := httptest.NewServer(w.store)
		defer api.Close()
		w.source = open(t, fmt.Sprintf(`{"api":%q,"rate":800,"stores":{"shop0":{"host":"shop0.cloudcart.net","api_key":"dead"},"shop1":{"host":"shop1.cloudcart.net","api_key":%q}}}`, api.URL, key))
		by, err := w.register(t, sources.Registration{})
		if err == nil || !strings.Contains(err.Error(), "store shop0") || strings.Contains(err.Error(), "store shop1") || count(by, sources.RegisteringCreated) != 20 {
			t.Errorf("%v, %v", by, err)
		}
		if _, err := w.register(t, sources.Registration{Stores: []string{"shop1"}}); err != nil {
			t.Errorf("shop1 alone: %v", err)
		}
	})
	for name, r := range map[string]sources.Registration{"in clear": {Base: "http://bell.example.com"}, "no address": {Base: "bell"}, "with a query": {Base: "https://bell.example.com/?a=b"},
		"unknown event": {Events: []string{"order.deleted"}}, "unknown store": {Stores: []string{"shop9"}}} {
		w := newWorld(t, cloudcarttest.Options{}, "")
		if by, err := w.register(t, r); err == nil || len(by) > 0 || len(w.store.Asked()) > 0 {
			t.Errorf("%s: %v, %v", name, by, err)
		}
	}
}

// TestRegisteringManyWebhooks holds that those of later pages are found.
func TestRegisteringManyWebhooks(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	for n := range 250 {
		w.store.AddHook("vendor.created", fmt.Sprintf("https://erp.example.com/%d", n))
	}
	w.store.AddHook("order.created", hookBase+"order.created")
	by, err := w.register(t, sources.Registration{Events: []string{"order.created"}})
	if _, kept := by["order.created unchanged"]; !kept || err != nil {
		t.Errorf("%v, %v", by["order.created created"], err)
	}
	if asked := w.store.Asked(); !slices.ContainsFunc(asked, func(a string) bool { return strings.Contains(a, "page[number]=3") }) {
		t.Errorf("asked %q", asked)
	}
}
