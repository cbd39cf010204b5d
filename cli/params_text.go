package cli

import "strings"

// readable gives JSON with the brackets and ampersands of HTML as they are, which are written as numbers where JSON is kept.
func readable(params []byte) string {
	var b strings.Builder
	for i := 0; i < len(params); i++ {
		if params[i] != '\\' || i+1 == len(params) {
			b.WriteByte(params[i])
			continue
		}
		if i+6 <= len(params) {
			if c, ok := markupEscape(string(params[i : i+6])); ok {
				b.WriteByte(c)
				i += 5
				continue
			}
		}
		b.Write(params[i : i+2]) // another escape, such as that of a backslash: what follows it is no escape
		i++
	}
	return b.String()
}

func markupEscape(text string) (byte, bool) {
	switch strings.ToLower(text) {
	case `\u003c`:
		return '<', true
	case `\u003e`:
		return '>', true
	case `\u0026`:
		return '&', true
	}
	return 0, false
}

// How much of a long text stands before the cut, and before what differs behind it.
const (
	excerptHead = 120
	excerptLead = 60
)

// excerpt cuts a text to so many characters, such that the first place where it is not as the other is seen: two mails of one
// design differ far from where they begin.
func excerpt(text, other string, most int) string {
	all, beside := []rune(text), []rune(other)
	differs := 0
	for differs < len(all) && differs < len(beside) && all[differs] == beside[differs] {
		differs++
	}
	from := differs - excerptLead
	if len(all) <= most || len(beside) == 0 || differs < most-excerptLead || from <= excerptHead {
		return cut(text, most)
	}
	from = max(excerptHead, min(from, len(all)-(most-excerptHead-1)))
	return string(all[:excerptHead]) + "…" + cut(string(all[from:]), most-excerptHead-1)
}
