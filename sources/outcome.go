package sources

import (
	"errors"
	"fmt"
	"time"
)

// A verdict is why an entity was not read.
type verdict struct {
	kind verdictKind
	wait time.Duration
	err  error
}

type verdictKind int

const (
	unconfirmed verdictKind = iota
	denied
	later
)

func (v *verdict) Error() string { return v.err.Error() }
func (v *verdict) Unwrap() error { return v.err }

// Unconfirmed makes an error that says: the platform was asked and does not know the entity, or the store is not ours.
// The event is recorded and never acted on.
func Unconfirmed(format string, args ...any) error {
	return &verdict{kind: unconfirmed, err: fmt.Errorf(format, args...)}
}

// Denied makes an error that says: the platform refuses this store's token, scope or plan. Asking again before an
// operator has acted is pointless, so the event waits for a long time between tries.
func Denied(err error) error { return &verdict{kind: denied, err: err} }

// Later makes an error that says: ask again, but not before wait has passed.
func Later(wait time.Duration, err error) error { return &verdict{kind: later, wait: wait, err: err} }

// IsUnconfirmed tells whether [Unconfirmed] made err.
func IsUnconfirmed(err error) bool { return is(err, unconfirmed) }

// IsDenied tells whether [Denied] made err.
func IsDenied(err error) bool { return is(err, denied) }

// Wait gives the wait of an error that [Later] made, else 0.
func Wait(err error) time.Duration {
	if v, ok := errors.AsType[*verdict](err); ok && v.kind == later {
		return v.wait
	}
	return 0
}

func is(err error, kind verdictKind) bool {
	v, ok := errors.AsType[*verdict](err)
	return ok && v.kind == kind
}
