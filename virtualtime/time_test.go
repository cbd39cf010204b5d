package virtualtime

import (
	"runtime"
	"sync"
	"testing"
	"time"
)

// TestManyTimersAtOnce fails within a few rounds, with Go 1.26 and the race detector, where synctest.Test stands for Test.
func TestManyTimersAtOnce(t *testing.T) {
	for range 20 {
		Test(t, crowd)
	}
}

// crowd has many timers that are due at once, and many that ask them.
func crowd(t *testing.T) {
	timers := make([]*time.Timer, 100)
	for i := range timers {
		timers[i] = time.NewTimer(time.Second)
	}
	var all sync.WaitGroup
	for i := range timers {
		all.Go(func() {
			<-timers[i].C
			select {
			case <-timers[(i+1)%len(timers)].C:
			default:
			}
		})
		all.Add(1)
		time.AfterFunc(time.Second, func() {
			defer all.Done()
			<-time.NewTimer(0).C
		})
	}
	time.Sleep(time.Second)
	for range 20 {
		for _, timer := range timers {
			timer.Reset(0)
		}
		time.Sleep(time.Nanosecond)
	}
	all.Wait()
}

// TestProcessorsComeBack would fail where the first that is done, of several at once, or none, gave them back.
func TestProcessorsComeBack(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	t.Run("several", func(t *testing.T) {
		for range 3 {
			t.Run("one", func(t *testing.T) {
				t.Parallel()
				Test(t, func(t *testing.T) {
					if raced && runtime.GOMAXPROCS(0) != 1 {
						t.Errorf("%d processors while in virtual time, want 1", runtime.GOMAXPROCS(0))
					}
				})
			})
		}
	})
	if now := runtime.GOMAXPROCS(0); now != before {
		t.Errorf("%d processors are left of %d", now, before)
	}
}
