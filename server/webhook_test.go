package server

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"shopbell/engine"
	"shopbell/sources"
)

func TestWebhookStored(t *testing.T) {
	b := newBench(t)
	answer, text := b.call(t, "POST", "/webhooks/ecwid?eventtype=order.created", `{"eventId":"1"}`, "X-Test", "yes")
	if answer.StatusCode != 200 || text != "" {
		t.Fatalf("answered %d %q", answer.StatusCode, text)
	}
	r := b.engine.requests[0]
	if string(r.Body) != `{"eventId":"1"}` || r.Path != "" || r.Query.Get("eventtype") != "order.created" || r.Header.Get("X-Test") != "yes" || time.Since(r.Received) > time.Minute {
		t.Errorf("the engine got %+v", r)
	}
	b.call(t, "POST", "/webhooks/cloudcart/shop1/order.created", "[]")
	if r := b.engine.requests[1]; r.Path != "/shop1/order.created" {
		t.Errorf("the path is %q", r.Path)
	}
}

// TestWebhookAnswers holds that each answer has the right status, and no byte of the request.
func TestWebhookAnswers(t *testing.T) {
	const mark = "MARKER-7391"
	for _, test := range []struct {
		err    error
		status int
		retry  string
	}{
		{sources.Refuse(401, "signature", "wrong "+mark), 401, ""},
		{sources.Refuse(400, "parse", "bad "+mark), 400, ""},
		{sources.Refuse(200, "store", "told nobody"), 200, ""},
		{sources.Refuse(0, "parse", "no status"), 400, ""},
		{engine.ErrNoSource, 404, ""},
		{&engine.Overload{Wait: 2500 * time.Millisecond, Err: engine.ErrFull}, 503, "3"},
		{&engine.Overload{Err: context.DeadlineExceeded}, 429, "1"},
		{errors.New("broken " + mark), 503, "10"},
		{context.Canceled, 503, "10"},
	} {
		b := newBench(t)
		b.engine.err = test.err
		answer, text := b.call(t, "POST", "/webhooks/ecwid/"+mark+"?q="+mark, mark, "X-Mark", mark)
		if answer.StatusCode != test.status || answer.Header.Get("Retry-After") != test.retry {
			t.Errorf("%v: answered %d, Retry-After %q", test.err, answer.StatusCode, answer.Header.Get("Retry-After"))
		}
		if strings.Contains(text+fmt.Sprint(answer.Header), mark) || test.status == 200 && text != "" {
			t.Errorf("%v: the answer is %q %v", test.err, text, answer.Header)
		}
	}
}

func TestWebhookMethodsAndPaths(t *testing.T) {
	b := newBench(t)
	for _, test := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/webhooks/ecwid", 405}, {"PUT", "/webhooks/ecwid/x", 405}, {"DELETE", "/webhooks/ecwid", 405},
		{"POST", "/webhooks/", 404}, {"POST", "/webhooks", 404}, {"POST", "/healthz", 405},
	} {
		if answer, _ := b.call(t, test.method, test.path, ""); answer.StatusCode != test.status {
			t.Errorf("%s %s answered %d, want %d", test.method, test.path, answer.StatusCode, test.status)
		}
	}
	if answer, _ := b.call(t, "GET", "/webhooks/ecwid", ""); answer.Header.Get("Allow") != "POST" {
		t.Errorf("Allow is %q", answer.Header.Get("Allow"))
	}
}

func TestWebhookSizes(t *testing.T) {
	for _, size := range []int{0, 1, firstRead, firstRead + 1, maxBody, maxBody + 1, 2 * maxBody} {
		for _, known := range []bool{true, false} {
			b := newBench(t)
			body := strings.Repeat("x", size)
			r := httptest.NewRequest("POST", "/webhooks/ecwid", strings.NewReader(body))
			if !known {
				r.ContentLength = -1
			}
			w := httptest.NewRecorder()
			b.Handler().ServeHTTP(w, r)
			if size > maxBody {
				if w.Code != 413 || len(b.engine.requests) != 0 || len(b.engine.refused) != 1 {
					t.Errorf("%d bytes, known %v: answered %d, %d recorded", size, known, w.Code, len(b.engine.refused))
				}
				continue
			}
			if w.Code != 200 || string(b.engine.requests[0].Body) != body {
				t.Errorf("%d bytes, known %v: answered %d", size, known, w.Code)
			}
		}
	}
}

