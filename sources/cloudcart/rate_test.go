package cloudcart

import (
	"net/http"
	"testing"
	"time"

	"shopbell/virtualtime"
)

// TestTheRateStaysBelowTheAllowance holds, for each plan of CloudCart, that in no minute more calls go out than it allows, of which the
// present one counts too, and that most of it is used.
func TestTheRateStaysBelowTheAllowance(t *testing.T) {
	for _, plan := range []int{50, 100, 150, 800} {
		virtualtime.Test(t, func(t *testing.T) {
			l := newLine(0)
			var calls []time.Time
			for begin := time.Now(); time.Since(begin) < 3*time.Minute; {
				if err := l.limit.Wait(t.Context()); err != nil {
					t.Fatal(err)
				}
				calls = append(calls, time.Now())
				l.learn(http.Header{"X-Ratelimit-Limit": {map[int]string{50: "50", 100: "100", 150: "150", 800: "800"}[plan]}})
			}
			most := 0
			for i, from := range calls {
				n := 0
				for _, at := range calls[i:] {
					if at.Sub(from) < time.Minute {
						n++
					}
				}
				most = max(most, n)
			}
			if most >= plan || most < plan*3/4 {
				t.Errorf("of %d a minute up to %d were used", plan, most)
			}
		})
	}
}

// TestARateOfTheOperator holds that it is kept whatever the API allows.
func TestARateOfTheOperator(t *testing.T) {
	l := newLine(30)
	before := l.limit.PerSecond()
	l.learn(http.Header{"X-Ratelimit-Limit": {"800"}})
	if l.limit.PerSecond() != before || before*60 > 30 {
		t.Errorf("%v a minute", l.limit.PerSecond()*60)
	}
	free := newLine(0)
	for _, told := range []string{"0", "-5", "many", ""} {
		free.learn(http.Header{"X-Ratelimit-Limit": {told}})
	}
	if want, _ := steady(firstRate); free.limit.PerSecond() != float64(want) {
		t.Errorf("%v a minute", free.limit.PerSecond()*60)
	}
}
