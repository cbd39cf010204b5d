package rules_test

import (
	"flag"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"shopbell/document"
	"shopbell/rules"
)

var update = flag.Bool("update", false, "write what is given now as what is wanted")

// A filed case is an archive of rule files, with what is said of them.
type filed struct {
	name    string // "problems/key-unknown"
	path    string
	archive *txtar.Archive
	files   map[string]string // without what is wanted
	want    int               // the place of what is wanted among the archive's files; -1 when it is not there
}

// filedCases reads testdata: good files, those with problems, and those with nothing but warnings.
func filedCases(t testing.TB) []filed {
	t.Helper()
	var all []filed
	for _, folder := range []string{"good", "problems", "warnings"} {
		paths, err := filepath.Glob("testdata/" + folder + "/*.txtar")
		if err != nil || len(paths) == 0 {
			t.Fatalf("no archives in %s: %v", folder, err)
		}
		for _, path := range paths {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c := filed{name: folder + "/" + strings.TrimSuffix(filepath.Base(path), ".txtar"), path: path, archive: archive, files: map[string]string{}, want: -1}
			for i, f := range archive.Files {
				if f.Name == "want" {
					c.want = i
					continue
				}
				c.files[f.Name] = string(f.Data)
			}
			all = append(all, c)
		}
	}
	return all
}

// TestFiles loads the rule files of each archive in testdata, and compares what is said of them, to the caret. With
// -update what is said now is written as what is wanted.
func TestFiles(t *testing.T) {
	for _, c := range filedCases(t) {
		t.Run(c.name, func(t *testing.T) {
			all := problemsOf(c.files)
			got := document.Text(all)
			if again := document.Text(problemsOf(maps.Clone(c.files))); got != again {
				t.Errorf("a second load says\n%s", again)
			}
			stop, warnings := document.Split(all)
			folder, _, _ := strings.Cut(c.name, "/")
			if (folder == "problems") != (len(stop) > 0) || folder == "good" && len(warnings) > 0 || folder == "warnings" && len(warnings) == 0 {
				t.Errorf("%d problems and %d warnings do not belong into the folder %s", len(stop), len(warnings), folder)
			}
			if *update {
				if c.want < 0 {
					c.archive.Files = append(c.archive.Files, txtar.File{Name: "want"})
					c.want = len(c.archive.Files) - 1
				}
				c.archive.Files[c.want].Data = []byte(got)
				writeFile(t, c.path, string(txtar.Format(c.archive)))
				return
			}
			if c.want < 0 {
				t.Fatal("there is no file named want")
			}
			if wanted := string(c.archive.Files[c.want].Data); got != wanted {
				t.Errorf("got\n%s\nwant\n%s", got, wanted)
			}
		})
	}
}

// problemsOf lists what is wrong with rules and with their tests, as check does.
func problemsOf(files map[string]string) []document.Problem {
	s := rules.Parse(files, world())
	return document.Sort(append(s.Problems(), rules.ParseTrials(files, s).Problems()...))
}

// TestMistakes holds that there are enough cases, that each thing which is wrong has a name of its own, and that each
// name is one that some case shows.
func TestMistakes(t *testing.T) {
	problems, warnings, shown := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, c := range filedCases(t) {
		for _, p := range problemsOf(c.files) {
			shown[p.ID] = true
			if p.ID == "other-problem" || p.ID == "other-warning" {
				t.Errorf("%s: %q has no name: give it one in mistakes.go", c.name, p.Message)
			}
			if p.Warning {
				warnings[p.ID+p.Message] = true
			} else {
				problems[p.ID+p.Message] = true
			}
		}
	}
	t.Logf("%d problems and %d warnings, of %d kinds", len(problems), len(warnings), len(shown))
	if len(problems) < 60 || len(warnings) < 15 {
		t.Errorf("%d problems and %d warnings are shown, want 60 and 15", len(problems), len(warnings))
	}
	unshown := map[string]string{ // shown by a test of their own
		"other-problem": "", "other-warning": "", "file-too-large": "TestHostile", "not-utf8": "TestHostile", "too-many-values": "TestHostile", "too-many-problems": "TestHostile",
		"too-many-warnings": "TestHostile", "claimed-recipient": "TestClaimedRecipient", "loop": "TestLoop", "not-yaml": "the words of the library, for what nobody met",
		"unreadable-directory": "TestLoadProblems", "file-name": "TestLoadProblems", "unreadable-file": "TestLoadLinks", "too-many-files": "", "too-many-stores": "",
	}
	seen := map[string]bool{}
	for _, m := range rules.Mistakes() {
		if seen[m.ID] || m.ID == "" || m.Means == "" || strings.Trim(m.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			t.Errorf("the name %q is there twice, is no name, or means nothing", m.ID)
		}
		seen[m.ID] = true
		if _, elsewhere := unshown[m.ID]; !shown[m.ID] && !elsewhere {
			t.Errorf("no case shows %q", m.ID)
		}
	}
}
