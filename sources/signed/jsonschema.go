package signed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"shopbell/document"
	"shopbell/event"
)

// The bounds of a JSON Schema, once its references are followed.
const (
	maxParts = 5_000
	maxLevel = 40
)

// fromJSONSchema translates what rules can use of a JSON Schema, draft 2020-12 and earlier ones: types, enums, what is
// required, references inside the schema, and combinations. What only limits a value (pattern, minimum, not, if) is passed
// over. Where a schema holds itself, the inner one is not checked. Errors say where in the schema.
func fromJSONSchema(text json.RawMessage) (*event.Schema, error) {
	if _, err := parse(text); err != nil {
		return nil, errors.New(strings.Replace(err.Error(), "the body", "the schema", 1))
	}
	t := translator{root: text}
	p, err := t.translate("#", text)
	if err != nil {
		return nil, err
	}
	s := settle(p.schema)
	if s.Form != event.Object && s.Form != event.Table && s.Form != event.Anything {
		return nil, fmt.Errorf("by the schema, a body is %s; it has to be an object", s.Form)
	}
	return s, nil
}

// A translator walks through a schema.
type translator struct {
	root  json.RawMessage
	parts int
	level int
	open  []string // references that are being followed
}

// A draft is one schema object, as far as it is understood.
type draft struct {
	Ref                  *string                    `json:"$ref"`
	Type                 json.RawMessage            `json:"type"`
	Enum                 []json.RawMessage          `json:"enum"`
	Const                json.RawMessage            `json:"const"`
	Title                string                     `json:"title"`
	Description          string                     `json:"description"`
	Properties           json.RawMessage            `json:"properties"`
	PatternProperties    map[string]json.RawMessage `json:"patternProperties"`
	AdditionalProperties json.RawMessage            `json:"additionalProperties"`
	Required             []string                   `json:"required"`
	Items                json.RawMessage            `json:"items"`
	PrefixItems          []json.RawMessage          `json:"prefixItems"`
	AllOf                []json.RawMessage          `json:"allOf"`
	AnyOf                []json.RawMessage          `json:"anyOf"`
	OneOf                []json.RawMessage          `json:"oneOf"`
	Nullable             bool                       `json:"nullable"` // OpenAPI 3.0
}

func (t *translator) translate(at string, raw json.RawMessage) (possible, error) {
	if t.parts++; t.parts > maxParts {
		return possible{}, fmt.Errorf("at %s: the schema has more than %d parts once its references are followed", at, maxParts)
	}
	t.level++
	defer func() { t.level-- }()
	if c := first(raw); t.level > maxLevel || c == 't' || c == 'f' {
		return possible{}, nil
	}
	var d draft
	if err := json.Unmarshal(raw, &d); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
			return possible{}, fmt.Errorf("at %s: %s cannot be %s", at, wrong.Field, jsonWord(wrong.Value))
		}
		return possible{}, fmt.Errorf("at %s: want a schema, which is an object", at)
	}
	p, err := t.plain(at, &d)
	if err != nil {
		return p, err
	}
	if d.Ref != nil {
		referred, err := t.follow(at, *d.Ref)
		if err != nil {
			return p, err
		}
		p = possible{both(p.schema, referred.schema), p.null || referred.null}
	}
	if p, err = t.combine(at, &d, p); err != nil {
		return p, err
	}
	if doc := sentence(orElse(d.Description, d.Title)); doc != "" && p.schema != nil {
		again := *p.schema
		again.Doc, p.schema = doc, &again
	}
	p.null = p.null || d.Nullable
	return p, nil
}

