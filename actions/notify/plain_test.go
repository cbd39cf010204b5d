package notify

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestQuiet(t *testing.T) {
	for text, want := range map[string]string{
		"@here":                         "@|here",
		"hi @all, a@b.com":              "hi @|all, a@b.com",
		"x.@here é@here @@here":         "x.@|here é@|here @|@|here",
		"https://m.example/@jane @jane": "https://m.example/@jane @|jane",
		"@ @":                           "@ @",
		"@":                             "@",
	} {
		if got := strings.ReplaceAll(quiet(text), nothing, "|"); got != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

func TestMarkdown(t *testing.T) {
	for text, want := range map[string]string{
		"2*3 _x_ ~y~ `z` |s| [a](b)":      `2\*3 \_x\_ \~y\~ ` + "\\`z\\`" + ` \|s\| \[a\](b)`,
		"# no\n> no\n- no\n1. no\n a - b": "\\# no\n\\> no\n\\- no\n1\\. no\n a - b",
		"https://a.example/b_c_d_ _e":     `https://a.example/b_c_d_ \_e`,
		`a\b <@1>`:                        `a\\b \<@1\>`,
	} {
		if got := markdown(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// FuzzPlain holds that nothing is lost in making text plain, and that what is cut is within bounds.
func FuzzPlain(f *testing.F) {
	f.Add("@here *a* https://x.example/_b_ [c](d)", 20)
	f.Add("# a\n\n- b\n1) c\\", 3)
	backslash := regexp.MustCompile(`\\(.)`)
	f.Fuzz(func(t *testing.T, text string, most int) {
		text = clean(text)
		if got := backslash.ReplaceAllString(markdown(text), "$1"); got != text {
			t.Errorf("markdown of %q gives back %q", text, got)
		}
		if got := strings.ReplaceAll(quiet(text), nothing, ""); got != strings.ReplaceAll(text, nothing, "") {
			t.Errorf("quiet of %q gives back %q", text, got)
		}
		most = 4 + most&0xff
		s := style{most: most, plain: markdown}
		if m := s.write(Params{Text: text}); s.size(m.whole) > most || !utf8.ValidString(m.whole) || m.cut != (s.size(markdown(text)) > most) {
			t.Errorf("%q at most %d: %q, %v", text, most, m.whole, m.cut)
		}
	})
}
