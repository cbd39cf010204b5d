package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
)

// The pace at which nodes tell that they are alive. A node that another has seen silent for so long is dead: what counts is what
// that one has seen, so a database that was away kills nobody.
const (
	beatEvery  = 15 * time.Second
	beatWithin = 8 * time.Second
	deadAfter  = 30 * time.Second
	leaseTrust = 22 * time.Second // how long a node that cannot reach the database goes on with what it leases
	leaseFor   = 45 * time.Second
	forgetDead = 10 * time.Minute // until then status shows it
	adoptEvery = 4                // beats
)

// register writes this node down, before it takes any work.
func (w *worker) register(ctx context.Context) error {
	about, err := json.Marshal(w.desk.Tell())
	if err != nil {
		return err
	}
	outlets := make([]string, len(w.desk.Outlets))
	for i, o := range w.desk.Outlets {
		outlets[i] = queueOf(o.Name)
	}
	var others int
	err = w.pool.QueryRow(ctx, `WITH
		me AS (INSERT INTO shopbell.nodes (id, seen, about, queues) VALUES ($1, clock_timestamp(), $2, $3)
			ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, beats = nodes.beats + 1, about = excluded.about, queues = excluded.queues),
		told AS (SELECT pg_notify($4, ''))
		SELECT count(*) + 0 * (SELECT count(*) FROM told) FROM shopbell.nodes WHERE id <> $1 AND seen > clock_timestamp() - $5::interval`,
		w.node, string(about), outlets, beatNow, deadAfter+beatEvery).Scan(&others)
	if err == nil {
		w.tellNodes(others + 1)
	}
	return err
}

// tellNodes tells the engine how many nodes there are.
func (w *worker) tellNodes(n int) {
	if w.desk.Nodes != nil {
		w.desk.Nodes(n)
	}
}

// A watch is what a node has seen of the others.
type watch map[string]*sighting

type sighting struct {
	beats int64
	since time.Time // when its count was seen to change
	dead  bool
}

// see notes what a beat has shown, and gives those that are dead; fresh says that one was not before.
func (w watch) see(now time.Time, beats map[string]int64) (dead []string, fresh bool) {
	for id := range w {
		if _, there := beats[id]; !there {
			delete(w, id)
		}
	}
	for id, n := range beats {
		s := w[id]
		if s == nil || s.beats != n {
			w[id] = &sighting{beats: n, since: now}
			continue
		}
		if now.Sub(s.since) >= deadAfter {
			dead = append(dead, id)
			fresh = fresh || !s.dead
			s.dead = true
		}
	}
	slices.Sort(dead)
	return dead, fresh
}

// keepBeating tells that this node is alive, takes over what dead ones had, and keeps its leases, until ctx ends.
func (w *worker) keepBeating(ctx context.Context) {
	others, timer := watch{}, time.NewTimer(0)
	defer timer.Stop()
	var dead []string
	missed := false
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-w.hurry:
		case <-w.deaf:
			missed = true
		}
		seen, err := w.beat(ctx, dead)
		wait, fresh := beatEvery, false
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			w.log.Warn("this node cannot tell that it is alive", "error", w.explain(err))
			clear(others) // what was not seen while the database was away says nothing
			dead, missed, wait = nil, true, time.Second
		default:
			if dead, fresh = others.see(time.Now(), seen); fresh {
				w.log.Warn("nodes are silent; their work is taken over", "nodes", dead)
				wait = 0
			}
			if missed {
				w.wakeAll(ctx) // notifications may have been lost meanwhile
			}
			missed = false
			w.tellNodes(1 + len(seen) - len(dead))
		}
		w.dropStale(ctx)
		if err == nil && n%adoptEvery == 0 {
			w.adopt(ctx)
		}
		timer.Reset(wait)
	}
}

