package rules

import (
	"errors"
	"fmt"
	"time"
)

// hidden lists the functions that [guard] puts into expressions. Their names begin with $, which no merchant can write
// before a parenthesis without the checker refusing it.
func hidden() []Function {
	return []Function{
		{Name: "$add", run: runAdd},
		{Name: "$in", run: runIn},
		{Name: "$equal", run: func(s *scope, args []any) (any, error) { return s.equal(args[0], args[1]) }},
		{Name: "$tick", run: func(s *scope, args []any) (any, error) { return nil, s.spend(args[0].(int)) }},
		{Name: "$given", run: runGiven},
		{Name: "$weigh", run: func(s *scope, args []any) (any, error) { return plainer(args[0]), s.weigh(args[0], args[1].(int)) }},
	}
}

// runGiven weighs a value that must not be nil.
func runGiven(s *scope, args []any) (any, error) {
	if args[0] == nil {
		return nil, errAbsent
	}
	return plainer(args[0]), s.weigh(args[0], args[1].(int))
}

// errAbsent says that the very part where the error is told is nil.
var errAbsent = fmt.Errorf("%w", errNothing)

// runAdd is +.
func runAdd(s *scope, args []any) (any, error) {
	switch x := plainer(args[0]).(type) {
	case int:
		switch y := args[1].(type) {
		case int:
			return x + y, nil
		case float64:
			return float64(x) + y, nil
		}
	case float64:
		if y, ok := numeric(args[1]); ok {
			return x + y, nil
		}
	case string:
		if y, ok := plainer(args[1]).(string); ok {
			if len(x)+len(y) > maxText {
				return nil, errText
			}
			return x + y, s.spend((len(x) + len(y)) / 16)
		}
	case time.Time:
		if y, ok := args[1].(time.Duration); ok {
			return x.Add(y), nil
		}
	case time.Duration:
		switch y := args[1].(type) {
		case time.Duration:
			return x + y, nil
		case time.Time:
			return y.Add(x), nil
		}
	}
	return nil, &mixed{"+", args[0], args[1]}
}

// plainer takes the mark of a [safe] text off.
func plainer(v any) any {
	if t, ok := v.(safe); ok {
		return t.text
	}
	return v
}

// runIn is `in`: nothing is in an empty value.
func runIn(s *scope, args []any) (any, error) {
	switch within := args[1].(type) {
	case nil:
		return false, nil
	case map[string]any:
		key, ok := args[0].(string)
		_, found := within[key]
		return ok && found, nil
	}
	values, ok := items(args[1])
	if !ok {
		return nil, fmt.Errorf("in wants a list on its right, and got %s", wordFor(args[1]))
	}
	for _, v := range values {
		if same, err := s.equal(args[0], v); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

// mixed says that an operator does not work on two values.
type mixed struct {
	operator string
	a, b     any
}

func (m *mixed) Error() string {
	return fmt.Sprintf("%s cannot be used on %s and %s", m.operator, wordFor(m.a), wordFor(m.b))
}

var errNothing = errors.New("it is empty")

// wordFor gives the word that a merchant would use for what a value is.
func wordFor(v any) string {
	switch v := v.(type) {
	case nil:
		return nothing.String()
	case bool:
		return fmt.Sprint(v)
	case string, safe:
		return text.String()
	case int, float64, int64, uint:
		return number.String()
	case map[string]any:
		return object.String()
	case time.Time:
		return moment.String()
	case time.Duration:
		return span.String()
	}
	if _, ok := items(v); ok {
		return list.String()
	}
	return "something else"
}
