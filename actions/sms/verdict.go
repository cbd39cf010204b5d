package sms

import (
	"errors"
	"time"

	"shopbell/actions"
)

// A verdict says what a provider's code means.
type verdict struct {
	code    string
	outcome actions.Outcome
	blame   actions.Blame // of a permanent outcome
	words   string        // for people; "" when the provider's own say it
	mark    mark
	more    more
}

// more is what few verdicts have.
type more struct {
	wait time.Duration // of a retry: not before
	stop string        // why the recipient is not to be written to any more
}

// A mark says how sure a verdict is.
type mark string

const (
	documented mark = "documented by the provider"
	told       mark = "told of the provider's documentation by others"
	unchecked  mark = "not checked against the provider's documentation"
)

// judge finds the verdict on a code; ok is false when there is none. Then the provider has refused the message, and says why.
func judge(verdicts []verdict, code string) (v verdict, ok bool) {
	for _, v := range verdicts {
		if v.code == code {
			return v, true
		}
	}
	return verdict{code: code, outcome: actions.OutcomePermanent, blame: actions.BlameRequest}, false
}

// err makes the error that a verdict stands for. said is what the provider says itself.
func (v verdict) err(name, said string, wait time.Duration) error {
	text := name + " says " + v.code
	for _, more := range []string{v.words, said} {
		if more != "" {
			text += ": " + more
		}
	}
	switch v.outcome {
	case actions.OutcomeSkip:
		return actions.Skip(text)
	case actions.OutcomeRetry:
		return actions.RetryAfter(max(v.more.wait, wait), errors.New(text))
	case actions.OutcomeUnknown:
		return actions.Unknown(errors.New(text))
	default:
		return actions.Permanent(v.blame, errors.New(text))
	}
}
