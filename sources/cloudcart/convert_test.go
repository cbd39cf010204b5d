package cloudcart_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/cloudcart"
	"shopbell/sources/cloudcart/cloudcarttest"
)

// answering gives a source whose store answers everything with one document.
func answering(t testing.TB, document string) sources.Source {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(document))
	}))
	t.Cleanup(api.Close)
	return open(t, `{"api":"`+api.URL+`","rate":800,"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":"`+key+`"}}}`)
}

func typeOf(t testing.TB, name string) *event.Type {
	t.Helper()
	k, ok := cloudcart.Catalog().Lookup(name)
	if !ok {
		t.Fatalf("there is no %s", name)
	}
	return k
}

// readBack attests entity id of a type against a document and gives what rules see.
func readBack(t testing.TB, name, id, document string) map[string]any {
	t.Helper()
	w := &world{source: answering(t, document)}
	got, err := w.source.Attest(t.Context(), w.told(t, typeOf(t, name), `[{"id":`+id+`}]`))
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, got.Entity)
}

// TestAnOrderOfTheAPIBecomesThatOfTheWebhook holds the conversion of everything that the API tells of an order: amounts in
// units, flags, and all that comes along in its place.
func TestAnOrderOfTheAPIBecomesThatOfTheWebhook(t *testing.T) {
	const document = `{"data":{"type":"orders","id":"1042","attributes":{"status":"paid","status_id":2,"total":12990,"subtotal":"10825","tax":2165,"discount":0,
	 "shipping_price":590,"currency":"BGN","status_fulfillment":"partial","abandoned":"no","invoice_number":null,"usn":"E-7","customer_id":87,"customer_group_id":4,
	 "customer_first_name":"Ivan","customer_last_name":"Petrov","customer_email":"ivan@example.com","customer_ip":"203.0.113.9","customer_geoip":"{\"country_iso\":\"BG\"}",
	 "note_customer":"please unsubscribe me","date_added":"2026-06-04 14:22:11","updated_at":"2026-06-05 09:01:33","desired_delivery_date":"2026-06-09"},
	 "relationships":{"products":{"data":[{"type":"order-products","id":"5001"}]},"totals":{"data":[{"type":"order-total","id":"9"}]},"taxes":{"data":[{"type":"order-tax","id":"7"}]},
	 "discounts":{"data":[{"type":"order-discount","id":"45"}]},"payment":{"data":{"type":"order-payment","id":"801"}},"shipping":{"data":{"type":"order-shipping","id":"812"}},
	 "shipping-address":{"data":{"type":"order-shipping-address","id":"1042"}},"billing-address":{"data":{"type":"order-billing-address","id":"1042"}}}},
	 "included":[
	 {"type":"order-products","id":"5001","attributes":{"product_id":42,"variant_id":101,"name":"T-Shirt","sku":"TS-M","quantity":2.5,"weight":220,"price":1999,"order_price":1799,
	  "p1":"Size","v1":"M","p2":"Colour","v2":"Red","vendor_name":"ACME","category_id":1,"category_name":"Shirts","sale":"no","digital":"yes","tracked":"1"}},
	 {"type":"order-total","id":"9","attributes":{"code":"grand_total","value":12990}},
	 {"type":"order-tax","id":"7","attributes":{"name":"VAT 20%","rate":20.0,"value":2165}},
	 {"type":"order-discount","id":"45","attributes":{"discount_id":88,"name":"Summer","code":"SUMMER20","discount_type":"percent","type_value":20}},
	 {"type":"order-payment","id":"801","attributes":{"provider":"stripe","provider_name":"Stripe","amount":12990,"status":"captured_by_provider","payment_status":"completed","date_created":"2026-06-04 14:22:11"}},
	 {"type":"order-shipping","id":"812","attributes":{"provider_id":5,"provider_name":"Econt","provider_amount":590,"order_has_insurance":"no","geo_zone_name":"Bulgaria"},
	  "relationships":{"provider":{"data":{"type":"shipping-providers","id":"5"}}}},
	 {"type":"shipping-providers","id":"5","attributes":{"key":"econt"}},
	 {"type":"order-shipping-address","id":"1042","attributes":{"first_name":"Ivan","phone":"+359888123456","companyYesNo":"no","country_iso2":"BG","city_name":"Sofia","street_name":"Vitosha","street_number":12,"post_code":"1000","address1":"Ring twice"}},
	 {"type":"order-billing-address","id":"1042","attributes":{"company_name":"ACME EOOD","company_vat":"BG123456789","country_iso2":"BG"}}]}`
	order := readBack(t, "order.updated", "1042", document)
	fits(t, "order", typeOf(t, "order.updated").Entity, order)
	want := decode(t, []byte(`{"id":1042,"status":"paid","status_fulfillment":"partial","order_total":129.9,"order_subtotal":108.25,"tax":21.65,"discount":0,"shipping_price":5.9,
	 "currency":"BGN","abandoned":false,"usn":"E-7","created_at":"2026-06-04T14:22:11Z","updated_at":"2026-06-05T09:01:33Z",
	 "customer":{"id":87,"group_id":4,"first_name":"Ivan","last_name":"Petrov","email":"ivan@example.com","note":"please unsubscribe me","ip":"203.0.113.9","geoip":{"country_iso":"BG"}},
	 "products":[{"id":5001,"product_id":42,"variant_id":101,"name":"T-Shirt","sku":"TS-M","quantity":2.5,"weight":220,"sale":false,"digital":true,"tracked":true,"vendor":"ACME",
	  "category":{"id":1,"name":"Shirts"},"variant":[{"name":"Size","value":"M"},{"name":"Colour","value":"Red"}],"options":[],"unit_line_price":19.99,"unit_line_price_total":17.99,
	  "unit_line_discount_amount":2,"line_price":49.98,"line_price_total":44.98,"line_discount_amount":5}],
	 "shipping":[{"id":812,"status":"partial","provider_name":"Econt","provider_key":"econt","provider_amount":5.9,"order_has_insurance":false,"geo_zone":"Bulgaria","desired_delivery_date":"2026-06-09"}],
	 "payments":[{"id":801,"provider":"stripe","provider_name":"Stripe","amount":129.9,"status":"completed","created_at":"2026-06-04 14:22:11"}],
	 "payment":{"id":801,"provider":"stripe","provider_name":"Stripe","amount":129.9,"status":"completed","created_at":"2026-06-04 14:22:11"},
	 "discounts":[{"id":45,"discount_id":88,"name":"Summer","code":"SUMMER20","type":"percent","value":20}],"tax_vat":[{"id":7,"name":"VAT 20%","rate":20,"value":21.65}],"fees":[],
	 "shipping_address":{"id":1042,"first_name":"Ivan","phone":"+359888123456","company":false,"country":"BG","city":"Sofia","street":"Vitosha","street_number":"12","postal_code":"1000","additional_info":"Ring twice"},
	 "billing_address":{"id":1042,"company_name":"ACME EOOD","company_vat":"BG123456789","country":"BG"}}`))
	for name, value := range want {
		if !reflect.DeepEqual(order[name], value) {
			t.Errorf("%s is %s, want %s", name, text(t, order[name]), text(t, value))
		}
	}
	if len(order) != len(want) {
		t.Errorf("the order is %s", text(t, order))
	}
}

