package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
)

// countKey is one line of the counts; a transaction adds up in memory and writes each line once.
type countKey struct {
	day, place int32
	what       string
}

func (t *turn) count(r *engine.Record, what string, at time.Time) {
	t.counts[countKey{midnight(at), t.placeID(r.Source, r.Store), what}]++
}

func (t *turn) countRun(u *engine.Run, what string, at time.Time) {
	t.counts[countKey{midnight(at), t.placeID(u.Source, u.Store), what}]++
}

func (t *turn) saveCounts(r *round) {
	if len(t.counts) == 0 {
		return
	}
	keys := make([]countKey, 0, len(t.counts))
	for k := range t.counts {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b countKey) int { // two nodes with one shard lock the lines in the same order
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.place, b.place), cmp.Compare(a.what, b.what))
	})
	day, place, what, n := make([]int32, len(keys)), make([]int32, len(keys)), make([]string, len(keys)), make([]int64, len(keys))
	for i, k := range keys {
		day[i], place[i], what[i], n[i] = k.day, k.place, k.what, t.counts[k]
	}
	r.ask(`INSERT INTO shopbell.counts (day, place, what, shard, n) SELECT day, place, what, $5::int, n FROM unnest($1::int[], $2::int[], $3::text[], $4::bigint[]) AS k(day, place, what, n)
		ON CONFLICT (day, place, what, shard) DO UPDATE SET n = counts.n + excluded.n`, nil, day, place, what, n, t.shard)
}

// Counts implements [engine.Reader].
func (l *ledger) Counts(ctx context.Context, since time.Time) (counts []engine.Count, err error) {
	err = each(ctx, l.pool, `SELECT c.day, p.source, p.store, c.what, sum(c.n)::bigint FROM shopbell.counts c JOIN shopbell.places p ON p.id = c.place
		WHERE c.day >= $1 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4`, func(rows pgx.Rows) error {
		var c engine.Count
		var day int64
		err := rows.Scan(&day, &c.Source, &c.Store, &c.What, &c.N)
		c.Day = time.Unix(day*86400, 0).UTC()
		counts = append(counts, c)
		return err
	}, midnight(since))
	return counts, l.explain(err)
}
