package cli

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"shopbell/sources/ecwid/ecwidtest"
)

const ownRules = `rules:
  - name: thanks
    when: order.updated
    if: became(order.paymentStatus, was?.paymentStatus, "PAID")
    then:
      - ecwid: { order: "{{ order.id }}", note: "seen", extra_fields: { parcel: "B-12" }, info: { seen: "yes" } }
      - id: coupon
        ecwid: { coupon: { type: PERCENT, value: 10, expires: 30d } }
      - ecwid: { customer: "{{ order.email }}", group: vip }
      - http: { url: "SINK", body: "done {{ steps.coupon.code }}" }
  - name: others
    when: [order.updated, discount_coupon.created, discount_coupon.updated, customer.updated, customer_group.updated]
    then: [{ http: { url: "SINK", body: "theirs {{ event.type }}" } }]
  - name: own
    when: [order.updated, discount_coupon.created, discount_coupon.updated, customer.updated, customer_group.updated]
    if: event.self
    then: [{ http: { url: "SINK", body: "own {{ event.type }}" } }]
`

// TestWhateverWeChangeIsKnownAsOurs has a rule change an order, make a coupon and put a customer into a group, all of which the
// store tells of as of any other change.
func TestWhateverWeChangeIsKnownAsOurs(t *testing.T) {
	to := newSink(t)
	l := newTelling(t, to, "shop", ownRules)
	store := l.store
	group := store.Add("customer_groups", "customer_group", map[string]any{"name": "VIP"})
	person := ecwidtest.Person{Name: "Jane", Email: "j@example.com", Language: "en", CountryCode: "DE"}
	customer := store.AddCustomer(person)
	id, err := store.PlaceOrder(ecwidtest.OrderOptions{Payment: "AWAITING_PAYMENT", Customer: person})
	if err != nil {
		t.Fatal(err)
	}
	l.tell()
	for _, change := range []string{"AWAITING_PAYMENT", "PAID"} {
		if err := store.UpdateOrder(id, func(o map[string]any) { o["paymentStatus"], o["orderComments"] = change, change }); err != nil {
			t.Fatal(err)
		}
		to.until(t, []string{"theirs order.updated"})
	}
	to.until(t, []string{"own order.updated", "own discount_coupon.created", "own customer.updated", "own customer_group.updated"})
	coupons := store.Keys("discount_coupons")
	coupon, _ := store.Get("discount_coupons", coupons[len(coupons)-1])
	code, _ := coupon["code"].(string)
	if !regexp.MustCompile(`^[0-9A-Z]{12}$`).MatchString(code) || coupon["discountType"] != "PERCENT" {
		t.Errorf("the coupon is %v", coupon)
	}
	to.until(t, []string{"done " + code})
	if who, _ := store.Get("customers", customer); fmt.Sprint(who["customerGroupId"]) != group && fmt.Sprint(json.Number(fmt.Sprintf("%.0f", who["customerGroupId"]))) != group {
		t.Errorf("the customer is in group %v, not in %s", who["customerGroupId"], group)
	}
	order, _ := store.Get("orders", id)
	if order["privateAdminNotes"] != "seen" || !strings.Contains(fmt.Sprint(order["orderExtraFields"]), "B-12") || !strings.Contains(fmt.Sprint(order["additionalInfo"]), "seen:yes") {
		t.Errorf("the order is %v", order)
	}
	// Then others do the like.
	store.Add("discount_coupons", "discount_coupon", map[string]any{"name": "X", "code": "X1", "discountType": "ABS", "discount": 1})
	if err := store.UpdateCustomer(customer, func(c map[string]any) { c["name"] = "Joan" }); err != nil {
		t.Fatal(err)
	}
	to.until(t, []string{"theirs discount_coupon.created", "theirs customer.updated"})
	got := to.counts()
	for _, own := range []string{"own order.updated", "own discount_coupon.created", "own customer.updated", "own customer_group.updated"} {
		if got[own] != 1 {
			t.Errorf("%q came %d times", own, got[own])
		}
	}
	for what, n := range map[string]int{"theirs order.updated": 2, "theirs discount_coupon.created": 1, "theirs customer.updated": 1, "theirs customer_group.updated": 0} {
		if got[what] != n {
			t.Errorf("%q came %d times", what, got[what])
		}
	}
}
