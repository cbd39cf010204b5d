package ecwidtest_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"shopbell/sources/ecwid/ecwidtest"
)

// A bundle is a store with what it sent and a clock that a test moves.
type bundle struct {
	*ecwidtest.Store
	sent []ecwidtest.Notice
	now  time.Time
}

func setup(t *testing.T, o ecwidtest.Options) *bundle {
	t.Helper()
	b := &bundle{now: time.Unix(1735689600, 0)}
	o.Now = func() time.Time { return b.now }
	o.Send = func(n ecwidtest.Notice) { b.sent = append(b.sent, n) }
	b.Store = ecwidtest.New(o)
	if len(b.sent) > 0 {
		t.Fatalf("a new store sent %v", b.sent)
	}
	return b
}

// get asks the API; token "" means the right one.
func (b *bundle) get(path, token string) (status int, header http.Header, body map[string]any) {
	if token == "" {
		token = "secret_test"
	}
	r := httptest.NewRequest("GET", "/api/v3/1003/"+path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	_ = json.Unmarshal(w.Body.Bytes(), &body)
	return w.Code, w.Header(), body
}

// types lists what was sent since the last call.
func (b *bundle) types() (types []string) {
	for _, n := range b.sent {
		types = append(types, n.Type)
	}
	b.sent = nil
	return types
}

func TestChangesSendWhatEcwidSends(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	product, customer := b.Keys("products")[0], b.Keys("customers")[0]
	license := b.Keys("products")[5]
	var order, cart string
	fresh := ecwidtest.Person{Name: "New One", Email: "new@example.com"}
	no := func(map[string]any) {}
	for _, c := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"checkout", func() (err error) { order, err = b.PlaceOrder(ecwidtest.OrderOptions{}); return }, []string{"order.created", "product.updated", "customer.updated"}},
		{"checkout of a new customer", func() error { _, err := b.PlaceOrder(ecwidtest.OrderOptions{Customer: fresh}); return err }, []string{"order.created", "product.updated", "customer.created"}},
		{"checkout of unlimited stock", func() error {
			_, err := b.PlaceOrder(ecwidtest.OrderOptions{Lines: []ecwidtest.Line{{Product: license}}})
			return err
		}, []string{"order.created", "customer.updated"}},
		{"order", func() error { return b.UpdateOrder(order, no) }, []string{"order.updated"}},
		{"order gone", func() error { return b.DeleteOrder(order) }, []string{"order.deleted"}},
		{"cart", func() (err error) { cart, err = b.LeaveCart(ecwidtest.OrderOptions{}); return }, []string{"unfinished_order.created"}},
		{"cart hidden", func() error { return b.UpdateCart(cart, func(c map[string]any) { c["hidden"] = true }) }, []string{"unfinished_order.updated"}},
		{"cart recovered", func() error { _, err := b.RecoverCart(cart); return err }, []string{"order.created", "product.updated", "customer.updated", "unfinished_order.updated"}},
		{"cart gone", func() error { return b.DeleteCart(cart) }, []string{"unfinished_order.deleted"}},
		{"stock", func() error { return b.SetQuantity(product, 3) }, []string{"product.updated"}},
		{"product gone", func() error { return b.DeleteProduct(product) }, []string{"product.deleted"}},
		{"customer", func() error { return b.UpdateCustomer(customer, no) }, []string{"customer.updated"}},
		{"customer gone", func() error { return b.DeleteCustomer(customer) }, []string{"customer.deleted"}},
		{"profile", func() error { b.UpdateProfile(no); return nil }, []string{"profile.updated"}},
		{"new product", func() error { b.AddProduct(ecwidtest.Product{Name: "x"}); return nil }, []string{"product.created"}},
		{"new group", func() error { b.Add("customer_groups", "customer_group", map[string]any{"name": "x"}); return nil }, []string{"customer_group.created"}},
		{"privacy", func() error { b.Emit("customer.personalDataRemovalRequest", 5, nil); return nil }, []string{"customer.personalDataRemovalRequest"}},
	} {
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if got := b.types(); !slices.Equal(got, c.want) {
			t.Errorf("%s: sent %q, want %q", c.name, got, c.want)
		}
	}
	for name, err := range map[string]error{"order": b.UpdateOrder("nope", no), "cart": b.UpdateCart("nope", no), "product": b.UpdateProduct("nope", no),
		"customer": b.DeleteCustomer("nope"), "deleted order": b.DeleteOrder(order), "deleted cart": b.DeleteCart(cart)} {
		if err == nil || b.types() != nil {
			t.Errorf("%s: changing what is not there was no error", name)
		}
	}
}

