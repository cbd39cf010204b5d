package rules

import (
	"fmt"
	"strings"
)

func textFunctions() []Function {
	return []Function{
		{
			Name: "string", Signature: "string(value)", Doc: "A number, a time, text or true or false as text.",
			least: 1, most: 1, params: []form{anything}, gives: text, run: runString,
			Examples: []Example{{`string(12.50)`, "12.5"}},
		},
		{
			Name: "default", Signature: "default(value, otherwise)",
			Doc:   "A value, or another one where it is nil or text with nothing in it. 0 and false are values. (?? minds only nil.)",
			least: 2, most: 2, params: []form{anything}, onNil: []onNil{compares}, run: runDefault, like: eitherOf,
			Examples: []Example{{`default("  ", "customer")`, "customer"}, {`default(nil, "customer")`, "customer"}, {`default(0, 5)`, "0"}},
		},
		{
			Name: "replace", Signature: "replace(text, old, new)", Doc: "Text with every old part replaced by a new one.",
			least: 3, most: 3, params: []form{text}, gives: text, run: runReplace,
			Examples: []Example{{`replace("a-b-c", "-", "+")`, "a+b+c"}},
		},
		{
			Name: "repeat", Signature: "repeat(text, times)", Doc: "Text, so many times over.",
			least: 2, most: 2, params: []form{text, number}, gives: text, run: runRepeat,
			Examples: []Example{{`repeat("ab", 3)`, "ababab"}},
		},
		{
			Name: "truncate", Signature: "truncate(text, most, end?)",
			Doc:   "Text of at most so many characters, with an end (\"…\") where something was cut off. A letter with its accents counts as one, and an emoji is never cut in two.",
			least: 2, most: 3, params: []form{text, number, text}, gives: text, run: runTruncate,
			Examples: []Example{{`truncate("Earl Grey tea", 10)`, "Earl Grey…"}, {`truncate("Earl Grey tea", 10, "")`, "Earl Grey "}, {`truncate("tea", 10)`, "tea"}},
		},
		{
			Name: "padStart", Signature: "padStart(text, length, with?)", Doc: "Text made so long by putting another (a space) before it as often as needed.",
			least: 2, most: 3, params: []form{text, number, text}, gives: text, run: runPad,
			Examples: []Example{{`padStart(string(42), 6, "0")`, "000042"}},
		},
		{
			Name: "stripTags", Signature: "stripTags(html)",
			Doc:   "What a reader sees of HTML, as plain text: without tags, scripts and styles, with a new line where a paragraph ends. Text of this kind is escaped again where it lands.",
			least: 1, most: 1, params: []form{text}, gives: text, run: runStripTags,
			Examples: []Example{{`stripTags("<p>Tom &amp; <b>Jerry</b></p>")`, "Tom & Jerry"}},
		},
	}
}

func runString(_ *scope, args []any) (any, error) { return plainText(args[0]) }

func runDefault(s *scope, args []any) (any, error) {
	t, isText := plainer(args[0]).(string)
	if args[0] == nil || isText && strings.TrimSpace(t) == "" {
		return args[1], s.spend(len(t) / 16)
	}
	return args[0], nil
}

// eitherOf gives the kind of a value that is one of two.
func eitherOf(args []*kind) *kind {
	a, b := args[0], args[1]
	if a.form == nothing || a.form == b.form && a.form != object && a.form != list {
		k := *b
		k.values = nil
		return &k
	}
	return of(anything)
}

func runReplace(_ *scope, args []any) (any, error) {
	whole, old, with := args[0].(string), args[1].(string), args[2].(string)
	if len(whole)+strings.Count(whole, old)*(len(with)-len(old)) > maxText {
		return nil, errText
	}
	return strings.ReplaceAll(whole, old, with), nil
}

func runRepeat(_ *scope, args []any) (any, error) {
	part := args[0].(string)
	times, err := wholeBetween(args[1], 0, maxText, "times")
	if err != nil {
		return nil, err
	}
	if len(part)*times > maxText {
		return nil, errText
	}
	return strings.Repeat(part, times), nil
}

func runTruncate(s *scope, args []any) (any, error) {
	whole := args[0].(string)
	most, err := wholeBetween(args[1], 0, maxText, "characters")
	if err != nil || len(whole) <= most && len(whole) < 1_000 {
		return whole, err
	}
	end, ok := optional[string](args, 2)
	if !ok {
		end = "…"
	}
	room := most
	for rest := end; rest != "" && room > 0; room-- {
		rest = rest[character(rest):]
	}
	cut, n := 0, 0 // where the end goes, if one is needed
	for at := 0; at < len(whole); n++ {
		if n == room {
			cut = at
		}
		if n == most {
			return whole[:cut] + firstCharacters(end, most), nil
		}
		size := character(whole[at:])
		at += size
		if err := s.spend(1 + size/4); err != nil {
			return nil, err
		}
	}
	return whole, nil
}

// firstCharacters gives the first characters of a text.
func firstCharacters(t string, most int) string {
	at := 0
	for n := 0; n < most && at < len(t); n++ {
		at += character(t[at:])
	}
	return t[:at]
}

func runPad(s *scope, args []any) (any, error) {
	whole := args[0].(string)
	length, err := wholeBetween(args[1], 0, 10_000, "characters")
	if err != nil {
		return nil, err
	}
	with, ok := optional[string](args, 2)
	if !ok {
		with = " "
	}
	if len([]rune(with)) != 1 {
		return nil, fmt.Errorf("padStart wants one character to put before the text, and got %s", quotedText(with))
	}
	missing := length
	for rest := whole; rest != "" && missing > 0; missing-- {
		rest = rest[character(rest):]
	}
	return strings.Repeat(with, missing) + whole, s.spend(length / 4)
}
