package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/shape"
)

// words are those of JSON Schema that a plugin may use, with `lands`, which is ours. Others would promise what rules cannot be
// checked for, or lead to another file.
func words() []string {
	return []string{"type", "description", "title", "properties", "required", "additionalProperties", "items", "enum", "const",
		"default", "examples", "pattern", "format", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum",
		"exclusiveMaximum", "multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "anyOf", "oneOf",
		"writeOnly", "$schema", "lands"}
}

// accountKeys are what an account of every kind takes.
func accountKeys() []string { return []string{"kind", "stores", "rate", "concurrency"} }

var (
	types    = []string{"string", "number", "integer", "boolean", "array", "object"}
	landings = []string{string(actions.HTML), string(actions.Slack), string(actions.Header), string(actions.Address), string(actions.URL), string(actions.JSON)}
)

// shapes reads the schemas of a plugin.
func (r *manifestReader) shapes(d *declared) {
	m := d.manifest
	d.params = r.schema("params", nil, true)
	d.account = r.schema("account", m, true)
	if m.Result != nil {
		d.result = r.schema("result", nil, false)
	}
	if d.params == nil || d.account == nil {
		return
	}
	for _, f := range d.params.Check(document.Value(r.at("example"))) {
		r.wrong(document.Locate(r.at("example"), f.Path, f.OnKey), f.Message, f.Hint)
	}
	if text, err := json.Marshal(m.Example); err == nil && bytes.Contains(text, []byte("{{")) {
		r.wrong(r.at("example"), "the example holds {{ … }}", "Write values: the exam sends them as they are.")
	}
	names := func(s *shape.Shape) (names []string) {
		for _, f := range s.Fields() {
			names = append(names, f.Name)
		}
		return names
	}
	for _, key := range slices.Sorted(maps.Keys(m.Reaches)) {
		f, ok := d.params.Lookup([]string{key})
		switch k, v := document.Find(r.at("reaches"), key); {
		case !ok || !slices.Contains(names(d.params), key):
			r.wrong(k, fmt.Sprintf("there is no parameter %q", key), document.DidYouMean(key, names(d.params)))
		case f.Type != "text" && (f.Type != "list" || f.Elem == nil || f.Elem.Type != "text"):
			r.wrong(k, fmt.Sprintf("the parameter %q is neither text nor a list of texts", key), "")
		case m.Reaches[key] != actions.Mail && m.Reaches[key] != actions.Phone:
			r.wrong(v, fmt.Sprintf("want email or phone, got %q", m.Reaches[key]), "")
		}
	}
	for i, key := range m.Secrets {
		if f, ok := d.account.Lookup([]string{key}); !ok || !slices.Contains(names(d.account), key) {
			r.wrong(r.at("secrets", fmt.Sprint(i)), fmt.Sprintf("the account has no key %q", key), document.DidYouMean(key, names(d.account)))
		} else if f.Type != "text" {
			r.wrong(r.at("secrets", fmt.Sprint(i)), fmt.Sprintf("the key %q of the account is not text", key), "Only a text can be a secret.")
		}
	}
}

