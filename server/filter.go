package server

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"shopbell/engine"
)

// eventStates and runStates give every state, for forms and checks.
func eventStates() []engine.EventState {
	return []engine.EventState{
		engine.EventPending, engine.EventPlanned, engine.EventUnmatched, engine.EventUnconfirmed, engine.EventRefused,
		engine.EventFailed,
	}
}

func runStates() []engine.RunState {
	return []engine.RunState{engine.RunDue, engine.RunStarted, engine.RunDone, engine.RunDead, engine.RunHeld}
}

const (
	listLimit = 50  // entries of a list, when nobody says how many
	maxLimit  = 500 // as many as anybody gets
)

// misuse is a query that cannot be answered: what is wrong, and what would be right.
type misuse struct{ message, hint string }

func (m *misuse) Error() string { return m.message }

// eventFilter reads the query of a list of events.
func eventFilter(q url.Values) (f engine.EventFilter, err error) {
	if err := onlyKeys(q, "source", "store", "type", "subject", "id", "state", "before", "limit"); err != nil {
		return f, err
	}
	f.Source, f.Store, f.Type = q.Get("source"), q.Get("store"), q.Get("type")
	f.Subject, f.ID, f.State = q.Get("subject"), q.Get("id"), engine.EventState(q.Get("state"))
	if f.State != "" && !slices.Contains(eventStates(), f.State) {
		return f, unknownState(eventStates())
	}
	f.Before, f.Limit, err = paging(q)
	return f, err
}

// runFilter reads the query of a list of runs.
func runFilter(q url.Values) (f engine.RunFilter, err error) {
	if err := onlyKeys(q, "event", "rule", "state", "before", "limit"); err != nil {
		return f, err
	}
	f.Rule, f.State = q.Get("rule"), engine.RunState(q.Get("state"))
	if f.State != "" && !slices.Contains(runStates(), f.State) {
		return f, unknownState(runStates())
	}
	if f.Event, err = whole(q, "event", 1, 1<<62); err != nil {
		return f, err
	}
	f.Before, f.Limit, err = paging(q)
	return f, err
}

func unknownState[S ~string](states []S) error {
	words := make([]string, len(states))
	for i, state := range states {
		words[i] = string(state)
	}
	return &misuse{"there is no such state", "It is one of " + strings.Join(words, ", ") + "."}
}

// onlyKeys refuses a misspelt filter, which would otherwise list everything.
func onlyKeys(q url.Values, known ...string) error {
	for key := range q {
		if !slices.Contains(known, key) {
			return &misuse{"unknown query parameter", "It takes " + strings.Join(known, ", ") + "."}
		}
	}
	return nil
}

// paging reads where a list goes on, and how many entries it gives.
func paging(q url.Values) (before int64, limit int, err error) {
	if before, err = whole(q, "before", 0, 1<<62); err != nil {
		return 0, 0, err
	}
	n, err := whole(q, "limit", 1, maxLimit)
	if n == 0 {
		n = listLimit
	}
	return before, int(n), err
}

// whole reads a whole number within bounds; 0 when it is not given.
func whole(q url.Values, key string, least, most int64) (int64, error) {
	text := q.Get(key)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, &misuse{fmt.Sprintf("%q wants a whole number", key), fmt.Sprintf("It is from %d to %d.", least, most)}
	}
	return n, nil
}

// withKey gives a query with one key set, as the text of a link; an empty value takes the key away.
func withKey(q url.Values, key, value string) string {
	next := url.Values{}
	for k, v := range q {
		if len(v) > 0 && v[0] != "" {
			next.Set(k, v[0])
		}
	}
	next.Set(key, value)
	if value == "" {
		next.Del(key)
	}
	return "?" + next.Encode()
}