// TestWebhookBodiesStay holds that a body that was handed on is not overwritten by the next request.
func TestWebhookBodiesStay(t *testing.T) {
	b := newBench(t)
	for _, c := range []string{"a", "b"} {
		r := httptest.NewRequest("POST", "/webhooks/ecwid", strings.NewReader(strings.Repeat(c, 1000)))
		r.ContentLength = -1
		b.Handler().ServeHTTP(httptest.NewRecorder(), r)
	}
	if body := string(b.engine.requests[0].Body); body != strings.Repeat("a", 1000) {
		t.Errorf("the first body now begins with %q", body[:5])
	}
}

func TestWebhookCutOff(t *testing.T) {
	b := newBench(t)
	r := httptest.NewRequest("POST", "/webhooks/ecwid", io.MultiReader(strings.NewReader("{"), iotest.ErrReader(io.ErrUnexpectedEOF)))
	r.ContentLength = 500
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	if w.Code != 400 || len(b.engine.requests) != 0 {
		t.Errorf("answered %d", w.Code)
	}
}

func TestWebhookPanic(t *testing.T) {
	b := newBench(t)
	if answer, text := b.call(t, "POST", "/webhooks/panic", "{}"); answer.StatusCode != 500 || strings.Contains(text, "disco") {
		t.Errorf("answered %d %q", answer.StatusCode, text)
	}
	if answer, _ := b.call(t, "POST", "/webhooks/ecwid", "{}"); answer.StatusCode != 200 {
		t.Errorf("afterwards it answers %d", answer.StatusCode)
	}
}

// TestSlowSender holds that a body that trickles in is given up when the read time-out of the http.Server passes.
func TestSlowSender(t *testing.T) {
	b := newBench(t)
	web := httptest.NewUnstartedServer(b.Handler())
	web.Config.ReadTimeout = 100 * time.Millisecond
	web.Start()
	defer web.Close()
	conn, err := net.Dial("tcp", web.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /webhooks/ecwid HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusRequestTimeout {
		t.Errorf("answered %d", answer.StatusCode)
	}
}

// TestServe holds that Serve answers, ends with its context although a live page is open, and lets a request finish.
func TestServe(t *testing.T) {
	b := newBench(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.Serve(ctx, l) }()
	root := "http://" + l.Addr().String()
	r, err := http.NewRequestWithContext(t.Context(), "GET", root+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", b.signedIn()[1])
	stream, err := http.DefaultClient.Do(r)
	if err != nil || stream.StatusCode != 200 {
		t.Fatal(stream, err)
	}
	defer stream.Body.Close()
	lines := bufio.NewReader(stream.Body)
	if line, err := lines.ReadString('\n'); err != nil || line != "retry: 2000\n" {
		t.Fatal(line, err)
	}
	b.engine.signal <- struct{}{}
	for line := ""; line != "data: changed\n"; {
		if line, err = lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it did not end")
	}
}

func BenchmarkWebhook(b *testing.B) {
	s := newBench(b)
	s.Engine = discard{s.engine}
	body := strings.Repeat("x", 450)
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/webhooks/ecwid", strings.NewReader(body))
		s.Handler().ServeHTTP(httptest.NewRecorder(), r)
	}
}

// BenchmarkWebhookOverTCP is the whole way of a notification but for the engine, on kept connections.
func BenchmarkWebhookOverTCP(b *testing.B) {
	s := newBench(b)
	s.Engine = discard{s.engine}
	web := httptest.NewServer(s.Handler())
	defer web.Close()
	body := strings.Repeat("x", 450)
	request := fmt.Appendf(nil, "POST /webhooks/ecwid HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		conn, err := net.Dial("tcp", web.Listener.Addr().String())
		if err != nil {
			b.Error(err)
			return
		}
		defer conn.Close()
		answer := make([]byte, 4096)
		for pb.Next() {
			if _, err := conn.Write(request); err != nil {
				b.Error(err)
				return
			}
			if _, err := conn.Read(answer); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// discard is an engine that takes everything and keeps nothing.
type discard struct{ *fakeEngine }

func (discard) Receive(context.Context, string, sources.Request) error { return nil }
