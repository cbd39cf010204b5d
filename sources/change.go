package sources

import (
	"context"
	"encoding/json"
)

// A Changer is a source through which an entity can be changed. What we change ourselves comes back as an event, and
// must not set off the rule that made the change: the engine compares.
type Changer interface {
	// Change writes fields of an entity to the platform. It may be repeated. Errors as of Attest.
	Change(context.Context, Edit) error
	// Volatile gives the fields of an entity that every change of it changes too, such as the time of the last change.
	Volatile(noun string) []string
}

// An Edit is one change of an entity that we make.
type Edit struct {
	Store   string                     `json:"-"`
	Subject string                     `json:"-"` // such as "order/K8XTQ"
	Set     map[string]json.RawMessage `json:"set"`
}
