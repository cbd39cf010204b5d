//go:build linux

package endurance

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	subjects = flag.Int("subjects", 1000, "how many subjects have updates, in the test of their order")
	updates  = flag.Int("updates", 20, "how many updates each of them has")
)

// An arrival is what a run told of its event.
type arrival struct {
	Event, Subject string
	Version        int
	Was            *int
}

// A register keeps what arrives, by subject. It holds that nothing of one subject arrives twice at once.
type register struct {
	*httptest.Server
	mu      sync.Mutex
	inside  map[string]bool
	all     map[string][]arrival
	count   int
	waiting map[string]chan struct{} // by event, closed when it has arrived
}

func newRegister(t *testing.T) *register {
	s := &register{inside: map[string]bool{}, all: map[string][]arrival{}, waiting: map[string]chan struct{}{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var a arrival
		if text, err := io.ReadAll(r.Body); err != nil || json.Unmarshal(text, &a) != nil {
			t.Errorf("what arrived cannot be read: %s", text)
			return
		}
		if s.enter(a) {
			t.Errorf("two actions of %s at once", a.Subject)
		}
		<-time.After(time.Millisecond) // that two at once may meet
		s.leave(a)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *register) enter(a arrival) (already bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	already, s.inside[a.Subject] = s.inside[a.Subject], true
	s.all[a.Subject] = append(s.all[a.Subject], a)
	return already
}

func (s *register) leave(a arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.inside, a.Subject)
	s.count++
	if c := s.waiting[a.Event]; c != nil {
		close(c)
	}
}

// expect gives what is closed when the action of an event has arrived.
func (s *register) expect(event string) <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := make(chan struct{})
	s.waiting[event] = c
	return c
}

func (s *register) arrived() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count
}

// TestOrder sends updates of many subjects to three nodes at random; of one subject, each when the one before was taken. Each
// event must have one action, those of a subject in their order, and `was` must always be what the one before had read.
func TestOrder(t *testing.T) {
	for _, test := range []struct {
		name     string
		subjects int
		wait     bool
	}{{"AsFastAsTaken", *subjects, false}, {"EachAwaited", max(1, *subjects/20), true}} {
		t.Run(test.name, func(t *testing.T) {
			target, mall := newRegister(t), newMall(t, test.subjects)
			c := newCluster(t, 3, mall.setup(target.URL))
			began := time.Now()
			c.sendUpdates(mall, target, test.wait)
			sent := time.Since(began)
			for end := time.Now().Add(5 * time.Minute); target.arrived() < len(mall.products)**updates && !t.Failed(); {
				if time.Now().After(end) {
					t.Fatalf("%d of %d actions arrived\n%s", target.arrived(), len(mall.products)**updates, c.nodes[0].open())
				}
				<-time.After(5 * time.Millisecond)
			}
			took := time.Since(began)
			if repeated := c.nodes[0].settled(time.Minute); len(repeated) > 0 {
				t.Errorf("%d steps were repeated, though nothing was amiss", len(repeated))
			}
			later, moved := target.check(t, mall, test.wait)
			t.Logf("%d updates of %d subjects were taken within %v, and worked within %v; %d saw a change, %d read a later state", len(mall.products)**updates,
				len(mall.products), sent.Round(100*time.Millisecond), took.Round(100*time.Millisecond), moved, later)
		})
	}
}

// sendUpdates sends the updates of all products, those of one in order. With wait, each only when the action of the one before
// has arrived.
func (c *cluster) sendUpdates(m *mall, target *register, wait bool) {
	var senders sync.WaitGroup
	var asked atomic.Int64
	places := make(chan struct{}, 128)
	for _, p := range m.products {
		senders.Go(func() {
			places <- struct{}{} // whole subjects, so that their events come faster than they are worked
			defer func() { <-places }()
			for k := 1; k <= *updates && !c.Failed(); k++ {
				body, signature := p.change(c.T, k)
				there := target.expect(p.sent[len(p.sent)-1])
				c.deliver(body, signature, &asked)
				if !wait {
					<-time.After(time.Duration(rand.IntN(50)) * time.Millisecond)
					continue
				}
				select {
				case <-there:
				case <-time.After(time.Minute):
					c.Errorf("update %d of %s had no action within a minute", k, p.name)
				}
			}
		})
	}
	senders.Wait()
}

// check compares what arrived with what was sent, and tells how many events read a later state than their own, and how
// many another than the one before.
func (s *register) check(t *testing.T, m *mall, exact bool) (later, moved int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range m.products {
		got := s.all[p.name]
		if len(got) != len(p.sent) {
			t.Errorf("%s: %d actions for %d events", p.name, len(got), len(p.sent))
			continue
		}
		before, was := 0, "nothing"
		for k, a := range got {
			told := "nothing"
			if a.Was != nil {
				told = fmt.Sprint(*a.Was)
			}
			switch {
			case a.Event != p.sent[k]:
				t.Errorf("%s: action %d is of another event than the one sent as such", p.name, k+1)
			case told != was:
				t.Errorf("%s: at action %d `was` has version %s, the one before had %s", p.name, k+1, told, was)
			case a.Version < before || a.Version < k+1 || exact && a.Version != k+1:
				t.Errorf("%s: action %d has version %d after %d", p.name, k+1, a.Version, before)
			}
			if a.Version > before {
				moved++
			}
			before, was = a.Version, fmt.Sprint(a.Version)
			if a.Version > k+1 {
				later++
			}
		}
	}
	return later, moved
}

// open tells of events and runs that have not come to their end, for a test that waits for them in vain.
func (p *program) open() string {
	var b strings.Builder
	for _, path := range []string{"/api/v1/events?state=pending&limit=20", "/api/v1/events?state=failed&limit=5", "/api/v1/events?state=unconfirmed&limit=5",
		"/api/v1/events?state=unmatched&limit=5", "/api/v1/runs?state=due&limit=10",
		"/api/v1/runs?state=started&limit=10", "/api/v1/runs?state=held&limit=5", "/api/v1/runs?state=dead&limit=5", "/api/v1/sources?limit=3"} {
		var page struct{ Items []map[string]any }
		p.get(path, &page)
		for _, item := range page.Items {
			delete(item, "body")
			delete(item, "data")
			fmt.Fprintln(&b, path, item)
		}
	}
	return b.String()
}
