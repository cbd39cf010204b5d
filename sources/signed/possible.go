package signed

import (
	"slices"

	"shopbell/event"
)

// A possible is what a value can be: of a schema, null, or both. The zero value says that nothing is known yet.
type possible struct {
	schema *event.Schema
	null   bool
}

// orAnything gives the schema. What is only known to be null has none yet: another sample or branch may tell more.
func (p possible) orAnything() *event.Schema {
	if p.schema == nil && !p.null {
		return event.Of(event.Anything, "")
	}
	return p.schema
}

// settle puts a schema wherever nothing is known to the end.
func settle(s *event.Schema) *event.Schema {
	if s == nil {
		return event.Of(event.Anything, "")
	}
	if s.Form == event.List || s.Form == event.Table {
		s.Elem = settle(s.Elem)
	}
	for i := range s.Fields {
		s.Fields[i].Schema = settle(s.Fields[i].Schema)
	}
	return s
}

// union says what a value can be that is like one or like the other.
func union(a, b possible) possible {
	return possible{schema: either(a.schema, b.schema), null: a.null || b.null}
}

// either gives the schema of what fits one of two; nil stands for nothing known.
func either(a, b *event.Schema) *event.Schema {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.Form != b.Form:
		return event.Of(event.Anything, orElse(a.Doc, b.Doc))
	}
	s := &event.Schema{Form: a.Form, Doc: orElse(a.Doc, b.Doc)}
	if len(a.Values) > 0 && len(b.Values) > 0 {
		s.Values = slices.Concat(a.Values, without(b.Values, a.Values))
	}
	if a.Form == event.List || a.Form == event.Table {
		s.Elem = either(a.Elem, b.Elem)
	}
	for _, f := range a.Fields {
		g, ok := b.Field(f.Name)
		if !ok {
			f.Optional = true
		} else {
			f.Optional, f.Schema = f.Optional || g.Optional, either(f.Schema, g.Schema)
		}
		s.Fields = append(s.Fields, f)
	}
	for _, g := range b.Fields {
		if _, ok := a.Field(g.Name); !ok {
			g.Optional = true
			s.Fields = append(s.Fields, g)
		}
	}
	return s
}

// both gives the schema of what fits two at once; nil stands for nothing known. Where they contradict each other, the first
// counts.
func both(a, b *event.Schema) *event.Schema {
	switch {
	case a == nil:
		return b
	case b == nil || b.Form == event.Anything:
		return a
	case a.Form == event.Anything:
		again := *b
		again.Doc = orElse(a.Doc, b.Doc)
		return &again
	case a.Form == event.Table && b.Form == event.Object:
		return b
	case a.Form != b.Form:
		return a
	}
	s := &event.Schema{Form: a.Form, Doc: orElse(a.Doc, b.Doc), Values: a.Values}
	switch {
	case len(a.Values) == 0:
		s.Values = b.Values
	case len(b.Values) > 0:
		if common := without(a.Values, without(a.Values, b.Values)); len(common) > 0 {
			s.Values = common
		}
	}
	if a.Form == event.List || a.Form == event.Table {
		s.Elem = both(a.Elem, b.Elem)
	}
	for _, f := range a.Fields {
		if g, ok := b.Field(f.Name); ok {
			f.Optional, f.Schema = f.Optional && g.Optional, both(f.Schema, g.Schema)
		}
		s.Fields = append(s.Fields, f)
	}
	for _, g := range b.Fields {
		if _, ok := a.Field(g.Name); !ok {
			s.Fields = append(s.Fields, g)
		}
	}
	return s
}

// without gives the values that are not among others.
func without(values, others []string) []string {
	var left []string
	for _, v := range values {
		if !slices.Contains(others, v) {
			left = append(left, v)
		}
	}
	return left
}
