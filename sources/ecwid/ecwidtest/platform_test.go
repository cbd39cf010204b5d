package ecwidtest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/sources/ecwid/ecwidtest"
)

// A market is a platform with two stores and an app, as a test drives it.
type market struct {
	*ecwidtest.Platform
	sent []ecwidtest.Notice
	now  time.Time
}

func open(o ecwidtest.PlatformOptions) (*market, map[string]*ecwidtest.Store) {
	m := &market{now: time.Unix(1735689600, 0)}
	o.Now = func() time.Time { return m.now }
	stores := map[string]*ecwidtest.Store{}
	for _, id := range []string{"1003", "1004"} {
		stores[id] = ecwidtest.New(ecwidtest.Options{StoreID: id, Token: "secret_own_" + id, Now: o.Now})
	}
	m.Platform = ecwidtest.NewPlatform(o, stores["1003"], stores["1004"])
	m.AddApp(ecwidtest.App{ClientID: "bell", ClientSecret: "s3cret", Scopes: []string{"read_orders", "read_store_profile"},
		Send: func(n ecwidtest.Notice) { m.sent = append(m.sent, n) }})
	return m, stores
}

// agree has a merchant agree, and gives what the browser comes back with.
func (m *market) agree(store string) url.Values {
	query := url.Values{"client_id": {"bell"}, "redirect_uri": {"https://bell.example.com/install/ecwid?x=1"}, "response_type": {"code"}, "scope": {"read_orders read_store_profile"}, "state": {"st&te"}, "store_id": {store}}
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest("GET", "/api/oauth/authorize?"+query.Encode(), nil))
	back, _ := url.Parse(w.Header().Get("Location"))
	return back.Query()
}

// exchange turns a code into a token.
func (m *market) exchange(code, store string, change ...string) (status int, answer map[string]any) {
	form := url.Values{"client_id": {"bell"}, "client_secret": {"s3cret"}, "code": {code}, "store_id": {store},
		"redirect_uri": {"https://bell.example.com/install/ecwid?x=1"}, "grant_type": {"authorization_code"}}
	for i := 0; i+1 < len(change); i += 2 {
		form.Set(change[i], change[i+1])
	}
	r := httptest.NewRequest("POST", "/api/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return w.Code, answer
}

func (m *market) profile(store, token string) int {
	r := httptest.NewRequest("GET", "/api/v3/"+store+"/profile", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	return w.Code
}

func TestInstallByOAuth(t *testing.T) {
	m, stores := open(ecwidtest.PlatformOptions{})
	back := m.agree("1004")
	if back.Get("code") == "" || back.Get("store_id") != "1004" || back.Get("state") != "st&te" || back.Get("x") != "1" {
		t.Fatalf("came back with %v", back)
	}
	if len(m.sent) != 1 || m.sent[0].Type != "application.installed" || m.sent[0].Entity != "1004" {
		t.Fatalf("sent %+v", m.sent)
	}
	code := back.Get("code")
	for name, change := range map[string][]string{"secret": {"client_secret", "x"}, "app": {"client_id", "x"}, "code": {"code", "x"}, "store": {"store_id", "1003"},
		"address": {"redirect_uri", "https://evil.example.com"}, "grant": {"grant_type", "password"}} {
		if status, answer := m.exchange(code, "1004", change...); status < 400 || answer["access_token"] != nil {
			t.Errorf("wrong %s: %d %v", name, status, answer)
		}
	}
	status, answer := m.exchange(code, "1004")
	token, _ := answer["access_token"].(string)
	if status != 200 || !strings.HasPrefix(token, "secret_") || answer["scope"] != "read_orders read_store_profile" || answer["store_id"] != 1004.0 || answer["public_token"] != nil {
		t.Fatalf("exchange: %d %v", status, answer)
	}
	if m.profile("1004", token) != 200 || m.profile("1003", token) != 403 {
		t.Error("the token does not work for its store alone")
	}
	if status, _ := m.exchange(code, "1004"); status != 400 || m.profile("1004", token) != 403 {
		t.Errorf("the second exchange: %d; the token answers %d", status, m.profile("1004", token))
	}
	_, answer = m.exchange(m.agree("1004").Get("code"), "1004")
	token = answer["access_token"].(string)
	m.sent = nil
	_ = stores["1004"].Act("product.created")
	_ = stores["1003"].Act("order.created")
	_ = stores["1004"].Act("order.created")
	if len(m.sent) != 1 || m.sent[0].Type != "order.created" || m.sent[0].Store != 1004 {
		t.Errorf("the app was sent %+v", m.sent)
	}
	if err := m.Uninstall("bell", "1004"); err != nil || m.sent[len(m.sent)-1].Type != "application.uninstalled" || m.profile("1004", token) != 403 {
		t.Errorf("uninstall: %v, %+v", err, m.sent)
	}
	m.sent = nil
	_ = stores["1004"].Act("order.created")
	if m.sent != nil || m.Uninstall("bell", "1004") == nil {
		t.Error("the app is still there")
	}
}

func TestInstallCanFail(t *testing.T) {
	m, _ := open(ecwidtest.PlatformOptions{Refuse: true})
	if back := m.agree("1003"); back.Get("error") != "access_denied" || back.Get("code") != "" {
		t.Errorf("refused: %v", back)
	}
	m, _ = open(ecwidtest.PlatformOptions{LateInstall: true})
	code := m.agree("1003").Get("code")
	if len(m.sent) != 0 {
		t.Errorf("sent early: %v", m.sent)
	}
	m.now = m.now.Add(time.Hour)
	if status, _ := m.exchange(code, "1003"); status != 400 {
		t.Errorf("an old code: %d", status)
	}
	if status, _ := m.exchange(m.agree("1003").Get("code"), "1003"); status != 200 || len(m.sent) != 1 {
		t.Errorf("late: %d, sent %v", status, m.sent)
	}
	if m.profile("1009", "x") != http.StatusNotFound {
		t.Error("an unknown store is known")
	}
}

func TestInstallWithoutABrowser(t *testing.T) {
	m, _ := open(ecwidtest.PlatformOptions{})
	first, err := m.Install("bell", "1003")
	if err != nil {
		t.Fatal(err)
	}
	second, err := m.Install("bell", "1003")
	if err != nil || first == second || m.profile("1003", first) != 403 || m.profile("1003", second) != 200 {
		t.Errorf("installing again: %v", err)
	}
	var types []string
	for _, n := range m.sent {
		types = append(types, n.Type)
	}
	if !slices.Equal(types, []string{"application.installed", "application.installed"}) {
		t.Errorf("sent %q", types)
	}
	if _, err := m.Install("nope", "1003"); err == nil {
		t.Error("an unknown app was installed")
	}
}
