package ecwid

import (
	"net/http"

	"shopbell/sources"
)

// Through has a source call its API without a network, so that a test's clock can run ahead.
func Through(s sources.Source, wire http.RoundTripper) { s.(*source).api.client.Transport = wire }
