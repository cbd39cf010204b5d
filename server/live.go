package server

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
)

// maxLive is how many live pages may be open at once; each holds a connection.
const maxLive = 64

// live tells open pages that something changed. It never says what: the page fetches itself again.
type live struct {
	changes  []func() (<-chan struct{}, func())
	stopping <-chan struct{}
	open     atomic.Int64
}

func newLive(o Options, stopping <-chan struct{}) *live {
	l := &live{changes: []func() (<-chan struct{}, func()){o.Engine.Changes}, stopping: stopping}
	for _, page := range o.Extra {
		if page.Changes != nil {
			l.changes = append(l.changes, page.Changes)
		}
	}
	return l
}

// serve is a stream of server-sent events: one for each change, at most four a second, and a sign of life every
// 25 seconds, so that a dead browser is noticed.
func (l *live) serve(c *gin.Context) {
	if l.open.Add(1) > maxLive {
		l.open.Add(-1)
		retryAfter(c, 30*time.Second)
		word(c, http.StatusServiceUnavailable)
		return
	}
	defer l.open.Add(-1)
	control := http.NewResponseController(c.Writer)
	_ = control.SetReadDeadline(time.Time{}) // the server's own would end the stream after 15 seconds
	changed, stop := l.merged()
	defer stop()
	c.Header("Content-Type", "text/event-stream")
	c.Header("X-Accel-Buffering", "no")
	send := func(text string) bool {
		_ = control.SetWriteDeadline(time.Now().Add(writeTime))
		if _, err := c.Writer.WriteString(text); err != nil {
			return false
		}
		return control.Flush() == nil
	}
	if !send("retry: 2000\n\n") {
		return
	}
	beat := time.NewTicker(25 * time.Second)
	defer beat.Stop()
	for text := ""; ; {
		select {
		case <-changed:
			text = "data: changed\n\n"
		case <-beat.C:
			text = ": alive\n\n"
		case <-l.stopping:
			return
		case <-c.Request.Context().Done():
			return
		}
		if !send(text) || !pause(c.Request.Context().Done(), l.stopping, 250*time.Millisecond) {
			return
		}
	}
}

// pause waits, and tells whether nothing ended meanwhile.
func pause(gone, stopping <-chan struct{}, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-gone:
	case <-stopping:
	}
	return false
}

// merged joins all signals into one, coalesced. stop ends it.
func (l *live) merged() (changed <-chan struct{}, stop func()) {
	out := make(chan struct{}, 1)
	done := make(chan struct{})
	var stops []func()
	for _, changes := range l.changes {
		in, end := changes()
		stops = append(stops, end)
		go func() {
			for {
				select {
				case _, ok := <-in:
					if !ok {
						return
					}
					select {
					case out <- struct{}{}:
					default:
					}
				case <-done:
					return
				}
			}
		}()
	}
	return out, func() {
		close(done)
		for _, end := range stops {
			end()
		}
	}
}
