package rules

import (
	"unicode"
	"unicode/utf8"
)

// character gives how many bytes the first character of a text has, as a reader counts: a letter with its accents, an
// emoji with its colour, a family of emojis, or a flag is one. It follows the common cases of Unicode's grapheme
// clusters, and never looks further than 64 runes.
func character(t string) int {
	first, at := utf8.DecodeRuneInString(t)
	if first == '\r' && at < len(t) && t[at] == '\n' {
		return at + 1
	}
	if flagHalf(first) {
		if second, size := utf8.DecodeRuneInString(t[at:]); flagHalf(second) {
			at += size
		}
	}
	joined := false
	for n := 0; n < 64 && at < len(t); n++ {
		r, size := utf8.DecodeRuneInString(t[at:])
		if !joined && !extends(r) {
			break
		}
		joined = r == '\u200d'
		at += size
	}
	return at
}

func flagHalf(r rune) bool { return r >= 0x1f1e6 && r <= 0x1f1ff }

// extends tells of runes that belong to the character before them.
func extends(r rune) bool {
	return r == '\u200d' || unicode.In(r, unicode.Mn, unicode.Me, unicode.Mc, unicode.Variation_Selector) ||
		r >= 0x1f3fb && r <= 0x1f3ff || r >= 0xe0020 && r <= 0xe007f
}
