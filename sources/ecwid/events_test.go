package ecwid_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/ecwid"
)

// A known entity of one noun: how a notification names it, where it is read, and what the API says when it is there and
// when it is not ("" for 404).
type entityCase struct{ entity, data, path, there, missing, scope string }

func entityCases() map[string]entityCase {
	return map[string]entityCase{
		"order":           {"516", `,"data":{"orderId":"K8XTQ"}`, "orders/K8XTQ", `{"id":"K8XTQ","internalId":516}`, "", "read_orders"},
		"cart":            {"5", `,"data":{"orderId":"RA1SD","cartId":"320AB5DE"}`, "carts/320AB5DE", `{"cartId":"320AB5DE"}`, "", "read_orders"},
		"product":         {"7", "", "products/7", `{"id":7}`, "", "read_catalog"},
		"category":        {"7", "", "categories/7", `{"id":7}`, "", "read_catalog"},
		"product_class":   {"7", "", "classes/7", `{"id":7}`, "", "read_catalog"},
		"customer":        {"7", `,"data":{"customerEmail":"jane@example.com"}`, "customers/7", `{"id":7}`, "", "read_customers"},
		"customer_group":  {"7", "", "customer_groups/7", `{"id":7}`, "", "read_customers"},
		"discount_coupon": {"7", "", "discount_coupons/7", `{"id":7}`, "", "read_discount_coupons"},
		"promotion":       {"7", `,"data":{"version":2}`, "promotions", `{"items":[{"id":7}]}`, `{"items":[{"id":8}]}`, "read_promotion"},
		"review":          {"7", `,"data":{"productId":1,"orderId":2}`, "reviews?reviewId=7", `{"items":[{"id":7}]}`, `{"items":[]}`, "read_reviews"},
		"invoice":         {"9", `,"data":{"orderId":"GH781"}`, "orders/GH781/invoices", `{"invoices":[{"internalId":9}]}`, `{"invoices":[]}`, "read_invoices"},
		"profile":         {"1003", "", "profile", `{"generalInfo":{"storeId":1003}}`, "", "read_store_profile"},
		"application":     {`"1003"`, "", "application", `{"subscriptionStatus":"ACTIVE"}`, "", "read_store_profile"},
		"storage":         {`"1003"`, "", "storage", `[{"key":"a","value":"b"}]`, "", "read_store_profile"},
		"":                {"7", "", "", "", "", ""},
	}
}

// An outcome is what Attest makes of an event.
func outcomeOf(r sources.Reading, err error) string {
	switch {
	case sources.IsUnconfirmed(err):
		return "unconfirmed"
	case sources.IsDenied(err):
		return "denied"
	case sources.Wait(err) > 0:
		return "later"
	case err != nil:
		return "again"
	case r.Gone:
		return "gone"
	case r.Entity != nil:
		return "entity"
	}
	return "nothing"
}

