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

// TestFiles loads the rule files of each archive in testdata, and compares what is said of them, to the caret.
func TestFiles(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no archives: %v", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files, want := map[string]string{}, -1
			for i, f := range archive.Files {
				if f.Name == "want" {
					want = i
					continue
				}
				files[f.Name] = string(f.Data)
			}
			set := rules.Parse(files, world())
			got := document.Text(set.Problems())
			again := document.Text(rules.Parse(maps.Clone(files), world()).Problems())
			if got != again {
				t.Errorf("a second load says\n%s", again)
			}
			if *update {
				if want < 0 {
					archive.Files = append(archive.Files, txtar.File{Name: "want"})
					want = len(archive.Files) - 1
				}
				archive.Files[want].Data = []byte(got)
				writeFile(t, name, string(txtar.Format(archive)))
				return
			}
			if want < 0 {
				t.Fatal("there is no file named want")
			}
			if wanted := string(archive.Files[want].Data); got != wanted {
				t.Errorf("got\n%s\nwant\n%s", got, wanted)
			}
			if strings.HasPrefix(filepath.Base(name), "good") != (got == "") {
				t.Error("only archives whose name begins with good have nothing wrong in them")
			}
		})
	}
}
