package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"shopbell/engine/ledger/form"
	"shopbell/engine/ledger/upkeep"
)

// A total is a query that counts: a number, the code of a state, and a word.
type total struct {
	sql  string
	name func(state int, word string) string
}

func totals() []total {
	named := func(name string) func(int, string) string { return func(int, string) string { return name } }
	event := func(state int, _ string) string {
		return upkeep.TotalEvents + string(form.State(form.EventStates(), state))
	}
	run := func(state int, _ string) string {
		return upkeep.TotalRuns + string(form.State(form.RunStates(), state))
	}
	return []total{
		{"SELECT count(*), state::int, '' FROM shopbell.events GROUP BY state", event},
		{"SELECT count(*), state::int, '' FROM shopbell.runs GROUP BY state", run},
		{"SELECT sum(n)::bigint, 0, what FROM shopbell.counts GROUP BY what", func(_ int, what string) string { return upkeep.TotalCounts + what }},
		{"SELECT count(*), 0, '' FROM shopbell.snapshots", named(upkeep.TotalSnapshots)},
		{"SELECT count(*), 0, '' FROM shopbell.revisions", named(upkeep.TotalRevisions)},
		{"SELECT count(*), 0, '' FROM shopbell.memos", named(upkeep.TotalMemos)},
		{"SELECT count(*), 0, '' FROM shopbell.claims", named(upkeep.TotalClaims)},
		{"SELECT coalesce(max(seq), 0), 0, '' FROM shopbell.events", named(upkeep.TotalLastEvent)},
		{"SELECT coalesce(sum(tries), 0)::bigint, 0, '' FROM shopbell.events", named(upkeep.TotalTries)},
		{"SELECT coalesce(sum(replay), 0)::bigint, 0, '' FROM shopbell.events", named(upkeep.TotalReplays)},
		{"SELECT coalesce(max(id), 0), 0, '' FROM shopbell.runs", named(upkeep.TotalLastRun)},
		{"SELECT coalesce(sum(tries), 0)::bigint, 0, '' FROM shopbell.runs", named(upkeep.TotalRunTries)},
		{"SELECT coalesce(sum(step), 0)::bigint, 0, '' FROM shopbell.runs", named(upkeep.TotalSteps)},
	}
}

// Totals implements [upkeep.Mover].
func (m *mover) Totals(ctx context.Context) (upkeep.Totals, error) {
	t := upkeep.Totals{}
	for _, q := range totals() {
		err := each(ctx, m.q(), q.sql, func(rows pgx.Rows) error {
			var n int64
			var state int
			var word string
			err := rows.Scan(&n, &state, &word)
			t.Add(q.name(state, word), n)
			return err
		})
		if err != nil {
			return nil, m.explain(err)
		}
	}
	begun, err := m.begunRuns(ctx)
	if err != nil {
		return nil, m.explain(err)
	}
	var due int64 // of those whose try was begun; a job may have outlived its run
	if err := m.q().QueryRow(ctx, "SELECT count(*) FROM shopbell.runs WHERE state = 1 AND id = ANY($1)", begun).Scan(&due); err != nil {
		return nil, m.explain(err)
	}
	t.Add(upkeep.TotalRuns+"started", due)
	if t.Add(upkeep.TotalRuns+"due", -due); t[upkeep.TotalRuns+"due"] == 0 {
		delete(t, upkeep.TotalRuns+"due")
	}
	return t, nil
}
