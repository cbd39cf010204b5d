package rules

import (
	"fmt"
	"strings"

	"shopbell/locale"
)

func listFunctions() []Function {
	return []Function{
		{
			Name: "join", Signature: "join(list, separator?)", Doc: "The values of a list as one text, with the separator between them.",
			least: 1, most: 2, params: []form{list, text}, gives: text, run: runJoin,
			Examples: []Example{{`join(["red", 7], ", ")`, "red, 7"}},
		},
		{
			Name: "joinAnd", Signature: "joinAnd(list, word?)",
			Doc:   "The values of a list as people count them up, with the word for \"and\" of the store's language, or another one, before the last.",
			least: 1, most: 2, params: []form{list, text}, gives: text, reads: true, run: runJoinAnd,
			Examples: []Example{{`joinAnd(["tea", "pots", "cups"])`, "tea, pots and cups"}, {`joinAnd(["tea", "pots"], "or")`, "tea or pots"}},
		},
		{
			Name: "skus", Signature: "skus(items)",
			Doc:   "The article numbers (the fields sku) of an order's or a cart's items, each once, without those that have none.",
			least: 1, most: 1, params: []form{list}, gives: list, run: runSKUs, like: func([]*kind) *kind { return listOf(of(text)) },
			Examples: []Example{{`join(skus([{"sku": "A-1"}, {"name": "gift"}, {"sku": "B-2"}, {"sku": "A-1"}]), " ")`, "A-1 B-2"}},
		},
		{
			Name: "uniq", Signature: "uniq(list)", Doc: "A list without its repeats.",
			least: 1, most: 1, params: []form{list}, gives: list, run: runUniq, like: same,
			Examples: []Example{{`join(uniq(["a", "b", "a"]))`, "ab"}},
		},
		{
			Name: "uniqBy", Signature: "uniqBy(list, field)",
			Doc:   "A list of objects without those that have in a field what an earlier one has there. Objects without the field all stay.",
			least: 2, most: 2, params: []form{list, text}, gives: list, run: runUniqBy, like: same,
			Examples: []Example{{`len(uniqBy([{"sku": "A-1", "n": 1}, {"sku": "A-1", "n": 2}, {"n": 3}], "sku"))`, "2"}},
		},
		{
			Name: "without", Signature: "without(list, other)", Doc: "The values of a list that are not in another one.",
			least: 2, most: 2, params: []form{list}, gives: list, run: runWithout, like: same,
			Examples: []Example{{`join(without(["a", "b", "c"], ["b"]))`, "ac"}},
		},
		{
			Name: "shared", Signature: "shared(list, other)", Doc: "The values of a list that are in another one, too.",
			least: 2, most: 2, params: []form{list}, gives: list, run: runShared, like: same,
			Examples: []Example{{`len(shared(["A-1", "B-2"], ["B-2", "C-3"])) > 0`, "true"}},
		},
	}
}

func runJoin(s *scope, args []any) (any, error) {
	separator, _ := optional[string](args, 1)
	return s.joined(args[0].([]any), separator, separator)
}

// joined puts the texts of values together, with another separator before the last.
func (s *scope) joined(values []any, between, last string) (any, error) {
	var b strings.Builder
	for i, v := range values {
		switch {
		case i == 0:
		case i == len(values)-1:
			b.WriteString(last)
		default:
			b.WriteString(between)
		}
		if v == nil {
			return nil, fmt.Errorf("value %d of the list is empty; write filter(…, # != nil) around the list", i+1)
		}
		t, err := plainText(v)
		if err != nil {
			return nil, err
		}
		if b.WriteString(t); b.Len() > maxText {
			return nil, errText
		}
		if err := s.spend(1); err != nil {
			return nil, err
		}
	}
	return b.String(), nil
}

func runJoinAnd(s *scope, args []any) (any, error) {
	between, last := conjunction(s.store.Language)
	if word, ok := optional[string](args, 1); ok {
		between, last = ", ", " "+word+" "
	}
	return s.joined(args[0].([]any), between, last)
}

// conjunction gives what stands between the parts of a list, and before the last, in a language.
func conjunction(language string) (between, last string) {
	base, _ := locale.Parts(language)
	switch base {
	case "ja":
		return "、", "、"
	case "zh":
		return "、", "和"
	case "ko":
		return ", ", " 및 "
	case "he":
		return ", ", " ו-"
	case "ar":
		return " و", " و"
	case "th":
		return " ", "และ"
	}
	for _, pair := range [...][2]string{
		{"de", "und"}, {"fr", "et"}, {"es", "y"}, {"it", "e"}, {"nl", "en"}, {"pt", "e"}, {"pl", "i"}, {"ru", "и"}, {"uk", "і"}, {"bg", "и"}, {"cs", "a"},
		{"sk", "a"}, {"da", "og"}, {"sv", "och"}, {"nb", "og"}, {"no", "og"}, {"nn", "og"}, {"fi", "ja"}, {"et", "ja"}, {"lv", "un"}, {"lt", "ir"}, {"hu", "és"},
		{"ro", "și"}, {"el", "και"}, {"tr", "ve"}, {"hr", "i"}, {"sl", "in"}, {"sr", "и"}, {"ca", "i"}, {"id", "dan"}, {"vi", "và"}, {"mk", "и"}, {"sq", "dhe"},
	} {
		if pair[0] == base {
			return ", ", " " + pair[1] + " "
		}
	}
	return ", ", " and "
}

func runSKUs(s *scope, args []any) (any, error) {
	var found []any
	for _, v := range args[0].([]any) {
		item, _ := v.(map[string]any)
		if sku, ok := item["sku"].(string); ok && sku != "" {
			found = append(found, sku)
		}
	}
	return s.unrepeated(found)
}

func runUniq(s *scope, args []any) (any, error) { return s.unrepeated(args[0].([]any)) }

// unrepeated keeps the first of values that are equal.
func (s *scope) unrepeated(values []any) ([]any, error) {
	kept := []any{}
	for _, v := range values {
		repeats, err := s.among(v, kept)
		if err != nil {
			return nil, err
		}
		if !repeats {
			kept = append(kept, v)
		}
	}
	return kept, nil
}

// among tells whether a value is equal to one of several.
func (s *scope) among(v any, values []any) (bool, error) {
	for _, other := range values {
		if same, err := s.equal(v, other); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

func runUniqBy(s *scope, args []any) (any, error) {
	field := args[1].(string)
	values := args[0].([]any)
	kept, seen := []any{}, []any(nil)
	for _, v := range values {
		object, _ := v.(map[string]any)
		mark := object[field]
		if mark != nil {
			repeats, err := s.among(mark, seen)
			if err != nil {
				return nil, err
			}
			if repeats {
				continue
			}
			seen = append(seen, mark)
		}
		kept = append(kept, v)
	}
	return kept, nil
}

func runWithout(s *scope, args []any) (any, error) { return s.sieved(args, false) }

func runShared(s *scope, args []any) (any, error) { return s.sieved(args, true) }

// sieved keeps the values of one list that are, or are not, in another.
func (s *scope) sieved(args []any, wanted bool) (any, error) {
	values, others := args[0].([]any), args[1].([]any)
	kept := []any{}
	for _, v := range values {
		found, err := s.among(v, others)
		if err != nil {
			return nil, err
		}
		if found == wanted {
			kept = append(kept, v)
		}
	}
	return kept, nil
}
