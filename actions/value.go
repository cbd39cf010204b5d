package actions

import (
	"encoding/json"

	"github.com/invopop/jsonschema"
)

// A Value is any JSON value, kept as it was written: numbers keep their digits.
type Value json.RawMessage

// UnmarshalJSON keeps the value.
func (v *Value) UnmarshalJSON(text []byte) error {
	*v = append((*v)[:0], text...)
	return nil
}

// MarshalJSON gives it back.
func (v Value) MarshalJSON() ([]byte, error) { return json.RawMessage(v).MarshalJSON() }

// JSONSchema declares that it may be anything.
func (Value) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{} }

// IsNull tells whether it is nothing.
func (v Value) IsNull() bool { return len(v) == 0 || string(v) == "null" }
