//go:build linux

package endurance

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// TestHandOver stops a node in order while steps are under way and hundreds are due. The others go on at once; nothing is
// lost, nothing comes twice, and nothing is marked.
func TestHandOver(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, accounts string
		steps, before  int
	}{
		{"Any", "", 800, 100},
		{"Limited", "accounts:\n  http: { kind: http, concurrency: 16 }", 250, 50},
	} {
		t.Run(test.name, func(t *testing.T) {
			target := newGauge(t, 0)
			target.takes = func() time.Duration { return time.Duration(200+rand.IntN(600)) * time.Millisecond }
			s := telling(target.URL)
			s.accounts = test.accounts
			c := newCluster(t, 3, s)
			leaver := c.nodes[1]
			if test.accounts != "" {
				leaver = c.limitedNode("http")
			}
			c.burst(test.steps)
			target.wait(t, test.before, time.Minute)
			told := time.Now()
			stayed := c.stop(leaver)
			target.wait(t, test.steps, 2*time.Minute)
			other := c.nodes[0]
			if leaver == other {
				other = c.nodes[2]
			}
			if repeated := other.settled(time.Minute); len(repeated) > 0 {
				t.Errorf("%d steps are marked as repeated", len(repeated))
			}
			if all, distinct := target.calls(); all != test.steps || distinct != test.steps {
				t.Errorf("%d calls for %d of %d steps", all, distinct, test.steps)
			}
			gap := target.longestGap(told)
			if gap > 2*time.Second {
				t.Errorf("nothing was sent for %v", gap)
			}
			if gap == 0 {
				t.Error("all was done before the node was told to stop, so nothing was tested")
			}
			t.Logf("the node left within %v; nothing was sent for at most %v", stayed.Round(10*time.Millisecond), gap.Round(10*time.Millisecond))
		})
	}
}

// stop ends a node in order, and tells how long it took.
func (c *cluster) stop(p *program) time.Duration {
	c.Helper()
	client.CloseIdleConnections() // a server that stops waits for those that were opened and never used
	began := time.Now()
	p.signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(25 * time.Second):
		c.Fatal("the node does not stop")
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		c.Errorf("an orderly stop ended with status %d", code)
	}
	return time.Since(began)
}

func (p *program) signal(s syscall.Signal) {
	if err := p.cmd.Process.Signal(s); err != nil {
		p.Error(err)
	}
}
