package actionstest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"

	"shopbell/freeport"
)

// Listen plays a provider on a local address: each connection is given to serve, and closed when it returns. At the end
// of the test all connections are closed, and waited for.
func Listen(t *testing.T, serve func(net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		mu    sync.Mutex
		open  []net.Conn
		group sync.WaitGroup
	)
	group.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			open = append(open, conn)
			mu.Unlock()
			group.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, conn := range open {
			_ = conn.Close()
		}
		mu.Unlock()
		group.Wait()
	})
	return l.Addr().String()
}

// Nobody gives an address at which nobody listens, and at which no other test will that asks for any.
func Nobody(t *testing.T) (address string) {
	t.Helper()
	address, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// Hang reads what it is sent and says nothing.
func Hang(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }

// Endless says the same for ever.
func Endless(begin, again string) func(net.Conn) {
	return func(conn net.Conn) {
		go func() { _, _ = io.Copy(io.Discard, conn) }()
		if _, err := io.WriteString(conn, begin); err != nil {
			return
		}
		chunk := bytes.Repeat([]byte(again), 1+4096/len(again))
		for {
			if _, err := conn.Write(chunk); err != nil {
				return
			}
		}
	}
}

// begin answers a request with the beginning of an answer, and then says no more.
func begin(text string) func(net.Conn) {
	return func(conn net.Conn) {
		if _, _, err := request(conn); err != nil {
			return
		}
		_, _ = io.WriteString(conn, text)
		Hang(conn)
	}
}

// echo answers a request with a status and all of the request, head and body.
func echo(status int) func(net.Conn) {
	return func(conn net.Conn) {
		for {
			r, body, err := request(conn)
			if err != nil {
				return
			}
			var all bytes.Buffer
			fmt.Fprintf(&all, "%s %s ", r.Method, r.RequestURI)
			_ = r.Header.Write(&all)
			all.Write(body)
			fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nContent-Length: %d\r\nContent-Type: text/plain\r\n\r\n%s", status, all.Len(), all.Bytes())
		}
	}
}

// request reads one request whole.
func request(conn net.Conn) (*http.Request, []byte, error) {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(r.Body)
	return r, body, err
}
