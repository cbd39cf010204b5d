package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/event"
	"shopbell/rules"
	"shopbell/sources/ecwid"
	"shopbell/sources/ecwid/ecwidtest"
)

// A shopFull is what a simulated store has of each noun.
type shopFull map[string][]map[string]any

// fullStore has a store in which everything has happened at least once.
func fullStore(t *testing.T) shopFull {
	t.Helper()
	store := ecwidtest.New(ecwidtest.Options{Seed: 7})
	products := store.Keys("products")
	for _, o := range []ecwidtest.OrderOptions{{}, {Discount: 10}, {Lines: []ecwidtest.Line{{Product: products[5]}}}, {Payment: "AWAITING_PAYMENT"}, {Payment: "INCOMPLETE"}} {
		if _, err := store.PlaceOrder(o); err != nil {
			t.Fatal(err)
		}
		if _, err := store.LeaveCart(o); err != nil {
			t.Fatal(err)
		}
	}
	for _, act := range ecwidtest.Acts() {
		if strings.HasSuffix(act.Type, ".deleted") || act.Type == "application.uninstalled" {
			continue
		}
		for range 2 {
			if err := store.Act(act.Type); err != nil {
				t.Fatal(act.Type, err)
			}
		}
	}
	err := store.UpdateOrder(store.Keys("orders")[0], func(o map[string]any) { // what only some items have
		item := o["items"].([]any)[0].(map[string]any)
		item["files"] = []any{map[string]any{"name": "Part 1", "customerUrl": "https://dl.example.com/1"}, map[string]any{"adminUrl": "https://dl.example.com/2"}}
		item["selectedOptions"] = []any{map[string]any{"name": "Engraving", "value": "For Ann"}, map[string]any{"name": "Files"}}
	})
	if err != nil {
		t.Fatal(err)
	}
	full := shopFull{}
	for noun, collection := range map[string]string{"order": "orders", "cart": "carts", "product": "products", "customer": "customers",
		"discount_coupon": "discount_coupons", "promotion": "promotions", "review": "reviews", "profile": "profile"} {
		keys := store.Keys(collection)
		if noun == "profile" {
			keys = []string{""}
		}
		for _, key := range keys {
			e, _ := store.Get(collection, key)
			full[noun] = append(full[noun], asRead(t, e))
		}
	}
	for _, order := range full["order"] {
		list, _ := order["invoices"].([]any)
		for _, invoice := range list {
			full["invoice"] = append(full["invoice"], invoice.(map[string]any))
		}
	}
	return full
}

// asRead gives an entity with the numbers as they are when it was read back.
func asRead(t *testing.T, v any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	object, err := event.DecodeObject(raw)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// inputs gives each entity of the store that a rule could see, with and without one before it.
func (s shopFull) inputs(t *testing.T, r *rules.Rule) (list []*rules.Input) {
	t.Helper()
	for _, typ := range r.When {
		known, ok := ecwid.Catalog().Lookup(typ)
		if !ok {
			continue // of another platform
		}
		entities := slices.Clone(s[known.Noun])
		if known.Change == event.Deleted || len(entities) == 0 {
			entities = append(entities, nil)
		}
		for i, e := range entities {
			in := &rules.Input{Event: &event.Event{Source: "ecwid", Store: "1003", Type: typ, ID: "e", Subject: known.Noun + "/1", Created: time.Unix(1_780_000_000, 0).UTC()},
				Data: map[string]any{}, Entity: e, Store: event.Store{ID: "1003", Name: "Bell & Sons", Email: "hello@bell.example", URL: "https://bell.example", Currency: "EUR", Timezone: "Europe/Berlin", Language: "en", Country: "DE"}}
			if i%2 == 1 {
				in.Was = entities[i-1]
			}
			if known.Change == event.Deleted && e != nil {
				in.Entity, in.Was = nil, e
			}
			list = append(list, in)
		}
	}
	return list
}

// renderAll makes every step of a rule ready, of both branches, whatever its condition says, and tells how many were wanted.
func renderAll(t *testing.T, r *rules.Rule, in *rules.Input) (wanted int) {
	t.Helper()
	items := []any{nil}
	if r.Each != "" {
		var err error
		if items, err = r.Items(in); err != nil {
			t.Errorf("%s: %v", r.Name, err)
		}
	}
	for _, otherwise := range []bool{false, true} {
		for _, item := range items {
			left := map[string]any{}
			for i, step := range r.Branch(otherwise) {
				kind := byName(kinds().Actions)[step.Action]
				got, err := r.Render(rules.Branch{Else: otherwise, Item: item}, i, in, left)
				if err == nil && !got.Skip {
					wanted++
					err = kind.Check(got.Params)
				}
				if actions.OutcomeOf(err).Blame == actions.BlameRecipient {
					err = nil // this person has no number; the rule's condition, which is not asked here, would have passed them over
				}
				if err != nil {
					t.Errorf("%s on %v: %v", r.Name, in.Entity["id"], err)
				}
				if step.ID != "" {
					left[step.ID] = map[string]any(kind.StandIn(step.ID))
				}
			}
		}
	}
	return wanted
}
