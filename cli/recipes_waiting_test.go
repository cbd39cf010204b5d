package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/rules"
)

// TestRecipesThatWait holds that each recipe which waits for an action works, tests and all, as soon as the action is there.
func TestRecipesThatWait(t *testing.T) {
	files, err := filepath.Glob("../rules/recipes/waiting/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		set := rules.Parse(map[string]string{name: string(text)}, defaultWorld())
		suite := rules.ParseTrials(map[string]string{name: string(text)}, set)
		problems := append(set.Problems(), suite.Problems()...)
		if waits := missingActions(problems); waits != "" {
			t.Logf("%s waits for %s", name, waits)
			continue
		}
		t.Logf("%s can be added: see README.md beside it", name)
		if len(problems) > 0 {
			t.Errorf("%s:\n%s", name, document.Text(problems))
		}
		if report := suite.Run(nil); report.Failed > 0 || report.Passed == 0 {
			t.Errorf("%s: %d tests pass, %d fail: %+v", name, report.Passed, report.Failed, report.Results)
		}
	}
}

// missingActions names the actions of which problems say that they are not known.
func missingActions(problems []document.Problem) string {
	var names []string
	for _, p := range problems {
		if m := regexp.MustCompile(`unknown action "(\w+)"`).FindStringSubmatch(p.Message); m != nil {
			names = append(names, m[1])
		}
	}
	return strings.Join(slices.Compact(names), ", ")
}
