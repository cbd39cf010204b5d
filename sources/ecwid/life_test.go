package ecwid

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

func appEvent(kind string) *event.Event {
	return &event.Event{Source: "ecwid", Store: "1003", ID: "a", Type: kind, Subject: "application/1003", Received: time.Now().Add(-time.Hour)}
}

func TestUninstall(t *testing.T) {
	alive := true
	w := &wire{answer: func(_ int64, r *http.Request) (int, string) {
		if alive || r.Header.Get("Authorization") == "Bearer secret_again" {
			return 200, `{"id":7,"generalInfo":{"storeId":1003},"subscriptionStatus":"ACTIVE"}`
		}
		return 403, `{"errorCode":"INVALID_API_TOKEN"}`
	}}
	s := wired(t, w).(*source)
	if r, err := s.Attest(t.Context(), appEvent(uninstalledEvent)); !sources.IsUnconfirmed(err) || s.Follow(uninstalledEvent, r) != sources.Unchanged {
		t.Fatalf("forged: %+v, %v", r, err)
	}
	alive = false
	r, err := s.Attest(t.Context(), appEvent(uninstalledEvent))
	if err != nil || !r.Gone || s.Follow(uninstalledEvent, r) != sources.Uninstalled {
		t.Fatalf("true: %+v, %v", r, err)
	}
	stopped := func(calls int64) {
		t.Helper()
		_, err := s.Attest(t.Context(), &product)
		c, _ := s.Credential("1003")
		if !sources.IsDenied(err) || w.calls.Load() != calls || c.State != sources.CredentialStopped || c.Since.IsZero() || !strings.Contains(c.Note, "uninstalled") {
			t.Errorf("stopped: %v after %d calls, %+v", err, w.calls.Load(), c)
		}
		if len(s.Stores()) != 0 || !s.Serves("1003") {
			t.Error("it must not be polled, and its events are still its own")
		}
	}
	stopped(2)
	s.Live("1003", sources.Uninstalled)
	stopped(2)
	if r, err := s.Attest(t.Context(), appEvent(uninstalledEvent)); err != nil || !r.Gone || w.calls.Load() != 2 {
		t.Errorf("told twice: %+v, %v after %d calls", r, err, w.calls.Load())
	}
	s.Connect(sources.Installation{Store: "1003", Token: "secret_again"})
	r, err = s.Attest(t.Context(), appEvent(installedEvent))
	if err != nil || s.Follow(installedEvent, r) != sources.Installed {
		t.Errorf("installed again: %+v, %v", r, err)
	}
	s.Live("1003", sources.Installed)
	if _, err := s.Attest(t.Context(), &product); err != nil || len(s.Stores()) != 1 {
		t.Errorf("installed again: %v", err)
	}
	s.Live("9999", sources.Uninstalled) // nobody's
}

// TestUninstallAfterTheTokenDied holds that an order which was read too late makes no lasting alarm.
func TestUninstallAfterTheTokenDied(t *testing.T) {
	w := &wire{answer: func(int64, *http.Request) (int, string) { return 403, `{"errorCode":"INVALID_API_TOKEN"}` }}
	s := wired(t, w).(*source)
	_, _ = s.Attest(t.Context(), &product)
	if c, _ := s.Credential("1003"); c.State != sources.CredentialDead {
		t.Fatalf("got %+v", c)
	}
	if r, err := s.Attest(t.Context(), appEvent(uninstalledEvent)); err != nil || !r.Gone || w.calls.Load() != 1 {
		t.Errorf("got %+v, %v after %d calls", r, err, w.calls.Load())
	}
	if c, _ := s.Credential("1003"); c.State != sources.CredentialStopped {
		t.Errorf("got %+v", c)
	}
}

