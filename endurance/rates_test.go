//go:build linux

package endurance

import (
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var paused = flag.Duration("paused", 0, "how long the node that works an account stands still, in the test of that; 0 for no test")

// A gauge is a provider that keeps when it was called, and how often at once.
type gauge struct {
	*httptest.Server
	takes  func() time.Duration // how long a call takes
	mu     sync.Mutex
	at     []time.Time
	keys   map[string]int
	inside int
	most   int // at once
}

// newGauge starts a provider that takes its time for each call.
func newGauge(t *testing.T, takes time.Duration) *gauge {
	g := &gauge{keys: map[string]int{}, takes: func() time.Duration { return takes }}
	g.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		g.enter(r.Header.Get("webhook-id"))
		_, _ = io.Copy(io.Discard, r.Body)
		if takes := g.takes(); takes > 0 {
			<-time.After(takes)
		}
		g.leave()
	}))
	t.Cleanup(g.Close)
	return g
}

func (g *gauge) enter(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.at = append(g.at, time.Now())
	g.keys[key]++
	g.inside++
	g.most = max(g.most, g.inside)
}

func (g *gauge) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inside--
}

// calls tells how many calls there were, and how many of them were not of a step that had been sent before.
func (g *gauge) calls() (all, distinct int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.at), len(g.keys)
}

