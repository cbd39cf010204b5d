package engine_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/plugin"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/rules"
)

const actManifest = `protocol: 1
name: act
summary: Say something
run: ./act
idempotent: true
params:
  properties:
    text: { type: string, description: What to say. }
example: { text: hello }
`

// Programs that wait for the file go, and then say that all went well.
const (
	actOnce = `#!/bin/sh
while [ ! -e GO ]; do sleep 0.05; done
read -r line; echo '{"outcome":"ok"}'
`
	actLines = `#!/usr/bin/env python3
import json, os, sys, time
while not os.path.exists("GO"):
    time.sleep(0.01)
for line in sys.stdin:
    print(json.dumps({"id": json.loads(line)["id"], "outcome": "ok"}), flush=True)
`
)

// BenchmarkDuePlugin carries out steps of a plugin that are due, each with its two commits on disk: 1,000 through a program that is run
// for each, and 10,000 through one that is kept running.
func BenchmarkDuePlugin(b *testing.B) {
	b.Run("run/sh", func(b *testing.B) { duePlugin(b, "", actOnce, 1_000) })
	b.Run("lines/python3", func(b *testing.B) { duePlugin(b, "mode: lines\n", actLines, dueSteps) })
}

func duePlugin(b *testing.B, more, program string, steps int) {
	var took time.Duration
	for b.Loop() {
		b.StopTimer()
		dir, goes := b.TempDir(), filepath.Join(b.TempDir(), "go")
		for name, text := range map[string]string{"action.yaml": actManifest + more, "act": strings.ReplaceAll(program, "GO", goes)} {
			if err := os.MkdirAll(filepath.Join(dir, "act"), 0o755); err != nil {
				b.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "act", name), []byte(text), 0o755); err != nil {
				b.Fatal(err)
			}
		}
		tries := &tally{all: make(chan struct{}), want: int64(steps)}
		bench := newBench(b, threeRules, func(o *engine.Options) { usePlugin(b, o, dir); o.Meter = tries })
		bench.fillSome(b, 0, steps)
		b.StartTimer()
		begun := time.Now()
		if err := os.WriteFile(goes, nil, 0o644); err != nil {
			b.Fatal(err)
		}
		<-tries.all
		bench.until("all are done", func() bool { return len(bench.runs(engine.RunStarted)) == 0 && len(bench.runs(engine.RunDue)) == 0 })
		took += time.Since(begun)
		b.StopTimer()
		if n := len(bench.runs(engine.RunDone)); n != 500 { // as many as are listed
			b.Fatalf("%d are done", n)
		}
		bench.stop()
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)*float64(steps)/took.Seconds(), "steps/s")
}

// tally closes all when so many steps have been tried.
type tally struct {
	n    atomic.Int64
	want int64
	all  chan struct{}
}

func (*tally) Received(string, string)                {}
func (*tally) Attested(string, string, time.Duration) {}
func (*tally) Committed(int, time.Duration, error)    {}
func (t *tally) Sent(string, string, actions.Outcome, time.Duration) {
	if t.n.Add(1) == t.want {
		close(t.all)
	}
}

func usePlugin(b *testing.B, o *engine.Options, dir string) {
	o.Log = slog.New(slog.DiscardHandler)
	act := plugin.Load(dir, nil, nil).Find("act")
	if act == nil {
		b.Fatalf("the plugin is not there: %+v", plugin.Load(dir, nil, nil).States())
	}
	o.World.Actions["act"] = act.Kind
	o.Rules = rules.Parse(map[string]string{"rules.yaml": `rules: [ { name: tell, when: order.created, then: [{ act: { text: "{{ order.id }}" } }] } ]`}, o.World)
	if problems, _ := document.Split(o.Rules.Problems()); len(problems) > 0 {
		b.Fatal(document.Text(problems))
	}
	outlet, err := act.Kind.Open(actions.Env{Log: o.Log}, nil)
	if err != nil {
		b.Fatal(fmt.Errorf("the plugin: %w", err))
	}
	o.Accounts["act"] = engine.Account{Kind: act.Kind, Outlet: outlet}
	o.Workers = 0
}
