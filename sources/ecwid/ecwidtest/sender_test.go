package ecwidtest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/sources/ecwid"
	"shopbell/sources/ecwid/ecwidtest"
	"shopbell/virtualtime"
)

// A receiver is the other end without a network: it answers at once and remembers.
type receiver struct {
	mu     sync.Mutex
	answer func(n int, r *http.Request) (int, error) // n is the number of the request, from 1
	at     []time.Time
	ids    []string
}

func (r *receiver) RoundTrip(request *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	r.at = append(r.at, time.Now())
	id, _, _ := strings.Cut(strings.TrimPrefix(string(body), `{"eventId":"`), `"`)
	r.ids = append(r.ids, id)
	n := len(r.at)
	r.mu.Unlock()
	status, err := r.answer(n, request)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: request}, nil
}

// tries and times give what came so far.
func (r *receiver) tries() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ids)
}

func (r *receiver) times() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.at)
}

func always(status int) func(int, *http.Request) (int, error) {
	return func(int, *http.Request) (int, error) { return status, nil }
}

func notice(id string) ecwidtest.Notice {
	return ecwidtest.Notice{ID: id, Created: 1735689600, Store: 1003, Entity: 5, Type: "product.updated"}
}

func TestSenderRetriesForADay(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		r := &receiver{answer: always(503)}
		s := ecwidtest.NewSender(ecwidtest.SenderOptions{URL: "http://shopbell/webhooks/ecwid", Secret: "s", Transport: r})
		start := time.Now()
		s.Send(notice("a"))
		time.Sleep(48 * time.Hour)
		want := []time.Duration{0, 15 * time.Minute, 30 * time.Minute, 45 * time.Minute}
		for h := time.Duration(1); h <= 24; h++ {
			want = append(want, h*time.Hour)
		}
		var got []time.Duration
		for _, at := range r.times() {
			got = append(got, at.Sub(start))
		}
		if !slices.Equal(got, want) {
			t.Errorf("tried at %v\nwant %v", got, want)
		}
		if slices.ContainsFunc(r.tries(), func(id string) bool { return id != "a" }) {
			t.Errorf("ids of the tries: %q", r.tries())
		}
		if d := s.Log()[0]; !d.Dropped || d.Delivered || d.Tries != 28 || d.Status != 503 || !d.Next.IsZero() {
			t.Errorf("log says %+v", d)
		}
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestSenderCountsOnlySomeStatusesAsDelivered(t *testing.T) {
	for status, want := range map[int]bool{200: true, 201: true, 202: true, 204: true, 209: true, 203: false, 205: false, 206: false, 208: false,
		301: false, 302: false, 304: false, 400: false, 401: false, 404: false, 413: false, 429: false, 500: false, 503: false} {
		virtualtime.Test(t, func(t *testing.T) {
			r := &receiver{answer: always(status)}
			s := ecwidtest.NewSender(ecwidtest.SenderOptions{URL: "http://shopbell/", Secret: "s", Transport: r})
			s.Send(notice("a"))
			time.Sleep(20 * time.Minute)
			if d := s.Log()[0]; d.Delivered != want || (len(r.tries()) == 1) != want || d.Next.IsZero() != want {
				t.Errorf("%d: %+v after %d tries", status, d, len(r.tries()))
			}
			_ = s.Close(t.Context())
		})
	}
}

func TestSenderGivesUpWaiting(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int, request *http.Request) (int, error) {
			if n > 1 {
				return 200, nil
			}
			<-request.Context().Done()
			return 0, request.Context().Err()
		}}
		s := ecwidtest.NewSender(ecwidtest.SenderOptions{URL: "http://shopbell/", Secret: "s", Transport: r})
		s.Send(notice("a"))
		time.Sleep(14 * time.Second)
		if d := s.Log()[0]; d.Tries != 1 || d.Status != 0 || d.Error == "" {
			t.Errorf("after 14 s: %+v", d)
		}
		time.Sleep(15 * time.Minute)
		if d := s.Log()[0]; !d.Delivered || d.Tries != 2 || d.Error != "" {
			t.Errorf("after a quarter of an hour: %+v", d)
		}
		_ = s.Close(t.Context())
	})
}

func TestSenderIsBlockedAfterTwoWeeks(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(int, *http.Request) (int, error) { return 0, errors.New("refused") }}
		s := ecwidtest.NewSender(ecwidtest.SenderOptions{URL: "http://shopbell/", Secret: "s", Transport: r})
		for range 15 {
			s.Send(notice("a"))
			time.Sleep(23 * time.Hour)
		}
		tries := len(r.tries())
		s.Send(notice("b"))
		time.Sleep(time.Hour)
		if log := s.Log(); !s.Blocked() || len(r.tries()) != tries || !log[len(log)-1].Dropped {
			t.Errorf("blocked: %v, %d tries more", s.Blocked(), len(r.tries())-tries)
		}
		_ = s.Close(t.Context())
	})
}

