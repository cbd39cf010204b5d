package postgres

import (
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/engine"
	"shopbell/virtualtime"
)

// TestTurnsOfASlowStore has a backlog of a store whose platform allows three calls a second. It keeps no more than its share of
// places, while nothing is lost of what the platform allows, also when that becomes more.
func TestTurnsOfASlowStore(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		const share, all = 8, 200
		turns := turns{perStore: 4, share: share}
		shop := engine.Store{Source: "shop", Store: "1"}
		places := make(chan bool, 16)  // of the node
		platform := make(chan bool, 1) // answers one call at a time
		var away atomic.Int64
		var jobs sync.WaitGroup
		pace, done := 360*time.Millisecond, 0
		for range all {
			jobs.Go(func() {
				for {
					places <- true
					wait, err := turns.enter(t.Context(), shop)
					if err == nil {
						break
					}
					if wait > farthest {
						t.Errorf("sent away for %v", wait)
					}
					away.Add(1)
					<-places
					time.Sleep(wait)
				}
				platform <- true
				time.Sleep(pace)
				if done++; done == all/2 {
					pace /= 2
				}
				<-platform
				turns.leave(shop)
				<-places
			})
		}
		began := time.Now()
		synctest.Wait()
		time.Sleep(2 * time.Second)
		for range 50 {
			time.Sleep(lookWait)
			turns.mu.Lock()
			if stile := turns.stores[shop]; stile == nil || stile.inside > share {
				t.Errorf("after %v it has %+v, with a share of %d", time.Since(began), stile, share)
			}
			turns.mu.Unlock()
		}
		jobs.Wait()
		best := all/2*360*time.Millisecond + all/2*180*time.Millisecond
		if took := time.Since(began); took > best*10/9 {
			t.Errorf("all took %v; with a place always taken it is %v", took, best)
		}
		if n := away.Load(); n == 0 || n > 6*all {
			t.Errorf("%d events were sent away %d times", all, n)
		}
	})
}
