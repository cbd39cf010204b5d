package server

import (
	"context"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

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
