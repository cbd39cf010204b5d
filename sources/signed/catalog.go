package signed

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/expr-lang/expr/builtin"

	"shopbell/document"
	"shopbell/event"
)

// A typeInfo is an event type with where its entity is.
type typeInfo struct {
	event.Type
	entity  *expression // nil without a noun
	subject *expression // nil for the entity's id
}

// any says how types that are not listed look: they have any name, no entity, and Data of any form.
func (s *source) any() *event.Type {
	return &event.Type{Name: "*", Doc: "An event type that the config of this source does not list.",
		Data: event.Of(event.Anything, "What the notification says.")}
}

// types gives the event types of the preset, changed and added to by the config.
func (c *Config) types(p *preset, f finder, covered bool) ([]*typeInfo, error) {
	known, err := rows(typesText, p.name)
	if err != nil {
		return nil, fmt.Errorf("types.txt: %w", err) // found by any test
	}
	m := maker{finder: f, covered: covered}
	own := maps.Clone(c.Events)
	for _, r := range known {
		spec := r.EventType
		if r.wire != r.name {
			spec.Names = []string{r.wire}
		}
		for _, name := range []string{r.name, r.wire} {
			if given, ok := own[name]; ok {
				spec = spec.over(given)
				delete(own, name)
			}
		}
		if f.each != nil {
			spec.Entity = ""
		}
		if err := m.add(r.name, spec, false); err != nil {
			return nil, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if err := m.add(name, own[name], true); err != nil {
			return nil, err
		}
	}
	return m.types, m.unique()
}

// over gives t with what is written in own instead.
func (t EventType) over(own EventType) EventType {
	t.Names = append(t.Names, own.Names...)
	t.Schema, t.Sample = own.Schema, own.Sample
	for _, pair := range []struct{ to, from *string }{
		{&t.Doc, &own.Doc}, {&t.Noun, &own.Noun}, {&t.Entity, &own.Entity}, {&t.Subject, &own.Subject}, {&t.Change, &own.Change},
	} {
		*pair.to = orElse(*pair.from, *pair.to)
	}
	return t
}

// A maker makes event types, one after the other.
type maker struct {
	finder  finder
	covered bool // the signature covers all of the body
	types   []*typeInfo
}

func (m *maker) add(name string, spec EventType, own bool) error {
	key := "events." + name
	if err := checkType(key, name); err != nil {
		return err
	}
	if err := spec.check(key, m.covered || !own); err != nil {
		return err
	}
	t := &typeInfo{Type: event.Type{Name: name, Aliases: spec.Names, Doc: spec.Doc, Noun: spec.Noun, Readable: spec.Noun != "" && m.covered}}
	var ok bool
	if t.Change, ok = changeOf(spec.Change, name); !ok && spec.Change != "" {
		return oneOf(key+".change", spec.Change, "created", "updated", "deleted", "other")
	}
	if spec.Noun == "" {
		t.Change = event.Other
	}
	var err error
	if spec.Subject != "" {
		if t.subject, err = compile(key+".subject", spec.Subject, "body", "headers", "query", "path", "hash", m.finder.root); err != nil {
			return err
		}
	}
	if t.entity = m.finder.entity; spec.Entity != "" {
		if t.entity, err = compile(key+".entity", spec.Entity, m.finder.root); err != nil {
			return err
		}
	}
	if err := m.describe(key, t, spec); err != nil {
		return err
	}
	m.types = append(m.types, t)
	return nil
}

// describe puts the schemas of the claim and of the entity into a type.
func (m *maker) describe(key string, t *typeInfo, spec EventType) error {
	whole, err := spec.schema(key)
	if err != nil {
		return err
	}
	t.Data = event.Of(event.Anything, "What the notification says.")
	if whole != nil {
		t.Data = whole
		if part, _ := narrow(whole, m.finder.data.path); part != nil && (part.Form == event.Object || part.Form == event.Table) {
			t.Data = part
		}
	}
	if t.Noun == "" {
		t.entity = nil
		return nil
	}
	t.Entity = event.Of(event.Anything, "The "+t.Noun+", as the notification tells it.")
	if whole == nil || t.entity.path == nil {
		return nil
	}
	part, hint := narrow(whole, t.entity.path)
	switch {
	case part == nil:
		return fmt.Errorf("%s.entity: the schema has nothing at %s%s", key, t.entity.code, hint)
	case part.Form != event.Object && part.Form != event.Table && part.Form != event.Anything:
		return fmt.Errorf("%s.entity: by the schema, %s is %s; an entity is an object", key, t.entity.code, part.Form)
	}
	t.Entity = part
	return nil
}

// schema reads the schema or the sample of a type; nil when it has neither.
func (t EventType) schema(key string) (*event.Schema, error) {
	switch {
	case t.Schema != nil && t.Sample != nil:
		return nil, fmt.Errorf("%s has both a schema and a sample: one is enough", key)
	case t.Schema != nil:
		text, err := readDocument(key+".schema", t.Schema)
		if err != nil {
			return nil, err
		}
		s, err := fromJSONSchema(text)
		if err != nil {
			return nil, fmt.Errorf("%s.schema: %w", key, err)
		}
		return s, nil
	case t.Sample != nil:
		text, err := readDocument(key+".sample", t.Sample)
		if err != nil {
			return nil, err
		}
		s, err := fromSample(text)
		if err != nil {
			return nil, fmt.Errorf("%s.sample: %w", key, err)
		}
		return s, nil
	}
	return nil, nil
}

// narrow follows a path, of which the first name stands for the whole schema. It gives nil when the schema has no such
// field, and then a hint.
func narrow(s *event.Schema, path []string) (part *event.Schema, hint string) {
	if path == nil {
		return nil, ""
	}
	for _, name := range path[1:] {
		switch s.Form {
		case event.Object:
			f, ok := s.Field(name)
			if !ok {
				if hint = document.DidYouMean(name, s.Names()); hint != "" {
					hint = ". " + hint
				}
				return nil, hint
			}
			s = f.Schema
		case event.Table:
			if s.Elem == nil {
				return event.Of(event.Anything, ""), ""
			}
			s = s.Elem
		case event.Anything:
			return s, ""
		default:
			return nil, ""
		}
	}
	return s, ""
}

var nouns = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]{0,39}$`)

// taken are the names that rules have already.
func taken(noun string) bool {
	return slices.Contains([]string{"event", "was", "store", "item", "steps", "digest", "env", "not", "in", "and", "or", "matches", "contains",
		"startsWith", "endsWith", "let", "if", "else", "true", "false", "nil"}, noun) || slices.Contains(builtin.Names, noun)
}

func (t EventType) check(key string, covered bool) error {
	switch {
	case t.Noun == "" && t.Entity != "":
		return fmt.Errorf("%s.entity needs a noun, the name under which rules see the entity", key)
	case t.Noun != "" && (!nouns.MatchString(t.Noun) || taken(t.Noun)):
		return fmt.Errorf("%s.noun: %q cannot be the name of an entity in rules; write one such as order", key, t.Noun)
	case t.Noun != "" && !covered:
		return fmt.Errorf("%s.noun: the signature does not cover the body, so what it tells of the %s is no fact: leave noun away and use event.data, "+
			"or sign the body", key, t.Noun)
	}
	for _, name := range t.Names {
		if err := checkType(key+".names", name); err != nil {
			return err
		}
	}
	return nil
}

func checkType(key, name string) error {
	if name == "" || len(name) > maxType || strings.ContainsFunc(name, unprintable) || strings.ContainsAny(name, " *:") {
		return fmt.Errorf("%s: %q cannot be an event type: at most %d bytes, without spaces, colons and stars", key, name, maxType)
	}
	return nil
}

// unique tells of a name that two types share.
func (m *maker) unique() error {
	seen := map[string]string{}
	for _, t := range m.types {
		for _, name := range append([]string{t.Name}, t.Aliases...) {
			if other, twice := seen[name]; twice && other != t.Name {
				return fmt.Errorf("events: %q is a name of both %s and %s", name, other, t.Name)
			} else if twice {
				return errors.New("events." + t.Name + ".names: " + name + " is listed twice")
			}
			seen[name] = t.Name
		}
	}
	return nil
}
