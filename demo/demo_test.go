package demo

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/standard"
	"shopbell/config"
	"shopbell/document"
	"shopbell/rules"
	"shopbell/sources"
	"shopbell/sources/ecwid"
)

// start starts a demo whose webhooks go to a handler.
func start(t *testing.T, webhooks http.Handler) *Demo {
	t.Helper()
	shopbell := httptest.NewServer(webhooks)
	t.Cleanup(shopbell.Close)
	d, err := Start(t.Context(), Options{Listen: shopbell.Listener.Addr().String(), Folder: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := d.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return d
}

func everything() config.Kinds {
	return config.Kinds{Sources: []*sources.Kind{ecwid.Kind()}, Actions: standard.Kinds()}
}

// load reads the demo's config as `shopbell serve` does.
func load(t *testing.T, d *Demo) *config.Config {
	t.Helper()
	c, problems := config.Load(d.Config, everything())
	if len(problems) > 0 {
		t.Fatalf("the config has problems:\n%s", document.Text(problems))
	}
	return c
}

// outlets opens the accounts of the config.
func outlets(t *testing.T, c *config.Config) map[string]actions.Outlet {
	t.Helper()
	opened := map[string]actions.Outlet{}
	for _, a := range c.Accounts {
		outlet, err := a.Kind.Open(actions.Env{Allow: c.HTTP.Allow, Log: slog.New(slog.DiscardHandler)}, a.Config)
		if err != nil {
			t.Fatal(err)
		}
		opened[a.Name] = outlet
	}
	return opened
}

func TestRulesAreRight(t *testing.T) {
	d := start(t, http.NotFoundHandler())
	c := load(t, d)
	world := rules.World{Sources: map[string]rules.Origin{}, Actions: map[string]*actions.Kind{}, Accounts: map[string]rules.Outlet{}}
	for _, k := range standard.Kinds() {
		world.Actions[k.Name] = k
	}
	for _, s := range c.Sources {
		world.Sources[s.Name] = rules.Origin{Kind: s.Kind.Name, Catalog: s.Kind.Catalog, ReadsBack: true, Stores: s.Stores}
	}
	for _, a := range c.Accounts {
		world.Accounts[a.Name] = rules.Outlet{Kind: a.Kind.Name}
	}
	set := rules.Load(filepath.Join(filepath.Dir(d.Config), "rules"), world, nil)
	if problems := set.Problems(); len(problems) > 0 {
		t.Errorf("the rules have problems:\n%s", document.Text(problems))
	}
	if n := len(set.Rules()); n != 5 {
		t.Errorf("there are %d rules, want 5", n)
	}
}

// TestMailArrives sends through the real e-mail action.
func TestMailArrives(t *testing.T) {
	d := start(t, http.NotFoundHandler())
	changed, stop := d.Inbox().Changes()
	defer stop()
	params := `{"to":"jane@example.com","subject":"Grüße, José","text":"hi\nthere","html":"<p>hi <b>José</b></p>"}`
	if _, err := outlets(t, load(t, d))["email"].Send(t.Context(), actions.Call[json.RawMessage]{Key: "key-1", Try: 1, Params: json.RawMessage(params)}); err != nil {
		t.Fatal(err)
	}
	<-changed
	m := d.Inbox().Messages(1)[0].Mail
	if m == nil || m.Subject != "Grüße, José" || !strings.Contains(m.Text, "hi\nthere") || !strings.Contains(m.HTML, "<b>José</b>") ||
		!strings.Contains(m.From, "hello@bell.example") || len(m.To) != 1 || m.To[0] != "jane@example.com" {
		t.Fatalf("the mail reads %+v", m)
	}
}

// TestSlackArrives sends through the real slack action.
func TestSlackArrives(t *testing.T) {
	d := start(t, http.NotFoundHandler())
	params := `{"channel":"#sales","text":"*K8XTQ* is paid","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"*K8XTQ*"}}]}`
	result, err := outlets(t, load(t, d))["slack"].Send(t.Context(), actions.Call[json.RawMessage]{Key: "key-1", Try: 1, Params: json.RawMessage(params)})
	if err != nil {
		t.Fatal(err)
	}
	p := d.Inbox().Messages(1)[0].Slack
	if p == nil || p.Channel != "#sales" || p.Text != "*K8XTQ* is paid" || len(p.Blocks) != 1 || p.Blocks[0].Text.Text != "*K8XTQ*" || result["ts"] != p.TS {
		t.Fatalf("the message reads %+v, the answer %v", p, result)
	}
}

// TestSlackRefuses holds the errors that Slack has names for.
func TestSlackRefuses(t *testing.T) {
	api := &slackAPI{inbox: newInbox()}
	for _, test := range []struct{ path, token, body, want string }{
		{"/api/chat.postMessage", "", `{}`, "not_authed"},
		{"/api/chat.postMessage", "xoxb-1", `{`, "invalid_json"},
		{"/api/chat.postMessage", "xoxb-1", `{"text":"x"}`, "channel_not_found"},
		{"/api/chat.postMessage", "xoxb-1", `{"channel":"#x"}`, "no_text"},
		{"/api/chat.postMessage", "xoxb-1", `{"channel":"#x","blocks":7}`, "invalid_json"},
		{"/api/files.upload", "xoxb-1", `{}`, "unknown_method"},
	} {
		r := httptest.NewRequest("POST", test.path, strings.NewReader(test.body))
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
		r.Header.Set("Authorization", "Bearer "+test.token)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, r)
		if w.Code != 200 || !strings.Contains(w.Body.String(), `"error":"`+test.want+`"`) {
			t.Errorf("%s %s: %d %s, want %s", test.path, test.body, w.Code, w.Body, test.want)
		}
	}
	if n := len(api.inbox.Messages(10)); n != 0 {
		t.Errorf("%d messages came through", n)
	}
}

// TestTextArrives sends through the real sms action.
func TestTextArrives(t *testing.T) {
	d := start(t, http.NotFoundHandler())
	sms := outlets(t, load(t, d))["sms"]
	result, err := sms.Send(t.Context(), actions.Call[json.RawMessage]{Key: "key-1", Try: 1, Params: json.RawMessage(`{"to":"06 12345678","country":"NL","text":"K8XTQ & more\nis on its way 🔔"}`)})
	if err != nil {
		t.Fatal(err)
	}
	want := Text{From: "+15005550006", To: "+31612345678", Body: "K8XTQ & more\nis on its way 🔔"}
	if got := d.Inbox().Messages(1)[0].Text; got == nil || *got != want || result["segments"] != 1 || result["encoding"] != "UCS-2" {
		t.Fatalf("the text reads %+v, the answer %v", got, result)
	}
	for _, c := range []struct{ path, user, body, says string }{
		{"/2010-04-01/Accounts/ACdemo/Messages.json", "ACdemo", "To=%2B31612345678", "21602"},
		{"/2010-04-01/Accounts/ACdemo/Messages.json", "ACdemo", "To=0612345678&Body=x", "21211"},
		{"/2010-04-01/Accounts/ACdemo/Messages.json", "ACother", "To=%2B31612345678&Body=x", "20003"},
		{"/2010-04-01/Accounts/ACother/Messages.json", "ACdemo", "To=%2B31612345678&Body=x", "20404"},
	} {
		r := httptest.NewRequest("POST", c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.SetBasicAuth(c.user, twilioToken)
		w := httptest.NewRecorder()
		(&twilioAPI{inbox: d.inbox}).ServeHTTP(w, r)
		if w.Code < 400 || !strings.Contains(w.Body.String(), c.says) {
			t.Errorf("%s %s: %d %s, want %s", c.path, c.body, w.Code, w.Body, c.says)
		}
	}
	if n := len(d.Inbox().Messages(10)); n != 1 {
		t.Errorf("%d texts came through", n)
	}
}

// TestWebhooks proves that what happens in the shop is told by signed webhooks that the real source takes.
func TestWebhooks(t *testing.T) {
	var source sources.Source
	types := make(chan string, 100)
	d := start(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		events, err := source.Receive(sources.Request{Header: r.Header, Query: r.URL.Query(), Body: body, Received: time.Now()})
		if err != nil {
			types <- err.Error()
			return
		}
		types <- events[0].Type
	}))
	c := load(t, d)
	var err error
	if source, err = c.Sources[0].Kind.Open("ecwid", c.Sources[0].Config); err != nil {
		t.Fatal(err)
	}
	bell := d.products()[0]
	shop := http.StripPrefix("", d.shopPage().Handler)
	post := func(path, form string) string {
		r := httptest.NewRequest("POST", path, strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		shop.ServeHTTP(w, r)
		return w.Header().Get("Location")
	}
	for _, test := range []struct{ path, form, location, want string }{
		{"/shop/order", "quantity=1&customer=jane@example.com&product=" + bell.ID, "/shop?done=order", "order.created"},
		{"/shop/pay", "order=", "/shop?done=paid", "order.updated"},
		{"/shop/cart", "quantity=2&customer=jane@example.com&product=" + bell.ID, "/shop?done=cart", "unfinished_order.created"},
		{"/shop/stock", "quantity=3&product=" + bell.ID, "/shop?done=stock", "product.updated"},
	} {
		form := test.form
		if test.path == "/shop/pay" {
			form += d.orders(1)[0].ID
		}
		if at := post(test.path, form); at != test.location {
			t.Fatalf("%s led to %q, want %s", test.path, at, test.location)
		}
		for got := ""; got != test.want; got = <-types {
			if got != "" && !strings.Contains(got, ".") {
				t.Fatalf("%s: %s", test.path, got)
			}
		}
	}
	if o := d.orders(5); len(o) != 1 || !o[0].Paid {
		t.Errorf("the orders are %+v", o)
	}
	for _, form := range []string{"quantity=0&customer=jane@example.com&product=" + bell.ID, "quantity=1&customer=nobody&product=" + bell.ID, "quantity=1&customer=jane@example.com&product=7"} {
		if at := post("/shop/order", form); at != "" {
			t.Errorf("%s led to %s", form, at)
		}
	}
}

func TestStartTwiceKeepsRules(t *testing.T) {
	folder := t.TempDir()
	for range 2 {
		d, err := Start(t.Context(), Options{Listen: "127.0.0.1:1", Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(t.Context()); err != nil {
			t.Errorf("closing again: %v", err)
		}
	}
}

func TestOnlyThisMachine(t *testing.T) {
	d := start(t, http.NotFoundHandler())
	c := load(t, d)
	for _, a := range c.Accounts {
		var where struct{ Host, API string }
		if err := json.Unmarshal(a.Config, &where); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(where.Host+where.API, "127.0.0.1") {
			t.Errorf("account %s goes to %s%s", a.Name, where.Host, where.API)
		}
	}
}

func TestInboxIsBounded(t *testing.T) {
	b := newInbox()
	for range inboxSize + 7 {
		b.Add(Message{Slack: &Post{}})
	}
	list := b.Messages(inboxSize * 2)
	if len(list) != inboxSize || list[0].ID != inboxSize+7 || list[len(list)-1].ID != 8 {
		t.Errorf("it holds %d, from %d to %d", len(list), list[0].ID, list[len(list)-1].ID)
	}
	if _, ok := b.Find(7); ok {
		t.Error("the oldest is still there")
	}
	if m, ok := b.Find(8); !ok || m.ID != 8 {
		t.Error("message 8 is not there")
	}
}
