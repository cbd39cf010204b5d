package ecwid

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/virtualtime"
)

// A wire is the API without a network, so that a test's clock can run ahead.
type wire struct {
	calls  atomic.Int64
	answer func(call int64, r *http.Request) (status int, body string)
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := w.answer(w.calls.Add(1), r)
	if status == 0 {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func wired(t *testing.T, w *wire) sources.Source {
	s := plain(t)
	s.(*source).api.client.Transport = w
	return s
}

var product = event.Event{Source: "ecwid", Store: "1003", ID: "a", Type: "product.updated", Subject: "product/7"}

// TestDeadTokenIsNeverCalledAgain holds that only an operator or another token brings a dead one's store back.
func TestDeadTokenIsNeverCalledAgain(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		dead := map[string]bool{"Bearer secret_abc": true}
		w := &wire{answer: func(_ int64, r *http.Request) (int, string) {
			if dead[r.Header.Get("Authorization")] {
				return 403, `{"errorCode":"INVALID_API_TOKEN"}`
			}
			return 200, `{"id":7}`
		}}
		s := wired(t, w).(*source)
		refused := func(when string, calls int64) {
			t.Helper()
			for range 20 {
				if _, err := s.Attest(t.Context(), &product); !sources.IsDenied(err) {
					t.Errorf("%s: got %v", when, err)
				}
				time.Sleep(24 * time.Hour)
			}
			if got := w.calls.Load(); got != calls {
				t.Errorf("%s: %d calls, want %d", when, got, calls)
			}
			if c, _ := s.Credential("1003"); c.State != sources.CredentialDead || c.Since.IsZero() || !strings.Contains(c.Note, "stores.1003.token") {
				t.Errorf("%s: %+v", when, c)
			}
			if s.Stores() != nil && len(s.Stores()) > 0 {
				t.Errorf("%s: a store that cannot be asked is listed", when)
			}
		}
		refused("from the start", 1)
		s.Connect(sources.Installation{Store: "1003", Token: "secret_abc"})
		if c, _ := s.Credential("1003"); c.State == sources.CredentialOK {
			t.Errorf("connected with the same token: %+v", c)
		}
		if _, err := s.Attest(t.Context(), &product); !sources.IsDenied(err) || w.calls.Load() != 1 {
			t.Errorf("connected with the same token: %v after %d calls", err, w.calls.Load())
		}
		s.Revive("1003")
		if _, err := s.Attest(t.Context(), &product); !sources.IsDenied(err) || w.calls.Load() != 2 {
			t.Errorf("revived: %v after %d calls", err, w.calls.Load())
		}
		s.Connect(sources.Installation{Store: "1003", Token: "secret_new"})
		if _, err := s.Attest(t.Context(), &product); err != nil || w.calls.Load() != 3 {
			t.Errorf("connected with another token: %v after %d calls", err, w.calls.Load())
		}
		if c, _ := s.Credential("1003"); c.State != sources.CredentialOK || c.Note != "" {
			t.Errorf("connected with another token: %+v", c)
		}
	})
}

// TestUnclearRefusalIsSpared holds that a 403 which is not Ecwid's own, as of a firewall, does not kill a token.
func TestUnclearRefusalIsSpared(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		w := &wire{answer: func(call int64, _ *http.Request) (int, string) {
			if call <= 2 {
				return 403, "<html>blocked</html>"
			}
			return 200, `{"id":7}`
		}}
		s := wired(t, w).(*source)
		for range 180 {
			_, err := s.Attest(t.Context(), &product)
			if err == nil {
				break
			}
			if c, _ := s.Credential("1003"); !sources.IsDenied(err) || c.State != sources.CredentialSilent {
				t.Fatalf("got %v, %+v", err, c)
			}
			time.Sleep(time.Minute)
		}
		if w.calls.Load() != 3 {
			t.Errorf("%d calls", w.calls.Load())
		}
		if c, _ := s.Credential("1003"); c.State != sources.CredentialOK {
			t.Errorf("in the end: %+v", c)
		}
	})
}

