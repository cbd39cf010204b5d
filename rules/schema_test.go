package rules_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"shopbell/document"
	"shopbell/rules"
)

func ruleSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	return schemaOf(t, world())
}

func schemaOf(t *testing.T, w rules.World) *jsonschema.Schema {
	t.Helper()
	var schema any
	if err := json.Unmarshal(rules.Schema(w), &schema); err != nil {
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

// byShape are the mistakes that a schema sees as well, for they are in the shape of a file.
func byShape() map[string]bool {
	return map[string]bool{
		"no-rules": true, "unknown-key": true, "missing-key": true, "bad-name": true, "value-form": true, "unknown-source": true, "unknown-event": true,
		"when-form": true, "store-form": true, "no-steps": true, "step-form": true, "two-actions": true, "unknown-action": true,
		"bad-id": true, "on-error": true, "retry": true, "duration": true, "parameter": true, "hole-in-key": true, "expression-form": true,
		"mode": true, "each": true, "else-without-if": true, "definition-form": true, "test-form": true, "marketing": true,
	}
}

// onlyCheck lists the mistakes that nothing but the check finds, with the reason. Those of YAML itself are not among them:
// an editor that cannot read a file says so.
func onlyCheck() map[string]string {
	const expression = "a schema sees text, and not what is said in it"
	list := map[string]string{
		"duplicate-name": "it is about two values", "duplicate-id": "it is about two values", "nested-directory": "it is about folders",
		"other-store": "it depends on the folder", "other-account": "it is about two values", "secret": "a schema cannot look for secrets everywhere",
		"test-name": "it is about two values", "test-event": "a type may be of several sources", "test-entity": "it depends on the event", "test-answer": "it depends on the rules",
		"test-expect": "it depends on the rules", "test-pattern": "a schema sees text, and not what is said in it", "unknown-rule": "it depends on the rules",
		"duplicate-key": "a value has each key once", "marketing-consent": "it depends on the event and the action", "definition": "it is about several values",
		"unknown-file": "it depends on the folder", "file-place": "a schema sees text, and not what is said in it", "template": "it is a file of its own",
	}
	for _, m := range rules.Mistakes() {
		switch {
		case m.Warning:
			list[m.ID] = "it is legal"
		case strings.Contains(" expression-length template-block open-quote open-bracket closing-bracket unfinished operator missing-operator number-form "+
			"curly-quotes escape syntax unknown-name unknown-function function-as-value arguments step-order no-entity list-field impossible-value "+
			"not-a-condition not-a-list list-place unknown-field name-taken pattern type-mismatch item written-value empty-hole open-hole too-many-holes hole-type hole-text ", " "+m.ID+" "):
			list[m.ID] = expression
		}
	}
	return list
}

// What a schema can see, it sees as the check at load does: it takes every good file, and refuses every file whose
// mistake is one of shape.
func TestSchema(t *testing.T) {
	schema := ruleSchema(t)
	shape, beyond := byShape(), onlyCheck()
	refused, unseen := 0, 0
	for _, c := range filedCases(t) {
		found := map[string]map[string]bool{}
		for _, p := range problemsOf(c.files) {
			if found[p.File] == nil {
				found[p.File] = map[string]bool{}
			}
			found[p.File][p.ID] = true
		}
		for name, text := range c.files {
			if !strings.HasSuffix(name, ".yaml") {
				continue
			}
			file, problems := document.Parse(name, []byte(text))
			if len(problems) > 0 || file == nil || file.Root == nil {
				continue
			}
			err := schema.Validate(document.Value(file.Root))
			either, wrong := false, false
			for id := range found[name] {
				_, other := beyond[id]
				either = either || id == "later" || id == "unknown-account" || id == "unknown-thing" || id == "unknown-store" // of this version, of all accounts, of folders too
				wrong = wrong || shape[id]
				if shape[id] == other && id != "later" && id != "unknown-account" && id != "unknown-thing" && id != "unknown-store" {
					t.Errorf("%s: say of %q whether a schema can see it", c.name, id)
				}
			}
			if wrong != (err != nil) && !(either && !wrong) {
				t.Errorf("%s, %s: the schema says %v of %v", c.name, name, err, found[name])
			}
			if err != nil {
				refused++
			} else if len(found[name]) > 0 {
				unseen++
			}
		}
	}
	t.Logf("%d files are refused, %d have something that only the check finds", refused, unseen)
	if refused < 15 {
		t.Errorf("only %d files are refused by the schema", refused)
	}
}

// The schema takes what the language has, and refuses what it has not.
func TestSchemaKeys(t *testing.T) {
	schema := ruleSchema(t)
	for text, fits := range map[string]bool{
		`{"define": {"conditions": {"big": "order.total > 5"}, "lists": {"vip": ["a", 5]}}}`:                                            true,
		`{"define": {"conditions": {"big order": "true"}}}`:                                                                             false,
		`{"define": {"lists": {"vip": "a"}}}`:                                                                                           false,
		`{"tests": [{"name": "a", "given": {"event": "order.created", "entity": {"id": 1}}, "expect": "none"}]}`:                        true,
		`{"tests": [{"name": "a", "given": [{"event": "order.created"}], "expect": ["log", {"rule": "r", "slack": {"text": "/a/"}}]}]}`: true,
		`{"tests": [{"name": "a", "given": {"event": "order.created"}, "expect": {"slack": {"chanel": "#a"}}}]}`:                        false,
		`{"tests": [{"name": "a", "given": {"event": "order.created"}}]}`:                                                               false,
		`{"tests": [{"name": "a", "given": {"event": "order.*"}, "errors": "x"}]}`:                                                      false,
		`{"define": {"macros": {}}}`: false,
		`{"rules": null}`:            true,
		`{"rule": []}`:               false,
		rule(`"each": "order.items", "mode": "shadow", "else": ["log"]`):                                   false, // log wants a message
		rule(`"if": "true", "each": "order.items", "mode": "shadow", "else": [{"log": {"message": "x"}}]`): true,
		rule(`"else": [{"log": {"message": "x"}}]`):                                                        false,
		rule(`"mode": {"redirect": {"email": "me@example.com", "slack": "#test"}}`):                        true,
		rule(`"mode": {"redirect": {"log": "me@example.com"}}`):                                            false,
		rule(`"on_error": "stop"`):                                                                         true,
		rule(`"on_error": "continue"`):                                                                     false,
		rule(`"each": "{{ order.items }}"`):                                                                false,
		rule(`"mode": {"redirect": "me@example.com"}`):                                                     true,
		rule(`"mode": "redirect: me@example.com"`):                                                         false,
		rule(`"mode": {"redirect": "me@example.com", "x": 1}`):                                             false,
		rule(`"mode": "dark"`):                                                                             false,
		rule(`"else": []`):                                                                                 false,
		rule(`"each": ["a"]`):                                                                              false,
		rule(`"tags": ["a", 5]`):                                                                           true,
		rule(`"tags": [[]]`):                                                                               false,
		rule(`"enabled": "no"`):                                                                            false,
		rule(`"store": 1003`):                                                                              true,
		rule(`"store": "1003"`):                                                                            true,
		rule(`"store": ["1003", 103]`):                                                                     false,
		rule(`"wait": "2h"`):                                                                               false,
	} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(value); (err == nil) != fits {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func rule(more string) string {
	return `{"rules": [{"name": "r", "when": "order.created", "then": [{"log": {"message": "x"}, "retry": {"tries": 5, "first": "10s"}, "on_error": "continue"}], ` + more + `}]}`
}

// A source whose event types nobody can list takes others as well.
func TestSchemaOfUnlistedTypes(t *testing.T) {
	schema := schemaOf(t, openWorld())
	for when, fits := range map[string]bool{
		"billing:charge.failed": true, "charge.failed": true, "billing:charge.*": true, "billing:*": true, "invoice.paid": true, "billing:": false,
		"order.fulfilled": false, "ecwid:charge.failed": false, "billing:charge*": false, "order": false,
	} {
		value := map[string]any{"rules": []any{map[string]any{"name": "r", "when": when, "then": []any{map[string]any{"log": map[string]any{"message": "x"}}}}}}
		if err := schema.Validate(value); (err == nil) != fits {
			t.Errorf("%s: %v", when, err)
		}
	}
}

func TestSchemaOfAnEmptyWorld(t *testing.T) {
	if s := rules.Schema(rules.World{}); !json.Valid(s) {
		t.Errorf("%s", s)
	}
}

func TestSchemaTellsWhatThereIs(t *testing.T) {
	s := string(rules.Schema(world()))
	for _, part := range []string{`"ecwid:order.created"`, `"order.*"`, `"Channel to post in."`, `"slack-1003"`, `"license_key"`, `"It happened."`, `"What to do when the condition is false."`} {
		if !strings.Contains(s, part) {
			t.Errorf("the schema does not tell of %s", part)
		}
	}
}
