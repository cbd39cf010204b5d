package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// near fails the test where a number is off by more than a part of what it should be.
func near(t *testing.T, what string, got, want, part float64) {
	t.Helper()
	if math.Abs(got-want) > part*math.Abs(want) {
		t.Errorf("%s is %.6g, want %.6g, within %.1f%%", what, got, want, 100*part)
	}
}

// free is a world in which only providers take time.
func free(nodes, workers int, rate float64, provider latency, length time.Duration) parameters {
	return parameters{nodes: nodes, workers: workers, readers: 1, rate: rate, match: 1, provider: provider, length: length,
		warmup: length / 20, seed: 1, costs: costs{nodeCores: 1, dbCores: 1, batch: 1 << 20, listen: true, poll: 1000 * time.Hour}}
}

// erlangC is the part of arrivals that must wait for one of c workers, where they keep a of them busy on average.
func erlangC(c int, a float64) float64 {
	blocked := 1.0 // Erlang B, by its recursion
	for n := 1; n <= c; n++ {
		blocked = a * blocked / (float64(n) + a*blocked)
	}
	return blocked / (1 - a/float64(c)*(1-blocked))
}

func TestErlangC(t *testing.T) {
	near(t, "one worker, half busy", erlangC(1, 0.5), 0.5, 1e-12) // M/M/1: the load itself
	near(t, "two workers, load 1", erlangC(2, 1), 1.0/3, 1e-12)   // known: a²/(2+a) of a=1
}

// TestQueueing holds the simulation against theory: with costs of zero it is the queue M/M/c, whose mean wait is known.
func TestQueueing(t *testing.T) {
	const events = 150_000
	for _, test := range []struct {
		nodes, workers int
		load           float64
	}{{1, 1, 0.5}, {1, 4, 0.6}, {1, 16, 0.7}, {4, 2, 0.7}} {
		service := 100 * time.Millisecond
		c := test.nodes * test.workers
		rate := test.load * float64(c) / service.Seconds()
		length := time.Duration(events / rate * float64(time.Second))
		r := simulate(free(test.nodes, test.workers, rate, latency{median: service, exponential: true}, length))
		want := erlangC(c, test.load*float64(c)) * service.Seconds() / (float64(c) * (1 - test.load))
		t.Logf("%d nodes with %d workers, load %.2f: mean wait %.4g s, by theory %.4g s", test.nodes, test.workers, test.load, r.wait.Seconds(), want)
		near(t, "mean wait", r.wait.Seconds(), want, 0.05)
		near(t, "part of the workers that is busy", r.workers, test.load, 0.02)
		near(t, "delivered", r.delivered, rate, 0.02)
	}
}

// TestSaturation holds that workers that are always busy deliver one message for each answer they wait for, however the
// times of the answers are spread.
func TestSaturation(t *testing.T) {
	for _, provider := range []latency{{median: 200 * time.Millisecond, p99: 200 * time.Millisecond},
		{median: 200 * time.Millisecond, p99: 800 * time.Millisecond}, {median: 50 * time.Millisecond, exponential: true}} {
		capacity := 2 * 64 / provider.mean().Seconds()
		r := simulate(free(2, 64, 3*capacity, provider, 40*time.Second))
		near(t, "delivered", r.delivered, capacity, 0.02)
		near(t, "part of the workers that is busy", r.workers, 1, 0.005)
		near(t, "accepted", r.accepted, 3*capacity, 0.02)
		if !r.overrun() {
			t.Error("three times as much as can be done is not seen as too much")
		}
	}
}

