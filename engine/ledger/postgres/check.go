package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"shopbell/engine/ledger/form"
	"shopbell/engine/ledger/upkeep"
)

var _ upkeep.Checker = (*ledger)(nil)

// Check implements [upkeep.Checker].
func (l *ledger) Check(ctx context.Context, tell func(upkeep.Fault)) (looked int64, err error) {
	clerk := &upkeep.Clerk{Tell: tell}
	err = pgx.BeginTxFunc(ctx, l.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, whole); err != nil {
			return err
		}
		for _, i := range append(rowInvariants(), jobInvariants()...) {
			if err := i.check(ctx, tx, clerk); err != nil {
				return err
			}
		}
		if looked, err = l.checkEntities(ctx, tx, clerk); err != nil {
			return err
		}
		runs, err := checkSteps(ctx, tx, clerk)
		looked += runs
		return err
	})
	return looked, l.explain(err)
}

func (i invariant) check(ctx context.Context, tx pgx.Tx, clerk *upkeep.Clerk) error {
	return each(ctx, tx, i.sql, func(rows pgx.Rows) error {
		values, err := rows.Values()
		if err != nil {
			return err
		}
		clerk.Find(i.words, upkeep.Fault{Words: fmt.Sprintf(i.words, values...), Mendable: i.mendable})
		return nil
	})
}

// checkEntities walks by number, so that no more than a stretch is in memory.
func (l *ledger) checkEntities(ctx context.Context, tx pgx.Tx, clerk *upkeep.Clerk) (n int64, err error) {
	return walk(ctx, tx, "SELECT seq, entity FROM shopbell.events WHERE seq > $1 ORDER BY seq LIMIT 2000", func(rows pgx.Rows) (seq int64, err error) {
		var entity []byte
		if err := rows.Scan(&seq, &entity); err != nil {
			return seq, err
		}
		if _, err := l.pack.Unpack(entity); err != nil {
			clerk.Find("entity", upkeep.Fault{Words: fmt.Sprintf("the entity of event %d cannot be unpacked: it cannot be shown, nor be `was` of another", seq)})
		}
		return seq, nil
	})
}

func checkSteps(ctx context.Context, tx pgx.Tx, clerk *upkeep.Clerk) (n int64, err error) {
	return walk(ctx, tx, "SELECT id, state, step, steps FROM shopbell.runs WHERE id > $1 ORDER BY id LIMIT 2000", func(rows pgx.Rows) (id int64, err error) {
		var state, step int
		var steps []byte
		if err := rows.Scan(&id, &state, &step, &steps); err != nil {
			return id, err
		}
		if words := upkeep.Steps(id, form.State(form.RunStates(), state), step, steps); words != "" {
			clerk.Find("steps", upkeep.Fault{Words: words})
		}
		return id, nil
	})
}

// walk calls row for every row of a query that goes on after the last number.
func walk(ctx context.Context, tx pgx.Tx, sql string, row func(pgx.Rows) (int64, error)) (n int64, err error) {
	for last := int64(0); ; {
		before := n
		err := each(ctx, tx, sql, func(rows pgx.Rows) (err error) {
			n++
			last, err = row(rows)
			return err
		}, last)
		if err != nil || n == before {
			return n, err
		}
	}
}
