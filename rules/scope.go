package rules

import (
	"errors"
	"slices"
	"time"

	"shopbell/event"
)

// A scope is what our functions see of the event beside their arguments, and what is left of an evaluation's bounds.
// One goroutine uses it at a time.
type scope struct {
	store event.Store
	zone  *time.Location // of the store; nil until it is asked for
	left  int            // steps that the evaluation may still take
	room  int            // bytes that it may still keep
	// rendering says that evaluations share a purse: the steps that all of them together may still take.
	rendering bool
	purse     int
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

// weigh spends a step for each value inside v, more for one that lies deep, and one for every share bytes of its texts.
func (s *scope) weigh(v any, share int) error { return s.weighAt(v, share, 0) }

func (s *scope) weighAt(v any, share, level int) error {
	if level > maxNested {
		return errNested
	}
	switch v := v.(type) {
	case string:
		return s.spend(1 + level/2 + len(v)/share)
	case []any:
		for _, item := range v {
			if err := s.weighAt(item, share, level+1); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, item := range v {
			if err := s.weighAt(item, share, level+1); err != nil {
				return err
			}
		}
		return s.spend(1 + level/2 + 8*len(v)) // whoever walks through it sorts it
	case []map[string]any:
		for _, item := range v {
			if err := s.weighAt(item, share, level+1); err != nil {
				return err
			}
		}
	case []string:
		for _, item := range v {
			if err := s.spend(1 + len(item)/share); err != nil {
				return err
			}
		}
	case []int:
		return s.spend(1 + len(v))
	case []float64:
		return s.spend(1 + len(v))
	}
	return s.spend(1 + level/2)
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
func (s *scope) equal(a, b any) (bool, error) { return s.equalAt(a, b, 0) }

func (s *scope) equalAt(a, b any, level int) (bool, error) {
	if err := s.spend(1); err != nil {
		return false, err
	}
	if level > maxNested {
		return false, errNested
	}
	switch x := a.(type) {
	case nil:
		return b == nil, nil
	case string:
		y, ok := plainer(b).(string)
		if !ok || len(x) != len(y) {
			return false, nil
		}
		return x == y, s.spend(len(x) / 256)
	case safe:
		return s.equalAt(x.text, b, level)
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
		if !ok || len(x) != len(y) {
			return false, nil
		}
		return s.equalObjects(x, y, level+1)
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
	if n := length(a); n != length(b) {
		return false, nil
	} else if err := s.spend(n / 4); err != nil {
		return false, err
	}
	if x, ok := a.([]int); ok {
		if y, ok := b.([]int); ok {
			return slices.Equal(x, y), s.spend(len(x))
		}
	}
	x, okX := items(a)
	y, okY := items(b)
	if !okX || !okY {
		return false, nil
	}
	return s.equalLists(x, y, level+1)
}

func (s *scope) equalObjects(x, y map[string]any, level int) (bool, error) {
	for key, v := range x {
		w, ok := y[key]
		if !ok {
			return false, nil
		}
		if err := s.spend(3 + len(key)/64); err != nil { // to look a key up
			return false, err
		}
		if same, err := s.equalAt(v, w, level); !same || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (s *scope) equalLists(x, y []any, level int) (bool, error) {
	for i := range x {
		if same, err := s.equalAt(x[i], y[i], level); !same || err != nil {
			return false, err
		}
	}
	return true, nil
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
