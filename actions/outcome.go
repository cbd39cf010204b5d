package actions

import (
	"context"
	"errors"
	"time"
)

// An Outcome is what became of one try.
type Outcome string

// The five outcomes.
const (
	OutcomeOK        Outcome = "ok"        // the provider took it
	OutcomeSkip      Outcome = "skip"      // not wanted, or already done; nobody needs to act
	OutcomeRetry     Outcome = "retry"     // try again, the same way
	OutcomePermanent Outcome = "permanent" // trying again the same way is pointless
	OutcomeUnknown   Outcome = "unknown"   // it may have happened
)

// A Blame says what is at fault when an outcome is permanent.
type Blame string

// What can be at fault.
const (
	BlameRecipient Blame = "recipient" // this one is dead; others are not
	BlameRequest   Blame = "request"   // the rule or what it rendered is wrong
	BlameAccount   Blame = "account"   // key, list, channel or plan is wrong: everything through this account will fail
)

// A trial is an error that knows its outcome.
type trial struct {
	outcome Outcome
	blame   Blame
	wait    time.Duration
	pause   bool
	part    string
	stop    Recipient
	err     error
}

func (t *trial) Error() string { return t.err.Error() }
func (t *trial) Unwrap() error { return t.err }

// Skip makes an error that says: not wanted or already done. The step counts as done, with why as its note.
func Skip(why string) error { return &trial{outcome: OutcomeSkip, err: errors.New(why)} }

// Permanent makes an error that says: never try this again as it is. The step becomes a dead letter.
func Permanent(blame Blame, err error) error {
	return &trial{outcome: OutcomePermanent, blame: blame, err: err}
}

// PermanentPart makes an account error that concerns a part of the account only, such as `channel "#sales"` or `pool "SW-1"`: what
// goes to other parts may well go through. It is permanent, and the account is to blame.
func PermanentPart(part string, err error) error {
	return &trial{outcome: OutcomePermanent, blame: BlameAccount, part: part, err: err}
}

// Throttled makes an error that says: the provider has had too much of this account, and wants to be left alone for wait; 0 when it
// did not say for how long. It is tried again then, and so is all else that goes there.
func Throttled(wait time.Duration, err error) error {
	return &trial{outcome: OutcomeRetry, wait: wait, pause: true, err: err}
}

// RetryAfter makes an error that says: try again, but not before wait has passed. Zero leaves the time to the engine.
func RetryAfter(wait time.Duration, err error) error {
	return &trial{outcome: OutcomeRetry, wait: wait, err: err}
}

// Unknown makes an error that says: it may have happened. Whether it is repeated is for the kind to say, see [Repeats].
func Unknown(err error) error { return &trial{outcome: OutcomeUnknown, err: err} }

// Gone makes an error that says: nothing can be delivered to this recipient, now or later, so that nobody is to try again with
// another message. It is permanent.
func Gone(who Recipient, err error) error {
	return &trial{outcome: OutcomePermanent, blame: BlameRecipient, stop: who, err: err}
}

// Declined makes an error that says: this recipient does not want to be written to, as the provider knows. The step is skipped.
func Declined(who Recipient, why string) error {
	return &trial{outcome: OutcomeSkip, stop: who, err: errors.New(why)}
}

// An Answer sorts an error of Send for the engine.
type Answer struct {
	Outcome Outcome
	Blame   Blame         // of OutcomePermanent
	Wait    time.Duration // of OutcomeRetry: not before; 0 when the provider did not say
	Pause   bool          // of OutcomeRetry: nothing else is to go there before either
	Part    string        // of the account that is to blame; "" for all of it
	Stop    Recipient     // is not to be written to any more; the zero value for nobody
}

// OutcomeOf sorts an error of Send. Nil is ok. An error that no function of this package made means: try again. One
// that only says the context ended is unknown, for an action that can tell better says so itself.
func OutcomeOf(err error) Answer {
	if err == nil {
		return Answer{Outcome: OutcomeOK}
	}
	if t, ok := errors.AsType[*trial](err); ok {
		return Answer{Outcome: t.outcome, Blame: t.blame, Wait: t.wait, Pause: t.pause, Part: t.part, Stop: t.stop}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Answer{Outcome: OutcomeUnknown}
	}
	return Answer{Outcome: OutcomeRetry}
}

// Sorted tells whether a function of this package made err, or an error that err wraps.
func Sorted(err error) bool {
	_, ok := errors.AsType[*trial](err)
	return ok
}
