package openconnectors

import (
	"strings"
	"sync"

	"shopbell/event"
)

// Catalog gives the event types of objects that stores have. The platform has no list: an element sends what the platform
// behind it has, and types of other objects are as [Any] says. The value is shared and read-only.
func Catalog() *event.Catalog { return catalog() }

var catalog = sync.OnceValue(func() *event.Catalog {
	c := &event.Catalog{Any: anyType()}
	data := claimSchema()
	order := event.ObjectOf(data.Doc, append(append([]event.Field{}, data.Fields...), ionFields()...)...)
	for _, object := range []struct {
		noun, plural string
		readable     bool
	}{
		{"order", "orders", true}, {"product", "products", true}, {"customer", "customers", true},
		{"cart", "carts", false}, {"category", "categories", false}, {"inventory", "inventory", false},
		{"payment", "payments", false}, {"refund", "refunds", false}, {"transaction", "transactions", false},
		{"discount", "discounts", false}, {"coupon", "coupons", false}, {"invoice", "invoices", false},
	} {
		for _, what := range []string{created, updated, deleted, changed} {
			t := event.Type{Name: object.noun + "." + what, Doc: doc(object.noun, what), Change: changeOf(what), Data: data}
			if object.noun == "order" {
				t.Data = order
			}
			if object.readable {
				t.Noun, t.Readable, t.Entity = object.noun, true, entitySchema(object.noun)
			}
			c.Types = append(c.Types, t)
		}
	}
	return c
})

// Any gives how a type is that the catalog does not list: its name is that of the object in the singular, a dot, and
// created, updated, deleted or changed, such as discount_code.created. The value is shared and read-only.
func Any() *event.Type { return anyType() }

var anyType = sync.OnceValue(func() *event.Type {
	return &event.Type{Name: "*", Doc: "An object of another type was changed, as the element says.", Data: claimSchema()}
})

func doc(noun, what string) string {
	if what == changed {
		return "Something became of " + article(noun) + "; the element does not say what."
	}
	return strings.ToUpper(article(noun)[:1]) + article(noun)[1:] + " was " + what + "."
}

func article(noun string) string {
	if strings.ContainsRune("aeiou", rune(noun[0])) {
		return "an " + noun
	}
	return "a " + noun
}

func changeOf(what string) event.Change {
	switch what {
	case created:
		return event.Created
	case updated:
		return event.Updated
	case deleted:
		return event.Deleted
	}
	return event.Other
}

// entitySchema says of an object what can be said: the platform hands on what the one behind the element has.
func entitySchema(noun string) *event.Schema {
	return event.TableOf("The "+noun+" as the element's API gives it, with the fields of the platform behind it.", nil)
}

// claimSchema is that of claim, without what only orders of the Ecwid element have.
func claimSchema() *event.Schema {
	text := func(doc string) *event.Schema { return event.Of(event.Text, doc) }
	return event.ObjectOf("What the platform says of every event, and what the one behind the element said.",
		event.Must("eventId", text("The platform's id of the event, which several changes can have in common.")),
		event.Must("objectType", text("Type of the object as the element names it, such as orders.")),
		event.May("objectId", text("Id of the object.")),
		event.Must("eventType", event.Enum("What became of the object.", "CREATED", "UPDATED", "DELETED", "UNKNOWN")),
		event.May("elementKey", text("Key of the element, such as ecwid.")),
		event.May("date", text("When it happened, such as 2025-01-01T00:00:00Z.")),
		event.May("path", text("Path of a file or folder, in the older form of notifications.")),
		event.May("metadata", event.Of(event.Anything, "What the older form of notifications says of the object.")),
		event.May("raw", event.Of(event.Anything, "What the platform behind the element said, in its own form. Left out beyond 64 KiB.")),
	)
}

// ionFields are those that an order of the Ecwid element has.
func ionFields() []event.Field {
	const payment = " payment status: PAID, CANCELLED, REFUNDED, QUEUED, CHARGEABLE or DECLINED. Told by the Ecwid element."
	return []event.Field{
		event.May("orderId", event.Of(event.Text, "Id of the order. Told by the Ecwid element.")),
		event.May("newPaymentStatus", event.Of(event.Text, "The"+payment)),
		event.May("oldPaymentStatus", event.Of(event.Text, "The earlier"+payment)),
		event.May("newFulfillmentStatus", event.Of(event.Text, "The fulfilment status. Told by the Ecwid element.")),
		event.May("oldFulfillmentStatus", event.Of(event.Text, "The earlier fulfilment status. Told by the Ecwid element.")),
	}
}
