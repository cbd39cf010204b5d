package openconnectors_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/openconnectors"
	"shopbell/sources/openconnectors/openconnectorstest"
)

const attestConfig = `{"signature_key":"k","user":"user-secret","organization":"organization-secret","poll":"5m","attest":"always","api":"%s/elements/api-v2","stores":{"31":{"token":"t31-secret","element":"ecwid","hub":"ecommerce"},"shop2":{"instance":32,"token":"t32-secret"}}}`

func newAttested(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, openconnectorstest.Options{}, attestConfig)
	w.platform.AddInstance(openconnectorstest.Instance{ID: 31, Token: "t31-secret", Element: "ecwid", Hub: "ecommerce"})
	w.platform.AddInstance(openconnectorstest.Instance{ID: 32, Token: "t32-secret"})
	w.platform.Put(31, "orders", "5", map[string]any{"id": "K8XTQ", "total": 12.5, "paymentStatus": "PAID"})
	w.platform.Put(32, "orders", "5", map[string]any{"id": 5})
	w.platform.Put(31, "products", "a/b", map[string]any{"name": "Bowl"})
	return w
}

func (w *world) attest(store, typ, subject string) (sources.Reading, error) {
	return w.source.Attest(w.Context(), &event.Event{Source: "elements", Store: store, Type: typ, Subject: subject, Received: w.now()})
}

func TestAttest(t *testing.T) {
	w := newAttested(t)
	for name, c := range map[string]struct {
		store, typ, subject string
		entity              string
		gone                bool
		unconfirmed         string
	}{
		"an order, under its hub":    {"31", "order.created", "order/5", `"total":12.5`, false, ""},
		"an order, without a hub":    {"shop2", "order.updated", "order/5", `{"id":5}`, false, ""},
		"one that is not there":      {"31", "order.updated", "order/6", "", false, "does not know order 6"},
		"one that is deleted":        {"31", "order.deleted", "order/6", "", true, ""},
		"one that is not deleted":    {"31", "order.deleted", "order/5", "", false, "still there"},
		"what cannot be read":        {"31", "cart.created", "cart/5", "", false, ""},
		"a type that is not listed":  {"31", "lead.created", "lead/5", "", false, ""},
		"no id":                      {"31", "order.created", "", "", false, "does not tell which order"},
		"a folder":                   {"31", "order.created", "order/..", "", false, "does not tell which order"},
		"a store that is not ours":   {"99", "order.created", "order/5", "", false, "store 99 is not configured"},
		"an id that would be a path": {"31", "order.created", "order/../instances/31/events", "", false, "does not know"},
	} {
		reading, err := w.attest(c.store, c.typ, c.subject)
		switch {
		case c.unconfirmed != "":
			if !sources.IsUnconfirmed(err) || !strings.Contains(err.Error(), c.unconfirmed) {
				t.Errorf("%s: %v", name, err)
			}
		case err != nil || reading.Gone != c.gone || !strings.Contains(string(reading.Entity), c.entity) || (c.entity == "") != (reading.Entity == nil):
			t.Errorf("%s: got %s gone=%v %v", name, reading.Entity, reading.Gone, err)
		}
	}
}

func TestAStatusThatIsNotTheOneReadBack(t *testing.T) {
	w := newAttested(t)
	for status, stale := range map[string]bool{"ACCEPTED": false, "REFUNDED": true, "": false} {
		w.platform.HappenOrder(31, openconnectorstest.OrderNotification{Order: "5", Payment: status})
		w.known = map[string]event.Event{}
		w.deliver()
		for _, e := range w.known {
			reading, err := w.source.Attest(t.Context(), &e)
			if err != nil || (reading.Stale != "") != stale {
				t.Errorf("%s: stale %q, %v", status, reading.Stale, err)
			}
		}
	}
}

