package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/event"
	"shopbell/rules"
)

// keptTries is how many tries of a step are kept: the first, and the latest.
const keptTries = 10

// offerRuns puts new runs before the workers.
func (e *Engine) offerRuns(runs []*NewRun) {
	for _, n := range runs {
		if n.Run.ID != 0 && n.Run.State == RunDue {
			e.offerRun(n.Run)
		}
	}
}

func (e *Engine) offerRun(u *Run) {
	if e.shared != nil {
		return // the ledger hands it out
	}
	if u.Due.After(time.Now()) {
		e.runFeed.at(u.Due)
		return
	}
	e.runs.put(runEntry(u))
}

func runEntry(u *Run) entry[*Run] {
	key := ""
	if u.Subject != "" {
		key = u.Source + "/" + u.Store + "/" + u.Subject
	}
	return entry[*Run]{id: u.ID, key: key, group: u.Outlet, item: u}
}

// sendLoop is one of the workers that carry out steps. Before it sends, the ledger has the step as begun; a worker that
// goes from one step straight to the next has the outcome of the one and the beginning of the other committed together.
func (e *Engine) sendLoop() {
	var last settled
	for {
		next, lane, ok := e.runs.poll(last.lane)
		if !ok {
			e.settle(&last)
			if next, lane, ok = e.runs.next(); !ok {
				return
			}
		}
		u := next.item
		if e.takeTurn(&last, u) != nil {
			e.letGo(u, lane)
			continue
		}
		if !e.begin(&last, u) {
			e.leave(u)
			e.runs.done(lane)
			continue
		}
		if !u.isReady() {
			e.goOn(u, lane, e.makeReady(u, RunStarted))
			continue
		}
		e.depart(u)
		e.carryOut(u)
		last = settled{run: u, lane: lane}
	}
}

// errLater says that a run has been put off.
var errLater = errors.New("it is due later")

// takeTurn waits until a run's next step may be sent. The outcome of the last one does not wait for that. An error says that the
// engine stops first, or that the run has been put off: where steps name their providers, those that wait for one must not keep the
// workers of the others.
func (e *Engine) takeTurn(last *settled, u *Run) error {
	if again := e.admitted(u, false); !again.IsZero() {
		e.settle(last)
		if target := e.targetOf(u); target != "" {
			e.postpone(u, earlier(again, time.Now().Add(lookAgain)))
			return errLater
		} else if err := e.breakers.wait(e.feedCtx, u.Outlet, target); err != nil {
			return err
		}
	}
	if e.pacer(u.Outlet) == nil {
		return nil
	}
	e.settle(last)
	err := e.pace(u)
	if err != nil {
		e.leave(u)
	}
	return err
}

// settled is a step that has been carried out, and whose outcome is not in the ledger yet.
type settled struct {
	run  *Run
	lane *lane[*Run]
}

func (e *Engine) settle(last *settled) {
	if last.run == nil {
		return
	}
	u, l := last.run, last.lane
	last.run, last.lane = nil, nil
	e.goOn(u, l, e.insistSave(nil, &Save{Run: u}))
}

// begin writes that a step is begun, with the outcome of the last one. It is false when the step is not to be sent.
func (e *Engine) begin(last *settled, u *Run) bool {
	u.Tries++
	u.State = RunStarted
	b := &Begin{Run: u}
	var err error
	if last.run == nil {
		err = e.insistSave(nil, b)
	} else {
		before, l := last.run, last.lane
		last.run, last.lane = nil, nil
		err = e.insistSave(nil, &Save{Run: before}, b)
		e.goOn(before, l, err)
	}
	return e.hasBegun(u, b, err)
}

// hasBegun tells whether a step is begun. It may have waited for its turn for so long that it was read from the ledger once more
// meanwhile: that is out of date now. When this one is what is out of date, the ledger is asked again.
func (e *Engine) hasBegun(u *Run, b *Begin, err error) bool {
	switch {
	case err != nil:
		return false
	case b.Stale:
		e.runs.fallBehind([]string{u.Outlet})
		e.runFeed.poke()
		return false
	}
	e.runs.settled(u.ID)
	return true
}

// saveFor is how long an outcome is tried to be saved when the engine stops while the ledger cannot be written. After
// that the step is found as begun at the next start, and treated as of unknown outcome.
const saveFor = 10 * time.Second

