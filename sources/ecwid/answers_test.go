package ecwid

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/sources"
	"shopbell/virtualtime"
)

// slow answers after a while.
func slow(wait time.Duration) *wire {
	return &wire{answer: func(_ int64, r *http.Request) (int, string) {
		time.Sleep(wait)
		return 200, `{"id":7}`
	}}
}

// TestBacklogIsOneRequestASecond works a hundred events of one product one after another.
func TestBacklogIsOneRequestASecond(t *testing.T) {
	for _, takes := range []time.Duration{time.Millisecond, 100 * time.Millisecond, 900 * time.Millisecond} {
		virtualtime.Test(t, func(t *testing.T) {
			w := slow(takes)
			s := wired(t, w)
			e := product
			e.Received = time.Now()
			time.Sleep(time.Minute)
			start := time.Now()
			for range 100 {
				if _, err := s.Attest(t.Context(), &e); err != nil {
					t.Fatal(err)
				}
				time.Sleep(20 * time.Millisecond)
			}
			seconds := int64(time.Since(start)/time.Second) + 1
			if calls := w.calls.Load(); calls > seconds || calls < 2 {
				t.Errorf("each takes %v: %d calls in %d seconds", takes, calls, seconds)
			}
		})
	}
}

// TestNoAnswerIsOlderThanItsEvent holds that what came after a request was sent is asked for again, be it finished or not.
func TestNoAnswerIsOlderThanItsEvent(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		w := slow(300 * time.Millisecond)
		s := wired(t, w)
		var all sync.WaitGroup
		attest := func(received time.Time, calls int64) {
			t.Helper()
			e := product
			e.Received = received
			all.Go(func() {
				if _, err := s.Attest(t.Context(), &e); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
			if got := w.calls.Load(); got != calls {
				t.Errorf("%d calls, want %d", got, calls)
			}
		}
		time.Sleep(time.Minute) // since the start, so that the rate allows several at once
		early := time.Now()
		time.Sleep(time.Millisecond)
		attest(early, 1)
		attest(early, 1)      // while it is under way
		attest(time.Now(), 2) // at the very moment at which it was sent
		time.Sleep(100 * time.Millisecond)
		attest(time.Now(), 3)
		attest(early, 3)
		attest(time.Time{}, 4) // nobody knows when
		all.Wait()
		attest(early, 4)
		attest(time.Now(), 5)
		all.Wait()
		time.Sleep(2 * time.Second)
		attest(early, 6)
		all.Wait()
		time.Sleep(2 * time.Second)
		answers := &s.(*source).shops["1003"].answers
		answers.mu.Lock()
		defer answers.mu.Unlock()
		if answers.kept != nil {
			t.Errorf("%d answers are kept although nobody asks", len(answers.kept))
		}
	})
}

// TestFailureIsNotKept holds that an error is shared with those who wait, and with nobody after.
func TestFailureIsNotKept(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		w := &wire{answer: func(call int64, _ *http.Request) (int, string) {
			time.Sleep(10 * time.Millisecond)
			if call == 1 {
				return 503, ""
			}
			return 200, `{"id":7}`
		}}
		s := wired(t, w)
		e := product
		e.Received = time.Now().Add(-time.Hour)
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if _, err := s.Attest(t.Context(), &e); err == nil {
					t.Error("503 was taken for an answer")
				}
			})
		}
		all.Wait()
		if _, err := s.Attest(t.Context(), &e); err != nil || w.calls.Load() != 2 {
			t.Errorf("%v after %d calls", err, w.calls.Load())
		}
	})
}

// TestOneWhoLeavesDoesNotStopTheOthers holds that a shared request ends only when all who wait have gone.
func TestOneWhoLeavesDoesNotStopTheOthers(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		var stopped bool
		w := &wire{answer: func(_ int64, r *http.Request) (int, string) {
			select {
			case <-r.Context().Done():
				stopped = true
				return 0, ""
			case <-time.After(5 * time.Second):
				return 200, `{"id":7}`
			}
		}}
		s := wired(t, w)
		e := product
		e.Received = time.Now().Add(-time.Hour)
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := s.Attest(first, &e); err == nil {
				t.Error("the one who left got an answer")
			}
		})
		all.Go(func() {
			if _, err := s.Attest(t.Context(), &e); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		leave()
		all.Wait()
		if stopped || w.calls.Load() != 1 {
			t.Errorf("stopped: %v, calls: %d", stopped, w.calls.Load())
		}
		time.Sleep(2 * time.Second)
		last, leave := context.WithCancel(t.Context())
		all.Go(func() { _, _ = s.Attest(last, &e) })
		synctest.Wait()
		leave()
		all.Wait()
		synctest.Wait()
		if !stopped {
			t.Error("a request for nobody goes on")
		}
		if c, _ := s.(*source).Credential("1003"); c.State != sources.CredentialOK {
			t.Errorf("that we hung up is held against the store: %+v", c)
		}
	})
}
