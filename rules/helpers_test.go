package rules_test

import (
	"os"
	"testing"

	"shopbell/document"
	"shopbell/rules"
)

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// set parses one file of the top directory, which must have no problems; warnings are fine.
func set(t testing.TB, text string) *rules.Set {
	t.Helper()
	s := rules.Parse(map[string]string{"r.yaml": text}, world())
	if problems, _ := document.Split(s.Problems()); len(problems) > 0 {
		t.Fatal(document.Text(problems))
	}
	return s
}
