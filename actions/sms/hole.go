package sms

import (
	"bytes"
	"encoding/json"
	"regexp"

	"github.com/invopop/jsonschema"

	"shopbell/actions"
)

// A template is a JSON object with holes. Its numbers stay as they were written.
type template map[string]any

// UnmarshalJSON reads an object.
func (t *template) UnmarshalJSON(text []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode((*map[string]any)(t))
}

// JSONSchema declares any object.
func (template) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }

// hole matches a name in braces, for which a value is put in.
var hole = regexp.MustCompile(`\{([a-z_]+)\}`)

// headerName matches the name of a header (RFC 9110, section 5.6.2).
var headerName = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")

// holes are the names that stand for something.
func holes() []string {
	return []string{"to", "to_digits", "text", "from", "key", "api_key", "api_secret"}
}

// fill puts values into a text, each encoded for where the text lands. A value is put in once: what looks like a hole in it
// stays as it is.
func (g *gateway) fill(text string, lands actions.Landing, m message) string {
	return hole.ReplaceAllStringFunc(text, func(name string) string {
		return actions.Escape(lands, g.value(name[1:len(name)-1], m))
	})
}

func (g *gateway) value(name string, m message) string {
	switch name {
	case "to":
		return m.to
	case "to_digits":
		return m.digits()
	case "text":
		return m.text
	case "from":
		return g.account.From
	case "key":
		return m.key
	case "api_key":
		return g.account.APIKey.Reveal()
	case "api_secret":
		return g.account.APISecret.Reveal()
	}
	return "{" + name + "}" // no account is opened with it
}

// walk gives a copy of a JSON value with every text in it replaced.
func walk(value any, replace func(string) any) any {
	switch v := value.(type) {
	case string:
		return replace(v)
	case []any:
		made := make([]any, len(v))
		for i, e := range v {
			made[i] = walk(e, replace)
		}
		return made
	case map[string]any:
		made := make(map[string]any, len(v))
		for k, e := range v {
			made[k] = walk(e, replace)
		}
		return made
	}
	return value
}
