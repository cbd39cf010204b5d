package engine

import "unicode/utf8"

// clip shortens text to at most n bytes, without cutting a character in two.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}
