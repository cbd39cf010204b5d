package actionstest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
)

// HTTP says how a provider speaks HTTP.
type HTTP struct {
	// Status and Body are the answer to a good request; 0 means 200.
	Status int
	Body   string
	// Statuses says what every status means for this kind. It must hold at least those of [Asked].
	Statuses map[int]actions.Answer
	// Identity finds in a request what the provider knows a repeated one by; nil when it has nothing of the kind.
	Identity func(r *http.Request, body []byte) string
	// Lost is what becomes of a step that may have arrived, and whose answer never came: unknown, unless the kind knows that the
	// request may be repeated. Rubbish is what becomes of one whose answer says success and is not the provider's, or not all of
	// it. Both are unknown when they are not given.
	Lost, Rubbish actions.Outcome
}

// Asked lists the statuses that every kind must know the meaning of.
func Asked() []int {
	return []int{301, 302, 307, 400, 401, 403, 404, 405, 408, 409, 410, 413, 415, 422, 425, 429, 500, 502, 503, 504}
}

// soon bounds what must not take long: it is far above what a busy machine needs, and far below a time-out.
const soon = 4 * time.Second

// patience is the deadline of a try whose provider hangs.
const patience = 150 * time.Millisecond

// example holds that the documented example and the bench's step fit the declaration.
func example(t *testing.T, c *candidate) {
	var step map[string]any
	if err := yaml.Unmarshal([]byte(c.kind.Example), &step); err != nil || step[c.kind.Name] == nil {
		t.Errorf("the example is not a step: %v", err)
	}
	var params any
	if err := json.Unmarshal([]byte(c.bench.Params("127.0.0.1:1")), &params); err != nil {
		t.Fatal(err)
	}
	if faults := c.kind.Params.Check(params); faults != nil {
		t.Errorf("the bench's step does not fit: %+v", faults)
	}
	for _, f := range c.kind.Params.Fields() {
		if !strings.HasSuffix(f.Doc, ".") {
			t.Errorf("%s: %q is not a sentence", f.Name, f.Doc)
		}
	}
}

// statuses holds what every HTTP status means.
func statuses(t *testing.T, c *candidate) {
	if c.bench.HTTP == nil {
		t.Fatal("the bench has no HTTP and is not exempt")
	}
	want := maps.Clone(c.bench.HTTP.Statuses)
	for _, status := range Asked() {
		if _, ok := want[status]; !ok {
			t.Errorf("the bench does not say what %d means", status)
		}
	}
	want[max(c.bench.HTTP.Status, 200)] = actions.Answer{Outcome: actions.OutcomeOK}
	for _, status := range slices.Sorted(maps.Keys(want)) {
		body := ""
		if status == max(c.bench.HTTP.Status, 200) {
			body = c.bench.HTTP.Body
		}
		got := c.send(t.Context(), t, Listen(t, answer(status, "", body)))
		if is := AnswerOf(got.err); is != want[status] {
			t.Errorf("%d: got %+v (%v), want %+v", status, is, got.err, want[status])
		}
	}
	got := c.send(t.Context(), t, Listen(t, answer(429, "Retry-After: 7\r\n", "")))
	if got.answer.Wait != 7*time.Second || got.answer.Outcome != actions.OutcomeRetry {
		t.Errorf("429 with Retry-After: got %+v", got.answer)
	}
}

// answer is a provider of one answer, to however many requests a step makes.
func answer(status int, header, body string) func(net.Conn) {
	return func(conn net.Conn) {
		for {
			if _, _, err := request(conn); err != nil {
				return
			}
			fmt.Fprintf(conn, "HTTP/1.1 %d X\r\n%sContent-Length: %d\r\nLocation: http://%s/elsewhere\r\n\r\n%s",
				status, header, len(body), conn.LocalAddr(), body)
		}
	}
}

// sameKey holds that two tries of one step look the same to the provider.
func sameKey(t *testing.T, c *candidate) {
	h := c.bench.HTTP
	if h == nil || h.Identity == nil {
		t.Fatal("the bench has no Identity and is not exempt")
	}
	seen := make(chan string, 2)
	address := Listen(t, func(conn net.Conn) {
		r, body, err := request(conn)
		if err != nil {
			return
		}
		seen <- h.Identity(r, body)
		fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s", max(h.Status, 200), len(h.Body), h.Body)
	})
	for range 2 {
		if got := c.send(t.Context(), t, address); got.err != nil {
			t.Fatal(got.err)
		}
	}
	if first, second := <-seen, <-seen; first != second || !strings.Contains(first, Key) {
		t.Errorf("the key %q shows as %q and then as %q", Key, first, second)
	}
}

