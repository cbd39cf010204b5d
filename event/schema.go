package event

import "slices"

// A Form is the shape of a JSON value.
type Form int

// The forms that a value can have.
const (
	Anything Form = iota // any JSON value; not checked
	Flag                 // true or false
	Number               // a JSON number, whole or not
	Text                 // a JSON string
	List                 // a JSON array of Elem
	Object               // a JSON object with Fields
	Table                // a JSON object with free keys, each value an Elem
)

// String gives the word that a merchant would use for f.
func (f Form) String() string {
	return [...]string{"anything", "true or false", "a number", "text", "a list", "an object", "a table"}[f]
}

// A Schema describes a JSON value. It is read-only once built, so many goroutines may share it.
type Schema struct {
	Form   Form
	Doc    string   // one sentence for people
	Elem   *Schema  // of List and Table; nil means Anything
	Fields []Field  // of Object, in the order in which to show them
	Values []string // of Text: the only values it takes; empty means any text
}

// A Field is one named value of an object.
type Field struct {
	Name     string
	Optional bool // the platform leaves it out, or sends null, in ordinary cases
	*Schema
}

// Field finds a field of an object by its exact name.
func (s *Schema) Field(name string) (Field, bool) {
	i := slices.IndexFunc(s.Fields, func(f Field) bool { return f.Name == name })
	if i < 0 {
		return Field{}, false
	}
	return s.Fields[i], true
}

// Names lists the names of an object's fields.
func (s *Schema) Names() []string {
	names := make([]string, len(s.Fields))
	for i, f := range s.Fields {
		names[i] = f.Name
	}
	return names
}

// Of describes a value of form f that needs no further word than doc.
func Of(f Form, doc string) *Schema { return &Schema{Form: f, Doc: doc} }

// Enum describes text that takes only the given values.
func Enum(doc string, values ...string) *Schema {
	return &Schema{Form: Text, Doc: doc, Values: values}
}

// ListOf describes an array of elem.
func ListOf(doc string, elem *Schema) *Schema { return &Schema{Form: List, Doc: doc, Elem: elem} }

// TableOf describes an object with free keys and values like elem.
func TableOf(doc string, elem *Schema) *Schema { return &Schema{Form: Table, Doc: doc, Elem: elem} }

// ObjectOf describes an object with the given fields.
func ObjectOf(doc string, fields ...Field) *Schema {
	return &Schema{Form: Object, Doc: doc, Fields: fields}
}

// Must gives a field that is always there.
func Must(name string, s *Schema) Field { return Field{Name: name, Schema: s} }

// May gives a field that can be absent.
func May(name string, s *Schema) Field { return Field{Name: name, Schema: s, Optional: true} }
