package rules

import (
	"slices"

	"shopbell/event"
	"shopbell/shape"
)

// A form is what kind of value an expression gives, as far as the checker tells them apart.
type form int

const (
	anything form = iota
	nothing       // nil
	flag
	number
	text
	list
	object // with known fields
	table  // with free keys
	moment // a point in time
	span   // a length of time
)

// String gives the word that a merchant would use.
func (f form) String() string {
	return [...]string{"anything", "nothing", "true or false", "a number", "text", "a list", "an object", "a table", "a time", "a length of time"}[f]
}

// A kind is what the checker knows of a value before there is one. It is read-only.
type kind struct {
	form   form
	elem   *kind            // of list and table; nil means anything
	fields map[string]*kind // of object
	names  []string         // of the fields, in the order in which to suggest them
	values []string         // of text: the only values it takes; none means any
	open   bool             // of object: fields beyond the known ones are anything
	empty  bool             // it can be nil in ordinary cases
}

func of(f form) *kind { return &kind{form: f} }

func listOf(elem *kind) *kind { return &kind{form: list, elem: elem} }

// element gives the kind of a list's or table's values.
func (k *kind) element() *kind {
	if k.elem == nil {
		return of(anything)
	}
	return k.elem
}

// orEmpty gives the same kind, which can be nil.
func (k *kind) orEmpty() *kind {
	if k.empty || k.form == anything {
		return k
	}
	with := *k
	with.empty = true
	return &with
}

// known says that the checker can hold a value of this kind against a rule.
func (k *kind) known() bool { return k.form != anything && k.form != nothing }

// has tells whether text is one of the values that a kind takes.
func (k *kind) has(value string) bool {
	return len(k.values) == 0 || slices.Contains(k.values, value)
}

// kindOf turns the schema of a catalog into a kind.
func kindOf(s *event.Schema) *kind {
	if s == nil {
		return of(anything)
	}
	k := &kind{values: s.Values}
	switch s.Form {
	case event.Flag:
		k.form = flag
	case event.Number:
		k.form = number
	case event.Text:
		k.form = text
	case event.List:
		k.form, k.elem = list, kindOf(s.Elem)
	case event.Table:
		k.form, k.elem = table, kindOf(s.Elem)
	case event.Object:
		k.form, k.fields = object, make(map[string]*kind, len(s.Fields))
		for _, f := range s.Fields {
			field := kindOf(f.Schema)
			if f.Optional {
				field = field.orEmpty()
			}
			k.fields[f.Name] = field
			k.names = append(k.names, f.Name)
		}
	}
	return k
}

// kindOfField turns a declared field of an action into a kind.
func kindOfField(f shape.Field) *kind {
	k := &kind{values: f.Values, empty: !f.Required}
	switch f.Type {
	case "text":
		k.form = text
	case "number":
		k.form = number
	case "true or false":
		k.form = flag
	case "list":
		k.form = list
		if f.Elem != nil {
			k.elem = kindOfField(*f.Elem)
		}
	case "object":
		if f.Fields == nil {
			k.form = table
			if f.Elem != nil {
				k.elem = kindOfField(*f.Elem)
			}
			break
		}
		return kindOfFields(f.Fields)
	}
	return k
}

func kindOfFields(fields []shape.Field) *kind {
	k := &kind{form: object, fields: make(map[string]*kind, len(fields))}
	for _, f := range fields {
		k.fields[f.Name] = kindOfField(f)
		k.names = append(k.names, f.Name)
	}
	return k
}

// record makes an object kind of pairs of name and kind.
func record(names []string, kinds ...*kind) *kind {
	k := &kind{form: object, names: names, fields: make(map[string]*kind, len(names))}
	for i, kind := range kinds {
		k.fields[names[i]] = kind
	}
	return k
}