// pause waits, and is false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// beat is all that a node asks the database regularly, in one statement. It gives the other nodes with the number of their
// beats. A job that the ledger thinks this node has, and that it has not, was given to it in an answer that never came: it was
// not begun, so its attempt does not count. Two beats must have found it so: an answer may be on its way.
const beat = `WITH
	me AS (UPDATE shopbell.nodes SET seen = clock_timestamp(), beats = beats + 1, about = coalesce($2, about) WHERE id = $1 RETURNING 1),
	leased AS (INSERT INTO shopbell.leases AS l (outlet, node, until) SELECT o, $1, clock_timestamp() + $6::interval FROM unnest($3::text[]) AS o
		ON CONFLICT (outlet) DO UPDATE SET node = excluded.node, until = excluded.until
		WHERE l.node = excluded.node OR l.until < clock_timestamp() OR l.node = ANY($4::text[]) RETURNING outlet),
	lost AS (UPDATE shopbell.river_job SET state = 'available', scheduled_at = clock_timestamp(),
			attempt = CASE WHEN attempted_by[array_upper(attempted_by, 1)] = $1 THEN attempt - 1 ELSE attempt END
		WHERE state = 'running' AND (
			attempted_by[array_upper(attempted_by, 1)] = ANY($4::text[])
			OR attempted_by[array_upper(attempted_by, 1)] = $1 AND id = ANY($9::bigint[]) AND id <> ALL($5::bigint[])
			OR attempted_at < clock_timestamp() - interval '60 s' AND NOT (attempted_by[array_upper(attempted_by, 1)] = $1 AND id = ANY($5::bigint[]))
				AND NOT EXISTS (SELECT 1 FROM shopbell.nodes n WHERE n.id = attempted_by[array_upper(attempted_by, 1)]))
		RETURNING queue),
	woken AS (SELECT pg_notify('shopbell.river_insert', json_build_object('queue', q.queue)::text) FROM (SELECT DISTINCT queue FROM lost) AS q),
	queues AS (SELECT unnest($8::text[]) AS name),
	-- What has been due for a while nobody was woken for, or somebody failed to take. Each is one look into River's index.
	late AS (SELECT q.name, t.at FROM queues q CROSS JOIN (VALUES (1), (2)) AS p(priority) CROSS JOIN (VALUES ('available'), ('scheduled')) AS s(state)
		CROSS JOIN LATERAL (SELECT j.scheduled_at AS at FROM shopbell.river_job j WHERE j.state = s.state::shopbell.river_job_state AND j.queue = q.name
			AND j.priority = p.priority ORDER BY j.scheduled_at LIMIT 1) AS t),
	soon AS (SELECT q.name, t.at FROM queues q CROSS JOIN (VALUES (1), (2)) AS p(priority)
		CROSS JOIN LATERAL (SELECT j.scheduled_at AS at FROM shopbell.river_job j WHERE j.state = 'available' AND j.queue = q.name
			AND j.priority = p.priority AND j.scheduled_at > clock_timestamp() ORDER BY j.scheduled_at LIMIT 1) AS t),
	gone AS (DELETE FROM shopbell.nodes WHERE id = ANY($4::text[]) AND seen < clock_timestamp() - $7::interval)
	SELECT clock_timestamp(), coalesce((SELECT json_object_agg(id, beats) FROM shopbell.nodes WHERE id <> $1), '{}'),
		array(SELECT outlet FROM leased), (SELECT count(*) FROM lost), (SELECT count(*) FROM woken), (SELECT count(*) FROM me),
		array(SELECT id FROM shopbell.river_job WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1
			AND attempted_at < clock_timestamp() - interval '10 s' AND id <> ALL($5::bigint[])),
		(SELECT json_object_agg(name, wait) FROM (SELECT name, min(extract(epoch FROM at - clock_timestamp())) AS wait
			FROM (SELECT * FROM late UNION ALL SELECT * FROM soon) AS next GROUP BY name) AS waits)`

func (w *worker) beat(ctx context.Context, dead []string) (others map[string]int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	about, text, err := w.news()
	if err != nil {
		return nil, err
	}
	if dead == nil {
		dead = []string{}
	}
	var theirs time.Time
	var list, waits []byte
	var unheld []int64
	var leased []string
	var lost, woken, me int
	began := time.Now()
	err = w.pool.QueryRow(ctx, beat, w.node, about, w.wanted(), dead, w.held.ids(), leaseFor, forgetDead, w.queues(), w.unheld).Scan(&theirs, &list, &leased, &lost, &woken, &me, &unheld, &waits)
	if err != nil {
		return nil, err
	}
	w.noteClock(began, theirs)
	if lost > 0 {
		w.log.Warn("work of nodes that are gone is handed out again", "pieces", lost)
	}
	if me == 0 { // it was thought to be dead for long
		text = ""
		if err := w.register(ctx); err != nil {
			return nil, err
		}
	}
	w.about, w.unheld = text, unheld
	if err := w.setAlarms(waits); err != nil {
		return nil, err
	}
	w.keep(leased, began)
	return others, json.Unmarshal(list, &others)
}

// news gives what there is to tell of this node, nil when it is what the ledger has: rules of thousands of stores are long.
func (w *worker) news() (about *string, text string, err error) {
	n := w.desk.Tell()
	n.Skew = time.Duration(w.skew.Load()).Round(time.Second)
	n.Limited, n.Stopping = w.leased(), w.ending.Err() != nil
	whole, err := json.Marshal(n)
	if text = string(whole); err != nil || text == w.about {
		return nil, text, err
	}
	return &text, text, nil
}

// leave gives back what this node leases and takes it off the list, and wakes the others.
func (w *worker) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	var r pgx.Batch
	r.Queue("DELETE FROM shopbell.leases WHERE node = $1", w.node)
	r.Queue("DELETE FROM shopbell.nodes WHERE id = $1", w.node)
	r.Queue("SELECT pg_notify($1, '')", beatNow)
	if err := w.pool.SendBatch(ctx, &r).Close(); err != nil {
		w.log.Warn("this node could not say that it leaves; others will notice", "error", w.explain(err))
	}
	w.wakeAll(ctx)
}

// Node implements [engine.Shared].
func (l *ledger) Node() string { return l.node }

// Nodes implements [engine.Shared].
func (l *ledger) Nodes(ctx context.Context) (nodes []engine.Node, err error) {
	err = each(ctx, l.pool, "SELECT id, started, seen, about FROM shopbell.nodes ORDER BY started, id", func(rows pgx.Rows) error {
		var id string
		var started, seen time.Time
		var about []byte
		if err := rows.Scan(&id, &started, &seen, &about); err != nil {
			return err
		}
		var n engine.Node
		err := json.Unmarshal(about, &n)
		n.ID, n.Started, n.Seen = id, started, seen
		nodes = append(nodes, n)
		return err
	})
	return nodes, l.explain(err)
}
