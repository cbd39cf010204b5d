package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// beatNow is the channel on which nodes tell each other to look at once: one has left, and what it leased is free.
const beatNow = "shopbell.beat"

// listen has a beat come at once when another node says so.
func (w *worker) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := w.pool.AcquireFunc(ctx, func(c *pgxpool.Conn) error {
			if _, err := c.Exec(ctx, `LISTEN "`+beatNow+`"`); err != nil {
				return err
			}
			for {
				if _, err := c.Conn().WaitForNotification(ctx); err != nil {
					return err
				}
				select {
				case w.hurry <- struct{}{}:
				default:
				}
			}
		})
		if err != nil && ctx.Err() == nil && !pause(ctx, time.Second) {
			return
		}
	}
}

// queues lists the queues that this node may work.
func (w *worker) queues() []string {
	names := []string{eventQueue, choreQueue, readyQueue}
	for _, o := range w.desk.Outlets {
		names = append(names, queueOf(o.Name))
	}
	return names
}

// setAlarms has queues woken when their next jobs are due: by queue, the wait in seconds.
func (w *worker) setAlarms(waits []byte) error {
	if waits == nil {
		return nil
	}
	var next map[string]float64
	if err := json.Unmarshal(waits, &next); err != nil {
		return err
	}
	for queue, wait := range next {
		w.alarms.set(queue, time.Now().Add(time.Duration(wait*float64(time.Second))))
	}
	return nil
}

// wakeQueue has all nodes look for work of a queue, and sees to what is due after it.
func (w *worker) wakeQueue(queue string) {
	ctx, cancel := context.WithTimeout(context.Background(), beatWithin)
	defer cancel()
	var next *float64
	err := w.pool.QueryRow(ctx, `SELECT (SELECT extract(epoch FROM min(t.at) - clock_timestamp())::float8 FROM (VALUES (1), (2)) AS p(priority)
			CROSS JOIN (VALUES ('available'), ('scheduled')) AS s(state) CROSS JOIN LATERAL (
				SELECT j.scheduled_at AS at FROM shopbell.river_job j WHERE j.state = s.state::shopbell.river_job_state AND j.queue = $1
					AND j.priority = p.priority AND j.scheduled_at > clock_timestamp() ORDER BY j.scheduled_at LIMIT 1) AS t)
		FROM (`+wake+`) AS woken`, queue).Scan(&next)
	if err != nil {
		w.log.Warn("nodes could not be woken; the next beat will", "error", w.explain(err))
	} else if next != nil {
		w.alarms.set(queue, time.Now().Add(time.Duration(*next*float64(time.Second))))
	}
}

// wakeAll has all nodes look for work.
func (w *worker) wakeAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, beatWithin)
	defer cancel()
	var r pgx.Batch
	r.Queue(wake, eventQueue)
	for _, o := range w.desk.Outlets {
		r.Queue(wake, queueOf(o.Name))
	}
	if err := w.pool.SendBatch(ctx, &r).Close(); err != nil {
		w.log.Warn("the other nodes could not be woken", "error", w.explain(err))
	}
}
