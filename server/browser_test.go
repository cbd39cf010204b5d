package server

import (
	"context"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/server/servertest"
)

// serveBench puts a bench on a real port.
func serveBench(t *testing.T, b *bench) string {
	t.Helper()
	web := httptest.NewServer(b.Handler())
	t.Cleanup(func() {
		close(b.stopping) // ends live pages, which would keep Close waiting
		web.Close()
	})
	return web.URL
}

func TestPagesInABrowser(t *testing.T) {
	extra := Page{Path: "/inbox", Title: "Inbox", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Render(w, r, "Inbox", template.HTML(`<section class="card"><h1>Inbox</h1></section>`))
	})}
	b := newBench(t, extra)
	page := servertest.Open(t)
	root := serveBench(t, b)

	page.LooksRight(root + "/login")
	page.Visit(root + "/events")
	page.Do("signing in by the form", chromedp.SendKeys("#token", testToken), chromedp.Click(".login button"),
		chromedp.WaitVisible("nav"))
	if path := servertest.Eval[string](page, "location.pathname"); path != "/events" {
		t.Fatalf("signing in led to %s", path)
	}
	for _, path := range []string{
		"/", "/events", "/events?state=failed&type=none", "/events/9", "/events/3", "/events/6", "/runs", "/runs/1",
		"/runs/2", "/runs/4", "/rules", "/health", "/inbox", "/no-such-page",
	} {
		page.LooksRight(root + path)
	}
	page.Silent("no-such-page")
}

// TestNodesInABrowser looks at the page of health of a farm whose nodes differ, and at one whose nodes are alike.
func TestNodesInABrowser(t *testing.T) {
	b := newBench(t)
	page := servertest.Open(t)
	var alone atomic.Bool
	b.Nodes = func(context.Context) ([]engine.Node, error) {
		if alone.Load() {
			return []engine.Node{b.self(b.engine.Health())}, nil
		}
		return differingNodes(b), nil
	}
	root := serveBench(t, b)
	page.Visit(root + "/login?token=" + url.QueryEscape(testToken) + "&next=/health")
	page.Do("following the link", chromedp.WaitVisible("nav"))
	page.LooksRight(root + "/health?nodes=differ")
	if rows := servertest.Eval[int](page, `document.querySelectorAll("#nodes tbody tr").length`); rows != 4 {
		t.Errorf("%d nodes are shown", rows)
	}
	if visible := servertest.Eval[bool](page, `document.querySelector("#differences li").getClientRects().length > 0`); !visible {
		t.Error("the differences are hidden")
	}
	alone.Store(true)
	page.Visit(root + "/health?alone")
	if servertest.Eval[bool](page, `document.querySelector("#nodes, #differences") != null`) {
		t.Error("one node alone is shown as a farm")
	}
	page.Silent()
}

// TestEmptyPages looks at a server that nothing has come to yet.
func TestEmptyPages(t *testing.T) {
	b := newBench(t)
	b.ledger.events, b.ledger.runs, b.ledger.counts = nil, nil, nil
	b.Rules = func() Rulebook { return fakeRules{} }
	page := servertest.Open(t)
	root := serveBench(t, b)
	page.Visit(root + "/login?token=" + url.QueryEscape(testToken) + "&next=/runs")
	page.Do("following the link", chromedp.WaitVisible("nav"))
	if path := servertest.Eval[string](page, "location.pathname"); path != "/runs" {
		t.Fatalf("the link led to %s", path)
	}
	for _, path := range []string{"/?empty", "/events?limit=7", "/runs?limit=7", "/rules?empty", "/health"} {
		page.LooksRight(root + path)
	}
	page.Silent()
}

// TestLive proves that an open page follows a change without a reload.
func TestLive(t *testing.T) {
	b := newBench(t)
	page := servertest.Open(t)
	root := serveBench(t, b)
	page.Visit(root + "/login?token=" + url.QueryEscape(testToken))
	page.Do("waiting for the stream", chromedp.WaitVisible("#pulse"))
	b.engine.mu.Lock()
	b.engine.health.Stopping = true
	b.engine.mu.Unlock()
	b.engine.signal <- struct{}{}
	page.Do("waiting for the change", chromedp.WaitVisible(".banner.bad"))
	page.Silent()
}

