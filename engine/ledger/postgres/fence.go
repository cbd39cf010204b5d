package postgres

import (
	"context"

	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivertype"
)

// GetExecutor implements [riverdriver.Driver].
func (d *driver) GetExecutor() riverdriver.Executor {
	return &executor{Executor: d.Driver.GetExecutor(), worker: d.worker}
}

// An executor has River end or hand back only jobs that are this node's still: River itself does so with any that is running, and
// what it writes late, after the database was away, might be another node's by then. Most jobs have ended with their work, and are
// not there any more.
type executor struct {
	riverdriver.Executor
	worker *worker
}

// JobSetStateIfRunningMany implements [riverdriver.Executor].
func (e *executor) JobSetStateIfRunningMany(ctx context.Context, p *riverdriver.JobSetStateIfRunningManyParams) ([]*rivertype.JobRow, error) {
	rows, err := e.worker.pool.Query(ctx, `SELECT id FROM shopbell.river_job WHERE id = ANY($1::bigint[]) AND state = 'running'
		AND attempted_by[array_upper(attempted_by, 1)] = $2`, p.ID, e.worker.node)
	if err != nil {
		return nil, err
	}
	ours := map[int64]bool{}
	for rows.Next() {
		id, err := number(rows)
		if err != nil {
			rows.Close()
			return nil, err
		}
		ours[id] = true
	}
	if err := rows.Err(); err != nil || len(ours) == 0 {
		return nil, err
	}
	kept := *p
	kept.ID, kept.Attempt, kept.ErrData, kept.FinalizedAt = nil, nil, nil, nil
	kept.MetadataDoMerge, kept.MetadataUpdates, kept.ScheduledAt, kept.State = nil, nil, nil, nil
	for i, id := range p.ID {
		if ours[id] {
			kept.ID, kept.Attempt, kept.ErrData = append(kept.ID, id), append(kept.Attempt, p.Attempt[i]), append(kept.ErrData, p.ErrData[i])
			kept.FinalizedAt, kept.MetadataDoMerge = append(kept.FinalizedAt, p.FinalizedAt[i]), append(kept.MetadataDoMerge, p.MetadataDoMerge[i])
			kept.MetadataUpdates, kept.ScheduledAt = append(kept.MetadataUpdates, p.MetadataUpdates[i]), append(kept.ScheduledAt, p.ScheduledAt[i])
			kept.State = append(kept.State, p.State[i])
		}
	}
	return e.Executor.JobSetStateIfRunningMany(ctx, &kept)
}