// schema reads one of the schemas; of nothing when the file does not have it. m is given for the account's: it marks secrets, and a
// service is signed to.
func (r *manifestReader) schema(key string, m *Manifest, closed bool) *shape.Shape {
	_, n := document.Find(r.file.Root, key)
	before := len(r.problems)
	copied := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
	if n != nil {
		copied = r.word(n, closed)
	}
	if stop, _ := document.Split(r.problems[before:]); len(stop) > 0 {
		return nil
	}
	if k, _ := document.Find(copied, "type"); k == nil {
		copied.Content = append([]*yaml.Node{text("type"), text("object")}, copied.Content...)
	}
	if k, _ := document.Find(copied, "properties"); k == nil && closed {
		copied.Content = append(copied.Content, text("additionalProperties"), &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
	}
	if m != nil {
		r.secrets(copied, m)
		_, properties := document.Find(copied, "properties")
		for _, taken := range accountKeys() {
			if k, _ := document.Find(properties, taken); k != nil {
				r.wrong(k, fmt.Sprintf("every account has a key %q already", taken), "Choose another name.")
			}
		}
	}
	var b bytes.Buffer
	writeJSON(&b, copied)
	s, err := shape.Read(b.Bytes())
	if err != nil {
		if n == nil {
			n = r.file.Root
		}
		r.wrong(n, err.Error(), "")
		return nil
	}
	return s
}

// secrets marks what is secret in an account's schema, and adds what requests to a service are signed with.
func (r *manifestReader) secrets(schema *yaml.Node, m *Manifest) {
	_, properties := document.Find(schema, "properties")
	if m.URL != "" {
		if properties == nil {
			properties = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
			schema.Content = append(schema.Content, text("properties"), properties)
		}
		for _, k := range []string{signingKey, previousKey} {
			if taken, _ := document.Find(properties, k); taken != nil {
				r.wrong(taken, fmt.Sprintf("the account of every service has a key %q already", k), "Leave it out.")
			}
			properties.Content = append(properties.Content, text(k), signingSchema(k))
		}
		_, required := document.Find(schema, "required")
		if required == nil {
			required = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
			schema.Content = append(schema.Content, text("required"), required)
		}
		required.Content = append(required.Content, text(signingKey))
	}
	for _, key := range m.Secrets {
		if _, p := document.Find(properties, key); p != nil && p.Kind == yaml.MappingNode {
			if k, _ := document.Find(p, "writeOnly"); k == nil {
				p.Content = append(p.Content, text("writeOnly"), &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"})
			}
		}
	}
}

func signingSchema(key string) *yaml.Node {
	doc := "Signing secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64."
	if key == previousKey {
		doc = "The signing secret before this one: while the service changes over, requests are signed with both."
	}
	return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{text("type"), text("string"), text("pattern"), text("^whsec_"),
		text("description"), text(doc), text("writeOnly"), {Kind: yaml.ScalarNode, Tag: "!!bool", Value: "true"}}}
}

func text(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

// word checks one schema and copies it, without aliases. An object with declared keys has no others, unless it says so: a key that is
// misspelt in a rule is to be found when the rule is read.
func (r *manifestReader) word(n *yaml.Node, closed bool) *yaml.Node {
	n = document.Resolve(n)
	if n.Kind != yaml.MappingNode {
		r.wrong(n, "want a JSON Schema", `Write it as { type: string, description: … }.`)
		return n
	}
	out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], document.Resolve(n.Content[i+1])
		if !slices.Contains(words(), k.Value) {
			r.wrong(k, fmt.Sprintf("unknown key %q", k.Value), document.DidYouMean(k.Value, words()))
			continue
		}
		out.Content = append(out.Content, k, r.value(k.Value, v, closed))
	}
	if properties, _ := document.Find(n, "properties"); properties != nil && closed {
		if k, _ := document.Find(n, "additionalProperties"); k == nil {
			out.Content = append(out.Content, text("additionalProperties"), &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"})
		}
	}
	return out
}

// value checks and copies what one word of a schema says.
func (r *manifestReader) value(word string, v *yaml.Node, closed bool) *yaml.Node {
	switch word {
	case "type":
		r.oneOf(v, "type", types)
	case "lands":
		r.oneOf(v, "landing", landings)
	case "items":
		return r.word(v, closed)
	case "additionalProperties":
		if v.Kind == yaml.MappingNode {
			return r.word(v, closed)
		}
	case "anyOf", "oneOf":
		out := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		if v.Kind != yaml.SequenceNode {
			r.wrong(v, word+" wants a list of schemas", "")
			return v
		}
		for _, branch := range v.Content {
			out.Content = append(out.Content, r.word(branch, closed))
		}
		return out
	case "properties":
		out := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		if v.Kind != yaml.MappingNode {
			r.wrong(v, "properties wants keys, each with a schema", "")
			return v
		}
		for i := 0; i+1 < len(v.Content); i += 2 {
			k, sub := v.Content[i], document.Resolve(v.Content[i+1])
			if d, _ := document.Find(sub, "description"); d == nil && sub.Kind == yaml.MappingNode {
				r.warn(k, fmt.Sprintf("%q has no description", k.Value), "Add description: with a sentence, for who writes rules.")
			}
			out.Content = append(out.Content, k, r.word(sub, closed))
		}
		return out
	}
	return v
}

func (r *manifestReader) oneOf(v *yaml.Node, what string, known []string) {
	if v.Kind == yaml.ScalarNode && slices.Contains(known, v.Value) {
		return
	}
	hint := "For several, write anyOf: with a list of schemas."
	if v.Kind == yaml.ScalarNode {
		if hint = document.DidYouMean(v.Value, known); hint == "" {
			hint = "Those are: " + strings.Join(known, ", ") + "."
		}
		r.wrong(v, fmt.Sprintf("there is no %s %q", what, v.Value), hint)
		return
	}
	r.wrong(v, "want one "+what, hint)
}

// writeJSON writes a node as JSON, with keys in the order of the file.
func writeJSON(b *bytes.Buffer, n *yaml.Node) {
	n = document.Resolve(n)
	switch n.Kind {
	case yaml.MappingNode:
		b.WriteByte('{')
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.WriteByte(',')
			}
			writeScalar(b, n.Content[i].Value)
			b.WriteByte(':')
			writeJSON(b, n.Content[i+1])
		}
		b.WriteByte('}')
	case yaml.SequenceNode:
		b.WriteByte('[')
		for i, c := range n.Content {
			if i > 0 {
				b.WriteByte(',')
			}
			writeJSON(b, c)
		}
		b.WriteByte(']')
	default:
		writeScalar(b, document.Value(n))
	}
}

func writeScalar(b *bytes.Buffer, v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		raw = []byte("null") // plain values always marshal
	}
	b.Write(raw)
}
