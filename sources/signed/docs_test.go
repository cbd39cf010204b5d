package signed_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/actions/log"
	"shopbell/document"
	"shopbell/rules"
	"shopbell/shape"
	"shopbell/sources"
	"shopbell/sources/signed"
)

const page = "../../docs/sources/signed.md"

var (
	fence = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	held  = regexp.MustCompile(`\$\{env:[A-Z_]+\}`)
)

// TestEveryExampleOfTheDocs opens every source of the page, and checks every rule of it against all of them.
func TestEveryExampleOfTheDocs(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	world := rules.World{Sources: map[string]rules.Origin{}, Actions: map[string]*actions.Kind{"log": log.Action},
		Accounts: map[string]rules.Outlet{"log": {Kind: "log"}}}
	files := map[string]string{}
	presets, opened := map[string]bool{}, 0
	for _, block := range fence.FindAllStringSubmatch(string(text), -1) {
		if strings.HasPrefix(block[1], "rules:") {
			files["example"+string(rune('a'+len(files)))+".yaml"] = block[1]
			continue
		}
		for name, config := range configsOf(t, block[1]) {
			presets[config["preset"]] = true
			opened++
			world.Sources[name] = open(t, name, config[""])
		}
	}
	if opened < 12 || len(presets) != 7 || len(files) != 2 {
		t.Errorf("%d sources of the presets %v and %d rule files", opened, presets, len(files))
	}
	set := rules.Parse(files, world)
	if stop, _ := document.Split(set.Problems()); len(stop) > 0 || len(set.Rules()) != len(files) {
		t.Errorf("%d rules:\n%s", len(set.Rules()), document.Text(stop))
	}
	unlisted := "rules:\n  - name: fraud\n    when: billing:radar.early_fraud_warning.created\n    if: event.data.object.actionable == true\n" +
		"    then:\n      - log: { message: \"{{ event.data.object.charge }}\" }\n"
	if stop, _ := document.Split(rules.Parse(map[string]string{"unlisted.yaml": unlisted}, world).Problems()); len(stop) > 0 {
		t.Errorf("a rule on a type that is not listed:\n%s", document.Text(stop))
	}
	files["examplea.yaml"] = strings.Replace(files["exampleb.yaml"], "shipment.status", "shipment.statsu", 1)
	if stop, _ := document.Split(rules.Parse(files, world).Problems()); len(stop) == 0 {
		t.Error("a misspelt field is no problem")
	}
}

// configsOf gives the sources of a block: their preset, and under "" the whole as JSON.
func configsOf(t *testing.T, block string) map[string]map[string]string {
	t.Helper()
	var all struct {
		Sources map[string]map[string]any `yaml:"sources"`
	}
	if err := yaml.Unmarshal([]byte(held.ReplaceAllString(block, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")), &all); err != nil || len(all.Sources) == 0 {
		t.Fatalf("%v in\n%s", err, block)
	}
	found := map[string]map[string]string{}
	for name, source := range all.Sources {
		if source["kind"] != signed.Name {
			t.Errorf("%s is of kind %v", name, source["kind"])
		}
		delete(source, "kind")
		if faults := shape.Of(signed.Kind().Config).Check(map[string]any(source)); len(faults) > 0 {
			t.Errorf("%s: %+v", name, faults)
		}
		text, err := json.Marshal(source)
		if err != nil {
			t.Fatal(err)
		}
		preset, _ := source["preset"].(string)
		found[name] = map[string]string{"preset": preset, "": string(text)}
	}
	return found
}

func open(t *testing.T, name, config string) rules.Origin {
	t.Helper()
	kind := signed.Kind()
	s, err := kind.Open(name, []byte(config))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rules.Origin{Kind: kind.Name, Catalog: sources.CatalogOf(kind, s), ReadsBack: s.Mode() != sources.Never}
}

// TestThePageNamesEveryKey holds that no key of the config is left to guessing.
func TestThePageNamesEveryKey(t *testing.T) {
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var visit func(fields []shape.Field)
	visit = func(fields []shape.Field) {
		for _, f := range fields {
			if !strings.Contains(string(text), "`"+f.Name) && !strings.Contains(string(text), f.Name+":") {
				t.Errorf("%s does not name %s", page, f.Name)
			}
			for _, v := range f.Values {
				if !slices.ContainsFunc([]string{"`" + v + "`", ": " + v, "\"" + v}, func(s string) bool { return strings.Contains(string(text), s) }) {
					t.Errorf("%s does not name %s: %s", page, f.Name, v)
				}
			}
			visit(f.Fields)
			if f.Elem != nil {
				visit(f.Elem.Fields)
			}
		}
	}
	for _, f := range shape.Of(signed.Kind().Config).Fields() {
		visit([]shape.Field{f})
	}
}