// TestAnswersOfTheAPI goes through what a call can meet, for both kinds of calls.
func TestAnswersOfTheAPI(t *testing.T) {
	for name, c := range map[string]struct {
		fault  openconnectorstest.Fault
		denied bool
		wait   time.Duration
		words  string
		state  sources.CredentialState
	}{
		"gone dead":      {openconnectorstest.Fault{Status: 401}, true, 0, "(401)", sources.CredentialDead},
		"forbidden":      {openconnectorstest.Fault{Status: 403}, true, 0, "(403)", sources.CredentialScope},
		"suspended":      {openconnectorstest.Fault{Status: 402}, true, 0, "(402)", sources.CredentialSuspended},
		"throttled":      {openconnectorstest.Fault{Status: 429, Header: map[string]string{"Retry-After": "90"}}, false, 90 * time.Second, "429", sources.CredentialThrottled},
		"throttled, how": {openconnectorstest.Fault{Status: 429}, false, 30 * time.Second, "429", sources.CredentialThrottled},
		"throttled far":  {openconnectorstest.Fault{Status: 429, Header: map[string]string{"Retry-After": "999999999"}}, false, time.Hour, "429", sources.CredentialThrottled},
		"broken":         {openconnectorstest.Fault{Status: 500}, false, 0, "the API answered 500", sources.CredentialSilent},
		"a redirect":     {openconnectorstest.Fault{Status: 302, Header: map[string]string{"Location": "http://elsewhere.example/"}}, false, 0, "a redirect, which is not followed", sources.CredentialSilent},
		"a page":         {openconnectorstest.Fault{Status: 200, Body: "<html>user-secret</html>"}, false, 0, "not JSON", sources.CredentialSilent},
		"cut off":        {openconnectorstest.Fault{Nothing: true}, false, 0, "broke off the connection", sources.CredentialSilent},
		"nested":         {openconnectorstest.Fault{Status: 200, Body: strings.Repeat("[", 100) + strings.Repeat("]", 100)}, false, 0, "nested deeper", sources.CredentialSilent},
		"endless":        {openconnectorstest.Fault{Status: 200, Body: `"` + strings.Repeat("x", 17<<20) + `"`}, false, 0, "larger than", sources.CredentialSilent},
		"another form":   {openconnectorstest.Fault{Status: 200, Body: `"text"`}, false, 0, "is not", sources.CredentialOK},
	} {
		w := newAttested(t)
		w.platform.Fail(c.fault)
		_, read := w.attest("31", "order.created", "order/5")
		_, polled := w.part()
		for _, err := range []error{read, polled} {
			if err == nil || sources.IsDenied(err) != c.denied || sources.Wait(err) != c.wait || !strings.Contains(err.Error(), c.words) || sources.IsUnconfirmed(err) {
				t.Errorf("%s: %v, denied %v, wait %s", name, err, sources.IsDenied(err), sources.Wait(err))
			} else if strings.Contains(err.Error(), "secret") && strings.Contains(err.Error(), "-secret") {
				t.Errorf("%s: the error tells a secret: %v", name, err)
			}
		}
		credential, ok := w.source.(sources.Caller).Credential("31")
		if !ok || credential.State != c.state || strings.Contains(credential.Note, "-secret") {
			t.Errorf("%s: credential %+v", name, credential)
		}
	}
}

// TestADeadCredentialIsNotCalledAgain holds it for the account, which all stores share, and for one store's token.
func TestADeadCredentialIsNotCalledAgain(t *testing.T) {
	w := newAttested(t)
	caller := w.source.(sources.Caller)
	w.platform.Fail(openconnectorstest.Fault{Path: "hubs/", Status: 401})
	for range 5 {
		if _, err := w.attest("31", "order.created", "order/5"); !sources.IsDenied(err) {
			t.Fatal(err)
		}
	}
	if n := len(w.platform.Calls()); n != 1 {
		t.Errorf("a dead token was called with %d times", n)
	}
	if _, err := w.attest("shop2", "order.created", "order/5"); err != nil {
		t.Errorf("another store's token is dead too: %v", err)
	}
	if _, err := w.part(); err != nil {
		t.Errorf("the account is dead too: %v", err)
	}
	w.platform.Heal()
	caller.Revive("31")
	if _, err := w.attest("31", "order.created", "order/5"); err != nil {
		t.Errorf("after reviving: %v", err)
	}

	w.platform.Fail(openconnectorstest.Fault{Path: "instances/", Status: 401})
	before := len(w.platform.Calls())
	for _, store := range []string{"31", "shop2", "31", "shop2"} {
		if _, err := w.source.(sources.Poller).Poll(t.Context(), sources.Round{Store: store}); !sources.IsDenied(err) {
			t.Fatal(err)
		}
	}
	if n := len(w.platform.Calls()) - before; n != 1 {
		t.Errorf("a dead account was called with %d times", n)
	}
	dead := 0
	for store, c := range caller.Credentials() {
		if c.State == sources.CredentialDead && c.Since.Equal(w.now()) && strings.Contains(c.Note, "put the present ones into user and organization") {
			dead++
		} else {
			t.Errorf("%s: %+v", store, c)
		}
	}
	w.platform.Heal()
	caller.Revive("31")
	if _, err := w.part(); err != nil || dead != 2 {
		t.Errorf("after reviving: %v; %d were dead", err, dead)
	}
}

// TestADeathIsRemembered holds that what an earlier life of the program found out counts, for as long as the credential is
// the same.
func TestADeathIsRemembered(t *testing.T) {
	w := newAttested(t)
	first := w.source.(sources.Caller)
	w.platform.Fail(openconnectorstest.Fault{Path: "hubs/", Status: 401})
	_, _ = w.attest("31", "order.created", "order/5")
	w.platform.Heal()
	w.platform.Fail(openconnectorstest.Fault{Path: "instances/", Status: 401})
	_, _ = w.source.(sources.Poller).Poll(t.Context(), sources.Round{Store: "shop2"})
	w.platform.Heal()
	token, _ := first.Credential("31")
	account, _ := first.Credential("shop2")

	again := newAttested(t)
	second := again.source.(sources.Caller)
	if second.Fingerprint("31") != first.Fingerprint("31") || first.Fingerprint("31") == first.Fingerprint("shop2") || first.Fingerprint("99") != "" {
		t.Error("fingerprints do not tell credentials apart")
	}
	if strings.Contains(first.Fingerprint("31"), "secret") {
		t.Error("a fingerprint tells a secret")
	}
	since := w.now().Add(-time.Hour)
	second.Bury("31", since, strings.Replace(token.Note, "user and organization", "", 1))
	second.Bury("99", since, "nobody")
	if c, _ := second.Credential("31"); token.State != sources.CredentialDead || c.State != sources.CredentialDead {
		t.Errorf("before %+v, now %+v", token, c)
	}
	second.Bury("shop2", since, account.Note)
	if c, _ := second.Credential("shop2"); c.State != sources.CredentialDead || !c.Since.Equal(since) {
		t.Errorf("buried: %+v", c)
	}
	_, _ = again.attest("31", "order.created", "order/5")
	_, _ = again.part()
	if calls := again.platform.Calls(); len(calls) != 0 {
		t.Errorf("a buried credential was used: %v", calls)
	}
	if _, err := again.attest("shop2", "order.created", "order/5"); err != nil {
		t.Errorf("the token of a store whose account is dead: %v", err)
	}
}