// TestInstalledAgainByTheConfig has the program start anew with another token in the config, and be told of the earlier end.
func TestInstalledAgainByTheConfig(t *testing.T) {
	for body, works := range map[string]bool{`{"subscriptionStatus":"ACTIVE"}`: true, `{"errorCode":"INVALID_API_TOKEN"}`: false} {
		w := &wire{answer: func(int64, *http.Request) (int, string) { return map[bool]int{true: 200, false: 403}[works], body }}
		s := wired(t, w).(*source)
		s.Live("1003", sources.Uninstalled)
		if _, err := s.Attest(t.Context(), &product); !sources.IsDenied(err) || w.calls.Load() != 0 {
			t.Errorf("before: %v after %d calls", err, w.calls.Load())
		}
		for range 3 {
			r, err := s.Attest(t.Context(), appEvent(installedEvent))
			if got := s.Follow(installedEvent, r); (err == nil) != works || (got == sources.Installed) != works || !works && !sources.IsDenied(err) {
				t.Errorf("works %v: %s, %v", works, got, err)
			}
		}
		if !works && w.calls.Load() != 1 {
			t.Errorf("a dead token was used %d times", w.calls.Load())
		}
		if works {
			s.Live("1003", sources.Installed)
			if err := s.Change(t.Context(), sources.Edit{Store: "1003", Subject: "order/K", Set: map[string]json.RawMessage{"email": json.RawMessage(`""`)}}); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestConnectedAgainWithTheSameToken holds that what is told twice, as by another node, changes nothing.
func TestConnectedAgainWithTheSameToken(t *testing.T) {
	s := wired(t, &wire{answer: func(int64, *http.Request) (int, string) { return 200, `{"id":7}` }}).(*source)
	s.Connect(sources.Installation{Store: "1003", Token: "secret_new"})
	if _, err := s.Attest(t.Context(), &product); err != nil {
		t.Fatal(err)
	}
	s.Live("1003", sources.Uninstalled)
	s.Connect(sources.Installation{Store: "1003", Token: "secret_new"})
	if c, _ := s.Credential("1003"); c.State != sources.CredentialOK {
		t.Errorf("got %+v", c)
	}
	s.Live("1003", sources.Uninstalled)
	s.Revive("1003")
	if c, _ := s.Credential("1003"); c.State != sources.CredentialOK {
		t.Errorf("revived: %+v", c)
	}
}

func TestUninstallIsNotProvedByOtherRefusals(t *testing.T) {
	for body, status := range map[string]int{"": 403, `{"errorCode":"X"}`: 403, " ": 500, `{"errorCode":"STORE_IS_SUSPENDED"}`: 402,
		`{"errorCode":"STORE_NOT_FOUND"}`: 404, `{}`: 429, `{"a":`: 401} {
		s := wired(t, &wire{answer: func(int64, *http.Request) (int, string) { return status, body }}).(*source)
		if r, err := s.Attest(t.Context(), appEvent(uninstalledEvent)); err == nil || r.Gone || sources.IsUnconfirmed(err) {
			t.Errorf("%d %s: %+v, %v", status, body, r, err)
		}
	}
}

func TestFollow(t *testing.T) {
	s := plain(t).(*source)
	for entity, want := range map[string]sources.Life{`{"subscriptionStatus":"SUSPENDED"}`: sources.Suspended, `{"subscriptionStatus":"active"}`: sources.Active,
		`{"subscriptionStatus":"TRIAL"}`: sources.Active, `{"subscriptionStatus":"?"}`: sources.Unchanged, `{}`: sources.Unchanged} {
		if got := s.Follow(appStatusEvent, sources.Reading{Entity: json.RawMessage(entity)}); got != want {
			t.Errorf("%s: %s, want %s", entity, got, want)
		}
	}
	for _, known := range Catalog().Types {
		want := known.Name == installedEvent || known.Name == uninstalledEvent || known.Name == appStatusEvent
		if s.Follows(known.Name) != want {
			t.Errorf("follows %s: %v", known.Name, !want)
		}
		if !want && s.Follow(known.Name, sources.Reading{Gone: true}) != sources.Unchanged {
			t.Errorf("%s changes the store's life", known.Name)
		}
	}
}

func TestBury(t *testing.T) {
	w := &wire{answer: func(int64, *http.Request) (int, string) { return 200, `{"id":7}` }}
	s := wired(t, w).(*source)
	since := time.Now().Add(-time.Hour)
	s.Bury("1003", since, "found dead on Monday")
	s.Bury("9999", since, "nobody's")
	if _, err := s.Attest(t.Context(), &product); !sources.IsDenied(err) || w.calls.Load() != 0 {
		t.Errorf("%v after %d calls", err, w.calls.Load())
	}
	if c, ok := s.Credential("1003"); !ok || c != (sources.Credential{State: sources.CredentialDead, Since: since, Note: "found dead on Monday"}) {
		t.Errorf("got %+v", c)
	}
	if _, ok := s.Credential("9999"); ok {
		t.Error("a store that is not connected has a credential")
	}
	s.Revive("1003")
	s.Revive("9999")
	if _, err := s.Attest(t.Context(), &product); err != nil {
		t.Error(err)
	}
	missing := opened(t, `{"attest":"never","stores":{"5":{}}}`).(*source)
	missing.Bury("5", since, "x")
	missing.Revive("5")
	if c, _ := missing.Credential("5"); c.State != sources.CredentialUnused || c.Note != "" || missing.Fingerprint("5") != "" {
		t.Errorf("got %+v", c)
	}
}

func TestChange(t *testing.T) {
	var asked []string
	status, body := 200, `{"updateCount":1}`
	w := &wire{answer: func(_ int64, r *http.Request) (int, string) {
		sent, _ := io.ReadAll(r.Body)
		asked = append(asked, r.Method+" "+r.URL.EscapedPath()+" "+string(sent)+" "+r.Header.Get("Content-Type"))
		return status, body
	}}
	s := wired(t, w).(*source)
	set := map[string]json.RawMessage{"privateAdminNotes": json.RawMessage(`"é"`), "paymentStatus": json.RawMessage(`"PAID"`)}
	for subject, want := range map[string]string{"order/K 8/X": "orders/K%208%2FX", "cart/320AB5DE": "carts/320AB5DE", "product/7": "products/7", "customer/7": "customers/7"} {
		asked = nil
		if err := s.Change(t.Context(), sources.Edit{Store: "1003", Subject: subject, Set: set}); err != nil {
			t.Errorf("%s: %v", subject, err)
		}
		if want = "PUT /api/v3/1003/" + want + ` {"paymentStatus":"PAID","privateAdminNotes":"é"} application/json; charset=utf-8`; len(asked) != 1 || asked[0] != want {
			t.Errorf("%s: %q, want %q", subject, asked, want)
		}
		noun, _, _ := strings.Cut(subject, "/")
		if len(s.Volatile(noun)) == 0 {
			t.Errorf("%s: nothing is volatile", noun)
		}
	}
	asked = nil
	for _, edit := range []sources.Edit{{Store: "9999", Subject: "order/K", Set: set}, {Store: "1003", Subject: "review/7", Set: set}, {Store: "1003", Subject: "order", Set: set},
		{Store: "1003", Subject: "order/..", Set: set}, {Store: "1003", Subject: "product/x", Set: set}, {Store: "1003", Subject: "order/K"},
		{Store: "1003", Subject: "order/K", Set: map[string]json.RawMessage{"a": json.RawMessage(`{`)}}} {
		if err := s.Change(t.Context(), edit); !sources.IsUnconfirmed(err) || asked != nil {
			t.Errorf("%+v: %v, asked %q", edit, err, asked)
		}
	}
	for code, want := range map[int]string{404: "unconfirmed", 400: "unconfirmed", 409: "again", 422: "unconfirmed", 402: "denied", 429: "later", 500: "again"} {
		status, body = code, `{"errorCode":"X"}`
		fresh := wired(t, w).(*source)
		err := fresh.Change(t.Context(), sources.Edit{Store: "1003", Subject: "order/K", Set: set})
		got := "again"
		switch {
		case sources.IsUnconfirmed(err):
			got = "unconfirmed"
		case sources.IsDenied(err):
			got = "denied"
		case sources.Wait(err) > 0:
			got = "later"
		}
		if err == nil || got != want {
			t.Errorf("%d: %s, %v; want %s", code, got, err, want)
		}
	}
	status, body = 403, `{"errorCode":"INSUFFICIENT_APP_SCOPE"}`
	if err := s.Change(t.Context(), sources.Edit{Store: "1003", Subject: "product/7", Set: set}); !sources.IsDenied(err) || !strings.Contains(err.Error(), "update_catalog") {
		t.Errorf("without the scope: %v", err)
	}
	if c, _ := s.Credential("1003"); c.State != sources.CredentialScope || !strings.Contains(c.Note, "update_catalog") {
		t.Errorf("got %+v", c)
	}
}

// FuzzAnswer gives the API's answers any form: nothing may be taken for an entity, or for gone, that is not.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"id":7}`, `[{"id":7}]`, `{"items":[{"id":7}],"total":1,"count":1}`, `{"invoices":[{"internalId":9}]}`, `[{"key":"a","value":"b"}]`,
		`{"id":"7"}`, `{"id":null}`, `{"items":{}}`, `{"total":9e9,"count":1,"items":[]}`, `{"errorCode":"INVALID_API_TOKEN"}`, `{"id":7`, `[[[`, ``} {
		for i := range 6 {
			f.Add(200, []byte(seed), uint8(i*5))
		}
		f.Add(404, []byte(seed), uint8(3))
	}
	types := Catalog().Types
	status, body := 0, ""
	w := &wire{answer: func(int64, *http.Request) (int, string) { return status, body }}
	f.Fuzz(func(t *testing.T, code int, answer []byte, which uint8) {
		if code < 200 || code > 599 {
			code = 200
		}
		status, body = code, string(answer)
		known := types[int(which)%len(types)]
		s := plain(t).(*source)
		s.api.client.Transport = w
		e := &event.Event{Store: "1003", Type: known.Name, Subject: s.types[known.Name].group + "/7", Data: json.RawMessage(`{"orderId":"7","cartId":"7"}`),
			Body: json.RawMessage(`{"entityId":9}`)}
		r, err := s.Attest(t.Context(), e)
		if err != nil && (r.Gone || r.Entity != nil || strings.Contains(err.Error(), "secret_abc")) {
			t.Fatalf("%s: %+v with %v", known.Name, r, err)
		}
		if r.Entity != nil {
			if _, err := event.DecodeObject(r.Entity); err != nil || code != 200 {
				t.Fatalf("%s: %d %q gave %s", known.Name, code, answer, r.Entity)
			}
		}
		_, _ = s.Profile(t.Context(), "1003")
	})
}
