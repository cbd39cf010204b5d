package cloudcart

import (
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

// FuzzReceive holds that any path, key and body ends in events that can be acted on, or in a refusal that CloudCart sees as 200 and
// that tells neither the key nor the body.
func FuzzReceive(f *testing.F) {
	for _, seed := range []struct{ path, key, body string }{
		{"/shop1/order.created", "THEKEYOFTHESTORE", `[{"id":6,"updated_at":"2026-01-16T11:35:09-05:00"}]`},
		{"/shop1/product.updated/", "THEKEYOFTHESTORE", `{"data":{"type":"products","id":"7","attributes":{"name":"a","id":null}}}`},
		{"/shop1/vendor.deleted", "WRONG", `[{"id":1}]`},
		{"//x", "", `please unsubscribe me`},
		{"/shop1/order.created", "THEKEYOFTHESTORE", `[{"id":1e3},{"id":"../x"}]`},
		{"/shop1/order.created", "THEKEYOFTHESTORE", `[{"id":1,"a":"` + "\\ud800" + `","a":[[]]}]`},
	} {
		f.Add(seed.path, seed.key, []byte(seed.body))
	}
	s, err := open("cloudcart", json.RawMessage(`{"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":"THEKEYOFTHESTORE"}}}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, path, key string, body []byte) {
		events, err := s.Receive(sources.Request{Header: http.Header{KeyHeader: {key}}, Path: path, Body: body})
		if err != nil {
			refusal, ok := errors.AsType[*sources.Refusal](err)
			if !ok || refusal.Status != 200 || strings.Contains(refusal.Reason, "unsubscribe") || strings.Contains(refusal.Reason, "THEKEYOFTHESTORE") {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		if len(events) == 0 || strings.TrimSpace(key) != "THEKEYOFTHESTORE" {
			t.Fatalf("%d events with the key %q", len(events), key)
		}
		for _, e := range events {
			noun, id, ok := strings.Cut(e.Subject, "/")
			if !ok || noun == "" || !isID(id) || len(e.ID) != 64 || e.Store != "shop1" || s.kinds[e.Type] == nil {
				t.Fatalf("event %+v", e)
			}
			if _, err := event.DecodeObject(e.Data); err != nil {
				t.Fatalf("data %s: %v", e.Data, err)
			}
		}
	})
}

// FuzzPath holds that a path is taken apart in one way only.
func FuzzPath(f *testing.F) {
	for _, seed := range []string{"/shop1/order.created", "/a/b/", "", "/", "a/b", "/../x", "/a/b/c", "/ü/x", "/a%2fb/c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		store, name, ok := splitPath(path)
		if !ok {
			return
		}
		if strings.Trim(path, "/") != store+"/"+name || strings.ContainsAny(store+name, "/%\\ \x00") || strings.Trim(store, ".") == "" {
			t.Fatalf("%q is %q and %q", path, store, name)
		}
	})
}

// FuzzConversion holds that whatever the API answers becomes an entity that keeps what its schema promises, or nothing.
func FuzzConversion(f *testing.F) {
	for _, seed := range []string{
		`{"data":{"type":"orders","id":"6","attributes":{"status":"paid","total":12990},"relationships":{"products":{"data":[{"type":"order-products","id":"1"}]},"payment":{"data":{"type":"order-payment","id":"2"}}}},"included":[{"type":"order-products","id":"1","attributes":{"price":"1999","quantity":"2.5","p1":"Size","v1":null}},{"type":"order-payment","id":"2","attributes":{"amount":1,"status":5}}]}`,
		`{"data":{"id":6,"order_total":"60.00","products":{},"customer":[],"payments":[{"amount":"x"},[],null]}}`,
		`{"data":[{"type":"products","id":"7","attributes":{"active":"YES","price_from":-1,"category":"x"},"relationships":{"variants":{"data":[null,5,{"id":1}]},"category":5}}],"meta":{"page":{"last-page":"3"}}}`,
		`{"data":{"type":"discounts","id":"1","attributes":{"discount_type":"flat","type_value":1e300}}}`,
		`[{"id":1},{"id":{}}]`, `{"data":null,"included":[5]}`, `5`,
	} {
		f.Add([]byte(seed))
	}
	kinds := entities(nil)
	f.Fuzz(func(t *testing.T, body []byte) {
		d, err := parseDocument(body)
		if err != nil {
			return
		}
		for _, r := range d.items {
			for _, e := range kinds {
				raw, err := e.read(d, r, time.UTC)
				if err != nil {
					t.Fatalf("%s: %v", e.noun, err)
				}
				value, err := event.DecodeObject(raw)
				if err != nil {
					t.Fatalf("%s: %s: %v", e.noun, raw, err)
				}
				again, err := json.Marshal(fitter{}.fit(e.schema, value))
				if err != nil {
					t.Fatal(err)
				}
				same, err := event.DecodeObject(again)
				if err != nil || !reflect.DeepEqual(value, same) {
					t.Fatalf("%s does not fit its schema: %s, %s", e.noun, raw, again)
				}
			}
		}
	})
}

// FuzzMoment holds that any time is read or left out.
func FuzzMoment(f *testing.F) {
	for _, seed := range []string{"2026-01-16T11:35:09-05:00", "2026-06-04 14:22:11", "2026-06-04", "0000-00-00 00:00:00", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if at := moment(text, time.UTC); !at.IsZero() && at.Location().String() != "UTC" {
			t.Fatalf("%q is %s", text, at)
		}
	})
}
