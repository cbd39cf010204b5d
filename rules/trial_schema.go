package rules

import (
	"maps"
	"slices"
)

// profileKeys are what rules know of a store besides its id.
func profileKeys() []string {
	return []string{"name", "email", "url", "currency", "timezone", "language", "country", "company", "street", "city", "state", "postal_code", "phone"}
}

// trialSchema is what `tests:` may hold, in a rule file or in one whose name ends in _test.yaml.
func (w World) trialSchema() node {
	word := node{"type": []string{"string", "number", "boolean"}}
	profile := node{}
	for _, name := range profileKeys() {
		profile[name] = word
	}
	entity := node{"type": []string{"object", "null"}}
	given := node{
		"type": "object", "additionalProperties": false, "required": []string{"event"}, "description": "An event.",
		"properties": node{
			"event":   node{"type": "string", "minLength": 1, "pattern": `^[^*]+$`, "description": "Its type, such as order.created."},
			"source":  node{"type": "string", "enum": w.sourceNames(), "description": "The source that it comes from, where several send such events."},
			"store":   w.storeSchema(),
			"id":      word,
			"subject": node{"type": "string", "description": "What it is about, such as order/A1; else it is made of the entity's id."},
			"created": node{"type": "string", "description": "When it happened, such as 2026-11-20T15:04:00Z."},
			"entity":  withDoc(entity, "What it is about, as the platform's API gives it; null when it is gone."),
			"was":     withDoc(entity, "The entity as it was before; else that of the event before of the same subject."),
			"data":    node{"description": "What the notification says."},
			"profile": node{"type": "object", "additionalProperties": false, "properties": profile, "description": "What is known of the store."},
			"self":    node{"type": "boolean", "description": "It tells of a change that we made ourselves."},
		},
	}
	return node{
		"description": "Tests of the rules of this directory: see shopbell test.", "type": []string{"array", "null"},
		"items": node{
			"type": "object", "additionalProperties": false, "required": []string{"name", "given"},
			"anyOf": []node{{"required": []string{"expect"}}, {"required": []string{"errors"}}},
			"properties": node{
				"name":    withDoc(word, "What the test shows, unique in its file."),
				"given":   node{"description": "What happens: an event, or a list of them.", "oneOf": []node{given, {"type": "array", "items": given, "minItems": 1, "maxItems": maxGiven}}},
				"answers": node{"type": []string{"object", "null"}, "additionalProperties": node{"type": "object"}, "description": "What actions leave for later steps, by the id of a step or the name of an action."},
				"expect":  w.expectSchema(),
				"errors":  oneOrMore(node{"type": []string{"string", "number", "boolean"}}, "A part of the words of each error of a rule."),
				"partial": node{"type": "boolean", "default": false, "description": "More may happen than is expected."},
				"exact":   node{"type": "boolean", "default": false, "description": "All parameters are compared, not only those that are given."},
			},
		},
	}
}

func withDoc(schema node, doc string) node {
	schema = maps.Clone(schema)
	schema["description"] = doc
	return schema
}

func (w World) sourceNames() []string {
	return append([]string{}, slices.Sorted(maps.Keys(w.Sources))...)
}

// expectSchema has one branch for each action, of which any parameters may be given.
func (w World) expectSchema() node {
	properties := node{
		"rule": node{"type": []string{"string", "number", "boolean"}, "description": "The rule that does it."},
		"item": node{"description": "The item of each that it is for."},
		"mode": node{"enum": []Mode{Live, Shadow, Redirect}, "description": "The mode of the rule."},
	}
	names := append([]string{}, slices.Sorted(maps.Keys(w.Actions))...)
	var one []node
	for _, name := range names {
		params := node{}
		for _, f := range w.Actions[name].Params.Fields() {
			params[f.Name] = node{"description": f.Doc}
		}
		properties[name] = node{"type": []string{"object", "null"}, "additionalProperties": false, "properties": params, "description": w.Actions[name].Summary + "."}
		one = append(one, node{"required": []string{name}})
	}
	effect := node{"type": "object", "additionalProperties": false, "properties": properties}
	if len(one) > 0 {
		effect["oneOf"] = one
	}
	either := node{"anyOf": []node{effect, {"enum": names, "description": "An action, whatever its parameters."}}}
	return node{
		"description": "What the rules do, in order; none when nothing happens.",
		"anyOf":       []node{{"const": "none"}, either, {"type": "array", "maxItems": maxExpected, "items": either}},
	}
}
