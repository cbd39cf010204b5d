package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
)

// maxHistory bounds what is read at once of history, in bytes: bodies and entities may be big.
const maxHistory = 16 << 20

// errEnough ends a walk that has seen enough.
var errEnough = errors.New("enough")

// History implements [engine.Reader].
func (l *ledger) History(ctx context.Context, at engine.Store, after int64, limit int) (records []engine.Record, err error) {
	var w where
	w.add("e.seq > $%d", after)
	if at.Source != "" {
		w.add("e.place IN (SELECT id FROM shopbell.places WHERE source = $%d)", clean(at.Source))
	}
	if at.Store != "" {
		w.add("e.place IN (SELECT id FROM shopbell.places WHERE store = $%d)", clean(at.Store))
	}
	w.add("true ORDER BY e.seq LIMIT $%d", limit)
	size := 0
	err = each(ctx, l.pool, "SELECT "+eventWhole+" FROM shopbell.events e"+w.String(), func(rows pgx.Rows) error {
		r, err := l.event(rows, true)
		if err != nil {
			return err
		}
		records = append(records, r)
		if size += len(r.Body) + len(r.Entity); size > maxHistory {
			return errEnough
		}
		return nil
	}, w.args...)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return records, l.explain(err)
}
