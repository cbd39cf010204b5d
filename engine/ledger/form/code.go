// Package form is how ledgers write values that they all have: states as small numbers, entities made small.
//
//	n := form.Code(form.EventStates(), record.State)
//	blob := packer.Pack(record.Entity)
//
// It knows of no database.
package form

import (
	"shopbell/engine"
	"shopbell/event"
)

// EventStates gives the states of events by their codes: the index plus one. Schemas name some of the codes.
func EventStates() []engine.EventState {
	return []engine.EventState{engine.EventPending, engine.EventPlanned, engine.EventUnmatched, engine.EventUnconfirmed,
		engine.EventRefused, engine.EventFailed, engine.EventSeen}
}

// The marks of an event are kept as bits.
const (
	polled = 1 << iota
	stale
	self
)

// Marks gives the marks of an event as a number.
func Marks(e *event.Event) (n int64) {
	for bit, is := range map[int64]bool{polled: e.Polled, stale: e.Stale, self: e.Self} {
		if is {
			n |= bit
		}
	}
	return n
}

// Mark gives an event the marks of a number.
func Mark(e *event.Event, marks int64) {
	e.Polled, e.Stale, e.Self = marks&polled != 0, marks&stale != 0, marks&self != 0
}

// RunStates gives the states of runs by their codes: the index plus one. Schemas name some of the codes.
func RunStates() []engine.RunState {
	return []engine.RunState{engine.RunDue, engine.RunStarted, engine.RunDone, engine.RunDead, engine.RunHeld}
}

// Code gives the code of a state; 0 for one that there is not.
func Code[S comparable](states []S, state S) int64 {
	for i, s := range states {
		if s == state {
			return int64(i + 1)
		}
	}
	return 0
}

// State gives the state of a code; none for one that there is not.
func State[S comparable](states []S, code int) (s S) {
	if code < 1 || code > len(states) {
		return s
	}
	return states[code-1]
}
