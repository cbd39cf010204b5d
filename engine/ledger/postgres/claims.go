package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"shopbell/engine/ledger/upkeep"
)

// lockOfPool gives the number of the lock of a pool. Whoever claims from it holds the lock until the claim is on disk, so that no
// two nodes look for what is free at the same time; claims from other pools do not wait.
func lockOfPool(pool string) int64 { return lockOf("pool\x00" + clean(pool)) }

// claim makes a claim, or finds that it is made: what the key has, the place of the offer that it got now from 1, how many offers are
// free, and how many values are taken. The pool is locked, so what it reads stays true.
const claim = `WITH had AS MATERIALIZED (SELECT value FROM shopbell.claims WHERE pool = $1 AND key = $2),
	top AS MATERIALIZED (SELECT coalesce((SELECT n FROM shopbell.claims WHERE pool = $1 ORDER BY n DESC LIMIT 1), 0) AS n),
	free AS MATERIALIZED (SELECT k.mark, k.value, k.at FROM unnest($3::bytea[], $4::bytea[]) WITH ORDINALITY AS k(mark, value, at)
		CROSS JOIN LATERAL (SELECT count(*) AS n FROM (SELECT 1 FROM shopbell.claims c WHERE c.pool = $1 AND c.mark = k.mark LIMIT 1) AS one) AS taken WHERE taken.n = 0),
	made AS (INSERT INTO shopbell.claims (pool, key, mark, value, n)
		SELECT $1, $2, f.mark, f.value, top.n + 1 FROM top, (SELECT * FROM free ORDER BY at LIMIT 1) AS f
		WHERE $2 <> '' AND NOT EXISTS (SELECT 1 FROM had) RETURNING value)
	SELECT coalesce((SELECT value FROM had), (SELECT value FROM made)), CASE WHEN EXISTS (SELECT 1 FROM made) THEN (SELECT min(at) FROM free) ELSE 0 END,
		(SELECT count(*) FROM free) - (SELECT count(*) FROM made), top.n + (SELECT count(*) FROM made) FROM top`

// claimValues makes the claims one after the other: each sees those before it.
func (m *making) claimValues(r *round) {
	for _, c := range m.claims {
		marks, values := [][]byte{}, [][]byte{}
		var places []int
		seen := make(map[string]bool, len(c.Offers))
		for i, o := range c.Offers {
			if !seen[string(o.Mark)] {
				seen[string(o.Mark)] = true
				marks, values, places = append(marks, o.Mark), append(values, o.Value), append(places, i)
			}
		}
		r.ask(claim, func(rows pgx.Rows) error {
			var at int
			c.Value, c.At = nil, -1
			err := rows.Scan(&c.Value, &at, &c.Free, &c.Taken)
			if at > 0 {
				c.At = places[at-1]
			}
			return err
		}, clean(c.Pool), clean(c.Key), marks, values)
	}
}

func (m *mover) exportClaims(ctx context.Context, out *upkeep.Stretch, after int64, limit int) error {
	last := after
	err := each(ctx, m.q(), "SELECT id, pool, key, mark, value, n FROM shopbell.claims WHERE id > $1 ORDER BY id LIMIT $2", func(rows pgx.Rows) error {
		var c upkeep.Claim
		err := rows.Scan(&last, &c.Pool, &c.Key, &c.Mark, &c.Value, &c.N)
		out.Claims = append(out.Claims, c)
		return err
	}, after, limit)
	out.Goes(upkeep.Claims, last, len(out.Claims) == limit)
	return err
}

func (m *mover) importClaims(ctx context.Context, tx pgx.Tx, s upkeep.Stretch) error {
	if len(s.Claims) == 0 {
		return nil
	}
	var pool, key []string
	var mark, value [][]byte
	var n []int64
	for _, c := range s.Claims {
		pool, key, mark, value, n = append(pool, clean(c.Pool)), append(key, clean(c.Key)), append(mark, c.Mark), append(value, c.Value), append(n, c.N)
	}
	_, err := tx.Exec(ctx, `INSERT INTO shopbell.claims (pool, key, mark, value, n)
		SELECT pool, key, mark, value, n FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::bigint[]) WITH ORDINALITY AS k(pool, key, mark, value, n, at) ORDER BY at
		ON CONFLICT DO NOTHING`, pool, key, mark, value, n)
	return err
}
