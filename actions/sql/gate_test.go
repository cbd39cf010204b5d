package sql_test

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// A gate stands before a server, and lets connections through.
type gate struct {
	address string
	// swallow ends a connection as soon as the server answers, without its answer.
	swallow atomic.Bool
	mu      sync.Mutex
	open    []net.Conn
}

func newGate(t *testing.T, server string) *gate {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{address: l.Addr().String()}
	var group sync.WaitGroup
	group.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", server)
			if err != nil {
				_ = in.Close()
				continue
			}
			g.mu.Lock()
			g.open = append(g.open, in, out)
			g.mu.Unlock()
			group.Go(func() { _, _ = io.Copy(out, in); _ = out.Close() })
			group.Go(func() { g.answers(in, out) })
		}
	})
	t.Cleanup(func() { _ = l.Close(); g.cut(); group.Wait() })
	return g
}

func (g *gate) answers(in, out net.Conn) {
	defer in.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := out.Read(buffer)
		if err != nil || g.swallow.Load() {
			_ = out.Close()
			return
		}
		if _, err := in.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// cut ends all connections.
func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.open {
		_ = c.Close()
	}
	g.open = nil
}
