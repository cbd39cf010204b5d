package ecwidtest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"strings"
)

const (
	usdRate = 1.06 // US dollars for one of the store's currency
	taxRate = 20   // per cent, included in prices
)

// A Line is one product in an order or a cart.
type Line struct {
	Product  string // id, as [Store.Keys] gives it
	Quantity int    // 0 means 1
}

// OrderOptions say what a checkout is like. Every field may be left zero.
type OrderOptions struct {
	Customer    Person  // zero means the next of the sample customers
	Lines       []Line  // nil means one of the first product that is in stock
	Payment     string  // payment status; "" means PAID
	Fulfillment string  // fulfillment status; "" means AWAITING_PROCESSING
	Discount    float64 // per cent off, by the coupon WELCOME
	Comments    string  // what the customer writes
	ID          string  // order number; "" means another five letters and digits
}

// PlaceOrder is a checkout: the order is there, stock is taken, the customer is known. It sends order.created, a
// product.updated for each product whose stock is counted, and customer.created or customer.updated. It gives the
// order number. It is an error when a product is not there, or not often enough.
func (s *Store) PlaceOrder(o OrderOptions) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.placeOrder(o)
}

func (s *Store) placeOrder(o OrderOptions) (string, error) {
	bill, err := s.bill(&o)
	if err != nil {
		return "", err
	}
	customer, isNew := s.buyer(o.Customer)
	number, id := s.nextID(), o.ID
	if id == "" {
		id = s.orderNumber()
	}
	if _, taken := s.shelves["orders"].items[id]; taken {
		return "", fmt.Errorf("there is an order %s already", id)
	}
	e := s.purchase(o, bill, customer)
	maps.Copy(e, entity{"id": id, "internalId": number, "orderNumber": number, "vendorOrderNumber": id, "publicUid": id,
		"paymentStatus": or(o.Payment, "PAID"), "fulfillmentStatus": or(o.Fulfillment, "AWAITING_PROCESSING")})
	s.put("orders", id, e)
	s.emit("order.created", number, map[string]any{"orderId": id, "newPaymentStatus": e["paymentStatus"], "newFulfillmentStatus": e["fulfillmentStatus"]})
	for _, line := range bill.lines {
		s.take(line.product, line.quantity)
	}
	s.bought(customer, isNew, bill.total)
	return id, nil
}

// A bill is what a purchase comes to. Amounts are whole cents as floats, so sums are right.
type bill struct {
	lines                                             []billed
	subtotal, discount, shipping, tax, shipTax, total float64
	ships                                             bool
}

type billed struct {
	product            entity
	quantity           int
	price, coupon, tax float64
}

// bill fills in what o leaves open and reckons.
func (s *Store) bill(o *OrderOptions) (*bill, error) {
	if o.Customer.Email == "" {
		all := people()
		o.Customer = all[s.sample%len(all)]
		s.sample++
	}
	if len(o.Lines) == 0 {
		o.Lines = []Line{{Product: s.inStock()}}
	}
	b, wanted := &bill{}, map[string]int{}
	for _, line := range o.Lines {
		product, ok := s.shelves["products"].items[line.Product]
		if !ok {
			return nil, fmt.Errorf("there is no product %q", line.Product)
		}
		quantity := max(line.Quantity, 1)
		wanted[line.Product] += quantity
		if product["unlimited"] != true && whole(product["quantity"]) < wanted[line.Product] {
			return nil, fmt.Errorf("%v is sold out: %d wanted, %d left", product["name"], wanted[line.Product], whole(product["quantity"]))
		}
		l := billed{product: product, quantity: quantity, price: amount(product["price"])}
		sum := cents(l.price * float64(quantity))
		l.coupon = cents(sum * o.Discount / 100)
		l.tax = included(sum - l.coupon)
		b.lines = append(b.lines, l)
		b.subtotal, b.discount, b.tax = b.subtotal+sum, b.discount+l.coupon, b.tax+l.tax
		b.ships = b.ships || product["isShippingRequired"] == true
	}
	if b.ships {
		b.shipping, b.shipTax = 4.90, included(4.90)
	}
	b.subtotal, b.discount, b.tax = cents(b.subtotal), cents(b.discount), cents(b.tax+b.shipTax)
	b.total = cents(b.subtotal - b.discount + b.shipping)
	return b, nil
}

func (s *Store) inStock() string {
	shelf := s.shelves["products"]
	for _, key := range shelf.order {
		if p := shelf.items[key]; p["unlimited"] == true || whole(p["quantity"]) > 0 {
			return key
		}
	}
	return ""
}

