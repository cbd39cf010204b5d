package email

import (
	"strings"
	"testing"

	"shopbell/actions"
)

func TestVerdictTellsCodesApart(t *testing.T) {
	if v := verdict(stageDot, reply{code: 550, enhanced: "5.10.1"}); v.blame != actions.BlameRequest {
		t.Errorf("5.10.1 is taken for 5.1: %+v", v)
	}
}

// FuzzParseReply holds that any text is read without a panic, and that every reply has an outcome.
func FuzzParseReply(f *testing.F) {
	for _, seed := range []string{"550 5.1.1 no", "421", "4", "", "550-5.7.26 a", "250 ok", "55 0", "550 5.1", "550  5.1.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, ok := parseReply(text)
		if !ok {
			return
		}
		if r.code < 400 || r.code > 599 || !strings.HasPrefix(text, r.text) {
			t.Errorf("%q: %+v", text, r)
		}
		for at := stageDial; at <= stageDot; at++ {
			if v := verdict(at, r); (v.outcome == actions.OutcomeRetry) != (r.code < 500) || (v.outcome == actions.OutcomePermanent) != (v.blame != "") {
				t.Errorf("%q at %d: %+v", text, at, v)
			}
		}
	})
}

func TestTextOf(t *testing.T) {
	for source, want := range map[string]string{
		"hello":                                                           "hello\n",
		"<p>One  two\n three</p><p>four</p>":                              "One two three\n\nfour\n",
		"a<br>b<br/>c":                                                    "a\nb\nc\n",
		"<b>bold</b>er <i>x</i>, y":                                       "bolder x, y\n",
		"<ul><li>a</li><li>b</li></ul>c":                                  "- a\n- b\n\nc\n",
		"<style>p{}</style><title>t</title>x":                             "x\n",
		"<head><meta charset=utf-8></head>x":                              "x\n",
		`<a href="https://e.com">here</a>.`:                               "here (https://e.com).\n",
		`<a href="https://e.com">https://e.com</a>`:                       "https://e.com\n",
		`<a href="mailto:a@b.c">mail</a>`:                                 "mail\n",
		`<img alt="A bell" src="x">`:                                      "A bell\n",
		"R&amp;B &lt;3 &amp;lt;":                                          "R&B <3 &lt;\n",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>": "a b\nc\n",
		"":          "\n",
		"<p><div><": "<\n",
	} {
		if got := textOf(source); got != want {
			t.Errorf("%s: got %q, want %q", source, got, want)
		}
	}
}

func FuzzTextOf(f *testing.F) {
	f.Add(`<a href="http://x"><p>x<br></a>`)
	f.Fuzz(func(t *testing.T, source string) {
		if out := textOf(source); len(out) > 8*len(source)+64 {
			t.Errorf("%q became %d bytes", source, len(out))
		}
	})
}
