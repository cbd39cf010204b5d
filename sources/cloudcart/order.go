package cloudcart

import (
	"math"

	"shopbell/event"
)

// order brings an order from the form of the API, which is flat and counts in hundredths, into that of order webhooks,
// which is nested and counts in units. One that comes in the latter is left as it is.
func (d *document) order(r resource) map[string]any {
	a := r.attributes
	if _, nested := a["order_total"]; nested {
		a["id"] = r.id
		return a
	}
	o := pick(a, "status", "status_fulfillment", "hash", "store_id", "updated_at", "currency", "language", "weight", "abandoned", "email_sent",
		"note_administrator", "invoice_number", "invoice_date", "receipt_number", "receipt_date", "credit_number", "credit_date", "usn")
	o["id"], o["created_at"] = r.id, first(a, "created_at", "date_added")
	o["order_subtotal"], o["order_total"] = units(a["subtotal"]), units(a["total"])
	o["shipping_price"], o["tax"], o["discount"] = units(a["shipping_price"]), units(a["tax"]), units(a["discount"])
	d.totals(r, o)
	o["customer"] = buyerOf(a)
	o["products"] = each(d.many(r, "products"), d.line)
	o["shipping"] = each(d.many(r, "shipping"), func(s resource) map[string]any { return d.shippingOf(s, a) })
	payments := each(d.many(r, "payment"), paymentOf)
	o["payments"] = payments
	if len(payments) > 0 {
		o["payment"] = payments[0]
	}
	for key, name := range map[string]string{"shipping_address": "shipping-address", "billing_address": "billing-address"} {
		if found := d.many(r, name); len(found) > 0 && len(found[0].attributes) > 0 {
			o[key] = addressOf(found[0])
		}
	}
	o["discounts"] = each(d.many(r, "discounts"), func(x resource) map[string]any {
		to := pick(x.attributes, "discount_id", "name", "code")
		to["id"], to["type"], to["value"] = x.id, first(x.attributes, "discount_type", "type"), x.attributes["type_value"]
		return to
	})
	o["tax_vat"] = each(d.many(r, "taxes"), func(x resource) map[string]any {
		to := pick(x.attributes, "name", "rate")
		to["id"], to["value"] = x.id, units(x.attributes["value"])
		return to
	})
	o["fees"] = []any{}
	return o
}

// totals fills what the order itself does not tell from its totals.
func (d *document) totals(r resource, o map[string]any) {
	fields := map[string]string{"subtotal": "order_subtotal", "shipping": "shipping_price", "tax": "tax", "discount": "discount", "total": "order_total", "grand_total": "order_total"}
	for _, total := range d.many(r, "totals") {
		code, _ := total.attributes["code"].(string)
		if field := fields[code]; field != "" && o[field] == nil {
			o[field] = units(total.attributes["value"])
		}
	}
}

func buyerOf(a map[string]any) map[string]any {
	geoip := a["customer_geoip"]
	if text, ok := geoip.(string); ok {
		if decoded, err := event.Decode([]byte(text)); err == nil {
			geoip = decoded
		}
	}
	return map[string]any{"id": a["customer_id"], "group_id": a["customer_group_id"], "first_name": a["customer_first_name"],
		"last_name": a["customer_last_name"], "email": a["customer_email"], "note": a["note_customer"], "ip": a["customer_ip"], "geoip": geoip}
}

// line makes one line of an order. What the API does not give, the sums, is reckoned from price and quantity.
func (d *document) line(r resource) map[string]any {
	a := r.attributes
	to := pick(a, "product_id", "variant_id", "quantity", "name", "sku", "barcode", "weight", "sale", "digital", "tracked")
	to["id"], to["vendor"], to["unit"] = r.id, a["vendor_name"], a["units"]
	to["category"] = map[string]any{"id": a["category_id"], "name": a["category_name"]}
	variant := []any{}
	for _, n := range []string{"1", "2", "3"} {
		if name, _ := a["p"+n].(string); name != "" {
			variant = append(variant, map[string]any{"name": name, "value": a["v"+n]})
		}
	}
	to["variant"] = variant
	to["options"] = each(d.many(r, "options"), func(x resource) map[string]any {
		option := pick(x.attributes, "name", "value", "type")
		option["id"] = x.id
		return option
	})
	before, known := hundredths(a["price"])
	if !known {
		return to
	}
	after, reduced := hundredths(a["order_price"])
	if !reduced {
		after = before
	}
	count, _ := float(amount(a["quantity"]))
	to["unit_line_price"], to["unit_line_price_total"], to["unit_line_discount_amount"] = cents(before), cents(after), cents(before-after)
	to["line_price"], to["line_price_total"], to["line_discount_amount"] = cents(before*count), cents(after*count), cents((before-after)*count)
	return to
}

func (d *document) shippingOf(r resource, order map[string]any) map[string]any {
	a := r.attributes
	to := pick(a, "provider_name", "order_has_insurance", "service_name", "waybill_id", "fulfilled_at", "delivery_at", "expedition_at")
	to["id"], to["geo_zone"], to["status"] = r.id, a["geo_zone_name"], order["status_fulfillment"]
	to["provider_amount"], to["provider_insurance"] = units(a["provider_amount"]), units(a["provider_insurance"])
	to["desired_delivery_date"] = order["desired_delivery_date"]
	if provider := d.many(r, "provider"); len(provider) > 0 {
		to["provider_key"] = first(provider[0].attributes, "key", "type", "mapping")
	}
	return to
}

// paymentOf takes the status that CloudCart has for all providers before the provider's own word.
func paymentOf(r resource) map[string]any {
	a := r.attributes
	to := pick(a, "provider", "provider_name", "provider_reference_id")
	to["id"], to["amount"], to["status"] = r.id, units(a["amount"]), first(a, "payment_status", "status")
	to["created_at"], to["updated_at"] = first(a, "created_at", "date_created"), first(a, "updated_at", "date_modified")
	return to
}

func addressOf(r resource) map[string]any {
	a := r.attributes
	to := pick(a, "first_name", "last_name", "phone", "company_name", "company_vat", "company_registration_number", "company_person",
		"country_name", "street_number", "formatted", "office_id")
	to["id"], to["company"] = r.id, first(a, "companyYesNo", "company")
	to["country"], to["state"], to["city"] = first(a, "country_iso2", "country"), first(a, "state_name", "state"), first(a, "city_name", "city")
	to["street"], to["postal_code"] = first(a, "street_name", "street"), first(a, "post_code", "postal_code")
	to["additional_info"], to["gmap_address"] = first(a, "additional_info", "address1"), first(a, "gmap_address", "text")
	return to
}

// pick takes some members of an object.
func pick(from map[string]any, names ...string) map[string]any {
	to := make(map[string]any, len(names)+8)
	for _, name := range names {
		to[name] = from[name]
	}
	return to
}

// first gives the first of some members that is there and not empty.
func first(from map[string]any, names ...string) any {
	for _, name := range names {
		if v := from[name]; v != nil && v != "" {
			return v
		}
	}
	return nil
}

func each(from []resource, make func(resource) map[string]any) []any {
	to := []any{}
	for _, r := range from {
		if len(r.attributes) > 0 { // else the answer names it only
			to = append(to, make(r))
		}
	}
	return to
}

// hundredths gives an amount of the API in hundredths. One with a point is in units already.
func hundredths(value any) (float64, bool) {
	n, ok := float(units(value))
	return math.Round(n * 100), ok
}

func float(value any) (float64, bool) {
	switch v := value.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// cents turns hundredths into units: a price times a part of one has a long tail.
func cents(hundredths float64) float64 { return math.Round(hundredths) / 100 }
