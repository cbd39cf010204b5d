package ecwid

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"shopbell/sources"
)

// The bounds of what one token may do.
const (
	maxCalls    = 8                // at once
	perMinute   = 500              // calls a minute; Ecwid allows 600
	burst       = 60               // calls at once before the rate counts; with perMinute still under 600 in any minute
	defaultWait = 10 * time.Second // after 429 without Retry-After, as Ecwid's own client does
	maxWait     = time.Hour        // longest Retry-After that is believed
	firstDoubt  = 10 * time.Minute // pause after a refusal that does not say what is refused; each further one doubles it
	maxDoubt    = 6 * time.Hour
)

// A line is the way to the API with one token: how fast it may be used, and whether at all. Ecwid blocks addresses that
// go on using dead tokens, so a dead one is never used again by itself.
type line struct {
	rate  *sources.Allowance
	slots chan struct{} // one is held during each call

	mu    sync.Mutex
	held  time.Time     // since when the API has asked for a pause
	until time.Time     // no call before
	why   error         // that until is as it is; nil for a rate limit
	doubt time.Duration // the last pause after an unclear refusal; 0 when there was none since the last answer
	grave *grave        // nil while the token lives
}

// A grave tells of a dead token.
type grave struct {
	since time.Time
	note  string // for people
	// told says that Ecwid named the token as what is wrong, which also proves that the app was uninstalled when an event
	// says so.
	told bool
}

func newLine() *line {
	return &line{rate: sources.NewAllowance(perMinute/60.0, burst), slots: make(chan struct{}, maxCalls)}
}

// enter waits for a free slot and for the token's rate. It fails at once while the token is dead, refused or throttled.
// Without an error, leave must be called after the call.
func (l *line) enter(ctx context.Context) error {
	if err := l.shut(); err != nil {
		return err
	}
	select {
	case l.slots <- struct{}{}:
	case <-ctx.Done():
		return ended{fmt.Sprintf("the store's API holds %d earlier calls up", maxCalls), ctx.Err()}
	}
	err := l.pass(ctx)
	if err != nil {
		l.leave()
	}
	return err
}

func (l *line) leave() { <-l.slots }

func (l *line) pass(ctx context.Context) error {
	if err := l.shut(); err != nil {
		return err
	}
	if err := l.rate.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ended{"the call of the store's API waited too long for its turn", ctx.Err()}
		}
		return sources.Later(defaultWait, fmt.Errorf("more than %d calls a minute are wanted of this store's API", perMinute))
	}
	return l.shut() // the token may have died while we waited
}

// shut gives the error of a call that may not be made now; nil when it may.
func (l *line) shut() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	left := time.Until(l.until)
	switch {
	case l.grave != nil:
		return sources.Denied(errors.New(l.grave.note))
	case left <= 0:
		return nil
	case l.why != nil:
		return l.why
	}
	return sources.Later(left, errors.New("the store's API asked for a pause, which is not over"))
}

// pause lets no call pass for a while, as the API asked.
func (l *line) pause(wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if until := now.Add(wait); until.After(l.until) {
		if !now.Before(l.until) {
			l.held = now
		}
		l.until, l.why = until, nil
	}
}

// paused tells since when calls are held back because the API asked for a pause, and whether they are.
func (l *line) paused() (since time.Time, yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.held, l.why == nil && time.Now().Before(l.until)
}

// refuse holds calls back after a refusal that does not tell whether the token is dead: another program between us and
// Ecwid may have made it.
func (l *line) refuse(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if left := time.Until(l.until); l.why != nil && left > 0 {
		return // one of several calls that were under way
	}
	l.doubt = min(max(2*l.doubt, firstDoubt), maxDoubt)
	l.until, l.why = time.Now().Add(l.doubt), why
}

// answered says that the token was accepted.
func (l *line) answered() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.doubt = 0
}

// bury lets no call pass any more. The first word on it stays.
func (l *line) bury(g grave) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grave == nil {
		l.grave = &g
	}
}

// dead gives the grave of a dead token.
func (l *line) dead() (grave, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.grave == nil {
		return grave{}, false
	}
	return *l.grave, true
}

// revive lets calls pass again.
func (l *line) revive() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.grave, l.until, l.why, l.doubt = nil, time.Time{}, nil, 0
}