// TestEveryEventType goes through every type of the catalog with all that its store's API can say.
func TestEveryEventType(t *testing.T) {
	for _, known := range ecwid.Catalog().Types {
		c, ok := entityCases()[known.Noun]
		if !ok {
			t.Errorf("%s: no case for the noun %q", known.Name, known.Noun)
		}
		good, gone, forbidden, calls := "entity", "unconfirmed", "denied", 1
		switch {
		case known.Name == "application.uninstalled":
			c.path = "profile"
			good, gone, forbidden = "gone", "unconfirmed", "unconfirmed"
		case known.Change == event.Deleted && known.Readable:
			c.there, c.missing = c.missing, c.there
			good = "gone"
		case !known.Readable:
			good, gone, forbidden, calls = "nothing", "nothing", "nothing", 0
		}
		for name, row := range map[string]struct {
			status       int
			body, want   string
			state        sources.CredentialState
			hint         string
			calls, twice int
		}{
			"good":      {0, c.there, good, sources.CredentialOK, "", calls, calls},
			"gone":      {0, c.missing, gone, sources.CredentialOK, "", calls, calls},
			"forbidden": {403, `{"errorCode":"INSUFFICIENT_APP_SCOPE"}`, forbidden, sources.CredentialScope, c.scope, calls, 2 * calls},
			"throttled": {429, ``, "later", sources.CredentialThrottled, "", calls, calls},
			"suspended": {402, `{"errorCode":"STORE_IS_SUSPENDED"}`, "denied", sources.CredentialSuspended, "suspended", calls, 2 * calls},
			"malformed": {200, `{"id":7,"items":[`, "again", sources.CredentialSilent, "", calls, 2 * calls},
		} {
			if !known.Readable {
				row.want, row.state, row.hint = "nothing", sources.CredentialUnused, ""
			}
			if known.Name == "application.uninstalled" {
				switch name {
				case "good":
					row.status, row.body, row.state = 403, `{"errorCode":"INVALID_API_TOKEN"}`, sources.CredentialStopped
				case "gone":
					row.status, row.body, row.twice = 200, `{"generalInfo":{"storeId":1003}}`, 2
				case "forbidden":
					row.hint = "still works"
				}
			}
			if known.Noun == "order" && name == "gone" && good == "entity" {
				row.calls, row.twice = 2, 2 // by its number, and by its internal one
			}
			if known.Noun == "customer" && name == "gone" && known.Change == event.Other {
				row.calls, row.twice = 2, 2 // and whether it was deleted
			}
			t.Run(known.Name+"/"+name, func(t *testing.T) {
				a := &api{status: row.status, answers: map[string]string{c.path: row.body}, header: http.Header{"Retry-After": {"7"}}}
				if row.body == "" {
					delete(a.answers, c.path)
				}
				s := reading(t, a, "")
				for round, most := range []int{row.calls, row.twice} {
					e := told(t, s, known.Name, c.entity, c.data)
					r, err := s.Attest(t.Context(), e)
					switch got := outcomeOf(r, err); {
					case got != row.want:
						t.Errorf("round %d: %s, %v; want %s", round, got, err, row.want)
					case row.hint != "" && !strings.Contains(err.Error(), row.hint):
						t.Errorf("round %d: %v does not tell %s", round, err, row.hint)
					}
					if got := len(a.calls()); got > most || round == 0 && got != most {
						t.Errorf("round %d: %d calls %q, want %d", round, got, a.calls(), most)
					}
				}
				if got, _ := s.(sources.Caller).Credential("1003"); got.State != row.state {
					t.Errorf("the credential is %+v, want %s", got, row.state)
				}
			})
		}
		t.Run(known.Name+"/forged", func(t *testing.T) { refuseForged(t, known.Name, c) })
	}
}

