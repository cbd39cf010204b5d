package sms

import (
	"errors"
	"time"

	"shopbell/actions"
	"shopbell/phone"
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
	part string        // of the account that is to blame; "" for all of it
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
	if v.more.stop != "" {
		return &stop{skip: v.outcome == actions.OutcomeSkip, text: text}
	}
	switch v.outcome {
	case actions.OutcomeSkip:
		return actions.Skip(text)
	case actions.OutcomeRetry:
		return actions.RetryAfter(max(v.more.wait, wait), errors.New(text))
	case actions.OutcomeUnknown:
		return actions.Unknown(errors.New(text))
	default:
		if v.more.part != "" {
			return actions.PermanentPart(v.more.part, errors.New(text))
		}
		return actions.Permanent(v.blame, errors.New(text))
	}
}

// A stop is a refusal that holds for every other message to the same number too.
type stop struct {
	skip bool // the recipient's own wish
	text string
}

// Error implements [error].
func (s *stop) Error() string { return s.text }

// stopping says of whom a stop is.
func stopping(err error, n phone.Number) error {
	s, ok := errors.AsType[*stop](err)
	if !ok {
		return err
	}
	who := actions.Recipient{Channel: actions.Phone, Address: n.E164}
	if s.skip {
		return actions.Declined(who, s.text)
	}
	return actions.Gone(who, s)
}
