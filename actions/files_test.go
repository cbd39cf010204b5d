package actions_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shopbell/actions"
)

func TestFilePlaces(t *testing.T) {
	for _, test := range []struct {
		directory, name string
		want            []string
	}{
		{"", "a.html", []string{"a.html", "templates/a.html"}},
		{"1003", "a.html", []string{"1003/a.html", "1003/templates/a.html", "a.html", "templates/a.html"}},
		{"1003", "1004/a.html", []string{"1003/templates/1004/a.html", "templates/1004/a.html"}}, // not what another store has
		{"", "templates/a.html", []string{"templates/a.html", "templates/templates/a.html"}},
		{"../1004", "a", []string{"a", "templates/a"}}, {"a/b", "a", []string{"a", "templates/a"}}, {".git", "a", []string{"a", "templates/a"}},
		{"", "..a", nil}, {"", "", nil}, {"", " ", nil}, {"", ".", nil}, {"", "..", nil}, {"", "../a", nil}, {"", "a/../../b", nil}, {"", "/a", nil}, {"", `a\b`, nil}, {"", "a//b", nil},
		{"", "a/./b", nil}, {"", "a.YAML", nil}, {"", "x/a.yml", nil}, {"", ".env", nil}, {"", ".git/config", nil}, {"", "a\nb", nil}, {"", "a\x00", nil}, {"", "a/", nil}, {"", "a\xff", nil},
	} {
		got, err := actions.FilePlaces(test.directory, test.name)
		if !slices.Equal(got, test.want) || (err == nil) != (test.want != nil) {
			t.Errorf("%q %q: got %q, %v, want %q", test.directory, test.name, got, err, test.want)
		}
	}
}

// FuzzFilePlaces holds that no name leads out of the folder, to a rule file, or to what is hidden.
func FuzzFilePlaces(f *testing.F) {
	f.Add("1003", "a/b.html")
	f.Add("..", "../x")
	f.Fuzz(func(t *testing.T, directory, name string) {
		places, _ := actions.FilePlaces(directory, name)
		for _, p := range places {
			if !filepath.IsLocal(p) || strings.HasSuffix(p, ".yaml") || strings.HasPrefix(p, ".") || strings.Contains(p, "/.") {
				t.Errorf("%q %q leads to %q", directory, name, p)
			}
		}
	})
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a.txt": "all", "1003/a.txt": "store", "templates/b.txt": "12345"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	e := actions.Env{Templates: dir}
	for _, test := range []struct{ store, name, want, wrong string }{
		{"", "a.txt", "all", ""}, {"1003", "a.txt", "store", ""}, {"1004", "a.txt", "all", ""}, {"1003", "b.txt", "12345", ""},
		{"../..", "a.txt", "all", ""}, {"", "c.txt", "", `"c.txt": there is no such file beside the rules`}, {"", "1003", "", `"1003" is not a file`},
	} {
		got, err := e.ReadFile(test.store, test.name, 5)
		if string(got) != test.want || test.wrong != "" && (err == nil || err.Error() != test.wrong) {
			t.Errorf("%s %s: got %q, %v", test.store, test.name, got, err)
		}
	}
	if _, err := e.ReadFile("", "b.txt", 4); err == nil || err.Error() != `"b.txt" is larger than 4 bytes` {
		t.Errorf("got %v", err)
	}
	if _, err := (actions.Env{}).ReadFile("", "a.txt", 4); !errors.Is(err, actions.ErrNoFile) {
		t.Errorf("got %v", err)
	}
}
