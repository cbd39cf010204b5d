package rules

func changeFunctions() []Function {
	return []Function{
		{
			Name: "became", Signature: "became(new, old, value)",
			Doc:   "True when a value is now what it was not before. An old value that is not known counts as different.",
			least: 3, most: 3, params: []form{anything}, onNil: []onNil{compares}, gives: flag, run: runBecame,
			Examples: []Example{{`became("PAID", "AWAITING_PAYMENT", "PAID")`, "true"}, {`became("PAID", nil, "PAID")`, "true"}},
		},
		{
			Name: "changed", Signature: "changed(new, old)",
			Doc:   "True when two values differ. An old value that is not known counts as unchanged.",
			least: 2, most: 2, params: []form{anything}, onNil: []onNil{compares}, gives: flag, run: runChanged,
			Examples: []Example{{`changed(5, 4)`, "true"}, {`changed(5, nil)`, "false"}},
		},
	}
}

func runBecame(s *scope, args []any) (any, error) {
	now, err := s.equal(args[0], args[2])
	if err != nil || !now {
		return false, err
	}
	before, err := s.equal(args[1], args[2])
	return !before, err
}

func runChanged(s *scope, args []any) (any, error) {
	if args[1] == nil {
		return false, nil
	}
	same, err := s.equal(args[0], args[1])
	return !same, err
}
