package openconnectors_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/openconnectors"
	"shopbell/sources/openconnectors/openconnectorstest"
)

// TestEveryTypeInEveryState is a table of all event types and all that can become of one.
func TestEveryTypeInEveryState(t *testing.T) {
	w := newAttested(t)
	for _, typ := range openconnectors.Catalog().Types {
		object, what, _ := strings.Cut(typ.Name, ".")
		eventType := map[string]string{"created": "CREATED", "updated": "UPDATED", "deleted": "DELETED", "changed": "UNKNOWN"}[what]
		body := []byte(fmt.Sprintf(`{"message":{"eventId":"e","instanceId":31,"events":[{"objectType":%q,"objectId":"77","eventType":%q}]}}`, object+"s", eventType))
		if object == "inventory" {
			body = []byte(strings.Replace(string(body), "inventorys", "inventory", 1))
		} else if object == "category" {
			body = []byte(strings.Replace(string(body), "categorys", "Categories", 1))
		}
		good := http.Header{openconnectors.SignatureHeader: {openconnectors.Sign(openconnectors.SHA256, "k", body)}}
		events, err := w.source.Receive(sources.Request{Header: good, Body: body, Received: w.now()})
		if err != nil || len(events) != 1 || events[0].Type != typ.Name || events[0].Subject != object+"/77" {
			t.Errorf("%s, good: %+v %v", typ.Name, events, err)
			continue
		}
		forged := http.Header{openconnectors.SignatureHeader: {openconnectors.Sign(openconnectors.SHA256, "x", body)}}
		refuses(t, typ.Name+", forged", w.source, sources.Request{Header: forged, Body: body}, http.StatusUnauthorized)
		cut := body[:len(body)-3]
		good = http.Header{openconnectors.SignatureHeader: {openconnectors.Sign(openconnectors.SHA256, "k", cut)}}
		refuses(t, typ.Name+", malformed", w.source, sources.Request{Header: good, Body: cut}, http.StatusBadRequest)
		readBack(t, w, &typ, &events[0])
	}
}

func refuses(t *testing.T, name string, s sources.Source, r sources.Request, status int) {
	t.Helper()
	_, err := s.Receive(r)
	if refusal, ok := err.(*sources.Refusal); !ok || refusal.Status != status { //nolint:errorlint // the contract says so
		t.Errorf("%s: %v, want %d", name, err, status)
	}
}

// readBack reads the object of one event in each state that the API can be in.
func readBack(t *testing.T, w *world, typ *event.Type, e *event.Event) {
	t.Helper()
	object, _, _ := strings.Cut(typ.Name, ".")
	caller := w.source.(sources.Caller)
	for _, there := range []bool{true, false} {
		w.platform.Put(31, object+"s", "77", nil)
		if there {
			w.platform.Put(31, object+"s", "77", map[string]any{"id": "77"})
		}
		reading, err := w.source.Attest(t.Context(), e)
		gone := typ.Change == event.Deleted
		switch {
		case !typ.Readable:
			if err != nil || reading.Entity != nil || reading.Gone {
				t.Errorf("%s cannot be read, and gave %+v %v", typ.Name, reading, err)
			}
		case there == gone:
			if !sources.IsUnconfirmed(err) {
				t.Errorf("%s, there %v: %v", typ.Name, there, err)
			}
		case err != nil || reading.Gone != gone || (reading.Entity == nil) != gone:
			t.Errorf("%s, there %v: %+v %v", typ.Name, there, reading, err)
		}
	}
	for _, c := range []struct {
		status int
		is     func(error) bool
	}{
		{http.StatusForbidden, sources.IsDenied}, {http.StatusPaymentRequired, sources.IsDenied}, {http.StatusUnauthorized, sources.IsDenied},
		{http.StatusTooManyRequests, func(err error) bool { return sources.Wait(err) > 0 }},
	} {
		w.platform.Fail(openconnectorstest.Fault{Status: c.status})
		if _, err := w.source.Attest(t.Context(), e); c.is(err) != typ.Readable {
			t.Errorf("%s, %d: %v", typ.Name, c.status, err)
		}
		w.platform.Heal()
		caller.Revive("31")
	}
}
