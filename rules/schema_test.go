package rules_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"shopbell/document"
	"shopbell/rules"
)

func ruleSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	var schema any
	if err := json.Unmarshal(rules.Schema(world()), &schema); err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("rules.schema.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("rules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// What a schema can see, it sees as the check at load does: it takes every good file, and refuses every file whose
// mistake is one of form. Mistakes in expressions and holes, in names across files, and in accounts by store are beyond it.
func TestSchema(t *testing.T) {
	schema := ruleSchema(t)
	archives, _ := filepath.Glob("testdata/*.txtar")
	refused := 0
	for _, name := range archives {
		base := strings.TrimSuffix(filepath.Base(name), ".txtar")
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if f.Name == "want" {
				continue
			}
			file, problems := document.Parse(f.Name, f.Data)
			if len(problems) > 0 || file == nil || file.Root == nil {
				continue
			}
			err := schema.Validate(document.Value(file.Root))
			beyond := strings.HasPrefix(base, "good") || strings.HasPrefix(base, "warn") || strings.HasPrefix(base, "cond") || base == "secrets" ||
				base == "secrets-block" || base == "stores" || base == "yaml-comment" || f.Name != "r.yaml"
			if base == "step-holes" {
				beyond = true
			}
			if beyond != (err == nil) {
				t.Errorf("%s, %s: the schema says %v", base, f.Name, err)
			}
			if err != nil {
				refused++
			}
		}
	}
	if refused < 10 {
		t.Errorf("only %d files are refused by the schema", refused)
	}
}

func TestSchemaOfAnEmptyWorld(t *testing.T) {
	if s := rules.Schema(rules.World{}); !json.Valid(s) {
		t.Errorf("%s", s)
	}
}

func TestSchemaTellsWhatThereIs(t *testing.T) {
	s := string(rules.Schema(world()))
	for _, part := range []string{`"ecwid:order.created"`, `"order.*"`, `"Channel to post in."`, `"slack-1003"`, `"license_key"`, `"It happened."`} {
		if !strings.Contains(s, part) {
			t.Errorf("the schema does not tell of %s", part)
		}
	}
}
