package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"shopbell/server/servertest"
)

// TestDemoInABrowser is a newcomer's first minute: follow the link, place an order in the shop, and find the mail and the
// Slack message in the inbox within a second.
func TestDemoInABrowser(t *testing.T) {
	page := servertest.Open(t)
	_, _, link := playDemo(t, "127.0.0.1:0")
	root, _, _ := strings.Cut(link, "/login")
	page.Visit(link)
	page.Visit(root + "/shop")
	page.Do("placing an order", chromedp.Click("form[action='/shop/order'] button"), chromedp.WaitVisible("[role=status]"))
	begun := time.Now()
	page.Visit(root + "/inbox")
	page.Do("waiting for the mail and the message", chromedp.Poll[chromedp.Void](`document.body.innerText.includes("Thank you for your order")
		&& document.body.innerText.includes("#sales")`))
	if took := time.Since(begun); took > 3*time.Second { // a second, and what a busy machine needs to draw a page
		t.Errorf("the inbox showed them after %v", took)
	}
	for _, path := range []string{"/inbox", "/shop", "/", "/events", "/runs", "/rules", "/health"} {
		page.LooksRight(root + path)
	}
	page.Silent("Blocked script execution")
}