// TestLaterAccountsInABrowser looks at the page of health before and after accounts and plugins came while the program runs.
func TestLaterAccountsInABrowser(t *testing.T) {
	b := newBench(t)
	now := time.Now()
	b.engine.health.Accounts["parcels"] = engine.AccountHealth{LastOK: now.Add(-time.Minute), Shut: []engine.Shut{
		{Since: now.Add(-time.Hour), Until: now.Add(time.Minute), Mend: true, Why: "the plugin refuses its key"}}}
	b.engine.health.Accounts["bell"] = engine.AccountHealth{LastOK: now.Add(-time.Minute)}
	accounts := b.Accounts
	var later atomic.Bool
	b.Accounts = func() []Account {
		if !later.Load() {
			return accounts()
		}
		return append(accounts(), Account{Name: "parcels", Kind: "parcel", Stores: []string{"2044"}},
			Account{Name: "texts", Kind: "sms", Problem: "it cannot be made, and is left out: country is missing"})
	}
	b.Plugins = func() []Plugin {
		if !later.Load() {
			return nil
		}
		broken := []document.Problem{{File: "plugins/parcel/action.yaml", Line: 3, Column: 1, Message: `unknown key "sumary"`, Hint: `Did you mean "summary"?`}}
		return []Plugin{
			{Name: "bell", Kind: &actions.Kind{Name: "bell", Summary: "Ring a bell", NoAccount: true}, Revision: "0123456789abcdef", Mode: "once", Pinned: true},
			{Name: "crm", Kind: &actions.Kind{Name: "crm", Summary: "Tell the customer desk"}, Revision: "1123456789abcdef", Mode: "url"},
			{Name: "label", Revision: "2123456789abcdef", Problems: broken},
			{Name: "parcel", Kind: &actions.Kind{Name: "parcel", Summary: "Order a parcel"}, Revision: "3123456789abcdef", Mode: "lines", Problems: broken},
		}
	}
	page := servertest.Open(t)
	root := serveBench(t, b)
	page.Visit(root + "/login?token=" + url.QueryEscape(testToken) + "&next=/health")
	page.Do("following the link", chromedp.WaitVisible("nav"))
	text := func(selector string) string {
		return servertest.Eval[string](page, `[...document.querySelectorAll("`+selector+`")].map(e => e.innerText.replace(/\s+/g, " ").trim()).join("\n")`)
	}
	if rows := text("#accounts tbody tr"); strings.Count(rows, "\n") != 2 || text("#plugins") != "" {
		t.Errorf("before they came: %s, %s", rows, text("#plugins"))
	}
	later.Store(true)
	page.LooksRight(root + "/health?later")
	page.Do("changing the width", chromedp.EmulateViewport(1280, 900))
	for selector, want := range map[string][]string{
		"#accounts tbody tr": {"parcels parcel 2044 to be mended Nothing is sent since", "the plugin refuses its key; next try", "texts sms every store not as written",
			"it cannot be made, and is left out: country is missing", "bell every store working"},
		"#plugin-bell":   {"Ring a bell a program, run for each step 0123456789abcdef pinned to the hash of its program in use"},
		"#plugin-crm":    {"a service 1123456789abcdef in use"},
		"#plugin-label":  {"not known 2123456789abcdef broken", `unknown key "sumary". Did you mean "summary"?`},
		"#plugin-parcel": {"a program that is kept running 3123456789abcdef not pinned to a hash an earlier version is in use", "plugins/parcel/action.yaml:3:1"},
	} {
		shown := text(selector)
		for _, part := range want {
			if !strings.Contains(shown, part) {
				t.Errorf("%s shows %q, without %q", selector, shown, part)
			}
		}
	}
	page.Silent()
}
