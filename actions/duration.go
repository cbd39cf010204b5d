package actions

import (
	"fmt"
	"time"

	"github.com/invopop/jsonschema"
)

// A Duration is a length of time in an account or in parameters, written as 500ms, 30s, 5m or 1h.
type Duration time.Duration

// UnmarshalText reads what people write.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a length of time such as 30s", text)
	}
	*d = Duration(v)
	return nil
}

// MarshalText gives the length in the form that UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// JSONSchema declares the form.
func (Duration) JSONSchema() *jsonschema.Schema {
	return &jsonschema.Schema{Type: "string", Pattern: "^([0-9]+(ms|s|m|h))+$"}
}
