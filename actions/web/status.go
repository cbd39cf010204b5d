package web

import "shopbell/actions"

// A Row says what the statuses From to To mean.
type Row struct {
	From, To int
	Outcome  actions.Outcome
	Blame    actions.Blame // of a permanent outcome
}

// usual is what statuses mean unless a kind knows better. What no row names means: try again.
var usual = [...]Row{
	{200, 299, actions.OutcomeOK, ""},
	{300, 399, actions.OutcomePermanent, actions.BlameRequest},
	{400, 400, actions.OutcomePermanent, actions.BlameRequest},
	{401, 403, actions.OutcomePermanent, actions.BlameAccount}, // not signed in, not paid, not allowed
	{404, 405, actions.OutcomePermanent, actions.BlameRequest},
	{406, 406, actions.OutcomePermanent, actions.BlameRequest},
	{409, 411, actions.OutcomePermanent, actions.BlameRequest},
	{413, 415, actions.OutcomePermanent, actions.BlameRequest},
	{422, 422, actions.OutcomePermanent, actions.BlameRequest},
}

// Sort gives what a status means. Rows that are given come before the usual ones; the first that fits counts.
func Sort(status int, rows ...Row) (actions.Outcome, actions.Blame) {
	for _, table := range [][]Row{rows, usual[:]} { // rows are shared by all who send, so nothing is appended to them
		for _, r := range table {
			if r.From <= status && status <= r.To {
				return r.Outcome, r.Blame
			}
		}
	}
	return actions.OutcomeRetry, ""
}
