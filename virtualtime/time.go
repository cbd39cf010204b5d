// Package virtualtime runs tests in virtual time.
//
//	virtualtime.Test(t, func(t *testing.T) {
//		time.Sleep(time.Hour) // at once
//	})
//
// It is [synctest.Test], and goes round a fault of Go 1.26 (golang/go#78156): the race detector falls down, with
// "ThreadSanitizer: CHECK failed" or a fault in its memory, when two threads serve timers of one bubble at once. So with
// the race detector, and only then, the program has one processor while a test is in virtual time. Goroutines still take
// turns wherever they may, and races are still found: the detector looks for an order that is missing, not for two accesses
// at the very same moment. When the fault is gone, so is this package.
//
// It is for tests only.
package virtualtime

import (
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
)

// Test is as synctest.Test. Tests that run at once may call it.
func Test(t *testing.T, f func(*testing.T)) {
	t.Helper()
	if raced {
		defer alone()()
	}
	synctest.Test(t, f)
}

// bubbles counts the tests in virtual time, for several may run at once. before is what the first of them found.
var bubbles struct {
	sync.Mutex
	now, before int
}

func alone() (over func()) {
	bubbles.Lock()
	defer bubbles.Unlock()
	if bubbles.now++; bubbles.now == 1 {
		bubbles.before = runtime.GOMAXPROCS(1)
	}
	return func() {
		bubbles.Lock()
		defer bubbles.Unlock()
		if bubbles.now--; bubbles.now == 0 {
			runtime.GOMAXPROCS(bubbles.before)
		}
	}
}
