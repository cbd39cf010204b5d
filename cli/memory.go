package cli

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// How much memory is given for speed. The collector's default doubles the heap before it collects, which for a heap as
// small as ours means all the time: measured with 32 senders it took a quarter of the processor. The heap may grow to
// heapRoom instead, or to three times what is in use where that is more: a great many rules.
const (
	heapGrowth = 400      // percent
	heapRoom   = 96 << 20 // bytes
	heapWatch  = 10 * time.Second
)

// tuneMemory lets the collector work less often, until ctx ends. It is for after the rules are loaded, so that what they
// take is known. An operator who has set GOGC or GOMEMLIMIT knows
// better.
func tuneMemory(ctx context.Context) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(heapGrowth)
	for tick := time.NewTicker(heapWatch); ; {
		debug.SetMemoryLimit(max(heapRoom, 3*liveHeap()))
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// liveHeap gives the bytes that the last collection found in use.
func liveHeap() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(sample[0].Value.Uint64())
}
