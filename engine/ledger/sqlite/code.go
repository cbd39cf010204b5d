package sqlite

import (
	"time"

	"shopbell/engine"
)

// eventStates and runStates give states their codes: the index plus one. The schema's partial indexes name some.
func eventStates() []engine.EventState {
	return []engine.EventState{engine.EventPending, engine.EventPlanned, engine.EventUnmatched, engine.EventUnconfirmed,
		engine.EventRefused, engine.EventFailed}
}

func runStates() []engine.RunState {
	return []engine.RunState{engine.RunDue, engine.RunStarted, engine.RunDone, engine.RunDead, engine.RunHeld}
}

func code[S comparable](states []S, state S) int64 {
	for i, s := range states {
		if s == state {
			return int64(i + 1)
		}
	}
	return 0
}

func state[S comparable](states []S, code int) (s S) {
	if code < 1 || code > len(states) {
		return s
	}
	return states[code-1]
}

// micros and instant carry times through the file: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func instant(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return time.UnixMicro(micros).UTC()
}
