package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"shopbell/document"
)

// TestSchemaTakesEveryExample holds that the schema takes every rule file that is shown or delivered, and every action's
// example, as the check does.
func TestSchemaTakesEveryExample(t *testing.T) {
	examples := map[string]string{}
	for _, page := range pages(t) {
		for i, block := range fence.FindAllStringSubmatch(read(t, page), -1) {
			// Rules of a page about a platform go with its config there, which names sources.
			if block[1] == "yaml" && regexp.MustCompile(`(?m)^rules:\s*$`).MatchString(block[2]) && !strings.Contains(page, "sources/") {
				examples[page+" block "+string(rune('a'+i))] = block[2]
			}
		}
	}
	for _, pattern := range []string{"starter/first.yaml", "../demo/rules/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("nothing is like %s: %v", pattern, err)
		}
		for _, name := range files {
			examples[name] = read(t, name)
		}
	}
	for _, k := range kinds().Actions {
		examples["the action "+k.Name] = "rules:\n  - name: example\n    when: order.created\n    then:\n      - " + strings.ReplaceAll(strings.TrimSpace(k.Example), "\n", "\n        ") + "\n"
	}
	var out bytes.Buffer
	if code := Main([]string{"schema"}, strings.NewReader(""), &out, &out, os.LookupEnv); code != 0 {
		t.Fatal(out.String())
	}
	value, err := jsonschema.UnmarshalJSON(&out)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("rules.schema.json", value); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("rules.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range examples {
		file, problems := document.Parse(name, []byte(text))
		if len(problems) > 0 || file.Root == nil {
			t.Fatalf("%s: %v", name, problems)
		}
		if err := schema.Validate(document.Value(file.Root)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(examples) < 12 {
		t.Errorf("only %d examples", len(examples))
	}
}