func (e *Engine) insistSave(after func(), changes ...Change) error {
	if e.committer.commit(context.Background(), after, changes...) == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stop := context.AfterFunc(e.workCtx, func() { time.AfterFunc(saveFor, cancel) })
	defer stop()
	err := e.committer.insist(ctx, after, changes...)
	if err != nil {
		e.o.Log.Error("the outcome of a step could not be saved; it counts as unknown at the next start", "error", err)
	}
	return err
}

// letGo lets go of a run whose next step was not begun.
func (e *Engine) letGo(u *Run, l *lane[*Run]) {
	if u.State == RunDue && u.Due.After(time.Now()) {
		e.runFeed.at(u.Due)
	}
	e.runs.done(l)
}

// goOn lets go of a run whose step is settled: its next step comes next, or later, or there is none. When the outcome
// could not be saved, the run is left for the next start.
func (e *Engine) goOn(u *Run, l *lane[*Run], err error) {
	e.warnStopped(u)
	switch {
	case err == nil && u.State == RunDue && !u.Due.After(time.Now()):
		e.runs.again(l, runEntry(u))
		return
	case err == nil && u.State == RunDue:
		e.runFeed.at(u.Due)
	}
	e.runs.done(l)
}

// warnStopped tells of a run that a person must see to.
func (e *Engine) warnStopped(u *Run) {
	if u.State == RunDead || u.State == RunHeld {
		step := u.Steps[len(u.Steps)-1]
		e.o.Log.Warn("a run has stopped", "run", u.ID, "rule", u.Rule, "step", len(u.Steps), "action", step.Action, "state", u.State, "note", step.Note)
	}
}

// carryOut sends a run's next step once, and notes what became of it in the run.
func (e *Engine) carryOut(u *Run) {
	step := &u.Steps[u.Step]
	began := time.Now()
	got := e.try(u, step)
	took := time.Since(began)
	note, err, answer := got.note, got.err, got.answer
	e.o.Meter.Sent(step.Action, step.Account, answer.Outcome, took)
	if err != nil {
		note = clip(strings.TrimPrefix(note+"; "+err.Error(), "; "), 500)
	}
	e.heed(u, answer, err)
	step.Outcome, step.Blame, step.Note = answer.Outcome, answer.Blame, note
	keepTry(step, Try{At: began.UTC(), Took: took.Round(time.Microsecond), Outcome: answer.Outcome, Note: note})
	u.Updated = time.Now()
	e.follow(u, step, got)
}

func keepTry(s *Step, t Try) {
	if len(s.Tries) == keptTries {
		s.Tries = append(s.Tries[:1], s.Tries[2:]...)
	}
	s.Tries = append(s.Tries, t)
}

// follow decides what comes after a try.
func (e *Engine) follow(u *Run, step *Step, got answered) {
	rule, ruleErr := e.ruleOf(u)
	var policy rules.RetryPolicy
	goOn := false
	if ruleErr == nil {
		def := rule.Branch(u.isElse())[u.Step]
		policy, goOn = def.Retry, def.Continue
	}
	switch got.answer.Outcome {
	case actions.OutcomeOK, actions.OutcomeSkip:
		step.Result = got.result
		e.advance(u, rule, ruleErr)
	case actions.OutcomeUnknown:
		if !e.repeats(u) {
			u.State = RunHeld
			return
		}
		step.Repeated++
		e.again(u, step, policy, got.answer, goOn, rule, ruleErr)
	case actions.OutcomeRetry:
		e.again(u, step, policy, got.answer, goOn, rule, ruleErr)
	default:
		if goOn || !waitsForMend(u, step, got.again) {
			e.giveUp(u, goOn, rule, ruleErr)
		}
	}
}

func (e *Engine) again(u *Run, step *Step, p rules.RetryPolicy, a actions.Answer, goOn bool, rule *rules.Rule, ruleErr error) {
	if u.Tries >= tries(p) {
		if a.Outcome == actions.OutcomeUnknown {
			step.Repeated--
		}
		e.giveUp(u, goOn, rule, ruleErr)
		return
	}
	u.State, u.Due = RunDue, time.Now().Add(backoff(p, u.Tries, a.Wait))
}

func (e *Engine) giveUp(u *Run, goOn bool, rule *rules.Rule, ruleErr error) {
	if goOn {
		e.advance(u, rule, ruleErr)
		return
	}
	u.State = RunDead
}

