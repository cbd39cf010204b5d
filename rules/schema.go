package rules

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"shopbell/shape"
)

// Schema gives a JSON Schema (draft 2020-12) of rule files, for editors: the event types of the world's sources, its
// actions with their parameters, its accounts and stores. What only an expression or another file can tell is left to
// the check at load.
func Schema(w World) json.RawMessage {
	schema := node{
		"$schema": "https://json-schema.org/draft/2020-12/schema",
		"title":   "Shopbell rules",
		"type":    "object", "additionalProperties": false,
		"properties": node{
			"rules":  node{"description": "The rules of this file.", "type": []string{"array", "null"}, "items": node{"$ref": "#/$defs/rule"}},
			"define": definitionsSchema(),
		},
		"$defs": node{
			"rule":       w.ruleSchema(),
			"step":       w.stepSchema(),
			"event":      w.eventSchema(),
			"expression": node{"type": []string{"string", "boolean"}, "description": "A condition in the language of expr, such as order.total > 100."},
			"duration":   node{"type": "string", "pattern": "^[0-9]+(s|m|h|d)$", "description": "A length of time: 30s, 10m, 2h or 7d."},
		},
	}
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil // every part of it is plain data, so this cannot be
	}
	return text
}

type node map[string]any

func oneOrMore(item node, doc string) node {
	return node{"description": doc, "oneOf": []node{item, {"type": "array", "items": item, "minItems": 1}}}
}

func (w World) ruleSchema() node {
	store := node{"type": []string{"string", "integer"}}
	if ids := w.stores(); len(ids) > 0 && !slices.ContainsFunc(slices.Collect(maps.Values(w.Sources)), func(o Origin) bool { return len(o.Stores) == 0 }) {
		store["examples"] = ids
	}
	return node{
		"type": "object", "additionalProperties": false, "required": []string{"name", "when", "then"}, "dependentRequired": node{"else": []string{"if"}},
		"properties": node{
			"name":        node{"type": []string{"string", "integer"}, "pattern": `^[^\s/\x00-\x1f\x7f]([^/\x00-\x1f\x7f]*[^\s/\x00-\x1f\x7f])?$`, "maxLength": 100, "description": "Its name, unique in its directory."},
			"description": node{"type": "string", "description": "What it is for."},
			"tags":        oneOrMore(node{"type": []string{"string", "number"}}, "Words to find it by."),
			"enabled":     node{"type": "boolean", "default": true, "description": "false keeps the rule checked, not run."},
			"when":        oneOrMore(node{"$ref": "#/$defs/event"}, "The event types that it listens to."),
			"store":       oneOrMore(store, "Only these stores."),
			"if":          node{"$ref": "#/$defs/expression"},
			"then":        stepsSchema("What to do, step by step."),
			"else":        stepsSchema("What to do when the condition is false."),
			"each":        node{"type": "string", "description": "An expression that gives a list: the steps are done for each item of it, at most 1,000."},
			"on_error":    node{"enum": []string{"skip", "stop"}, "default": "skip", "description": "When the rule cannot be evaluated: the event goes on without it, or is put aside whole."},
			"mode":        w.modeSchema(),
		},
	}
}

func stepsSchema(doc string) node {
	return node{"type": "array", "minItems": 1, "maxItems": 100, "items": node{"$ref": "#/$defs/step"}, "description": doc}
}

func definitionsSchema() node {
	names := node{"pattern": definedName.String(), "maxLength": 60}
	constant := node{"type": []string{"string", "number", "boolean"}}
	return node{
		"description": "Conditions and lists with a name, for all rule files of this directory.",
		"type":        "object", "additionalProperties": false,
		"properties": node{
			"conditions": node{"type": "object", "propertyNames": names, "additionalProperties": node{"$ref": "#/$defs/expression"}},
			"lists":      node{"type": "object", "propertyNames": names, "additionalProperties": node{"type": "array", "items": constant}},
		},
	}
}

func (w World) modeSchema() node {
	address := node{"type": "string", "minLength": 1}
	by := node{}
	for name, k := range w.Actions {
		if k.Redirect != nil {
			by[name] = address
		}
	}
	return node{"description": "live; shadow renders and sends nothing; redirect sends messages to somebody else.", "default": "live", "oneOf": []node{
		{"const": "live"}, {"const": "shadow"},
		{"type": "object", "additionalProperties": false, "required": []string{"redirect"}, "properties": node{
			"redirect": node{"oneOf": []node{address, {"type": "object", "minProperties": 1, "additionalProperties": false, "properties": by}}},
		}},
	}}
}

