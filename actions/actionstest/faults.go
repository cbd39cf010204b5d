package actionstest

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/actions"
)

// most is how much of an endless answer may be taken, in bytes: what a client keeps, and what the system holds on the way.
const most = 32 << 20

// A fault is something that goes wrong between a kind and its provider.
type fault struct {
	name  string
	serve func(net.Conn)
	want  []actions.Outcome // one of them
	times int64             // how often the provider may be asked; 0 for any
}

// faults holds that whatever goes wrong on the way is sorted right, within time and memory: what cannot have arrived is tried
// again, and what may have is as the kind says.
func faults(t *testing.T, c *candidate) {
	h := c.bench.HTTP
	if h == nil {
		t.Log("does not apply: the bench has no HTTP")
		return
	}
	var elsewhere atomic.Int64
	other := Listen(t, func(conn net.Conn) {
		elsewhere.Add(1)
		answer(max(h.Status, 200), "", h.Body)(conn)
	})
	all := slices.Concat(h.losses(), h.slownesses(), h.rubbish(), h.redirects(other))
	t.Run("each", func(t *testing.T) {
		for _, f := range all {
			t.Run(f.name, func(t *testing.T) {
				t.Parallel() // most of the time is waiting for who hangs
				c.suffer(t, f)
			})
		}
	})
	if elsewhere.Load() > 0 {
		t.Error("a redirect was followed to another host")
	}
}

// suffer sends one step into a fault.
func (c *candidate) suffer(t *testing.T, f fault) {
	var asked, taken atomic.Int64
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	address := Listen(t, func(conn net.Conn) {
		asked.Add(1)
		f.serve(counted{conn, &taken, cancel})
	})
	got := c.send(ctx, t, address)
	if !slices.Contains(f.want, got.answer.Outcome) {
		t.Errorf("got %+v (%v), want %s", got.answer, got.err, f.want)
	}
	if got.took > soon+soon/2 {
		t.Errorf("it took %s", got.took)
	}
	if f.times > 0 && asked.Load() > f.times {
		t.Errorf("the provider was asked %d times", asked.Load())
	}
	if taken.Load() > most {
		t.Errorf("%d bytes of the answer were taken", taken.Load())
	}
}

// counted is a connection that counts what the other end takes. The step's time is over when giveUp is called: it is the provider
// who knows how far the step has come, however busy the machine is.
type counted struct {
	net.Conn
	taken  *atomic.Int64
	giveUp func()
}

// Write implements [net.Conn].
func (c counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.taken.Add(int64(n))
	return n, err
}

// reset makes the connection end as when a machine went down.
func (c counted) reset() { _ = c.Conn.(*net.TCPConn).SetLinger(0) }

// lost is what becomes of a step that may have arrived and whose answer never came.
func (h *HTTP) lost() actions.Outcome { return cmp.Or(h.Lost, actions.OutcomeUnknown) }

// strange is what becomes of a step whose answer says success and is not the provider's, or not all of it.
func (h *HTTP) strange() actions.Outcome { return cmp.Or(h.Rubbish, actions.OutcomeUnknown) }

// is gives the outcome of a status.
func (h *HTTP) is(status int) []actions.Outcome {
	return []actions.Outcome{h.Statuses[status].Outcome}
}

