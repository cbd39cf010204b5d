package web_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/web"
)

func post(t testing.TB, ctx context.Context, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// readAll answers nothing, and closes when it has the whole request.
func readAll(conn net.Conn) {
	r := make([]byte, 4096)
	for got := ""; !strings.HasSuffix(got, "body"); {
		n, err := conn.Read(r)
		if err != nil {
			return
		}
		got += string(r[:n])
	}
}

// TestUnanswered holds the difference between a request that cannot have arrived and one that may have.
func TestUnanswered(t *testing.T) {
	closing := func(net.Conn) {}
	silentTLS := httptest.NewTLSServer(http.NotFoundHandler())
	silentTLS.Config.ErrorLog = nil
	t.Cleanup(silentTLS.Close)
	for _, test := range []struct {
		name, url string
		want      actions.Outcome
		says      string
	}{
		{"nobody", "http://" + actionstest.Nobody(t), actions.OutcomeRetry, "refused the connection"},
		{"no such host", "http://no-such-host.invalid", actions.OutcomeRetry, "no-such-host.invalid "},
		{"not TLS", "https://" + actionstest.Listen(t, func(c net.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 400 no\r\n\r\n") }), actions.OutcomeRetry, "TLS"},
		{"not trusted", silentTLS.URL, actions.OutcomeRetry, "not trusted"},
		{"broken off in TLS", "https://" + actionstest.Listen(t, closing), actions.OutcomeRetry, "127.0.0.1"}, // closed or reset, as it happens
		{"broken off after the request", "http://" + actionstest.Listen(t, readAll), actions.OutcomeUnknown, "may have got the request"},
		{"rubbish after the request", "http://" + actionstest.Listen(t, func(c net.Conn) { readAll(c); _, _ = io.WriteString(c, "rubbish\r\n\r\n") }), actions.OutcomeUnknown, "gave no HTTP answer"},
		{"silent", "http://" + actionstest.Listen(t, actionstest.Hang), actions.OutcomeUnknown, "had not answered when the try was stopped"},
		{"silent in TLS", "https://" + actionstest.Listen(t, actionstest.Hang), actions.OutcomeRetry, "had not answered when the try was stopped"},
	} {
		t.Run(test.name, func(t *testing.T) {
			patience := 20 * time.Second
			if strings.HasPrefix(test.name, "silent") {
				patience = 500 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			_, err := web.New(web.Options{}).Do(post(t, ctx, test.url+"/secret-path?key=secret-query"))
			if got := actions.OutcomeOf(err); got.Outcome != test.want || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %+v: %v", got, err)
			}
			if strings.Contains(err.Error(), "secret-") {
				t.Errorf("the URL is told: %v", err)
			}
		})
	}
}

// TestOwnTime holds that a request is given up without any deadline of the caller's.
func TestOwnTime(t *testing.T) {
	begun := time.Now()
	_, err := web.New(web.Options{}).DoWithin(post(t, t.Context(), "http://"+actionstest.Listen(t, actionstest.Hang)), 50*time.Millisecond)
	if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomeUnknown || !strings.Contains(err.Error(), "did not answer within 50ms") {
		t.Errorf("got %+v: %v", got, err)
	}
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("it took %s", took)
	}
}

// TestSlowBody holds that an answer that comes in drops ends with the time for everything.
func TestSlowBody(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-release
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(release) })
	a, err := web.New(web.Options{}).DoWithin(post(t, t.Context(), s.URL), 100*time.Millisecond)
	if err != nil || string(a.Body) != "first" || a.Partial != web.ErrCut {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestLongBody(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", web.MaxBody+10))
	}))
	t.Cleanup(s.Close)
	a, err := web.New(web.Options{}).Do(post(t, t.Context(), s.URL))
	if err != nil || len(a.Body) != web.MaxBody || a.Partial != web.ErrLong {
		t.Errorf("got %d bytes, %v, %v", len(a.Body), a.Partial, err)
	}
}

