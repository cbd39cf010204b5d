package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"shopbell/actions/plugin"
	"shopbell/config"
	"shopbell/document"
	"shopbell/rules"
)

// pages lists what people read: the README and docs.
func pages(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob("../docs/*.md")
	if err != nil || len(found) < 4 {
		t.Fatalf("docs are missing: %v %v", found, err)
	}
	platforms, err := filepath.Glob("../docs/sources/*.md")
	if err != nil || len(platforms) < 4 {
		t.Fatalf("docs of platforms are missing: %v %v", platforms, err)
	}
	found = append(found, platforms...)
	return append(found, "../README.md")
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var fence = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")

// TestDocsYAML holds that every YAML block of the docs is one that works.
func TestDocsYAML(t *testing.T) {
	checked := 0
	for _, page := range pages(t) { // rules on a page about a platform go with its config there: the platform's own tests check them
		for _, block := range fence.FindAllStringSubmatch(read(t, page), -1) {
			if block[1] != "yaml" || strings.Contains(page, "sources/") && strings.Contains(block[2], "rules:") || strings.HasSuffix(page, "templates.md") { // see TestTemplatesPage
				continue
			}
			checked++
			if problems := checkBlock(t, block[2]); len(problems) > 0 {
				t.Errorf("%s: this block does not work:\n%s\n%s", page, block[2], document.Text(problems))
			}
		}
	}
	if checked < 8 {
		t.Errorf("only %d YAML blocks found", checked)
	}
}

// checkBlock checks a rule file, a config, or one step of a rule.
func checkBlock(t *testing.T, text string) []document.Problem {
	t.Helper()
	switch {
	case strings.Contains(text, "_test.yaml\ntests:"): // tests in a file of their own: TestTestingPage runs them
		return nil
	case regexp.MustCompile(`(?m)^protocol:`).MatchString(text): // of a plugin
		name := regexp.MustCompile(`(?m)^name: (\w+)$`).FindStringSubmatch(text)
		stop, _ := document.Split(plugin.Check("action.yaml", name[1], []byte(text)))
		return stop
	case regexp.MustCompile(`(?m)^rules:\s*$`).MatchString(text):
	case regexp.MustCompile(`(?m)^(sources|accounts|listen|database):`).MatchString(text):
		dir := t.TempDir()
		text = regexp.MustCompile(`\$\{file:[^}]*\}`).ReplaceAllString(text, "${env:FILE}")
		c, problems := config.Parse(filepath.Join(dir, "shopbell.yaml"), []byte(text), kinds(), func(name string) (string, bool) {
			return "value-of-" + name, true
		})
		if c != nil {
			problems = append(problems, open(c, nil).problems...)
		}
		stop, _ := document.Split(problems)
		return stop
	default:
		text = "rules:\n  - name: example\n    when: order.created\n    then:\n      - " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n        ") + "\n"
	}
	set := rules.Parse(map[string]string{"example.yaml": text}, defaultWorld())
	stop, _ := document.Split(set.Problems())
	if len(set.Rules()) == 0 && len(stop) == 0 {
		stop = []document.Problem{{File: "example.yaml", Message: "there is no rule in it"}}
	}
	return stop
}

// TestDocsCommands holds that every command that the docs name is there.
func TestDocsCommands(t *testing.T) {
	root := (&program{}).root()
	named := regexp.MustCompile("(?m)(?:^|`|&& |\\./)(?:shopbell|go run \\.) ([a-z]+(?: [a-z]+)?)")
	found := 0
	for _, page := range pages(t) {
		for _, m := range named.FindAllStringSubmatch(read(t, page), -1) {
			found++
			words := strings.Fields(m[1])
			c, _, err := root.Find(words)
			if words[0] == "help" {
				continue
			}
			if err != nil || c == root {
				t.Errorf("%s names the command %q, which is not there", page, m[1])
			}
		}
	}
	if found < 5 {
		t.Errorf("only %d commands found", found)
	}
}

// TestHelp holds that every command explains itself, with an example that its own parser takes.
func TestHelp(t *testing.T) {
	var visit func(c *cobra.Command)
	visit = func(c *cobra.Command) {
		if c.Name() == "help" || c.Name() == "completion" {
			return
		}
		if c.Short == "" || c.Long == "" || c.Example == "" {
			t.Errorf("%s: want a summary, a text and an example", c.CommandPath())
		}
		for line := range strings.Lines(c.Example) {
			checkExample(t, c.Root(), line)
		}
		for _, below := range c.Commands() {
			visit(below)
		}
	}
	visit((&program{}).root())
}

func checkExample(t *testing.T, root *cobra.Command, line string) {
	t.Helper()
	line, _, _ = strings.Cut(line, "#")
	for command := range strings.SplitSeq(line, "&&") {
		words := strings.Fields(command)
		if len(words) == 0 || words[0] != "shopbell" {
			continue
		}
		c, rest, err := root.Find(words[1:])
		if err == nil {
			err = c.ParseFlags(rest)
		}
		if err == nil {
			err = c.ValidateArgs(c.Flags().Args())
		}
		if err != nil || c == root {
			t.Errorf("the example %q does not work: %v", strings.TrimSpace(command), err)
		}
	}
}

// TestActionPages holds that each page below docs/actions says what a declaration says, and that no other is there. With
// -update they are written anew.
func TestActionPages(t *testing.T) {
	const dir = "../docs/actions"
	var index strings.Builder
	index.WriteString("# Actions\n\nMade from the declarations of the actions; `shopbell actions NAME` prints the same.\n\n| action | |\n|---|---|\n")
	want := []string{"README.md"}
	for _, k := range kinds().Actions {
		fmt.Fprintf(&index, "| [%s](%s.md) | %s |\n", k.Name, k.Name, k.Summary)
		same(t, filepath.Join(dir, k.Name+".md"), strings.TrimPrefix(describe(k), "#"))
		want = append(want, k.Name+".md")
	}
	same(t, filepath.Join(dir, "README.md"), index.String())
	found, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		if !slices.Contains(want, f.Name()) {
			t.Errorf("%s: there is no such action", filepath.Join(dir, f.Name()))
		}
	}
}

