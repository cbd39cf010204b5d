package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"shopbell/engine/ledger/form"
	"shopbell/engine/ledger/upkeep"
)

// Totals implements [upkeep.Mover].
func (m *mover) Totals(context.Context) (upkeep.Totals, error) {
	t := upkeep.Totals{}
	for _, q := range []struct {
		text string
		name func(*sqlite.Stmt) string
	}{
		{"SELECT count(*), state FROM events GROUP BY state", func(s *sqlite.Stmt) string {
			return upkeep.TotalEvents + string(form.State(form.EventStates(), s.ColumnInt(1)))
		}},
		{"SELECT count(*), state FROM runs GROUP BY state", func(s *sqlite.Stmt) string {
			return upkeep.TotalRuns + string(form.State(form.RunStates(), s.ColumnInt(1)))
		}},
		{"SELECT sum(n), what FROM counts GROUP BY what", func(s *sqlite.Stmt) string { return upkeep.TotalCounts + s.ColumnText(1) }},
		{"SELECT count(*) FROM snapshots", named(upkeep.TotalSnapshots)},
		{"SELECT count(*) FROM revisions", named(upkeep.TotalRevisions)},
		{"SELECT count(*) FROM memos", named(upkeep.TotalMemos)},
		{"SELECT count(*) FROM claims", named(upkeep.TotalClaims)},
		{"SELECT coalesce(max(seq), 0) FROM events", named(upkeep.TotalLastEvent)},
		{"SELECT coalesce(sum(tries), 0) FROM events", named(upkeep.TotalTries)},
		{"SELECT coalesce(sum(replay), 0) FROM events", named(upkeep.TotalReplays)},
		{"SELECT coalesce(max(id), 0) FROM runs", named(upkeep.TotalLastRun)},
		{"SELECT coalesce(sum(tries), 0) FROM runs", named(upkeep.TotalRunTries)},
		{"SELECT coalesce(sum(step), 0) FROM runs", named(upkeep.TotalSteps)},
	} {
		err := query(m.write, q.text, nil, func(s *sqlite.Stmt) error {
			t.Add(q.name(s), s.ColumnInt64(0))
			return nil
		})
		if err != nil {
			return nil, explain(m.path, err)
		}
	}
	return t, nil
}

func named(name string) func(*sqlite.Stmt) string { return func(*sqlite.Stmt) string { return name } }
