package ecwidtest

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An apiError is an answer that is not 200.
type apiError struct {
	status        int
	code, message string
	retryAfter    int // seconds; 0 for no header
}

// answer writes an answer that is not 200.
func (e *apiError) answer(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(e.retryAfter))
	}
	w.WriteHeader(e.status)
	_ = json.NewEncoder(w).Encode(map[string]string{"errorMessage": e.message, "errorCode": e.code}) // a client that has gone away is no concern of ours
}

// ServeHTTP answers the REST API.
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := s.fault(r)
	if fault.delays(w, r) {
		return
	}
	s.mu.Lock()
	answer, refused := s.answer(r, fault)
	var body []byte
	if refused == nil {
		body, _ = json.Marshal(answer) // what the store holds came from JSON values
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json; charset=UTF-8")
	switch {
	case refused != nil:
		refused.answer(w)
	case fault.Kind == Truncated:
		truncate(w, body)
	default:
		_, _ = w.Write(body) // a client that has gone away is no concern of ours
	}
}

// answer gives the JSON for a request. The store is locked.
func (s *Store) answer(r *http.Request, f Fault) (any, *apiError) {
	if refused := s.allow(r); refused != nil {
		return nil, refused
	}
	if refused := f.refusal(); refused != nil {
		return nil, refused
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v3/"+s.options.StoreID+"/")
	if !ok {
		return nil, &apiError{status: 404, code: "STORE_NOT_FOUND", message: "Store not found"}
	}
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	if r.Method != http.MethodGet {
		return s.write(parts, r)
	}
	switch {
	case len(parts) == 1:
		return s.root(parts[0], r)
	case parts[1] == "deleted" && len(parts) == 2:
		return s.deleted(parts[0], r)
	case len(parts) == 2 && parts[0] == "storage":
		value, ok := s.storage[parts[1]]
		if !ok {
			return nil, &apiError{status: 404, code: "KEY_NOT_FOUND", message: "Key not found"}
		}
		return entity{"key": parts[1], "value": value}, nil
	case len(parts) == 2:
		return s.one(parts[0], parts[1])
	case len(parts) == 3 && parts[0] == "orders" && parts[2] == "invoices":
		order, refused := s.one("orders", parts[1])
		if refused != nil {
			return nil, refused
		}
		return entity{"invoices": order["invoices"]}, nil
	}
	return nil, noSuchPath()
}

func noSuchPath() *apiError {
	return &apiError{status: 404, code: "NOT_FOUND", message: "Not Found"}
}

// root answers paths of one part: the single things, and searches.
func (s *Store) root(name string, r *http.Request) (any, *apiError) {
	switch name {
	case "profile":
		return s.profile, nil
	case "application":
		return entity{"subscriptionStatus": s.status, "subscription": entity{"startDate": "2024-01-01 00:00:00 +0000",
			"expirationDate": "2099-01-01 00:00:00 +0000", "status": s.status}}, nil
	case "storage":
		list := []any{}
		for _, key := range slices.Sorted(maps.Keys(s.storage)) {
			list = append(list, entity{"key": key, "value": s.storage[key]})
		}
		return list, nil
	case "latest-stats":
		return s.latestStats(r.URL.Query()), nil
	}
	if _, ok := s.shelves[name]; !ok || name == "size_charts" {
		return nil, noSuchPath()
	}
	return s.search(name, r.URL.Query())
}

// one answers a single entity. Orders are also found by their internal number, and coupons by their code. Promotions and reviews have no such
// call.
func (s *Store) one(collection, id string) (entity, *apiError) {
	shelf, ok := s.shelves[collection]
	if !ok || collection == "promotions" || collection == "reviews" || collection == "size_charts" {
		return nil, noSuchPath()
	}
	if e, ok := shelf.items[id]; ok {
		return e, nil
	}
	if collection == "orders" {
		for _, e := range shelf.items {
			if keyOf(e["internalId"]) == id {
				return e, nil
			}
		}
	}
	if key, ok := s.couponOf(id); ok && collection == "discount_coupons" {
		return shelf.items[key], nil
	}
	return nil, notFound(collection, id)
}

// notFound is the answer for an entity that is not there. The code of a cart is not told by the documentation.
func notFound(collection, id string) *apiError {
	code := map[string]string{"orders": "ORDER", "carts": "CART", "products": "PRODUCT", "customers": "CUSTOMER", "categories": "CATEGORIES",
		"classes": "PRODUCT_CLASS", "customer_groups": "CUSTOMER_GROUP", "discount_coupons": "DISCOUNT_COUPON", "promotions": "PROMOTION",
		"reviews": "PRODUCT_REVIEW"}[collection]
	word := strings.ToUpper(code[:1]) + strings.ToLower(code[1:])
	return &apiError{status: 404, code: code + "_NOT_FOUND", message: word + " #" + id + " not found"}
}

// latestStats tells when anything of a kind was last changed; of reviews only when asked to.
func (s *Store) latestStats(query url.Values) entity {
	stats := entity{}
	for collection, key := range map[string]string{"profile": "profileUpdated", "products": "productsUpdated", "orders": "ordersUpdated",
		"categories": "categoriesUpdated", "discount_coupons": "discountCouponsUpdated", "carts": "abandonedSalesUpdated",
		"customers": "customersUpdated", "reviews": "reviewsUpdated"} {
		at := s.stamps[collection]
		if collection == "products" && s.stamps["categories"].After(at) {
			at = s.stamps["categories"] // the catalog is both
		}
		if collection != "reviews" || query.Get("reviewsUpdatesRequired") == "true" {
			stats[key] = stamp(time.Unix(max(at.Unix(), 0), 0))
		}
	}
	return stats
}

// keyOf gives an id as text.
func keyOf(id any) string {
	switch id := id.(type) {
	case string:
		return id
	case nil:
		return ""
	case int64:
		return strconv.FormatInt(id, 10)
	}
	return strconv.Itoa(whole(id))
}
