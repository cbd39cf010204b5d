package cli

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"shopbell/rules"
)

// sarifShape is what SARIF 2.1.0 demands of the parts that are used here, taken from the standard: nothing more is allowed
// in them than the standard has.
const sarifShape = `{
  "type": "object", "additionalProperties": false, "required": ["version", "runs"],
  "properties": {
    "$schema": {"type": "string", "format": "uri"}, "version": {"const": "2.1.0"},
    "runs": {"type": "array", "items": {
      "type": "object", "additionalProperties": false, "required": ["tool"],
      "properties": {
        "tool": {"type": "object", "additionalProperties": false, "required": ["driver"], "properties": {"driver": {
          "type": "object", "additionalProperties": false, "required": ["name"],
          "properties": {"name": {"type": "string"}, "version": {"type": "string"}, "rules": {"type": "array", "uniqueItems": true, "items": {
            "type": "object", "additionalProperties": false, "required": ["id"],
            "properties": {"id": {"type": "string", "pattern": "^[a-z0-9-]+$"}, "shortDescription": {"$ref": "#/$defs/text"},
              "defaultConfiguration": {"type": "object", "additionalProperties": false, "properties": {"level": {"$ref": "#/$defs/level"}}}}}}}}}},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": {
          "type": "object", "additionalProperties": false, "required": ["message"],
          "properties": {"ruleId": {"type": "string"}, "ruleIndex": {"type": "integer", "minimum": 0}, "level": {"$ref": "#/$defs/level"}, "message": {"$ref": "#/$defs/text"},
            "locations": {"type": "array", "items": {"type": "object", "additionalProperties": false, "properties": {"physicalLocation": {
              "type": "object", "additionalProperties": false, "required": ["artifactLocation"],
              "properties": {"artifactLocation": {"type": "object", "additionalProperties": false, "properties": {"uri": {"type": "string", "format": "uri-reference"}}},
                "region": {"type": "object", "additionalProperties": false, "required": ["startLine"],
                  "properties": {"startLine": {"type": "integer", "minimum": 1}, "startColumn": {"type": "integer", "minimum": 1}}}}}}}}}}}
      }}}
  },
  "$defs": {
    "text": {"type": "object", "additionalProperties": false, "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}},
    "level": {"enum": ["none", "note", "warning", "error"]}
  }
}`

// TestSARIF holds that a log has the form that the standard demands, and that each result names a rule of the log and a
// place that is there.
func TestSARIF(t *testing.T) {
	t.Chdir(t.TempDir())
	text := "rules:\n  - name: é\n    when: order.updated\n    if: order.totl > 5\n    iff: true\n    then: [ log: { message: hi } ]\n" +
		"  - name: second\n    when: order.updated\n    then: [ log: { message: hi } ]\n"
	for name, content := range map[string]string{"rules/a b#%.yaml": text, "rules/wrong.yml": "", "rules/9/a.yaml": "][", "good/good.yaml": "rules: []\n"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := sarifLog(t, 1, "rules")
	var uris []string
	for _, r := range log.Runs[0].Results {
		at := r.Locations[0].Physical
		u, err := url.Parse(at.Artifact.URI)
		if err != nil {
			t.Fatal(err)
		}
		uris = append(uris, u.Path)
		if rule := log.Runs[0].Tool.Driver.Rules[r.RuleIndex]; rule.ID != r.RuleID || rule.Default.Level != r.Level {
			t.Errorf("%s of level %s is called %s, of level %s", r.RuleID, r.Level, rule.ID, rule.Default.Level)
		}
		if at.Region == nil && r.RuleID != "file-name" || at.Region != nil && (at.Region.StartLine > 9 || at.Region.StartColumn < 1) {
			t.Errorf("%s is at %+v", r.RuleID, at.Region)
		}
	}
	if got := strings.Join(uris, " "); got != "rules/9/a.yaml rules/a b#%.yaml rules/a b#%.yaml rules/a b#%.yaml rules/wrong.yml" {
		t.Errorf("the files are %s", got)
	}
	first := log.Runs[0].Results[1]
	if first.RuleID != "unknown-field" || first.Level != "error" || first.Message.Text != `order has no "totl". Did you mean "total"?` || *first.Locations[0].Physical.Region != (sarifRegion{4, 15}) {
		t.Errorf("the first is %+v", first)
	}
	if last := log.Runs[0].Results[3]; last.RuleID != "every-change" || last.Level != "warning" {
		t.Errorf("the last but one is %+v", last)
	}
	if good := sarifLog(t, 0, "good"); len(good.Runs[0].Results) != 0 || len(good.Runs[0].Tool.Driver.Rules) != len(rules.Mistakes()) {
		t.Errorf("good rules have results: %+v", good.Runs[0].Results)
	}
}

// sarifLog checks a folder, and the log that is printed.
func sarifLog(t *testing.T, code int, folder string) sarif {
	t.Helper()
	var out, wrong strings.Builder
	if got := Main([]string{"check", folder, "--sarif"}, strings.NewReader(""), &out, &wrong, os.LookupEnv); got != code || wrong.Len() > 0 {
		t.Fatalf("the exit code is %d: %s", got, wrong.String())
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(out.String()))
	if err != nil {
		t.Fatal(err)
	}
	shape, err := jsonschema.UnmarshalJSON(strings.NewReader(sarifShape))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("sarif.json", shape); err != nil {
		t.Fatal(err)
	}
	if err := c.MustCompile("sarif.json").Validate(value); err != nil {
		t.Error(err)
	}
	var log sarif
	if err := json.Unmarshal([]byte(out.String()), &log); err != nil {
		t.Fatal(err)
	}
	return log
}

func TestURI(t *testing.T) {
	for path, want := range map[string]string{
		"rules/a.yaml": "rules/a.yaml", "rules/a b.yaml": "rules/a%20b.yaml", "a:b.yaml": "./a:b.yaml", "/srv/rules/é.yaml": "file:///srv/rules/%C3%A9.yaml",
	} {
		if got := uriOf(path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}
