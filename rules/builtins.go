package rules

// An exprFunction is what the checker knows of a function of expr.
type exprFunction struct {
	least, most int
	params      []form // the last one counts for those that follow
	gives       func(args []*kind) *kind
	loop        bool // its second argument is asked for every item of the first
}

func giving(f form) func([]*kind) *kind { return func([]*kind) *kind { return of(f) } }

// same gives back the kind of the first argument.
func same(args []*kind) *kind { return args[0] }

// itemOf gives the kind of one value of a list, which is empty when the list is.
func itemOf(args []*kind) *kind {
	if args[0].form == list {
		return args[0].element().orEmpty()
	}
	return of(anything)
}

// mapped gives the list of what a loop's second argument gives.
func mapped(args []*kind) *kind { return listOf(args[1]) }

// builtins tells of the functions of expr that rules have. What is not listed here does not exist for rules.
func builtins() map[string]exprFunction {
	all := map[string]exprFunction{}
	add := func(gives func([]*kind) *kind, least, most int, params []form, names ...string) {
		for _, name := range names {
			all[name] = exprFunction{least: least, most: most, params: params, gives: gives}
		}
	}
	loop := func(gives func([]*kind) *kind, least, most int, names ...string) {
		for _, name := range names {
			all[name] = exprFunction{least: least, most: most, params: []form{list, anything}, gives: gives, loop: true}
		}
	}
	loop(giving(flag), 2, 2, "all", "none", "any", "one")
	loop(same, 2, 2, "filter")
	loop(mapped, 2, 2, "map")
	loop(giving(number), 1, 2, "count", "sum")
	loop(itemOf, 2, 2, "find", "findLast")
	loop(giving(anything), 2, 2, "findIndex", "findLastIndex")
	loop(giving(table), 2, 2, "groupBy")
	loop(same, 2, 3, "sortBy")
	loop(giving(anything), 2, 3, "reduce")

	valueFunctions(add)
	return all
}

// valueFunctions adds the functions that look at their arguments once.
func valueFunctions(add func(gives func([]*kind) *kind, least, most int, params []form, names ...string)) {
	add(giving(text), 1, 2, []form{text}, "trim", "trimPrefix", "trimSuffix")
	add(giving(text), 1, 1, []form{text}, "upper", "lower", "toBase64", "fromBase64")
	add(func([]*kind) *kind { return listOf(of(text)) }, 2, 3, []form{text, text, number}, "split", "splitAfter")
	add(giving(number), 2, 2, []form{text}, "indexOf", "lastIndexOf")
	add(giving(flag), 2, 2, []form{text}, "hasPrefix", "hasSuffix")
	add(giving(anything), 1, 1, []form{text}, "fromJSON")

	add(giving(number), 1, 1, []form{number}, "abs", "ceil", "floor")
	add(giving(number), 1, 1, []form{anything}, "int", "float", "len")
	add(giving(number), 1, 100, []form{anything}, "max", "min", "mean", "median")
	add(giving(number), 2, 2, []form{number}, "bitand", "bitor", "bitxor", "bitnand", "bitshl", "bitshr", "bitushr")
	add(giving(number), 1, 1, []form{number}, "bitnot")

	add(giving(text), 1, 1, []form{anything}, "type", "toJSON")
	add(giving(span), 1, 1, []form{text}, "duration")

	add(itemOf, 1, 1, []form{list}, "first", "last")
	add(same, 2, 2, []form{list, number}, "take")
	add(same, 1, 1, []form{list}, "reverse")
	add(same, 1, 2, []form{list, text}, "sort")
	add(giving(list), 1, 100, []form{list}, "concat")
	add(giving(list), 1, 1, []form{list}, "flatten")
	add(giving(anything), 1, 1, []form{list}, "fromPairs")
	add(giving(anything), 2, 2, []form{anything}, "get")
}
