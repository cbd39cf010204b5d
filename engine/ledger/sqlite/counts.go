package sqlite

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"

	"shopbell/engine"
)

// tallyKey is one line of the counts; a transaction adds up in memory and writes each line once.
type tallyKey struct {
	day, place int64
	what       string
}

func (l *ledger) count(place int64, what string, at time.Time) {
	l.tally[tallyKey{midnight(at), place, what}]++
}

func (l *ledger) addTally(c engine.Count) error {
	id, err := l.names.needPlace(l.write, place{c.Source, c.Store})
	if err == nil {
		l.tally[tallyKey{midnight(c.Day), id, c.What}] += c.N
	}
	return err
}

func (l *ledger) saveTally() error {
	for k, n := range l.tally {
		f, err := l.prepare("INSERT INTO counts (day, place, what, n) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n")
		if err != nil {
			return err
		}
		if err := f.int(k.day).int(k.place).text(k.what).int(n).run(); err != nil {
			return err
		}
	}
	return nil
}

// Counts implements [engine.Reader].
func (l *ledger) Counts(ctx context.Context, since time.Time) (counts []engine.Count, err error) {
	err = l.reading(ctx, func(c *sqlite.Conn) error {
		return query(c, "SELECT c.day, p.source, p.store, c.what, c.n FROM counts c JOIN places p ON p.id = c.place WHERE c.day >= ? ORDER BY 1, 2, 3, 4",
			[]any{midnight(since)}, func(s *sqlite.Stmt) error {
				counts = append(counts, engine.Count{Day: time.Unix(s.ColumnInt64(0)*86400, 0).UTC(),
					Source: s.ColumnText(1), Store: s.ColumnText(2), What: s.ColumnText(3), N: s.ColumnInt64(4)})
				return nil
			})
	})
	return counts, err
}
