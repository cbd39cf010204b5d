package sms

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// An encoding is how a text goes over the air.
type encoding string

// The encodings. A single character that GSM-7 does not have makes the whole text UCS-2, and so more than twice as long.
const (
	gsm7 encoding = "GSM-7"
	ucs2 encoding = "UCS-2"
)

// basic is the alphabet of GSM 03.38, each character a septet; extended are those that take two, the first of which says so.
const (
	basic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	extended = "^{}\\[~]|€"
)

// A size says how long a text is on the air.
type size struct {
	encoding encoding
	segments int // what is paid for; 0 for no text
}

// measure tells the size of a text. A text that does not fit into one segment is cut into smaller ones, as each then begins
// with its place in the whole. No character is cut in two.
func measure(text string) size {
	single, part, units := 160, 153, septets // septets
	enc := gsm7
	if strings.ContainsFunc(text, func(r rune) bool { return septets(r) == 0 }) {
		enc, single, part, units = ucs2, 70, 67, words
	}
	total, segments, room := 0, 0, 0
	for _, r := range text {
		n := units(r)
		total += n
		if room < n {
			segments, room = segments+1, part
		}
		room -= n
	}
	if total > 0 && total <= single {
		segments = 1
	}
	return size{enc, segments}
}

// septets tells how many septets GSM-7 takes for a character; 0 when it does not have it.
func septets(r rune) int {
	switch {
	case strings.ContainsRune(basic, r):
		return 1
	case strings.ContainsRune(extended, r):
		return 2
	}
	return 0
}

// words tells how many words of 16 bits UCS-2 takes: providers send what is beyond its range as UTF-16.
func words(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// clean leaves of a text what a phone can show: control characters are dropped, save line breaks, of which there is one form.
func clean(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r), r == '\uFEFF', r == utf8.RuneError:
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}
