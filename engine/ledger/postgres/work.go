package postgres

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"

	"shopbell/engine"
)

// The pace of River.
const (
	fetchPause   = 5 * time.Millisecond // between two fetches of a queue
	fetchAnyway  = 2 * time.Minute      // for what no notification told of
	rescueMargin = time.Minute          // beyond the longest a job may take, before River takes it from its node
	keepEnded    = time.Hour            // of jobs that did not end with the work they were for, which is rare
	retryAfter   = 5 * time.Second      // when a job could not even be looked at
	drainLook    = 300 * time.Millisecond
)

// A worker works this node's share of the due work.
type worker struct {
	*ledger
	desk   engine.Desk
	events *loader[*engine.Record]
	runs   *loader[*engine.Run]
	turns  turns
	client *river.Client[pgx.Tx]
	ending context.Context // ended: no new work is begun
	about  string          // what the ledger has of this node
	hurry  chan struct{}   // has a beat come at once
	deaf   chan struct{}   // says that notifications were not heard for a while
	// Queues of outlets that no node had when this one last looked, and those that it has taken on.
	orphans, adopted map[string]bool
	unheld           []int64         // jobs that the ledger thinks this node has, and that it had not at the last beat
	leaving          map[string]bool // accounts that another node may have, and whose work here has not come to its end
	mu               sync.Mutex
	single           map[string]time.Time // outlets that this node works for all, and when the lease was last kept
}

// Work implements [engine.Shared].
func (l *ledger) Work(ctx context.Context, d engine.Desk) {
	w := &worker{ledger: l, desk: d, ending: ctx, turns: turns{perStore: d.PerStore, share: d.Events / 2}, single: map[string]time.Time{}, adopted: map[string]bool{}, leaving: map[string]bool{},
		hurry: make(chan struct{}, 1), deaf: make(chan struct{}, 1)}
	w.events, w.runs = newLoader(l.loadEvents), newLoader(l.loadRuns)
	l.alarms.begin(w.wakeQueue)
	loading, stop := context.WithCancel(context.WithoutCancel(ctx))
	var loaders sync.WaitGroup
	loaders.Go(func() { w.events.run(loading) })
	loaders.Go(func() { w.runs.run(loading) })
	defer loaders.Wait()
	defer stop()
	for ctx.Err() == nil {
		if err := w.serve(ctx); err != nil && ctx.Err() == nil {
			l.log.Error("due work cannot be taken from the database; trying again", "error", l.explain(err))
			pause(ctx, time.Second)
		}
	}
}

// serve works until ctx ends, and hands back what it has not begun.
func (w *worker) serve(ctx context.Context) error {
	if err := w.register(ctx); err != nil {
		return err
	}
	client, err := river.NewClient(&driver{riverpgxv5.New(w.pool), w}, w.config())
	if err != nil {
		return err
	}
	// Not ended with ctx: what is under way comes to its end first, and the node stays alive for others until then.
	lasting, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	if err := client.Start(lasting); err != nil {
		return errors.Join(err, client.StopAndCancel(lasting))
	}
	w.client = client
	var beats sync.WaitGroup
	beats.Go(func() { w.keepBeating(lasting) })
	beats.Go(func() { w.listen(lasting) })
	<-ctx.Done()
	err = w.drain(lasting)
	w.alarms.stop()
	end()
	beats.Wait()
	w.leave()
	return err
}

// drain lets what is under way come to its end, and leaves each account that this node works for all as soon as nothing of it is.
func (w *worker) drain(ctx context.Context) error {
	stopped := make(chan error, 1)
	go func() { stopped <- w.client.Stop(ctx) }()
	tick := time.NewTicker(drainLook)
	defer tick.Stop()
	for {
		select {
		case err := <-stopped:
			return err
		case <-tick.C:
			w.leaveIdle(ctx)
		}
	}
}

// heardNothing has all nodes woken: what they were told while this one did not listen, it has not heard.
func (w *worker) heardNothing() {
	select {
	case w.deaf <- struct{}{}:
	default:
	}
}

func (w *worker) config() *river.Config {
	longest := w.desk.Longest + 20*time.Second
	workers := river.NewWorkers()
	river.AddWorker(workers, &eventWorker{worker: w})
	river.AddWorker(workers, &runWorker{worker: w})
	river.AddWorker(workers, &choreWorker{worker: w})
	queues := map[string]river.QueueConfig{eventQueue: {MaxWorkers: w.desk.Events}, choreQueue: {MaxWorkers: 1}, readyQueue: {MaxWorkers: 4}}
	for _, o := range w.desk.Outlets {
		if !o.Single {
			queues[queueOf(o.Name)] = river.QueueConfig{MaxWorkers: o.AtOnce}
		}
	}
	return &river.Config{
		ID: w.node, Schema: "shopbell", Workers: workers, Queues: queues, Logger: slog.New(ear{w.log.Handler(), w.failedFetch}),
		FetchCooldown: fetchPause, FetchPollInterval: fetchAnyway,
		JobTimeout: longest, RescueStuckJobsAfter: longest + rescueMargin,
		MaxAttempts: maxAttempts, RetryPolicy: steady{},
		CompletedJobRetentionPeriod: keepEnded, CancelledJobRetentionPeriod: keepEnded, DiscardedJobRetentionPeriod: keepEnded,
		ReindexerIndexNames: []string{"river_job_pkey", "river_job_prioritized_fetching_index", "river_job_state_and_finalized_at_index", "river_job_unique_idx"},
		PeriodicJobs:        w.chores(),
	}
}

