package rules_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"shopbell/document"
	"shopbell/rules"
)

// TestThingsThatComeAndGo holds that rules are checked anew when what they name has come or gone, although no rule file has changed;
// and that a load asks once for a sort of thing.
func TestThingsThatComeAndGo(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"a", "b"} {
		files[name+".yaml"] = &fstest.MapFile{Data: []byte("rules:\n  - { name: " + name + ", when: order.created, then: [ license_key: { pool: " + name + " } ] }\n")}
	}
	var there []string
	asked := 0
	w := world()
	w.Things = func(string) []string { asked++; return there }
	var set *rules.Set
	for _, step := range []struct{ there, wrong string }{{"a", `"b"`}, {"a b", ""}, {"a b c", ""}, {"b", `"a"`}, {"", `"a" "b"`}, {"a b", ""}} {
		there, asked = strings.Fields(step.there), 0
		set = rules.LoadFS(files, w, set)
		wrong := []string{}
		for _, p := range set.Problems() {
			wrong = append(wrong, strings.TrimPrefix(p.Message, "there is no pool "))
		}
		if got := strings.Join(wrong, " "); got != step.wrong || asked != 1 {
			t.Errorf("with the pools %q: %q is wrong, want %q; asked %d times\n%s", step.there, got, step.wrong, asked, document.Text(set.Problems()))
		}
	}
}

// TestThingsOfPinnedRules holds that a rule of a waiting run does not ask for what it names.
func TestThingsOfPinnedRules(t *testing.T) {
	w := world()
	w.Things = func(string) []string { return nil }
	if _, err := rules.Compile("name: r\nwhen: order.created\nthen: [ license_key: { pool: gone } ]\n", "", w); err != nil {
		t.Error(err)
	}
}
