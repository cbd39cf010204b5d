package engine

import (
	"context"
	"time"

	"shopbell/actions"
)

const cutOff = "the program ended while this was being sent, so it may have happened"

// recover settles the steps that the last process had begun: whether they happened is unknown. Those that may be
// repeated are due again, and marked; the others are held for a person.
func (e *Engine) recover(ctx context.Context) error {
	runs, err := e.o.Ledger.StartedRuns(ctx)
	if err != nil {
		return err
	}
	for i := range runs {
		u := &runs[i]
		e.settleCutOff(u)
		if err := e.committer.commit(ctx, nil, &Save{Run: u}); err != nil {
			return err
		}
	}
	if len(runs) > 0 {
		e.o.Log.Warn("the last process was cut off while it was sending", "steps", len(runs))
	}
	return nil
}

func (e *Engine) settleCutOff(u *Run) {
	now := time.Now()
	u.Updated, u.Due, u.State = now, now, RunDue
	if !u.isReady() {
		return
	}
	step := &u.Steps[u.Step]
	step.Outcome, step.Note = actions.OutcomeUnknown, cutOff
	keepTry(step, Try{At: now.UTC(), Outcome: actions.OutcomeUnknown, Note: cutOff})
	if !e.repeats(u) {
		u.State = RunHeld
		return
	}
	step.Repeated++
}

// repeats tells whether a run's next step may be tried again although it may have happened.
func (e *Engine) repeats(u *Run) bool {
	account := e.account(u.Outlet)
	return actions.Repeats(account.Kind, account.Outlet, callOf(u))
}
