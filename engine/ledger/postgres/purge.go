package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
)

// purgeStretch is how many events one Purge looks at, so that accepting never waits long for it.
const purgeStretch = 500

// old is the condition on an event that may be forgotten, or bared to its entity.
const old = `e.seq > $1 AND e.seq <= $2 AND e.received < $3 AND e.state <> 1
	AND NOT EXISTS (SELECT 1 FROM shopbell.runs r WHERE r.event = e.seq AND r.state IN (1, 2))`

const isSnapshot = `EXISTS (SELECT 1 FROM shopbell.snapshots s WHERE s.place = e.place AND s.subject = e.subject AND s.seq = e.seq)`

// isWas is the condition on an event whose entity is `was` of a later one that stays: that one's next steps will ask for it.
const isWas = `(e.entity IS NOT NULL AND EXISTS (SELECT 1 FROM shopbell.events n WHERE n.seq = (SELECT m.seq FROM shopbell.events m
		WHERE m.place = e.place AND m.subject = e.subject AND m.seq > e.seq AND m.prev = e.seq ORDER BY m.seq LIMIT 1)
	AND (n.received >= $3 OR n.state = 1 OR EXISTS (SELECT 1 FROM shopbell.runs r WHERE r.event = n.seq AND r.state IN (1, 2)))))`

func (t *turn) purge(ctx context.Context, p *engine.Purge) error {
	if !t.begun {
		var r round
		t.begin(&r)
		if err := t.send(ctx, &r); err != nil {
			return err
		}
	}
	var last int64
	var looked int
	err := t.conn.QueryRow(ctx, "SELECT coalesce(max(seq), 0), count(*) FROM (SELECT seq FROM shopbell.events WHERE seq > $1 ORDER BY seq LIMIT $2) AS stretch",
		p.After, purgeStretch).Scan(&last, &looked)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return err
	}
	p.Last, p.Gone = 0, 0
	for _, query := range []string{
		"DELETE FROM shopbell.runs WHERE event IN (SELECT e.seq FROM shopbell.events e WHERE " + old + ")",
		"UPDATE shopbell.events e SET body = NULL, data = NULL, data_at = -1, data_len = 0 WHERE e.body IS NOT NULL AND " + old + " AND (" + isSnapshot + " OR " + isWas + ")",
		"DELETE FROM shopbell.events e WHERE " + old + " AND NOT " + isSnapshot + " AND NOT " + isWas,
	} {
		tag, err := t.conn.Exec(ctx, query, p.After, last, moment(p.Before))
		if err != nil {
			return err
		}
		p.Gone = int(tag.RowsAffected())
	}
	if looked == purgeStretch {
		p.Last = last
	}
	return nil
}
