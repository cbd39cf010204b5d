package postgres

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine"
)

// A work names what a job is for: a pending event or a due run.
type work struct {
	kind string // kindEvent or kindRun
	id   int64
}

// The kinds of River jobs.
const (
	kindEvent = "event"
	kindRun   = "run"
	kindChore = "chore"
)

func eventWork(seq int64) work { return work{kindEvent, seq} }
func runWork(id int64) work    { return work{kindRun, id} }

// eventArgs and runArgs are what River keeps of a job.
type eventArgs struct {
	Seq int64 `json:"seq"`
}

type runArgs struct {
	Run int64 `json:"run"`
}

// Kind implements [river.JobArgs].
func (eventArgs) Kind() string { return kindEvent }

// Kind implements [river.JobArgs].
func (runArgs) Kind() string { return kindRun }

// args is what River keeps of a work's job.
func (w work) args() string {
	if w.kind == kindEvent {
		return `{"seq":` + strconv.FormatInt(w.id, 10) + `}`
	}
	return `{"run":` + strconv.FormatInt(w.id, 10) + `}`
}

// The queues of River: one of events, one of each outlet, so that one that is slow delays no other, and one of chores.
const (
	eventQueue = "events"
	choreQueue = "chores"
	readyQueue = "ready"
)

// queueOf names the queue of an outlet. River takes fewer names than a config does; for what it would not take stands a hash. A run
// whose step has no outlet yet, because it could not be rendered, is for every node.
func queueOf(outlet string) string {
	switch {
	case outlet == "":
		return readyQueue
	case plain.MatchString(outlet):
		return "outlet-" + outlet
	}
	sum := sha256.Sum256([]byte(outlet))
	return "outlet-x" + hex.EncodeToString(sum[:16])
}

// plain is what River takes, but for the beginning that hashes have.
var plain = regexp.MustCompile(`^[a-wyz0-9][a-z0-9]*([_-][a-z0-9]+)*$`)

// A job is one that this node works.
type job struct {
	id      int64
	attempt int
	queue   string
	item    any         // that was brought to the desk for it; nil before
	settled atomic.Bool // the transaction that settles its work has ended it, or has found that it is not this node's any more
}

// held holds the jobs that this node works.
type held struct {
	mu   sync.Mutex
	jobs map[*job]bool
	// by is what was brought to the desk for a job: the very record or run. That a run is named is not enough: one whose outcome
	// was saved, though the answer to that was lost, may have been handed out to this node again before it is saved once more.
	by map[any]*job
}

func (h *held) add(j *job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.jobs == nil {
		h.jobs, h.by = map[*job]bool{}, map[any]*job{}
	}
	h.jobs[j] = true
}

// bring says that an item, a pointer of its own, is brought to the desk for a job.
func (h *held) bring(j *job, item any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	j.item = item
	h.by[item] = j
}

func (h *held) remove(j *job) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.jobs, j)
	if j.item != nil {
		delete(h.by, j.item)
	}
}

// get gives the job for which an item was brought to the desk; nil for what was not.
func (h *held) get(item any) *job {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.by[item]
}

// busy tells whether this node works a job of a queue.
func (h *held) busy(queue string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for j := range h.jobs {
		if j.queue == queue {
			return true
		}
	}
	return false
}

// ids gives the ids of all jobs.
func (h *held) ids() []int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := make([]int64, 0, len(h.jobs))
	for j := range h.jobs {
		ids = append(ids, j.id)
	}
	return ids
}

// endJobs ends the jobs whose work the segment settles. A job that this node has lost, because it was thought to be dead, is not
// found; then its change is left out, for another node has the work now.
func (m *making) endJobs(r *round) {
	jobs, byAttempt := map[int64]*job{}, map[int][]int64{} // nearly all are worked for the first time
	add := func(item any) {
		if j := m.held.get(item); j != nil && !j.settled.Load() {
			jobs[j.id], m.lost[j] = j, true
			byAttempt[j.attempt] = append(byAttempt[j.attempt], j.id)
		}
	}
	for _, p := range m.plans {
		add(p.Record)
	}
	for _, d := range m.defers {
		add(d.Record)
	}
	for _, s := range m.saves {
		add(s.Run)
	}
	for attempt, ids := range byAttempt {
		r.ask(`DELETE FROM shopbell.river_job WHERE id = ANY($1::bigint[]) AND attempt = $2 AND state = 'running'
			AND attempted_by[array_upper(attempted_by, 1)] = $3 RETURNING id`,
			func(rows pgx.Rows) error {
				n, err := number(rows)
				if err == nil {
					delete(m.lost, jobs[n])
					m.ended = append(m.ended, jobs[n])
				}
				return err
			}, ids, attempt, m.node)
	}
	m.checkJobs(r)
}

