package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
)

// adopt works the runs of outlets that no node has, because an account was taken out of the config: the engine then says so of
// each, rather than let them wait for ever. An outlet is adopted when it was without a node twice in a row, so that a farm which
// is being given a new config has the time to.
func (w *worker) adopt(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	found := map[string]bool{}
	err := each(ctx, w.pool, `WITH RECURSIVE q (name) AS (
			(SELECT queue FROM shopbell.river_job WHERE state = 'available' ORDER BY queue LIMIT 1)
			UNION ALL SELECT (SELECT j.queue FROM shopbell.river_job j WHERE j.state = 'available' AND j.queue > q.name ORDER BY j.queue LIMIT 1)
			FROM q WHERE q.name IS NOT NULL)
		SELECT name FROM q WHERE name LIKE 'outlet-%' AND NOT EXISTS (SELECT 1 FROM shopbell.nodes n WHERE name = ANY(n.queues))`,
		func(rows pgx.Rows) error {
			var name string
			err := rows.Scan(&name)
			found[name] = true
			return err
		})
	if err != nil {
		w.log.Warn("runs that no node works could not be looked for", "error", w.explain(err))
		return
	}
	for queue := range found {
		if !w.orphans[queue] || w.adopted[queue] {
			continue
		}
		if err := w.client.Queues().Add(queue, river.QueueConfig{MaxWorkers: 2}); err != nil {
			w.log.Error("runs of an account that no node has could not be taken", "queue", queue, "error", w.explain(err))
			continue
		}
		w.adopted[queue] = true
		w.log.Warn("no node has the account of waiting runs: they will be given up", "queue", queue)
	}
	w.orphans = found
}
