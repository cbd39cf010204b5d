package ecwidtest

import (
	"encoding/json"
	"net/http"
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
		if refused.retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(refused.retryAfter))
		}
		w.WriteHeader(refused.status)
		_ = json.NewEncoder(w).Encode(map[string]string{"errorMessage": refused.message, "errorCode": refused.code})
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
	if r.Method != http.MethodGet {
		return nil, &apiError{status: 405, code: "METHOD_NOT_ALLOWED", message: "Method Not Allowed"}
	}
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v3/"+s.options.StoreID+"/")
	if !ok {
		return nil, &apiError{status: 404, code: "STORE_NOT_FOUND", message: "Store not found"}
	}
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	switch {
	case len(parts) == 1:
		return s.root(parts[0], r)
	case parts[1] == "deleted" && len(parts) == 2:
		return s.deleted(parts[0], r)
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
		return entity{"subscriptionStatus": "ACTIVE", "subscription": entity{"startDate": "2024-01-01 00:00:00 +0000",
			"expirationDate": "2099-01-01 00:00:00 +0000", "status": "ACTIVE"}}, nil
	case "storage":
		return []any{}, nil
	case "latest-stats":
		return s.latestStats(), nil
	}
	if _, ok := s.shelves[name]; !ok {
		return nil, noSuchPath()
	}
	return s.search(name, r.URL.Query())
}

// one answers a single entity. Orders are also found by their internal number. Promotions and reviews have no such
// call.
func (s *Store) one(collection, id string) (entity, *apiError) {
	shelf, ok := s.shelves[collection]
	if !ok || collection == "promotions" || collection == "reviews" {
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
	noun := map[string]string{"orders": "ORDER", "carts": "CART", "products": "PRODUCT", "customers": "CUSTOMER", "categories": "CATEGORIES",
		"classes": "PRODUCT_CLASS", "customer_groups": "CUSTOMER_GROUP", "discount_coupons": "DISCOUNT_COUPON"}[collection]
	return nil, &apiError{status: 404, code: noun + "_NOT_FOUND", message: strings.ToLower(noun) + " #" + id + " not found"}
}

// latestStats tells when anything of a kind was last changed.
func (s *Store) latestStats() entity {
	stats := entity{"profileUpdated": stamp(s.options.Now())}
	for collection, key := range map[string]string{"products": "productsUpdated", "orders": "ordersUpdated", "categories": "categoriesUpdated",
		"discount_coupons": "discountCouponsUpdated", "carts": "abandonedSalesUpdated", "customers": "customersUpdated"} {
		var latest int64
		for _, e := range s.shelves[collection].items {
			latest = max(latest, moment(e, "updateTimestamp", "updateDate", "updated"))
		}
		stats[key] = stamp(time.Unix(latest, 0))
	}
	return stats
}

// A window counts the calls of one token in one minute.
type window struct {
	start time.Time
	calls int
}

// allow checks the token and its rate. Calls with a token that does not work count against a much smaller rate.
func (s *Store) allow(r *http.Request) *apiError {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	works := bearer && token == s.options.Token
	limit := s.options.Rate
	if !works {
		limit, token = 20, "" // dead tokens are counted together, as Ecwid does by address
	}
	now, w := s.options.Now(), s.calls[token]
	if w == nil || now.Sub(w.start) >= time.Minute {
		w = &window{start: now}
		s.calls[token] = w
	}
	w.calls++
	switch {
	case limit > 0 && w.calls > limit:
		left := int(w.start.Add(time.Minute).Sub(now)/time.Second) + 1
		return &apiError{status: 429, code: "RATE_LIMITED", message: "Too many requests", retryAfter: left}
	case !works:
		return &apiError{status: 403, code: "INVALID_API_TOKEN", message: "Invalid API token"}
	}
	return nil
}

// SetToken changes the token that works, as a new install of the app does.
func (s *Store) SetToken(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.options.Token = token
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
