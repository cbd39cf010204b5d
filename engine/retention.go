package engine

import (
	"context"
	"time"
)

// The pace at which old events are forgotten: a round every hour, of short commits with pauses between them.
const (
	forgetEvery = time.Hour
	forgetPause = 20 * time.Millisecond
)

// forget deletes what is older than the retention, until ctx ends.
func (e *Engine) forget(ctx context.Context) {
	for {
		e.forgetRound(ctx)
		if !pause(ctx, forgetEvery) {
			return
		}
	}
}

func (e *Engine) forgetRound(ctx context.Context) {
	gone := 0
	defer e.sweepDeliveries(ctx)
	for p := forgetting(e.o.Retention, 0); ; p = forgetting(e.o.Retention, p.Last) {
		if err := e.committer.insist(ctx, nil, p); err != nil {
			return
		}
		if gone += p.Gone; p.Last == 0 {
			break
		}
		if !pause(ctx, forgetPause) {
			return
		}
	}
	if gone > 0 {
		e.o.Log.Info("old events were forgotten", "events", gone, "older than", e.o.Retention.String())
	}
}

// pause waits, and is false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

func forgetting(retention time.Duration, after int64) *Purge {
	return &Purge{Before: time.Now().Add(-retention), After: after}
}
