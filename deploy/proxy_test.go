package deploy

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// haproxy finds the proxy. Without it the test is skipped, or fails when SHOPBELL_REQUIRE_ALL is set.
func haproxy(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"haproxy", "/usr/sbin/haproxy"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	if os.Getenv("SHOPBELL_REQUIRE_ALL") != "" {
		t.Fatal("SHOPBELL_REQUIRE_ALL is set, and there is no haproxy")
	}
	t.Skip("there is no haproxy on this machine, so its config was not run")
	return ""
}

// TestProxyConfig holds that HAProxy takes the file as it is.
func TestProxyConfig(t *testing.T) {
	if out, err := exec.CommandContext(t.Context(), haproxy(t), "-c", "-f", "compose/haproxy.cfg").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// A fakeNode stands for a node of Shopbell.
type fakeNode struct {
	*httptest.Server
	ready  atomic.Bool
	answer atomic.Value  // func(http.ResponseWriter): what other requests get
	served atomic.Int64  // other requests
	bodies chan string   // of other requests
	peers  chan string   // their connections
	asked  chan struct{} // one for each /readyz
}

func newFakeNode(t *testing.T, ready bool, answer func(http.ResponseWriter)) *fakeNode {
	t.Helper()
	n := &fakeNode{bodies: make(chan string, 1000), peers: make(chan string, 1000), asked: make(chan struct{})}
	n.ready.Store(ready)
	n.answer.Store(answer)
	n.Server = httptest.NewServer(n)
	t.Cleanup(n.Close)
	return n
}

func (n *fakeNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/readyz" {
		if !n.ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		select {
		case n.asked <- struct{}{}:
		default:
		}
		return
	}
	body, _ := io.ReadAll(r.Body)
	n.served.Add(1)
	n.bodies <- string(body)
	n.peers <- r.RemoteAddr
	n.answer.Load().(func(http.ResponseWriter))(w)
}

// checks waits until the proxy has asked the node a number of times more.
func (n *fakeNode) checks(t *testing.T, times int) {
	t.Helper()
	patience := time.After(30 * time.Second)
	for range times {
		select {
		case <-n.asked:
		case <-patience:
			t.Fatal("the proxy does not ask whether the node is ready")
		}
	}
}

func answers(status int) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) { w.WriteHeader(status) }
}

// hangsUp takes a request and cuts the connection: nobody can tell whether it was obeyed.
func hangsUp(w http.ResponseWriter) {
	if c, _, err := w.(http.Hijacker).Hijack(); err == nil {
		c.Close()
	}
}

// proxied starts HAProxy with the file of the compose folder, before two nodes of ours, and gives its address.
func proxied(t *testing.T, first, second string) string {
	t.Helper()
	path := haproxy(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := l.(*net.TCPListener).File() // handed on, so that no request comes before the proxy listens
	if err != nil {
		t.Fatal(err)
	}
	config := read(t, "compose/haproxy.cfg")
	for old, replaced := range map[string]string{"bind :8080": "bind fd@3", " shopbell-1:8080": " " + first, " shopbell-2:8080": " " + second} {
		if strings.Count(config, old) != 1 {
			t.Fatalf("haproxy.cfg does not hold %q once", old)
		}
		config = strings.Replace(config, old, replaced, 1)
	}
	name := filepath.Join(t.TempDir(), "haproxy.cfg")
	if err := os.WriteFile(name, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	c := exec.CommandContext(t.Context(), path, "-db", "-f", name)
	c.ExtraFiles, c.Stdout, c.Stderr = []*os.File{socket}, &said, &said
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	l.Close()
	socket.Close()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		if t.Failed() {
			t.Logf("haproxy said:\n%s", said.String())
		}
	})
	return address
}

