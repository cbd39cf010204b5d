package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"shopbell/actions"
)

// answered is what came of one call.
type answered struct {
	result actions.Result
	note   string // who was left out, for people
	err    error
	answer actions.Answer // what err says
	again  time.Time      // the account is at fault, as was known: the step is due again then; zero when it is not so
}

// try calls the action, for those who may be written to.
func (e *Engine) try(u *Run, step *Step) (t answered) {
	defer func() { t.answer = actions.OutcomeOf(t.err) }()
	account, ok := e.outfitting.Load().accounts[u.Outlet]
	if !ok {
		t.err = actions.Permanent(actions.BlameAccount, fmt.Errorf("account %q is not configured any more", u.Outlet))
		return t
	}
	ctx, cancel := context.WithTimeout(e.workCtx, e.o.Timeout)
	defer cancel()
	call := callOf(u)
	call.Callback = e.callbackURL(u, account.Outlet)
	target := e.targetOf(u)
	if t.note, t.err = e.permitted(ctx, u, account.Kind, step, &call); t.err != nil {
		e.breakers.leave(u.Outlet, target) // what was not asked says nothing of the account
		t.note = ""
		return t
	}
	t.result, t.err = e.send(ctx, account.Outlet, u, call)
	answer := actions.OutcomeOf(t.err)
	e.health.sent(u.Outlet, t.err, answer)
	t.again = e.breakers.heard(u.Outlet, target, answer, t.err)
	return t
}

// send calls an outlet. A panic in an action is a failed try of unknown outcome, not the end of the program.
func (e *Engine) send(ctx context.Context, o actions.Outlet, u *Run, call actions.Call[json.RawMessage]) (result actions.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			e.o.Log.Error("an action panicked", "action", u.Steps[u.Step].Action, "run", u.ID)
			err = actions.Unknown(errors.New("the action broke down; this is a mistake of the program"))
		}
	}()
	return o.Send(ctx, call)
}

// callOf gives the call of a run's next step. A person's retry counts its tries anew: to an action that looks for what an earlier try may
// have left, it is no first one.
func callOf(u *Run) actions.Call[json.RawMessage] {
	step := u.Steps[u.Step]
	return actions.Call[json.RawMessage]{Key: stepKey(u), Try: max(u.Tries, 1+step.Repeated), Source: u.Source, Store: u.Store, Params: step.Params, Decoded: u.aim.decoded}
}
