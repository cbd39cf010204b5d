package ecwid

import "net/url"

// A polledKind is one list of the API in which changes are looked for.
type polledKind struct {
	name   string     // path below the store, and key in the cursor
	prefix string     // of its event types, such as "unfinished_order"
	scope  string     // access that the list needs
	query  url.Values // what is asked beside time and page; read-only
	stamp  string     // key of /latest-stats that tells of its last change; "" when there is none
	gone   string     // path of the list of what was deleted; "" when there is none
	dated  bool       // the list can be asked for what changed in a span of time
	single string     // the one event type of a thing of which a store has one, such as "profile.updated"; "" for lists
}

// polledKinds gives what can be polled, in the order in which it is asked for. A customer's group is read after the customers
// who moved into it, as Ecwid sends its webhooks.
func polledKinds() []polledKind {
	return []polledKind{
		{name: "orders", prefix: "order", scope: "read_orders", stamp: "ordersUpdated", gone: "orders/deleted", dated: true},
		{name: "carts", prefix: "unfinished_order", scope: "read_orders", query: url.Values{"showHidden": {"true"}}, stamp: "abandonedSalesUpdated", dated: true},
		{name: "products", prefix: "product", scope: "read_catalog", stamp: "productsUpdated", gone: "products/deleted", dated: true},
		{name: "customers", prefix: "customer", scope: "read_customers", stamp: "customersUpdated", gone: "customers/deleted", dated: true},
		{name: "reviews", prefix: "review", scope: "read_reviews", stamp: "reviewsUpdated", gone: "reviews/deleted", dated: true},
		{name: "discount_coupons", prefix: "discount_coupon", scope: "read_discount_coupons", stamp: "discountCouponsUpdated", gone: "coupons/deleted", dated: true},
		{name: "categories", prefix: "category", scope: "read_catalog", query: url.Values{"hidden_categories": {"true"}}, stamp: "categoriesUpdated"},
		{name: "classes", prefix: "product_class", scope: "read_catalog"},
		{name: "customer_groups", prefix: "customer_group", scope: "read_customers"},
		{name: "promotions", prefix: "promotion", scope: "read_promotion"},
		{name: "profile", prefix: "profile", scope: "read_store_profile", stamp: "profileUpdated", single: "profile.updated"},
		{name: "application", prefix: "application", scope: "read_store_profile", single: "application.subscriptionStatusChanged"},
		{name: "storage", prefix: "application", scope: "read_store_profile", single: "application.storageChanged"},
	}
}

// types gives the event types that reading the kind can find.
func (k *polledKind) types() []string {
	if k.single != "" {
		return []string{k.single}
	}
	types := []string{k.prefix + ".created", k.prefix + ".updated", k.prefix + ".deleted"}
	if k.name == "carts" {
		return types[:2] // no list tells which carts were deleted
	}
	if k.name == "orders" {
		types = append(types, "invoice.created", "invoice.deleted") // an order holds its invoices
	}
	return types
}

// wanted tells whether any rule listens to what reading the kind can find.
func (k *polledKind) wanted(wants func(string) bool) bool {
	for _, name := range k.types() {
		if wants(name) {
			return true
		}
	}
	return false
}
