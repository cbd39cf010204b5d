package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/virtualtime"
)

// calls notes who went through a pacer, and when, counted from its first use.
type calls struct {
	mu    sync.Mutex
	began time.Time
	who   []int
	at    []time.Duration
	all   sync.WaitGroup
}

// send has somebody wait for the turn, and waits until they stand in the queue or have gone through.
func (c *calls) send(ctx context.Context, p *pacer, who int) {
	c.all.Go(func() {
		if p.wait(ctx) == nil {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.who, c.at = append(c.who, who), append(c.at, time.Since(c.began))
		}
	})
	synctest.Wait()
}

func (c *calls) want(t *testing.T, who []int, at ...time.Duration) {
	t.Helper()
	c.all.Wait()
	if !slices.Equal(c.who, who) || !slices.Equal(c.at, at) {
		t.Errorf("%v called at %v, want %v at %v", c.who, c.at, who, at)
	}
}

const ms = time.Millisecond

func TestPacer(t *testing.T) {
	for name, test := range map[string]func(t *testing.T, p *pacer, c *calls){
		"evenly, first come first served": func(t *testing.T, p *pacer, c *calls) {
			for who := range 4 {
				c.send(t.Context(), p, who)
			}
			c.want(t, []int{0, 1, 2, 3}, 0, 100*ms, 200*ms, 300*ms)
		},
		"nothing is saved up": func(t *testing.T, p *pacer, c *calls) {
			time.Sleep(time.Minute)
			for who := range 3 {
				c.send(t.Context(), p, who)
			}
			c.want(t, []int{0, 1, 2}, time.Minute, time.Minute+100*ms, time.Minute+200*ms)
		},
		"one who comes late waits for the rest only": func(t *testing.T, p *pacer, c *calls) {
			c.send(t.Context(), p, 0)
			time.Sleep(70 * ms)
			c.send(t.Context(), p, 1)
			time.Sleep(200 * ms)
			c.send(t.Context(), p, 2)
			c.want(t, []int{0, 1, 2}, 0, 100*ms, 270*ms)
		},
		"whoever gives up leaves the turn to the next": func(t *testing.T, p *pacer, c *calls) {
			first, endFirst := context.WithCancel(t.Context())
			middle, endMiddle := context.WithCancel(t.Context())
			c.send(t.Context(), p, 0)
			c.send(first, p, 1)
			c.send(t.Context(), p, 2)
			c.send(middle, p, 3)
			c.send(t.Context(), p, 4)
			endMiddle()
			synctest.Wait()
			time.Sleep(50 * ms)
			endFirst()
			c.want(t, []int{0, 2, 4}, 0, 100*ms, 200*ms)
			if len(p.queue) != 0 {
				t.Errorf("%d are left in the queue", len(p.queue))
			}
		},
		"one interval after a reset": func(t *testing.T, p *pacer, c *calls) {
			p.reset()
			c.send(t.Context(), p, 0)
			c.send(t.Context(), p, 1)
			c.want(t, []int{0, 1}, 100*ms, 200*ms)
		},
		"a reset holds up those that wait": func(t *testing.T, p *pacer, c *calls) {
			c.send(t.Context(), p, 0)
			c.send(t.Context(), p, 1)
			time.Sleep(60 * ms)
			p.reset()
			c.send(t.Context(), p, 2)
			c.want(t, []int{0, 1, 2}, 0, 160*ms, 260*ms)
		},
	} {
		t.Run(name, func(t *testing.T) {
			virtualtime.Test(t, func(t *testing.T) { test(t, newPacer(10), &calls{began: time.Now()}) })
		})
	}
}

func TestPacerGivesUpAtOnce(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		p, began := newPacer(1.0/3600), time.Now()
		if err := p.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := p.wait(ctx)
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took != time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		if err := p.wait(ctx); !errors.Is(err, context.DeadlineExceeded) || !time.Now().Equal(began.Add(time.Second)) {
			t.Errorf("with a context that has ended: %v", err)
		}
		if err := p.wait(t.Context()); err != nil || !time.Now().Equal(began.Add(time.Hour)) {
			t.Errorf("the next goes through after %v: %v", time.Since(began), err)
		}
	})
}

// TestPacerKeepsTheRate has timers and callers be late at random, as they are on a busy machine: no second sees more than
// the rate and one more, and with enough callers, and timers that are late as usual, the rate is reached.
func TestPacerKeepsTheRate(t *testing.T) {
	for _, rate := range []float64{0.5, 1, 2.5, 10, 99, 400, 499, 500, 501, 1000, 10_000} {
		for name, lateness := range map[string]time.Duration{"a timer": late, "a busy machine": 300 * ms} {
			p := newPacer(rate)
			now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			began, came := now, now
			var at []time.Time
			for range 5000 {
				for rest := p.take(came, now); rest > 0; rest = p.take(came, now) {
					now = now.Add(rest + rand.N(lateness))
				}
				at = append(at, now)
				if lateness > late && rand.IntN(100) == 0 {
					now = now.Add(rand.N(3 * time.Second)) // nobody comes for a while
					came = now
				}
			}
			if most := busiest(at); most > int(rate)+1 {
				t.Errorf("%g a second, %s is late: a second has %d", rate, name, most)
			}
			if got := float64(len(at)) / now.Sub(began).Seconds(); lateness == late && (got < 0.99*rate || got > 1.01*rate) {
				t.Errorf("%g a second, %s is late: it is %.2f", rate, name, got)
			}
		}
	}
}

// busiest gives how many of these times, in order, one second has at most, both its ends included.
func busiest(at []time.Time) int {
	most, from := 0, 0
	for to := range at {
		for at[to].Sub(at[from]) > time.Second {
			from++
		}
		most = max(most, to-from+1)
	}
	return most
}

// TestPacerForMany has many wait and give up at random: each has an answer, and the rate holds.
func TestPacerForMany(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		const many, rate = 300, 10
		p := newPacer(rate)
		var mu sync.Mutex
		var at []time.Time
		gone := 0
		var all sync.WaitGroup
		for range many {
			patience := time.Hour
			if rand.IntN(3) == 0 {
				patience = rand.N(20 * time.Second)
			}
			all.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				err := p.wait(ctx)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					gone++
					return
				}
				at = append(at, time.Now())
			})
		}
		all.Wait()
		if len(at)+gone != many || gone == 0 || len(p.queue) != 0 {
			t.Errorf("%d called, %d gave up, %d are left", len(at), gone, len(p.queue))
		}
		if most := busiest(at); most > rate+1 {
			t.Errorf("one second has %d", most)
		}
		if took, want := at[len(at)-1].Sub(at[0]), time.Duration(len(at)-1)*time.Second/rate; took != want {
			t.Errorf("%d calls took %v, want %v: whoever gave up took a turn along", len(at), took, want)
		}
	})
}

// BenchmarkPacer is what a turn costs when nobody has to wait.
func BenchmarkPacer(b *testing.B) {
	p := newPacer(1e9)
	p.interval = 0
	for b.Loop() {
		if err := p.wait(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
