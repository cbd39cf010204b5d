package ecwid

import (
	_ "embed"
	"strings"
	"sync"

	"shopbell/event"
)

// The catalog is data: what happens in types.txt, what an entity looks like in entities.txt.
var (
	//go:embed types.txt
	typesText string
	//go:embed entities.txt
	entitiesText string
)

// Catalog gives every event type that Ecwid sends, with the schemas of entities and claims. The value is shared and
// read-only.
func Catalog() *event.Catalog { return catalog() }

// catalog is built once, when first asked for. A mistake in the embedded text is a mistake of the program.
var catalog = sync.OnceValue(func() *event.Catalog {
	schemas, err := parseSchemas(entitiesText)
	if err != nil {
		panic("entities.txt: " + err.Error())
	}
	schemas["cart"] = cartSchema(schemas["order"])
	types, err := parseTypes(typesText, schemas)
	if err != nil {
		panic("types.txt: " + err.Error())
	}
	for i := range types {
		if t := &types[i]; t.Entity != nil {
			if _, told := t.Entity.Field("acceptMarketing"); told {
				t.Consent = "acceptMarketing"
			}
		}
	}
	return &event.Catalog{Types: types}
})

// A typeInfo is an event type with the group under which its subjects are known.
type typeInfo struct {
	*event.Type
	group string
}

// typesByName indexes a catalog by every name that can be on the wire.
func typesByName(c *event.Catalog) map[string]*typeInfo {
	index := make(map[string]*typeInfo, 2*len(c.Types))
	for i := range c.Types {
		info := &typeInfo{Type: &c.Types[i], group: group(&c.Types[i])}
		index[info.Name] = info
		for _, alias := range info.Aliases {
			index[alias] = info
		}
	}
	return index
}

// group gives the first part of a type's subjects. It is the noun, save that a profile is the store's own, and that
// events without a noun are known by their own name.
func group(t *event.Type) string {
	switch t.Noun {
	case "":
		own, _, _ := strings.Cut(t.Name, ".")
		return own
	case "profile":
		return "store"
	}
	return t.Noun
}

// cartSchema makes an abandoned cart out of an order: it has no order number, and says whether it became an order. Its
// statuses can be missing, because nothing was paid or sent.
func cartSchema(order *event.Schema) *event.Schema {
	fields := []event.Field{
		event.Must("cartId", event.Of(event.Text, "Id of the cart, such as 320AB5DE-5EA6-4419-A4CF-0B04D2913190.")),
		event.May("recoveredOrderId", event.Of(event.Number, "Internal number of the order that it became; absent until then.")),
		event.May("recoveredPublicUid", event.Of(event.Text, "Order number that it became; absent until then.")),
		event.May("recoveryEmailSentTimestamp", event.Of(event.Text, "When Ecwid itself mailed the customer.")),
	}
	for _, f := range order.Fields {
		switch f.Name {
		case "id", "internalId", "orderNumber", "vendorOrderNumber", "publicUid":
			continue
		case "paymentStatus", "fulfillmentStatus", "email":
			f.Optional = true
		}
		fields = append(fields, f)
	}
	return event.ObjectOf("An abandoned cart, as the store has it now.", fields...)
}