// TestReadme walks through "Your first rule" and holds that what it shows is what comes.
func TestReadme(t *testing.T) {
	page, err := filepath.Abs("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, page)
	blocks := fence.FindAllStringSubmatch(text, -1)
	i := slices.IndexFunc(blocks, func(b []string) bool { return b[1] == "yaml" })
	if i < 0 {
		t.Fatal("the README shows no rule")
	}
	rule := blocks[i][2]
	t.Chdir(t.TempDir())
	run := func(args ...string) string {
		var out bytes.Buffer
		Main(args, strings.NewReader(""), &out, &out, os.LookupEnv)
		return out.String()
	}
	run("init", "myshop")
	t.Chdir("myshop")
	write := func(rule string) {
		if err := os.WriteFile("rules/paid.yaml", []byte(rule), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(rule)
	text = fill(t, text, "check", "```\n"+run("check")+"```\n")
	mistaken := strings.Replace(strings.Replace(rule, `== "PAID" &&`, `== "PAYED" &&`, 1), "order.total", "order.totl", 1)
	if mistaken == rule {
		t.Fatal("the README's rule has other words now")
	}
	write(mistaken)
	text = fill(t, text, "mistake", "```\n"+run("check")+"```\n")
	same(t, page, text)
}

// fill puts text between two comments of a page.
func fill(t *testing.T, page, name, text string) string {
	t.Helper()
	begin, end := "<!-- "+name+" -->\n", "<!-- end -->"
	before, rest, ok := strings.Cut(page, begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("the page has no %s", begin)
	}
	return before + begin + text + end + after
}

// same compares a page with what it should be, or writes it.
func same(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%s is not as it should be; write it anew with: go test ./cli -update (%v)\nwant:\n%s", path, err, want)
	}
}