// checkJobs finds the jobs that this node has no more, of runs that it is about to begin.
func (m *making) checkJobs(r *round) {
	var ids []int64
	jobs := map[int64]*job{}
	for _, b := range m.begins {
		if j := m.held.get(b.Run); j != nil {
			jobs[j.id], m.lost[j] = j, true
			ids = append(ids, j.id)
		}
	}
	if len(ids) > 0 {
		r.ask(`SELECT id FROM shopbell.river_job WHERE id = ANY($1::bigint[]) AND state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $2 FOR UPDATE`,
			func(rows pgx.Rows) error {
				n, err := number(rows)
				delete(m.lost, jobs[n])
				return err
			}, ids, m.node)
	}
}

// isLost tells whether this node had an item's job and has lost it.
func (m *making) isLost(item any) bool {
	j := m.held.get(item)
	return j != nil && (j.settled.Load() || m.lost[j])
}

// giveUp has the jobs that this node has no more count as ended, when the transaction has: there is nothing left to hand back.
func (m *making) giveUp() {
	for j := range m.lost {
		m.ended = append(m.ended, j)
	}
}

// settled notes, after the commit, which jobs have ended, and when others will be due.
func (t *turn) settled() {
	for _, j := range t.ended {
		j.settled.Store(true)
	}
	for queue, at := range t.later {
		t.alarms.set(queue, at)
	}
}

// A newJob is a job to be inserted.
type newJob struct {
	work     work
	queue    string
	priority int16
	at       time.Time
}

func (t *turn) eventJob(place int32, seq int64, at time.Time) {
	t.jobs = append(t.jobs, newJob{eventWork(seq), eventQueue, t.shares.priority(place, time.Now()), at})
}

func (t *turn) runJob(u *engine.Run) {
	t.jobs = append(t.jobs, newJob{runWork(u.ID), queueOf(u.Outlet), priorityShare, u.Due})
}

// schedules is how often River's leader makes what waits available. What waits for less is available from the beginning, and
// taken when its time has come.
const schedules = 5 * time.Second

// maxAttempts is out of reach: that work is given up is the engine's to decide.
const maxAttempts = 1000

// insertJobs gives River what has become due, and wakes the nodes. Times are sent as waits, so that this node's clock need not
// agree with the database's. River's own insertion would take round trips more, and wakes no node when it has done so a moment
// before, though the transaction may end later than that.
func (t *turn) insertJobs(r *round) {
	if len(t.jobs) == 0 {
		return
	}
	kind, args, queue := make([]string, len(t.jobs)), make([]string, len(t.jobs)), make([]string, len(t.jobs))
	wait, priority := make([]float64, len(t.jobs)), make([]int16, len(t.jobs))
	t.later = map[string]time.Time{}
	ready := map[string]bool{}
	now := time.Now()
	for i, j := range t.jobs {
		kind[i], args[i], queue[i], priority[i] = j.work.kind, j.work.args(), j.queue, j.priority
		wait[i] = max(0, j.at.Sub(now).Seconds())
		if wait[i] == 0 {
			ready[j.queue] = true
		} else if first, ok := t.later[j.queue]; !ok || j.at.Before(first) {
			t.later[j.queue] = j.at
		}
	}
	r.ask(`INSERT INTO shopbell.river_job (kind, args, queue, priority, max_attempts, state, scheduled_at)
		SELECT kind, args::jsonb, queue, priority, $6, CASE WHEN wait > $7 THEN 'scheduled' ELSE 'available' END::shopbell.river_job_state,
			clock_timestamp() + make_interval(secs => wait)
		FROM unnest($1::text[], $2::text[], $3::text[], $4::smallint[], $5::float8[]) AS k(kind, args, queue, priority, wait)`, nil,
		kind, args, queue, priority, wait, maxAttempts, schedules.Seconds())
	for name := range ready {
		r.ask(wake, nil, name)
	}
}

// wake tells the nodes, on the channel that River listens on, that a queue has work.
const wake = `SELECT pg_notify('shopbell.river_insert', json_build_object('queue', $1::text)::text)`
