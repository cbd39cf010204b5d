package sqlite

import (
	"zombiezen.com/go/sqlite"

	"shopbell/engine"
	"shopbell/engine/ledger/upkeep"
)

func (l *ledger) claim(c *engine.Claim) error {
	c.Value, c.At, c.Free = nil, -1, 0
	var err error
	if c.Taken, err = l.taken(c.Pool); err != nil {
		return err
	}
	if c.Value, err = l.valueOf(c.Pool, c.Key); err != nil {
		return err
	}
	seen := make(map[string]bool, len(c.Offers))
	for i, o := range c.Offers {
		if seen[string(o.Mark)] {
			continue
		}
		seen[string(o.Mark)] = true
		f, err := l.prepare("SELECT 1 FROM claims WHERE pool = ? AND mark = ?")
		if err != nil {
			return err
		}
		_, taken, err := f.text(c.Pool).blob(o.Mark).first()
		switch {
		case err != nil:
			return err
		case taken:
		case c.Value != nil || c.Key == "":
			c.Free++
		default:
			if err := l.insertClaim(upkeep.Claim{Pool: c.Pool, Key: c.Key, Mark: o.Mark, Value: o.Value, N: c.Taken + 1}); err != nil {
				return err
			}
			c.Value, c.At = o.Value, i
			c.Taken++
		}
	}
	return nil
}

// taken tells how many values of a pool keys have.
func (l *ledger) taken(pool string) (int64, error) {
	f, err := l.prepare("SELECT n FROM claims WHERE pool = ? ORDER BY n DESC LIMIT 1")
	if err != nil {
		return 0, err
	}
	n, _, err := f.text(pool).first()
	return n, err
}

// valueOf gives what a key has of a pool; nil for nothing.
func (l *ledger) valueOf(pool, key string) (value []byte, err error) {
	f, err := l.prepare("SELECT value FROM claims WHERE pool = ? AND key = ?")
	if err != nil {
		return nil, err
	}
	found, err := f.text(pool).text(key).Step()
	if found {
		value = blob(f.Stmt, 0)
	}
	if reset := f.Reset(); err == nil {
		err = reset
	}
	return value, err
}

func (l *ledger) insertClaim(c upkeep.Claim) error {
	f, err := l.prepare("INSERT INTO claims (pool, key, mark, value, n) VALUES (?, ?, ?, ?, ?)")
	if err != nil {
		return err
	}
	return f.text(c.Pool).text(c.Key).blob(c.Mark).blob(c.Value).int(c.N).run()
}

func (m *mover) exportClaims(out *upkeep.Stretch, after int64, limit int) error {
	last := after
	err := query(m.write, "SELECT id, pool, key, mark, value, n FROM claims WHERE id > ? ORDER BY id LIMIT ?", []any{after, limit}, func(s *sqlite.Stmt) error {
		last = s.ColumnInt64(0)
		out.Claims = append(out.Claims, upkeep.Claim{Pool: s.ColumnText(1), Key: s.ColumnText(2), Mark: blob(s, 3), Value: blob(s, 4), N: s.ColumnInt64(5)})
		return nil
	})
	out.Goes(upkeep.Claims, last, len(out.Claims) == limit)
	return err
}

func (m *mover) importClaims(claims []upkeep.Claim) error {
	for _, c := range claims {
		had, err := m.valueOf(c.Pool, c.Key)
		if err == nil && had == nil { // else a stretch that comes once more
			err = m.insertClaim(c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
