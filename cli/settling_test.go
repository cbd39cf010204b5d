package cli

import (
	"testing"
	"time"

	"shopbell/virtualtime"
)

// TestSettling holds when changes have come to rest: a quarter of a second after the last, and five seconds after the
// first at the latest.
func TestSettling(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		s := newSettling()
		begun := time.Now()
		rest := func() time.Duration {
			<-s.rest.C
			took := time.Since(begun)
			s.done()
			begun = time.Now()
			return took
		}
		s.stir()
		if took := rest(); took != settle {
			t.Errorf("one change rests after %s", took)
		}
		for range 5 {
			s.stir()
			time.Sleep(settle / 2)
		}
		if took := rest(); took != 4*settle/2+settle {
			t.Errorf("five changes rest after %s", took)
		}
		for range 2 {
			stop := time.After(20 * time.Second)
			for stirring := true; stirring; {
				s.stir()
				select {
				case <-s.rest.C:
					stirring = false
				case <-time.After(100 * time.Millisecond):
				case <-stop:
					t.Fatal("what is never quiet is never read")
				}
			}
			if took := time.Since(begun); took != settleMost {
				t.Errorf("what is never quiet is read after %s", took)
			}
			s.done()
			begun = time.Now()
		}
	})
}
