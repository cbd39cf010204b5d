package sqlite

import "shopbell/engine"

// purgeStretch is how many events one Purge looks at, so that accepting never waits long for it.
const purgeStretch = 500

// old is the condition on an event that may be forgotten, or bared to its entity.
const old = `seq > ?1 AND seq <= ?2 AND received < ?3 AND state <> 1
	AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.event = events.seq AND r.state IN (1, 2))`

const isSnapshot = `EXISTS (SELECT 1 FROM snapshots s WHERE s.place = events.place AND s.subject = events.subject AND s.seq = events.seq)`

// isWas is the condition on an event whose entity is `was` of a later one that stays: that one's next steps will ask for it.
const isWas = `(entity IS NOT NULL AND EXISTS (SELECT 1 FROM events n WHERE n.seq = (SELECT m.seq FROM events m
		WHERE m.place = events.place AND m.subject = events.subject AND m.seq > events.seq AND m.prev = events.seq ORDER BY m.seq LIMIT 1)
	AND (n.received >= ?3 OR n.state = 1 OR EXISTS (SELECT 1 FROM runs r WHERE r.event = n.seq AND r.state IN (1, 2)))))`

func (l *ledger) purge(p *engine.Purge) error {
	f, err := l.prepare("SELECT max(seq), count(*) FROM (SELECT seq FROM events WHERE seq > ? ORDER BY seq LIMIT ?)")
	if err != nil {
		return err
	}
	p.Last, p.Gone = 0, 0
	f.int(p.After).int(purgeStretch)
	if _, err := f.Step(); err != nil {
		return err
	}
	last, looked := f.ColumnInt64(0), f.ColumnInt(1)
	if err := f.Reset(); err != nil {
		return err
	}
	for _, query := range []string{
		"DELETE FROM runs WHERE event IN (SELECT seq FROM events WHERE " + old + ")",
		"UPDATE events SET body = NULL, data = NULL, data_at = -1, data_len = 0 WHERE body IS NOT NULL AND " + old + " AND (" + isSnapshot + " OR " + isWas + ")",
		"DELETE FROM events WHERE " + old + " AND NOT " + isSnapshot + " AND NOT " + isWas,
	} {
		f, err := l.prepare(query)
		if err != nil {
			return err
		}
		if err := f.int(p.After).int(last).time(p.Before).run(); err != nil {
			return err
		}
	}
	p.Gone = l.write.Changes()
	if looked == purgeStretch {
		p.Last = last
	}
	return nil
}