// plain translates a schema without its combinations.
func (t *translator) plain(at string, d *draft) (possible, error) {
	types, err := typesOf(at, d)
	if err != nil {
		return possible{}, err
	}
	p := possible{null: slices.Contains(types, "null")}
	types = slices.DeleteFunc(types, func(s string) bool { return s == "null" })
	if len(types) == 2 && slices.Contains(types, "integer") && slices.Contains(types, "number") {
		types = types[:1]
	}
	if len(types) > 1 {
		p.schema = event.Of(event.Anything, "")
		return p, nil
	}
	if len(types) == 0 {
		return p, nil
	}
	switch types[0] {
	case "string":
		var null bool
		p.schema, null = texts(d)
		p.null = p.null || null
	case "number", "integer":
		p.schema = event.Of(event.Number, "")
	case "boolean":
		p.schema = event.Of(event.Flag, "")
	case "array":
		p.schema, err = t.list(at, d)
	case "object":
		p.schema, err = t.object(at, d)
	}
	return p, err
}

// typesOf gives the types that a schema allows. Without the word, its other words tell.
func typesOf(at string, d *draft) ([]string, error) {
	var types []string
	switch first(d.Type) {
	case 0:
		return implied(d), nil
	case '"':
		types = []string{unquoted(d.Type)}
	default:
		if json.Unmarshal(d.Type, &types) != nil {
			return nil, fmt.Errorf("at %s: type is neither a word nor a list of words", at)
		}
	}
	all := []string{"string", "number", "integer", "boolean", "array", "object", "null"}
	for _, name := range types {
		if !slices.Contains(all, name) {
			hint := document.DidYouMean(name, all)
			return nil, fmt.Errorf("at %s: there is no type %q. %s", at, name, orElse(hint, "The types are "+strings.Join(all, ", ")+"."))
		}
	}
	return types, nil
}

func implied(d *draft) []string {
	switch {
	case d.Properties != nil || d.Required != nil || d.PatternProperties != nil || d.AdditionalProperties != nil:
		return []string{"object"}
	case d.Items != nil || d.PrefixItems != nil:
		return []string{"array"}
	}
	values := d.Enum
	if d.Const != nil {
		values = []json.RawMessage{d.Const}
	}
	var types []string
	for _, v := range values {
		name := map[byte]string{'"': "string", 't': "boolean", 'f': "boolean", 'n': "null", '{': "object", '[': "array"}[first(v)]
		if name = orElse(name, "number"); !slices.Contains(types, name) {
			types = append(types, name)
		}
	}
	return types
}

// texts describes text, with the values that it takes, and says whether null is among them.
func texts(d *draft) (s *event.Schema, null bool) {
	values := d.Enum
	if d.Const != nil {
		values = []json.RawMessage{d.Const}
	}
	s = event.Of(event.Text, "")
	for _, v := range values {
		switch first(v) {
		case '"':
			s.Values = append(s.Values, unquoted(bytes.TrimSpace(v)))
		case 'n':
			null = true
		}
	}
	return s, null
}

func (t *translator) list(at string, d *draft) (*event.Schema, error) {
	if d.PrefixItems != nil || first(d.Items) == '[' || d.Items == nil {
		return event.ListOf("", event.Of(event.Anything, "")), nil
	}
	elem, err := t.translate(at+"/items", d.Items)
	return event.ListOf("", elem.orAnything()), err
}

func (t *translator) object(at string, d *draft) (*event.Schema, error) {
	if d.Properties != nil && first(d.Properties) != '{' {
		return nil, fmt.Errorf("at %s: properties is not an object", at)
	}
	members := membersOf(d.Properties)
	if len(members) == 0 {
		return t.table(at, d)
	}
	s := event.ObjectOf("")
	for _, m := range members {
		p, err := t.translate(at+"/properties/"+m.name, m.raw)
		if err != nil {
			return nil, err
		}
		s.Fields = append(s.Fields, event.Field{Name: m.name, Optional: p.null || !slices.Contains(d.Required, m.name), Schema: p.orAnything()})
	}
	for _, name := range d.Required {
		if _, ok := s.Field(name); !ok {
			s.Fields = append(s.Fields, event.Must(name, event.Of(event.Anything, "")))
		}
	}
	return s, nil
}

