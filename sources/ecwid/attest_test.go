package ecwid_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/ecwid"
)

const token = "secret_Zq7Token"

// api answers what a test tells it to, and remembers what it was asked.
type api struct {
	mu      sync.Mutex
	answers map[string]string // by path and query below the store
	status  int               // of every answer; 0 means 200, or 404 for what is not in answers
	header  http.Header
	asked   []string
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/api/v3/1003/")
	if r.URL.RawQuery != "" {
		path += "?" + r.URL.RawQuery
	}
	a.asked = append(a.asked, path)
	for name, values := range a.header {
		w.Header()[name] = values
	}
	answer, ok := a.answers[path]
	switch {
	case r.Header.Get("Authorization") != "Bearer "+token:
		w.WriteHeader(403)
		answer = `{"errorCode":"INVALID_API_TOKEN"}`
	case a.status != 0:
		w.WriteHeader(a.status)
	case !ok:
		w.WriteHeader(404)
	}
	fmt.Fprint(w, answer)
}

func (a *api) calls() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.asked...)
}

func reading(t testing.TB, a http.Handler, more string) sources.Source {
	t.Helper()
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	s, err := ecwid.Kind().Open("ecwid", json.RawMessage(fmt.Sprintf(`{"client_secret":"s","api":%q,"stores":{"1003":{"token":%q}}%s}`, server.URL+"/api/v3", token, more)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// told gives the event of a webhook, long enough ago that search has caught up.
func told(t testing.TB, s sources.Source, kind, entity, data string) *event.Event {
	t.Helper()
	body := fmt.Sprintf(`{"eventId":"e1","eventCreated":1,"storeId":1003,"entityId":%s,"eventType":%q%s}`, entity, kind, data)
	events, err := s.Receive(sources.Request{Header: http.Header{ecwid.SignatureHeader: {ecwid.Sign("s", "1", "e1")}},
		Body: []byte(body), Received: time.Now().Add(-time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return &events[0]
}

func TestAttestAsksTheRightEndpoint(t *testing.T) {
	const order = `,"data":{"orderId":"K 8/X"}`
	for _, c := range []struct{ kind, entity, data, path, answer, want string }{
		{"order.created", "516", order, "orders/K%208%2FX", `{"id":"K 8/X","internalId":516}`, ""},
		{"order.updated", "-1", order, "orders/K%208%2FX", `{"id":"K 8/X","internalId":516}`, ""},
		{"order.updated", `"516"`, order, "orders/K%208%2FX", `{"id":"other","vendorOrderNumber":"K 8/X","orderNumber":"516"}`, ""},
		{"order.updated", "516", "", "orders?ids=516", `{"total":1,"count":1,"items":[{"id":"A"},{"id":"K","internalId":516}]}`, `{"id":"K","internalId":516}`},
		{"unfinished_order.created", "5", `,"data":{"cartId":"320AB5DE"}`, "carts/320AB5DE", `{"cartId":"320ab5de"}`, ""},
		{"product.updated", "7", "", "products/7", `{"id":7}`, ""},
		{"product.updated", `"7"`, "", "products/7", `{"id":"7"}`, ""},
		{"category.created", "7", "", "categories/7", `{"id":7}`, ""},
		{"product_class.updated", "7", "", "classes/7", `[{"id":7}]`, `{"id":7}`},
		{"customer.updated", "7", "", "customers/7", `{"id":7}`, ""},
		{"customer.personalDataRemovalRequest", "7", "", "customers/7", `{"id":7}`, ""},
		{"customer_group.created", "7", "", "customer_groups/7", `{"id":7}`, ""},
		{"discount_coupon.created", "7", "", "discount_coupons/7", `{"id":7}`, ""},
		{"promotion.created", "7", "", "promotions", `{"total":2,"count":2,"items":[{"id":6},{"id":7}]}`, `{"id":7}`},
		{"review.updated", "7", "", "reviews?reviewId=7", `{"total":1,"count":1,"items":[{"id":7}]}`, `{"id":7}`},
		{"invoice.created", "9", `,"data":{"orderId":"GH781"}`, "orders/GH781/invoices", `{"invoices":[{"internalId":8},{"internalId":9}]}`, `{"internalId":9}`},
		{"profile.updated", "1003", "", "profile", `{"generalInfo":{"storeId":1003}}`, ""},
		{"profile.subscriptionStatusChanged", "1003", "", "profile", `{"generalInfo":{"storeId":1003}}`, ""},
		{"application.installed", `"1003"`, "", "application", `{"subscriptionStatus":"TRIAL"}`, ""},
		{"application.subscription_status_changed", `"1003"`, "", "application", `{"subscriptionStatus":"TRIAL"}`, ""},
		{"application.storageChanged", `"1003"`, "", "storage", `[{"key":"a","value":"1"},{"key":"public","value":"{}"}]`, `{"values":{"a":"1","public":"{}"}}`},
		{"invoice.created", "692730761", `,"data":{"orderId":"GH781"}`, "orders/GH781/invoices",
			`{"invoices":[{"internalId":8,"created":"1969-12-31 12:00:00 +0000"},{"internalId":9,"created":"1970-01-01 00:00:05 +0000"}]}`, `{"internalId":9,"created":"1970-01-01 00:00:05 +0000"}`},
	} {
		t.Run(c.kind+" "+c.path, func(t *testing.T) {
			a := &api{answers: map[string]string{c.path: c.answer}}
			s := reading(t, a, "")
			got, err := s.Attest(t.Context(), told(t, s, c.kind, c.entity, c.data))
			if c.want == "" {
				c.want = c.answer
			}
			if err != nil || string(got.Entity) != c.want || got.Gone {
				t.Errorf("got %s, %v, want %s; asked %q", got.Entity, err, c.want, a.calls())
			}
			if calls := a.calls(); len(calls) != 1 || calls[0] != c.path {
				t.Errorf("asked %q, want %q", calls, c.path)
			}
		})
	}
}

// TestAttestTwoOrders holds that a notification which names two orders of the store is not believed, and that a number which the
// store does not know proves nothing.
func TestAttestTwoOrders(t *testing.T) {
	const order = `{"id":"K8XTQ","internalId":516}`
	for name, c := range map[string]struct {
		searched string
		wrong    bool
	}{
		"of another order": {`{"total":1,"count":1,"items":[{"id":"A1B2C","internalId":777}]}`, true},
		"of no order":      {`{"total":0,"count":0,"items":[]}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := reading(t, &api{answers: map[string]string{"orders/K8XTQ": order, "orders?ids=777": c.searched}}, "")
			got, err := s.Attest(t.Context(), told(t, s, "order.updated", "777", `,"data":{"orderId":"K8XTQ"}`))
			if sources.IsUnconfirmed(err) != c.wrong || !c.wrong && string(got.Entity) != order {
				t.Errorf("got %s, %v", got.Entity, err)
			}
			if c.wrong && !strings.Contains(err.Error(), "internal number 777") {
				t.Errorf("the reason is %v", err)
			}
		})
	}
}

func TestAttestDoesNotConfirm(t *testing.T) {
	const order = `,"data":{"orderId":"K8XTQ"}`
	for name, c := range map[string]struct{ kind, entity, data, path, answer, want string }{
		"not there":             {"order.created", "516", order, "", "", "does not know order K8XTQ"},
		"another order":         {"order.created", "516", order, "orders/K8XTQ", `{"id":"A1B2C","internalId":516}`, "another entity than order K8XTQ"},
		"another product":       {"product.updated", "7", "", "products/7", `{"id":8}`, "another entity than product 7"},
		"another cart":          {"unfinished_order.created", "5", `,"data":{"cartId":"A"}`, "carts/A", `{"cartId":"B"}`, "another entity"},
		"another store":         {"profile.updated", "1003", "", "profile", `{"generalInfo":{"storeId":9999}}`, "another entity than profile 1003"},
		"order only searched":   {"order.created", "516", "", "orders?ids=516", `{"total":0,"count":0,"items":[]}`, "does not know order 516"},
		"promotion not listed":  {"promotion.created", "7", "", "promotions", `{"total":1,"count":1,"items":[{"id":6}]}`, "does not know promotion 7"},
		"no cart id":            {"unfinished_order.created", "5", "", "", "", "does not tell the id of the cart"},
		"no invoice's order":    {"invoice.created", "5", "", "", "", "does not tell which order"},
		"no entity":             {"product.updated", "null", "", "", "", "does not tell which product"},
		"entity is -1":          {"product.updated", "-1", "", "", "", "does not tell which product"},
		"path in a number":      {"product.updated", `"7/../8"`, "", "", "", `"7/../8" cannot be the id of a product`},
		"folder as order":       {"order.created", "516", `,"data":{"orderId":".."}`, "", "", `".." cannot be the id of a order`},
		"deleted, still there":  {"order.deleted", "516", order, "orders/K8XTQ", `{"id":"K8XTQ","internalId":516}`, "still there"},
		"deleted, other there":  {"product.deleted", "7", "", "products/7", `{"id":8}`, "another entity"},
		"deleted, still listed": {"review.deleted", "7", "", "reviews?reviewId=7", `{"items":[{"id":7}]}`, "still there"},
	} {
		t.Run(name, func(t *testing.T) {
			s := reading(t, &api{answers: map[string]string{c.path: c.answer}}, "")
			got, err := s.Attest(t.Context(), told(t, s, c.kind, c.entity, c.data))
			if !sources.IsUnconfirmed(err) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %s, %v, want unconfirmed: %s", got.Entity, err, c.want)
			}
		})
	}
	s := reading(t, &api{}, "")
	e := told(t, s, "product.updated", "7", "")
	e.Store = "9999"
	if _, err := s.Attest(t.Context(), e); !sources.IsUnconfirmed(err) || err.Error() != "store 9999 is not configured for this source" {
		t.Errorf("another store: %v", err)
	}
	if _, err := s.Profile(t.Context(), "9999"); !sources.IsUnconfirmed(err) {
		t.Errorf("profile of another store: %v", err)
	}
}

func TestAttestConfirmsDeletion(t *testing.T) {
	empty := map[string]string{"promotions": `{"total":0,"count":0,"items":[]}`, "reviews?reviewId=7": `{"items":[]}`,
		"orders/K8XTQ/invoices": `{"invoices":[{"internalId":1}]}`, "orders?ids=7": `{"items":[]}`}
	s := reading(t, &api{answers: empty}, "")
	for _, c := range [][2]string{{"order.deleted", `,"data":{"orderId":"K8XTQ"}`}, {"order.deleted", ""}, {"unfinished_order.deleted", `,"data":{"cartId":"A"}`},
		{"product.deleted", ""}, {"category.deleted", ""}, {"product_class.deleted", ""}, {"customer.deleted", ""}, {"customer_group.deleted", ""},
		{"discount_coupon.deleted", ""}, {"promotion.deleted", ""}, {"review.deleted", ""}, {"invoice.deleted", `,"data":{"orderId":"K8XTQ"}`}} {
		got, err := s.Attest(t.Context(), told(t, s, c[0], "7", c[1]))
		if err != nil || !got.Gone || got.Entity != nil {
			t.Errorf("%s%s: got %+v, %v", c[0], c[1], got, err)
		}
	}
}

func TestAttestDoesNotTakeRubbishForGone(t *testing.T) {
	for _, rubbish := range []string{`{}`, `{"items":{}}`, `[]`, `null`, `"x"`, `5`, ``, `{"items":[`, `<html>`} {
		s := reading(t, &api{answers: map[string]string{"promotions": rubbish}}, "")
		if got, err := s.Attest(t.Context(), told(t, s, "promotion.deleted", "7", "")); err == nil || sources.IsUnconfirmed(err) {
			t.Errorf("%s: got %+v, %v, want an error that is tried again", rubbish, got, err)
		}
	}
}

func TestAttestAsksNothingOfWhatCannotBeRead(t *testing.T) {
	a := &api{}
	s := reading(t, a, "")
	for _, kind := range []string{"size_chart.created", "size_chart.updated", "size_chart.deleted", "gift_card.updated"} {
		got, err := s.Attest(t.Context(), told(t, s, kind, "7", ""))
		if err != nil || got.Entity != nil || got.Gone {
			t.Errorf("%s: got %+v, %v", kind, got, err)
		}
	}
	if calls := a.calls(); calls != nil {
		t.Errorf("asked %q", calls)
	}
}

func TestAttestWaitsForSearch(t *testing.T) {
	s := reading(t, &api{answers: map[string]string{"promotions": `{"total":0,"count":0,"items":[]}`}}, "")
	e := told(t, s, "promotion.created", "7", "")
	e.Received = time.Now()
	if _, err := s.Attest(t.Context(), e); sources.Wait(err) != 5*time.Second {
		t.Errorf("a promotion of just now, not in the search: %v", err)
	}
}

func TestAttestReadsEveryPage(t *testing.T) {
	a := &api{answers: map[string]string{
		"promotions":            `{"total":250,"count":100,"items":[{"id":1}]}`,
		"promotions?offset=100": `{"total":250,"count":100,"items":[{"id":2}]}`,
		"promotions?offset=200": `{"total":250,"count":50,"items":[{"id":7}]}`,
	}}
	s := reading(t, a, "")
	if got, err := s.Attest(t.Context(), told(t, s, "promotion.created", "7", "")); err != nil || string(got.Entity) != `{"id":7}` {
		t.Errorf("got %s, %v", got.Entity, err)
	}
	if _, err := s.Attest(t.Context(), told(t, s, "promotion.created", "8", "")); !sources.IsUnconfirmed(err) || len(a.calls()) != 3 {
		t.Errorf("got %v after %q", err, a.calls())
	}
}

func TestAttestSortsStatuses(t *testing.T) {
	type sort string
	const denied, again, unconfirmed sort = "denied", "again", "unconfirmed"
	for _, c := range []struct {
		status     int
		code, want string
		sort
	}{
		{400, "WRONG_PARAMETER", "answered 400 WRONG_PARAMETER", again},
		{401, "", "refuses its token (401)", denied},
		{402, "STORE_IS_SUSPENDED", "402 STORE_IS_SUSPENDED", denied},
		{402, "NOT_AVAILABLE_ON_CURRENT_PLAN", "its plan has no API", denied},
		{403, "INVALID_API_TOKEN", "refuses its token (403 INVALID_API_TOKEN): put the present secret token of the app into stores.1003.token", denied},
		{403, "INSUFFICIENT_APP_SCOPE", "lacks the access scope read_catalog", denied},
		{404, "PRODUCT_NOT_FOUND", "does not know product 7", unconfirmed},
		{404, "STORE_NOT_FOUND", "does not know store 1003", denied},
		{405, "", "answered 405", again},
		{408, "TIMEOUT", "answered 408 TIMEOUT", again},
		{409, "", "answered 409", again},
		{415, "", "answered 415", again},
		{422, "", "answered 422", again},
		{500, "INTERNAL_ERROR", "answered 500 INTERNAL_ERROR", again},
		{502, "<b>" + token, "answered 502", again},
		{503, "", "answered 503", again},
		{504, "", "answered 504", again},
		{301, "", "redirect, which is not followed", again},
		{307, "", "redirect, which is not followed", again},
		{204, "", "answered 204", again},
		{206, "", "answered 206", again},
	} {
		a := &api{status: c.status, header: http.Header{"Location": {"/api/v3/1003/elsewhere"}}}
		if c.status != 204 {
			a.answers = map[string]string{"products/7": fmt.Sprintf(`{"errorCode":%q,"errorMessage":"token %s is bad"}`, c.code, token)}
		}
		s := reading(t, a, "")
		_, err := s.Attest(t.Context(), told(t, s, "product.updated", "7", ""))
		got := again
		if sources.IsDenied(err) {
			got = denied
		} else if sources.IsUnconfirmed(err) {
			got = unconfirmed
		}
		if err == nil || got != c.sort || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d %s: got %s, %v; want %s, %s", c.status, c.code, got, err, c.sort, c.want)
		} else if strings.Contains(err.Error(), token) {
			t.Errorf("%d: the error tells the token: %v", c.status, err)
		}
		if calls := a.calls(); len(calls) != 1 {
			t.Errorf("%d: asked %q", c.status, calls)
		}
	}
}

func TestAttestHeedsRetryAfter(t *testing.T) {
	for text, want := range map[string]time.Duration{"7": 7 * time.Second, "": 10 * time.Second, "soon": 10 * time.Second, "-3": 10 * time.Second,
		"0": time.Second, "99999999999999999999": 10 * time.Second, "86400": time.Hour} {
		a := &api{status: 429, header: http.Header{"Retry-After": {text}}}
		s := reading(t, a, "")
		for range 3 {
			_, err := s.Attest(t.Context(), told(t, s, "product.updated", "7", ""))
			if got := sources.Wait(err); got > want || got < want-5*time.Second && got < want/2 {
				t.Errorf("Retry-After %q: wait %v, want %v (%v)", text, got, want, err)
			}
		}
		if calls := a.calls(); len(calls) != 1 {
			t.Errorf("Retry-After %q: asked %d times during the pause", text, len(calls))
		}
	}
}

func TestAttestLeavesADeadTokenAlone(t *testing.T) {
	a := &api{status: 403, answers: map[string]string{"products/7": `{"errorCode":"INVALID_API_TOKEN"}`}}
	s := reading(t, a, "")
	for range 5 {
		if _, err := s.Attest(t.Context(), told(t, s, "product.updated", "7", "")); !sources.IsDenied(err) {
			t.Fatal(err)
		}
		if _, err := s.Profile(t.Context(), "1003"); !sources.IsDenied(err) {
			t.Fatal(err)
		}
	}
	if calls := a.calls(); len(calls) != 1 {
		t.Errorf("a dead token was used %d times", len(calls))
	}
}

func TestAttestIsBounded(t *testing.T) {
	t.Run("answer", func(t *testing.T) {
		s := reading(t, &api{answers: map[string]string{"products/7": `{"id":7,"x":"` + strings.Repeat("x", 8<<20) + `"}`}}, "")
		if _, err := s.Attest(t.Context(), told(t, s, "product.updated", "7", "")); err == nil || !strings.Contains(err.Error(), "larger than") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("depth", func(t *testing.T) {
		s := reading(t, &api{answers: map[string]string{"products/7": strings.Repeat("[", 100_000)}}, "")
		if _, err := s.Attest(t.Context(), told(t, s, "product.updated", "7", "")); err == nil || !strings.Contains(err.Error(), "nested too deep") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("at once", func(t *testing.T) {
		var now, most atomic.Int32
		full, release := make(chan struct{}), make(chan struct{})
		s := reading(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n := now.Add(1)
			defer now.Add(-1)
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
			if n == 8 {
				close(full)
			}
			<-release
			_, id, _ := strings.Cut(r.URL.Path, "products/")
			fmt.Fprintf(w, `{"id":%s}`, id)
		}), "")
		var all sync.WaitGroup
		for i := range 8 {
			e := told(t, s, "product.updated", strconv.Itoa(i+1), "")
			all.Go(func() {
				if _, err := s.Attest(t.Context(), e); err != nil {
					t.Error(err)
				}
			})
		}
		<-full
		e := told(t, s, "product.updated", "9", "")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Attest(ctx, e); err == nil {
			t.Error("a ninth call did not heed its context")
		}
		close(release)
		all.Wait()
		if most.Load() != 8 {
			t.Errorf("%d calls at once", most.Load())
		}
	})
}

func TestAttestHeedsItsContext(t *testing.T) {
	started := make(chan struct{})
	s := reading(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(started)
		<-r.Context().Done()
	}), "")
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-started; cancel() }()
	_, err := s.Attest(ctx, told(t, s, "product.updated", "7", ""))
	if err == nil || sources.IsUnconfirmed(err) || sources.IsDenied(err) {
		t.Errorf("got %v", err)
	}
}

const profile = `{"generalInfo":{"storeId":1003,"storeUrl":"https://shop.example"},"account":{"accountName":"Jane","accountEmail":"jane@example.com"},
	"settings":{"storeName":"Bells"},"company":{"companyName":"Bells GmbH","street":"Main St 1\nYard","city":"Berlin","countryCode":"DE","postalCode":"10115","stateOrProvinceCode":"BE","phone":"030 1"},"formatsAndUnits":{"currency":"EUR","timezone":"Europe/Berlin"},"languages":{"enabledLanguages":["de","en"],"defaultLanguage":"en"}}`

func TestProfile(t *testing.T) {
	a := &api{answers: map[string]string{"profile": profile}}
	s := reading(t, a, "")
	want := event.Store{ID: "1003", Name: "Bells", Email: "jane@example.com", URL: "https://shop.example", Currency: "EUR", Timezone: "Europe/Berlin", Language: "en", Country: "DE",
		Company: "Bells GmbH", Street: "Main St 1\nYard", City: "Berlin", State: "BE", PostalCode: "10115", Phone: "030 1"}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if got, err := s.Profile(t.Context(), "1003"); err != nil || got != want {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if calls := a.calls(); len(calls) != 1 {
		t.Errorf("50 who asked at once made %d calls", len(calls))
	}
}

func TestProfileIsRefreshedByItsEvent(t *testing.T) {
	a := &api{answers: map[string]string{"profile": profile}}
	s := reading(t, a, "")
	if _, err := s.Profile(t.Context(), "1003"); err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	a.answers["profile"] = strings.Replace(profile, "EUR", "CHF", 1)
	a.mu.Unlock()
	if _, err := s.Attest(t.Context(), told(t, s, "profile.updated", "1003", "")); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Profile(t.Context(), "1003"); err != nil || got.Currency != "CHF" || len(a.calls()) != 2 {
		t.Errorf("got %+v, %v after %q", got, err, a.calls())
	}
}

func TestProfileOddities(t *testing.T) {
	for answer, want := range map[string]event.Store{
		`{"generalInfo":{"storeId":"1003"}}`: {ID: "1003"},
		`{"generalInfo":{"storeId":1003,"storeUrl":5},"account":{"accountName":"Jane","accountEmail":null},"company":{"email":"c@example.com"},"languages":{"enabledLanguages":["de"]}}`: {ID: "1003",
			Name: "Jane", Email: "c@example.com", Language: "de"},
	} {
		s := reading(t, &api{answers: map[string]string{"profile": answer}}, "")
		if got, err := s.Profile(t.Context(), "1003"); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", answer, got, err)
		}
	}
	s := reading(t, &api{answers: map[string]string{"profile": `{"generalInfo":{"storeId":9}}`}}, "")
	if got, err := s.Profile(t.Context(), "1003"); err == nil {
		t.Errorf("another store's profile was taken: %+v", got)
	}
	a := &api{}
	s = reading(t, a, `,"attest":"never"`)
	if got, err := s.Profile(t.Context(), "1003"); err != nil || got != (event.Store{ID: "1003"}) || a.calls() != nil {
		t.Errorf("with attest: never: got %+v, %v after %q", got, err, a.calls())
	}
}

func TestProfileHeedsItsContext(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	s := reading(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}), "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Profile(ctx, "1003"); err != context.Canceled {
		t.Errorf("got %v", err)
	}
}