func TestSenderOrder(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		ids := func(o ecwidtest.SenderOptions) []string {
			r := &receiver{answer: always(200)}
			o.URL, o.Secret, o.Transport, o.Seed = "http://shopbell/", "s", r, 7
			s := ecwidtest.NewSender(o)
			for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
				s.Send(notice(id))
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
			return r.tries()
		}
		all := []string{"a", "b", "c", "d", "e", "f", "g", "h"}
		if got := ids(ecwidtest.SenderOptions{}); !slices.Equal(got, all) {
			t.Errorf("in order: %q", got)
		}
		got := ids(ecwidtest.SenderOptions{Unordered: true})
		if slices.Equal(got, all) {
			t.Errorf("unordered: %q", got)
		}
		if slices.Sort(got); !slices.Equal(got, all) {
			t.Errorf("unordered lost some: %q", got)
		}
		got = ids(ecwidtest.SenderOptions{Doubled: true, Parallel: 4})
		if slices.Sort(got); len(got) != 16 || !slices.Equal(slices.Compact(got), all) {
			t.Errorf("doubled: %q", got)
		}
	})
}

func TestSenderRequest(t *testing.T) {
	var got *http.Request
	var body []byte
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	}))
	defer server.Close()
	s := ecwidtest.NewSender(ecwidtest.SenderOptions{URL: server.URL + "/webhooks/ecwid?own=1", Secret: "s3cret", Header: http.Header{"X-App": {"one"}}})
	s.Send(notice("a"))
	if err := s.Idle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got.Method != "POST" || got.URL.Path != "/webhooks/ecwid" || got.URL.Query().Get("eventtype") != "product.updated" || got.URL.Query().Get("own") != "1" {
		t.Errorf("%s %s", got.Method, got.URL)
	}
	for name, want := range map[string]string{"Content-Type": "application/json; charset=UTF-8", "Cache-Control": "no-cache", "X-App": "one",
		"X-Ecwid-Webhook-Signature": ecwid.Sign("s3cret", "1735689600", "a")} {
		if have := got.Header.Get(name); have != want {
			t.Errorf("%s is %q, want %q", name, have, want)
		}
	}
	if want := `{"eventId":"a","eventCreated":1735689600,"storeId":1003,"entityId":5,"eventType":"product.updated"}`; string(body) != want {
		t.Errorf("body %s, want %s", body, want)
	}
}

func TestSenderCloses(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		r := &receiver{answer: func(n int, request *http.Request) (int, error) {
			if n == 1 {
				return 500, nil
			}
			<-request.Context().Done()
			return 0, request.Context().Err()
		}}
		s := ecwidtest.NewSender(ecwidtest.SenderOptions{URL: "http://shopbell/", Secret: "s", Transport: r})
		s.Send(notice("later"))
		if err := s.Idle(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Send(notice("hangs"))
		synctest.Wait()
		idle, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := s.Idle(idle); err == nil {
			t.Error("idle while a request hangs")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := s.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("close: %v", err)
		}
		s.Send(notice("too late"))
		for _, d := range s.Log() {
			if !d.Dropped {
				t.Errorf("%s is not dropped: %+v", d.ID, d)
			}
		}
	})
}

func TestSenderLosesAndDelaysWithAPlan(t *testing.T) {
	play := func() (arrived []string, took time.Duration) {
		virtualtime.Test(t, func(t *testing.T) {
			r := &receiver{answer: always(200)}
			start := time.Now()
			s := ecwidtest.NewSender(ecwidtest.SenderOptions{URL: "http://shopbell/", Secret: "s", Transport: r, Lost: 0.3, Delay: time.Hour, Seed: 5})
			for i := range 200 {
				s.Send(notice(strings.Repeat("x", i+1)))
			}
			time.Sleep(2 * time.Hour)
			arrived = r.tries()
			took = r.times()[len(arrived)-1].Sub(start)
			lost := 0
			for _, d := range s.Log() {
				if d.Dropped {
					lost++
				}
			}
			if lost < 40 || lost > 80 || len(arrived)+lost != 200 || slices.IsSortedFunc(arrived, func(a, b string) int { return len(a) - len(b) }) {
				t.Errorf("of 200 %d arrived and %d were lost", len(arrived), lost)
			}
			_ = s.Close(t.Context())
		})
		return arrived, took
	}
	first, took := play()
	if second, _ := play(); !slices.Equal(first, second) || took < 50*time.Minute || took > time.Hour {
		t.Errorf("with one seed, %d and %d arrived, in %s", len(first), len(second), took)
	}
}
