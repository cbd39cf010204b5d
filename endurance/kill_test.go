//go:build linux

package endurance

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	kills  = flag.Int("kills", 20, "how often the server is killed")
	events = flag.Int("events", 20_000, "how many events come in meanwhile")
)

// workers is how many steps the server carries out at once.
const workers = 128

// TestKill kills the server at random moments while events come in. Every event that got its 200 must have its action;
// what arrives twice must be marked in the ledger as repeated after an unknown outcome, and there may be at most one such
// for each worker and kill.
func TestKill(t *testing.T) {
	target := newSink(t)
	p := newProgram(t, t.TempDir(), target.URL)
	p.start()

	var next, accepted atomic.Int64
	var senders sync.WaitGroup
	for range 16 {
		senders.Go(func() {
			for n := next.Add(1) - 1; n < int64(*events); n = next.Add(1) - 1 {
				for status, _ := p.post(int(n)); status != 200; status, _ = p.post(int(n)) {
					if status != 0 && status != 503 && status != 429 {
						t.Errorf("event %d was answered %d", n, status)
						return
					}
					<-time.After(time.Duration(1+rand.IntN(20)) * time.Millisecond) // as a platform would, only sooner
				}
				accepted.Add(1)
			}
		})
	}

	slowest, done := time.Duration(0), 0
	for _, moment := range moments(*kills, *events) {
		for next.Load() < moment {
			<-time.After(time.Duration(rand.IntN(1000)) * time.Microsecond)
		}
		p.kill()
		slowest = max(slowest, p.start())
		done++
	}
	senders.Wait()
	matching := *events / 2
	target.wait(t, matching, 2*time.Minute)
	if slowest > 2*time.Second {
		t.Errorf("after a kill the server needed %v to be ready again", slowest)
	}
	repeated := p.settled(time.Minute)
	target.mu.Lock()
	defer target.mu.Unlock()
	twice := target.total - len(target.byKey)
	for order, times := range target.orders {
		if times > 1+repeated[order] {
			t.Errorf("order %s arrived %d times, the ledger marks %d as repeated", order, times, repeated[order])
		}
	}
	marked := 0
	for _, n := range repeated {
		marked += n
	}
	if twice > workers*done || marked > workers*done {
		t.Errorf("%d arrived twice, %d are marked, after %d kills of %d workers", twice, marked, done, workers)
	}
	if len(target.byKey) != matching {
		t.Errorf("%d keys arrived for %d actions", len(target.byKey), matching)
	}
	t.Logf("%d kills, %d events accepted, %d actions; %d arrived twice, %d marked as repeated; ready again within %v",
		done, accepted.Load(), len(target.orders), twice, marked, slowest.Round(time.Millisecond))
}

// moments gives at which events to kill: anywhere among them, so that every kill hits a server with work under way.
func moments(kills, events int) []int64 {
	at := make([]int64, kills)
	for i := range at {
		at[i] = rand.Int64N(int64(events))
	}
	slices.Sort(at)
	return at
}

// settled waits until every run is done, for at most a while, and gives how often each order's step was repeated, as the ledger has it.
func (p *program) settled(most time.Duration) map[string]int {
	p.Helper()
	type page struct {
		Items []struct {
			ID      int64
			State   string
			Subject string
			Steps   []struct{ Repeated int }
		}
		Next int64
	}
	for end := time.Now().Add(most); ; {
		var open page
		p.get("/api/v1/runs?state=due", &open)
		var started page
		p.get("/api/v1/runs?state=started", &started)
		if len(open.Items)+len(started.Items) == 0 {
			break
		}
		if time.Now().After(end) {
			p.Fatalf("%d runs are not settled", len(open.Items)+len(started.Items))
		}
		<-time.After(20 * time.Millisecond)
	}
	repeated := map[string]int{}
	for before := int64(0); ; {
		var runs page
		p.get(fmt.Sprintf("/api/v1/runs?limit=500&before=%d", before), &runs)
		for _, u := range runs.Items {
			if u.State != "done" {
				p.Errorf("run %d is %s", u.ID, u.State)
			}
			for _, s := range u.Steps {
				if s.Repeated > 0 {
					repeated[u.Subject[len("order/ord-"):]] += s.Repeated
				}
			}
		}
		if before = runs.Next; before == 0 {
			return repeated
		}
	}
}
