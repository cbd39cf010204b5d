package server

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
)

var _ engine.Meter = (*Meter)(nil)
var _ Engine = (*engine.Engine)(nil)

func TestProbes(t *testing.T) {
	b := newBench(t)
	if answer, text := b.call(t, "GET", "/healthz", ""); answer.StatusCode != 200 || text != "ok\n" {
		t.Errorf("healthz answers %d %q", answer.StatusCode, text)
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if answer, _ := b.call(t, "HEAD", path, ""); answer.StatusCode != 200 {
			t.Errorf("HEAD %s answers %d", path, answer.StatusCode)
		}
	}
	if answer, text := b.call(t, "GET", "/readyz", ""); answer.StatusCode != 200 || text != `{"ready":true}` {
		t.Errorf("readyz answers %d %q", answer.StatusCode, text)
	}
	for err, reason := range map[error]string{
		engine.ErrFull: "the disk is full", fmt.Errorf("commit: %w", engine.ErrBusy): "the ledger is locked by another program",
		errors.New("/secret/path"): "the ledger cannot be written",
	} {
		b.engine.health = engine.Health{Ledger: err, Stopping: true}
		answer, text := b.call(t, "GET", "/readyz", "")
		if want := `{"ready":false,"reasons":["the program is stopping","` + reason + `"]}`; answer.StatusCode != 503 || text != want {
			t.Errorf("readyz answers %d %s, want %s", answer.StatusCode, text, want)
		}
	}
}

func TestMetrics(t *testing.T) {
	b := newBench(t)
	m := NewMeter(b.Metrics)
	m.Received("ecwid", "accepted")
	m.Received("ecwid", "something else")
	m.Attested("ecwid", "confirmed", time.Millisecond)
	m.Sent("slack", "team", actions.OutcomeOK, time.Second)
	m.Committed(7, time.Millisecond, nil)
	m.Committed(7, time.Millisecond, errors.New("x"))
	for i := range 1000 {
		m.Received(fmt.Sprintf("source%d", i), "accepted")
	}
	answer, text := b.call(t, "GET", "/metrics", "")
	if answer.StatusCode != 200 {
		t.Fatal(answer.StatusCode)
	}
	for _, line := range []string{
		`shopbell_events_received_total{result="accepted",source="ecwid"} 1`, `shopbell_events_received_total{result="other",source="ecwid"} 1`,
		`shopbell_attests_total{result="confirmed",source="ecwid"} 1`, `shopbell_sends_total{account="team",action="slack",outcome="ok"} 1`,
		`shopbell_changes_total 7`, `shopbell_commits_total{result="error"} 1`, `shopbell_events_received_total{result="accepted",source="other"} 745`,
		`shopbell_ledger_ready 1`, `shopbell_queued 3`, `shopbell_credentials{source="ecwid",state="dead"} 2`,
		`shopbell_source_quiet{source="ecwid"} 1`,
		`shopbell_rules 3`, `shopbell_rules_directory_broken{directory="2044"} 1`, `shopbell_rules_problems{severity="warning"} 1`, `shopbell_poll_lag_seconds{source="ecwid"} 90`, `shopbell_build_info{version="0.1"} 1`,
	} {
		if !strings.Contains(text, line+"\n") {
			t.Errorf("the metrics do not have %s", line)
		}
	}
}
