package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"shopbell/document"
	"shopbell/rules"
)

// TestReloadWithoutAFolder holds that a rules directory which is not there for a moment, or cannot be read, costs no store
// its rules, and that it is told once, not for each store.
func TestReloadWithoutAFolder(t *testing.T) {
	dir := tree(t, map[string]string{"top.yaml": named("top"), "1003/own.yaml": named("own"), "1004/bad.yaml": "rules: 5\n"})
	s := rules.Load(dir, world(), nil)
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir + ".old") })
	for range 2 { // the second time, what is kept was kept before
		s = rules.Load(dir, world(), s)
		if got := ids(s); got != "top 1003/own" {
			t.Errorf("rules are %q", got)
		}
		text := document.Text(s.Problems())
		if strings.Count(text, "it does not exist") != 1 || strings.Count(text, "bad.yaml") != 1 {
			t.Error(text)
		}
	}
	if err := os.Rename(dir+".old", dir); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "1004/bad.yaml"), named("good"))
	if s = rules.Load(dir, world(), s); ids(s) != "top 1003/own 1004/good" || len(s.Problems()) > 0 {
		t.Errorf("rules are %q, %s", ids(s), document.Text(s.Problems()))
	}
	if err := os.RemoveAll(filepath.Join(dir, "1004")); err != nil {
		t.Fatal(err)
	}
	if s = rules.Load(dir, world(), s); ids(s) != "top 1003/own" {
		t.Errorf("rules are %q", ids(s))
	}
}

// TestReloadOfAStoreThatIsNoDirectory holds that a store whose directory is a link that leads nowhere keeps its rules.
func TestReloadOfAStoreThatIsNoDirectory(t *testing.T) {
	dir := tree(t, map[string]string{"1003/own.yaml": named("own")})
	s := rules.Load(dir, world(), nil)
	if err := os.RemoveAll(filepath.Join(dir, "1003")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "1003")); err != nil {
		t.Fatal(err)
	}
	s = rules.Load(dir, world(), s)
	if text := document.Text(s.Problems()); ids(s) != "1003/own" || !strings.Contains(text, "1003: this is not a directory any more") {
		t.Errorf("rules are %q\n%s", ids(s), text)
	}
}

// TestLoadOfAPipe holds that what is no file is not waited for.
func TestLoadOfAPipe(t *testing.T) {
	dir := tree(t, map[string]string{"good.yaml": named("good")})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := rules.Load(dir, world(), nil)
	if text := document.Text(s.Problems()); !strings.Contains(text, "pipe.yaml: the file cannot be read: it is not a file") {
		t.Error(text)
	}
}
