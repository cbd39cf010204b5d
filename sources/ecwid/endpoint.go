package ecwid

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"
)

// An endpoint is how one noun is read back.
type endpoint struct {
	path    string // below the store; {id} is the id that is asked for, escaped
	query   string // name of a parameter that takes the id; "" for none
	limit   bool   // the list is short unless a limit is given
	scope   string // the access it needs
	numeric bool   // the id is a number, and nothing else is asked for
	in      string // the key of the list that holds the entity; "" when the answer is the entity
	// lags says that the list comes from Ecwid's search index, which learns of changes seconds later.
	lags bool
	// whole makes the entity of an answer that is not itself one; nil when it is.
	whole func(answer json.RawMessage) (json.RawMessage, error)
	same  func(entity json.RawMessage, w wanted) bool
	near  func(entity json.RawMessage, w wanted) bool // when none is the same; nil for none
}

// wanted is what an entity has to be.
type wanted struct {
	store  string
	id     string    // of the subject
	ask    string    // what to ask for, when it is not the subject's id
	entity string    // entityId; "" when not told, or when the subject's id says the same
	at     time.Time // when it was made, if the event says that it was; else zero
}

func (w wanted) asked() string { return cmp.Or(w.ask, w.id) }

// endpointFor gives the endpoint of a noun. Every noun of the catalog has one.
func endpointFor(noun string) (endpoint, bool) {
	switch noun {
	case "order":
		return endpoint{path: "orders/{id}", scope: "read_orders", same: sameOrder}, true
	case "cart":
		return endpoint{path: "carts/{id}", scope: "read_orders", same: sameCart}, true
	case "product":
		return endpoint{path: "products/{id}", scope: "read_catalog", numeric: true, same: sameID}, true
	case "customer":
		return endpoint{path: "customers/{id}", scope: "read_customers", numeric: true, same: sameID}, true
	case "category":
		return endpoint{path: "categories/{id}", scope: "read_catalog", numeric: true, same: sameID}, true
	case "product_class":
		return endpoint{path: "classes/{id}", scope: "read_catalog", numeric: true, same: sameID}, true
	case "customer_group":
		return endpoint{path: "customer_groups/{id}", scope: "read_customers", numeric: true, same: sameID}, true
	case "discount_coupon":
		return endpoint{path: "discount_coupons/{id}", scope: "read_discount_coupons", numeric: true, same: sameID}, true
	case "promotion":
		return endpoint{path: "promotions", scope: "read_promotion", numeric: true, in: "items", lags: true, same: sameID}, true
	case "review":
		return endpoint{path: "reviews", scope: "read_reviews", query: "reviewId", numeric: true, in: "items", lags: true, same: sameID}, true
	case "invoice":
		return endpoint{path: "orders/{id}/invoices", scope: "read_invoices", in: "invoices", same: sameInvoice, near: newInvoice}, true
	case "profile":
		return endpoint{path: "profile", scope: profileScope, same: sameProfile}, true
	case "application":
		return endpoint{path: "application", scope: profileScope, same: theOne}, true
	case "storage":
		return endpoint{path: "storage", scope: profileScope, whole: storageOf, same: theOne}, true
	}
	return endpoint{}, false
}

const profileScope = "read_store_profile"

// theOne is for what a store has one of.
func theOne(json.RawMessage, wanted) bool { return true }

// orderSearch finds an order by its internal number, for events that do not tell its order number.
func orderSearch() endpoint {
	return endpoint{path: "orders", scope: "read_orders", query: "ids", in: "items", lags: true, same: sameOrder}
}

// deletedCustomers lists customers that were there and are not any more.
func deletedCustomers() endpoint {
	return endpoint{path: "customers/deleted", scope: "read_customers", limit: true, numeric: true, in: "items", same: sameID}
}

// call gives the path and query for an id.
func (e endpoint) call(id string) (path string, query url.Values) {
	path = strings.ReplaceAll(e.path, "{id}", url.PathEscape(id))
	switch {
	case e.query != "":
		query = url.Values{e.query: {id}}
	case e.limit:
		query = url.Values{"limit": {"100"}}
	}
	return path, query
}

// accepts tells whether an id can be asked for. One that means a folder would ask for something else.
func (e endpoint) accepts(id string) bool {
	if e.numeric {
		return isNumber(id)
	}
	return id != "" && id != "." && id != ".."
}

