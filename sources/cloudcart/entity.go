package cloudcart

import (
	"slices"

	"shopbell/event"
)

// An entity is one kind of thing that CloudCart tells about: its name for rules, and its resource of the API.
type entity struct {
	noun     string
	resource string // path below /api/v2
	// includes are what is asked for along with it, richest first. The API answers 400 or 422 to a path that it does not
	// know, and then the next is asked for: the official documents do not agree on the list.
	includes []string
	schema   *event.Schema
	money    []string // fields, at any depth, that the API gives in hundredths; rules see units
	changed  string   // field that tells when it was last changed
	created  string   // field that tells when it was made
	sort     string   // by which a list can be had newest change first; "" when it cannot
	says     map[event.Change]string
}

// types gives the event types of an entity.
func (e *entity) types() []string {
	var names []string
	for _, change := range []event.Change{event.Created, event.Updated, event.Deleted} {
		if e.says[change] != "" {
			names = append(names, e.noun+"."+changeNames()[change])
		}
	}
	return names
}

func changeNames() map[event.Change]string {
	return map[event.Change]string{event.Created: "created", event.Updated: "updated", event.Deleted: "deleted"}
}

// entities gives all kinds of things, with the codes of order statuses that were added by merchants.
func entities(statuses []string) []*entity {
	return []*entity{
		{noun: "order", resource: "orders", schema: orderSchema(statuses),
			includes: []string{
				"products,payment,discounts,totals,taxes,shipping.provider,shipping-address,billing-address",
				"products,payment,totals,shipping-address", ""},
			changed: "updated_at", created: "created_at", sort: "-updated_at",
			says: map[event.Change]string{
				event.Created: "A new order was placed at the checkout or by the merchant.",
				event.Updated: "The status, the items, an address or a payment of an order was changed; not when it is archived."}},
		{noun: "product", resource: "products", schema: productSchema(),
			includes: []string{"variants,category,vendor,images", "variants", ""},
			money:    []string{"price", "price_from", "price_to", "delivery_price"},
			changed:  "date_modified", created: "date_added", sort: "-date_modified",
			says: map[event.Change]string{
				event.Created: "A product was added in the admin panel; not by import or through the API.",
				event.Updated: "A product was saved in the admin panel; not by import, through the API, or because it was sold.",
				event.Deleted: "A product was deleted."}},
		{noun: "customer", resource: "customers", schema: customerSchema(),
			includes: []string{"group,shipping-addresses,billing-addresses", "group", ""},
			money:    []string{"income", "orders_total_price"},
			changed:  "updated_at", created: "date_added", sort: "-updated_at",
			says: map[event.Change]string{
				event.Created: "A customer signed up, was added, or placed a first order.",
				event.Updated: "Anything about a customer was changed.",
				event.Deleted: "A customer was deleted."}},
		{noun: "category", resource: "categories", schema: categorySchema(), includes: []string{"parent", ""},
			changed: "updated_at", created: "created_at", sort: "-updated_at", says: lifeOf("category")},
		{noun: "vendor", resource: "vendors", schema: vendorSchema(), includes: []string{""},
			changed: "updated_at", created: "created_at", sort: "-updated_at", says: lifeOf("vendor (brand)")},
		{noun: "discount", resource: "discounts", schema: discountSchema(), includes: []string{""}, money: []string{"order_over"},
			changed: "updated_at", created: "created_at", sort: "-updated_at", says: lifeOf("discount")},
		{noun: "subscriber", resource: "subscribers", schema: subscriberSchema(), includes: []string{"channels,tags", "channels", ""},
			changed: "updated_at", created: "created_at", says: lifeOf("subscriber")},
	}
}

func lifeOf(what string) map[event.Change]string {
	return map[event.Change]string{event.Created: "A " + what + " was added.",
		event.Updated: "Anything about a " + what + " was changed.", event.Deleted: "A " + what + " was deleted."}
}

// Catalog gives the 20 event types that CloudCart sends, with the statuses that every store has. Each call gives a new
// value, which is read-only.
func Catalog() *event.Catalog { return catalogOf(entities(nil)) }

func catalogOf(entities []*entity) *event.Catalog {
	c := new(event.Catalog)
	for _, e := range entities {
		for _, change := range []event.Change{event.Created, event.Updated, event.Deleted} {
			if doc := e.says[change]; doc != "" {
				consent := ""
				if _, told := e.schema.Field("marketing"); told {
					consent = "marketing"
				}
				c.Types = append(c.Types, event.Type{Name: e.noun + "." + changeNames()[change], Doc: doc, Noun: e.noun, Consent: consent,
					Change: change, Entity: e.schema, Data: e.claim(), Readable: true})
			}
		}
	}
	return c
}

// claim describes what a webhook says. An order comes in the form in which rules see orders. Of the others the form is not
// documented, and captured ones differ from the API, so nothing is promised of them.
func (e *entity) claim() *event.Schema {
	if e.noun == "order" {
		return loose(e.schema)
	}
	return event.TableOf("The "+e.noun+" as the webhook tells it, unproven.", event.Of(event.Anything, ""))
}

// loose makes every field of an object one that may be absent: CloudCart strips what is null.
func loose(s *event.Schema) *event.Schema {
	again := *s
	if s.Elem != nil {
		again.Elem = loose(s.Elem)
	}
	again.Fields = slices.Clone(s.Fields)
	for i, f := range again.Fields {
		again.Fields[i] = event.May(f.Name, loose(f.Schema))
	}
	return &again
}
