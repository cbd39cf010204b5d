package receipt

import (
	"strings"
	"unicode"
)

// The letters of Arabic change with their neighbours. Fonts do that by tables that a PDF's writer does not read; but most have the
// forms under codes of their own as well, and those are taken here. Where a font lacks them, the text is written in Latin letters.

// needsForms tells whether there are such letters in a text.
func needsForms(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return 0x0600 <= r && r <= 0x06FF && !unicode.IsDigit(r) })
}

// A form is where the forms of a letter begin, alone, at the end, at the beginning, in the middle, and how many there are.
type form struct {
	at    rune
	count int
}

// formOf finds the forms of a letter.
func formOf(r rune) (form, bool) {
	for _, block := range [...]struct {
		first, at rune
		counts    string
	}{{0x0621, 0xFE80, "12222424244444222244444444"}, {0x0641, 0xFED1, "4444444224"}} {
		at := block.at
		for i, c := range block.counts {
			count := int(c - '0')
			if r == block.first+rune(i) {
				return form{at, count}, true
			}
			at += rune(count)
		}
	}
	switch r { // of Persian and Urdu
	case 'پ':
		return form{0xFB56, 4}, true
	case 'چ':
		return form{0xFB7A, 4}, true
	case 'ژ':
		return form{0xFB8A, 2}, true
	case 'ک':
		return form{0xFB8E, 4}, true
	case 'گ':
		return form{0xFB92, 4}, true
	case 'ی':
		return form{0xFBFC, 4}, true
	}
	return form{}, false
}

// joined gives a text with its Arabic letters in the forms that they have there, or in Latin letters when a font lacks one.
func (f *Fonts) joined(text string, bold bool) string {
	letters := []rune(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) && 0x0600 <= r && r <= 0x06FF || r == 'ـ' {
			return -1 // signs for vowels, which are rarely written
		}
		return r
	}, text))
	var b strings.Builder
	for i := 0; i < len(letters); i++ {
		r := letters[i]
		form, ok := formOf(r)
		if !ok {
			b.WriteRune(r)
			continue
		}
		before := i > 0 && joinsOn(letters[i-1]) && form.count > 1
		if liga := ligature(letters, i); liga != 0 {
			if before {
				liga++
			}
			b.WriteRune(liga)
			i++
			continue
		}
		after := form.count == 4 && i+1 < len(letters) && isForm(letters[i+1])
		at := form.at
		switch {
		case before && after:
			at += 3
		case after:
			at += 2
		case before:
			at++
		}
		b.WriteRune(at)
	}
	if f.hasForms(b.String(), bold) {
		return b.String()
	}
	return romanised(letters)
}

// hasForms tells whether all Arabic letters of a text can be written.
func (f *Fonts) hasForms(text string, bold bool) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Arabic, r) && f.faceOf(r, bold) == nil })
}

// joinsOn tells whether a letter joins the one after it.
func joinsOn(r rune) bool {
	f, ok := formOf(r)
	return ok && f.count == 4
}

// isForm tells whether a letter joins the one before it.
func isForm(r rune) bool {
	f, ok := formOf(r)
	return ok && f.count > 1
}

// ligature gives the form of lam and alef, which become one; 0 for others.
func ligature(letters []rune, i int) rune {
	if letters[i] != 'ل' || i+1 >= len(letters) {
		return 0
	}
	switch letters[i+1] {
	case 'آ':
		return 0xFEF5
	case 'أ':
		return 0xFEF7
	case 'إ':
		return 0xFEF9
	case 'ا':
		return 0xFEFB
	}
	return 0
}
