package actions

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"

	"github.com/invopop/jsonschema"
)

// A Text is text that may also be written as a number or as true or false, for places where all end up as text: a
// header, a field of a form.
type Text string

// UnmarshalJSON reads text, a number or true or false; nothing becomes "".
func (t *Text) UnmarshalJSON(raw []byte) error {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) > 0 && raw[0] == '"':
		return json.Unmarshal(raw, (*string)(t))
	case string(raw) == "null":
		*t = ""
	case len(raw) == 0 || raw[0] == '{' || raw[0] == '[':
		return errors.New("want text")
	default:
		*t = Text(raw)
	}
	return nil
}

// JSONSchema declares what it is read from.
func (Text) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{{Type: "string"}, {Type: "number"}, {Type: "boolean"}}}
}

// Known tells whether all of a text is known: at load, when a [Checker] looks at parameters, what is still to be filled
// in stands there as {{ … }}, and a check of such a text has to wait for Send.
func Known(text string) bool { return !strings.Contains(text, "{{") }
