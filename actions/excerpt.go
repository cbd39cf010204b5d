package actions

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Excerpt gives the beginning of what a provider said as one line for people: at most 200 characters, without control
// characters, and nothing of a page of HTML.
func Excerpt(body []byte) string {
	const most = 200
	body = body[:min(len(body), 8*most)]
	text := strings.ToValidUTF8(string(body), "")
	if start := strings.TrimSpace(text); strings.HasPrefix(start, "<") {
		return ""
	}
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return text
}