// purchase gives the JSON that orders and carts share.
func (s *Store) purchase(o OrderOptions, b *bill, customer entity) entity {
	now := s.options.Now()
	e := entity{
		"email": o.Customer.Email, "ipAddress": "203.0.113.7", "lang": or(o.Customer.Language, "en"), "hidden": false,
		"createDate": stamp(now), "createTimestamp": now.Unix(), "paymentMethod": "Credit or debit card", "paymentModule": "Stripe",
		"subtotal": b.subtotal, "subtotalWithoutTax": cents(b.subtotal - included(b.subtotal)), "total": b.total,
		"totalWithoutTax": cents(b.total - b.tax), "usdTotal": b.total * usdRate, "tax": b.tax, "pricesIncludeTax": true,
		"couponDiscount": b.discount, "volumeDiscount": 0, "membershipBasedDiscount": 0, "totalAndMembershipBasedDiscount": 0,
		"discount": b.discount, "customDiscount": []any{}, "discountInfo": []any{}, "giftCardRedemption": 0,
		"totalBeforeGiftCardRedemption": b.total, "refundedAmount": 0, "refunds": []any{}, "customerId": customer["id"],
		"customerGroupId": customer["customerGroupId"], "customerGroup": customer["customerGroupName"],
		"acceptMarketing": o.Customer.AcceptMarketing, "customerTaxExempt": false, "customerTaxId": "", "customerTaxIdValid": false,
		"reversedTaxApplied": false, "b2b_b2c": "b2c", "refererUrl": s.options.URL + "/products/", "globalReferer": "https://www.google.com/",
		"utmData": entity{"source": "newsletter", "campaign": "jan", "medium": "email"}, "utmDataSets": []any{},
		"orderComments": o.Comments, "privateAdminNotes": "", "trackingNumber": "", "externalFulfillment": false,
		"disableAllCustomerNotifications": false, "additionalInfo": entity{}, "paymentParams": entity{}, "extraFields": entity{},
		"items": s.items(b), "billingPerson": o.Customer.person(), "taxesOnShipping": []any{}, "shipments": []any{}, "customSurcharges": []any{},
		"handlingFee": entity{"name": "", "value": 0, "description": ""}, "invoices": []any{}, "loyalty": entity{"earned": 0, "balance": 0},
		"customerUserAgent": "Mozilla/5.0",
	}
	if b.ships {
		e["shippingPerson"] = o.Customer.person()
		e["shippingOption"] = entity{"shippingMethodId": "6589-1709547151586", "shippingMethodName": "DHL", "shippingCarrierName": "",
			"shippingRate": b.shipping, "shippingRateWithoutTax": cents(b.shipping - b.shipTax), "estimatedTransitTime": "4-9 days",
			"isPickup": false, "fulfillmentType": "shipping"}
	}
	if b.discount > 0 {
		e["discountCoupon"] = entity{"id": 162428889, "name": "Welcome", "code": "WELCOME", "discountType": "PERCENT", "status": "ACTIVE",
			"discount": o.Discount, "launchDate": "2024-06-06 00:00:00 +0000", "usesLimit": "UNLIMITED", "applicationLimit": "UNLIMITED",
			"creationDate": "2024-06-01 10:00:00 +0000", "orderCount": 3}
	}
	s.date("carts", e, now) // an order has the same dates
	return e
}

func (s *Store) items(b *bill) []any {
	var items []any
	for i, l := range b.lines {
		p := l.product
		item := entity{
			"id": s.nextID(), "productId": p["id"], "categoryId": p["defaultCategoryId"], "sku": p["sku"], "name": p["name"],
			"shortDescription": "", "quantity": l.quantity, "price": l.price, "priceWithoutTax": cents(l.price - included(l.price)),
			"productPrice": l.price, "tax": l.tax, "shipping": 0, "couponApplied": l.coupon > 0, "isShippingRequired": p["isShippingRequired"],
			"trackQuantity": p["unlimited"] != true, "digital": p["isShippingRequired"] != true, "productAvailable": true, "giftCard": false,
			"isPreorder": false, "taxable": true, "discountsAllowed": true, "quantityInStock": whole(p["quantity"]),
			"imageUrl": s.options.URL + "/images/" + fmt.Sprint(p["id"]) + ".jpg", "selectedOptions": []any{},
			"taxes":     []any{entity{"name": "VAT", "value": taxRate, "total": l.tax, "taxOnDiscountedSubtotal": l.tax, "taxOnShipping": 0, "includeInPrice": true}},
			"discounts": []any{}, "files": []any{}, "attributes": []any{}, "dimensions": entity{"length": 0, "width": 0, "height": 0},
		}
		if l.coupon > 0 {
			item["couponAmount"] = l.coupon
		}
		if i == 0 && b.ships {
			item["shipping"] = b.shipping
		}
		if w, ok := p["weight"]; ok {
			item["weight"] = w
		}
		items = append(items, item)
	}
	return items
}

// UpdateOrder changes an order and sends order.updated with the statuses before and after. It is an error when there
// is no such order.
func (s *Store) UpdateOrder(id string, change func(order map[string]any)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.updateOrder(id, change)
}

func (s *Store) updateOrder(id string, change func(order map[string]any)) error {
	e, ok := s.shelves["orders"].items[id]
	if !ok {
		return errors.New("there is no order " + id)
	}
	data := map[string]any{"orderId": id, "oldPaymentStatus": e["paymentStatus"], "oldFulfillmentStatus": e["fulfillmentStatus"]}
	change(e)
	s.changed("orders", id)
	data["newPaymentStatus"], data["newFulfillmentStatus"] = e["paymentStatus"], e["fulfillmentStatus"]
	s.emit("order.updated", e["internalId"], data)
	return nil
}

// DeleteOrder deletes an order and sends order.deleted.
func (s *Store) DeleteOrder(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.deleteOrder(id)
}

func (s *Store) deleteOrder(id string) error {
	e, ok := s.remove("orders", id)
	if !ok {
		return errors.New("there is no order " + id)
	}
	s.emit("order.deleted", e["internalId"], map[string]any{"orderId": id})
	return nil
}

// orderNumber makes an order number of the form of K8XTQ, that no order and no cart has.
func (s *Store) orderNumber() string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	for {
		var b strings.Builder
		for range 5 {
			b.WriteByte(letters[s.random.IntN(len(letters))])
		}
		if _, taken := s.shelves["orders"].items[b.String()]; !taken {
			return b.String()
		}
	}
}

// cents rounds an amount to the cent.
func cents(amount float64) float64 { return math.Round(amount*100) / 100 }

// included gives the tax in a price that includes it.
func included(price float64) float64 { return cents(price * taxRate / (100 + taxRate)) }

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