func TestAPauseIsKept(t *testing.T) {
	w := newAttested(t)
	w.platform.Fail(openconnectorstest.Fault{Status: 429, Header: map[string]string{"Retry-After": "60"}, Times: 1})
	_, _ = w.attest("31", "order.created", "order/5")
	w.pass(20 * time.Second)
	if _, err := w.attest("31", "order.created", "order/5"); sources.Wait(err) != 40*time.Second || len(w.platform.Calls()) != 1 {
		t.Errorf("during the pause: %v, %d calls", err, len(w.platform.Calls()))
	}
	w.pass(40 * time.Second)
	if _, err := w.attest("31", "order.created", "order/5"); err != nil {
		t.Errorf("after the pause: %v", err)
	}
	if c, _ := w.source.(sources.Caller).Credential("31"); c.State != sources.CredentialOK || c.Note != "" {
		t.Errorf("credential %+v", c)
	}
}

func TestAnAnswerThatRepeatsOurSecrets(t *testing.T) {
	w := newAttested(t)
	w.platform.Put(31, "orders", "7", map[string]any{"note": "t31-secret user-secret organization-secret"})
	reading, err := w.attest("31", "order.created", "order/7")
	if err != nil || strings.Contains(string(reading.Entity), "-secret") {
		t.Errorf("%s %v", reading.Entity, err)
	}
}

// hanging is an API that answers nobody until it is let go, and counts the calls that are with it at once.
type hanging struct {
	*httptest.Server
	arrived  chan struct{}
	release  chan struct{}
	in, most atomic.Int64
}

func newHanging(t *testing.T) *hanging {
	h := &hanging{arrived: make(chan struct{}, 100), release: make(chan struct{})}
	h.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if n := h.in.Add(1); n > h.most.Load() {
			h.most.Store(n)
		}
		defer h.in.Add(-1)
		h.arrived <- struct{}{}
		select {
		case <-h.release:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// twenty makes twenty calls for one store, and returns when the API has four of them.
func (h *hanging) twenty(ctx context.Context, t *testing.T) <-chan error {
	source, err := openconnectors.OpenAt("elements", fmt.Sprintf(attestConfig, h.URL), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 20)
	for range 20 {
		go func() {
			_, err := source.Attest(ctx, &event.Event{Store: "31", Type: "order.created", Subject: "order/5"})
			done <- err
		}()
	}
	for range 4 {
		<-h.arrived
	}
	return done
}

// TestAHangingAPI holds that calls of one store are bounded, and end with their context.
func TestAHangingAPI(t *testing.T) {
	slow := newHanging(t)
	done := slow.twenty(t.Context(), t)
	close(slow.release)
	for range 20 {
		<-done
	}
	if most := slow.most.Load(); most != 4 {
		t.Errorf("%d calls at once were made for one store, want 4", most)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done = newHanging(t).twenty(ctx, t)
	cancel()
	for range 20 {
		if err := <-done; !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "secret") {
			t.Errorf("got %v", err)
		}
	}
}

func TestWithoutReadingBack(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{}, "")
	if _, err := w.attest("31", "order.created", "order/5"); err != nil || len(w.platform.Calls()) != 0 {
		t.Errorf("attest: never called the API: %v", err)
	}
	if p, err := w.source.Profile(t.Context(), "shop2"); err != nil || p != (event.Store{ID: "shop2"}) {
		t.Errorf("profile %+v %v", p, err)
	}
	if _, err := w.source.Profile(t.Context(), "99"); !sources.IsUnconfirmed(err) {
		t.Errorf("profile of a store that is not ours: %v", err)
	}
	w.poll()
	w.platform.AddInstance(openconnectorstest.Instance{ID: 31})
	w.platform.Fail(openconnectorstest.Fault{Path: "instances/31/", Status: 404})
	if _, err := w.part(); !sources.IsDenied(err) || !strings.Contains(err.Error(), "does not know instance 31") {
		t.Errorf("an instance that is not there: %v", err)
	}
	if _, err := w.source.(sources.Poller).Poll(t.Context(), sources.Round{Store: "99"}); !sources.IsUnconfirmed(err) {
		t.Errorf("a store that is not ours: %v", err)
	}
}
