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

func TestAllowanceWithoutLimit(t *testing.T) {
	a := sources.NewAllowance(rate.Inf, 1)
	a.Share(5)
	for range 1000 {
		if !a.Allow() {
			t.Fatal("what has no limit is limited")
		}
	}
}
