package shape

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	generate "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// The words for JSON's types.
const (
	wordText     = "text"
	wordNumber   = "number"
	wordFlag     = "true or false"
	wordList     = "list"
	wordObject   = "object"
	wordAnything = "anything"
)

// declare makes the shape of a struct type.
func declare(t reflect.Type) (*Shape, error) {
	if err := finite(t, nil); err != nil {
		return nil, err
	}
	r := generate.Reflector{DoNotReference: true, Anonymous: true, Mapper: asText}
	root := r.ReflectFromType(t)
	root.Version = "" // so that it can stand inside a larger schema
	whole, err := describe("", root, t, "")
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(root)
	if err != nil {
		return nil, err
	}
	check, err := compile(text)
	if err != nil {
		return nil, err
	}
	return &Shape{fields: whole.Fields, schema: text, check: check}, nil
}

func compile(text []byte) (*jsonschema.Schema, error) {
	var doc any
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, err
	}
	const name = "shape.json"
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		return nil, err
	}
	return c.Compile(name)
}

// finite tells whether a type ends: one that holds itself has no schema without references.
func finite(t reflect.Type, within []reflect.Type) error {
	if slices.Contains(within, t) {
		return fmt.Errorf("type %s holds itself", t)
	}
	if declaresItself(t) || asText(t) != nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return finite(t.Elem(), append(within, t))
	case reflect.Struct:
		for f := range t.Fields() {
			if f.IsExported() && f.Tag.Get("json") != "-" {
				if err := finite(f.Type, append(within, t)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// declaresItself tells whether a type brings its own schema.
func declaresItself(t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[interface{ JSONSchema() *generate.Schema }]())
}

// asText gives the schema of types that are read from text, such as a network prefix; nil for all others.
func asText(t reflect.Type) *generate.Schema {
	if t == reflect.TypeFor[time.Time]() || declaresItself(t) ||
		!reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		return nil
	}
	return &generate.Schema{Type: "string"}
}

// describe makes the field for people out of a schema and the Go type it came from, which is nil where the schema says
// more than the type. It marks secrets in the schema.
func describe(name string, s *generate.Schema, t reflect.Type, lands string) (Field, error) {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	f := Field{Name: name, Type: typeWord(s), Doc: s.Description, Lands: lands}
	if t != nil && t.Implements(reflect.TypeFor[interface{ Reveal() string }]()) {
		f.Secret, s.WriteOnly = true, true
	}
	for _, v := range s.Enum {
		f.Values = append(f.Values, fmt.Sprint(v))
	}
	if s.Default != nil {
		text, err := json.Marshal(s.Default)
		if err != nil {
			return f, err
		}
		f.Default = string(text)
	}
	return f, f.fill(s, t)
}

// fill describes what is below a field.
func (f *Field) fill(s *generate.Schema, t reflect.Type) error {
	if s.Properties != nil && s.Properties.Len() > 0 {
		return f.keys(s, t)
	}
	for _, branch := range append([]*generate.Schema{s}, append(s.AnyOf, s.OneOf...)...) {
		below := branch.Items
		if below == nil && branch.Type == "object" && branch.AdditionalProperties != generate.FalseSchema {
			below = branch.AdditionalProperties
		}
		if below == nil {
			continue
		}
		elem, err := describe("", below, elemOf(t), f.Lands)
		if err != nil {
			return err
		}
		f.Elem = &elem
	}
	return nil
}

func (f *Field) keys(s *generate.Schema, t reflect.Type) error {
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		field, ok := fieldOf(t, p.Key)
		if !ok && t != nil && !declaresItself(t) {
			return fmt.Errorf("a field has no json tag (%s)", p.Key)
		}
		lands := f.Lands
		if !ok { // a type that declares itself, and says nothing of where this lands
			lands = ""
		}
		if l, told := field.Tag.Lookup("lands"); told { // also "", where all around lands elsewhere
			lands = l
		}
		child, err := describe(p.Key, p.Value, field.Type, lands)
		if err != nil {
			return fmt.Errorf("%s: %w", p.Key, err)
		}
		if child.Doc == "" {
			return fmt.Errorf("%s: %w", p.Key, errUndescribed)
		}
		child.Required = slices.Contains(s.Required, p.Key)
		f.Fields = append(f.Fields, child)
	}
	return nil
}

var errUndescribed = errors.New("the field has no jsonschema_description")

// elemOf gives the type of a list's items or of a table's values; nil when t is neither.
func elemOf(t reflect.Type) reflect.Type {
	if t == nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Slice, reflect.Array, reflect.Map:
		return t.Elem()
	}
	return nil
}

// fieldOf finds the field of a struct that bears a json key, also in embedded structs.
func fieldOf(t reflect.Type, key string) (reflect.StructField, bool) {
	if t == nil || t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for _, f := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name == key {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// typeWord says in words what a schema takes.
func typeWord(s *generate.Schema) string {
	if s.Type != "" {
		return word(s.Type)
	}
	var words []string
	for _, branch := range append(s.AnyOf, s.OneOf...) {
		if w := typeWord(branch); !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	if len(words) == 0 {
		return wordAnything
	}
	return strings.Join(words, " or ")
}

func word(jsonType string) string {
	switch jsonType {
	case "string":
		return wordText
	case "number", "integer":
		return wordNumber
	case "boolean":
		return wordFlag
	case "array":
		return wordList
	case "object":
		return wordObject
	}
	return wordAnything
}