// advance makes the next step ready. When what it needs cannot be had now, the run is due without it, and makeReady
// will see to it.
func (e *Engine) advance(u *Run, rule *rules.Rule, err error) {
	u.Step++
	u.Tries, u.Due = 0, time.Now()
	if err == nil && u.Step >= len(rule.Branch(u.isElse())) {
		u.State = RunDone
		return
	}
	if err == nil && e.asksPlatform(u) {
		u.State = RunDue // the outcome is saved first: the platform may take its time
		return
	}
	var in *rules.Input
	if err == nil {
		in, err = e.input(u)
	}
	if err != nil {
		e.notReady(u, err)
		return
	}
	e.proceed(u, rule, in)
}

// asksPlatform tells whether the input of a run's rule needs the store's profile.
func (e *Engine) asksPlatform(u *Run) bool {
	return e.o.Sources[u.Source] != nil && e.rules.Load().Need(u.Source, u.Store, u.Type).Profile
}

// notReadyPolicy is how long a step is tried to be made ready: for about a day.
func notReadyPolicy() rules.RetryPolicy { return rules.RetryPolicy{Tries: 30, Max: time.Hour} }

// notReady puts off a run whose next step cannot be rendered yet: the ledger or the platform did not answer. After a day
// it is dead.
func (e *Engine) notReady(u *Run, err error) {
	if errors.Is(err, ErrNone) {
		u.unready("the step could not be made ready: what it is about is not in the ledger any more")
		return
	}
	if u.Tries >= tries(notReadyPolicy()) {
		u.unready("the step could not be made ready: " + err.Error())
		return
	}
	e.o.Log.Warn("a step could not be made ready; trying again", "run", u.ID, "step", u.Step+1, "error", err)
	u.State, u.Due = RunDue, time.Now().Add(backoff(notReadyPolicy(), max(u.Tries, 1), 0))
}

// makeReady renders the step of a begun run that has none, and writes it.
func (e *Engine) makeReady(u *Run, from RunState) error {
	u.Due = time.Now()
	rule, err := e.ruleOf(u)
	var in *rules.Input
	if err == nil {
		in, err = e.input(u)
	}
	if err != nil {
		e.notReady(u, err)
	} else {
		e.proceed(u, rule, in)
	}
	u.Updated = time.Now()
	return e.insistSave(nil, &Save{Run: u, From: from})
}

// input gives what the rule of a run saw when it fired.
func (e *Engine) input(u *Run) (*rules.Input, error) {
	ctx, cancel := context.WithTimeout(e.workCtx, e.o.Timeout)
	defer cancel()
	r, err := e.o.Ledger.Event(ctx, u.Event)
	if err != nil {
		return nil, fmt.Errorf("its event: %w", err)
	}
	in := &rules.Input{Event: &r.Event, Store: event.Store{ID: r.Store}}
	if len(r.Data) > 0 {
		if in.Data, err = event.Decode(r.Data); err != nil {
			return nil, err
		}
	}
	if r.Entity != nil {
		if in.Entity, err = event.DecodeObject(r.Entity); err != nil {
			return nil, err
		}
	}
	if in.Was, err = e.wasOf(ctx, &r); err != nil {
		return nil, err
	}
	if e.asksPlatform(u) {
		if in.Store, err = e.profile(ctx, e.o.Sources[r.Source], &r); err != nil {
			return nil, fmt.Errorf("the store's profile: %w", err)
		}
	}
	return in, nil
}

// wasOf gives `was` as it was when an event was matched.
func (e *Engine) wasOf(ctx context.Context, r *Record) (map[string]any, error) {
	if r.Prev == 0 {
		return claimedBefore(r.Data), nil
	}
	before, err := e.o.Ledger.Event(ctx, r.Prev)
	if errors.Is(err, ErrNone) || err == nil && before.Entity == nil {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return event.DecodeObject(before.Entity)
}

func (e *Engine) dueOutlets(ctx context.Context, until time.Time) ([]string, error) {
	return e.o.Ledger.DueOutlets(ctx, until)
}

func (e *Engine) loadRuns(ctx context.Context, outlet string, until time.Time, limit int) ([]entry[*Run], error) {
	found, err := e.o.Ledger.DueRuns(ctx, outlet, until, limit)
	entries := make([]entry[*Run], len(found))
	for i := range found {
		entries[i] = runEntry(&found[i])
	}
	return entries, err
}

func (e *Engine) nextRun(ctx context.Context, after time.Time) (time.Time, error) {
	_, runs, err := e.o.Ledger.NextDue(ctx, after)
	return runs, err
}
