package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestCallback holds what a provider gets for a report of delivery, and that nothing of what it says is repeated.
func TestCallback(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/callbacks/sms?d=good", "MessageStatus=delivered", 200},
		{"POST", "/callbacks/sms?d=forged", "x", 403},
		{"POST", "/callbacks/sms?d=odd", "x", 400},
		{"POST", "/callbacks/sms?d=away", "x", 503},
		{"POST", "/callbacks/sms?d=other", "<script>", 404},
		{"POST", "/callbacks/sms", "", 404},
		{"POST", "/callbacks/sms?d=good", strings.Repeat("x", 64<<10+1), 413},
		{"GET", "/callbacks/sms?d=good", "", 405},
	} {
		w := httptest.NewRecorder()
		b.Handler().ServeHTTP(w, httptest.NewRequest(test.method, test.path, strings.NewReader(test.body)))
		if w.Code != test.want || strings.Contains(w.Body.String(), "script") {
			t.Errorf("%s %s: %d %q, want %d", test.method, test.path, w.Code, w.Body, test.want)
		}
		if (w.Header().Get("Retry-After") != "") != (w.Code == http.StatusServiceUnavailable) {
			t.Errorf("%s: Retry-After is %q", test.path, w.Header().Get("Retry-After"))
		}
	}
	if got := strings.Join(b.engine.asked, "\n"); !strings.Contains(got, "report sms /callbacks/sms?d=good MessageStatus=delivered") {
		t.Errorf("asked %s", got)
	}
}
