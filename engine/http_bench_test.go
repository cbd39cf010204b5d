package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"shopbell/actions"
	httpaction "shopbell/actions/http"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/rules"
)

// dueSteps is how many steps are due at once; atOnce is how many of one account are carried out at once, of 128 in all.
const (
	dueSteps = 10_000
	atOnce   = 96
)

const httpRule = `
rules:
  - name: tell
    when: order.created
    then:
      - http: { url: "%s/hook", timeout: 50s, json: { id: "{{ order.id }}", v: "{{ order.v }}" } }
`

// A sink takes requests and answers nothing. While it is held, it lets them wait.
type sink struct {
	*httptest.Server
	held atomic.Pointer[chan struct{}]
	got  atomic.Int64
	all  chan struct{} // told when it has got dueSteps
}

func newSink(b *testing.B) *sink {
	s := &sink{all: make(chan struct{}, 1)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if held := s.held.Load(); held != nil {
			<-*held
		}
		if s.got.Add(1)%dueSteps == 0 {
			s.all <- struct{}{}
		}
	}))
	b.Cleanup(s.Close)
	return s
}

// hold lets requests wait until what it gives is called.
func (s *sink) hold() (let func()) {
	gate := make(chan struct{})
	s.held.Store(&gate)
	return sync.OnceFunc(func() { s.held.Store(nil); close(gate) })
}

// BenchmarkDueHTTP carries out 10,000 http steps that are due, each with its two commits on disk, and compares that with a bare
// client that sends as many requests of the same bodies, as many at once. The ratio is of two rates of one run: 1 is as fast as the
// bare client. That of processor time leaves out waiting for the disk, and for other programs on a busy machine.
func BenchmarkDueHTTP(b *testing.B) { dueHTTP(b, atOnce, actions.Limit{}) }

// BenchmarkDueHTTP256 is [BenchmarkDueHTTP] through an account with concurrency: 256, and with as many of the bare client's at once.
func BenchmarkDueHTTP256(b *testing.B) { dueHTTP(b, 256, actions.Limit{Concurrency: 256}) }

func dueHTTP(b *testing.B, atOnce int, limit actions.Limit) {
	s := newSink(b)
	bench := newBench(b, threeRules, func(o *engine.Options) { useHTTP(b, o, fmt.Sprintf(httpRule, s.URL), limit) })
	var steps, bare, stepsCPU, bareCPU time.Duration
	n := 0
	for b.Loop() {
		b.StopTimer()
		let := s.hold()
		bench.fill(b, n*dueSteps)
		n++
		b.StartTimer()
		begun, used := time.Now(), processorTime(b)
		let()
		<-s.all
		bench.until("all are done", func() bool { return len(bench.runs(engine.RunStarted)) == 0 && len(bench.runs(engine.RunDue)) == 0 })
		steps += time.Since(begun)
		stepsCPU += processorTime(b) - used
		b.StopTimer()
		used = processorTime(b)
		bare += s.bare(b, atOnce)
		bareCPU += processorTime(b) - used
		b.StartTimer()
	}
	b.ReportMetric(float64(n)*dueSteps/steps.Seconds(), "steps/s")
	b.ReportMetric(float64(n)*dueSteps/bare.Seconds(), "bare/s")
	b.ReportMetric(bare.Seconds()/steps.Seconds(), "ratio")
	b.ReportMetric(bareCPU.Seconds()/stepsCPU.Seconds(), "cpu-ratio")
}

// processorTime is what this process has used so far, the sink's part with it.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// fill has so many events come in, and waits until each has its run.
func (b *bench) fill(t *testing.B, first int) { b.fillSome(t, first, dueSteps) }

func (b *bench) fillSome(t *testing.B, first, many int) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for i := next.Add(1); i <= int64(many); i = next.Add(1) {
				n := first + int(i)
				if err := b.post(fmt.Sprint("e", n), "order.created", fmt.Sprint("A", n), 1); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	b.until("all events have runs", func() bool { return len(b.events(engine.EventPending)) == 0 })
}

// bare sends as many requests with nothing around them, and tells how long it took.
func (s *sink) bare(b *testing.B, atOnce int) time.Duration {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: atOnce}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var group sync.WaitGroup
	begun := time.Now()
	for range atOnce {
		group.Go(func() {
			for i := next.Add(1); i <= dueSteps; i = next.Add(1) {
				body := fmt.Appendf(nil, `{"id":"A%d","v":1}`, i)
				r, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, s.URL+"/hook", bytes.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				r.Header.Set("webhook-id", "run-1-0")
				answer, err := client.Do(r)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				_ = answer.Body.Close()
			}
		})
	}
	group.Wait()
	took := time.Since(begun)
	<-s.all
	return took
}

// useHTTP has a bench use rules with the http action, without a log.
func useHTTP(b *testing.B, o *engine.Options, ruleFile string, limit actions.Limit) {
	o.Log = slog.New(slog.DiscardHandler)
	o.World.Actions["http"] = httpaction.Action
	o.Rules = rules.Parse(map[string]string{"rules.yaml": ruleFile}, o.World)
	if problems, _ := document.Split(o.Rules.Problems()); len(problems) > 0 {
		b.Fatal(document.Text(problems))
	}
	outlet, err := httpaction.Action.Open(actions.Env{Log: o.Log, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	o.Accounts["http"] = engine.Account{Kind: httpaction.Action, Outlet: outlet, Limit: limit}
	o.Workers = 0 // as many as by default
}
