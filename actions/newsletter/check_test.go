package newsletter_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"shopbell/actions"
)

// TestTest holds that each account can be tested by a call that only reads, and that a wrong key is told.
func TestTest(t *testing.T) {
	for provider, path := range map[string]string{"mailchimp": "/3.0/ping", "brevo": "/v3/account", "klaviyo": "/api/accounts",
		"mailerlite": "/api/groups?limit=1", "listmonk": "/api/lists?per_page=1"} {
		status := 200
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.RequestURI() != path {
				t.Errorf("%s: %s %s, want GET %s", provider, r.Method, r.URL.RequestURI(), path)
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(`{}`))
		}))
		tester, ok := actions.TesterOf(open(t, provider, server.URL))
		if !ok {
			t.Fatalf("%s cannot be tested", provider)
		}
		if said, err := tester.Test(t.Context()); err != nil || said != provider+" knows the key" {
			t.Errorf("%s: %q, %v", provider, said, err)
		}
		status = 401
		if _, err := tester.Test(t.Context()); actions.OutcomeOf(err).Blame != actions.BlameAccount || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: with a wrong key: %v", provider, err)
		}
		server.Close()
		if _, err := tester.Test(t.Context()); actions.OutcomeOf(err).Outcome != actions.OutcomeRetry {
			t.Errorf("%s: when nobody is there: %v", provider, err)
		}
	}
}
