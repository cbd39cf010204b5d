package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"shopbell/sources"
)

// The bounds of what counts as quiet.
const (
	watchEvery  = 15 * time.Minute
	quietLooks  = 200       // webhooks of a source that are looked at
	quietPages  = 20        // of 500 events, among which they are looked for
	quietNeeds  = 20        // fewer tell nothing of what is usual
	quietFactor = 2         // times the longest silence of late
	quietLeast  = time.Hour // no shorter silence is an alarm
)

// watch looks every few minutes whether sources are as usual, until ctx ends.
func (e *Engine) watch(ctx context.Context) {
	for pause(ctx, watchEvery) {
		e.watchOnce(ctx, time.Now())
	}
}

func (e *Engine) watchOnce(ctx context.Context, now time.Time) {
	var polls []Memo
	var err error
	if len(e.rounds()) > 0 {
		if polls, err = e.o.Ledger.Memos(ctx, memoPoll, time.Time{}, false); err != nil {
			return // the next look tells
		}
	}
	for _, name := range slices.Sorted(maps.Keys(e.o.Sources)) {
		quiet, err := e.quiet(ctx, name, now)
		if err != nil {
			return
		}
		if e.health.watched(name, quiet, e.lag(name, polls, now)) && quiet != "" {
			e.o.Log.Warn("a source is unusually quiet: are its webhooks still on?", "source", name, "why", quiet)
		}
	}
}

// quiet tells whether a source has been silent for longer than is usual for it: twice as long as the longest silence among its
// last webhooks.
func (e *Engine) quiet(ctx context.Context, source string, now time.Time) (string, error) {
	if last := e.Health().Sources[source].LastVerified; now.Sub(last) < quietLeast {
		return "", nil
	}
	var told []time.Time // newest first
	for f, page := (EventFilter{Source: source, Limit: 500}), 0; page < quietPages && len(told) < quietLooks; page++ {
		events, err := e.o.Ledger.Events(ctx, f)
		if err != nil {
			return "", err
		}
		for _, r := range events {
			if r.State != EventRefused && !r.Polled && len(told) < quietLooks {
				told = append(told, r.Received)
			}
			f.Before = r.Seq
		}
		if len(events) < f.Limit {
			break
		}
	}
	return quietWords(told, now), nil
}

// quietWords says what is unusual about the silence since the first of some times, which are in order, newest first.
func quietWords(told []time.Time, now time.Time) string {
	if len(told) < quietNeeds {
		return ""
	}
	var longest time.Duration
	for i := range told[1:] {
		longest = max(longest, told[i].Sub(told[i+1]))
	}
	silence := now.Sub(told[0])
	if silence < quietLeast || silence < quietFactor*longest {
		return ""
	}
	return fmt.Sprintf("no webhook since %s, which is %s; among the last %d the longest silence was %s",
		told[0].UTC().Format("2006-01-02 15:04 MST"), words(silence), len(told), words(longest))
}

// words gives a time as people say it.
func words(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	}
	return fmt.Sprintf("%d seconds", int(d.Seconds()))
}

// lag gives by how much the polling of a source is late.
func (e *Engine) lag(source string, polls []Memo, now time.Time) (most time.Duration) {
	p, ok := e.o.Sources[source].(sources.Poller)
	if !ok || p.Every() <= 0 {
		return 0
	}
	known := map[string]time.Time{}
	for _, m := range polls {
		if m.Source == source {
			known[m.Store] = m.Updated
		}
	}
	for _, store := range p.Stores() {
		last, ok := known[store]
		if !ok {
			last = e.health.began
		}
		most = max(most, now.Sub(last)-p.Every())
	}
	if most < p.Every()/2+pollSpell { // a round takes its time
		return 0
	}
	return most
}
