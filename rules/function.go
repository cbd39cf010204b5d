package rules

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// A Function is one that rules may call beside those of expr, with what the documentation says of it. Every example is
// run by a test, in a store in Berlin that sells in euros, in English.
type Function struct {
	Name      string
	Signature string // as documented: "money(amount, currency?)"
	Doc       string // one sentence
	Example   string // an expression that needs no event
	Result    string // what the example gives, as text

	least, most int    // arguments
	params      []form // of each argument; the last one counts for those that follow
	gives       form
	reads       bool // it reads the store
	run         func(s *scope, args []any) (any, error)
}

// bridge makes the function callable by expr: its first argument is the scope.
func (f *Function) bridge() func(args ...any) (any, error) {
	return func(args ...any) (any, error) {
		s, ok := args[0].(*scope)
		if !ok {
			return nil, fmt.Errorf("%s cannot be used here", f.Name)
		}
		if err := s.spend(1); err != nil {
			return nil, err
		}
		return f.run(s, args[1:])
	}
}

// Functions lists the functions that rules may call beside those of expr, in the order of the documentation.
func Functions() []Function {
	return slices.Concat(shopFunctions(), textFunctions(), listFunctions())
}

func shopFunctions() []Function {
	return []Function{
		{
			Name: "money", Signature: "money(amount, currency?)", Example: `money(1234.5)`, Result: "€1,234.50",
			Doc:   "An amount as people in the store's language write it, in the store's currency or the one named.",
			least: 1, most: 2, params: []form{number, text}, gives: text, reads: true, run: runMoney,
		},
		{
			Name: "day", Signature: "day(time, layout?)", Example: `day("2026-11-20T23:30:00Z")`, Result: "21 November 2026",
			Doc:   "The day of a time in the store's time zone. A layout is an example of 2 January 2006, 15:04:05: \"02.01.2006 15:04\".",
			least: 1, most: 2, params: []form{anything, text}, gives: text, reads: true, run: runDay,
		},
		{
			Name: "became", Signature: "became(new, old, value)", Example: `became("PAID", "AWAITING_PAYMENT", "PAID")`, Result: "true",
			Doc:   "True when a value is now what it was not before. An old value that is not known counts as different.",
			least: 3, most: 3, params: []form{anything}, gives: flag, run: runBecame,
		},
		{
			Name: "changed", Signature: "changed(new, old)", Example: `changed(5, 4)`, Result: "true",
			Doc:   "True when two values differ. An old value that is not known counts as unchanged.",
			least: 2, most: 2, params: []form{anything}, gives: flag, run: runChanged,
		},
	}
}

func textFunctions() []Function {
	return []Function{
		{
			Name: "plural", Signature: "plural(n, one, many)", Example: `plural(3, "item", "items")`, Result: "items",
			Doc:   "The word that fits a number: one for exactly 1, else many.",
			least: 3, most: 3, params: []form{number, text}, gives: text, run: runPlural,
		},
		{
			Name: "html", Signature: "html(text)", Example: `html("Tom & Jerry")`, Result: "Tom &amp; Jerry",
			Doc:   "Text with & < > \" ' as entities. Needed only where a parameter is not HTML by itself, such as the body of a request.",
			least: 1, most: 1, params: []form{anything}, gives: text, run: runHTML,
		},
		{
			Name: "safe", Signature: "safe(text)", Example: `safe("<b>" + html("<3") + "</b>")`, Result: "<b>&lt;3</b>",
			Doc:   "Text that goes into a message as it is. Never give it what a customer wrote.",
			least: 1, most: 1, params: []form{anything}, gives: text, run: runSafe,
		},
		{
			Name: "string", Signature: "string(value)", Example: `string(12.50)`, Result: "12.5",
			Doc:   "A number, a time, text or true or false as text.",
			least: 1, most: 1, params: []form{anything}, gives: text, run: runString,
		},
		{
			Name: "replace", Signature: "replace(text, old, new)", Example: `replace("a-b-c", "-", "+")`, Result: "a+b+c",
			Doc:   "Text with every old part replaced by a new one.",
			least: 3, most: 3, params: []form{text}, gives: text, run: runReplace,
		},
		{
			Name: "repeat", Signature: "repeat(text, times)", Example: `repeat("ab", 3)`, Result: "ababab",
			Doc:   "Text, so many times over.",
			least: 2, most: 2, params: []form{text, number}, gives: text, run: runRepeat,
		},
	}
}

