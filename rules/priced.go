package rules

import (
	"errors"
	"strings"

	"github.com/expr-lang/expr/builtin"
)

// priced lists expr's functions that cost more than a look at a value, each under a hidden name, with what it costs.
// [guard] puts them in the place of expr's own.
func priced() []Function {
	var all []Function
	for name, price := range prices() {
		own := builtin.Builtins[builtin.Index[name]]
		all = append(all, Function{Name: "$" + name, run: func(s *scope, args []any) (any, error) {
			for i, arg := range args {
				if args[i] = plainer(arg); arg == nil && wantsValue(name, i) {
					return nil, &emptyArgument{i}
				}
			}
			if err := price(s, args); err != nil {
				return nil, err
			}
			switch {
			case own.Fast != nil:
				return own.Fast(args[0]), nil
			case own.Safe != nil:
				made, _, err := own.Safe(args...)
				return made, err
			}
			return own.Func(args...)
		}})
	}
	return all
}

// wantsValue tells of arguments of expr's functions that must not be nil. Of nothing, expr would make an empty list of some
// and nil of others, without a word.
func wantsValue(name string, i int) bool {
	switch name {
	case "sort", "max", "min", "mean", "median":
		return true
	case "get":
		return i == 1
	}
	return false
}

// prices says what expr's functions cost, before they do it: steps, and what they keep.
func prices() map[string]func(s *scope, args []any) error {
	// through goes through a text, a step for every share bytes, and makes one of at most so many eighths of it.
	through := func(share, eighths int) func(s *scope, args []any) error {
		return func(s *scope, args []any) error {
			size := 0
			for _, arg := range args {
				t, _ := arg.(string)
				size += len(t)
			}
			if size/8*eighths > maxText {
				return errText
			}
			return errors.Join(s.spend(1+size/share), s.hold(size/8*eighths))
		}
	}
	// short is for what reads a number or a time from a text.
	short := func(steps int) func(s *scope, args []any) error {
		return func(s *scope, args []any) error {
			for _, arg := range args {
				if t, ok := arg.(string); ok && len(t) > 500 {
					return errors.New("the text is too long to be a number or a time")
				}
			}
			return s.spend(steps)
		}
	}
	// list goes through all values of lists, and makes one with so many bytes for each.
	list := func(keeps int) func(s *scope, args []any) error {
		return func(s *scope, args []any) error {
			n := 0
			for _, arg := range args {
				if err := s.weigh(arg, 16); err != nil {
					return err
				}
				n += length(arg)
			}
			return s.hold(keeps * n)
		}
	}
	// ordered is list for what puts values in order.
	ordered := func(s *scope, args []any) error {
		n := 0
		for _, arg := range args {
			if err := s.weigh(arg, 1); err != nil {
				return err
			}
			n += length(arg)
		}
		return errors.Join(s.spend(sorting(n)), s.hold(48*n))
	}
	return map[string]func(s *scope, args []any) error{
		"trim": (*scope).trimming, "trimPrefix": through(64, 0), "trimSuffix": through(64, 0), "hasPrefix": through(64, 0), "hasSuffix": through(64, 0),
		"indexOf": through(16, 0), "lastIndexOf": through(16, 0), "upper": through(4, 8), "lower": through(4, 8), "toBase64": through(16, 11), "fromBase64": through(16, 8),
		"split": splitting, "splitAfter": splitting, "fromJSON": readingJSON, "toJSON": writingJSON,
		"int": short(10), "float": short(10), "duration": short(60),
		"max": list(0), "min": list(0), "mean": list(0), "median": ordered, "sort": ordered,
		"concat": list(32), "flatten": list(32), "reverse": list(16), "fromPairs": list(120),
		"len": func(s *scope, args []any) error { return s.heft(args[0], 64) },
		"get": func(s *scope, args []any) error { return s.heft(args[1], 64) },
	}
}

// splitting counts the pieces before they are made.
func splitting(s *scope, args []any) error {
	text, _ := args[0].(string)
	separator, _ := args[1].(string)
	if err := s.spend(1 + len(text)/32); err != nil {
		return err
	}
	pieces := strings.Count(text, separator) + 1
	if len(args) == 3 {
		if most, ok := args[2].(int); ok && most >= 0 {
			pieces = min(pieces, most)
		}
	}
	return errors.Join(s.spend(pieces/2), s.hold(16*pieces))
}

// readingJSON counts what a text of JSON becomes before it is read: an object of one field takes 400 bytes.
func readingJSON(s *scope, args []any) error {
	text, _ := args[0].(string)
	if err := s.spend(15 + len(text)/2); err != nil {
		return err
	}
	if len(text) > maxText {
		return errText
	}
	room := len(text)
	for i := range len(text) {
		switch text[i] {
		case ',':
			room += 40
		case '[':
			room += 64
		case '{':
			room += 400
		case ':':
			room += 20
		}
	}
	return errors.Join(s.spend(room/64), s.hold(room))
}

// writingJSON measures a value before it is written.
func writingJSON(s *scope, args []any) error {
	size, err := s.jsonSize(args[0], 0)
	if err != nil {
		return err
	}
	return errors.Join(s.spend(size/4), s.hold(size))
}
