package rules_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shopbell/rules"
)

// folderOf gives one directory of a set as it is in use.
func folderOf(t *testing.T, s *rules.Set, directory string) rules.Folder {
	t.Helper()
	for _, f := range s.Folders() {
		if f.Directory == directory {
			return f
		}
	}
	t.Fatalf("there is no folder %q in %+v", directory, s.Folders())
	return rules.Folder{}
}

// The same rules have the same revision on every machine, whatever their files are called; other rules have another.
func TestFolderRevision(t *testing.T) {
	load := func(files map[string]string) *rules.Set { return rules.Load(tree(t, files), world(), nil) }
	first := load(map[string]string{"a.yaml": named("a"), "b.yaml": named("b"), "1003/c.yaml": named("c")})
	if got := first.Folders(); len(got) != 2 || got[0].Directory != "" || got[1].Directory != "1003" {
		t.Errorf("folders are %+v", got)
	}
	for name, test := range map[string]struct {
		files     map[string]string
		top, c    bool // the same revision as the first
		rules, ps int  // of the top
	}{
		"another machine":   {map[string]string{"a.yaml": named("a"), "b.yaml": named("b"), "1003/c.yaml": named("c")}, true, true, 2, 0},
		"files renamed":     {map[string]string{"z.yaml": named("a"), "y.yaml": named("b"), "1003/x.yaml": named("c")}, true, true, 2, 0},
		"with a test file":  {map[string]string{"a.yaml": named("a"), "b.yaml": named("b"), "b_test.yaml": "][", "1003/c.yaml": named("c")}, true, true, 2, 0},
		"one rule changed":  {map[string]string{"a.yaml": named("a"), "b.yaml": strings.Replace(named("b"), "message: x", "message: y", 1), "1003/c.yaml": named("c")}, false, true, 2, 0},
		"one rule more":     {map[string]string{"a.yaml": named("a"), "b.yaml": named("b"), "d.yaml": named("d"), "1003/c.yaml": named("c")}, false, true, 3, 0},
		"one rule less":     {map[string]string{"a.yaml": named("a"), "1003/c.yaml": named("c")}, false, true, 1, 0},
		"a store's changed": {map[string]string{"a.yaml": named("a"), "b.yaml": named("b"), "1003/c.yaml": named("d")}, true, false, 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			other := load(test.files)
			top, c := folderOf(t, other, ""), folderOf(t, other, "1003")
			if same := top.Revision == folderOf(t, first, "").Revision; same != test.top {
				t.Errorf("the top has the same revision: %v", same)
			}
			if same := c.Revision == folderOf(t, first, "1003").Revision; same != test.c {
				t.Errorf("the store has the same revision: %v", same)
			}
			if top.Rules != test.rules || top.Problems != test.ps || len(top.Revision) != 16 {
				t.Errorf("the top is %+v", top)
			}
		})
	}
	if top := folderOf(t, first, ""); top.Revision == folderOf(t, load(map[string]string{"1003/a.yaml": named("a"), "1003/b.yaml": named("b")}), "1003").Revision {
		t.Error("rules for every store and for one have one revision")
	}
}

// A directory that breaks keeps the revision of the rules that stay in use, and tells how much is wrong.
func TestFolderBroken(t *testing.T) {
	dir := tree(t, map[string]string{"a.yaml": named("a"), "1003/a.yaml": named("own"), "1004/a.yaml": "]["})
	first := rules.Load(dir, world(), nil)
	good := folderOf(t, first, "1003")
	if never := folderOf(t, first, "1004"); never.Rules != 0 || never.Problems == 0 {
		t.Errorf("a directory that was never good is %+v", never)
	}
	path := filepath.Join(dir, "1003/a.yaml")
	writeFile(t, path, named("own2")+"  - {}\n")
	second := rules.Load(dir, world(), first)
	if broken := folderOf(t, second, "1003"); broken.Revision != good.Revision || broken.Rules != 1 || broken.Problems == 0 {
		t.Errorf("a broken directory is %+v, it was %+v", broken, good)
	}
	if fresh := folderOf(t, rules.Load(dir, world(), nil), "1003"); fresh.Revision == good.Revision || fresh.Rules != 0 {
		t.Errorf("a machine that never saw the good rules has %+v", fresh)
	}
	writeFile(t, path, named("own2"))
	if mended := folderOf(t, rules.Load(dir, world(), second), "1003"); mended.Revision == good.Revision || mended.Problems != 0 {
		t.Errorf("a mended directory is %+v", mended)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if left := rules.Load(dir, world(), second).Folders(); len(left) != 2 || left[1].Directory != "1004" {
		t.Errorf("with an empty directory, folders are %+v", left)
	}
}
