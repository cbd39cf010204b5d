package ecwid_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"shopbell/sources"
	"shopbell/sources/ecwid"
)

const clientSecret = "cs_Geheim123456"

// issuer is Ecwid's side of an installation.
type issuer struct {
	mu     sync.Mutex
	status int
	answer string
	forms  []url.Values
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	body := http.MaxBytesReader(w, r.Body, 1<<16)
	defer body.Close()
	r.Body = body
	if r.Method != http.MethodPost || r.URL.Path != "/api/oauth/token" || r.URL.RawQuery != "" || r.ParseForm() != nil {
		w.WriteHeader(404)
		return
	}
	i.forms = append(i.forms, r.PostForm)
	w.Header().Set("Location", "/elsewhere")
	if i.status != 0 {
		w.WriteHeader(i.status)
	}
	fmt.Fprint(w, i.answer)
}

func installing(t testing.TB, i *issuer, more string) sources.Source {
	t.Helper()
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	s, err := ecwid.Kind().Open("ecwid", json.RawMessage(fmt.Sprintf(`{"client_secret":%q,"client_id":"app-1","redirect_url":"https://bell.example.com/install/ecwid","oauth":%q,"api":%q%s}`,
		clientSecret, server.URL+"/api/oauth/", server.URL+"/api/v3", more)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestInstallation(t *testing.T) {
	i := &issuer{answer: `{"access_token":"secret_new","token_type":"bearer","scope":"read_store_profile read_orders","store_id":1003,"public_token":"public_x","email":"jane@example.com"}`}
	s := installing(t, i, "")
	installer := s.(sources.Installer)
	if !installer.Installs() || s.Serves("1003") {
		t.Fatal("it must install, and serve nobody yet")
	}
	agree, err := url.Parse(installer.Agree("st&te"))
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{"client_id": {"app-1"}, "redirect_uri": {"https://bell.example.com/install/ecwid"}, "response_type": {"code"}, "state": {"st&te"},
		"scope": {"read_store_profile read_orders read_catalog read_customers read_discount_coupons"}}
	if agree.Path != "/api/oauth/authorize" || agree.RawQuery != want.Encode() {
		t.Errorf("the page is %s", agree)
	}
	got, err := installer.Exchange(t.Context(), url.Values{"code": {"abcd123456"}, "store_id": {"1003"}, "state": {"st&te"}})
	if err != nil || got.Store != "1003" || got.Token.Reveal() != "secret_new" || strings.Join(got.Scopes, " ") != "read_store_profile read_orders" || got.At.IsZero() {
		t.Fatalf("got %+v, %v", got, err)
	}
	form := url.Values{"client_id": {"app-1"}, "client_secret": {clientSecret}, "code": {"abcd123456"}, "store_id": {"1003"},
		"redirect_uri": {"https://bell.example.com/install/ecwid"}, "grant_type": {"authorization_code"}}
	if len(i.forms) != 1 || i.forms[0].Encode() != form.Encode() {
		t.Errorf("sent %v", i.forms)
	}
	installer.Connect(got)
	if !s.Serves("1003") {
		t.Error("a connected store is not served")
	}
	// A second exchange would have Ecwid take the token back.
	if _, err := installer.Exchange(t.Context(), url.Values{"code": {"abcd123456"}, "store_id": {"1003"}}); err == nil || len(i.forms) != 1 || !strings.Contains(err.Error(), "carried out already") {
		t.Errorf("a code used twice: %v after %d calls", err, len(i.forms))
	}
}

func TestInstallationFails(t *testing.T) {
	query := func(pairs ...string) url.Values {
		q := url.Values{"code": {"abcd"}, "store_id": {"1003"}}
		for i := 0; i < len(pairs); i += 2 {
			q.Set(pairs[i], pairs[i+1])
		}
		return q
	}
	good := `{"access_token":"secret_new","token_type":"bearer","scope":"","store_id":1003}`
	for _, c := range []struct {
		status int
		answer string
		query  url.Values
		want   string
		calls  int
	}{
		{0, good, url.Values{"error": {"access_denied"}}, "you did not agree", 0},
		{0, good, url.Values{"error": {"server_error"}}, "did not install the app (server_error)", 0},
		{0, good, url.Values{"error": {"<script>" + clientSecret}}, "did not install the app, so", 0},
		{0, good, url.Values{}, "begin the installation at Ecwid", 0},
		{0, good, query("code", strings.Repeat("x", 2000)), "begin the installation at Ecwid", 0},
		{0, good, query("store_id", "../1003"), "did not say which store", 0},
		{0, strings.Replace(good, "1003", "1004", 1), query(), "in another store than the one", 1},
		{0, strings.Replace(good, "1003", `"x"`, 1), query(), "did not say which store", 1},
		{0, `{"access_token":"secret_new"}`, url.Values{"code": {"abcd"}}, "did not say which store", 1},
		{0, strings.Replace(good, "secret_new", "public_new", 1), query(), "no token that can be used", 1},
		{0, strings.Replace(good, "secret_new", `secret_new\nX: y`, 1), query(), "no token that can be used", 1},
		{0, strings.Replace(good, "bearer", "mac", 1), query(), "no token that can be used", 1},
		{0, `{"store_id":1003}`, query(), "no token that can be used", 1},
		{0, `<html>` + clientSecret, query(), "could not be read", 1},
		{0, strings.Repeat("[", 100_000), query(), "cut off or too long", 1},
		{0, good + strings.Repeat(" ", 1<<17), query(), "cut off or too long", 1},
		{400, `{"error":"invalid_grant","error_description":"` + clientSecret + `"}`, query(), "does not take the code of this installation (400 (invalid_grant)): it was used already", 1},
		{400, ``, query(), "it was used already", 1},
		{403, `{"errorCode":"` + clientSecret + ` is wrong"}`, query(), "it was used already", 1},
		{401, ``, query(), "does not know this app", 1},
		{400, `{"error":"invalid_client"}`, query(), "client secret is wrong in this server's config", 1},
		{429, ``, query(), "just now (429)", 1},
		{503, `<html>`, query(), "just now (503)", 1},
		{302, ``, query(), "redirect (302), which is not followed", 1},
	} {
		i := &issuer{status: c.status, answer: c.answer}
		s := installing(t, i, "").(sources.Installer)
		got, err := s.Exchange(t.Context(), c.query)
		if err == nil || !strings.Contains(err.Error(), c.want) || got.Token != "" || len(i.forms) != c.calls {
			t.Errorf("%d %.80s %v: %+v, %v after %d calls; want %s", c.status, c.answer, c.query, got, err, len(i.forms), c.want)
			continue
		}
		if strings.Contains(err.Error(), clientSecret) || strings.Contains(err.Error(), "secret_new") || strings.Contains(err.Error(), "<") {
			t.Errorf("the error tells too much: %v", err)
		}
		if c.calls == 1 { // what brought nothing may be tried again
			i.status, i.answer = 0, good
			if got, err := s.Exchange(t.Context(), query()); err != nil || got.Store != "1003" {
				t.Errorf("after %q: %v", c.want, err)
			}
		}
	}
	dead := httptest.NewServer(nil)
	dead.Close()
	s, err := ecwid.Kind().Open("ecwid", json.RawMessage(fmt.Sprintf(`{"client_secret":%q,"client_id":"a","redirect_url":"https://b.example","oauth":%q,"scopes":["read_orders"]}`, clientSecret, dead.URL)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.(sources.Installer).Exchange(t.Context(), query()); err == nil || !strings.Contains(err.Error(), "Ecwid refused the connection") || strings.Contains(err.Error(), dead.URL) {
		t.Errorf("nobody there: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.(sources.Installer).Exchange(ctx, query()); err == nil {
		t.Error("a stopped exchange succeeded")
	}
	if a := s.(sources.Installer).Agree(""); strings.Contains(a, "state") || !strings.Contains(a, "scope=read_orders&") && !strings.HasSuffix(a, "scope=read_orders") {
		t.Errorf("the page is %s", a)
	}
}

// TestInstalledTokenCounts holds that installing again puts the token of the config out of use.
func TestInstalledTokenCounts(t *testing.T) {
	var seen []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r.Header.Get("Authorization"))
		fmt.Fprint(w, `{"generalInfo":{"storeId":1003},"id":7}`)
	}))
	defer server.Close()
	s, err := ecwid.Kind().Open("ecwid", json.RawMessage(fmt.Sprintf(`{"client_secret":"s","api":%q,"stores":{"1003":{"token":"secret_old"}}}`, server.URL)))
	if err != nil {
		t.Fatal(err)
	}
	e := told(t, s, "product.updated", "7", "")
	for _, token := range []string{"", "secret_new"} {
		if token != "" {
			before := s.(sources.Caller).Fingerprint("1003")
			s.(sources.Installer).Connect(sources.Installation{Store: "1003", Token: "secret_new"})
			s.(sources.Installer).Connect(sources.Installation{Store: "../x", Token: "secret_new"})
			if after := s.(sources.Caller).Fingerprint("1003"); after == before || after == "" || strings.Contains(after, "new") {
				t.Errorf("the fingerprint is %q", after)
			}
		}
		e.Received = e.Received.Add(1)
		if _, err := s.Attest(t.Context(), e); err != nil && token == "" {
			t.Fatal(err)
		}
	}
	if strings.Join(seen, " ") != "Bearer secret_old Bearer secret_new" || s.Serves("../x") {
		t.Errorf("used %q", seen)
	}
	if s.(sources.Installer).Installs() {
		t.Error("a source without redirect_url installs")
	}
}

// FuzzInstallation gives Ecwid's answer to the exchange of a code any form.
func FuzzInstallation(f *testing.F) {
	for _, seed := range []string{`{"access_token":"secret_new","token_type":"bearer","scope":"a b","store_id":1003}`, `{"access_token":5,"store_id":"1003"}`,
		`{"access_token":"secret_x","store_id":null}`, `[]`, `{"store_id":1e3,"access_token":"\u0000"}`, `{"error":"invalid_grant"}`, ``} {
		f.Add(200, []byte(seed), "1003")
		f.Add(400, []byte(seed), "")
	}
	i := &issuer{}
	s := installing(f, i, "").(sources.Installer)
	f.Fuzz(func(t *testing.T, status int, answer []byte, store string) {
		if status < 200 || status > 599 {
			status = 200
		}
		i.status, i.answer = status, string(answer)
		query := url.Values{"code": {fmt.Sprint(len(i.forms))}, "store_id": {store}}
		got, err := s.Exchange(t.Context(), query)
		i.forms = i.forms[:0:0]
		switch {
		case err != nil && (got.Token != "" || strings.Contains(err.Error(), clientSecret)):
			t.Fatalf("%+v, %v", got, err)
		case err == nil && (got.Token == "" || got.Store == "" || store != "" && got.Store != store || strings.HasPrefix(got.Token.Reveal(), "public_") ||
			strings.ContainsAny(got.Token.Reveal(), " \r\n\x00") || strings.Trim(got.Store, "0123456789") != ""):
			t.Fatalf("%q gave %+v", answer, got)
		}
	})
}
