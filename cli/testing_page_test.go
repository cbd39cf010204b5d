package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestTestingPage holds that docs/testing.md shows what testdata/testing gives. With -update it is written anew.
func TestTestingPage(t *testing.T) {
	path, err := filepath.Abs("../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, path)
	for _, name := range []string{"first", "several", "failing"} {
		a, err := txtar.ParseFile("testdata/testing/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		var b strings.Builder
		for _, f := range a.Files {
			if !strings.HasPrefix(f.Name, "rules/") {
				continue
			}
			b.WriteString("```yaml\n# " + f.Name + "\n" + string(f.Data) + "```\n\n")
			if err := os.MkdirAll(filepath.Join(dir, "rules"), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		t.Chdir(dir)
		var out bytes.Buffer
		code := Main([]string{"test"}, strings.NewReader(""), &out, &out, os.LookupEnv)
		if (code == exitFine) != (name != "failing") {
			t.Errorf("%s: exit code %d", name, code)
		}
		b.WriteString("```\n$ shopbell test\n" + out.String() + "```\n")
		page = fill(t, page, "tests "+name, b.String())
		t.Chdir(filepath.Dir(path))
		t.Chdir("../cli")
	}
	same(t, path, page)
}

// The tests of the demo's rules pass.
func TestDemoRulesAreTested(t *testing.T) {
	var out bytes.Buffer
	if code := Main([]string{"test", "../demo/rules"}, strings.NewReader(""), &out, &out, os.LookupEnv); code != exitFine || !strings.Contains(out.String(), "1 passed") {
		t.Errorf("exit code %d\n%s", code, out.String())
	}
}
