package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/rules"
)

const goodFile = "rules:\n  - { name: %, when: order.created, then: [ log: { message: x } ] }\n"

func named(name string) string { return strings.Replace(goodFile, "%", name, 1) }

// tree writes files below a new directory.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, path, text)
	}
	return dir
}

func ids(s *rules.Set) string {
	var out []string
	for _, r := range s.Rules() {
		out = append(out, r.ID())
	}
	return strings.Join(out, " ")
}

func TestLoad(t *testing.T) {
	dir := tree(t, map[string]string{
		"a.yaml": named("a"), "b.yaml": named("b"), "1003/c.yaml": named("a"), "empty.yaml": "", "comment.yaml": "# nothing\n",
		".hidden.yaml": "][", "a.yaml~": "][", "#a.yaml#": "][", "x_test.yaml": "][", "README.md": "][", ".git/x.yaml": "][", "a.yaml.swp": "][",
		"..2026_11_20/a.yaml": "][",
	})
	s := rules.Load(dir, world(), nil)
	if stop, _ := document.Split(s.Problems()); len(stop) > 0 {
		t.Error(document.Text(stop))
	}
	if got := ids(s); got != "a b 1003/a" {
		t.Errorf("rules are %q", got)
	}
	if again := rules.Load(dir, world(), s); again.Revision() != s.Revision() {
		t.Error("the same files have another revision")
	}
	writeFile(t, filepath.Join(dir, "b.yaml"), named("other"))
	if changed := rules.Load(dir, world(), s); changed.Revision() == s.Revision() {
		t.Error("other files have the same revision")
	}
}

// A directory that breaks keeps the rules it had, and hurts no other.
func TestLastGood(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": named("a"), "1003/a.yaml": named("own"), "1004/a.yaml": "]["})
	first := rules.Load(dir, world(), nil)
	if got := ids(first); got != "a 1003/own" {
		t.Fatalf("rules are %q", got)
	}
	writeFile(t, filepath.Join(dir, "1003/a.yaml"), named("own2")+"  - {}\n")
	writeFile(t, filepath.Join(dir, "1004/a.yaml"), named("late"))
	writeFile(t, filepath.Join(dir, "b.yaml"), named("b"))
	second := rules.Load(dir, world(), first)
	if got := ids(second); got != "a b 1003/own 1004/late" {
		t.Errorf("rules are %q", got)
	}
	third := rules.Load(dir, world(), second)
	if got := ids(third); got != "a b 1003/own 1004/late" {
		t.Errorf("loaded once more, rules are %q", got)
	}
	for _, d := range third.Directories() {
		if d.Broken != (d.Name == "1003") || d.Broken && (len(d.Problems) == 0 || d.Rules != 1) {
			t.Errorf("%+v", d)
		}
	}
	if got := len(third.Match(input("order.created", order(nil), nil))); got != 3 {
		t.Errorf("%d rules of store 1003 fire, want the top's two and the old one of its own", got)
	}
	if err := os.RemoveAll(filepath.Join(dir, "1003")); err != nil {
		t.Fatal(err)
	}
	if got := ids(rules.Load(dir, world(), third)); got != "a b 1004/late" {
		t.Errorf("after the directory went, rules are %q", got)
	}
}

func TestLoadProblems(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  string
	}{
		"other ending":  {map[string]string{"a.yml": ""}, "DIR/a.yml: a rule file ends in .yaml: rename it to a.yaml\n"},
		"capitals":      {map[string]string{"a.YAML": ""}, "DIR/a.YAML: a rule file ends in .yaml: rename it to a.yaml\n"},
		"unknown store": {map[string]string{"1005/a.yaml": ""}, "DIR/1005: no source has a store \"1005\", for which this directory is named\n Did you mean \"1003\"?\n"},
		"nested":        {map[string]string{"1003/x/a.yaml": ""}, "DIR/1003/x: a directory inside a store's directory is not read\n"},
		"huge":          {map[string]string{"a.yaml": strings.Repeat("#", document.MaxBytes+1)}, "DIR/a.yaml: the file has 4194305 bytes, more than the 4194304 allowed\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := tree(t, test.files)
			got := strings.ReplaceAll(document.Text(rules.Load(dir, world(), nil).Problems()), dir, "DIR")
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "rules")
	s := rules.Load(missing, world(), nil)
	if got := document.Text(s.Problems()); got != missing+": the rules directory cannot be read: it does not exist\n" {
		t.Error(got)
	}
	if s.Need("ecwid", "1003", "order.created").Listens || s.Match(input("order.created", nil, nil)) != nil {
		t.Error("rules out of nothing")
	}
}

// Kubernetes mounts configuration as links that point through a hidden directory.
func TestLoadThroughLinks(t *testing.T) {
	dir := tree(t, map[string]string{"..data/a.yaml": named("a"), "..data/1003/b.yaml": named("b")})
	for _, name := range []string{"a.yaml", "1003"} {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if s := rules.Load(dir, world(), nil); ids(s) != "a 1003/b" {
		t.Errorf("rules are %q, %v", ids(s), s.Problems())
	}
}