func TestNotices(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	order, err := b.PlaceOrder(ecwidtest.OrderOptions{Payment: "AWAITING_PAYMENT"})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.UpdateOrder(order, func(o map[string]any) { o["paymentStatus"] = "PAID" }); err != nil {
		t.Fatal(err)
	}
	n := b.sent[len(b.sent)-1]
	e, _ := b.Get("orders", order)
	want := fmt.Sprintf(`{"eventId":%q,"eventCreated":1735689600,"storeId":1003,"entityId":%d,"eventType":"order.updated","data":{"newFulfillmentStatus":"AWAITING_PROCESSING","newPaymentStatus":"PAID","oldFulfillmentStatus":"AWAITING_PROCESSING","oldPaymentStatus":"AWAITING_PAYMENT","orderId":%q}}`,
		n.ID, e["internalId"], order)
	if got := string(ecwidtest.Notification(n)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	ids := map[string]bool{}
	for _, n := range b.sent {
		if ids[n.ID] || len(n.ID) != 36 {
			t.Errorf("event id %q is not unique", n.ID)
		}
		ids[n.ID] = true
	}
}

func TestMoneyIsRight(t *testing.T) {
	b := setup(t, ecwidtest.Options{Empty: true})
	var lines []ecwidtest.Line
	for i := range 20 {
		lines = append(lines, ecwidtest.Line{Product: b.AddProduct(ecwidtest.Product{SKU: "x", Name: "X", Price: 0.10 + float64(i)*0.37, Quantity: 100}), Quantity: i + 1})
	}
	for _, discount := range []float64{0, 10, 33.3} {
		id, err := b.PlaceOrder(ecwidtest.OrderOptions{Lines: lines, Discount: discount, Customer: ecwidtest.Person{Name: "A", Email: "a@example.com"}})
		if err != nil {
			t.Fatal(err)
		}
		o, _ := b.Get("orders", id)
		amount := func(key string) float64 { return o[key].(float64) }
		cents := func(f float64) int { return int(math.Round(f * 100)) }
		var sum, tax, coupon int
		for _, item := range o["items"].([]any) {
			item := item.(map[string]any)
			sum += cents(item["price"].(float64)) * item["quantity"].(int)
			tax += cents(item["tax"].(float64))
			if c, ok := item["couponAmount"].(float64); ok {
				coupon += cents(c)
			}
		}
		shipping := cents(o["shippingOption"].(map[string]any)["shippingRate"].(float64))
		if sum != cents(amount("subtotal")) || coupon != cents(amount("couponDiscount")) || sum-coupon+shipping != cents(amount("total")) {
			t.Errorf("items %d, coupons %d, shipping %d; order says %v", sum, coupon, shipping, o["total"])
		}
		if cents(amount("total")-amount("tax")) != cents(amount("totalWithoutTax")) || tax+82 != cents(amount("tax")) {
			t.Errorf("tax %v of %v leaves %v", o["tax"], o["total"], o["totalWithoutTax"])
		}
		for _, key := range []string{"total", "subtotal", "tax", "discount"} {
			if text := strconv.FormatFloat(amount(key), 'f', -1, 64); len(text)-strings.IndexByte(text+".", '.') > 3 {
				t.Errorf("%s is %s, with more than cents", key, text)
			}
		}
	}
}

func TestStockRunsOut(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	rope := b.Keys("products")[2]
	sell := func(n int) error {
		_, err := b.PlaceOrder(ecwidtest.OrderOptions{Lines: []ecwidtest.Line{{Product: rope, Quantity: n}}})
		return err
	}
	if err := sell(6); err != nil {
		t.Fatal(err)
	}
	if p, _ := b.Get("products", rope); p["quantity"] != 0 || p["inStock"] != false {
		t.Errorf("after the last: %v, %v", p["quantity"], p["inStock"])
	}
	b.sent = nil
	if err := sell(1); err == nil || b.sent != nil {
		t.Error("sold what is sold out")
	}
	if p, _ := b.Get("products", b.Keys("products")[5]); p["quantity"] != nil || p["unlimited"] != true {
		t.Error("unlimited stock must leave quantity out")
	}
}

func TestDigitalOrderHasNoShipping(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	id, err := b.PlaceOrder(ecwidtest.OrderOptions{Lines: []ecwidtest.Line{{Product: b.Keys("products")[5]}}})
	if err != nil {
		t.Fatal(err)
	}
	o, _ := b.Get("orders", id)
	if o["shippingPerson"] != nil || o["shippingOption"] != nil || o["currency"] != nil {
		t.Errorf("a digital order has %v, %v, currency %v", o["shippingPerson"], o["shippingOption"], o["currency"])
	}
}

func TestREST(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	order, err := b.PlaceOrder(ecwidtest.OrderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cart, err := b.LeaveCart(ecwidtest.OrderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	o, _ := b.Get("orders", order)
	internal := fmt.Sprint(o["internalId"])
	for path, want := range map[string]string{
		"profile":                             `200 generalInfo`,
		"application":                         `200 subscriptionStatus`,
		"latest-stats":                        `200 ordersUpdated`,
		"orders/" + order:                     `200 total`,
		"orders/" + internal:                  `200 total`,
		"orders/" + order + "/invoices":       `200 invoices`,
		"orders?ids=" + internal:              `200 items`,
		"orders":                              `200 items`,
		"orders/deleted":                      `200 items`,
		"coupons/deleted":                     `200 items`,
		"carts/" + cart:                       `200 cartId`,
		"products/" + b.Keys("products")[0]:   `200 sku`,
		"customers/" + b.Keys("customers")[0]: `200 email`,
		"orders/NOPE":                         `404 ORDER_NOT_FOUND`,
		"orders/NOPE/invoices":                `404 ORDER_NOT_FOUND`,
		"carts/NOPE":                          `404 CART_NOT_FOUND`,
		"products/1":                          `404 PRODUCT_NOT_FOUND`,
		"promotions/1":                        `404 NOT_FOUND`,
		"discount_coupons/deleted":            `404 NOT_FOUND`,
		"nope":                                `404 NOT_FOUND`,
		"orders?limit=x":                      `400 WRONG_PARAMETER`,
		"orders?updatedFrom=yesterday":        `400 WRONG_PARAMETER`,
	} {
		status, _, body := b.get(path, "")
		code, key, _ := strings.Cut(want, " ")
		if strconv.Itoa(status) != code || body[key] == nil && body["errorCode"] != key {
			t.Errorf("%s: %d %v, want %s", path, status, body, want)
		}
	}
	if status, _, body := b.get("orders/"+order, "secret_other"); status != 403 || body["errorCode"] != "INVALID_API_TOKEN" || body["errorMessage"] == "" {
		t.Errorf("another token: %d %v", status, body)
	}
	r := httptest.NewRequest("GET", "/api/v3/9999/profile", nil)
	r.Header.Set("Authorization", "Bearer secret_test")
	w := httptest.NewRecorder()
	if b.ServeHTTP(w, r); w.Code != 404 || !strings.Contains(w.Body.String(), "STORE_NOT_FOUND") {
		t.Errorf("another store: %d %s", w.Code, w.Body)
	}
}

func TestSearchPagesAndFilters(t *testing.T) {
	b := setup(t, ecwidtest.Options{Empty: true})
	start := b.now.Unix()
	for i := range 250 {
		b.now = time.Unix(start+int64(i), 0)
		b.AddProduct(ecwidtest.Product{SKU: "S" + strconv.Itoa(i), Name: "P", Price: 1, Quantity: 1})
	}
	seen := 0
	for offset := 0; ; {
		_, _, page := b.get("products?limit=500&offset="+strconv.Itoa(offset), "")
		items := page["items"].([]any)
		if page["total"] != 250.0 || page["limit"] != 100.0 || page["count"] != float64(len(items)) || page["offset"] != float64(offset) {
			t.Fatalf("page %v %v %v %v", page["total"], page["limit"], page["count"], page["offset"])
		}
		if seen += len(items); offset+len(items) >= 250 {
			break
		}
		offset += len(items)
	}
	if seen != 250 {
		t.Errorf("paging gave %d of 250", seen)
	}
	for query, want := range map[string]float64{
		fmt.Sprintf("updatedFrom=%d", start+240):                       10,
		fmt.Sprintf("updatedFrom=%d&updatedTo=%d", start+10, start+19): 10,
		fmt.Sprintf("createdTo=%d", start+4):                           5,
		"updatedFrom=2025-01-01+00:04:00":                              10,
		"sku=S7":                                                       1,
		"offset=1000":                                                  250,
	} {
		if _, _, page := b.get("products?"+query, ""); page["total"] != want {
			t.Errorf("%s: %v, want %v", query, page["total"], want)
		}
	}
}

func TestDeletedAreListed(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	order, err := b.PlaceOrder(ecwidtest.OrderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	o, _ := b.Get("orders", order)
	if err := b.DeleteOrder(order); err != nil {
		t.Fatal(err)
	}
	_, _, page := b.get("orders/deleted?from_date="+strconv.FormatInt(b.now.Unix(), 10), "")
	item := page["items"].([]any)[0].(map[string]any)
	if item["orderId"] != order || fmt.Sprint(int64(item["id"].(float64))) != fmt.Sprint(o["internalId"]) || item["date"] != "2025-01-01 00:00:00 +0000" {
		t.Errorf("deleted is %v", item)
	}
	if _, _, page := b.get("orders/deleted?from_date="+strconv.FormatInt(b.now.Unix()+1, 10), ""); page["total"] != 0.0 {
		t.Errorf("from_date is not heeded: %v", page)
	}
	if status, _, _ := b.get("orders/"+order, ""); status != 404 {
		t.Errorf("a deleted order: %d", status)
	}
}

func TestSearchHides(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	cart, err := b.LeaveCart(ecwidtest.OrderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.UpdateCart(cart, func(c map[string]any) { c["hidden"] = true }); err != nil {
		t.Fatal(err)
	}
	if _, err := b.PlaceOrder(ecwidtest.OrderOptions{Payment: "INCOMPLETE"}); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]float64{"carts": 0, "carts?showHidden=true": 1, "orders": 0, "orders?paymentStatus=INCOMPLETE,PAID": 1} {
		if _, _, page := b.get(path, ""); page["total"] != want {
			t.Errorf("%s: %v, want %v", path, page["total"], want)
		}
	}
}

func TestRateLimit(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	count := func(token string, n int) (refused int, header http.Header) {
		for range n {
			if status, h, _ := b.get("profile", token); status == 429 {
				refused, header = refused+1, h
			}
		}
		return refused, header
	}
	b.now = b.now.Add(10 * time.Second)
	if refused, h := count("", 605); refused != 5 || h.Get("Retry-After") != "61" {
		t.Errorf("605 calls: %d refused, Retry-After %q", refused, h.Get("Retry-After"))
	}
	if refused, _ := count("secret_dead", 25); refused != 5 {
		t.Errorf("25 calls with a dead token: %d refused with 429", refused)
	}
	b.now = b.now.Add(time.Minute)
	if refused, _ := count("", 600); refused != 0 {
		t.Errorf("a minute later: %d refused", refused)
	}
	free := setup(t, ecwidtest.Options{Rate: -1})
	for range 700 {
		if status, _, _ := free.get("profile", ""); status != 200 {
			t.Fatalf("without a rate: %d", status)
		}
	}
}

func TestFaultsCount(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	b.Inject(ecwidtest.Fault{Kind: ecwidtest.ServerError, Prefix: "prof", Times: 2})
	b.Inject(ecwidtest.Fault{Kind: ecwidtest.Unpaid, Prefix: "application"})
	for i, want := range []int{500, 500, 200, 200} {
		if status, _, _ := b.get("profile", ""); status != want {
			t.Errorf("call %d: %d, want %d", i, status, want)
		}
	}
	for range 3 {
		if status, _, _ := b.get("application", ""); status != 402 {
			t.Errorf("until cleared: %d", status)
		}
	}
	b.Clear()
	if status, _, _ := b.get("application", ""); status != 200 {
		t.Errorf("cleared: %d", status)
	}
}

func TestWhatIsGivenIsACopy(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	id := b.Keys("products")[0]
	p, _ := b.Get("products", id)
	p["tax"].(map[string]any)["taxable"] = "broken"
	if again, _ := b.Get("products", id); again["tax"].(map[string]any)["taxable"] != true {
		t.Error("a change outside was seen inside")
	}
}
