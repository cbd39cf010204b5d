package web

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/virtualtime"
)

// slowly plays a provider that says the beginning of an answer at once, and then a letter each second for ever.
func slowly(begin string) func(net.Conn) {
	return func(conn net.Conn) {
		defer conn.Close()
		r, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		for text := begin; ; text = "x" {
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
}

// TestTime holds how long a provider may take that is never silent: 10 s for the header of its answer, 30 s for all of it.
func TestTime(t *testing.T) {
	for _, test := range []struct {
		name, begin   string
		timeout, took time.Duration
		want          actions.Outcome
	}{
		{"header", "HTTP/1.1 200 OK\r\nX-Slow: ", 0, 10 * time.Second, actions.OutcomeUnknown},
		{"body", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 0, 30 * time.Second, actions.OutcomeOK},
		{"header, in a time of its own", "HTTP/1.1 200 OK\r\nX-Slow: ", 45 * time.Second, 45 * time.Second, actions.OutcomeUnknown},
		{"body, in a time of its own", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n", 45 * time.Second, 45 * time.Second, actions.OutcomeOK},
	} {
		t.Run(test.name, func(t *testing.T) {
			virtualtime.Test(t, func(t *testing.T) {
				c := New(Options{})
				var serving sync.WaitGroup
				c.transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
					here, there := net.Pipe()
					serving.Go(func() { slowly(test.begin)(there) })
					return here, nil
				}
				r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://slow.example/", strings.NewReader("x"))
				begun := time.Now()
				a, err := c.DoWithin(r, test.timeout)
				if got := actions.OutcomeOf(err).Outcome; got != test.want || time.Since(begun) != test.took {
					t.Errorf("got %s after %s: %v", got, time.Since(begun), err)
				}
				if err == nil && a.Partial != ErrCut {
					t.Errorf("the answer is %q, %v", a.Body, a.Partial)
				}
				serving.Wait()
			})
		})
	}
}

// TestMemory holds that an answer of a gigabyte costs no more than what is kept of it, however many come at once.
func TestMemory(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	chunk := []byte(strings.Repeat("x", 64<<10))
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer conn.Close()
				r, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, r.Body)
				_, err = io.WriteString(conn, "HTTP/1.1 500 X\r\nContent-Length: 1073741824\r\n\r\n")
				for err == nil {
					_, err = conn.Write(chunk)
				}
			})
		}
	})
	defer serving.Wait()
	defer l.Close()
	const atOnce = 8
	c := New(Options{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var asking sync.WaitGroup
	for range atOnce {
		asking.Go(func() {
			if a, err := c.Do(post(t, "http://"+l.Addr().String())); err != nil || len(a.Body) != MaxBody || a.Partial != ErrLong || len(a.Err().Error()) > 1000 {
				t.Errorf("got %+v, %v", a, err)
			}
		})
	}
	asking.Wait()
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / atOnce; each > 8*MaxBody {
		t.Errorf("an answer costs %d bytes", each)
	}
}
