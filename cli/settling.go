package cli

import "time"

// How long the rules folder must be quiet before it is read again, for editors and git write many files at once, and
// after how long it is read all the same, for some file may never be quiet.
const (
	settle     = 250 * time.Millisecond
	settleMost = 5 * time.Second
)

// A settling waits for changes to come to rest. One goroutine uses it.
type settling struct {
	rest  *time.Timer // C tells that they have
	begun time.Time   // when the first change came that has not been seen to; zero for none
}

func newSettling() *settling {
	s := &settling{rest: time.NewTimer(settle)}
	s.rest.Stop()
	return s
}

// stir tells of a change: rest comes later, but not later than settleMost after the first one.
func (s *settling) stir() {
	if s.begun.IsZero() {
		s.begun = time.Now()
	}
	s.rest.Reset(min(settle, s.left()))
}

// left is for how long rest can be put off.
func (s *settling) left() time.Duration { return max(0, settleMost-time.Since(s.begun)) }

// done tells that all changes so far are being seen to.
func (s *settling) done() { s.begun = time.Time{} }
