package engine

import (
	"bytes"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"shopbell/event"
)

// A scrubber puts stand-ins in place of what values say of people: the same stand-in for the same e-mail address, name or
// number, wherever it stands. It first learns all values that belong together, then rewrites each.
//
// What a text is of is told by the catalog's schema, by the names of the fields, and by its form. What is none of a person
// stays: ids, amounts, SKUs, statuses, dates, countries.
type scrubber struct {
	given  map[string]string // by kind and folded text, the stand-in
	counts map[kind]int      // by kind, how many stand-ins there are
	words  map[string]string // folded texts that are replaced inside longer ones too
	known  *regexp.Regexp    // finds words; nil when it has to be made anew
}

func newScrubber() *scrubber {
	return &scrubber{given: map[string]string{}, counts: map[kind]int{}, words: map[string]string{}}
}

// decodeNumbers reads JSON with its numbers as they are written.
func decodeNumbers(raw json.RawMessage) (value any, err error) {
	if _, err := event.Decode(raw); err != nil { // too deep, or no JSON
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	return value, nil
}

// learn notes what a value says of people.
func (x *scrubber) learn(value any, s *event.Schema) {
	x.walk(value, s, spot{}, false)
}

// scrub gives a value with stand-ins.
func (x *scrubber) scrub(value any, s *event.Schema) any {
	return x.walk(value, s, spot{}, true)
}

// A spot says where a value stands.
type spot struct {
	field  fieldName // the name of the nearest field
	person bool      // the object is about a person: its name is a person's
	free   bool      // below a field whose texts somebody has typed
}

// walk goes through a value, and gives it anew when it is to be written.
func (x *scrubber) walk(value any, s *event.Schema, at spot, write bool) any {
	switch v := value.(type) {
	case map[string]any:
		return x.object(v, s, at, write)
	case []any:
		var elem *event.Schema
		if s != nil {
			elem = s.Elem
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = x.walk(v[i], elem, at, write)
		}
		return out
	case string:
		return x.text(v, s, at, write)
	case json.Number:
		return x.number(v, at, write)
	}
	return value
}

func (x *scrubber) object(v map[string]any, s *event.Schema, at spot, write bool) any {
	person, typed := isPerson(v, s) || at.field.person(), isTyped(v)
	out := make(map[string]any, len(v))
	for _, key := range slices.Sorted(maps.Keys(v)) {
		name := nameOfField(key)
		if name.secret() {
			continue
		}
		below := spot{field: name, person: person, free: at.free || name.typed() || typed && name.vague()}
		if name.vague() { // what a value is of is told by what it stands in
			below.field, below.person = append(slices.Clone(at.field), name...), person || at.person
		}
		one := x.walk(v[key], schemaBelow(s, key), below, write)
		if write {
			key = x.find(key, strings.ContainsRune(key, ' '))
		}
		out[key] = one
	}
	return out
}

func schemaBelow(s *event.Schema, key string) *event.Schema {
	if s == nil {
		return nil
	}
	if f, ok := s.Field(key); ok {
		return f.Schema
	}
	return s.Elem // of a table
}

// text deals with one text.
func (x *scrubber) text(v string, s *event.Schema, at spot, write bool) string {
	kind := kindOf(v, s, at)
	switch {
	case kind == kindStays:
		return v
	case kind != kindPlain && kind != kindID:
		return x.standIn(kind, v)
	case write:
		return x.find(v, kind == kindPlain)
	}
	x.find(v, false) // what it gives is thrown away; what it found is known
	return v
}

// number deals with one number: a person's phone number may be written as one.
func (x *scrubber) number(v json.Number, at spot, write bool) any {
	kind := at.field.kind(at.person)
	switch kind {
	case kindGeo:
		return json.Number("0")
	case kindPhone, kindTax, kindIP, kindPostal, kindBirth:
	default:
		return v
	}
	digits := strings.TrimLeft(onlyDigits(x.standIn(kind, v.String())), "0")
	if digits == "" {
		digits = "0"
	}
	return json.Number(digits)
}

// standIn gives what stands for a text of a kind: the same for the same text, however its letters are written.
func (x *scrubber) standIn(kind kind, v string) string {
	v = strings.TrimSpace(v)
	if kind == kindName {
		return x.name(v)
	}
	key := string(kind) + "\x00" + foldKey(kind, v)
	if made, ok := x.given[key]; ok {
		x.word(v, made)
		return made
	}
	x.counts[kind]++
	made := kind.make(x.counts[kind], v)
	x.given[key] = made
	if kind == kindStreet {
		for line := range strings.FieldsFuncSeq(v, func(c rune) bool { return c == '\n' || c == ',' }) {
			x.word(strings.TrimSpace(line), made)
		}
	}
	if kind != kindFree && kind != kindBirth && kind != kindGeo {
		x.word(v, made)
	}
	return made
}

// name gives what stands for a name, word by word, so that a full name goes on being made of the first and the last.
func (x *scrubber) name(v string) string {
	var b strings.Builder
	for len(v) > 0 {
		end := strings.IndexFunc(v, func(c rune) bool { return !inWord(c) })
		if end < 0 {
			end = len(v)
		}
		if end == 0 {
			_, size := utf8.DecodeRuneInString(v)
			b.WriteString(v[:size])
			v = v[size:]
			continue
		}
		word := v[:end]
		key := string(kindName) + "\x00" + strings.ToLower(word)
		made, ok := x.given[key]
		if !ok {
			x.counts[kindName]++
			made = kindName.make(x.counts[kindName], word)
			x.given[key] = made
		}
		x.word(word, made)
		b.WriteString(made)
		v = v[end:]
	}
	return b.String()
}

// foldKey gives what two spellings of the same have in common.
func foldKey(kind kind, v string) string {
	if kind == kindPhone {
		if digits := strings.TrimLeft(onlyDigits(v), "0"); digits != "" {
			return digits[max(0, len(digits)-9):] // with and without the country's number
		}
	}
	return strings.ToLower(v)
}
