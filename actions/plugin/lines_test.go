package plugin_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/actions"
)

// readID is the part of a shell script that finds a request's id.
const readID = `id=${line#*\"id\":\"}; id=${id%%\"*}`

const echoing = sh + `echo start >> starts; echo it starts >&2
while read -r line; do ` + readID + `; echo "{\"id\":\"$id\",\"outcome\":\"ok\",\"output\":{\"said\":\"$id\"}}"; done
echo it ends >&2
`

// starts tells how often the program of a stage was started.
func (s *stage) starts() int {
	text, _ := os.ReadFile(filepath.Join(s.dir, "starts"))
	return strings.Count(string(text), "start")
}

// TestLines holds that one program serves many at once, each with its own answer.
func TestLines(t *testing.T) {
	s := play(t, "mode: lines\n", echoing)
	var group sync.WaitGroup
	var mu sync.Mutex
	seen := map[any]bool{}
	for range 50 {
		group.Go(func() {
			for range 4 {
				got := s.send(t, `{}`)
				mu.Lock()
				if got.answer.Outcome != actions.OutcomeOK || seen[got.result["said"]] {
					t.Errorf("got %+v", got)
				}
				seen[got.result["said"]] = true
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if n := s.starts(); n != 1 {
		t.Errorf("started %d times", n)
	}
}

// TestLinesAnyOrder holds that answers may come in any order, and that what is no answer is passed over.
func TestLinesAnyOrder(t *testing.T) {
	s := play(t, "mode: lines\n", sh+`read -r line; `+readID+`; first=$id
read -r line; `+readID+`; second=$id
echo 'DeprecationWarning: oh'; echo '{"id":"nobody","outcome":"ok"}'; echo
echo "{\"id\":\"$second\",\"outcome\":\"ok\",\"output\":{\"said\":\"$second\"}}"
echo "{\"id\":\"$first\",\"outcome\":\"skip\",\"message\":\"was first\"}"
cat > /dev/null
`)
	done := make(chan said, 2)
	for range 2 {
		go func() { done <- s.send(t, `{}`) }()
	}
	a, b := <-done, <-done
	if a.answer.Outcome == actions.OutcomeSkip { // who hears first is nobody's to say
		a, b = b, a
	}
	if a.answer.Outcome != actions.OutcomeOK || b.answer.Outcome != actions.OutcomeSkip || b.words != "act: was first" {
		t.Errorf("got %+v and %+v", a, b)
	}
	if log := s.log.String(); !strings.Contains(log, "where only answers belong: DeprecationWarning: oh") {
		t.Errorf("the log is %s", log)
	}
}

// TestLinesTrouble is what becomes of a request whose program does not answer it, and of the next.
func TestLinesTrouble(t *testing.T) {
	for _, test := range []struct {
		name, once string // what is done instead of the first answer
		want       actions.Outcome
		words      string
	}{
		{"crash", `kill -KILL $$`, actions.OutcomeUnknown, "act was ended by a signal before it answered"},
		{"exit", `echo 'it broke' >&2; exit 1`, actions.OutcomeUnknown, "act ended with exit code 1 before it answered, so that it may have been done: it broke"},
		{"exit 0", `exit 0`, actions.OutcomeUnknown, "act ended with exit code 0"},
		{"exit 75", `exit 75`, actions.OutcomeRetry, "act: exit code 75"},
		{"exit 78", `exit 78`, actions.OutcomePermanent, "act: exit code 78"},
		{"hang", `sleep 60`, actions.OutcomeUnknown, "act did not answer within 1s"},
		{"no outcome", `echo "{\"id\":\"$id\"}"; continue`, actions.OutcomePermanent, "its answer has no outcome"},
		{"output", `echo "{\"id\":\"$id\",\"outcome\":\"ok\",\"output\":{\"id\":\"x\"}}"; continue`, actions.OutcomePermanent, "output.id does not fit"},
		{"rubbish without end", `while :; do printf '%4096s' x; done`, actions.OutcomeUnknown, "before it answered"},
		{"rubbish in lines", `while :; do printf '%4096s\n' x; done`, actions.OutcomeUnknown, "before it answered"},
		{"silence", `exec >&-; sleep 60`, actions.OutcomeUnknown, "before it answered"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := play(t, "mode: lines\ntimeout: 1s\n", sh+`echo start >> starts
while read -r line; do `+readID+`
if mkdir once 2>/dev/null; then `+test.once+`; fi
echo "{\"id\":\"$id\",\"outcome\":\"ok\"}"; done
`)
			got := s.send(t, `{}`)
			if got.answer.Outcome != test.want || !strings.Contains(got.words, test.words) {
				t.Errorf("got %+v, want %s %q", got, test.want, test.words)
			}
			deadline := time.Now().Add(10 * time.Second)
			for got = s.send(t, `{}`); got.answer.Outcome == actions.OutcomeRetry && time.Now().Before(deadline); got = s.send(t, `{}`) {
				time.Sleep(got.answer.Wait) // a program that ended at once has a rest, in real time as programs are real
			}
			if got.answer.Outcome != actions.OutcomeOK {
				t.Errorf("the next: got %+v", got)
			}
		})
	}
}

// TestLinesHangCostsItself holds that a request which hangs takes none of those with it that are under way, or come later.
func TestLinesHangCostsItself(t *testing.T) {
	s := play(t, "mode: lines\n", sh+`mkfifo go 2>/dev/null
while read -r line; do `+readID+`
case $line in *hang*) echo it hangs >&2; continue;; *slow*) (echo it is slow >&2; read -r _ <go; echo "{\"id\":\"$id\",\"outcome\":\"ok\"}") & continue;; esac
echo "{\"id\":\"$id\",\"outcome\":\"ok\"}"; done
wait
`)
	hang, slow := make(chan said, 1), make(chan said, 1)
	patience, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	go func() { hang <- s.sendFor(patience, `{"text":"hang"}`) }()
	s.log.await(t, "it hangs", 1)
	if got := s.send(t, `{}`); got.answer.Outcome != actions.OutcomeOK {
		t.Fatalf("got %+v", got)
	}
	go func() { slow <- s.send(t, `{"text":"slow"}`) }()
	s.log.await(t, "it is slow", 1) // so that it is under way when the other is given up
	giveUp()
	if got := <-hang; got.answer.Outcome != actions.OutcomeUnknown {
		t.Errorf("the one that hangs: got %+v", got)
	}
	if got := s.send(t, `{}`); got.answer.Outcome != actions.OutcomeOK {
		t.Errorf("the next: got %+v", got)
	}
	signal, err := os.OpenFile(filepath.Join(s.dir, "go"), os.O_RDWR, 0) // for both, so that it waits for nobody who reads
	if err != nil {
		t.Fatal(err)
	}
	defer signal.Close()
	if _, err := signal.WriteString("\n"); err != nil {
		t.Fatal(err)
	}
	if got := <-slow; got.answer.Outcome != actions.OutcomeOK {
		t.Errorf("the one under way: got %+v", got)
	}
}

// TestLinesCrashLoop holds that a program which ends as soon as it is started is not started for every step.
func TestLinesCrashLoop(t *testing.T) {
	s := play(t, "mode: lines\n", sh+"echo start >> starts; exit 3\n")
	waited := false
	for range 200 {
		got := s.send(t, `{}`)
		if got.answer.Outcome == actions.OutcomeOK {
			t.Fatal("ok?")
		}
		waited = waited || got.answer.Wait > 0
	}
	if n := s.starts(); n > 10 || !waited {
		t.Errorf("started %d times", n)
	}
}

// TestLinesRenew holds that a change of the files brings a new program, and that the old one ends by itself.
func TestLinesRenew(t *testing.T) {
	s := play(t, "mode: lines\n", echoing)
	dir := filepath.Dir(s.dir)
	before := load(t, dir, nil)
	s.plugin = before.Find("act")
	s.open(t, "")
	s.send(t, `{}`)
	write(t, dir, "act/act", strings.ReplaceAll(echoing, `\"said\":\"$id\"`, `\"said\":\"new\"`))
	now := load(t, dir, before)
	if now.Find("act") != before.Find("act") {
		t.Error("the plugin is another, so that all rules have to be read again")
	}
	if got := s.send(t, `{}`); got.result["said"] != "new" || s.starts() != 2 {
		t.Errorf("got %+v after %d starts", got, s.starts())
	}
	s.log.await(t, "it ends", 1)
}

// TestLinesRenewUnderWay holds that a change of the files costs no step that is under way or comes meanwhile.
func TestLinesRenewUnderWay(t *testing.T) {
	s := play(t, "mode: lines\n", echoing)
	dir := filepath.Dir(s.dir)
	set := load(t, dir, nil)
	s.plugin = set.Find("act")
	s.open(t, "")
	done := make(chan struct{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if got := s.send(t, `{}`); got.answer.Outcome != actions.OutcomeOK {
					t.Errorf("got %+v", got)
					return
				}
			}
		})
	}
	for i := range 5 {
		s.log.await(t, "it starts", i+1) // the one before has come
		write(t, dir, "act/more", strings.Repeat("x", i))
		set = load(t, dir, set)
	}
	close(done)
	group.Wait()
}

// BenchmarkRunPlugin is a step through a program that is run for it, from eight goroutines.
func BenchmarkRunPlugin(b *testing.B) {
	for name, script := range map[string]string{"sh": sh + `read -r line; echo '{"outcome":"ok"}'` + "\n"} {
		b.Run(name, func(b *testing.B) { throughput(b, "", script, 8) })
	}
}

// BenchmarkLinesPlugin is a step through a program that is kept running, from 32 goroutines.
func BenchmarkLinesPlugin(b *testing.B) {
	b.Run("python3", func(b *testing.B) {
		throughput(b, "mode: lines\n", `#!/usr/bin/env python3
import json, sys
for line in sys.stdin:
    q = json.loads(line)
    print(json.dumps({"id": q["id"], "outcome": "ok", "output": {"said": q["params"]["text"]}}), flush=True)
`, 32)
	})
}

func throughput(b *testing.B, more, script string, atOnce int) {
	s := play(b, more, script)
	b.SetParallelism(atOnce / 2)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.Send(b.Context(), actions.Call[json.RawMessage]{Key: "key", Try: 1, Params: json.RawMessage(`{"text":"hello"}`)}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "steps/s")
}
