package rules

import (
	"math"
	"strings"
	"unicode"

	plurals "golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"shopbell/locale"
)

func wordFunctions() []Function {
	return []Function{
		{
			Name: "plural", Signature: "plural(n, one, many) or plural(n, one, few, many)",
			Doc: "The word that fits a number in the store's language: of two words, the one for a single thing or the one for several. " +
				"Languages such as Polish and Russian have a third, for few.",
			least: 3, most: 4, params: []form{number, text}, onNil: []onNil{demands}, gives: text, reads: true, run: runPlural,
			Examples: []Example{{`plural(3, "item", "items")`, "items"}, {`plural(1, "item", "items")`, "item"}, {`plural(2, "a", "b", "c")`, "c"}},
		},
		{
			Name: "capitalize", Signature: "capitalize(text)", Doc: "Text with its first letter large.",
			least: 1, most: 1, params: []form{text}, gives: text, run: runCapitalize,
			Examples: []Example{{`capitalize("green tea")`, "Green tea"}},
		},
		{
			Name: "title", Signature: "title(text)",
			Doc:   "Text with the first letter of every word large. The other letters stay, or become small in text without any small letter, such as a name in capitals.",
			least: 1, most: 1, params: []form{text}, gives: text, run: runTitle,
			Examples: []Example{{`title("ann o'neil-smith")`, "Ann O'neil-Smith"}, {`title("ANN LEE")`, "Ann Lee"}},
		},
		{
			Name: "initials", Signature: "initials(name)", Doc: "The first letters of a name's words, large.",
			least: 1, most: 1, params: []form{text}, gives: text, run: runInitials,
			Examples: []Example{{`initials("Ann van Lee")`, "AVL"}},
		},
		{
			Name: "words", Signature: "words(text)", Doc: "The words of a text, as a list without empty ones.",
			least: 1, most: 1, params: []form{text}, gives: list, run: runWords, like: func([]*kind) *kind { return listOf(of(text)) },
			Examples: []Example{{`first(words(" Ann  Lee "))`, "Ann"}},
		},
		{
			Name: "lines", Signature: "lines(text)", Doc: "The lines of a text, as a list without empty ones.",
			least: 1, most: 1, params: []form{text}, gives: list, run: runLines, like: func([]*kind) *kind { return listOf(of(text)) },
			Examples: []Example{{`join(lines("Glockengasse 4711\r\n\r\nKöln"), ", ")`, "Glockengasse 4711, Köln"}},
		},
		{
			Name: "oneLine", Signature: "oneLine(text)", Doc: "Text with one space for every run of spaces and line breaks, and none at its ends.",
			least: 1, most: 1, params: []form{text}, gives: text, run: runOneLine,
			Examples: []Example{{`oneLine(" Please ring\n  twice ")`, "Please ring twice"}},
		},
	}
}

// runPlural is the function plural.
func runPlural(s *scope, args []any) (any, error) {
	n, _ := numeric(args[0])
	words := args[1:]
	switch form := pluralOf(n, s.store.Language); {
	case form == plurals.One:
		return words[0], nil
	case len(words) == 3 && (form == plurals.Few || form == plurals.Two):
		return words[1], nil
	}
	return words[len(words)-1], nil
}

// pluralOf gives the form that a language has for a number; of a language that nobody knows, as in English.
func pluralOf(n float64, lang string) plurals.Form {
	tag, err := language.Parse(strings.ReplaceAll(lang, "_", "-"))
	if err != nil {
		tag = language.English
	}
	n = math.Abs(n)
	whole := math.Trunc(n)
	if whole >= 1e9 { // of large numbers, only the end counts
		whole = math.Mod(whole, 1e6) + 1e6
	}
	digits, fraction := 0, 0
	for f := locale.Round(n-math.Trunc(n), 3); f > 0 && digits < 3; digits++ {
		f = locale.Round(f*10, 3)
		fraction = fraction*10 + int(f)
		f -= math.Trunc(f)
	}
	return plurals.Cardinal.MatchPlural(tag, int(whole), digits, digits, fraction, fraction)
}

func runCapitalize(_ *scope, args []any) (any, error) {
	t := args[0].(string)
	for i, r := range t {
		if unicode.IsLetter(r) {
			return t[:i] + string(unicode.ToTitle(r)) + t[i+len(string(r)):], nil
		}
	}
	return t, nil
}

func runTitle(s *scope, args []any) (any, error) {
	t, err := s.rewritten(args[0])
	if err != nil {
		return nil, err
	}
	if strings.ToUpper(t) == t {
		t = strings.ToLower(t)
	}
	before := ' '
	return strings.Map(func(r rune) rune {
		begins := unicode.IsSpace(before)
		switch before {
		case '-', '(', '/', '"', '“', '„':
			begins = true
		}
		before = r
		if begins {
			return unicode.ToTitle(r)
		}
		return r
	}, t), nil
}

func runInitials(s *scope, args []any) (any, error) {
	t, err := s.rewritten(args[0])
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for word := range strings.FieldsSeq(t) {
		for _, r := range word {
			if unicode.IsLetter(r) {
				b.WriteRune(unicode.ToTitle(r))
				break
			}
		}
	}
	return b.String(), nil
}

func runWords(s *scope, args []any) (any, error) {
	found := []any{}
	for word := range strings.FieldsSeq(args[0].(string)) {
		if err := s.spend(4 + len(word)/4); err != nil {
			return nil, err
		}
		found = append(found, word)
	}
	return found, nil
}

func runLines(s *scope, args []any) (any, error) {
	found := []any{}
	for line := range strings.Lines(strings.ReplaceAll(args[0].(string), "\r", "\n")) {
		if err := s.spend(4 + len(line)/8); err != nil {
			return nil, err
		}
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, line)
		}
	}
	return found, nil
}

func runOneLine(s *scope, args []any) (any, error) {
	t, err := s.rewritten(args[0])
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	b.Grow(len(t))
	for word := range strings.FieldsSeq(t) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
	return b.String(), nil
}
