// Package shape makes one declaration out of a Go struct: its JSON Schema, its list of fields for people, and a check
// of values against it that answers in a merchant's words.
//
//	s := shape.Of(new(Params))
//	for _, fault := range s.Check(map[string]any{"chanel": "#x"}) {
//		// fault.Path == ["chanel"], fault.Message == `unknown key "chanel"`, fault.Hint == `Did you mean "channel"?`
//	}
//
// It knows JSON Schema and Go's struct tags:
//
//	Channel string `json:"channel" jsonschema:"maxLength=80" jsonschema_description:"Channel to post in." lands:"slack"`
//
// where json gives the key (omitempty makes it optional), jsonschema limits, jsonschema_description the words for
// people and lands how text that a rule puts there is escaped. A type with a method `Reveal() string` holds a secret.
// It does not know YAML, rules or actions.
package shape

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Shape is what a struct declares. It is read-only and may be used by many goroutines at once.
type Shape struct {
	fields []Field
	schema json.RawMessage
	check  *jsonschema.Schema
}

// A Field is one declared key, for people and for the checker of rules.
type Field struct {
	Name     string
	Type     string // "text", "number", "true or false", "list", "object", "anything", or some of them joined by " or "
	Doc      string
	Required bool
	Secret   bool
	Values   []string // the only values it takes; empty means any
	Default  string   // as JSON; "" for none
	Lands    string   // of the tag `lands`: how text that a rule puts here, or anywhere below, is escaped
	Elem     *Field   // of a list, and of an object with free keys; nil means anything
	Fields   []Field  // of an object with declared keys
}

// A Fault is one way in which a value does not fit.
type Fault struct {
	Path    []string // keys and list indexes down to the place; for a missing key, down to the object that lacks it
	OnKey   bool     // the key at Path is at fault, not its value
	Message string   // such as `unknown key "chanel"`, `"to" is missing`, `want text, got a number`
	Hint    string   // a sentence that says what would be right, or ""
}

// Of makes the shape of the struct that ptr points to. It panics when the struct cannot be declared (a field without a
// json tag or without words for people, a type that holds itself, a limit that is not one): that is a mistake of the
// program, found by any test.
func Of(ptr any) *Shape {
	t := reflect.TypeOf(ptr)
	if t == nil || t.Kind() != reflect.Pointer || t.Elem().Kind() != reflect.Struct {
		panic(fmt.Sprintf("shape: want a pointer to a struct, got %T", ptr))
	}
	s, err := declare(t.Elem())
	if err != nil {
		panic(fmt.Sprintf("shape: %s: %v", t.Elem(), err))
	}
	return s
}

// Fields lists the declared keys, in the order of the struct. It must not be changed.
func (s *Shape) Fields() []Field { return s.fields }

// JSON gives the shape as a JSON Schema (2020-12) for one object, without $schema and $id, so that it can be put into
// a larger one. It must not be changed.
func (s *Shape) JSON() json.RawMessage { return s.schema }

// Lookup finds what is declared for the place that a path of keys and list indexes leads to. It walks into lists,
// objects and free keys; below what is declared as anything, everything is anything and lands where that lands.
func (s *Shape) Lookup(path []string) (Field, bool) {
	at := Field{Type: wordObject, Fields: s.fields}
	for _, element := range path {
		next, ok := at.step(element)
		if !ok {
			return Field{}, false
		}
		at = next
	}
	return at, true
}

// step goes one key or list index down.
func (f *Field) step(element string) (Field, bool) {
	for i := range f.Fields {
		if f.Fields[i].Name == element {
			return f.Fields[i], true
		}
	}
	switch {
	case len(f.Fields) > 0:
		return Field{}, false
	case f.Elem != nil:
		if f.Type != wordObject {
			if _, err := strconv.Atoi(element); err != nil {
				return Field{}, false
			}
		}
		return *f.Elem, true
	case f.Type == wordText || f.Type == wordNumber || f.Type == wordFlag:
		return Field{}, false
	}
	return Field{Name: element, Type: wordAnything, Lands: f.Lands}, true
}
