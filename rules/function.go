package rules

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// A Function is one that rules may call, with what the documentation says of it. Every example is run by a test, in a
// store in Berlin that sells in euros, in English. No function asks a clock, the network or the machine: the same
// arguments in the same store always give the same.
type Function struct {
	Group     string // the heading under which the documentation has it
	Name      string
	Signature string // as documented: "money(amount, currency?)"
	Doc       string // sentences
	Examples  []Example

	least, most int    // arguments
	params      []form // of each argument; the last one counts for those that follow
	onNil       []onNil
	gives       form
	values      []string                 // of text: all that it can give
	like        func(args []*kind) *kind // what it gives, where that depends on the arguments
	empty       bool                     // it can give nil
	reads       bool                     // it reads the store
	run         func(s *scope, args []any) (any, error)
}

// An Example is a call that needs no event, and what it gives, as text.
type Example struct{ Code, Gives string }

// onNil is what a function does with an argument that is nil. The last one counts for the arguments that follow.
type onNil int

const (
	refuses  onNil = iota // an error that names the argument; where the argument is optional, it counts as left out
	answers               // the function gives nil
	compares              // nil is a value like others
	demands               // an error, even where the argument is optional
)

// Functions lists Shopbell's own functions, in the order of the documentation. Some take the place of one of expr's.
func Functions() []Function {
	return slices.Concat(
		inGroup("Amounts", moneyFunctions()), inGroup("Times", timeFunctions(), calendarFunctions()), inGroup("Phone numbers", phoneFunctions()),
		inGroup("Changes", changeFunctions()), inGroup("Text", textFunctions(), wordFunctions()), inGroup("Lists", listFunctions()),
		inGroup("Objects", objectFunctions()), inGroup("Escapes", escapeFunctions()),
	)
}

func inGroup(name string, lists ...[]Function) []Function {
	all := slices.Concat(lists...)
	for i := range all {
		all[i].Group = name
	}
	return all
}

// kind gives what the checker knows of the function's answer.
func (f *Function) kind(args []*kind) *kind {
	if f.like != nil && len(args) >= f.least {
		return f.like(args)
	}
	return &kind{form: f.gives, values: f.values, empty: f.empty}
}

// bridge makes the function callable by expr: its first argument is the scope.
func (f *Function) bridge() func(args ...any) (any, error) {
	return func(args ...any) (any, error) {
		s, ok := args[0].(*scope)
		if !ok {
			return nil, fmt.Errorf("%s cannot be used here", f.Name)
		}
		if f.Name[0] == '$' { // these take account themselves
			return f.run(s, args[1:])
		}
		if err := s.spend(f.price()); err != nil {
			return nil, err
		}
		given, err := f.accept(s, args[1:])
		if err != nil || given == nil {
			return nil, err
		}
		return s.made(f.run(s, given))
	}
}

// price gives the steps that a call costs before anything is known of its arguments: one that writes a time costs most.
func (f *Function) price() int {
	if f.Name == "day" {
		return 100
	}
	return 30
}

// accept holds arguments against what the function wants, and spends steps for their length. It gives none when an
// argument makes the answer nil.
func (f *Function) accept(s *scope, args []any) ([]any, error) {
	if len(args) < f.least || len(args) > f.most {
		return nil, fmt.Errorf("%s has too few or too many values in its parentheses: write %s", f.Name, f.Signature)
	}
	given := make([]any, len(args))
	for i, v := range args {
		if v == nil {
			switch on := f.nilAt(i); {
			case on == answers:
				return nil, nil
			case on == demands, on == refuses && i < f.least:
				return nil, &emptyArgument{i}
			}
			continue
		}
		var err error
		if given[i], err = f.take(s, v, f.params[min(i, len(f.params)-1)]); err != nil {
			return nil, err
		}
	}
	return given, nil
}

func (f *Function) nilAt(i int) onNil {
	if len(f.onNil) == 0 {
		return refuses
	}
	return f.onNil[min(i, len(f.onNil)-1)]
}

// take makes sure that a value is of the form that is wanted.
func (f *Function) take(s *scope, v any, want form) (any, error) {
	switch want {
	case text:
		t, ok := plainer(v).(string)
		if !ok {
			return nil, wants(f.Name, "text", v)
		}
		return t, s.spend(len(t) / 4)
	case number:
		n, ok := numeric(v)
		if !ok {
			return nil, wants(f.Name, "a number", v)
		}
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, errDivided
		}
		return v, s.spend(digitSteps(n))
	case list:
		if err := s.spend(length(v) / 4); err != nil {
			return nil, err
		}
		if err := s.heft(v, 4); err != nil { // one that has to be copied
			return nil, err
		}
		values, ok := items(v)
		if !ok {
			return nil, wants(f.Name, "a list", v)
		}
		return values, nil
	case table:
		object, ok := v.(map[string]any)
		if !ok {
			return nil, wants(f.Name, "an object", v)
		}
		return object, s.spend(12 * len(object))
	case anything: // a text is paid for by who goes through it
		if n, ok := v.(float64); ok && f.gives == text {
			return v, s.spend(digitSteps(n))
		}
	}
	return v, nil
}

// digitSteps gives the steps of writing a number that has many digits.
func digitSteps(n float64) int {
	if n = math.Abs(n); n > 1e18 || n < 1e-18 && n != 0 {
		return 500
	}
	return 0
}

var errDivided = errors.New("it is not a number: something is divided by zero")

// An emptyArgument says that the argument at a place, from 0, is nil.
type emptyArgument struct{ at int }

func (*emptyArgument) Error() string { return errNothing.Error() }

// Is makes it an [errNothing].
func (*emptyArgument) Is(target error) bool { return target == errNothing }

func wants(name, want string, got any) error {
	t, isText := plainer(got).(string)
	if want == "a number" && isText {
		if _, err := strconv.ParseFloat(t, 64); err == nil {
			return fmt.Errorf("%s wants a number, and got the text %s; write float(…) around it", name, quotedText(t))
		}
	}
	return fmt.Errorf("%s wants %s, and got %s", name, want, wordFor(got))
}

// optional gives an argument, and whether it is there and not nil.
func optional[T any](args []any, i int) (T, bool) {
	var none T
	if i >= len(args) {
		return none, false
	}
	v, ok := args[i].(T)
	return v, ok
}

// wholeBetween reads a whole number within bounds; what says of what it is the number.
func wholeBetween(v any, least, most int, what string) (int, error) {
	n, ok := numeric(v)
	if !ok || n != math.Trunc(n) || n < float64(least) || n > float64(most) {
		return 0, fmt.Errorf("the number of %s must be a whole one from %d to %d", what, least, most)
	}
	return int(n), nil
}