func text(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// TestAnswersInEitherForm holds that what the documents leave open is taken both ways.
func TestAnswersInEitherForm(t *testing.T) {
	for name, c := range map[string]struct{ kind, document, at, want string }{
		"order in the webhook's form":    {"order.updated", `{"data":{"id":6,"status":"pending","order_total":60,"products":[{"id":1,"name":"Bowl","quantity":1,"unit_line_price":55}]}}`, "order_total", "60"},
		"order without a wrapper":        {"order.updated", `{"id":"6","status":"pending","order_total":60.5}`, "order_total", "60.5"},
		"order in a list":                {"order.updated", `[{"id":"6","status":"pending","order_total":60.5}]`, "order_total", "60.5"},
		"order with nothing along":       {"order.updated", `{"data":{"type":"orders","id":"6","attributes":{"status":"paid","total":100}}}`, "products", "[]"},
		"order with names only":          {"order.updated", `{"data":{"type":"orders","id":"6","attributes":{"status":"paid","total":100},"relationships":{"products":{"data":[{"type":"order-products","id":"1"}]}}}}`, "products", "[]"},
		"total from the totals":          {"order.updated", `{"data":{"type":"orders","id":"6","attributes":{"status":"paid"},"relationships":{"totals":{"data":[{"type":"order-total","id":"1"}]}}},"included":[{"type":"order-total","id":"1","attributes":{"code":"grand_total","value":"12990"}}]}`, "order_total", "129.9"},
		"amount in units":                {"order.updated", `{"data":{"type":"orders","id":"6","attributes":{"status":"paid","total":"129.90"}}}`, "order_total", "129.9"},
		"status that is custom":          {"order.updated", `{"data":{"type":"orders","id":"6","attributes":{"status":"wait_for_courier","total":1}}}`, "status", `"wait_for_courier"`},
		"flag as a number":               {"product.updated", `{"data":{"type":"products","id":"6","attributes":{"name":"a","active":1}}}`, "active", "true"},
		"flag as text":                   {"product.updated", `{"data":{"type":"products","id":"6","attributes":{"name":"a","active":"0"}}}`, "active", "false"},
		"price in hundredths":            {"product.updated", `{"data":{"type":"products","id":"6","attributes":{"name":"a","price_from":1999}}}`, "price_from", "19.99"},
		"price of a variant":             {"product.updated", `{"data":{"type":"products","id":"6","attributes":{"name":"a"},"relationships":{"variants":{"data":[{"type":"variants","id":"1"}]}}},"included":[{"type":"variants","id":"1","attributes":{"sku":"S","price":1999,"quantity":"25.000"}}]}`, "variants", `[{"id":1,"price":19.99,"quantity":25,"sku":"S"}]`},
		"empty list for an object":       {"product.updated", `{"data":{"type":"products","id":"6","attributes":{"name":"a","category":[]}}}`, "category", "null"},
		"what nobody knows":              {"product.updated", `{"data":{"type":"products","id":"6","attributes":{"name":"a","views":5,"seo_generated_through_spinner":1}}}`, "views", "null"},
		"big number":                     {"product.updated", `{"data":{"type":"products","id":"6","attributes":{"name":"a","sort_order":9007199254740993}}}`, "sort_order", "9007199254740993"},
		"discount in hundredths":         {"discount.updated", `{"data":{"type":"discounts","id":"6","attributes":{"name":"a","discount_type":"flat","type_value":5000,"order_over":10000}}}`, "type_value", "50"},
		"discount in per cent":           {"discount.updated", `{"data":{"type":"discounts","id":"6","attributes":{"name":"a","discount_type":"percent","type_value":10}}}`, "type_value", "10"},
		"customer's group and addresses": {"customer.updated", `{"data":{"type":"customers","id":"6","attributes":{"email":"a@example.com","income":24580},"relationships":{"group":{"data":{"type":"customer-groups","id":"4"}},"shipping-addresses":{"data":[{"type":"customer-shipping-address","id":"3"}]}}},"included":[{"type":"customer-groups","id":"4","attributes":{"name":"VIP"}},{"type":"customer-shipping-address","id":"3","attributes":{"city_name":"Sofia","country_iso2":"BG"}}]}`, "shipping_addresses", `[{"city":"Sofia","country":"BG","id":3}]`},
		"subscriber's channels":          {"subscriber.updated", `{"data":{"type":"subscribers","id":"6","attributes":{"first_name":"Ivan"},"relationships":{"channels":{"data":[{"type":"subscribers-channels","id":"9"}]},"tags":{"data":[]}}},"included":[{"type":"subscribers-channels","id":"9","attributes":{"channel":"Email","channel_identifier":"a@example.com","marketing":1}}]}`, "channels", `[{"channel":"Email","channel_identifier":"a@example.com","id":9,"marketing":true}]`},
	} {
		t.Run(name, func(t *testing.T) {
			entity := readBack(t, c.kind, "6", c.document)
			if got := text(t, entity[c.at]); got != c.want {
				t.Errorf("%s is %s, want %s", c.at, got, c.want)
			}
		})
	}
}

// TestAnotherEntityIsNotBelieved holds that an answer about something else confirms nothing, and that rubbish is no proof of a deletion.
func TestAnotherEntityIsNotBelieved(t *testing.T) {
	w := &world{source: answering(t, `{"data":{"type":"orders","id":"7","attributes":{"status":"paid"}}}`)}
	if got, err := w.source.Attest(t.Context(), w.told(t, typeOf(t, "order.updated"), `[{"id":6}]`)); !sources.IsUnconfirmed(err) {
		t.Errorf("another order: %+v, %v", got, err)
	}
	for _, rubbish := range []string{"", "null", "5", "{}", `{"data":null}`, `{"data":[]}`, `{"data":{"type":"vendors"}}`, `{"data":[{"id":1},{"id":2}]}`, `[1]`, `{"data":`} {
		w := &world{source: answering(t, rubbish)}
		if got, err := w.source.Attest(t.Context(), w.told(t, typeOf(t, "vendor.deleted"), `[{"id":6}]`)); err == nil || sources.IsUnconfirmed(err) {
			t.Errorf("%s: %+v, %v", rubbish, got, err)
		}
	}
}

// TestAnOldStatusIsTold holds that rules see what was read, and the event says that it claimed another status.
func TestAnOldStatusIsTold(t *testing.T) {
	w := newWorld(t, cloudcarttest.Options{}, "")
	id := w.store.PlaceOrder(map[string]any{"status": "paid"})
	got, err := w.source.Attest(t.Context(), w.told(t, typeOf(t, "order.updated"), `[{"id":`+id+`,"status":"pending"}]`))
	if err != nil || got.Stale != "the notification says pending, the store says paid" || decode(t, got.Entity)["status"] != "paid" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestAnIncludeThatTheAPIDoesNotKnow holds that less is asked for then, and that this is remembered.
func TestAnIncludeThatTheAPIDoesNotKnow(t *testing.T) {
	var asked []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query().Get("include"))
		if strings.Contains(r.URL.Query().Get("include"), "shipping.provider") {
			w.WriteHeader(400)
		}
		_, _ = w.Write([]byte(`{"data":{"type":"orders","id":"` + r.URL.Path[len("/api/v2/orders/"):] + `","attributes":{"status":"paid","total":1}}}`))
	}))
	defer api.Close()
	w := &world{source: open(t, `{"api":"`+api.URL+`","rate":800,"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":"k"}}}`)}
	for _, id := range []string{"6", "7"} {
		events, err := w.source.Receive(request("order.updated", "k", `[{"id":`+id+`}]`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.source.Attest(t.Context(), &events[0]); err != nil {
			t.Fatal(err)
		}
	}
	if len(asked) != 3 || asked[1] != asked[2] || asked[1] != "products,payment,totals,shipping-address" {
		t.Errorf("asked with %q", asked)
	}
}

// TestAnAnswerInWhichAllIsRelatedToAll holds that it is given up in reasonable time, and not believed in part.
func TestAnAnswerInWhichAllIsRelatedToAll(t *testing.T) {
	line := `{"type":"order-products","id":"1"}`
	option := `{"type":"order-products-options","id":"1"}`
	document := `{"data":{"type":"orders","id":"6","attributes":{"status":"paid","total":1},"relationships":{"products":{"data":[` + line + strings.Repeat(","+line, 5_000) + `]}}},
		"included":[{"type":"order-products","id":"1","attributes":{"name":"a","quantity":1},"relationships":{"options":{"data":[` + option + strings.Repeat(","+option, 5_000) + `]}}}]}`
	w := &world{source: answering(t, document)}
	begin := time.Now()
	_, err := w.source.Attest(t.Context(), w.told(t, typeOf(t, "order.updated"), `[{"id":6}]`))
	if err == nil || sources.IsUnconfirmed(err) || time.Since(begin) > 10*time.Second {
		t.Errorf("after %s: %v", time.Since(begin), err)
	}
}
