package cloudcarttest

import (
	"maps"
	"strconv"
	"time"
)

// PlaceOrder places an order of two bowls for a guest, paid on delivery, and sends order.created. It gives the number.
// Options are attributes of the order that are to be others, such as "note_customer".
func (s *Store) PlaceOrder(options ...map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	order := s.put("orders", map[string]any{"status": "pending", "status_fulfillment": "not_fulfilled", "currency": "EUR", "total": 6498, "subtotal": 5998,
		"tax": 0, "discount": 0, "shipping_price": 500, "customer_id": 5, "customer_group_id": 1, "customer_first_name": "Ana", "customer_last_name": "Ivanova",
		"customer_email": "ana@example.com", "customer_ip": "203.0.113.9", "abandoned": "no", "notify_customer": "yes", "invoice_number": nil})
	for _, o := range options {
		maps.Copy(order.Attributes, o)
	}
	order.Many["products"] = []*Resource{s.part("order-products", map[string]any{"order_id": number(order.ID), "product_id": 2, "variant_id": 2, "name": "Bowl", "sku": "BOWL-1",
		"quantity": 2, "weight": 220, "price": 2999, "order_price": 2999, "p1": "Size", "v1": "M", "vendor_name": "ACME", "category_id": 1, "category_name": "Kitchen",
		"sale": "no", "digital": "no", "tracked": "yes"})}
	order.Many["totals"] = []*Resource{s.part("order-total", map[string]any{"code": "subtotal", "title": "Subtotal", "value": 5998}),
		s.part("order-total", map[string]any{"code": "grand_total", "title": "Total", "value": 6498})}
	order.Many["taxes"], order.Many["discounts"] = []*Resource{}, []*Resource{}
	order.One["payment"] = s.part("order-payment", map[string]any{"provider": "cod", "provider_name": "Cash on delivery", "amount": 6498, "status": "requested",
		"payment_status": "requested", "provider_reference_id": nil, "date_created": s.now(), "date_modified": s.now()})
	shipping := s.part("order-shipping", map[string]any{"provider_id": 5, "provider_name": "Econt", "provider_amount": 500, "provider_insurance": 0, "order_has_insurance": "no"})
	shipping.One["provider"] = s.part("shipping-providers", map[string]any{"name": "Econt", "key": "econt"})
	order.One["shipping"] = shipping
	address := map[string]any{"first_name": "Ana", "last_name": "Ivanova", "phone": "+359888123456", "companyYesNo": "no", "country_iso2": "BG", "country_name": "Bulgaria",
		"city_name": "Sofia", "street_name": "Vitosha Blvd", "street_number": "12", "post_code": "1000"}
	order.One["shipping-address"] = s.part("order-shipping-address", address)
	order.One["billing-address"] = s.part("order-billing-address", address)
	s.happened("orders", "created", order)
	return order.ID
}

func (s *Store) part(kind string, attributes map[string]any) *Resource {
	return &Resource{Type: kind, ID: strconv.Itoa(s.next()), Attributes: maps.Clone(attributes), One: map[string]*Resource{}, Many: map[string][]*Resource{}}
}

// Pay sets the status of an order's payment and of the order, and sends order.updated.
func (s *Store) Pay(id, payment, status string) bool {
	s.mu.Lock()
	if order := s.get("orders", id); order != nil {
		order.One["payment"].Attributes["status"] = payment
		order.One["payment"].Attributes["payment_status"] = payment
	}
	s.mu.Unlock()
	return s.Change("orders", id, map[string]any{"status": status})
}

// AddProduct adds a product with one variant and sends product.created. The price is in hundredths.
func (s *Store) AddProduct(name string, price, quantity int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	product := s.put("products", map[string]any{"name": name, "url_handle": name, "active": "yes", "draft": "no", "tracking": "yes", "price_from": price, "price_to": price,
		"product_type": "simple", "minimum": 1})
	product.Many["variants"] = []*Resource{s.part("variants", map[string]any{"item_id": number(product.ID), "sku": name + "-1", "price": price, "quantity": quantity, "v1": nil})}
	product.One["category"] = s.part("categories", map[string]any{"name": "Kitchen", "url_handle": "kitchen"})
	product.Many["images"] = []*Resource{}
	s.happened("products", "created", product)
	return product.ID
}

// nested is the body of an order webhook (new_version 1): one object with everything in it, amounts in units, flags that
// are true or false, times with their zone.
func (s *Store) nested(r *Resource) map[string]any {
	a := r.Attributes
	payment := r.One["payment"]
	paid := map[string]any{"id": number(payment.ID), "provider": payment.Attributes["provider"], "provider_name": payment.Attributes["provider_name"],
		"amount": unit(payment.Attributes["amount"]), "status": payment.Attributes["payment_status"]}
	lines := []any{}
	for _, p := range r.Many["products"] {
		lines = append(lines, map[string]any{"id": number(p.ID), "product_id": p.Attributes["product_id"], "variant_id": p.Attributes["variant_id"], "name": p.Attributes["name"],
			"sku": p.Attributes["sku"], "quantity": p.Attributes["quantity"], "digital": p.Attributes["digital"] == "yes", "unit_line_price": unit(p.Attributes["price"]),
			"category": map[string]any{"id": p.Attributes["category_id"], "name": p.Attributes["category_name"]}, "options": []any{}, "discounts": []any{}})
	}
	return map[string]any{"store_id": 68000, "id": number(r.ID), "status": a["status"], "created_at": s.zoned(a["date_added"]), "updated_at": s.zoned(a["updated_at"]),
		"abandoned": a["abandoned"] == "yes", "currency": a["currency"], "order_subtotal": unit(a["subtotal"]), "order_total": unit(a["total"]),
		"customer": map[string]any{"id": a["customer_id"], "first_name": a["customer_first_name"], "last_name": a["customer_last_name"], "email": a["customer_email"],
			"note": a["note_customer"], "custom_fields": []any{}},
		"products": lines, "payments": []any{paid}, "payment": paid, "discounts": []any{}, "tax_vat": []any{}, "fees": []any{},
		"shipping": []any{map[string]any{"id": number(r.One["shipping"].ID), "status": a["status_fulfillment"], "provider_name": "Econt", "provider_amount": unit(a["shipping_price"])}}}
}

// plain is the body of any other webhook: the attributes of the resource with its id.
func plain(r *Resource) map[string]any {
	to := maps.Clone(r.Attributes)
	to["id"] = number(r.ID)
	return to
}

// zoned writes a time with its zone, as order webhooks do.
func (s *Store) zoned(at any) any {
	text, _ := at.(string)
	t, err := time.ParseInLocation(time.DateTime, text, s.options.Zone)
	if err != nil {
		return at
	}
	return t.Format(time.RFC3339)
}

func number(id string) int {
	n, err := strconv.Atoi(id)
	if err != nil {
		return 0 // ids are made by next
	}
	return n
}

func unit(hundredths any) any {
	if n, ok := hundredths.(int); ok {
		return float64(n) / 100
	}
	return hundredths
}

// stripped leaves out what is null, at any depth.
func stripped(v any) any {
	switch v := v.(type) {
	case map[string]any:
		to := map[string]any{}
		for name, value := range v {
			if value != nil {
				to[name] = stripped(value)
			}
		}
		return to
	case []any:
		to := make([]any, len(v))
		for i := range v {
			to[i] = stripped(v[i])
		}
		return to
	}
	return v
}
