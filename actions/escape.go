package actions

import (
	"html"
	"strings"
	"unicode"
)

// Escape makes text safe to be put where a landing says: whatever it holds, it stays text there. An unknown landing
// escapes nothing, as [Plain] does; [Define] refuses parameters that have one.
func Escape(l Landing, text string) string {
	escape, _ := escapes(l)
	return escape(text)
}

// escapes gives how a landing escapes, and whether there is such a landing.
func escapes(l Landing) (escape func(string) string, known bool) {
	switch l {
	case HTML:
		return html.EscapeString, true
	case Slack:
		return escapeSlack, true
	case Header:
		return escapeHeader, true
	case Address:
		return escapeAddress, true
	case URL:
		return escapeURL, true
	case JSON:
		return escapeJSON, true
	case File:
		return escapeFile, true
	case Template: // its name has no holes
		return func(s string) string { return s }, true
	}
	return func(s string) string { return s }, l == Plain || l == Literal
}

// escapeSlack leaves nothing that Slack reads as a mention, a channel or a link.
func escapeSlack(text string) string {
	if !strings.ContainsAny(text, "&<>") {
		return text
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

// escapeHeader keeps text on its line. The Unicode line and paragraph separators go too: some readers break there.
func escapeHeader(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
}

// escapeAddress keeps one address one: what separates addresses, or a name from an address, becomes a space, so that
// the whole is refused rather than sent to more people than the rule says.
func escapeAddress(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`,;:<>()[]"\`, r) {
			return ' '
		}
		return r
	}, escapeHeader(text))
}

// escapeFile keeps text one part of a name.
func escapeFile(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' {
			return '-'
		}
		return r
	}, escapeHeader(text))
}

const hexDigits = "0123456789ABCDEF"

// escapeURL percent-encodes all but the unreserved characters of RFC 3986, so that the result is the same in a path, a
// query's key and a query's value. A text of dots only would be a step in a path (.., .), and is encoded too.
func escapeURL(text string) string {
	dots := strings.Trim(text, ".") == ""
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; unreserved(c) && (!dots || c != '.') {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// escapeJSON escapes text for the inside of a JSON string. What is not UTF-8 becomes the replacement character.
func escapeJSON(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			b.WriteString(`\u00`)
			b.WriteByte(hexDigits[r>>4])
			b.WriteByte(hexDigits[r&15])
		case r == '\u2028' || r == '\u2029':
			b.WriteString(`\u202`)
			b.WriteByte(hexDigits[r&15])
		default: // also utf8.RuneError, which ranging gives for every broken byte
			b.WriteRune(r)
		}
	}
	return b.String()
}
