package rules

import (
	"errors"
	"time"

	"shopbell/event"
)

// A scope is what our functions see of the event beside their arguments, and what is left of an evaluation's bounds.
// One goroutine uses it at a time.
type scope struct {
	store event.Store
	zone  *time.Location // of the store; nil until it is asked for
	left  int            // steps that the evaluation may still take
}

var (
	errSteps = errors.New("it takes too long: too many rounds over too long lists or texts")
	errText  = errors.New("it makes a text of more than 1 MB")
)

// spend takes steps off what is left.
func (s *scope) spend(steps int) error {
	if s.left -= steps; s.left < 0 {
		return errSteps
	}
	return nil
}

// weigh spends a step for each value inside v, and one for every share bytes of its texts.
func (s *scope) weigh(v any, share int) error {
	switch v := v.(type) {
	case string:
		return s.spend(1 + len(v)/share)
	case []any:
		if err := s.spend(1 + len(v)/share); err != nil {
			return err
		}
		for _, item := range v {
			if err := s.weigh(item, share); err != nil {
				return err
			}
		}
		return nil
	case map[string]any:
		for _, item := range v {
			if err := s.weigh(item, share); err != nil {
				return err
			}
		}
		return s.spend(1 + 8*len(v)) // whoever walks through it sorts it
	case []string:
		for _, item := range v {
			if err := s.spend(1 + len(item)/share); err != nil {
				return err
			}
		}
		return nil
	case []int:
		return s.spend(1 + len(v))
	}
	return s.spend(1)
}

// location gives the store's time zone; UTC when the platform did not tell it, or told one that nobody knows.
func (s *scope) location() *time.Location {
	if s.zone == nil {
		s.zone = time.UTC
		if zone, err := time.LoadLocation(s.store.Timezone); err == nil && s.store.Timezone != "Local" {
			s.zone = zone
		}
	}
	return s.zone
}

// equal compares as rules do: numbers by value, whole or not; lists and objects by what is in them.
func (s *scope) equal(a, b any) (bool, error) {
	if err := s.spend(1); err != nil {
		return false, err
	}
	switch x := a.(type) {
	case nil:
		return b == nil, nil
	case string:
		y, ok := plainer(b).(string)
		return ok && x == y, nil
	case safe:
		y, ok := plainer(b).(string)
		return ok && x.text == y, nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y, nil
	case time.Time:
		y, ok := b.(time.Time)
		return ok && x.Equal(y), nil
	case time.Duration:
		y, ok := b.(time.Duration)
		return ok && x == y, nil
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && s.equalObjects(x, y), s.over()
	}
	if x, ok := a.(int); ok {
		if y, ok := b.(int); ok {
			return x == y, nil
		}
	}
	if x, ok := numeric(a); ok {
		y, ok := numeric(b)
		return ok && x == y, nil
	}
	x, okX := items(a)
	y, okY := items(b)
	return okX && okY && s.equalLists(x, y), s.over()
}

func (s *scope) over() error {
	if s.left < 0 {
		return errSteps
	}
	return nil
}

func (s *scope) equalObjects(x, y map[string]any) bool {
	if len(x) != len(y) {
		return false
	}
	for key, v := range x {
		w, ok := y[key]
		if same, err := s.equal(v, w); !ok || !same || err != nil {
			return false
		}
	}
	return true
}

func (s *scope) equalLists(x, y []any) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if same, err := s.equal(x[i], y[i]); !same || err != nil {
			return false
		}
	}
	return true
}

// numeric gives any number as one that can be compared with another. Whole numbers beyond 2^53 lose their last digits.
func numeric(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case uint:
		return float64(v), true
	}
	return 0, false
}

// items gives any list as one of plain values.
func items(v any) ([]any, bool) {
	switch v := v.(type) {
	case []any:
		return v, true
	case []string:
		return boxed(v), true
	case []int:
		return boxed(v), true
	case []float64:
		return boxed(v), true
	case []map[string]any:
		return boxed(v), true
	}
	return nil, false
}

func boxed[T any](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = v
	}
	return out
}
