package ecwid

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
)

// An endpoint is how one noun is read back.
type endpoint struct {
	path    string // below the store; {id} is the id in the subject, escaped
	query   string // name of a parameter that takes the id; "" for none
	numeric bool   // the id is a number, and nothing else is asked for
	in      string // the key of the list that holds the entity; "" when the answer is the entity
	// lags says that the list comes from Ecwid's search index, which learns of changes seconds later.
	lags bool
	same func(entity json.RawMessage, w wanted) bool
}

// wanted is what an entity has to be.
type wanted struct {
	store  string
	id     string // of the subject
	entity string // entityId; "" when not told, or when the subject's id says the same
}

// endpointFor gives the endpoint of a noun. Every noun of the catalog has one.
func endpointFor(noun string) (endpoint, bool) {
	switch noun {
	case "order":
		return endpoint{path: "orders/{id}", same: sameOrder}, true
	case "cart":
		return endpoint{path: "carts/{id}", same: sameCart}, true
	case "product":
		return endpoint{path: "products/{id}", numeric: true, same: sameID}, true
	case "customer":
		return endpoint{path: "customers/{id}", numeric: true, same: sameID}, true
	case "category":
		return endpoint{path: "categories/{id}", numeric: true, same: sameID}, true
	case "product_class":
		return endpoint{path: "classes/{id}", numeric: true, same: sameID}, true
	case "customer_group":
		return endpoint{path: "customer_groups/{id}", numeric: true, same: sameID}, true
	case "discount_coupon":
		return endpoint{path: "discount_coupons/{id}", numeric: true, same: sameID}, true
	case "promotion":
		return endpoint{path: "promotions", numeric: true, in: "items", lags: true, same: sameID}, true
	case "review":
		return endpoint{path: "reviews", query: "reviewId", numeric: true, in: "items", lags: true, same: sameID}, true
	case "invoice":
		return endpoint{path: "orders/{id}/invoices", in: "invoices", same: sameInvoice}, true
	case "profile":
		return endpoint{path: "profile", same: sameProfile}, true
	case "application":
		return endpoint{path: "application", same: func(json.RawMessage, wanted) bool { return true }}, true
	}
	return endpoint{}, false
}

// orderSearch finds an order by its internal number, for events that do not tell its order number.
func orderSearch() endpoint {
	return endpoint{path: "orders", query: "ids", in: "items", lags: true, same: sameOrder}
}

// call gives the path and query for an id.
func (e endpoint) call(id string) (path string, query url.Values) {
	path = strings.ReplaceAll(e.path, "{id}", url.PathEscape(id))
	if e.query != "" {
		query = url.Values{e.query: {id}}
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
	for _, candidate := range candidates {
		if len(candidate) > 0 && candidate[0] == '{' && e.same(candidate, w) {
			return candidate, nil
		}
	}
	return nil, err
}

// candidates gives the entities in an answer. The documentation shows some single entities inside an array.
func (e endpoint) candidates(answer json.RawMessage) ([]json.RawMessage, error) {
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

// more tells whether a list goes on after an answer, and where.
func (e endpoint) more(answer json.RawMessage, offset int) (int, bool) {
	var page struct{ Total, Count int }
	if e.in != "items" || json.Unmarshal(answer, &page) != nil || page.Count <= 0 {
		return 0, false
	}
	return offset + page.Count, offset+page.Count < page.Total
}

// names are the fields by which an entity is known, each a number or text.
type names struct {
	ID          json.RawMessage `json:"id"`
	Internal    json.RawMessage `json:"internalId"`
	Number      json.RawMessage `json:"orderNumber"`
	Vendor      json.RawMessage `json:"vendorOrderNumber"`
	Public      json.RawMessage `json:"publicUid"`
	Cart        json.RawMessage `json:"cartId"`
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

// sameInvoice takes the invoice with the internal id of the event.
func sameInvoice(entity json.RawMessage, w wanted) bool {
	return anyIs(w.entity, namesOf(entity).Internal)
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
