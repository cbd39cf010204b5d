package engine

import (
	"context"
	"fmt"
	"time"

	"shopbell/actions"
)

// Conflict says that an entry is not in a state in which it could be done what was asked.
type Conflict struct{ Reason string }

// Error gives the reason.
func (c *Conflict) Error() string { return c.Reason }

// Retry makes a dead or held run due now. Its step keeps its idempotency key and gets a full set of tries; a step that
// could not be rendered is rendered anew. [ErrNone] when there is no such run, a [*Conflict] when it is in another
// state.
func (e *Engine) Retry(ctx context.Context, id int64) error {
	u, err := e.o.Ledger.Run(ctx, id)
	if err != nil {
		return err
	}
	from := u.State
	if from != RunDead && from != RunHeld {
		return &Conflict{fmt.Sprintf("run %d is %s; only a dead or held run can be retried", id, from)}
	}
	now := time.Now()
	u.State, u.Tries, u.Due, u.Updated = RunDue, 0, now, now
	if u.isReady() && u.Steps[u.Step].Outcome == actions.OutcomeUnknown {
		u.Steps[u.Step].Repeated++
	}
	s := &Save{Run: &u, From: from}
	if err := e.committer.commit(ctx, func() {
		if !s.Stale {
			e.breakers.hasten(u.Outlet, e.targetOf(&u))
			e.offerRun(&u)
		}
	}, s); err != nil {
		return err
	}
	if s.Stale {
		return &Conflict{fmt.Sprintf("run %d has just been changed by someone else", id)}
	}
	return nil
}

// Replay has an event read back and matched again by the rules in use: rules that fire make new runs, with keys of their
// own. [ErrNone] when there is no such event, a [*Conflict] when it is pending or was refused.
func (e *Engine) Replay(ctx context.Context, seq int64) error {
	r, err := e.o.Ledger.Event(ctx, seq)
	if err != nil {
		return err
	}
	switch r.State {
	case EventPending:
		return &Conflict{fmt.Sprintf("event %d is still pending", seq)}
	case EventRefused:
		return &Conflict{fmt.Sprintf("event %d was refused: nobody knows that it is true, so it is never acted on", seq)}
	}
	if src := e.o.Sources[r.Source]; src == nil || !src.Serves(r.Store) {
		return &Conflict{fmt.Sprintf("event %d is of store %q of source %s, which is not configured", seq, r.Store, r.Source)}
	}
	r.Due = time.Now()
	a := &Again{Record: &r}
	if err := e.committer.commit(ctx, func() {
		if !a.Stale {
			e.offerEvent(&r, false)
		}
	}, a); err != nil {
		return err
	}
	if a.Stale {
		return &Conflict{fmt.Sprintf("event %d has just been changed by someone else", seq)}
	}
	return nil
}
