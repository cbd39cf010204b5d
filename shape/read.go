package shape

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Read makes the shape of a JSON Schema that somebody else wrote, for one object. Its keys are listed in the order of the text.
// Beside the words of JSON Schema, `lands` says how text that a rule puts there is escaped, and writeOnly that it is a secret. A
// schema that refers to another is not read: what it says could not be told on one page.
func Read(schema json.RawMessage) (*Shape, error) {
	parsed, err := parseOrdered(schema)
	if err != nil {
		return nil, err
	}
	root, ok := parsed.(*tree)
	if !ok || root.text("type") != "object" {
		return nil, errors.New(`the schema is not of an object: it wants "type": "object"`)
	}
	if err := root.refers(); err != nil {
		return nil, err
	}
	check, err := compile(schema)
	if err != nil {
		return nil, fmt.Errorf("this is not a JSON Schema: %w", err)
	}
	whole := root.field("", "")
	return &Shape{fields: whole.Fields, schema: schema, check: check}, nil
}

// A tree is a JSON object that remembers the order of its keys.
type tree struct {
	keys   []string
	values map[string]any
}

// parseOrdered reads one JSON value, with objects as trees.
func parseOrdered(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return nextOrdered(d)
}

var errNotJSON = errors.New("the schema is not JSON")

// ended takes what closes an object or a list.
func ended(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errNotJSON
	}
	return nil
}

func nextOrdered(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, errNotJSON
	}
	switch token {
	case json.Delim('{'):
		t := &tree{values: map[string]any{}}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, errNotJSON
			}
			name, _ := key.(string)
			value, err := nextOrdered(d)
			if err != nil {
				return nil, err
			}
			t.keys = append(t.keys, name)
			t.values[name] = value
		}
		return t, ended(d)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			value, err := nextOrdered(d)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, ended(d)
	}
	return token, nil
}

func (t *tree) text(key string) string {
	s, _ := t.values[key].(string)
	return s
}

// refers finds references to other schemas.
func (t *tree) refers() error {
	for _, key := range t.keys {
		if key == "$ref" || key == "$dynamicRef" {
			return errors.New("the schema refers to another, which is not followed")
		}
		below, _ := t.values[key].([]any)
		for _, v := range append(below, t.values[key]) {
			if sub, ok := v.(*tree); ok {
				if err := sub.refers(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// field describes what a schema declares.
func (t *tree) field(name, lands string) Field {
	if l := t.text("lands"); l != "" {
		lands = l
	}
	f := Field{Name: name, Type: t.words(), Doc: t.text("description"), Lands: lands, Secret: t.values["writeOnly"] == true}
	if values, ok := t.values["enum"].([]any); ok {
		for _, v := range values {
			f.Values = append(f.Values, fmt.Sprint(v))
		}
	}
	if v, given := t.values["default"]; given {
		f.Default = plainText(v)
	}
	if properties, ok := t.values["properties"].(*tree); ok && len(properties.keys) > 0 {
		required, _ := t.values["required"].([]any)
		for _, key := range properties.keys {
			child := Field{Name: key, Type: wordAnything, Lands: lands}
			if sub, ok := properties.values[key].(*tree); ok {
				child = sub.field(key, lands)
			}
			child.Required = slices.Contains(required, any(key))
			f.Fields = append(f.Fields, child)
		}
		return f
	}
	for _, branch := range append([]*tree{t}, t.branches()...) {
		below, ok := branch.values["items"].(*tree)
		if !ok && branch.text("type") == "object" {
			below, ok = branch.values["additionalProperties"].(*tree)
		}
		if ok {
			elem := below.field("", lands)
			f.Elem = &elem
		}
	}
	return f
}

func (t *tree) branches() (all []*tree) {
	for _, key := range []string{"anyOf", "oneOf"} {
		list, _ := t.values[key].([]any)
		for _, v := range list {
			if sub, ok := v.(*tree); ok {
				all = append(all, sub)
			}
		}
	}
	return all
}

// words says in words what a schema takes.
func (t *tree) words() string {
	if kind := t.text("type"); kind != "" {
		return word(kind)
	}
	if values, ok := t.values["enum"].([]any); ok && !slices.ContainsFunc(values, func(v any) bool { _, is := v.(string); return !is }) {
		return wordText
	}
	var all []string
	for _, branch := range t.branches() {
		if w := branch.words(); !slices.Contains(all, w) {
			all = append(all, w)
		}
	}
	if len(all) == 0 {
		return wordAnything
	}
	return strings.Join(all, " or ")
}

// plainText gives a value as JSON.
func plainText(v any) string {
	text, err := json.Marshal(plainOf(v))
	if err != nil {
		return ""
	}
	return string(text)
}

func plainOf(v any) any {
	switch v := v.(type) {
	case *tree:
		out := make(map[string]any, len(v.keys))
		for key, value := range v.values {
			out[key] = plainOf(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plainOf(v[i])
		}
		return out
	}
	return v
}
