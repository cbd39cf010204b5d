package rules

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
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
		"description": "What a store does when something happens: a list of rules.",
		"properties": node{
			"rules": node{
				"description": "The rules of this file.",
				"type":        []string{"array", "null"}, "items": node{"$ref": "#/$defs/rule"},
			},
			"define": defineSchema(),
			"tests":  w.trialSchema(),
		},
		"$defs": node{
			"rule":       w.ruleSchema(),
			"step":       w.stepSchema(),
			"event":      w.eventSchema(),
			"steps":      node{"type": "array", "minItems": 1, "maxItems": 100, "items": node{"$ref": "#/$defs/step"}},
			"mode":       w.modeSchema(),
			"name":       node{"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
			"expression": node{"type": []string{"string", "boolean"}, "not": node{"type": "string", "pattern": `^\s*\{\{`}, "description": "An expression that gives true or false, such as order.total > 100."},
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

// defineSchema is what the files of a directory share.
func defineSchema() node {
	return node{
		"type": "object", "additionalProperties": false, "description": "Conditions and lists with a name, for the rules of this directory.",
		"properties": node{
			"conditions": node{
				"type": "object", "description": "Conditions that rules may name.", "propertyNames": node{"$ref": "#/$defs/name"},
				"additionalProperties": node{"$ref": "#/$defs/expression"},
			},
			"lists": node{
				"type": "object", "description": "Lists that rules may name.", "propertyNames": node{"$ref": "#/$defs/name"},
				"additionalProperties": node{"type": "array", "items": node{"type": []string{"string", "number", "boolean"}}},
			},
		},
	}
}

func (w World) modeSchema() node {
	address := node{"type": "string", "minLength": 1, "description": "An address, or a channel."}
	by := node{}
	for name, k := range w.Actions {
		if k.Redirect != nil {
			by[name] = address
		}
	}
	return node{
		"description": "What becomes of the messages.", "default": "live",
		"anyOf": []node{
			{"const": "live", "description": "They are sent."},
			{"const": "shadow", "description": "They are decided and written, and not sent."},
			{
				"type": "object", "additionalProperties": false, "required": []string{"redirect"}, "description": "All go to one person, with a word on whom they were for.",
				"properties": node{"redirect": node{"anyOf": []node{address, {"type": "object", "minProperties": 1, "additionalProperties": false, "properties": by}}}},
			},
		},
	}
}

func oneOrMore(item node, doc string) node {
	return node{"description": doc, "oneOf": []node{item, {"type": "array", "items": item, "minItems": 1}}}
}

func (w World) ruleSchema() node {
	return node{
		"type": "object", "additionalProperties": false, "required": []string{"name", "when", "then"}, "dependentRequired": node{"else": []string{"if"}},
		"properties": node{
			"name":        node{"type": []string{"string", "number", "boolean"}, "pattern": `^[^\s/\x00-\x1f\x7f]([^/\x00-\x1f\x7f]*[^\s/\x00-\x1f\x7f])?$`, "maxLength": 100, "description": "Its name, unique in its directory."},
			"description": node{"type": []string{"string", "number", "boolean", "null"}, "description": "What it is for."},
			"tags":        oneOrMore(node{"type": []string{"string", "number", "boolean"}}, "Words to find it by."),
			"enabled":     node{"type": "boolean", "default": true, "description": "false keeps the rule checked, not run."},
			"when":        oneOrMore(node{"$ref": "#/$defs/event"}, "The event types that it listens to."),
			"store":       oneOrMore(w.storeSchema(), "Only these stores; a rule in a store's folder is for that store already."),
			"if":          node{"$ref": "#/$defs/expression", "description": "Acts only when this is true, such as order.total > 100."},
			"each":        node{"type": "string", "not": node{"pattern": `^\s*\{\{`}, "description": "An expression that gives a list: the steps are done once for each item of it, at most 1,000, such as order.items."},
			"mode":        node{"$ref": "#/$defs/mode"},
			"then":        node{"$ref": "#/$defs/steps", "description": "What to do, step by step."},
			"else":        node{"$ref": "#/$defs/steps", "description": "What to do when the condition is false."},
			"on_error":    node{"enum": []string{"skip", "stop"}, "default": "skip", "description": "When the rule cannot be evaluated: the event goes on without it, or is put aside whole."},
		},
	}
}

// storeSchema lists the stores, where all are known. YAML reads an id of digits as a number.
func (w World) storeSchema() node {
	open := slices.ContainsFunc(slices.Collect(maps.Values(w.Sources)), func(o Origin) bool { return len(o.Stores) == 0 })
	if open || len(w.Sources) == 0 {
		return node{"type": []string{"string", "integer"}}
	}
	var ids []any
	for _, id := range w.stores() {
		ids = append(ids, id)
		if number, err := strconv.Atoi(id); err == nil && strconv.Itoa(number) == id {
			ids = append(ids, number)
		}
	}
	return node{"enum": ids}
}

// eventSchema lists every event type as a rule may write it: bare, with its source, and with a wildcard.
func (w World) eventSchema() node {
	choices := []node{{"const": "*", "description": "Every event."}}
	seen, nouns := map[string]bool{}, map[string]bool{}
	open := false
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
				nouns[regexp.QuoteMeta(noun)] = true
				add(noun+".*", "Every event whose name begins with "+noun+".")
				add(source+":"+noun+".*", "Every event of the source "+source+" whose name begins with "+noun+".")
			}
		}
		if catalog.Any != nil {
			open = true
			choices = append(choices, node{"pattern": "^" + regexp.QuoteMeta(source) + `:[^ :*]+(\.\*)?$`, "description": "An event of the source " + source + " that nobody lists."})
		}
	}
	if open && w.Default == "" { // a name that is about nothing that is listed
		known := strings.Join(slices.Sorted(maps.Keys(nouns)), "|")
		choices = append(choices, node{"pattern": `^[^ :*]+(\.\*)?$`, "not": node{"pattern": `^(` + known + `)(\.|$)`}, "description": "An event that nobody lists."})
	}
	return node{"type": "string", "anyOf": choices}
}

// stepSchema is one branch for each action, so that an editor offers its parameters.
func (w World) stepSchema() node {
	names := slices.Sorted(maps.Keys(w.Actions))
	properties := node{
		"id":       node{"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "description": "The name under which later steps see what this one left: steps.<id>."},
		"if":       node{"$ref": "#/$defs/expression", "description": "The step is done only when this is true."},
		"account":  node{"type": "string", "description": "The account to go through.", "enum": w.accountNames()},
		"on_error": node{"enum": []string{"stop", "continue"}, "default": "stop", "description": "Whether the steps after this one are done when it fails."},
		"marketing": node{"description": "Whether the message is marketing, and so only for those who accept it; or why consent is not asked for.", "anyOf": []node{
			{"type": "boolean"},
			{"type": "object", "additionalProperties": false, "required": []string{"consent"}, "properties": node{
				"consent": node{"type": "string", "minLength": 10, "description": "Where consent comes from, or why none is needed."},
			}},
		}},
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
