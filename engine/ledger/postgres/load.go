package postgres

import (
	"context"
	"runtime"

	"shopbell/engine"
)

// A loader reads rows by their numbers, many in one query: jobs come by the dozen, and each names one row.
type loader[T any] struct {
	in    chan loadRequest[T]
	fetch func(ctx context.Context, ids []int64) (map[int64]T, error)
}

type loadRequest[T any] struct {
	id    int64
	reply chan loaded[T]
}

type loaded[T any] struct {
	row T
	err error
}

// maxLoad is how many rows are read in one query.
const maxLoad = 256

func newLoader[T any](fetch func(context.Context, []int64) (map[int64]T, error)) *loader[T] {
	return &loader[T]{in: make(chan loadRequest[T], maxLoad), fetch: fetch}
}

// run reads until ctx ends.
func (l *loader[T]) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case r := <-l.in:
			l.answer(ctx, l.gather(r))
		}
	}
}

// gather takes what waits, and lets those who are about to ask do so first.
func (l *loader[T]) gather(first loadRequest[T]) []loadRequest[T] {
	batch := []loadRequest[T]{first}
	for range 2 {
		runtime.Gosched()
	}
	for len(batch) < maxLoad {
		select {
		case r := <-l.in:
			batch = append(batch, r)
		default:
			return batch
		}
	}
	return batch
}

func (l *loader[T]) answer(ctx context.Context, batch []loadRequest[T]) {
	ids := make([]int64, len(batch))
	for i, r := range batch {
		ids[i] = r.id
	}
	ctx, cancel := context.WithTimeout(ctx, commitWithin)
	defer cancel()
	rows, err := l.fetch(ctx, ids)
	for _, r := range batch {
		row, ok := rows[r.id]
		if err == nil && !ok {
			r.reply <- loaded[T]{row, engine.ErrNone}
			continue
		}
		r.reply <- loaded[T]{row, err}
	}
}

// get reads one row; [engine.ErrNone] when there is none.
func (l *loader[T]) get(ctx context.Context, id int64) (T, error) {
	var none T
	r := loadRequest[T]{id, make(chan loaded[T], 1)}
	select {
	case l.in <- r:
	case <-ctx.Done():
		return none, ctx.Err()
	}
	select {
	case got := <-r.reply:
		return got.row, got.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

func (l *ledger) loadEvents(ctx context.Context, ids []int64) (map[int64]*engine.Record, error) {
	records, err := l.events(ctx, true, "SELECT "+eventWhole+" FROM shopbell.events e WHERE e.seq = ANY($1)", ids)
	byID := make(map[int64]*engine.Record, len(records))
	for i := range records {
		byID[records[i].Seq] = &records[i]
	}
	return byID, err
}

func (l *ledger) loadRuns(ctx context.Context, ids []int64) (map[int64]*engine.Run, error) {
	runs, err := l.runs(ctx, "SELECT "+runLine+runFrom+"WHERE r.id = ANY($1)", ids)
	byID := make(map[int64]*engine.Run, len(runs))
	for i := range runs {
		byID[runs[i].ID] = &runs[i]
	}
	return byID, err
}