// pick finds the wanted entity in an answer; nil when it is not there. The error says that the answer has not the form
// that it must have, so that nothing can be told from it.
func (e endpoint) pick(answer json.RawMessage, w wanted) (json.RawMessage, error) {
	candidates, err := e.candidates(answer)
	for _, fits := range []func(json.RawMessage, wanted) bool{e.same, e.near} {
		for _, candidate := range candidates {
			if fits != nil && len(candidate) > 0 && candidate[0] == '{' && fits(candidate, w) {
				return candidate, nil
			}
		}
	}
	return nil, err
}

// candidates gives the entities in an answer. The documentation shows some single entities inside an array.
func (e endpoint) candidates(answer json.RawMessage) ([]json.RawMessage, error) {
	if e.whole != nil {
		entity, err := e.whole(answer)
		return []json.RawMessage{entity}, err
	}
	if e.in != "" {
		var page map[string]json.RawMessage
		if json.Unmarshal(answer, &page) != nil || len(page[e.in]) == 0 || page[e.in][0] != '[' {
			return nil, errors.New("the answer of the store's API has no list of " + e.in)
		}
		answer = page[e.in]
	}
	if len(answer) == 0 || answer[0] != '[' && answer[0] != '{' {
		return nil, errors.New("the answer of the store's API is not an object")
	}
	if answer[0] == '{' {
		return []json.RawMessage{answer}, nil
	}
	var list []json.RawMessage
	err := json.Unmarshal(answer, &list)
	return list, err
}

// names are the fields by which an entity is known, each a number or text.
type names struct {
	ID          json.RawMessage `json:"id"`
	Internal    json.RawMessage `json:"internalId"`
	Number      json.RawMessage `json:"orderNumber"`
	Vendor      json.RawMessage `json:"vendorOrderNumber"`
	Public      json.RawMessage `json:"publicUid"`
	Cart        json.RawMessage `json:"cartId"`
	Created     json.RawMessage `json:"created"`
	GeneralInfo struct {
		Store json.RawMessage `json:"storeId"`
	} `json:"generalInfo"`
}

func namesOf(entity json.RawMessage) (n names) {
	_ = json.Unmarshal(entity, &n) // what does not fit stays empty, and then is not the same
	return n
}

func sameID(entity json.RawMessage, w wanted) bool {
	return unquoted(namesOf(entity).ID) == w.id
}

// sameOrder wants the order number, in any of the fields that hold it.
func sameOrder(entity json.RawMessage, w wanted) bool {
	n := namesOf(entity)
	return anyIs(w.id, n.ID, n.Vendor, n.Public, n.Number, n.Internal)
}

// otherNumber tells that the notification's internal number is not that of the order it names.
func otherNumber(entity json.RawMessage, w wanted) bool {
	n := namesOf(entity)
	if !isNumber(w.entity) || absent(n.Internal) && absent(n.Number) {
		return false
	}
	return !anyIs(w.entity, n.Internal, n.Number, n.ID, n.Vendor)
}

func sameCart(entity json.RawMessage, w wanted) bool {
	return strings.EqualFold(unquoted(namesOf(entity).Cart), w.id)
}

// sameInvoice takes the invoice with the id of the event.
func sameInvoice(entity json.RawMessage, w wanted) bool {
	n := namesOf(entity)
	return anyIs(w.entity, n.Internal, n.ID)
}

// nearInvoice is how far apart an invoice and the event that tells of it may be made.
const nearInvoice = 10 * time.Minute

// newInvoice takes an invoice that was made when the event says. What id the event of an invoice gives is not documented,
// and the documentation's own example is the id of a product.
func newInvoice(entity json.RawMessage, w wanted) bool {
	made, err := time.Parse(dateLayout, unquoted(namesOf(entity).Created))
	return err == nil && !w.at.IsZero() && made.Sub(w.at).Abs() <= nearInvoice
}

// storageOf makes an object of the app's storage, which the API gives as a list of keys and values.
func storageOf(answer json.RawMessage) (json.RawMessage, error) {
	var list []struct{ Key, Value text }
	if len(answer) == 0 || answer[0] != '[' || json.Unmarshal(answer, &list) != nil {
		return nil, errors.New("the answer of the store's API is not a list of keys and values")
	}
	values := make(map[string]text, len(list))
	for _, pair := range list {
		values[string(pair.Key)] = pair.Value
	}
	return json.Marshal(map[string]map[string]text{"values": values})
}

func sameProfile(entity json.RawMessage, w wanted) bool {
	store := namesOf(entity).GeneralInfo.Store
	return absent(store) || unquoted(store) == w.store
}

func anyIs(want string, among ...json.RawMessage) bool {
	for _, raw := range among {
		if want != "" && strings.TrimSpace(unquoted(raw)) == want {
			return true
		}
	}
	return false
}

// dateLayout is how the API writes a time.
const dateLayout = "2006-01-02 15:04:05 -0700"
