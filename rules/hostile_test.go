package rules_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shopbell/document"
	"shopbell/rules"
)

// repeated writes something n times, each time with its number.
func repeated(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// hostile files, with a part of what is said of them; "" for those that are only large.
func hostile() map[string]struct{ text, says string } {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat("*"+string(c-1)+", ", 10), ", "))
	}
	rule := func(condition string) string {
		return "rules:\n  - { name: r, when: order.created, if: '" + condition + "', then: [ log: { message: x } ] }\n"
	}
	return map[string]struct{ text, says string }{
		"alias bomb":      {bomb + "rules: *j\n", "counting what its aliases repeat"},
		"alias of itself": {"rules: &r [*r]\n", "nested deeper"},
		"10 MB":           {"rules: []\n" + strings.Repeat("#", 10<<20), "more than the 4194304 allowed"},
		"100,000 rules":   {"rules:\n" + repeated(100_000, "- {name: r%d, when: order.created, then: [log]}\n"), "more than the 4194304 allowed"},
		"many values":     {"rules: [" + strings.Repeat("1,", 500_000) + "]\n", "more than 500000 values"},
		"one line":        {"rules: [" + repeated(2_000, "{name: r%d, when: order.created, if: x, then: [log: {message: x}]},") + "]", "there are more than 1000 problems"},
		"many problems":   {"rules:\n" + strings.Repeat("  - {}\n", 5_000), "there are more than 1000 problems"},
		"many warnings":   {"rules:\n" + repeated(1_100, "- {name: r%d, when: order.created, if: 'true', then: [log: {message: '${order.id}'}]}\n"), "there are more than 1000 problems"},
		"one name":        {"rules:\n" + strings.Repeat("  - {name: r, when: order.created, then: [log]}\n", 2_000), "there are more than 1000 problems"},
		"long names":      {"rules:\n" + strings.Repeat("- {name: r, when: "+strings.Repeat("o", 250)+"}\n", 600), "there are more than 1000 problems"},
		"not UTF-8":       {"rules:\n  - name: \xff\xfe\n", "the line is not UTF-8 text"},
		"deep lists":      {"rules: " + strings.Repeat("[", 100_000), "nested deeper"},
		"deep groups":     {strings.Repeat("{a: ", 30_000), "nested deeper"},
		"deep items":      {strings.Repeat("- ", 50_000), "nested deeper"},
		"anchors":         {strings.Repeat("&a ", 30_000), ""},
		"tags":            {strings.Repeat("!a ", 30_000), ""},
		"deep if":         {rule(strings.Repeat("(", 150)), "never closed"},
		"deep list in if": {rule(strings.Repeat("[", 5_000)), "this expression is nested deeper than 200 levels"},
		"deep map in if":  {rule(strings.Repeat("{a: ", 15_000)), "this expression is too long"},
		"deep choice":     {rule(strings.Repeat("true ? ", 9_000) + "true"), ""},
		"deep loops":      {rule(strings.Repeat("any(order.items, ", 3_500) + "true"), ""},
		"deep fields":     {rule("order" + strings.Repeat(".a", 30_000)), "this expression is too long"},
		"deep hole":       {strings.ReplaceAll(rule("true"), "message: x", "message: \"{{ "+strings.Repeat("{", 100_000)+" }}\""), "never closed"},
		"very deep if":    {rule(strings.Repeat("(", 100_000)), "this expression is too long"},
		"deep not":        {rule(strings.Repeat("!", 20_000) + "true"), "this expression is too long"},
		"long if":         {rule(strings.Repeat("x or ", 200) + strings.Repeat(" ", 1<<17)), "this expression is too long"},
		"wide if":         {rule(strings.Repeat("(order.total > 5 or order.id == \"A\") and ", 60) + "true"), ""},
		"many steps":      {"rules:\n  - { name: r, when: order.created, then: [" + strings.Repeat("{log: {message: x}},", 5000) + "] }\n", "a rule may have 100 steps"},
		"many holes":      {"rules:\n  - { name: r, when: order.created, then: [ log: { message: '" + strings.Repeat("{{", 50_000) + "' } ] }\n", "never closed"},
		"holes apart": {"rules:\n  - name: r\n    when: order.created\n    then:\n      - log:\n          message: |\n" +
			strings.Repeat("            {{ x }}"+strings.Repeat(" ", 400)+"\n", 900), `unknown name "x"`},
	}
}

