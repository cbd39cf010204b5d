package ecwid_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/ecwid"
	"shopbell/sources/ecwid/ecwidtest"
)

// A simulation is Ecwid with one store, and our app, which no merchant has installed yet.
type simulation struct {
	store    *ecwidtest.Store
	platform *ecwidtest.Platform
	source   sources.Source
	notices  []ecwidtest.Notice
	redirect string
}

func simulated(t *testing.T) *simulation {
	t.Helper()
	s := &simulation{redirect: "http://127.0.0.1:9/install/ecwid"}
	s.store = ecwidtest.New(ecwidtest.Options{Rate: -1})
	s.platform = ecwidtest.NewPlatform(ecwidtest.PlatformOptions{}, s.store)
	s.platform.AddApp(ecwidtest.App{ClientID: "bell", ClientSecret: clientSecret, RedirectURL: s.redirect,
		Send: func(n ecwidtest.Notice) { s.notices = append(s.notices, n) }})
	server := httptest.NewServer(s.platform)
	t.Cleanup(server.Close)
	var err error
	s.source, err = ecwid.Kind().Open("ecwid", json.RawMessage(fmt.Sprintf(`{"client_secret":%q,"client_id":"bell","redirect_url":%q,"oauth":%q,"api":%q,
		"scopes":["read_store_profile","read_orders","update_orders","read_catalog","read_customers","read_discount_coupons","read_promotion","read_reviews","read_invoices"]}`,
		clientSecret, s.redirect, server.URL+"/api/oauth", server.URL+"/api/v3")))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// install goes through the merchant's browser.
func (s *simulation) install(t *testing.T) {
	t.Helper()
	installer := s.source.(sources.Installer)
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := browser.Get(installer.Agree("st") + "&store_id=1003")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	back, err := url.Parse(response.Header.Get("Location"))
	if err != nil || !strings.HasPrefix(back.String(), s.redirect) {
		t.Fatalf("%d: sent back to %q, %v", response.StatusCode, back, err)
	}
	installation, err := installer.Exchange(t.Context(), back.Query())
	if err != nil || installation.Store != "1003" {
		t.Fatalf("got %+v, %v", installation, err)
	}
	installer.Connect(installation)
}

// take receives what was sent since the last time.
func (s *simulation) take(t *testing.T) (events []event.Event) {
	t.Helper()
	for _, n := range s.notices {
		got, err := s.source.Receive(sources.Request{Header: ecwidtest.Headers(n, clientSecret), Body: ecwidtest.Notification(n), Received: time.Now()})
		if err != nil {
			t.Fatalf("%s: %v", n.Type, err)
		}
		events = append(events, got...)
	}
	s.notices = nil
	return events
}

// TestEveryActOfTheSimulatedStore has each of Ecwid's events happen, and reads back what it is about.
func TestEveryActOfTheSimulatedStore(t *testing.T) {
	s := simulated(t)
	s.install(t)
	seen := map[string]bool{}
	for _, act := range ecwidtest.Acts() {
		if strings.HasPrefix(act.Type, "application.") {
			continue // below
		}
		if err := s.store.Act(act.Type); err != nil {
			t.Fatalf("%s: %v", act.Type, err)
		}
		events := s.take(t)
		last := -1 // what was made for the sake of the act is told first, and may be gone by now
		for i := range events {
			if events[i].Type == act.Type {
				last = i
			}
		}
		if last < 0 {
			t.Errorf("%s was not sent", act.Type)
			continue
		}
		seen[act.Type] = true
		s.readBack(t, &events[last])
	}
	if len(seen) != len(ecwid.Catalog().Types)-4 {
		t.Errorf("%d types were acted", len(seen))
	}
	if c, _ := s.source.(sources.Caller).Credential("1003"); c.State != sources.CredentialOK {
		t.Errorf("the token is %+v", c)
	}
}

// readBack holds that an event is confirmed, and that its entity is as the catalog says.
func (s *simulation) readBack(t *testing.T, e *event.Event) {
	t.Helper()
	known, ok := ecwid.Catalog().Lookup(e.Type)
	if !ok {
		t.Fatalf("%s is in no catalog", e.Type)
	}
	r, err := s.source.Attest(t.Context(), e)
	gone := known.Readable && known.Change == event.Deleted
	if err != nil || r.Gone != gone || (r.Entity != nil) != (known.Readable && !gone) || r.Stale != "" {
		t.Errorf("%s of %s: %+v, %v", e.Type, e.Subject, r, err)
	}
	if r.Entity == nil {
		return
	}
	v, err := event.Decode(r.Entity)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range misfits(known.Noun, v, known.Entity) {
		t.Error(fault)
	}
}

// TestLifeOfAnInstallation has a merchant install the app, change and remove it, and install it again.
func TestLifeOfAnInstallation(t *testing.T) {
	s := simulated(t)
	lively, caller := s.source.(sources.Lively), s.source.(sources.Caller)
	follow := func(kind string, want sources.Life) {
		t.Helper()
		var told bool
		for _, e := range s.take(t) {
			if e.Type != kind || !lively.Follows(e.Type) {
				continue
			}
			told = true
			r, err := s.source.Attest(t.Context(), &e)
			if got := lively.Follow(e.Type, r); err != nil || got != want {
				t.Errorf("%s: %s, %v; want %s", kind, got, err, want)
			}
			lively.Live(e.Store, want)
		}
		if !told {
			t.Errorf("no %s was sent", kind)
		}
	}
	s.install(t)
	first := caller.Fingerprint("1003")
	follow("application.installed", sources.Installed)
	if p, err := s.source.Profile(t.Context(), "1003"); err != nil || p.Currency != "EUR" || p.Email != "owner@example.com" {
		t.Errorf("the profile is %+v, %v", p, err)
	}
	s.store.SetStatus("SUSPENDED")
	follow("application.subscriptionStatusChanged", sources.Suspended)
	order, err := s.store.PlaceOrder(ecwidtest.OrderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	s.notices = nil
	if err := s.source.(sources.Changer).Change(t.Context(), sources.Edit{Store: "1003", Subject: "order/" + order,
		Set: map[string]json.RawMessage{"privateAdminNotes": json.RawMessage(`"rung"`)}}); err != nil {
		t.Fatal(err)
	}
	if e, _ := s.store.Get("orders", order); e["privateAdminNotes"] != "rung" {
		t.Errorf("the note is %v", e["privateAdminNotes"])
	}
	if events := s.take(t); len(events) != 1 || events[0].Type != "order.updated" || events[0].Subject != "order/"+order {
		t.Errorf("our own change came back as %+v", events)
	}
	if err := s.platform.Uninstall("bell", "1003"); err != nil {
		t.Fatal(err)
	}
	follow("application.uninstalled", sources.Uninstalled)
	if c, _ := caller.Credential("1003"); c.State != sources.CredentialStopped {
		t.Errorf("after the end: %+v", c)
	}
	s.install(t)
	follow("application.installed", sources.Installed)
	if c, _ := caller.Credential("1003"); c.State != sources.CredentialOK || caller.Fingerprint("1003") == first {
		t.Errorf("installed again: %+v", c)
	}
}