func listFunctions() []Function {
	return []Function{
		{
			Name: "join", Signature: "join(list, separator?)", Example: `join(["red", 7], ", ")`, Result: "red, 7",
			Doc:   "The values of a list as one text, with the separator between them.",
			least: 1, most: 2, params: []form{list, text}, gives: text, run: runJoin,
		},
		{
			Name: "uniq", Signature: "uniq(list)", Example: `join(uniq(["a", "b", "a"]))`, Result: "ab",
			Doc:   "A list without its repeats.",
			least: 1, most: 1, params: []form{list}, gives: list, run: runUniq,
		},
		{
			Name: "keys", Signature: "keys(object)", Example: `join(keys({"b": 1, "a": 2}), " ")`, Result: "a b",
			Doc:   "The names of an object's fields, in order.",
			least: 1, most: 1, params: []form{anything}, gives: list, run: runKeys,
		},
		{
			Name: "values", Signature: "values(object)", Example: `join(values({"b": 1, "a": 2}), " ")`, Result: "2 1",
			Doc:   "The values of an object's fields, in the order of their names.",
			least: 1, most: 1, params: []form{anything}, gives: list, run: runValues,
		},
		{
			Name: "toPairs", Signature: "toPairs(object)", Example: `join(map(toPairs({"b": 1, "a": 2}), #[0] + "=" + string(#[1])), ", ")`, Result: "a=2, b=1",
			Doc:   "The names and values of an object's fields as a list of pairs, in the order of their names.",
			least: 1, most: 1, params: []form{anything}, gives: list, run: runPairs,
		},
	}
}

// A safe text is not escaped where it lands.
type safe string

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

func runPlural(_ *scope, args []any) (any, error) {
	n, ok := numeric(args[0])
	if !ok {
		return nil, wants("plural", "a number", args[0])
	}
	if n == 1 {
		return args[1], nil
	}
	return args[2], nil
}

func runHTML(_ *scope, args []any) (any, error) {
	t, err := plainText(args[0])
	return html.EscapeString(t), err
}

func runSafe(_ *scope, args []any) (any, error) {
	t, err := plainText(args[0])
	return safe(t), err
}

func runString(_ *scope, args []any) (any, error) { return plainText(args[0]) }

func runReplace(s *scope, args []any) (any, error) {
	whole, ok1 := args[0].(string)
	old, ok2 := args[1].(string)
	with, ok3 := args[2].(string)
	if !ok1 || !ok2 || !ok3 {
		i := slices.Index([]bool{ok1, ok2, ok3}, false)
		return nil, wants("replace", "text", args[i])
	}
	if len(whole)+strings.Count(whole, old)*(len(with)-len(old)) > maxText {
		return nil, errText
	}
	return strings.ReplaceAll(whole, old, with), s.spend((len(whole) + len(with)) / 16)
}

func runRepeat(s *scope, args []any) (any, error) {
	part, ok := args[0].(string)
	times, whole := args[1].(int)
	if !ok || !whole || times < 0 {
		return nil, fmt.Errorf("repeat wants text and how often")
	}
	if times > maxText || len(part)*times > maxText {
		return nil, errText
	}
	return strings.Repeat(part, times), s.spend(len(part) * times / 16)
}

func wants(name, want string, got any) error {
	return fmt.Errorf("%s wants %s, and got %s", name, want, wordFor(got))
}