// steady is River's policy for what it retries by itself: only what could not be worked at all.
type steady struct{}

// NextRetry implements [river.ClientRetryPolicy].
func (steady) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(retryAfter) }

type eventWorker struct {
	river.WorkerDefaults[eventArgs]
	*worker
}

// Work implements [river.Worker].
func (w *eventWorker) Work(ctx context.Context, j *river.Job[eventArgs]) error {
	held := w.take(j.JobRow)
	defer w.held.remove(held)
	r, err := load(ctx, w.worker, w.events, j.Args.Seq)
	switch {
	case errors.Is(err, engine.ErrNone) || err == nil && r.State != engine.EventPending:
		return nil
	case err != nil:
		return river.JobSnooze(retryAfter)
	}
	if wait, err := w.turns.enter(w.ending, engine.Store{Source: r.Source, Store: r.Store}); err != nil {
		w.alarms.set(eventQueue, time.Now().Add(wait))
		return river.JobSnooze(wait)
	}
	own := *r // two jobs of one event may have been loaded together
	w.held.bring(held, &own)
	w.desk.Event(&own)
	w.turns.leave(engine.Store{Source: r.Source, Store: r.Store})
	return handBack(held)
}

// Timeout implements [river.Worker]: what hangs is the engine's to end, and a job that waits for its turn at an account may do so for
// hours. Those of a node that is dead, other nodes take.
func (w *eventWorker) Timeout(*river.Job[eventArgs]) time.Duration { return -1 }

// Timeout implements [river.Worker].
func (w *runWorker) Timeout(*river.Job[runArgs]) time.Duration { return -1 }

type runWorker struct {
	river.WorkerDefaults[runArgs]
	*worker
}

// Work implements [river.Worker]. That River has had the job worked before, and it is here again, means that the node which had
// it is dead: work that is handed back is not counted.
func (w *runWorker) Work(ctx context.Context, j *river.Job[runArgs]) error {
	if w.ending.Err() != nil {
		return river.JobSnooze(0)
	}
	held := w.take(j.JobRow)
	err := w.workRun(ctx, j, held)
	if !errors.Is(err, errCutOff) { // that one stays with this node until it is dead, should River not be able to count the attempt
		w.held.remove(held)
	}
	return err
}

func (w *runWorker) workRun(ctx context.Context, j *river.Job[runArgs], held *job) error {
	u, err := load(ctx, w.worker, w.runs, j.Args.Run)
	switch {
	case errors.Is(err, engine.ErrNone) || err == nil && u.State != engine.RunDue && u.State != engine.RunStarted:
		return nil
	case err != nil && j.Attempt > 1:
		return err // counted, so that it is still known that it was cut off
	case err != nil:
		return river.JobSnooze(retryAfter)
	}
	own := *u // two jobs of one run may have been loaded together
	own.Steps = slices.Clone(u.Steps)
	w.held.bring(held, &own)
	if begun := w.desk.Run(&own, w.cutOff(&own, j.Attempt)); begun && !held.settled.Load() {
		return errCutOff
	}
	return handBack(held)
}

// cutOff tells whether a node that is dead may have begun the try of a run.
func (w *worker) cutOff(u *engine.Run, attempt int) bool {
	for _, o := range w.desk.Outlets {
		if o.Name == u.Outlet && o.Begins {
			return u.State == engine.RunStarted
		}
	}
	return attempt > 1 || u.State == engine.RunStarted
}

// errCutOff has River count the attempt.
var errCutOff = errors.New("the outcome could not be saved")

// load reads what a job is about. While the database cannot be asked, the job stays with this node: what River would write of it then
// might be written late.
func load[T any](ctx context.Context, w *worker, from *loader[T], id int64) (T, error) {
	for {
		row, err := from.get(ctx, id)
		if err == nil || errors.Is(err, engine.ErrNone) || !pause(w.ending, time.Second) {
			return row, err
		}
	}
}

func (l *ledger) take(row *rivertype.JobRow) *job {
	j := &job{id: row.ID, attempt: row.Attempt, queue: row.Queue}
	l.held.add(j)
	return j
}

// handBack lets another node have what was not settled. A job that was settled is gone already.
func handBack(j *job) error {
	if j.settled.Load() {
		return nil
	}
	return river.JobSnooze(0)
}

type choreArgs struct {
	Name string `json:"name"`
}

// Kind implements [river.JobArgs].
func (choreArgs) Kind() string { return kindChore }

type choreWorker struct {
	river.WorkerDefaults[choreArgs]
	*worker
}

// Timeout implements [river.Worker].
func (w *choreWorker) Timeout(*river.Job[choreArgs]) time.Duration { return time.Hour }

// Work implements [river.Worker].
func (w *choreWorker) Work(_ context.Context, j *river.Job[choreArgs]) error {
	held := w.take(j.JobRow)
	defer w.held.remove(held)
	for _, c := range w.desk.Chores {
		if c.Name == j.Args.Name {
			c.Do(w.ending)
		}
	}
	return nil
}

// chores has River's leader insert each chore when its time has come; that there is one of each is River's to see to.
func (w *worker) chores() []*river.PeriodicJob {
	var jobs []*river.PeriodicJob
	for _, c := range w.desk.Chores {
		insert := func() (river.JobArgs, *river.InsertOpts) {
			return choreArgs{c.Name}, &river.InsertOpts{Queue: choreQueue, UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: c.Every}}
		}
		jobs = append(jobs, river.NewPeriodicJob(river.PeriodicInterval(c.Every), insert, &river.PeriodicJobOpts{RunOnStart: true}))
	}
	return jobs
}
