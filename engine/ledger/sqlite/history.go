package sqlite

import (
	"context"

	"zombiezen.com/go/sqlite"

	"shopbell/engine"
)

// maxHistory bounds what is read at once of history, in bytes: bodies and entities may be big.
const maxHistory = 16 << 20

// History implements [engine.Reader]. The store is not looked up by its index, so that events come in their order without
// being sorted.
func (l *ledger) History(ctx context.Context, at engine.Store, after int64, limit int) ([]engine.Record, error) {
	var w where
	w.add("seq > ?", after)
	if at.Source != "" || at.Store != "" {
		w.add("+place IN (SELECT id FROM places WHERE (?2 = '' OR source = ?2) AND (?3 = '' OR store = ?3))", at.Source, at.Store)
	}
	w.args = append(w.args, limit)
	var records []engine.Record
	err := l.reading(ctx, func(c *sqlite.Conn) error {
		size := 0
		return enough(query(c, "SELECT "+eventWhole+" FROM events"+w.String()+" ORDER BY seq LIMIT ?", w.args, func(s *sqlite.Stmt) error {
			r, err := l.event(c, s, true)
			if err != nil {
				return err
			}
			records = append(records, r)
			if size += len(r.Body) + len(r.Entity); size > maxHistory {
				return errEnough
			}
			return nil
		}))
	})
	return records, err
}