// wait waits until the steps of n runs have arrived.
func (g *gauge) wait(t *testing.T, n int, most time.Duration) {
	t.Helper()
	for end := time.Now().Add(most); ; {
		_, distinct := g.calls()
		if distinct >= n {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d steps arrived within %v", distinct, n, most)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// busiest gives the most calls that arrived in any second.
func (g *gauge) busiest() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return busiest(g.at)
}

func busiest(times []time.Time) int {
	at := slices.SortedFunc(slices.Values(times), time.Time.Compare)
	most, first := 0, 0
	for i := range at {
		for at[i].Sub(at[first]) >= time.Second {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// heldTo fails the test when more than 11 calls were made in any second: at the provider, unless the nodes have kept to it and the
// calls were held up on their way, as on a machine that has too much to do.
func (g *gauge) heldTo(t *testing.T, p *program) {
	t.Helper()
	most := g.busiest()
	if most <= 11 {
		return
	}
	if left := busiest(p.departures()); left > 11 {
		t.Errorf("%d calls arrived in one second, and %d left, with a rate of 10", most, left)
		return
	}
	t.Logf("%d calls arrived in one second, although no second saw more than 11 leave: this machine is too busy", most)
}

// departures gives when each try was sent.
func (p *program) departures() (at []time.Time) {
	p.Helper()
	for before := int64(0); ; {
		var page struct {
			Items []struct {
				ID    int64
				Steps []struct{ Tries []struct{ At time.Time } }
			}
		}
		path := "/api/v1/runs?limit=500"
		if before > 0 {
			path += fmt.Sprintf("&before=%d", before)
		}
		p.get(path, &page)
		for _, run := range page.Items {
			before = run.ID
			for _, step := range run.Steps {
				for _, try := range step.Tries {
					at = append(at, try.At)
				}
			}
		}
		if len(page.Items) < 500 {
			return at
		}
	}
}

// longestGap gives the longest time between two calls after a moment.
func (g *gauge) longestGap(after time.Time) (longest time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	last := after
	for _, at := range g.at {
		if at.After(after) {
			longest, last = max(longest, at.Sub(last)), at
		}
	}
	return longest
}

// burst sends n events whose rule fires to all nodes at once.
func (c *cluster) burst(n int) {
	var senders sync.WaitGroup
	var asked atomic.Int64
	for i := range n {
		senders.Go(func() {
			body, signature := notification(2*i + 1)
			c.deliver(body, signature, &asked)
		})
	}
	senders.Wait()
}

func limited(sink, limit string) setup {
	s := telling(sink)
	s.accounts = "accounts:\n  http: { kind: http, " + limit + " }"
	return s
}

// TestRates holds that three nodes together keep to the rate of an account, and that all gets through.
func TestRates(t *testing.T) {
	t.Parallel()
	target := newGauge(t, 0)
	c := newCluster(t, 3, limited(target.URL, "rate: 10/s"))
	began := time.Now()
	c.burst(300)
	target.wait(t, 300, 45*time.Second)
	if took := time.Since(began); took < 29*time.Second {
		t.Errorf("300 steps at 10 a second took only %v", took)
	}
	c.nodes[0].settled(time.Minute)
	if all, distinct := target.calls(); all != 300 || distinct != 300 {
		t.Errorf("%d calls for %d of 300 steps", all, distinct)
	}
	target.heldTo(t, c.nodes[0])
	t.Logf("300 steps within %v, at most %d in a second", time.Since(began).Round(100*time.Millisecond), target.busiest())
}

// TestRateOfTheDead kills the node that works the account. Another takes it over, and the rate still holds.
func TestRateOfTheDead(t *testing.T) {
	t.Parallel()
	rateWithout(t, 30*time.Second, func(p *program) { p.kill() })
}

// TestRateOfThePaused has the node that works the account stand still, as a machine does that is moved or has run out of
// memory, until another works it. When it goes on, the rate still holds.
func TestRateOfThePaused(t *testing.T) {
	if *paused == 0 {
		t.Skip("takes long; name a time, such as -paused 50s")
	}
	t.Parallel()
	rateWithout(t, *paused, func(p *program) {
		p.signal(syscall.SIGSTOP)
		time.AfterFunc(*paused, func() { p.signal(syscall.SIGCONT) })
	})
}

// rateWithout takes the node away that works an account, when about 5 s of work have been done and more than can be done
// within a while is left.
func rateWithout(t *testing.T, while time.Duration, take func(*program)) {
	target := newGauge(t, 0)
	c := newCluster(t, 3, limited(target.URL, "rate: 10/s"))
	gone := c.limitedNode("http")
	steps := 100 + int(10*(while-30*time.Second).Seconds())
	c.burst(steps)
	target.wait(t, 50, 20*time.Second)
	take(gone)
	taken := time.Now()
	target.wait(t, steps, 3*time.Minute)
	other := c.nodes[0]
	if other == gone {
		other = c.nodes[1]
	}
	marked := 0
	for _, n := range other.settled(3 * time.Minute) {
		marked += n
	}
	if all, distinct := target.calls(); all-distinct > marked || distinct != steps {
		t.Errorf("%d calls for %d of %d steps; %d are marked as repeated", all, distinct, steps, marked)
	}
	target.heldTo(t, other)
	gap := target.longestGap(taken)
	if gap == 0 {
		t.Error("all was done before the node was taken away, so nothing was tested")
	}
	t.Logf("the account was taken over after %v; at most %d in a second, %d marked as repeated", gap.Round(100*time.Millisecond), target.busiest(), marked)
}

// limitedNode waits until a node tells that it works an account for all, and gives it.
func (c *cluster) limitedNode(account string) *program {
	c.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-time.After(20 * time.Millisecond) {
		for _, n := range c.nodes[0].status().Nodes {
			if !slices.Contains(n.Limited, account) {
				continue
			}
			for _, p := range c.nodes {
				if p.address == n.Address {
					return p
				}
			}
		}
	}
	c.Fatalf("no node tells that it works %s", account)
	return nil
}

// A status is what a program tells of itself and the others.
type status struct {
	Ready   bool
	Reasons []string
	Ledger  string
	Nodes   []struct {
		ID, Address string
		Limited     []string
	}
	Differences []string
}

func (p *program) status() (s status) {
	p.Helper()
	p.get("/api/v1/status", &s)
	return s
}

// TestConcurrency holds that three nodes together keep to the concurrency of an account, and make use of it.
func TestConcurrency(t *testing.T) {
	t.Parallel()
	target := newGauge(t, 40*time.Millisecond)
	c := newCluster(t, 3, limited(target.URL, "concurrency: 3"))
	c.burst(200)
	target.wait(t, 200, time.Minute)
	c.nodes[0].settled(time.Minute)
	if all, distinct := target.calls(); all != 200 || distinct != 200 {
		t.Errorf("%d calls for %d of 200 steps", all, distinct)
	}
	if target.most != 3 {
		t.Errorf("%d calls at once, with a concurrency of 3", target.most)
	}
}
