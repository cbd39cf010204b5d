package ecwidtest

import (
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"
)

const maxWrite = 1 << 20 // bytes of a request's body

// nounOf gives the first part of the event types of a collection.
func nounOf(collection string) string {
	return map[string]string{"orders": "order", "carts": "unfinished_order", "products": "product", "customers": "customer", "categories": "category",
		"classes": "product_class", "customer_groups": "customer_group", "discount_coupons": "discount_coupon", "promotions": "promotion",
		"reviews": "review"}[collection]
}

func wrongMethod() *apiError {
	return &apiError{status: 405, code: "METHOD_NOT_ALLOWED", message: "Method Not Allowed"}
}

// write carries out POST, PUT and DELETE. What is changed in this way is told by webhooks like any other change, to the app that made
// it too.
func (s *Store) write(parts []string, r *http.Request) (any, *apiError) {
	name := parts[0]
	switch {
	case name == "storage" && len(parts) == 2:
		return s.writeStorage(parts[1], r)
	case name == "orders" && len(parts) == 4 && parts[2] == "invoices" && parts[3] == "create-invoice" && r.Method == http.MethodPost:
		return s.writeInvoice(parts[1])
	case name == "carts" && len(parts) == 3 && parts[2] == "place" && r.Method == http.MethodPost:
		return s.placeCart(parts[1])
	case name != "profile" && nounOf(name) == "" || len(parts) > 2:
		return nil, noSuchPath()
	case r.Method == http.MethodDelete && len(parts) == 2:
		return s.writeDelete(name, parts[1])
	}
	fields, refused := readFields(r)
	if refused != nil {
		return nil, refused
	}
	switch {
	case r.Method == http.MethodPost && len(parts) == 1 && name == "orders":
		return s.writeOrder(fields)
	case r.Method == http.MethodPost && len(parts) == 1 && !slices.Contains([]string{"profile", "carts", "reviews"}, name):
		return s.writeNew(name, fields)
	case r.Method == http.MethodPut && len(parts) == 1 && name == "profile":
		s.updateProfile(func(p map[string]any) { merge(p, fields) })
		return entity{"updateCount": 1}, nil
	case r.Method == http.MethodPut && len(parts) == 2:
		return s.writeChange(name, parts[1], fields)
	}
	return nil, wrongMethod()
}

// readFields reads the JSON object of a request.
func readFields(r *http.Request) (entity, *apiError) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, &apiError{status: 415, code: "UNSUPPORTED_MEDIA_TYPE", message: "Unsupported content type: expected application/json"}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxWrite))
	var fields entity
	if err != nil || json.Unmarshal(body, &fields) != nil || fields == nil {
		return nil, &apiError{status: 400, code: "WRONG_PARAMETER", message: "The body is not a JSON object"}
	}
	return fields, nil
}

// merge writes fields over those of an entity; an object inside an object is merged too, and ids stay.
func merge(e, fields entity) {
	for key, value := range fields {
		inner, isObject := value.(entity)
		was, wasObject := e[key].(entity)
		switch {
		case slices.Contains([]string{"id", "internalId", "cartId", "createTimestamp", "updateTimestamp"}, key):
		case isObject && wasObject:
			merge(was, inner)
		default:
			e[key] = value
		}
	}
}

// find gives the key of an entity; orders are also known by their internal number.
func (s *Store) find(collection, id string) (string, *apiError) {
	shelf := s.shelves[collection]
	if _, ok := shelf.items[id]; ok {
		return id, nil
	}
	for key, e := range shelf.items {
		if collection == "orders" && keyOf(e["internalId"]) == id {
			return key, nil
		}
	}
	return "", notFound(collection, id)
}

func (s *Store) writeChange(collection, id string, fields entity) (any, *apiError) {
	key, refused := s.find(collection, id)
	if refused != nil {
		return nil, refused
	}
	change := func(e map[string]any) { merge(e, fields) }
	joins, refused := s.joins(collection, key, fields)
	if refused != nil {
		return nil, refused
	}
	defer joins()
	switch collection {
	case "orders":
		_ = s.updateOrder(key, change) // it is there
	case "carts":
		change(s.shelves["carts"].items[key])
		s.changed("carts", key)
		s.tell("updated", key)
	default:
		_ = s.updateLocked(collection, nounOf(collection), key, change) // it is there
	}
	return entity{"updateCount": 1}, nil
}

// joins looks at a change that puts a customer into a group, and gives what is told of the group when it is done. A group goes by its
// id, and its name follows.
func (s *Store) joins(collection, key string, fields entity) (then func(), refused *apiError) {
	then = func() {}
	group, asked := fields["customerGroupId"]
	if collection != "customers" || !asked {
		return then, nil
	}
	id := keyOf(group)
	if id == "0" {
		fields["customerGroupName"] = "General"
		return then, nil
	}
	e, known := s.shelves["customer_groups"].items[id]
	if !known {
		return nil, wrong("customerGroupId")
	}
	fields["customerGroupName"] = e["name"]
	if keyOf(s.shelves["customers"].items[key]["customerGroupId"]) != id {
		then = func() { s.emit("customer_group.updated", e["id"], s.claimOf("customer_group", e)) }
	}
	return then, nil
}

