package server

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestInstall(t *testing.T) {
	b := newBench(t)
	begin, _ := b.call(t, "GET", "/install/ecwid", "")
	page := begin.Header.Get("Location")
	_, state, ok := strings.Cut(page, "state=")
	if begin.StatusCode != http.StatusFound || !ok || len(state) < 20 {
		t.Fatalf("an installation begins with %d %q", begin.StatusCode, page)
	}
	cookie, _, _ := strings.Cut(begin.Header.Get("Set-Cookie"), ";")
	for name, test := range map[string]struct {
		path, cookie string
		status       int
		says         string
	}{
		"begun here":          {"/install/ecwid?code=c1&store_id=1003&state=" + state, cookie, 200, "Store 1003 is connected"},
		"begun on their side": {"/install/ecwid?code=c2&store_id=1003", "", 200, "Store 1003 is connected"},
		"begun elsewhere":     {"/install/ecwid?code=c3&store_id=1003&state=other", cookie, 400, "did not begin in this browser"},
		"without a cookie":    {"/install/ecwid?code=c4&store_id=1003&state=" + state, "", 400, "did not begin in this browser"},
		"refused":             {"/install/ecwid?error=access_denied", "", 502, "the merchant did not agree"},
		"nothing to install":  {"/install/billing", "", 404, "no app"},
		"a hostile store":     {"/install/ecwid?code=c5&store_id=<script>", "", 200, "&lt;script&gt;"},
	} {
		answer, body := b.call(t, "GET", test.path, "", "Cookie", test.cookie)
		if answer.StatusCode != test.status || !strings.Contains(body, test.says) {
			t.Errorf("%s: %d, which says %q; want %d %q", name, answer.StatusCode, body, test.status, test.says)
		}
	}
	slices.Sort(b.engine.asked)
	if want := []string{"install c1", "install c2", "install c5"}; !slices.Equal(b.engine.asked, want) {
		t.Errorf("installed were %q, want %q", b.engine.asked, want)
	}
}

func TestAPlatformSeesOnlyWhatItMay(t *testing.T) {
	b := newBench(t)
	b.known["ecwid"] = func(status int) int {
		if status == http.StatusServiceUnavailable {
			return status
		}
		return http.StatusOK
	}
	for _, body := range []string{strings.Repeat("x", maxBody+1), "short"} {
		if answer, _ := b.call(t, "POST", "/webhooks/ecwid/shop/order.created", body); answer.StatusCode != http.StatusOK {
			t.Errorf("%d bytes are answered by %d", len(body), answer.StatusCode)
		}
	}
}

func TestSourcesPage(t *testing.T) {
	b := newBench(t)
	answer, body := b.call(t, "GET", "/sources", "", b.signedIn()...)
	if answer.StatusCode != http.StatusOK {
		t.Fatal(answer.Status, body)
	}
	for _, says := range []string{"no webhook since yesterday", "signature 3", "/install/ecwid", "install the app again", `action="/sources/ecwid/1003/revive"`, "no way", "every 1m0s"} {
		if !strings.Contains(body, says) {
			t.Errorf("the page does not say %q", says)
		}
	}
}
