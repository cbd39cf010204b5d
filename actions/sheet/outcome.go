package sheet

import (
	"encoding/json"
	"errors"
	"net/http"

	"shopbell/actions"
	"shopbell/actions/web"
)

// Statuses of Google's own that come with 403, and pass.
var passing = map[string]bool{
	"RESOURCE_EXHAUSTED": true, "RATE_LIMIT_EXCEEDED": true, "rateLimitExceeded": true, "userRateLimitExceeded": true, "quotaExceeded": true,
}

// fault is an error of a Google API.
type fault struct {
	Error struct {
		Message string `json:"message"`
		Status  string `json:"status"`
		Errors  []struct {
			Reason string `json:"reason"`
		} `json:"errors"`
		Details []struct {
			Reason string `json:"reason"`
		} `json:"details"`
	} `json:"error"`
}

// passes tells whether it is a limit that was reached.
func (f *fault) passes() bool {
	if passing[f.Error.Status] {
		return true
	}
	for _, e := range append(f.Error.Errors, f.Error.Details...) {
		if passing[e.Reason] {
			return true
		}
	}
	return false
}

// sorted sorts an answer by its status, and tells what can be done about it.
func (s *sender) sorted(a *web.Answer, rows []web.Row) error {
	err := a.Err(rows...)
	if err == nil {
		return nil
	}
	var f fault
	if json.Unmarshal(a.Body, &f) != nil {
		f = fault{}
	}
	words := err.Error()
	if said := actions.Excerpt([]byte(f.Error.Message)); said != "" {
		words = "Google says: " + said
	}
	switch {
	case a.Status == http.StatusForbidden && f.passes():
		return actions.RetryAfter(a.Wait(), errors.New(words))
	case a.Status == http.StatusForbidden:
		return actions.Permanent(actions.BlameAccount, errors.New(words+"; share the spreadsheet with "+s.email+", as with a person who may edit, and enable the Google Sheets API for its project"))
	case a.Status == http.StatusNotFound:
		return actions.Permanent(actions.BlameRequest, errors.New(words+"; the id of a spreadsheet stands in its address, between /d/ and /edit"))
	}
	switch answer := actions.OutcomeOf(err); answer.Outcome {
	case actions.OutcomePermanent:
		return actions.Permanent(answer.Blame, errors.New(words))
	case actions.OutcomeUnknown:
		return actions.Unknown(errors.New(words + ", so that the row may have been added"))
	default:
		return actions.RetryAfter(answer.Wait, errors.New(words))
	}
}
