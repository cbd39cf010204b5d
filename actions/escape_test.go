package actions_test

import (
	"encoding/json"
	"html"
	"net/mail"
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"shopbell/actions"
)

func TestEscape(t *testing.T) {
	for _, test := range []struct {
		landing    actions.Landing
		text, want string
	}{
		{actions.Plain, `<!channel> & "x"` + "\n", `<!channel> & "x"` + "\n"},
		{actions.HTML, `<a href="x">'&'</a>`, `&lt;a href=&#34;x&#34;&gt;&#39;&amp;&#39;&lt;/a&gt;`},
		{actions.Slack, `<!channel> R&B "x"`, `&lt;!channel&gt; R&amp;B "x"`},
		{actions.Slack, `nothing to do`, `nothing to do`},
		{actions.Header, "a\r\nBcc: b\x00\u0085c\u2028d\te", "a  Bcc: b  c d e"},
		{actions.Header, "Żółć", "Żółć"},
		{actions.Address, "a@example.com, b@example.com\r\n", "a@example.com  b@example.com  "},
		{actions.Address, `"x" <a@example.com>`, ` x   a@example.com `},
		{actions.Address, "o'brien+x@example.com", "o'brien+x@example.com"},
		{actions.URL, "a b/c?d=e&f#g%h~i._-", "a%20b%2Fc%3Fd%3De%26f%23g%25h~i._-"},
		{actions.URL, "..", "%2E%2E"},
		{actions.URL, "ż", "%C5%BC"},
		{actions.File, "../a\\b\n", "..-a-b "},
		{actions.Template, "a/b.html", "a/b.html"},
		{actions.JSON, "a\"b\\c\nd\te\x00f\x7fg\u2028h", `a\"b\\c\nd\te\u0000f\u007Fg\u2028h`},
	} {
		if got := actions.Escape(test.landing, test.text); got != test.want {
			t.Errorf("%s: %q became %q, want %q", test.landing, test.text, got, test.want)
		}
	}
}

// FuzzEscape holds what each landing promises of any text.
func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"", "..", "<!channel>", "a\r\nb", `"\`, "\xff\xfe", "%2e/", "\u2028", "{{ x }}"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if out := actions.Escape(actions.HTML, text); strings.ContainsAny(out, `<>"'`) || html.UnescapeString(out) != text {
			t.Errorf("html: %q", out)
		}
		out := actions.Escape(actions.Slack, text)
		if strings.ContainsAny(out, "<>") || strings.Contains(strings.NewReplacer("&amp;", "", "&lt;", "", "&gt;", "").Replace(out), "&") {
			t.Errorf("slack: %q", out)
		}
		if out := actions.Escape(actions.Header, text); strings.ContainsFunc(out, unicode.IsControl) {
			t.Errorf("header: %q", out)
		}
		if list, err := mail.ParseAddressList("x@example.com" + actions.Escape(actions.Address, text)); err == nil && len(list) != 1 {
			t.Errorf("address: %q became %d addresses", text, len(list))
		}
		inURL(t, text)
		inJSON(t, text)
	})
}

func inURL(t *testing.T, text string) {
	out := actions.Escape(actions.URL, text)
	u, err := url.Parse("https://example.com/a/" + out + "/b?q=" + out)
	if err != nil {
		t.Fatalf("url: %q: %v", out, err)
	}
	if u.Host != "example.com" || u.Fragment != "" || strings.Count(u.EscapedPath(), "/") != 3 || u.Query().Get("q") != text || len(u.Query()) != 1 {
		t.Errorf("url: %q leaves its place", out)
	}
	if clean := u.JoinPath(); text != "" && strings.Count(clean.EscapedPath(), "/") != 3 {
		t.Errorf("url: %q is a step in the path", out)
	}
}

func inJSON(t *testing.T, text string) {
	out := actions.Escape(actions.JSON, text)
	var back []string
	if err := json.Unmarshal([]byte(`["`+out+`"]`), &back); err != nil || len(back) != 1 {
		t.Fatalf("json: %q: %v", out, err)
	}
	if utf8.ValidString(text) && back[0] != text {
		t.Errorf("json: %q became %q", text, back[0])
	}
}
