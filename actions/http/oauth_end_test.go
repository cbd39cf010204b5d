package http

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"shopbell/actions/web"
)

// TestTokenEnd holds that a token is not used until its very end, and that a server which does not say when that is, or says
// nonsense, is believed for an hour.
func TestTokenEnd(t *testing.T) {
	begun := time.Now()
	for lasts, want := range map[string]time.Duration{
		"3600": 59 * time.Minute, `"3600"`: 59 * time.Minute, "40": 30 * time.Second, "0.1": 75 * time.Millisecond,
		"null": time.Hour, `"soon"`: time.Hour, "-5": time.Hour, "0": time.Hour, "1e300": time.Hour,
	} {
		body := fmt.Sprintf(`{"access_token":"abcdef","expires_in":%s}`, lasts)
		got, err := (&tokens{url: &url.URL{Host: "id.example.com"}}).read(&web.Answer{Status: 200, Body: []byte(body)}, begun)
		if err != nil || got.end.Sub(begun) != want {
			t.Errorf("%s: got %+v, %v", lasts, got, err)
		}
	}
}
