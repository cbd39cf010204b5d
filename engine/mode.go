package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"

	"shopbell/actions"
	"shopbell/rules"
)

// goesOut tells whether a rendered step is to be sent, and gives it its parameters. In shadow it is kept as it would have gone
// out, with a stand-in for its result, so that the steps after it can be rendered. This is the one place where
// that is decided: a step that does not go out never comes before a worker.
func (e *Engine) goesOut(s *Step, rule *rules.Rule, params json.RawMessage) bool {
	s.Params, s.Mode = params, rule.Mode
	if rule.Mode == "" || rule.Mode == rules.Live {
		s.Mode = ""
		return true
	}
	account := e.account(cmp.Or(s.Account, s.Action))
	kind := account.Kind
	note := "shadow: this would have been sent"
	if rule.Mode == rules.Redirect {
		to := rule.Redirected(s.Action)
		redirected, why := redirect(account, params, to)
		if why == "" {
			s.Params = redirected
			return true
		}
		note = "not sent, because the rule is redirected: " + why
	}
	s.Outcome, s.Note = actions.OutcomeSkip, note
	if kind != nil && s.ID != "" {
		s.Result = kind.StandIn(s.ID)
	}
	return false
}

// redirect gives the parameters of a message to somebody else, or says why that cannot be.
func redirect(account Account, params json.RawMessage, to string) (redirected json.RawMessage, why string) {
	kind, fixed := account.Kind, actions.FixedTo(account.Outlet)
	switch {
	case fixed != "":
		return nil, fixed
	case kind == nil || kind.Redirect == nil:
		return nil, "this is no message to anybody"
	case to == "":
		return nil, "nobody is named to whom this could go"
	}
	redirected, err := kind.Redirect(params, to)
	if err != nil {
		return nil, fmt.Sprintf("it cannot go to %q: %v", to, err)
	}
	return redirected, ""
}

// proceed makes a run's next step ready.
func (e *Engine) proceed(u *Run, rule *rules.Rule, in *rules.Input) {
	b, err := branchOf(u, rule, in)
	if err != nil {
		u.unready(err.Error())
		return
	}
	e.prepare(u, rule, b, in)
}

// branchOf gives the branch of a rule that a run is for, with its item as it was when the event was matched.
func branchOf(u *Run, rule *rules.Rule, in *rules.Input) (rules.Branch, error) {
	b := rules.Branch{Else: u.isElse()}
	items, err := rule.Items(in)
	switch {
	case err != nil || items == nil:
		return b, err
	case u.Item >= len(items):
		return b, errors.New("the item that this is about cannot be found in the event any more")
	}
	b.Item = items[u.Item]
	return b, nil
}
