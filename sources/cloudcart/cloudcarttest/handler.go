package cloudcarttest

import (
	"net/http"
	"net/http/httptest"
)

// Handler gives a [Doer] that hands requests to a handler, without a network, so that it works within testing/synctest.
// A handler that does not return before the request's context is done counts as a receiver that is too slow.
func Handler(h http.Handler) Doer { return direct{h} }

type direct struct{ handler http.Handler }

// Do implements [Doer].
func (d direct) Do(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		d.handler.ServeHTTP(recorder, r)
	}()
	select {
	case <-done:
		return recorder.Result(), nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}
