package ecwidtest

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pageSize is the most, and the usual, number of entities in one page.
const pageSize = 100

// search answers a list: filters first, then one page, newest first.
func (s *Store) search(collection string, query url.Values) (any, *apiError) {
	shelf := s.shelves[collection]
	filters, refused := filtersOf(collection, query)
	if refused != nil {
		return nil, refused
	}
	var found []any
	items, order := s.searchable(shelf)
	for _, key := range slices.Backward(order) {
		e := items[key]
		if !slices.ContainsFunc(filters, func(keep filter) bool { return !keep(e) }) {
			found = append(found, e)
		}
	}
	if collection == "classes" {
		return list(found), nil // this one comes bare and whole
	}
	return page(found, query)
}

// deleted answers what was deleted, newest first. Coupons have another name here than elsewhere in the API.
func (s *Store) deleted(name string, r *http.Request) (any, *apiError) {
	collection, ok := map[string]string{"orders": "orders", "products": "products", "coupons": "discount_coupons",
		"customers": "customers", "reviews": "reviews"}[name]
	if !ok {
		return nil, noSuchPath()
	}
	query := r.URL.Query()
	from, to, refused := span(query, "from_date", "to_date")
	if refused != nil {
		return nil, refused
	}
	var found []any
	for _, e := range slices.Backward(s.shelves[collection].deleted) {
		if at := moment(e, "", "date"); at >= from && at <= to {
			found = append(found, e)
		}
	}
	return page(found, query)
}

func list(found []any) []any {
	if found == nil {
		return []any{}
	}
	return found
}

func page(found []any, query url.Values) (any, *apiError) {
	offset, limit := 0, pageSize
	for name, value := range map[string]*int{"offset": &offset, "limit": &limit} {
		if text := query.Get(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil || n < 0 {
				return nil, wrong(name)
			}
			*value = n
		}
	}
	if limit < 1 || limit > pageSize {
		limit = pageSize
	}
	from := min(offset, len(found))
	items := list(found[from:min(from+limit, len(found))])
	return entity{"total": len(found), "count": len(items), "offset": offset, "limit": limit, "items": items}, nil
}

func wrong(parameter string) *apiError {
	return &apiError{status: 400, code: "WRONG_PARAMETER", message: "Wrong parameter " + parameter}
}

// A filter keeps an entity or not.
type filter func(entity) bool

// filtersOf reads the filters of a query. What is not known is not heeded.
func filtersOf(collection string, query url.Values) ([]filter, *apiError) {
	updatedFrom, updatedTo, refused := span(query, "updatedFrom", "updatedTo")
	if refused != nil {
		return nil, refused
	}
	createdFrom, createdTo, refused := span(query, "createdFrom", "createdTo")
	if refused != nil {
		return nil, refused
	}
	filters := []filter{
		func(e entity) bool {
			at := moment(e, "updateTimestamp", "updateDate", "updated")
			return at >= updatedFrom && at <= updatedTo
		},
		func(e entity) bool {
			at := moment(e, "createTimestamp", "createDate", "created", "registered", "creationDate")
			return at >= createdFrom && at <= createdTo
		},
	}
	if ids := query.Get("ids"); ids != "" && collection == "orders" {
		filters = append(filters, oneOf(ids, "id", "internalId", "orderNumber", "vendorOrderNumber"))
	}
	for parameter, field := range map[string]string{"email": "email", "customerId": "customerId", "productId": "productId", "reviewId": "id",
		"paymentStatus": "paymentStatus", "fulfillmentStatus": "fulfillmentStatus", "sku": "sku", "code": "code"} {
		if wanted := query.Get(parameter); wanted != "" {
			filters = append(filters, oneOf(wanted, field))
		}
	}
	if collection == "carts" && query.Get("showHidden") != "true" {
		filters = append(filters, func(e entity) bool { return e["hidden"] != true })
	}
	if collection == "orders" && query.Get("paymentStatus") == "" {
		filters = append(filters, func(e entity) bool { return e["paymentStatus"] != "INCOMPLETE" })
	}
	return filters, nil
}

// oneOf keeps what has one of the comma-separated values in any of the fields.
func oneOf(values string, fields ...string) filter {
	wanted := strings.Split(values, ",")
	return func(e entity) bool {
		return slices.ContainsFunc(fields, func(field string) bool {
			have := keyOf(e[field])
			return slices.ContainsFunc(wanted, func(w string) bool { return strings.EqualFold(strings.TrimSpace(w), have) })
		})
	}
}

// span reads a pair of times. Without them everything is inside.
func span(query url.Values, fromName, toName string) (from, to int64, refused *apiError) {
	from, to = 0, 1<<62
	for name, value := range map[string]*int64{fromName: &from, toName: &to} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			*value = n
		} else if t, err := time.Parse(time.DateTime, text); err == nil {
			*value = t.Unix()
		} else if t, err := time.Parse(time.DateOnly, text); err == nil {
			*value = t.Unix()
		} else {
			return 0, 0, wrong(name)
		}
	}
	return from, to, nil
}

// moment gives a time of an entity in UNIX seconds: the number if there is one, else the first of the dates.
func moment(e entity, number string, dates ...string) int64 {
	if n, ok := e[number]; ok {
		return int64(whole(n))
	}
	for _, key := range dates {
		text, _ := e[key].(string)
		if t, err := time.Parse("2006-01-02 15:04:05 -0700", text); err == nil {
			return t.Unix()
		}
	}
	return 0
}
