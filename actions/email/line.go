package email

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// errSpent says that a server talks more than any SMTP session needs.
var errSpent = errors.New("the server sends more than a session needs")

// maxRead bounds what a server may say in a session, in bytes.
const maxRead = 256 << 10

// line is the connection of one session. Its end is fixed when it opens: nothing that go-mail does moves it.
type line struct {
	net.Conn
	mu   sync.Mutex
	end  time.Time
	read int
	shut bool
	at   stage
}

// open takes a new connection, which lasts as long as ctx.
func (l *line) open(ctx context.Context, conn net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Conn, l.at = conn, stageGreeting
	l.end, _ = ctx.Deadline()
	if l.shut {
		_ = conn.Close()
		return
	}
	_ = conn.SetDeadline(l.end)
}

// close ends the connection, also one that opens later.
func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shut = true
	if l.Conn != nil {
		_ = l.Conn.Close()
	}
}

// limit leaves the connection this much more time at most.
func (l *line) limit(d time.Duration) {
	l.mu.Lock()
	if sooner := time.Now().Add(d); sooner.Before(l.end) {
		l.end = sooner
	}
	l.mu.Unlock()
	_ = l.SetDeadline(l.end)
}

// SetDeadline implements [net.Conn], and never moves the end further away.
func (l *line) SetDeadline(t time.Time) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if t.IsZero() || t.After(l.end) {
		t = l.end
	}
	return l.Conn.SetDeadline(t)
}

// Read implements [net.Conn], up to a bound.
func (l *line) Read(p []byte) (int, error) {
	if l.read >= maxRead {
		return 0, errSpent
	}
	n, err := l.Conn.Read(p)
	l.read += n
	return n, err
}

// Write implements [net.Conn], and notes how far the session has come. The password is sent encrypted, or after AUTH.
func (l *line) Write(p []byte) (int, error) {
	l.mu.Lock()
	switch {
	case l.at == stageEncrypting: // no more is to be seen
	case bytes.HasPrefix(p, []byte("STARTTLS")):
		l.at = stageEncrypting
	case bytes.HasPrefix(p, []byte("AUTH ")):
		l.at = stageAuth
	}
	l.mu.Unlock()
	return l.Conn.Write(p)
}

// stage tells how far the session came before it could send.
func (l *line) stage() stage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.at
}