func TestThrottledTokenPauses(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		w := &wire{answer: func(call int64, _ *http.Request) (int, string) {
			if call == 1 {
				return 429, ""
			}
			return 200, `{"id":7}`
		}}
		s := wired(t, w)
		if _, err := s.Attest(t.Context(), &product); sources.Wait(err) != 10*time.Second {
			t.Errorf("got %v", err)
		}
		if c, _ := s.(*source).Credential("1003"); c.State != sources.CredentialThrottled {
			t.Errorf("throttled: %+v", c)
		}
		time.Sleep(4 * time.Second)
		if _, err := s.Attest(t.Context(), &product); sources.Wait(err) != 6*time.Second || w.calls.Load() != 1 {
			t.Errorf("during the pause: %v after %d calls", err, w.calls.Load())
		}
		time.Sleep(6 * time.Second)
		if _, err := s.Attest(t.Context(), &product); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
}

func TestRateStaysBelowEcwids(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		var at []time.Time
		w := &wire{answer: func(int64, *http.Request) (int, string) {
			at = append(at, time.Now())
			return 200, `{"id":7}`
		}}
		s := wired(t, w)
		for range 1500 {
			if _, err := s.Attest(t.Context(), &product); err != nil {
				t.Fatal(err)
			}
		}
		for i := range at {
			if i >= 600 && at[i].Sub(at[i-600]) < time.Minute {
				t.Fatalf("601 calls in %v", at[i].Sub(at[i-600]))
			}
		}
		if took := at[len(at)-1].Sub(at[0]); took > 3*time.Minute {
			t.Errorf("1500 calls took %v", took)
		}
	})
}

func TestHangingAPICostsFifteenSeconds(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		s := wired(t, &wire{answer: func(int64, *http.Request) (int, string) { return 0, "" }})
		start := time.Now()
		_, err := s.Attest(t.Context(), &product)
		if took := time.Since(start); err == nil || took != 15*time.Second || sources.IsDenied(err) || sources.IsUnconfirmed(err) {
			t.Errorf("got %v after %v", err, took)
		}
		if _, err := s.Profile(t.Context(), "1003"); err == nil || time.Since(start) != 30*time.Second {
			t.Errorf("profile: %v after %v", err, time.Since(start))
		}
	})
}

func TestProfileAges(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		broken := false
		w := &wire{answer: func(int64, *http.Request) (int, string) {
			if broken {
				return 500, ""
			}
			return 200, `{"generalInfo":{"storeId":1003},"formatsAndUnits":{"currency":"EUR"}}`
		}}
		s := wired(t, w)
		ask := func(calls int64) {
			t.Helper()
			got, err := s.Profile(t.Context(), "1003")
			if err != nil || got.Currency != "EUR" || w.calls.Load() != calls {
				t.Errorf("got %+v, %v after %d calls, want %d", got, err, w.calls.Load(), calls)
			}
		}
		ask(1)
		time.Sleep(9 * time.Minute)
		ask(1)
		time.Sleep(2 * time.Minute)
		ask(2)
		broken = true
		time.Sleep(11 * time.Minute)
		ask(3) // what is old does better than nothing
		ask(3) // and is not asked for at every event
		time.Sleep(2 * time.Minute)
		ask(4)
		broken = false
		time.Sleep(2 * time.Minute)
		ask(5)
	})
}

func TestProfileFailsWithoutAnOldOne(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		w := &wire{answer: func(call int64, _ *http.Request) (int, string) {
			if call == 1 {
				return 500, ""
			}
			return 200, `{"generalInfo":{"storeId":1003}}`
		}}
		s := wired(t, w)
		if _, err := s.Profile(t.Context(), "1003"); err == nil || errors.Is(err, errNotFound) {
			t.Errorf("got %v", err)
		}
		if _, err := s.Profile(t.Context(), "1003"); err != nil {
			t.Errorf("the next time: %v", err)
		}
	})
}
