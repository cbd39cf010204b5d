package openconnectors_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"shopbell/sources/openconnectors/openconnectorstest"
)

// TestALargePayloadIsSplit shows the limits of a notification, and that each repeats the whole payload.
func TestALargePayloadIsSplit(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{}, "")
	w.platform.HappenRaw(31, map[string]any{"all": "hundred"}, changes(100, 1)...)
	w.platform.HappenRaw(32, map[string]any{"all": "hundred"}, changes(100, 1)...)
	if a, b := len(w.platform.Deliveries(31)), len(w.platform.Deliveries(32)); a != 5 || b != 10 {
		t.Errorf("100 events came in %d and %d notifications, want 5 and 10", a, b)
	}
	w.deliver()
	if len(w.known) != 200 || w.told != 200 {
		t.Errorf("%d are known, %d told", len(w.known), w.told)
	}
	for _, e := range w.known {
		if !strings.Contains(string(e.Data), `"raw":{"all":"hundred"}`) {
			t.Fatalf("raw is missing in %s", e.Data)
		}
	}
}

func TestRetries(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{}, "")
	w.platform.Happen(31, changes(1, 1)...)
	w.status = http.StatusServiceUnavailable
	w.deliver()
	began, want := w.now(), time.Duration(0)
	for n := 1; n <= 9; n++ {
		at, ok := w.platform.Due()
		wait := time.Second << (2 * n)
		if want += wait; !ok || at.Sub(began) != want {
			t.Fatalf("retry %d is due after %s, want %s", n, at.Sub(began), want)
		}
		w.pass(wait - time.Second)
		w.deliver()
		if got := w.platform.Deliveries(31)[0].Tries; got != n {
			t.Fatalf("sent before its time: %d tries", got)
		}
		w.pass(time.Second)
		w.deliver()
	}
	if !w.platform.Deactivated(31) || want != 349524*time.Second {
		t.Errorf("after %s and 9 retries: deactivated %v", want, w.platform.Deactivated(31))
	}
	w.platform.Happen(31, changes(1, 2)...)
	w.deliver()
	if len(w.known) != 0 {
		t.Error("a deactivated subscription sends")
	}
	w.status = 0
	w.platform.Activate(31)
	w.deliver()
	w.deliver()
	if len(w.known) != 2 || w.told != 2 {
		t.Errorf("after activating: %d known, %d told", len(w.known), w.told)
	}
}

// TestARetriedNotificationIsTheSame holds that a lost answer does not make two events.
func TestARetriedNotificationIsTheSame(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{}, "")
	w.platform.Happen(31, changes(30, 1)...)
	for _, d := range w.platform.Deliveries(31) {
		for range 3 {
			r, err := w.platform.Request(t.Context(), 31, d.Body)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.RoundTrip(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(w.known) != 30 || w.told != 90 {
		t.Errorf("%d known of %d told", len(w.known), w.told)
	}
}

// TestKeysOfInstances holds that an instance with a key of its own is proven by that.
func TestKeysOfInstances(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{}, `{"signature_key":"k","api":"%s","stores":{"31":{},"33":{"signature_key":"own"}}}`)
	w.platform.AddInstance(openconnectorstest.Instance{ID: 33, SignatureKey: "own"})
	w.platform.Happen(31, changes(1, 1)...)
	w.platform.Happen(33, changes(1, 1)...)
	w.deliver()
	if len(w.known) != 2 {
		t.Errorf("%d of 2 are known", len(w.known))
	}
}

// TestWhatIsQueuedCanBeListed holds the call by which an operator finds what a deactivated subscription kept.
func TestWhatIsQueuedCanBeListed(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{}, "")
	w.status = http.StatusInternalServerError
	w.platform.Happen(31, changes(1, 1)...)
	for {
		w.deliver()
		at, ok := w.platform.Due()
		if !ok {
			break
		}
		w.pass(at.Sub(w.now()))
	}
	r := httptest.NewRequest(http.MethodGet, "/elements/api-v2/notifications/subscriptions/deliveries?where="+
		url.QueryEscape("channel='webhook' and status='queued'"), nil)
	r.Header.Set("Authorization", "User user-secret, Organization organization-secret")
	answer := httptest.NewRecorder()
	w.platform.ServeHTTP(answer, r)
	var queued []struct{ Status, Body string }
	if err := json.Unmarshal(answer.Body.Bytes(), &queued); err != nil || len(queued) != 1 || queued[0].Status != "queued" || !strings.Contains(queued[0].Body, "evt") {
		t.Errorf("%d %s %v", answer.Code, answer.Body, err)
	}
}
