//go:build linux

package endurance

import (
	"flag"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/engine/ledger/postgres/postgrestest"
)

var (
	clusterKills = flag.Int("cluster-kills", 12, "how often a node of the cluster is killed")
	outages      = flag.Int("outages", 2, "how often the database of the cluster is stopped without ceremony")
	outage       = flag.Duration("outage", 5*time.Second, "how long it stays away at most; at least 2 s")
)

// A cluster is programs that share a database, behind a load balancer that finds those that answer.
type cluster struct {
	*testing.T
	server *postgrestest.Server
	nodes  []*program
}

// newCluster starts a PostgreSQL, which waits for the disk as in production, and nodes on it.
func newCluster(t *testing.T, nodes int, s setup) *cluster {
	t.Helper()
	c := &cluster{T: t, server: postgrestest.Start(t)}
	s.database = c.server.Database(t)
	for range nodes {
		p := newProgramWith(t, t.TempDir(), s)
		p.launch()
		c.nodes = append(c.nodes, p)
	}
	for _, p := range c.nodes {
		p.await(30 * time.Second)
	}
	return c
}

func (c *cluster) any() *program { return c.nodes[rand.IntN(len(c.nodes))] }

// deliver sends a notification until a node takes it, to another each time, as a platform does, only sooner. It counts the
// answers that asked to come again.
func (c *cluster) deliver(body []byte, signature string, asked *atomic.Int64) bool {
	for {
		status, header := c.any().send(body, signature)
		switch status {
		case http.StatusOK:
			return true
		case http.StatusServiceUnavailable, http.StatusTooManyRequests:
			if header.Get("Retry-After") == "" {
				c.Error("a 503 does not say when to come again")
				return false
			}
			asked.Add(1)
		case 0:
		default:
			c.Errorf("an event was answered %d: %s", status, body)
			return false
		}
		<-time.After(time.Duration(1+rand.IntN(20)) * time.Millisecond)
	}
}

// TestCluster kills nodes at random moments while events come in, and stops the database in between. Every event that got
// its 200 must have its action; what arrives twice must be marked in the ledger as repeated after an unknown outcome, and
// there may be at most one such for each worker and kill, or each worker of every node and outage.
func TestCluster(t *testing.T) {
	target := newSink(t)
	c := newCluster(t, 3, telling(target.URL))
	var next, asked atomic.Int64
	var senders sync.WaitGroup
	for range 16 {
		senders.Go(func() {
			for n := next.Add(1) - 1; n < int64(*events) && !t.Failed(); n = next.Add(1) - 1 {
				body, signature := notification(int(n))
				c.deliver(body, signature, &asked)
			}
		})
	}
	began := time.Now()
	order := rand.Perm(*clusterKills + *outages)
	slowest := time.Duration(0)
	for i, moment := range moments(len(order), *events) {
		for next.Load() < moment && !t.Failed() {
			<-time.After(time.Duration(rand.IntN(1000)) * time.Microsecond)
		}
		if order[i] < *outages {
			slowest = max(slowest, c.outage(i))
			continue
		}
		p := c.any()
		p.kill()
		<-time.After(time.Duration(rand.IntN(500)) * time.Millisecond)
		p.start()
	}
	senders.Wait()
	sent := time.Since(began)
	c.arrived(target, *events/2, time.Now())
	t.Logf("%d kills, %d outages, %d events accepted within %v, %d answers asked to come again; a first one of an outage within %v",
		*clusterKills, *outages, *events, sent.Round(time.Second), asked.Load(), slowest.Round(time.Millisecond))
}

// outage stops the database as a crash would. Nodes say so, and go on by themselves when it is back; one that is started
// meanwhile waits for it. It tells how long the first answer took.
func (c *cluster) outage(i int) time.Duration {
	c.Helper()
	c.server.Kill()
	back := time.After(2*time.Second + rand.N(max(*outage-2*time.Second, 1)))
	began := time.Now()
	p := c.nodes[i%len(c.nodes)]
	status, header := p.post(*events + 2*i) // of no rule
	if status != 503 || header.Get("Retry-After") == "" {
		c.Errorf("with the database away an event was answered %d, Retry-After %q", status, header.Get("Retry-After"))
	}
	took := time.Since(began)
	if took > 9*time.Second {
		c.Errorf("with the database away the answer took %v; Ecwid waits 10 s", took)
	}
	if status, text := p.readyz(); status != 503 || !strings.Contains(text, "the database") && !strings.Contains(text, "the ledger") {
		c.Errorf("with the database away /readyz answers %d %s", status, text)
	}
	late := c.nodes[(i+1)%len(c.nodes)]
	late.kill()
	late.launch()
	<-back
	c.server.Restart()
	for _, p := range c.nodes {
		p.await(30 * time.Second)
	}
	return took
}

// arrived waits until the actions have arrived and all is settled, and compares what came twice with what is marked.
func (c *cluster) arrived(target *sink, want int, since time.Time) {
	c.Helper()
	target.wait(c.T, want, 5*time.Minute)
	there := time.Since(since)
	repeated := c.nodes[0].settled(4 * time.Minute)
	settled := time.Since(since)
	target.mu.Lock()
	defer target.mu.Unlock()
	marked := 0
	for _, n := range repeated {
		marked += n
	}
	c.nodes[0].nonePending()
	for order, times := range target.orders {
		if times > 1+repeated[order] {
			c.Errorf("order %s arrived %d times, the ledger marks %d as repeated", order, times, repeated[order])
		}
	}
	twice, most := target.total-len(target.byKey), workers*(*clusterKills+*outages*(1+len(c.nodes)))
	if twice > most || marked > most {
		c.Errorf("%d arrived twice, %d are marked, more than the %d that may have been under way", twice, marked, most)
	}
	if len(target.byKey) != want || len(target.orders) != want {
		c.Errorf("%d keys and %d orders arrived for %d actions", len(target.byKey), len(target.orders), want)
	}
	c.Logf("%d arrived twice, %d marked as repeated; the last had arrived %v after the last event, and all was settled after %v",
		twice, marked, there.Round(100*time.Millisecond), settled.Round(100*time.Millisecond))
}

// nonePending holds that every event has been looked at.
func (p *program) nonePending() {
	p.Helper()
	var page struct{ Items []struct{ Seq int64 } }
	if p.get("/api/v1/events?state=pending", &page); len(page.Items) > 0 {
		p.Errorf("events are still pending, the last of them %d", page.Items[0].Seq)
	}
}