func post(t *testing.T, url, body string) *http.Response {
	t.Helper()
	client := http.Client{Timeout: 30 * time.Second}
	answer, err := client.Post(url, "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return answer
}

func host(n *fakeNode) string { return strings.TrimPrefix(n.URL, "http://") }

// TestProxyDraining holds that a node that stops costs no webhook: its 503 is tried on the other node, and once it has
// said that it is not ready, nothing is sent to it until it is.
func TestProxyDraining(t *testing.T) {
	stopping, ready := newFakeNode(t, false, answers(503)), newFakeNode(t, true, answers(200))
	proxy := proxied(t, host(stopping), host(ready))
	for range 20 {
		if answer := post(t, proxy+"/webhooks/ecwid", "the event"); answer.StatusCode != 200 {
			t.Fatalf("a webhook is answered with %d", answer.StatusCode)
		}
	}
	stopping.checks(t, 3) // two make it known
	before := stopping.served.Load()
	for range 50 {
		post(t, proxy+"/webhooks/ecwid", "the event")
	}
	if after := stopping.served.Load(); after != before {
		t.Errorf("%d webhooks were sent to a node that is not ready", after-before)
	}
	if n := ready.served.Load(); n != 70 {
		t.Errorf("the ready node got %d of 70 webhooks", n)
	}
	for range 70 {
		if body := <-ready.bodies; body != "the event" {
			t.Fatalf("the node got %q", body)
		}
	}
	stopping.answer.Store(answers(200))
	stopping.ready.Store(true)
	stopping.checks(t, 2)
	for range 10 {
		post(t, proxy+"/webhooks/ecwid", "the event")
	}
	if stopping.served.Load() == before {
		t.Error("a node that is ready again gets nothing")
	}
}

// TestProxyConnections holds that no request is sent on a connection that another has left, which a node that stops may be
// closing just then.
func TestProxyConnections(t *testing.T) {
	first, second := newFakeNode(t, true, answers(200)), newFakeNode(t, true, answers(200))
	proxy := proxied(t, host(first), host(second))
	for range 20 {
		post(t, proxy+"/webhooks/ecwid", "{}")
	}
	seen := map[string]bool{}
	for range 20 {
		select {
		case peer := <-first.peers:
			seen["first "+peer] = true
		case peer := <-second.peers:
			seen["second "+peer] = true
		}
	}
	if len(seen) != 20 {
		t.Errorf("20 requests came on %d connections", len(seen))
	}
}

// TestProxyDead holds that a node that is gone costs no request, not even one that may not be repeated: it was not sent.
func TestProxyDead(t *testing.T) {
	gone, ready := newFakeNode(t, true, answers(200)), newFakeNode(t, true, answers(200))
	gone.Close()
	proxy := proxied(t, host(gone), host(ready))
	for _, path := range []string{"/webhooks/ecwid", "/api/v1/runs/1/retry"} {
		for range 5 {
			if answer := post(t, proxy+path, "{}"); answer.StatusCode != 200 {
				t.Errorf("POST %s is answered with %d", path, answer.StatusCode)
			}
		}
	}
}

// TestProxyRepeats holds what is sent a second time: a webhook that was refused with 503, and nothing else.
func TestProxyRepeats(t *testing.T) {
	for _, test := range []struct {
		name, path string
		answer     func(http.ResponseWriter)
		most       int64 // requests that the nodes get for one POST
		status     int
	}{
		{"refused webhook", "/webhooks/ecwid", answers(503), 3, 503},
		{"refused order", "/api/v1/runs/1/retry", answers(503), 1, 503},
		{"failed webhook", "/webhooks/ecwid", answers(500), 1, 500},
		{"cut off webhook", "/webhooks/ecwid", hangsUp, 1, 502},
		{"cut off order", "/api/v1/runs/1/retry", hangsUp, 1, 502},
	} {
		t.Run(test.name, func(t *testing.T) {
			first, second := newFakeNode(t, true, test.answer), newFakeNode(t, true, test.answer)
			answer := post(t, proxied(t, host(first), host(second))+test.path, "{}")
			if got := first.served.Load() + second.served.Load(); got < 1 || got > test.most || test.most > 1 && got == 1 {
				t.Errorf("one POST reached the nodes %d times, want %d", got, test.most)
			}
			if answer.StatusCode != test.status {
				t.Errorf("the answer is %d, want %d", answer.StatusCode, test.status)
			}
		})
	}
}

// TestProxyAlone holds what the proxy answers by itself: come again, while no node is ready; and nothing to the world of
// what only who measures may see.
func TestProxyAlone(t *testing.T) {
	first, second := newFakeNode(t, false, answers(200)), newFakeNode(t, false, answers(200))
	proxy := proxied(t, host(first), host(second))
	first.checks(t, 3)
	second.checks(t, 3)
	if answer := post(t, proxy+"/webhooks/ecwid", "{}"); answer.StatusCode != 503 || answer.Header.Get("Retry-After") == "" {
		t.Errorf("without a node: %d, Retry-After %q", answer.StatusCode, answer.Header.Get("Retry-After"))
	}
	if answer := post(t, proxy+"/metrics", ""); answer.StatusCode != 404 {
		t.Errorf("/metrics is answered with %d", answer.StatusCode)
	}
}