// losses are connections that end. Of one that is reset as soon as it is made nobody knows whether it was before the request
// was written or after.
func (h *HTTP) losses() []fault {
	lost := []actions.Outcome{h.lost()}
	return []fault{
		{"reset at once", func(c net.Conn) { c.(counted).reset() }, []actions.Outcome{actions.OutcomeRetry, h.lost()}, 0},
		{"reset after the request", func(c net.Conn) { _, _, _ = request(c); c.(counted).reset() }, lost, 0},
		{"closed after the request", func(c net.Conn) { _, _, _ = request(c) }, lost, 0},
		{"reset in the header", afterRequest(func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-"); c.(counted).reset() }), lost, 0},
		{"closed in the header", afterRequest(func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-") }), lost, 0},
		{"rubbish for a header", afterRequest(func(c net.Conn) { _, _ = io.WriteString(c, "rubbish\r\n\r\n") }), lost, 0},
	}
}

// slownesses are providers that let a step wait, and those that never end.
func (h *HTTP) slownesses() []fault {
	status := max(h.Status, 200)
	ok, broken := fmt.Sprintf("HTTP/1.1 %d X\r\n", status), "HTTP/1.1 500 X\r\n"
	const long = "Content-Length: 1073741824\r\n\r\n"
	lost, strange := []actions.Outcome{h.lost()}, []actions.Outcome{h.strange()}
	return []fault{
		{"never answers", drip(""), lost, 0},
		{"drips its header", drip(ok + "X-Slow: "), lost, 0},
		{"drips its body", drip(ok + long), strange, 0},
		{"drips the body of a failure", drip(broken + long), h.is(500), 0},
		{"talks for ever", stream(ok + "\r\n"), strange, 0},
		{"talks for ever of a failure", stream(broken + "\r\n"), h.is(500), 0},
		{"answers a gigabyte", stream(ok + long), strange, 0},
		{"answers a gigabyte of a failure", stream(broken + long), h.is(500), 0},
		{"answers in chunks for ever", stream(ok + "Transfer-Encoding: chunked\r\n\r\n"), strange, 0},
	}
}

// rubbish are answers that are not the provider's, or not all of it.
func (h *HTTP) rubbish() []fault {
	status, page := max(h.Status, 200), "<!DOCTYPE html><html><body><h1>It works!</h1></body></html>"
	strange, half := []actions.Outcome{h.strange()}, h.Body[:len(h.Body)/2]
	cut := func(header string) func(net.Conn) {
		return afterRequest(func(c net.Conn) { fmt.Fprintf(c, "HTTP/1.1 %d X\r\n%s\r\n\r\n%s", status, header, half) })
	}
	return []fault{
		{"a page for a failure", answer(502, "Content-Type: text/html\r\n", page), h.is(502), 0},
		{"a page for a success", answer(status, "Content-Type: text/html\r\n", page), strange, 0},
		{"half an answer", answer(status, "Content-Type: application/json\r\n", half), strange, 0},
		{"an answer that breaks off", cut(fmt.Sprint("Content-Length: ", len(h.Body))), strange, 0},
		{"an answer that breaks off in chunks", cut("Transfer-Encoding: chunked\r\n\r\nffff"), strange, 0},
		{"another type of content", answer(status, "Content-Type: image/png\r\n", h.Body), []actions.Outcome{actions.OutcomeOK}, 0},
	}
}

// redirects are answers that say to go elsewhere: nobody does.
func (h *HTTP) redirects(other string) []fault {
	var all []fault
	for _, status := range []int{301, 302, 303, 307, 308} {
		want := h.is(302)
		for name, to := range map[string]string{"the same host": "/elsewhere", "another host": "http://" + other + "/", "another scheme": "file:///etc/passwd",
			"a private address": "http://169.254.169.254/latest/meta-data/", "nowhere": "", "a number": "http://2130706433/"} {
			all = append(all, fault{fmt.Sprintf("%d to %s", status, name), redirect(status, to), want, 1})
		}
	}
	return all
}

// redirect answers one request; on the same connection another would hang.
func redirect(status int, to string) func(net.Conn) {
	return afterRequest(func(c net.Conn) {
		fmt.Fprintf(c, "HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status, to)
	})
}

// afterRequest does something when a request has been read whole.
func afterRequest(do func(net.Conn)) func(net.Conn) {
	return func(conn net.Conn) {
		if _, _, err := request(conn); err == nil {
			do(conn)
		}
	}
}

// drip says the beginning of an answer, and then a letter now and then; nothing at all if it has no beginning.
func drip(begin string) func(net.Conn) {
	return afterRequest(func(conn net.Conn) {
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		text := begin
		for n := 0; ; n++ {
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
			if begin != "" {
				text = "x"
			}
			if <-tick.C; n == 30 {
				conn.(counted).giveUp()
				if begin == "" {
					return
				}
			}
		}
	})
}

// stream says the beginning of an answer, and then as much as the other end takes.
func stream(begin string) func(net.Conn) {
	chunk := "1000\r\n" + strings.Repeat("x", 0x1000) + "\r\n" // one chunk, or some text
	return afterRequest(func(conn net.Conn) {
		for text := begin; ; text = chunk {
			if _, err := io.WriteString(conn, text); err != nil {
				return
			}
		}
	})
}
