package rules

import (
	"errors"
	"fmt"
	"time"
)

// hidden lists the functions that [guard] puts into expressions. Their names begin with $, which no merchant can write
// before a parenthesis without the checker refusing it.
func hidden() []Function {
	return append(priced(), []Function{
		{Name: "$add", run: runAdd},
		{Name: "$in", run: runIn},
		{Name: "$matches", run: runMatches},
		{Name: "$equal", run: func(s *scope, args []any) (any, error) { return s.equal(args[0], args[1]) }},
		{Name: "$tick", run: func(s *scope, args []any) (any, error) {
			if err := s.spend(args[0].(int)); err != nil {
				return nil, err
			}
			return nil, s.hold(args[1].(int))
		}},
		{Name: "$weigh", run: func(s *scope, args []any) (any, error) { return plainer(args[0]), s.weigh(args[0], args[1].(int)) }},
		{Name: "$heft", run: func(s *scope, args []any) (any, error) { return plainer(args[0]), s.heft(args[0], args[1].(int)) }},
		{Name: "$pattern", run: func(s *scope, args []any) (any, error) {
			whole := plainer(args[0])
			t, _ := whole.(string)
			return whole, s.spend(patternSteps(len(t), args[1].(int)))
		}},
	}...)
}

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
			if err := s.grown(len(x) + len(y)); err != nil {
				return nil, err
			}
			return x + y, nil
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
		if err := s.heft(key, 64); err != nil {
			return nil, err
		}
		_, found := within[key]
		return ok && found, nil
	}
	if err := s.heft(args[1], 4); err != nil {
		return nil, err
	}
	if numbers, ok := args[1].([]int); ok {
		return s.isAmong(args[0], numbers)
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

// isAmong is runIn for numbers of a range, which need not be made values for that.
func (s *scope) isAmong(v any, numbers []int) (bool, error) {
	wanted, ok := numeric(v)
	for i, n := range numbers {
		if ok && float64(n) == wanted && (!isInt(v) || v == n) {
			return true, s.spend(i + 1)
		}
	}
	return false, s.spend(len(numbers))
}

func isInt(v any) bool {
	_, ok := v.(int)
	return ok
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
