package cli

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"
)

// A sink is where rules of a test post to: it counts what came, by its body.
type sink struct {
	*httptest.Server
	mu   sync.Mutex
	got  map[string]int
	news chan struct{}
}

func newSink(t *testing.T) *sink {
	s := &sink{got: map[string]int{}, news: make(chan struct{}, 1)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.got[string(body)]++
		s.mu.Unlock()
		select {
		case s.news <- struct{}{}:
		default:
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sink) counts() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.got)
}

// until waits until the sink has what is wanted, each at least once.
func (s *sink) until(t *testing.T, want []string) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for {
		got := s.counts()
		missing := slices.DeleteFunc(slices.Clone(want), func(w string) bool { return got[w] > 0 })
		if len(missing) == 0 {
			return
		}
		select {
		case <-s.news:
		case <-deadline:
			t.Fatalf("never came: %q", missing)
		}
	}
}