// refuseForged holds that no event of a type comes in without the app's own signature.
func refuseForged(t *testing.T, eventType string, c entityCase) {
	a := &api{}
	s := reading(t, a, "")
	body := fmt.Sprintf(`{"eventId":"e1","eventCreated":1,"storeId":1003,"entityId":%s,"eventType":%q%s}`, c.entity, eventType, c.data)
	for name, signature := range map[string]string{"another secret": ecwid.Sign("x", "1", "e1"), "the token": ecwid.Sign(token, "1", "e1"),
		"another event": ecwid.Sign("s", "1", "e2"), "none": ""} {
		header := http.Header{}
		if signature != "" {
			header.Set(ecwid.SignatureHeader, signature)
		}
		_, err := s.Receive(sources.Request{Header: header, Body: []byte(body), Received: time.Now()})
		if refusal, ok := err.(*sources.Refusal); !ok || refusal.Status != 401 || refusal.Label != "signature" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if a.calls() != nil {
		t.Errorf("asked %q", a.calls())
	}
}

func TestOrderIsFoundByItsInternalNumber(t *testing.T) {
	const order = `{"id":"SHOP-K8XTQ","publicUid":"K8XTQ","internalId":516}`
	a := &api{answers: map[string]string{"orders?ids=516": `{"total":1,"count":1,"items":[` + order + `]}`}}
	s := reading(t, a, "")
	got, err := s.Attest(t.Context(), told(t, s, "order.updated", "516", `,"data":{"orderId":"K8XTQ"}`))
	if err != nil || string(got.Entity) != order {
		t.Errorf("got %s, %v after %q", got.Entity, err, a.calls())
	}
	a.answers["orders?ids=516"] = `{"total":1,"count":1,"items":[{"id":"A1B2C","internalId":516}]}`
	s = reading(t, a, "")
	if got, err := s.Attest(t.Context(), told(t, s, "order.updated", "516", `,"data":{"orderId":"K8XTQ"}`)); !sources.IsUnconfirmed(err) {
		t.Errorf("another order: %s, %v", got.Entity, err)
	}
}

func TestErasedCustomerIsConfirmed(t *testing.T) {
	a := &api{answers: map[string]string{"customers/deleted?limit=100": `{"total":2,"count":2,"items":[{"id":6,"date":"2025-01-01 00:00:00 +0000"},{"id":7,"date":"2025-01-01 00:00:00 +0000"}]}`}}
	s := reading(t, a, "")
	if got, err := s.Attest(t.Context(), told(t, s, "customer.personalDataRemovalRequest", "7", "")); err != nil || !got.Gone {
		t.Errorf("deleted before we asked: %+v, %v", got, err)
	}
	if got, err := s.Attest(t.Context(), told(t, s, "customer.personalDataRemovalRequest", "8", "")); !sources.IsUnconfirmed(err) {
		t.Errorf("never there: %+v, %v", got, err)
	}
	if got, err := s.Attest(t.Context(), told(t, s, "customer.updated", "7", "")); !sources.IsUnconfirmed(err) {
		t.Errorf("an update of one who is deleted: %+v, %v", got, err)
	}
}

func TestStaleEvents(t *testing.T) {
	for _, c := range []struct{ kind, entity, data, path, answer, stale string }{
		{"order.created", "516", `{"orderId":"K","newPaymentStatus":"AWAITING_PAYMENT","newFulfillmentStatus":"AWAITING_PROCESSING"}`, "orders/K",
			`{"id":"K","paymentStatus":"PAID","fulfillmentStatus":"AWAITING_PROCESSING"}`, "the notification says that paymentStatus is AWAITING_PAYMENT, and it is PAID by now"},
		{"order.updated", "516", `{"orderId":"K","oldPaymentStatus":"REFUNDED","newPaymentStatus":"PAID","newFulfillmentStatus":"SHIPPED"}`, "orders/K",
			`{"id":"K","paymentStatus":"CANCELLED","fulfillmentStatus":"RETURNED"}`, "paymentStatus is PAID, and it is CANCELLED; that fulfillmentStatus is SHIPPED, and it is RETURNED"},
		{"order.updated", "516", `{"orderId":"K","newPaymentStatus":"PAID"}`, "orders/K", `{"id":"K","paymentStatus":"PAID"}`, ""},
		{"order.updated", "516", `{"orderId":"K","newPaymentStatus":null,"newFulfillmentStatus":7}`, "orders/K", `{"id":"K","paymentStatus":"PAID","fulfillmentStatus":"SHIPPED"}`, ""},
		{"review.updated", "7", `{"status":"MODERATED"}`, "reviews?reviewId=7", `{"items":[{"id":7,"status":"moderated"}]}`, ""},
		{"review.updated", "7", `{"status":"MODERATED"}`, "reviews?reviewId=7", `{"items":[{"id":7,"status":"published"}]}`, "status is MODERATED, and it is published"},
		{"application.subscriptionStatusChanged", `"1003"`, `{"oldSubscriptionStatus":"TRIAL","newSubscriptionStatus":"SUSPENDED"}`, "application",
			`{"subscriptionStatus":"ACTIVE"}`, "subscriptionStatus is SUSPENDED, and it is ACTIVE"},
	} {
		a := &api{answers: map[string]string{c.path: c.answer, "orders?ids=516": `{"items":[]}`}}
		s := reading(t, a, "")
		got, err := s.Attest(t.Context(), told(t, s, c.kind, c.entity, `,"data":`+c.data))
		if err != nil || got.Entity == nil || (got.Stale == "") != (c.stale == "") || !strings.Contains(got.Stale, c.stale) {
			t.Errorf("%s %s: %q, %v; want %q", c.kind, c.data, got.Stale, err, c.stale)
		}
		s = reading(t, a, `,"on_mismatch":"ignore"`)
		got, err = s.Attest(t.Context(), told(t, s, c.kind, c.entity, `,"data":`+c.data))
		if sources.IsUnconfirmed(err) != (c.stale != "") || c.stale != "" && !strings.Contains(err.Error(), c.stale) {
			t.Errorf("%s %s ignored: %+v, %v", c.kind, c.data, got, err)
		}
	}
}

// TestSeveralAppsOnOneServer holds that each app takes only its own webhooks, and asks only with its own tokens.
func TestSeveralAppsOnOneServer(t *testing.T) {
	a := &api{answers: map[string]string{"products/7": `{"id":7}`}}
	first, second := reading(t, a, ""), reading(t, a, `,"client_id":"c"`)
	other, err := ecwid.Kind().Open("other", []byte(`{"client_secret":"t","stores":{"1003":{"token":"secret_other"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"eventId":"e1","eventCreated":1,"storeId":1003,"entityId":7,"eventType":"product.updated"}`)
	request := sources.Request{Header: http.Header{ecwid.SignatureHeader: {ecwid.Sign("t", "1", "e1")}}, Body: body, Received: time.Now()}
	if _, err := first.Receive(request); err == nil {
		t.Error("an app took the webhook of another")
	}
	if events, err := other.Receive(request); err != nil || events[0].Source != "other" {
		t.Errorf("its own: %v", err)
	}
	if first.(sources.Caller).Fingerprint("1003") != second.(sources.Caller).Fingerprint("1003") ||
		first.(sources.Caller).Fingerprint("1003") == other.(sources.Caller).Fingerprint("1003") {
		t.Error("fingerprints do not tell tokens apart")
	}
}