// table describes an object whose names are not listed.
func (t *translator) table(at string, d *draft) (*event.Schema, error) {
	var elem possible
	values := d.PatternProperties
	if first(d.AdditionalProperties) == '{' {
		values = map[string]json.RawMessage{"": d.AdditionalProperties}
	}
	for _, pattern := range slices.Sorted(maps.Keys(values)) {
		p, err := t.translate(at+"/additionalProperties", values[pattern])
		if err != nil {
			return nil, err
		}
		elem = union(elem, p)
	}
	return event.TableOf("", elem.orAnything()), nil
}

// combine adds allOf, anyOf and oneOf.
func (t *translator) combine(at string, d *draft, p possible) (possible, error) {
	for i, raw := range d.AllOf {
		q, err := t.translate(at+"/allOf/"+strconv.Itoa(i), raw)
		if err != nil {
			return p, err
		}
		p = possible{both(p.schema, q.schema), p.null || q.null}
	}
	for _, choice := range []struct {
		word     string
		branches []json.RawMessage
	}{{"anyOf", d.AnyOf}, {"oneOf", d.OneOf}} {
		one, err := t.choose(at+"/"+choice.word, choice.branches)
		if err != nil {
			return p, err
		}
		p = possible{both(p.schema, one.schema), p.null || one.null}
	}
	return p, nil
}

// choose says what fits one of several schemas. One that says nothing allows anything.
func (t *translator) choose(at string, branches []json.RawMessage) (one possible, err error) {
	open := false
	for i, raw := range branches {
		p, err := t.translate(at+"/"+strconv.Itoa(i), raw)
		if err != nil {
			return one, err
		}
		open = open || p == possible{}
		one = union(one, p)
	}
	if open {
		one.schema = nil
	}
	return one, nil
}

// follow translates what a reference refers to. One that is being followed already is not followed again.
func (t *translator) follow(at, ref string) (possible, error) {
	if slices.Contains(t.open, ref) {
		return possible{schema: event.Of(event.Anything, "")}, nil
	}
	target, ok := t.find(ref)
	if !ok {
		if !strings.HasPrefix(ref, "#") {
			return possible{}, fmt.Errorf("at %s: %q is outside of this schema: put what it refers to into $defs, and refer to that with #/$defs/…", at, ref)
		}
		return possible{}, fmt.Errorf("at %s: there is nothing at %q", at, ref)
	}
	t.open = append(t.open, ref)
	defer func() { t.open = t.open[:len(t.open)-1] }()
	return t.translate(ref, target)
}

// find gives what a local reference means: "#", a JSON pointer, or the name of an anchor in $defs.
func (t *translator) find(ref string) (json.RawMessage, bool) {
	pointer, ok := strings.CutPrefix(ref, "#")
	if !ok {
		return nil, false
	}
	if pointer, ok = unescaped(pointer); !ok {
		return nil, false
	}
	if pointer != "" && pointer[0] != '/' {
		return t.anchor(pointer)
	}
	at := t.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		var list []json.RawMessage
		if i, err := strconv.Atoi(token); err == nil && json.Unmarshal(at, &list) == nil && i >= 0 && i < len(list) {
			at = list[i]
		} else if at = rawAt(at, []string{token}); at == nil {
			return nil, false
		}
	}
	return at, true
}

func unescaped(pointer string) (string, bool) {
	text, err := url.PathUnescape(pointer)
	return text, err == nil
}

func (t *translator) anchor(name string) (json.RawMessage, bool) {
	for _, m := range membersOf(rawAt(t.root, []string{"$defs"})) {
		if raw := rawAt(m.raw, []string{"$anchor"}); raw != nil && unquoted(raw) == name {
			return m.raw, true
		}
	}
	return nil, false
}

// sentence gives the first sentence of a description.
func sentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if i := strings.Index(text, ". "); i >= 0 {
		text = text[:i+1]
	}
	return clip(text, 200)
}