// TestHostile holds that whatever a file holds, it is refused or read in bounded time, that what is said of it is short
// enough to be shown, and that a store beside it gets its rules.
func TestHostile(t *testing.T) {
	for name, test := range hostile() {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute) // each takes a part of a second
			defer cancel()
			done := make(chan *rules.Set, 1)
			go func() {
				done <- rules.Parse(map[string]string{"1003/r.yaml": test.text, "1004/good.yaml": named("good")}, fuzzWorld())
			}()
			var s *rules.Set
			select {
			case s = <-done:
			case <-ctx.Done():
				t.Fatal("it takes too long")
			}
			all := s.Problems()
			text := document.Text(all)
			if !strings.Contains(text, test.says) || len(all) > 1_001 || len(text) > 4<<20 {
				t.Errorf("%d problems in %d bytes: %.300s", len(all), len(text), text)
			}
			within(t, all, map[string]string{"1003/r.yaml": test.text})
			if got := ids(s); !strings.HasSuffix(got, "1004/good") {
				t.Errorf("the other store has %q", got)
			}
		})
	}
}

// within holds that every problem has a place that its file has, or means the file as a whole.
func within(t *testing.T, all []document.Problem, files map[string]string) {
	t.Helper()
	lines := map[string][]string{}
	for name, text := range files {
		lines[name] = splitAt(text)
	}
	for _, p := range all {
		if p.ID == "" || p.Message == "" {
			t.Errorf("%+v has no name or says nothing", p)
		}
		if p.Line == 0 && p.Column == 0 {
			continue
		}
		of := lines[p.File]
		if p.Line < 1 || p.Line > len(of) || p.Column < 1 || p.Column > len([]rune(of[p.Line-1]))+1 {
			t.Errorf("%s:%d:%d is not in the file", p.File, p.Line, p.Column)
		}
	}
}

// splitAt parts a text where YAML sees the end of a line.
func splitAt(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Split(strings.NewReplacer("\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(text), "\n")
}

// A link in a rules directory, which may come from a repository of somebody else, shows nothing from outside.
func TestLoadLinks(t *testing.T) {
	outside := tree(t, map[string]string{"secret.yaml": "password: hunter2\n", "store/a.yaml": named("a")})
	dir := tree(t, map[string]string{"a.yaml": named("a"), "1003/b.yaml": strings.Replace(named("b"), "message: x", "message: y", 1)})
	for name, to := range map[string]string{
		"1003/absolute.yaml": filepath.Join(outside, "secret.yaml"), "1003/relative.yaml": "../../" + filepath.Base(outside) + "/secret.yaml",
		"1004": filepath.Join(outside, "store"), "1003/inside.yaml": "../a.yaml", "1003/gone.yaml": "nothing.yaml", "passwords": outside, "README.md": filepath.Join(outside, "secret.yaml"),
	} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := rules.Load(dir, world(), nil)
	got := strings.ReplaceAll(document.Text(s.Problems()), dir, "DIR")
	const want = `DIR/1003/absolute.yaml: the file cannot be read: it is a link that leads out of the rules directory
DIR/1003/gone.yaml: the file cannot be read: it does not exist
DIR/1003/relative.yaml: the file cannot be read: it is a link that leads out of the rules directory
DIR/1004: it is a link that leads out of the rules directory
DIR/passwords: it is a link that leads out of the rules directory
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