// TestConnectionIsKept holds that a hundred requests, one after the other, need one connection.
func TestConnectionIsKept(t *testing.T) {
	opened := make(chan struct{}, 100)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened <- struct{}{}
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	client := web.New(web.Options{})
	for range 100 {
		if _, err := client.Do(post(t, t.Context(), s.URL)); err != nil {
			t.Fatal(err)
		}
	}
	if len(opened) != 1 {
		t.Errorf("%d connections", len(opened))
	}
}

func TestProxyIsNotUsed(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://"+actionstest.Nobody(t))
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	if _, err := web.New(web.Options{}).Do(post(t, t.Context(), s.URL)); err != nil {
		t.Error(err)
	}
}

func TestMaskedAnswer(t *testing.T) {
	const secret = `hunter2"<&/ x`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(400)
		_, _ = io.WriteString(w, `a hunter2"<&/ x b hunter2\"\u003c\u0026/ x c hunter2%22%3C%26%2F+x d hunter2%22%3C&%2F%20x`)
	}))
	t.Cleanup(s.Close)
	a, err := web.New(web.Options{Secrets: []actions.Secret{secret, "", "b"}}).Do(post(t, t.Context(), s.URL))
	if err != nil || string(a.Body) != "a [secret] b [secret] c [secret] d [secret]" {
		t.Errorf("got %s, %v", a.Body, err)
	}
	if err := a.Err(); strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "answered 400 Bad Request: a [secret] b") {
		t.Error(err)
	}
}

func TestExcerpt(t *testing.T) {
	for body, want := range map[string]string{
		"":                         "",
		" a\r\n\tb\x1b[31m\u202e ": "a b [31m",
		"<!DOCTYPE html><p>":       "",
		"\xff\xfea":                "a",
		strings.Repeat("é", 300):   strings.Repeat("é", 200) + "…",
	} {
		if got := actions.Excerpt([]byte(body)); got != want {
			t.Errorf("%q: got %q", body, got)
		}
	}
}

func TestSort(t *testing.T) {
	for status, want := range map[int]actions.Outcome{
		200: actions.OutcomeOK, 299: actions.OutcomeOK, 304: actions.OutcomePermanent, 404: actions.OutcomePermanent,
		408: actions.OutcomeRetry, 418: actions.OutcomeRetry, 425: actions.OutcomeRetry, 429: actions.OutcomeRetry, 500: actions.OutcomeRetry, 599: actions.OutcomeRetry,
	} {
		if got, _ := web.Sort(status); got != want {
			t.Errorf("%d: got %s", status, got)
		}
	}
	if got, blame := web.Sort(404, web.Row{From: 404, To: 404, Outcome: actions.OutcomeSkip}); got != actions.OutcomeSkip || blame != "" {
		t.Errorf("got %s", got)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "0": 0, "-5": 0, "1.5": 1500 * time.Millisecond, "soon": 0, "NaN": 0,
		"Inf": 24 * time.Hour, "99999999999999999999": 24 * time.Hour, "86401": 24 * time.Hour,
		"Sat, 21 Nov 2026 12:01:00 GMT": time.Minute, "Sat, 21 Nov 2026 11:00:00 GMT": 0, "Sun, 21 Nov 2027 12:00:00 GMT": 24 * time.Hour,
		"Saturday, 21-Nov-26 12:01:00 GMT": time.Minute,
	} {
		if got := web.RetryAfter(value, now); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"7", "-1", "1e400", "Sat, 21 Nov 2026 12:01:00 GMT", "0x10", "NaN"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if got := web.RetryAfter(value, time.Now()); got < 0 || got > 24*time.Hour {
			t.Errorf("%q: %s", value, got)
		}
	})
}

// TestBigRequestBrokenOff holds that a request of which the provider took only a part is not taken for sent.
func TestBigRequestBrokenOff(t *testing.T) {
	address := actionstest.Listen(t, func(c net.Conn) {
		_, _ = io.ReadFull(c, make([]byte, 1000))
		_ = c.(*net.TCPConn).SetLinger(0)
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address, strings.NewReader(strings.Repeat("x", 64<<20)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = web.New(web.Options{}).Do(r)
	if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomeRetry {
		t.Errorf("got %+v: %v", got, err)
	}
}
