package sources_test

import (
	"testing"
	"time"

	"golang.org/x/time/rate"

	"shopbell/sources"
	"shopbell/virtualtime"
)

// TestAllowanceOfAllNodes has nodes come and go that all take what they can get, and counts what the platform sees.
func TestAllowanceOfAllNodes(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		const perMinute, burst = 500, 60
		var seen []time.Time
		var nodes []*sources.Allowance
		live := func(n int) {
			for len(nodes) < n { // one that comes knows of the others before it asks anything
				a := sources.NewAllowance(perMinute/60.0, burst)
				a.Share(n)
				a.Empty(time.Now().Add(-time.Minute)) // the worst: all of them are full
				nodes = append(nodes, a)
			}
			nodes = nodes[:n]
			for _, a := range nodes {
				a.Share(n)
			}
		}
		for _, n := range []int{1, 3, 2, 7, 1} {
			live(n)
			for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); {
				for _, a := range nodes {
					for a.Allow() {
						seen = append(seen, time.Now())
					}
				}
				time.Sleep(50 * time.Millisecond)
			}
		}
		from := 0
		for i, at := range seen {
			for at.Sub(seen[from]) >= time.Minute {
				from++
			}
			if n := i - from + 1; n > 600 {
				t.Fatalf("%d calls within a minute of %v", n, at)
			}
		}
		if whole := 15 * perMinute; len(seen) < whole*9/10 {
			t.Errorf("%d calls were made in a quarter of an hour, of %d", len(seen), whole)
		}
	})
}

// TestAllowanceOfAProgramThatCrashes has a program end and start anew every few seconds, which takes all that it can get. It must
// not have its burst each time.
func TestAllowanceOfAProgramThatCrashes(t *testing.T) {
	for _, every := range []time.Duration{time.Second, 7 * time.Second, 20 * time.Second} {
		virtualtime.Test(t, func(t *testing.T) {
			const perSecond, burst = 500 / 60.0, 60
			seen, began := 0, time.Now()
			for time.Since(began) < time.Minute {
				var a *sources.Allowance
				for opened := time.Now(); time.Since(opened) < every; time.Sleep(10 * time.Millisecond) {
					if a == nil && time.Since(opened) >= every/2 { // made late, as for a store that was quiet
						a = sources.NewAllowance(perSecond, burst)
						a.Empty(opened)
					}
					for a != nil && a.Allow() {
						seen++
					}
				}
			}
			if perMinute := float64(seen) / time.Since(began).Minutes(); perMinute > 600 || perMinute < 400 {
				t.Errorf("started every %v: %.0f calls a minute", every, perMinute)
			}
		})
	}
}

func TestAllowanceWithoutLimit(t *testing.T) {
	a := sources.NewAllowance(rate.Inf, 1)
	a.Share(5)
	for range 1000 {
		if !a.Allow() {
			t.Fatal("what has no limit is limited")
		}
	}
}
