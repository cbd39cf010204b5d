package postgres

import (
	"context"
	"log/slog"
	"strings"
	"time"
)

// An ear passes on what River logs of trouble, and hears when a fetch has failed: River forgets then that there was something to
// fetch.
type ear struct {
	slog.Handler
	failed func()
}

// Enabled implements [slog.Handler].
func (h ear) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && h.Handler.Enabled(ctx, l)
}

// Handle implements [slog.Handler].
func (h ear) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasSuffix(r.Message, "Error fetching jobs") {
		h.failed()
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements [slog.Handler].
func (h ear) WithAttrs(attrs []slog.Attr) slog.Handler {
	return ear{h.Handler.WithAttrs(attrs), h.failed}
}

// WithGroup implements [slog.Handler].
func (h ear) WithGroup(name string) slog.Handler { return ear{h.Handler.WithGroup(name), h.failed} }

// failedFetch has all queues woken in a moment.
func (w *worker) failedFetch() { time.AfterFunc(time.Second, w.heardNothing) }
