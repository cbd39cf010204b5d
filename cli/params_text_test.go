package cli

import (
	"strings"
	"testing"
)

func TestReadable(t *testing.T) {
	for params, want := range map[string]string{
		`{"html":"\u003cb\u003eA \u0026amp; B\u003C/b\u003E"}`: `{"html":"<b>A &amp; B</b>"}`,
		`{"a":"\\u003c","b":"\\\u003c"}`:                       `{"a":"\\u003c","b":"\\<"}`,
		`{"a":"\n\"\u00e9"}`:                                   `{"a":"\n\"\u00e9"}`,
		`"\`:                                                   `"\`,
		`\u003`:                                                `\u003`,
		``:                                                     ``,
	} {
		if got := readable([]byte(params)); got != want {
			t.Errorf("%s: got %s, want %s", params, got, want)
		}
	}
}

// Of two long texts each excerpt shows where they differ, wherever that is, and is as short as wanted.
func TestExcerpt(t *testing.T) {
	const most = 500
	for _, at := range []int{0, 100, 300, 439, 440, 441, 499, 500, 501, 900, 1999} {
		a := strings.Repeat("ä", at) + "THIS" + strings.Repeat("b", 2000-at)
		b := strings.Repeat("ä", at) + "THAT" + strings.Repeat("b", 2000-at)
		for text, other := range map[string]string{a: b, b: a} {
			got := excerpt(text, other, most)
			if n := len([]rune(got)); n > most || !strings.Contains(got, text[len(strings.Repeat("ä", at)):][:4]) {
				t.Errorf("they differ at %d: %d characters: %s", at, n, got)
			}
		}
	}
	for _, other := range []string{"", "short", strings.Repeat("x", 3000)} {
		if got := excerpt("short", other, most); got != "short" {
			t.Errorf("beside %.10s: got %s", other, got)
		}
	}
	long := strings.Repeat("x", 3000)
	if got := excerpt(long, "", most); got != cut(long, most) {
		t.Errorf("alone: %s", got)
	}
	if got := excerpt(long, long[:2000], most); len([]rune(got)) > most {
		t.Errorf("the other is shorter: %s", got)
	}
}
