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

// An Echoer is a changer whose platform tells of more than the entity that was changed.
type Echoer interface {
	// Echoes gives the other subjects of which events come when an edit is made, although nothing in them changes.
	Echoes(Edit) []string
}

// A Creator is a source in whose stores entities can be made. That one is made comes back as an event too.
type Creator interface {
	Changer
	// Named gives the field by which an entity of a noun is known before it has an id, and of which there is only one in a store,
	// such as a coupon's code; "" when entities of that noun cannot be made.
	Named(noun string) string
	// Create makes an entity and gives it as far as it is known, with its id. Where there is one of that name already, it is given
	// when it is what was to be made, so that Create may be repeated; else the error is [Unconfirmed]. Errors as of Attest.
	Create(context.Context, Draft) (json.RawMessage, error)
}

// A Draft is an entity that is to be made.
type Draft struct {
	Store string
	Noun  string // such as "discount_coupon"
	Set   map[string]json.RawMessage
}

// A Finder is a source whose entities can be found by what people call them.
type Finder interface {
	// Find gives the entity of a noun that has a name: an id, or what people know it by, such as an e-mail address. Where there is
	// none, the error is [Unconfirmed]. Errors as of Attest.
	Find(ctx context.Context, store, noun, name string) (json.RawMessage, error)
}
