package demo

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"shopbell/engine"
	"shopbell/server"
	"shopbell/server/servertest"
	"shopbell/sources"
)

// idle is an engine to which nothing happens. What pages of the demo do not ask for is left nil.
type idle struct{ server.Engine }

func (idle) Receive(context.Context, string, sources.Request) error  { return nil }
func (idle) Retry(context.Context, int64) error                      { return nil }
func (idle) Replay(context.Context, int64) error                     { return nil }
func (idle) Health() engine.Health                                   { return engine.Health{} }
func (idle) Probe(context.Context)                                   {}
func (idle) Credentials() map[string]map[sources.CredentialState]int { return nil }
func (idle) Changes() (<-chan struct{}, func())                      { return nil, func() {} }

// dashboard serves the demo's pages and gives the address that signs in.
func dashboard(t *testing.T, d *Demo) string {
	t.Helper()
	s := server.New(server.Options{
		Engine: idle{nil}, Ledger: struct{ engine.Reader }{}, Token: "t", Rules: func() server.Rulebook { return nil },
		Reload: func(context.Context) error { return nil }, Extra: d.Pages(),
	})
	web := httptest.NewServer(s.Handler())
	t.Cleanup(func() {
		web.CloseClientConnections() // live pages
		web.Close()
	})
	return web.URL
}

func sampleMessages(b *Inbox) {
	b.Add(Message{Slack: &Post{Channel: "#stockroom", Text: ":package: Only *3* left of *Shop bell, brass* (`BELL-BRASS`)"}})
	b.Add(Message{Mail: &Mail{
		From: `"Bell & Sons" <hello@bell.example>`, To: []string{"tanaka@example.com"}, Subject: "Your licence for Chime",
		Text: "Dear 田中 太郎,\n\nyour key is ABCD-EFGH.\n\nBell & Sons", Raw: "Subject: …", Attachments: []string{"receipt.pdf"},
	}})
	b.Add(Message{Slack: &Post{Channel: "#sales", Text: ":bell: *€249.50* from Bobby &lt;b&gt;Tables&lt;/b&gt; &lt;!channel&gt;\nOrder *K8XTQ*: 5 × Shop bell, brass\n<https://shop.example/orders/K8XTQ|Open the order>"}})
	b.Add(Message{Mail: &Mail{
		From: `"Bell & Sons" <hello@bell.example>`, To: []string{"bobby@example.com"}, Subject: "Thank you for your order K8XTQ", Text: "Dear Bobby", Raw: "Subject: …",
		HTML: `<div style="font-family: system-ui, sans-serif; color: #222"><h1 style="font-size: 20px">Thank you, Bobby &lt;b&gt;Tables&lt;/b&gt;</h1>
<p>Your order <b>K8XTQ</b> of <b>€249.50</b> is paid.</p><p style="background: #f6f1ea; padding: 10px 14px; border-radius: 8px">5 × Shop bell, brass</p><script>parent.document.title = "broken in"</script></div>`,
	}})
	b.Add(Message{Text: &Text{From: "+15005550006", To: "+12025550123", Body: "Your order K8XTQ is on its way. <b>Bell</b>\nParcel: BELL-K8XTQ"}})
}

// saying finds the page that answers a form by what it says: the page that held the form may show a status of its own, and
// a test that took that one for the answer would go on while the browser is still on its way.
func saying(text string) string { return `//*[@role="status"][contains(., "` + text + `")]` }

func TestPagesInABrowser(t *testing.T) {
	page := servertest.Open(t)
	d := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	root := dashboard(t, d)
	page.Visit(root + "/login?token=t&next=/inbox")
	page.Do("following the link", chromedp.WaitVisible("#none"))
	page.Do("waiting for the stream", chromedp.WaitVisible("#pulse"))
	sampleMessages(d.Inbox())
	begun := time.Now()
	page.Do("waiting for a mail", chromedp.WaitVisible("#m4 iframe"))
	if took := time.Since(begun); took > 2*time.Second {
		t.Errorf("the mail showed after %v", took)
	}
	page.LooksRight(root + "/inbox")
	if title := servertest.Eval[string](page, "document.title"); strings.Contains(title, "broken") {
		t.Error("a mail ran a script in the page")
	}

	page.Visit(root + "/shop")
	page.Do("ordering", chromedp.Click("form[action='/shop/order'] button"), chromedp.WaitVisible(saying("The order is placed")))
	page.Do("ordering without paying", chromedp.Click("input[name=paid]"), chromedp.Click("form[action='/shop/order'] button"),
		chromedp.WaitVisible("form[action='/shop/pay'] button"))
	page.Do("running low", chromedp.Click("form[action='/shop/stock'] button"), chromedp.WaitVisible(saying("The stock has changed")))
	page.LooksRight(root + "/shop?done=order")
	if n := len(d.orders(10)); n != 2 {
		t.Errorf("there are %d orders, want 2", n)
	}
	page.Silent("Blocked script execution") // the browser says that it kept the mail's script from running
}

// TestNobodyElse holds that the demo's pages are closed to those who are not signed in.
func TestNobodyElse(t *testing.T) {
	root := dashboard(t, start(t, http.NotFoundHandler()))
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, path := range []string{"/inbox", "/inbox/mail/1", "/shop"} {
		answer, err := client.Get(root + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != http.StatusSeeOther || len(text) > 200 {
			t.Errorf("%s answers %d", path, answer.StatusCode)
		}
	}
	answer, err := client.Post(root+"/shop/order", "application/x-www-form-urlencoded", strings.NewReader("quantity=1"))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusUnauthorized {
		t.Errorf("posting answers %d", answer.StatusCode)
	}
}
