package server

import (
	"testing"
	"time"

	"shopbell/engine"
)

// TestByDay holds which of the ledger's counts make up what the overview shows, and that nothing is counted twice.
func TestByDay(t *testing.T) {
	today := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	var counts []engine.Count
	for what, n := range map[string]int64{
		"event.pending": 1000, "event.planned": 1, "event.unmatched": 2, "event.unconfirmed": 4, "event.failed": 8,
		"event.refused": 16, "event.duplicate": 32, "run.new": 1000, "run.done": 64, "run.dead": 128, "run.held": 1000,
	} {
		counts = append(counts, engine.Count{Day: today, What: what, N: n},
			engine.Count{Day: today.AddDate(0, 0, -plotDays), What: what, N: 9999}) // before the first day shown
	}
	days := byDay(counts, today)
	want := day{Date: today, Received: 15, Refused: 16, Dups: 32, Sent: 64, Dead: 128}
	if got := days[plotDays-1]; got != want {
		t.Errorf("today is %+v, want %+v", got, want)
	}
	if first := days[0]; first != (day{Date: today.AddDate(0, 0, 1-plotDays)}) {
		t.Errorf("the first day is %+v", first)
	}
}
