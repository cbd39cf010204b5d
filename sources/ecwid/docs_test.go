package ecwid_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/standard"
	"shopbell/config"
	"shopbell/document"
	"shopbell/rules"
	"shopbell/sources"
	"shopbell/sources/ecwid"
)

func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/sources/ecwid.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestTheExamplesOfTheDocsWork opens each config and checks each rule with what it makes of the source.
func TestTheExamplesOfTheDocsWork(t *testing.T) {
	configs, seen := 0, 0
	for _, m := range regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$").FindAllStringSubmatch(page(t), -1) {
		if !strings.HasPrefix(m[1], "sources:") {
			seen += documentedRules(t, m[1])
			continue
		}
		configs++
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, "secrets"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "secrets", "bells-before"), []byte("before"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, problems := config.Parse(filepath.Join(dir, "shopbell.yaml"), []byte(m[1]), config.Kinds{Sources: []*sources.Kind{ecwid.Kind()}, Actions: standard.Kinds()},
			func(name string) (string, bool) { return "value-of-" + name, true })
		if c == nil || len(problems) > 0 {
			t.Fatalf("this block does not work:\n%s\n%s", m[1], document.Text(problems))
		}
		for _, source := range c.Sources {
			if _, err := ecwid.Kind().Open(source.Name, source.Config); err != nil {
				t.Errorf("this block does not open: %v\n%s", err, m[1])
			}
		}
	}
	if configs < 4 || seen < 2 {
		t.Errorf("%d configs and %d rules were found", configs, seen)
	}
}

func documentedRules(t *testing.T, block string) int {
	t.Helper()
	known := map[string]*actions.Kind{}
	for _, k := range standard.Kinds() {
		known[k.Name] = k
	}
	set := rules.Parse(map[string]string{"example.yaml": block}, rules.World{
		Sources: map[string]rules.Origin{"ecwid": {Kind: ecwid.Name, Catalog: ecwid.Catalog(), ReadsBack: true, Stores: []string{"1003"}}},
		Actions: known,
	})
	if stop, _ := document.Split(set.Problems()); len(stop) > 0 {
		t.Errorf("this rule does not work:\n%s\n%s", block, document.Text(stop))
	}
	return len(set.Rules())
}

// TestTheDocsTellEveryEventAndState holds the tables of the page against the program.
func TestTheDocsTellEveryEventAndState(t *testing.T) {
	text := page(t)
	for _, known := range ecwid.Catalog().Types {
		group, name, _ := strings.Cut(known.Name, ".")
		line := slices.IndexFunc(strings.Split(text, "\n"), func(line string) bool {
			return strings.HasPrefix(line, "| `"+group+".") && strings.Contains(line, "."+name+"`") && strings.Contains(line, "`"+known.Scope+"`") &&
				(known.Noun == "" || strings.Contains(line, "`"+known.Noun))
		})
		if line < 0 {
			t.Errorf("%s with scope %s and noun %s is not in the table", known.Name, known.Scope, known.Noun)
		}
	}
	for _, state := range []sources.CredentialState{sources.CredentialUnused, sources.CredentialOK, sources.CredentialMissing, sources.CredentialDead, sources.CredentialScope,
		sources.CredentialSuspended, sources.CredentialThrottled, sources.CredentialSilent, sources.CredentialStopped} {
		if !strings.Contains(text, "\n| `"+string(state)+"` |") {
			t.Errorf("the state %s is not in the table", state)
		}
	}
}
