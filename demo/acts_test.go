package demo

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"shopbell/sources/ecwid"
)

// TestEveryEventCanBeActed holds that the shop page has an act for each event type that rules can listen to.
func TestEveryEventCanBeActed(t *testing.T) {
	d := start(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	mux := d.shopPage().Handler
	for _, typ := range ecwid.Catalog().Names() {
		r := httptest.NewRequest("POST", "/shop/act", strings.NewReader(url.Values{"type": {typ}}.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code != http.StatusSeeOther {
			t.Errorf("%s cannot be acted: %d", typ, w.Code)
		}
	}
}
