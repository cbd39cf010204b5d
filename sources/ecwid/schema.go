package ecwid

import (
	"fmt"
	"strings"

	"shopbell/event"
)

// parseSchemas reads named schemas. One line is one value; two spaces of indentation put it inside the one above:
//
//	order = object: An order.
//	  id! text: The order's number.            (! means always there)
//	  paymentStatus! PAID|CANCELLED: How far the payment is.
//	  items! list: What was bought.
//	    sku! text: The SKU.
//	  shippingPerson @person: Who gets it.     (another schema by its name)
//	  extraFields table of text: Free keys.
//
// A schema may refer only to those above it. Empty lines, and lines that begin with #, mean nothing.
func parseSchemas(text string) (map[string]*event.Schema, error) {
	named := make(map[string]*event.Schema)
	var open []*event.Schema // the value that is open at each depth
	for number, line := range strings.Split(text, "\n") {
		body := strings.TrimLeft(line, " ")
		if body == "" || body[0] == '#' {
			continue
		}
		depth := (len(line) - len(body)) / 2
		if depth > len(open) || (len(line)-len(body))%2 != 0 {
			return nil, fmt.Errorf("line %d: indentation does not fit", number+1)
		}
		name, schema, optional, err := parseLine(body, named)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		if depth == 0 {
			named[name] = schema
		} else if err := addField(open[depth-1], event.Field{Name: name, Optional: optional, Schema: schema}); err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		open = append(open[:depth], schema)
	}
	return named, nil
}

func addField(to *event.Schema, f event.Field) error {
	if to.Form == event.List || to.Form == event.Table {
		to = to.Elem
	}
	if to == nil || to.Form != event.Object {
		return fmt.Errorf("%s is inside something that has no fields", f.Name)
	}
	if _, twice := to.Field(f.Name); twice {
		return fmt.Errorf("%s is given twice", f.Name)
	}
	to.Fields = append(to.Fields, f)
	return nil
}

func parseLine(line string, named map[string]*event.Schema) (name string, s *event.Schema, optional bool, err error) {
	head, doc, _ := strings.Cut(line, ": ")
	name, form, ok := strings.Cut(head, " ")
	if !ok {
		return "", nil, false, fmt.Errorf("%q has no form", line)
	}
	form = strings.TrimPrefix(form, "= ")
	name, always := strings.CutSuffix(name, "!")
	s, err = parseForm(form, strings.TrimSpace(doc), named)
	return name, s, !always, err
}

func parseForm(form, doc string, named map[string]*event.Schema) (*event.Schema, error) {
	if of, ok := strings.CutPrefix(form, "list of "); ok {
		elem, err := parseForm(of, "", named)
		return event.ListOf(doc, elem), err
	}
	if of, ok := strings.CutPrefix(form, "table of "); ok {
		elem, err := parseForm(of, "", named)
		return event.TableOf(doc, elem), err
	}
	if ref, ok := strings.CutPrefix(form, "@"); ok {
		s, ok := named[ref]
		if !ok {
			return nil, fmt.Errorf("there is no schema %q above", ref)
		}
		again := *s
		if doc != "" {
			again.Doc = doc
		}
		return &again, nil
	}
	switch form {
	case "text":
		return event.Of(event.Text, doc), nil
	case "number":
		return event.Of(event.Number, doc), nil
	case "flag":
		return event.Of(event.Flag, doc), nil
	case "anything":
		return event.Of(event.Anything, doc), nil
	case "object":
		return event.ObjectOf(doc), nil
	case "list":
		return event.ListOf(doc, event.ObjectOf("")), nil
	}
	if strings.Contains(form, "|") {
		return event.Enum(doc, strings.Split(form, "|")...), nil
	}
	return nil, fmt.Errorf("unknown form %q", form)
}

// parseTypes reads event types, one a line: name, scope, noun, claim and then what happened. A dash stands for none; a
// + after the noun says that the entity can be read back.
func parseTypes(text string, schemas map[string]*event.Schema) ([]event.Type, error) {
	var types []event.Type
	for number, line := range strings.Split(text, "\n") {
		columns := strings.Fields(line)
		if len(columns) == 0 || columns[0] == "#" {
			continue
		}
		if len(columns) < 5 {
			return nil, fmt.Errorf("line %d: want name, scope, noun, claim and words", number+1)
		}
		t := event.Type{Name: columns[0], Scope: columns[1], Doc: strings.Join(columns[4:], " ")}
		t.Change = changeOf(t.Name)
		if alias := snake(t.Name); alias != t.Name {
			t.Aliases = []string{alias}
		}
		if noun := columns[2]; noun != "-" {
			t.Noun, t.Readable = strings.CutSuffix(noun, "+")
			if t.Entity = schemas[t.Noun]; t.Entity == nil {
				return nil, fmt.Errorf("line %d: no schema for the noun %q", number+1, t.Noun)
			}
		}
		if claim := columns[3]; claim != "-" {
			if t.Data = schemas[claim]; t.Data == nil {
				return nil, fmt.Errorf("line %d: no schema for the claim %q", number+1, claim)
			}
		}
		types = append(types, t)
	}
	return types, nil
}

func changeOf(name string) event.Change {
	_, what, _ := strings.Cut(name, ".")
	switch what {
	case "created":
		return event.Created
	case "updated":
		return event.Updated
	case "deleted", "uninstalled": // of an app nothing is left either
		return event.Deleted
	}
	return event.Other
}

// snake gives the spelling of Ecwid's own client library, personal_data_export_request, for the documentation's
// personalDataExportRequest.
func snake(name string) string {
	var b strings.Builder
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}