func defaults(t *testing.T, args ...string) parameters {
	t.Helper()
	p, _, err := parse(args, t.Output())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestAlone holds that an event that meets no other takes exactly the sum of what its way costs.
func TestAlone(t *testing.T) {
	p := defaults(t, "-rate", "0.01", "-length", "100000s", "-provider", "200ms", "-p99", "200ms", "-nodes", "2", "-poll", "1000000s")
	r, c := simulate(p), p.costs
	accept := c.nodeEvent + c.dbCommit + c.dbEvent + c.dbRun + commitTrips*c.trip + c.flush
	if r.accept.p50 != accept {
		t.Errorf("the 200 takes %s, want %s", r.accept.p50, accept)
	}
	if end := accept + c.notify + c.dbFetch + c.dbTake + fetchTrips*c.trip + c.nodeStep + 200*time.Millisecond; r.end.p50 != end {
		t.Errorf("the delivery takes %s, want %s", r.end.p50, end)
	}
}

// TestReadBack holds the same of an event whose entity is read back first.
func TestReadBack(t *testing.T) {
	p := defaults(t, "-rate", "0.01", "-length", "100000s", "-provider", "200ms", "-p99", "200ms", "-attest", "90ms", "-attest-p99", "90ms", "-poll", "1000000s")
	r, c := simulate(p), p.costs
	fetch := c.notify + c.dbFetch + c.dbTake + fetchTrips*c.trip
	want := c.nodeEvent + c.dbCommit + c.dbEvent + commitTrips*c.trip + c.flush + fetch + 90*time.Millisecond +
		c.dbCommit + c.dbStep + c.dbRun + commitTrips*c.trip + c.flush + fetch + c.nodeStep + 200*time.Millisecond
	if r.end.p50 != want {
		t.Errorf("the delivery takes %s, want %s", r.end.p50, want)
	}
}

// TestPolling holds that without a word from the database, a job waits half the interval on average.
func TestPolling(t *testing.T) {
	p := defaults(t, "-rate", "3", "-length", "20000s", "-listen=false", "-poll", "2s", "-provider", "1ms")
	near(t, "mean wait", simulate(p).wait.Seconds(), 1, 0.05)
}

// TestGroupCommit holds that senders who wait share commits: all of them ride in each.
func TestGroupCommit(t *testing.T) {
	p := defaults(t, "-clients", "128", "-match", "0", "-node-event", "0s", "-provider", "1ms")
	r, c := simulate(p), p.costs
	commit := c.dbCommit + 128*c.dbEvent + commitTrips*c.trip + c.flush
	near(t, "accepted", r.accepted, 128/commit.Seconds(), 0.001)
	near(t, "requests in a commit", r.batch, 128, 0.001)
	if r.accept.p99 != commit {
		t.Errorf("the 200 takes %s, want %s", r.accept.p99, commit)
	}
}

// TestNotices holds that commits which notify pass one at a time, however many nodes there are.
func TestNotices(t *testing.T) {
	p := defaults(t, "-nodes", "8", "-clients", "64", "-provider", "1ms", "-workers", "1000", "-flush", "10ms", "-trip", "0s", "-cooldown", "0s", "-db-cores", "64")
	r := simulate(p)
	if most := 1 / p.costs.flush.Seconds(); r.words > most+1 || r.words < 0.8*most {
		t.Errorf("%.1f commits a second notify, and there is room for %.1f", r.words, most)
	}
}

// TestUtilisation holds that the database works as long as the work takes: arrivals times costs.
func TestUtilisation(t *testing.T) {
	p := defaults(t, "-rate", "2000", "-nodes", "3", "-workers", "512", "-db-commit", "0s", "-db-fetch", "0s", "-length", "100s")
	r, c := simulate(p), p.costs
	near(t, "the database", r.database, 2000*(c.dbEvent+c.dbRun+c.dbTake+c.dbStep).Seconds()/float64(c.dbCores), 0.02)
	near(t, "the nodes", r.node, 2000*(c.nodeEvent+c.nodeStep).Seconds()/float64(3*c.nodeCores), 0.02)
	near(t, "the workers", r.workers, 2000*(p.provider.mean()+c.nodeStep+commitTrips*c.trip+c.flush).Seconds()/float64(3*512), 0.02)
}

func TestLatency(t *testing.T) {
	l := latency{median: 200 * time.Millisecond, p99: 900 * time.Millisecond}
	r := rand.New(rand.NewPCG(1, 2))
	samples := make([]time.Duration, 200_000)
	sum := time.Duration(0)
	for i := range samples {
		samples[i] = l.draw(r)
		sum += samples[i]
	}
	slices.Sort(samples)
	near(t, "median", samples[100_000].Seconds(), 0.2, 0.02)
	near(t, "p99", samples[198_000].Seconds(), 0.9, 0.03)
	near(t, "mean", (sum / 200_000).Seconds(), l.mean().Seconds(), 0.02)
}
