package rules

import (
	"maps"
	"slices"
	"strings"
)

func runJoin(s *scope, args []any) (any, error) {
	values, ok := items(args[0])
	if !ok {
		return nil, wants("join", "a list", args[0])
	}
	separator := ""
	if len(args) == 2 {
		if separator, ok = args[1].(string); !ok {
			return nil, wants("join", "text between the values", args[1])
		}
	}
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteString(separator)
		}
		t, err := plainText(v)
		if err != nil {
			return nil, err
		}
		if b.WriteString(t); b.Len() > maxText {
			return nil, errText
		}
	}
	return b.String(), s.spend(len(values) + b.Len()/16)
}

func runUniq(s *scope, args []any) (any, error) {
	values, ok := items(args[0])
	if !ok {
		return nil, wants("uniq", "a list", args[0])
	}
	kept := make([]any, 0, len(values))
next:
	for _, v := range values {
		for _, k := range kept {
			same, err := s.equal(v, k)
			if err != nil {
				return nil, err
			}
			if same {
				continue next
			}
		}
		kept = append(kept, v)
	}
	return kept, nil
}

// runKeys is the function keys. Go's maps have no order, and an expression must always give the same.
func runKeys(s *scope, args []any) (any, error) {
	object, ok := args[0].(map[string]any)
	if !ok {
		if args[0] == nil {
			return nil, errNothing
		}
		return nil, wants("keys", "an object", args[0])
	}
	return boxed(slices.Sorted(maps.Keys(object))), s.spend(8 * len(object))
}

func runValues(s *scope, args []any) (any, error) {
	names, err := runKeys(s, args)
	if err != nil {
		return nil, err
	}
	object, list := args[0].(map[string]any), names.([]any)
	for i, name := range list {
		list[i] = object[name.(string)]
	}
	return list, nil
}

func runPairs(s *scope, args []any) (any, error) {
	names, err := runKeys(s, args)
	if err != nil {
		return nil, err
	}
	object, list := args[0].(map[string]any), names.([]any)
	for i, name := range list {
		list[i] = []any{name, object[name.(string)]}
	}
	return list, nil
}