// repeats holds that whether a step may be repeated is the same after a restart, on every try and without a word to the provider, and
// that a kind which says it of all steps is heeded.
func repeats(t *testing.T, c *candidate) {
	var asked atomic.Int64
	address := Listen(t, func(net.Conn) { asked.Add(1) })
	call := actions.Call[json.RawMessage]{Key: Key, Params: json.RawMessage(c.bench.Params(address))}
	said := map[bool]bool{}
	for call.Try = 1; call.Try <= 3; call.Try++ {
		out, _ := c.open(t, c.config(address))
		before := asked.Load()
		said[actions.Repeats(c.kind, out, call)] = true
		if rubbish := call; c.kind.ByStep {
			if rubbish.Params = json.RawMessage(`[1]`); actions.Repeats(c.kind, out, rubbish) {
				t.Error("a step that nobody can read may be repeated")
			}
		}
		if asked.Load() != before {
			t.Error("the provider is asked whether a step may be repeated")
		}
	}
	if len(said) != 1 || !c.kind.ByStep && !said[c.kind.Idempotent] {
		t.Errorf("whether the step may be repeated: %v, and the kind says %v", said, c.kind.Idempotent)
	}
}

// refused holds that a provider who is not there is tried again.
func refused(t *testing.T, c *candidate) {
	got := c.send(t.Context(), t, Nobody(t))
	if got.answer.Outcome != actions.OutcomeRetry {
		t.Errorf("got %+v: %v", got.answer, got.err)
	}
}

// heedsContext holds that a send ends soon after its context, wherever the provider hangs.
func heedsContext(t *testing.T, c *candidate) {
	hangs := map[string]func(net.Conn){"from the start": Hang}
	if c.bench.HTTP != nil {
		hangs["in the header"] = begin("HTTP/1.1 200 OK\r\nContent-")
		hangs["in the body"] = begin("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nab")
	}
	for name, serve := range hangs {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		got := c.send(ctx, t, Listen(t, serve))
		cancel()
		if got.took > soon {
			t.Errorf("%s: it took %s", name, got.took)
		}
		if got.answer.Outcome == actions.OutcomePermanent || got.answer.Outcome == actions.OutcomeSkip {
			t.Errorf("%s: got %+v: %v", name, got.answer, got.err)
		}
	}
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if got := c.send(done, t, Listen(t, Hang)); got.err == nil || got.took > soon {
		t.Errorf("with a context that has ended: %v after %s", got.err, got.took)
	}
}

// bounds holds that a provider who never stops talking is not listened to for ever.
func bounds(t *testing.T, c *candidate) {
	talkers := map[string]func(net.Conn){
		"rubbish without a line": Endless("", "x"),
		"rubbish in lines":       Endless("", "x\r\n"),
		"replies":                Endless("", "220-x\r\n"),
	}
	if c.bench.HTTP != nil {
		talkers["a body"] = Endless("HTTP/1.1 200 OK\r\n\r\n", "x")
		talkers["a header"] = Endless("HTTP/1.1 200 OK\r\n", "A: b\r\n")
		talkers["preliminary answers"] = Endless("", "HTTP/1.1 103 Early Hints\r\n\r\n")
	}
	for name, serve := range talkers {
		got := c.send(t.Context(), t, Listen(t, serve))
		if got.took > soon {
			t.Errorf("%s: it took %s", name, got.took)
		}
		if text := got.all(t); len(text) > 1<<20 {
			t.Errorf("%s: %d bytes are told", name, len(text))
		}
	}
}

// secrets holds that no error, result or log tells a secret, whatever the provider does.
func secrets(t *testing.T, c *candidate) {
	liars := map[string]func(net.Conn){
		"hangs":         Hang,
		"closes":        func(net.Conn) {},
		"talks rubbish": func(conn net.Conn) { _, _ = io.WriteString(conn, "rubbish\r\n") },
		"repeats":       func(conn net.Conn) { _, _ = io.Copy(conn, conn) },
	}
	if c.bench.HTTP != nil {
		for _, status := range append(Asked(), 200) {
			liars[fmt.Sprint("repeats with ", status)] = echo(status)
		}
		liars["breaks off"] = func(conn net.Conn) { _, _, _ = request(conn) }
	}
	maps.Copy(liars, c.bench.Liars)
	addresses := map[string]string{"is not there": Nobody(t)}
	for name, serve := range liars {
		addresses[name] = Listen(t, serve)
	}
	if !strings.Contains(c.bench.Account("127.0.0.1:1"), Secret) {
		t.Fatal("the bench's account holds no secret and is not exempt")
	}
	for name, address := range addresses {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		got := c.send(ctx, t, address)
		cancel()
		if text := got.all(t); strings.Contains(text, Secret) {
			t.Errorf("a provider that %s: the secret is told: %s", name, text)
		}
	}
}
