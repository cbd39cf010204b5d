package ecwidtest_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/sources/ecwid/ecwidtest"
)

// do asks the API to change something.
func (b *bundle) do(method, path, body string) (status int, answer map[string]any) {
	r := httptest.NewRequest(method, "/api/v3/1003/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret_test")
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	w := httptest.NewRecorder()
	b.ServeHTTP(w, r)
	_ = json.Unmarshal(w.Body.Bytes(), &answer)
	return w.Code, answer
}

func TestRESTWritesChangeTheStoreAndComeBackAsWebhooks(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	order, err := b.PlaceOrder(ecwidtest.OrderOptions{Payment: "AWAITING_PAYMENT"})
	if err != nil {
		t.Fatal(err)
	}
	cart, err := b.LeaveCart(ecwidtest.OrderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	product, customer := b.Keys("products")[0], b.Keys("customers")[0]
	review := b.Add("reviews", "review", map[string]any{"status": "moderated", "rating": 4, "productId": 1})
	b.sent = nil
	for _, c := range []struct {
		method, path, body string
		status             int
		key                string // in the answer
		sent               []string
	}{
		{"PUT", "orders/" + order, `{"paymentStatus":"PAID","id":"HACK"}`, 200, "updateCount", []string{"order.updated"}},
		{"PUT", "products/" + product, `{"price":1.5,"tax":{"taxable":false}}`, 200, "updateCount", []string{"product.updated"}},
		{"PUT", "customers/" + customer, `{"name":"J"}`, 200, "updateCount", []string{"customer.updated"}},
		{"PUT", "carts/" + cart, `{"hidden":true}`, 200, "updateCount", []string{"unfinished_order.updated"}},
		{"PUT", "reviews/" + review, `{"status":"published"}`, 200, "updateCount", []string{"review.updated"}},
		{"PUT", "profile", `{"settings":{"storeName":"N"}}`, 200, "updateCount", []string{"profile.updated"}},
		{"POST", "products", `{"name":"P","price":3,"quantity":2}`, 200, "id", []string{"product.created"}},
		{"POST", "customers", `{"email":"n@example.com"}`, 200, "id", []string{"customer.created"}},
		{"POST", "discount_coupons", `{"name":"C","code":"TEN"}`, 200, "code", []string{"discount_coupon.created"}},
		{"POST", "promotions", `{"name":"P"}`, 200, "id", []string{"promotion.created"}},
		{"POST", "categories", `{"name":"P"}`, 200, "id", []string{"category.created"}},
		{"POST", "classes", `{"name":"P"}`, 200, "id", []string{"product_class.created"}},
		{"POST", "customer_groups", `{"name":"P"}`, 200, "id", []string{"customer_group.created"}},
		{"POST", "orders", `{"email":"jane@example.com","items":[{"productId":` + product + `,"quantity":1}]}`, 200, "orderid", []string{"order.created", "product.updated", "customer.updated"}},
		{"POST", "orders/" + order + "/invoices/create-invoice", "", 200, "id", []string{"invoice.created"}},
		{"POST", "carts/" + cart + "/place", "", 200, "id", []string{"order.created", "product.updated", "customer.updated", "unfinished_order.updated"}},
		{"POST", "storage/public", `"x"`, 200, "success", []string{"application.storageChanged"}},
		{"DELETE", "storage/public", "", 200, "success", []string{"application.storageChanged"}},
		{"DELETE", "carts/" + cart, "", 200, "deleteCount", []string{"unfinished_order.deleted"}},
		{"DELETE", "orders/" + order, "", 200, "deleteCount", []string{"order.deleted"}},
		{"DELETE", "products/" + product, "", 200, "deleteCount", []string{"product.deleted"}},
		{"DELETE", "reviews/" + review, "", 200, "deleteCount", []string{"review.deleted"}},
		{"PUT", "orders/NOPE", `{}`, 404, "errorCode", nil},
		{"DELETE", "orders/NOPE", "", 404, "errorCode", nil},
		{"DELETE", "profile", "", 404, "errorCode", nil},
		{"POST", "reviews", `{}`, 405, "errorCode", nil},
		{"PATCH", "orders/" + order, `{}`, 405, "errorCode", nil},
		{"POST", "products", `{}`, 400, "errorCode", nil},
		{"POST", "products", `[]`, 400, "errorCode", nil},
		{"PUT", "nope/1", `{}`, 404, "errorCode", nil},
	} {
		status, answer := b.do(c.method, c.path, c.body)
		if sent := b.types(); c.path == "profile" && c.method == "DELETE" {
			if status < 400 {
				t.Errorf("DELETE profile: %d", status)
			}
		} else if status != c.status || answer[c.key] == nil || !slices.Equal(sent, c.sent) {
			t.Errorf("%s %s: %d %v, sent %q; want %d with %s, sent %q", c.method, c.path, status, answer, sent, c.status, c.key, c.sent)
		}
	}
	if o, ok := b.Get("orders", "HACK"); ok {
		t.Errorf("an order was renamed: %v", o)
	}
}

func TestScopesAndDeadTokensAreRefused(t *testing.T) {
	b := setup(t, ecwidtest.Options{Scopes: []string{"read_orders", "read_store_profile"}})
	for path, want := range map[string]int{"orders": 200, "carts": 200, "latest-stats": 200, "products": 403, "reviews": 403, "orders/NOPE/invoices": 403} {
		if status, _, body := b.get(path, ""); status != want || want == 403 && body["errorCode"] != "INSUFFICIENT_APP_SCOPE" {
			t.Errorf("%s: %d %v, want %d", path, status, body, want)
		}
	}
	if status, _ := b.do("PUT", "orders/X", "{}"); status != 403 {
		t.Errorf("writing without the scope: %d", status)
	}
	b.SetScopes("read_catalog")
	if status, _, _ := b.get("products", ""); status != 200 {
		t.Errorf("with the scope: %d", status)
	}
	b.Suspend(true)
	if status, _, body := b.get("products", ""); status != 402 || body["errorCode"] != "STORE_IS_SUSPENDED" {
		t.Errorf("suspended: %d %v", status, body)
	}
	b.Suspend(false)
	b.Revoke("secret_test")
	if status, _, body := b.get("products", ""); status != 403 || body["errorCode"] != "INVALID_API_TOKEN" {
		t.Errorf("revoked: %d %v", status, body)
	}
	b.SetToken("secret_two")
	if status, _, _ := b.get("products", "secret_two"); status != 200 {
		t.Errorf("the new token: %d", status)
	}
}

func TestSearchLags(t *testing.T) {
	b := setup(t, ecwidtest.Options{Lag: 10 * time.Second})
	product := b.Keys("products")[0]
	if err := b.SetQuantity(product, 1); err != nil {
		t.Fatal(err)
	}
	fresh := b.AddProduct(ecwidtest.Product{SKU: "new", Name: "New"})
	if err := b.DeleteProduct(b.Keys("products")[1]); err != nil {
		t.Fatal(err)
	}
	look := func() (n float64, quantity any) {
		_, _, page := b.get("products", "")
		for _, item := range page["items"].([]any) {
			if e := item.(map[string]any); fmt.Sprint(int64(e["id"].(float64))) == product {
				quantity = e["quantity"]
			}
		}
		return page["total"].(float64), quantity
	}
	if n, quantity := look(); n != 6 || quantity != 40.0 {
		t.Errorf("at once: %v products, %v", n, quantity)
	}
	if status, _, _ := b.get("products/"+fresh, ""); status != 200 {
		t.Errorf("reading by id lags: %d", status)
	}
	b.now = b.now.Add(11 * time.Second)
	if n, quantity := look(); n != 6 || quantity != 1.0 {
		t.Errorf("later: %v products, %v", n, quantity)
	}
	b.SetLag(0)
	b.AddProduct(ecwidtest.Product{SKU: "newer", Name: "Newer"})
	if n, _ := look(); n != 7 {
		t.Errorf("without lag: %v products", n)
	}
}

func TestLatestStatsMoveOnlyWithChanges(t *testing.T) {
	b := setup(t, ecwidtest.Options{})
	_, _, before := b.get("latest-stats", "")
	if before["reviewsUpdated"] != nil {
		t.Error("reviews are told of without being asked for")
	}
	b.now = b.now.Add(time.Hour)
	if _, _, now := b.get("latest-stats", ""); fmt.Sprint(now) != fmt.Sprint(before) {
		t.Errorf("they moved by themselves: %v, %v", before, now)
	}
	if err := b.DeleteProduct(b.Keys("products")[0]); err != nil {
		t.Fatal(err)
	}
	_, _, now := b.get("latest-stats?reviewsUpdatesRequired=true", "")
	if now["productsUpdated"] == before["productsUpdated"] || now["ordersUpdated"] != before["ordersUpdated"] || now["reviewsUpdated"] == nil {
		t.Errorf("after a deletion %v, before %v", now, before)
	}
}