// eventSchema lists every event type as a rule may write it: bare, with its source, and with a wildcard.
func (w World) eventSchema() node {
	choices := []node{{"const": "*", "description": "Every event."}}
	seen := map[string]bool{}
	add := func(name, doc string) {
		if !seen[name] {
			seen[name] = true
			choices = append(choices, node{"const": name, "description": doc})
		}
	}
	for _, source := range slices.Sorted(maps.Keys(w.Sources)) {
		catalog := w.Sources[source].Catalog
		if catalog == nil {
			continue
		}
		add(source+":*", "Every event of the source "+source+".")
		for _, t := range catalog.Types {
			for _, name := range append([]string{t.Name}, t.Aliases...) {
				add(name, t.Doc)
				add(source+":"+name, t.Doc)
			}
			if noun, _, ok := strings.Cut(t.Name, "."); ok {
				add(noun+".*", "Every event whose name begins with "+noun+".")
				add(source+":"+noun+".*", "Every event of the source "+source+" whose name begins with "+noun+".")
			}
		}
	}
	return node{"type": "string", "oneOf": choices}
}

// stepSchema is one branch for each action, so that an editor offers its parameters.
func (w World) stepSchema() node {
	names := slices.Sorted(maps.Keys(w.Actions))
	properties := node{
		"id":       node{"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "description": "The name under which later steps see what this one left: steps.<id>."},
		"if":       node{"$ref": "#/$defs/expression"},
		"account":  node{"type": "string", "description": "The account to go through.", "enum": w.accountNames()},
		"on_error": node{"enum": []string{"stop", "continue"}, "default": "stop", "description": "Whether the steps after this one are done when it fails."},
		"retry": node{
			"type": "object", "additionalProperties": false, "description": "How often and how fast to try again.",
			"properties": node{
				"tries": node{"type": "integer", "minimum": 1, "maximum": 100, "description": "At most this many tries."},
				"first": node{"$ref": "#/$defs/duration"}, "max": node{"$ref": "#/$defs/duration"},
			},
		},
	}
	var one []node
	short := []string{}
	for _, name := range names {
		k := w.Actions[name]
		properties[name] = holey(k.Params.JSON(), k.Summary)
		one = append(one, node{"required": []string{name}})
		if !slices.ContainsFunc(k.Params.Fields(), func(f shape.Field) bool { return f.Required }) {
			short = append(short, name)
		}
	}
	step := node{"type": "object", "additionalProperties": false, "properties": properties, "oneOf": one}
	if len(one) == 0 {
		delete(step, "oneOf")
	}
	if len(short) == 0 {
		return step
	}
	return node{"oneOf": []node{step, {"enum": short, "description": "An action without parameters."}}}
}

func (w World) accountNames() []string {
	names := slices.Sorted(maps.Keys(w.Accounts))
	if names == nil {
		return []string{}
	}
	return names
}

// holey is an action's schema in which every value may be a hole, too.
func holey(schema json.RawMessage, summary string) any {
	var v map[string]any
	if json.Unmarshal(schema, &v) != nil {
		return node{}
	}
	delete(v, "$schema")
	delete(v, "$id")
	v["description"] = summary + "."
	holeIn(v)
	return v
}

// holeIn lets the values below an object's or a list's schema be holes.
func holeIn(v map[string]any) {
	if properties, ok := v["properties"].(map[string]any); ok {
		for name, p := range properties {
			properties[name] = orHole(p)
		}
	}
	for _, below := range []string{"items", "additionalProperties"} {
		if s, ok := v[below].(map[string]any); ok {
			v[below] = orHole(s)
		}
	}
	for _, branches := range []string{"oneOf", "anyOf", "allOf"} {
		if list, ok := v[branches].([]any); ok {
			for _, b := range list {
				if s, ok := b.(map[string]any); ok {
					holeIn(s)
				}
			}
		}
	}
}

func orHole(schema any) any {
	s, ok := schema.(map[string]any)
	if !ok {
		return schema
	}
	holeIn(s)
	if s["type"] == "string" && len(s) <= 2 || len(s) == 0 { // text of any content takes holes as it is
		return s
	}
	either := node{"anyOf": []any{s, node{"type": "string", "pattern": `\{\{`}}}
	if doc, ok := s["description"]; ok {
		either["description"] = doc
	}
	return either
}