// couponOf gives the key of the coupon of a code. Codes are unique in a store.
func (s *Store) couponOf(code string) (key string, ok bool) {
	for key, e := range s.shelves["discount_coupons"].items {
		if e["code"] == code {
			return key, true
		}
	}
	return "", false
}

func (s *Store) writeDelete(collection, id string) (any, *apiError) {
	if collection == "profile" {
		return nil, wrongMethod()
	}
	key, refused := s.find(collection, id)
	if refused != nil {
		return nil, refused
	}
	switch collection {
	case "orders":
		_ = s.deleteOrder(key) // it is there
	case "carts":
		s.remove("carts", key)
		s.tell("deleted", key)
	default:
		_ = s.deleteLocked(collection, nounOf(collection), key) // it is there
	}
	return entity{"deleteCount": 1}, nil
}

// writeNew makes an entity. What a product or a customer always has is filled in.
func (s *Store) writeNew(collection string, fields entity) (any, *apiError) {
	text := func(key string) string { t, _ := fields[key].(string); return t }
	var key string
	switch collection {
	case "products":
		if text("name") == "" {
			return nil, wrong("name")
		}
		unlimited := fields["quantity"] == nil
		key = s.addProduct(Product{SKU: or(text("sku"), s.orderNumber()), Name: text("name"), Price: amount(fields["price"]),
			Quantity: whole(fields["quantity"]), Unlimited: unlimited})
	case "customers":
		if text("email") == "" {
			return nil, wrong("email")
		}
		key = s.addCustomer(Person{Name: text("name"), Email: text("email"), Language: or(text("lang"), "en")})
	default:
		if collection == "discount_coupons" {
			defaults := entity{"name": "", "code": s.orderNumber(), "discountType": "ABS", "status": "ACTIVE", "discount": 0,
				"usesLimit": "UNLIMITED", "applicationLimit": "UNLIMITED", "orderCount": 0}
			maps.Copy(defaults, fields)
			fields = defaults
			if _, taken := s.couponOf(text("code")); taken {
				return nil, &apiError{status: 409, code: "CONFLICT", message: "A coupon of this code exists"}
			}
			if !slices.Contains([]any{"ABS", "PERCENT", "SHIPPING", "ABS_AND_SHIPPING", "PERCENT_AND_SHIPPING"}, fields["discountType"]) {
				return nil, wrong("discountType")
			}
		}
		s.addEntity(collection, nounOf(collection), fields)
		answer := entity{"id": fields["id"]}
		if code, ok := fields["code"]; ok {
			answer["code"] = code
		}
		return answer, nil
	}
	e := s.shelves[collection].items[key]
	merge(e, fields)
	return entity{"id": e["id"]}, nil
}

// writeOrder makes an order of products that the store has.
func (s *Store) writeOrder(fields entity) (any, *apiError) {
	o := OrderOptions{Customer: buyerOf(fields)}
	items, _ := fields["items"].([]any)
	for _, item := range items {
		item, _ := item.(entity)
		o.Lines = append(o.Lines, Line{Product: keyOf(item["productId"]), Quantity: whole(item["quantity"])})
	}
	if o.Customer.Email == "" || len(o.Lines) == 0 {
		return nil, wrong("email or items")
	}
	o.Payment, _ = fields["paymentStatus"].(string)
	o.Fulfillment, _ = fields["fulfillmentStatus"].(string)
	o.Comments, _ = fields["orderComments"].(string)
	number, err := s.placeOrder(o)
	if err != nil {
		return nil, wrong("items: " + err.Error())
	}
	return entity{"id": s.shelves["orders"].items[number]["internalId"], "orderid": number}, nil
}

func (s *Store) placeCart(id string) (any, *apiError) {
	if _, ok := s.shelves["carts"].items[id]; !ok {
		return nil, notFound("carts", id)
	}
	number, err := s.recoverCart(id)
	if err != nil {
		return nil, &apiError{status: 409, code: "CONFLICT", message: err.Error()}
	}
	return entity{"id": number, "orderNumber": s.shelves["orders"].items[number]["internalId"]}, nil
}

func (s *Store) writeInvoice(id string) (any, *apiError) {
	key, refused := s.find("orders", id)
	if refused != nil {
		return nil, refused
	}
	return entity{"id": s.addInvoice(key)}, nil
}

// writeStorage changes the app's own storage: a key and its value, any text.
func (s *Store) writeStorage(key string, r *http.Request) (any, *apiError) {
	_, known := s.storage[key]
	switch {
	case r.Method == http.MethodPost || r.Method == http.MethodPut:
		body, err := io.ReadAll(io.LimitReader(r.Body, maxWrite))
		if err != nil {
			return nil, wrong("body")
		}
		s.setStorage(key, string(body))
	case r.Method != http.MethodDelete:
		return nil, wrongMethod()
	case !known:
		return nil, &apiError{status: 404, code: "KEY_NOT_FOUND", message: "Key not found"}
	default:
		delete(s.storage, key)
		s.emit("application.storageChanged", s.options.StoreID, nil)
	}
	return entity{"success": true}, nil
}

func (s *Store) setStorage(key, value string) {
	s.storage[strings.Clone(key)] = value
	s.emit("application.storageChanged", s.options.StoreID, nil)
}
