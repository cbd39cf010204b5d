package server

import (
	"slices"
	"strings"
	"testing"
)

// TestUnsubscribe holds that nothing but a POST is a wish, that it needs nobody to sign in, and that a page shows no link to what only
// the operator may see.
func TestUnsubscribe(t *testing.T) {
	for _, test := range []struct {
		method, token, body string
		status              int
		says                string
		asked               []string
	}{
		{"GET", "good", "", 200, "&lt;jane@example.com&gt; gets no more advertising", nil},
		{"GET", "bad", "", 404, "not complete, or too old", nil},
		{"POST", "good", "List-Unsubscribe=One-Click", 200, "You get no more advertising", []string{"leave good"}},
		{"POST", "good", "", 200, "You get no more advertising", []string{"leave good"}},
		{"POST", "bad", "", 404, "not complete, or too old", nil},
		{"POST", "away", "", 503, "in a moment", nil},
	} {
		b := newBench(t)
		answer, page := b.call(t, test.method, "/unsubscribe/"+test.token, test.body, "Content-Type", "application/x-www-form-urlencoded")
		if answer.StatusCode != test.status || !strings.Contains(page, test.says) {
			t.Errorf("%s %s: %d %s", test.method, test.token, answer.StatusCode, page)
		}
		if strings.Contains(page, `href="/"`) || strings.Contains(page, "/events") {
			t.Errorf("%s %s: the page leads into the dashboard:\n%s", test.method, test.token, page)
		}
		if !slices.Equal(b.engine.asked, test.asked) {
			t.Errorf("%s %s: %q was asked for, want %q", test.method, test.token, b.engine.asked, test.asked)
		}
	}
}
