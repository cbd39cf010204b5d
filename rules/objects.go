package rules

import (
	"maps"
	"slices"
)

func objectFunctions() []Function {
	return []Function{
		{
			Name: "keys", Signature: "keys(object)", Doc: "The names of an object's fields, in order.",
			least: 1, most: 1, params: []form{table}, gives: list, run: runKeys,
			Examples: []Example{{`join(keys({"b": 1, "a": 2}), " ")`, "a b"}},
		},
		{
			Name: "values", Signature: "values(object)", Doc: "The values of an object's fields, in the order of their names.",
			least: 1, most: 1, params: []form{table}, gives: list, run: runValues,
			Examples: []Example{{`join(values({"b": 1, "a": 2}), " ")`, "2 1"}},
		},
		{
			Name: "toPairs", Signature: "toPairs(object)", Doc: "The names and values of an object's fields as a list of pairs, in the order of their names.",
			least: 1, most: 1, params: []form{table}, gives: list, run: runPairs,
			Examples: []Example{{`join(map(toPairs({"b": 1, "a": 2}), #[0] + "=" + string(#[1])), ", ")`, "a=2, b=1"}},
		},
		{
			Name: "pick", Signature: "pick(object, names…)", Doc: "An object with these fields only. Fields that are not there are left out.",
			least: 2, most: 100, params: []form{table, text}, onNil: []onNil{demands}, gives: table, run: runPick,
			Examples: []Example{{`json(pick({"id": 7, "email": "ann@example.com", "total": 12.5}, "id", "total"))`, `{"id":7,"total":12.5}`}},
		},
	}
}

// runKeys is the function keys. Go's maps have no order, and an expression must always give the same.
func runKeys(_ *scope, args []any) (any, error) {
	return boxed(slices.Sorted(maps.Keys(args[0].(map[string]any)))), nil
}

func runValues(_ *scope, args []any) (any, error) {
	object := args[0].(map[string]any)
	out := make([]any, 0, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		out = append(out, object[name])
	}
	return out, nil
}

func runPairs(_ *scope, args []any) (any, error) {
	object := args[0].(map[string]any)
	out := make([]any, 0, len(object))
	for _, name := range slices.Sorted(maps.Keys(object)) {
		out = append(out, []any{name, object[name]})
	}
	return out, nil
}

func runPick(_ *scope, args []any) (any, error) {
	object, out := args[0].(map[string]any), map[string]any{}
	for _, arg := range args[1:] {
		name, _ := arg.(string)
		if v, ok := object[name]; ok {
			out[name] = v
		}
	}
	return out, nil
}
