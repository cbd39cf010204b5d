package secret_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strings"
	"testing"

	"shopbell/secret"
)

// awkward is a secret of which every spelling is another.
const awkward = `hun"ter/2<&>+ü 😀?k\`

// TestMask holds that a secret is not shown in any of the ways in which others spell it.
func TestMask(t *testing.T) {
	quoted, _ := json.Marshal(awkward)
	var plain strings.Builder
	e := json.NewEncoder(&plain)
	e.SetEscapeHTML(false)
	_ = e.Encode(awkward)
	for name, text := range map[string]string{
		"as it is": awkward, "JSON": string(quoted), "JSON of others": plain.String(), "PHP": strings.ReplaceAll(string(quoted), "/", `\/`),
		"Python": `"hun\"ter/2<&>+\u00fc \ud83d\ude00?k\\"`, "HTML": html.EscapeString(awkward),
		"a query": url.QueryEscape(awkward), "a path": url.PathEscape(awkward), "a query of others": strings.ReplaceAll(url.QueryEscape(awkward), "+", "%20"),
		"small digits": strings.NewReplacer("%2F", "%2f", "%3C", "%3c", "%3E", "%3e", "%2B", "%2b", "%C3%BC", "%c3%bc", "%F0%9F", "%f0%9f", "%3F", "%3f", "%5C", "%5c").Replace(url.QueryEscape(awkward)),
		"hex":          hex.EncodeToString([]byte(awkward)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(awkward))),
		"base64": base64.StdEncoding.EncodeToString([]byte(awkward)), "base64 of URLs": base64.RawURLEncoding.EncodeToString([]byte(awkward)),
	} {
		got := secret.NewMask(awkward).Text("a " + text + " b")
		if strings.Trim(got, `"x ab`+"\n") != "[secret]" {
			t.Errorf("%s: %s becomes %s", name, text, got)
		}
	}
}

// TestMaskInPair holds that a secret is not shown where it is encoded together with something else, at whatever place.
func TestMaskInPair(t *testing.T) {
	const password = "correct-horse-battery-staple"
	for _, code := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding} {
		for before := range 7 {
			for after := range 4 {
				text := code.EncodeToString([]byte(strings.Repeat("~", before) + password + strings.Repeat("?", after)))
				rest := secret.NewMask(password).Text(text)
				if !strings.Contains(rest, "[secret]") || len(rest) > len("[secret]")+(before+after+4)*4/3+4 {
					t.Errorf("%d before and %d after: %s", before, after, rest)
				}
			}
		}
	}
}

func TestMaskEnd(t *testing.T) {
	m := secret.NewMask("correct-horse", "correct-battery")
	for text, want := range map[string]string{
		"token correct-h":     "token [secret]",
		"token correct-batte": "token [secret]",
		"token correc":        "token [secret]",
		"token corre":         "token corre", // too little to be told from a word
		"correct":             "[secret]",
		"correct ":            "correct ",
		"":                    "",
	} {
		if got := string(m.End([]byte(text))); got != want {
			t.Errorf("%q: got %q", text, got)
		}
	}
}

// TestMaskLeavesWords holds that short secrets do not make holes in innocent words.
func TestMaskLeavesWords(t *testing.T) {
	if got := secret.NewMask("shop", "", "a").Text("a shop was not found"); got != "a shop was not found" {
		t.Error(got)
	}
}

// FuzzMask holds that nothing of what was hidden can be read afterwards.
func FuzzMask(f *testing.F) {
	f.Add("hunter2/+", "the hunter2/+ is hunter2%2F%2B", 3)
	f.Add(awkward, awkward+awkward, 1)
	f.Fuzz(func(t *testing.T, key, text string, at int) {
		if len(key) < 6 || strings.Contains("[secret][secret]", key) || strings.Contains(key, "[secret]") {
			return
		}
		m := secret.NewMask(secret.Text(key))
		at = max(0, min(at, len(text)))
		all := text[:at] + key + text[at:] + base64.StdEncoding.EncodeToString([]byte("a:"+key)) + hex.EncodeToString([]byte(key))
		got := m.Text(all)
		if strings.Contains(got, key) || strings.Contains(got, hex.EncodeToString([]byte(key))) {
			t.Errorf("%q in %q becomes %q", key, all, got)
		}
		if string(m.Bytes([]byte(all))) != got {
			t.Errorf("%q: bytes and text differ", all)
		}
	})
}
