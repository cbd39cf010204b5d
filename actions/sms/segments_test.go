package sms

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

func TestMeasure(t *testing.T) {
	a := func(n int) string { return strings.Repeat("a", n) }
	for text, want := range map[string]size{
		"":                      {gsm7, 0},
		"a":                     {gsm7, 1},
		a(160):                  {gsm7, 1},
		a(161):                  {gsm7, 2},
		a(306):                  {gsm7, 2},
		a(307):                  {gsm7, 3},
		a(158) + "€":            {gsm7, 1},
		a(159) + "€":            {gsm7, 2},
		strings.Repeat("€", 80): {gsm7, 1},
		strings.Repeat("€", 81): {gsm7, 2},
		a(152) + "€" + a(151):   {gsm7, 2}, // the sign does not fit into the first, which loses a septet by it
		a(152) + "€" + a(152):   {gsm7, 3},
		"^{}\\[~]|€@£$¥èéùìòÇØøÅåß¿à\r\n": {gsm7, 1},
		"ç":                      {ucs2, 1}, // GSM-7 has only the capital
		"“a”":                    {ucs2, 1},
		strings.Repeat("ж", 70):  {ucs2, 1},
		strings.Repeat("ж", 71):  {ucs2, 2},
		strings.Repeat("ж", 134): {ucs2, 2},
		strings.Repeat("ж", 135): {ucs2, 3},
		"ж" + a(70):              {ucs2, 2},
		strings.Repeat("🔔", 35):  {ucs2, 1},
		strings.Repeat("🔔", 36):  {ucs2, 2},
		strings.Repeat("🔔", 66):  {ucs2, 2}, // 33 of them and a word that is left over
		strings.Repeat("🔔", 67):  {ucs2, 3},
	} {
		if got := measure(text); got != want {
			t.Errorf("%.20q of %d: got %+v, want %+v", text, utf8.RuneCountInString(text), got, want)
		}
	}
}

func TestAlphabet(t *testing.T) {
	// 128 codes, of which one is the escape.
	if n := utf8.RuneCountInString(basic); n != 127 {
		t.Errorf("the alphabet has %d characters", n)
	}
}

func TestClean(t *testing.T) {
	for text, want := range map[string]string{
		" a\r\nb\rc\u2028d\te ":            "a\nb\nc\nd e",
		"a\x00b\x1b[31mc\x7f\u009bd\ufeff": "ab[31mcd",
		"\xff\xfe bell \xf0\x9f":           "bell",
		"\n\n":                             "",
		"👩‍👧":                              "👩‍👧", // what joins two is no control character
	} {
		if got := clean(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// FuzzMeasure holds what is true of any text: the segments are enough, and not one more than cut characters explain.
func FuzzMeasure(f *testing.F) {
	for _, text := range []string{"", "hello", strings.Repeat("a€", 200), strings.Repeat("🔔a", 99), "\x00\xff", "ж"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		text = clean(text)
		if strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }) {
			t.Fatalf("%q has control characters", text)
		}
		if clean(text) != text {
			t.Fatalf("%q is cleaned to %q", text, clean(text))
		}
		got := measure(text)
		length, single, part, lost := len(utf16.Encode([]rune(text))), 70, 67, 1
		if got.encoding == gsm7 {
			length, single, part = 0, 160, 153
			for _, r := range text {
				if septets(r) == 0 {
					t.Fatalf("%q is not in GSM-7", r)
				}
				length += septets(r)
			}
		}
		switch {
		case length == 0 && got.segments == 0, length > 0 && length <= single && got.segments == 1:
		case length > single && got.segments*part >= length && (got.segments-1)*(part-lost) < length:
		default:
			t.Fatalf("%d of %s in %d segments", length, got.encoding, got.segments)
		}
	})
}
