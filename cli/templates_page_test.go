package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/event"
	"shopbell/rules"
)

// templatesPart is what of docs/templates.md is executed: a file, named in its first line, or a command with what it prints.
var templatesPart = regexp.MustCompile("(?ms)^```(?:yaml\n# |html\n\\{\\{/\\* )(?P<name>[^ \n]*)[^\n]*\n(?P<text>.*?)^```\n" +
	"|^<!-- run(?:: (?P<old>[^\n]*?) => (?P<new>[^\n]*))? -->\n```\n\\$ (?P<command>[^\n]*)\n.*?^```\n<!-- end -->\n")

// TestTemplatesPage holds that docs/templates.md is a shop whose commands print what it shows. With -update that is written anew.
func TestTemplatesPage(t *testing.T) {
	path, err := filepath.Abs("../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, path)
	t.Chdir(t.TempDir())
	t.Setenv("ECWID_CLIENT_SECRET", "x")
	t.Setenv("ECWID_TOKEN", "x")
	for name, text := range map[string]string{"shopbell.yaml": templatesShop, "rules/templates/logo.png": "x"} {
		put(t, name, text)
	}
	files, runs := 0, 0
	executed := templatesPart.ReplaceAllStringFunc(page, func(part string) string {
		m := templatesPart.FindStringSubmatch(part)
		named := func(name string) string { return m[templatesPart.SubexpIndex(name)] }
		if named("name") != "" {
			files++
			put(t, named("name"), named("text"))
			return part
		}
		runs++
		head := "<!-- run -->\n"
		if named("old") != "" {
			head = "<!-- run: " + named("old") + " => " + named("new") + " -->\n"
			text := read(t, "rules/order.html")
			put(t, "rules/order.html", strings.Replace(text, named("old"), named("new"), 1))
			defer put(t, "rules/order.html", text)
		}
		var out bytes.Buffer
		code := Main(strings.Fields(named("command"))[1:], strings.NewReader(""), &out, &out, os.LookupEnv)
		if (code == exitFine) != (named("old") == "") {
			t.Errorf("%s: exit code %d\n%s", named("command"), code, out.String())
		}
		return head + "```\n$ " + named("command") + "\n" + out.String() + "```\n<!-- end -->\n"
	})
	if blocks := strings.Count(page, "```yaml\n") + strings.Count(page, "```html\n"); files != blocks || files < 4 || runs < 3 {
		t.Errorf("found %d of %d files, and %d commands", files, blocks, runs)
	}
	same(t, path, executed)
}

const templatesShop = `listen: 127.0.0.1:0
sources:
  ecwid: { kind: ecwid, client_secret: "${env:ECWID_CLIENT_SECRET}", stores: { "1003": { token: "${env:ECWID_TOKEN}" } } }
accounts:
  email: { kind: email, host: localhost, from: shop@example.com }
`

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAttachInRules holds how what a message carries is checked at load, and how it is filled in.
func TestAttachInRules(t *testing.T) {
	set := func(attach string) *rules.Set {
		return rules.Parse(map[string]string{"terms.pdf": "x", "r.yaml": "rules:\n  - name: r\n    when: order.created\n    then:\n      - email: { to: a@example.com, subject: x, text: y, attach: " + attach + " }\n"}, defaultWorld())
	}
	for attach, want := range map[string]string{
		`[term.pdf]`:                    `there is no file "term.pdf"`,
		`[{ file: term.pdf }]`:          `there is no file "term.pdf"`,
		`[{ file: terms.pdf, nam: x }]`: `unknown key "nam"`,
		`terms.pdf`:                     "want a list, got text",
		`[{ name: x.pdf }]`:             "email: attach: want one of file, content and receipt",
		`[{ content: "{{ order.items }}", name: x.csv }]`: "order.items is a list, and text is wanted here",
	} {
		stop, _ := document.Split(set(attach).Problems())
		if len(stop) != 1 || stop[0].Message != want {
			t.Errorf("%s: got %v, want %s", attach, stop, want)
		}
	}
	s := set(`[terms.pdf, "m/{{ order.id }}.pdf", { file: "m/{{ order.id }}.pdf", name: "{{ order.id }}" }, { content: "a/{{ order.id }}", name: x.csv }, { receipt: "{{ order }}" }]`)
	if stop, _ := document.Split(s.Problems()); len(stop) > 0 {
		t.Fatal(document.Text(stop))
	}
	entity := map[string]any{"id": "../A\r\n1"}
	out, err := s.Rules()[0].Render(rules.Branch{}, 0, &rules.Input{Event: &event.Event{Source: "ecwid", Type: "order.created"}, Entity: entity}, nil)
	want := `{"to":"a@example.com","subject":"x","text":"y","attach":["terms.pdf","m/..-A  1.pdf",{"file":"m/..-A  1.pdf","name":"../A  1"},{"content":"a/../A\r\n1","name":"x.csv"},{"receipt":{"id":"../A\r\n1"}}]}`
	if err != nil || string(out.Params) != want {
		t.Errorf("got %s (%v), want %s", out.Params, err, want)
	}
}
