package ecwid_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"shopbell/event"
	"shopbell/sources/ecwid"
	"shopbell/sources/ecwid/ecwidtest"
)

func schemaOf(noun string) *event.Schema {
	i := slices.IndexFunc(ecwid.Catalog().Types, func(k event.Type) bool { return k.Noun == noun })
	return ecwid.Catalog().Types[i].Entity
}

// TestSchemasFitTheSimulatedStore holds that the demo cannot show what the catalog does not know, nor leave out what it
// promises.
func TestSchemasFitTheSimulatedStore(t *testing.T) {
	var notices []ecwidtest.Notice
	store := ecwidtest.New(ecwidtest.Options{Send: func(n ecwidtest.Notice) { notices = append(notices, n) }})
	license := store.Keys("products")[5]
	for _, o := range []ecwidtest.OrderOptions{{}, {Discount: 10}, {Lines: []ecwidtest.Line{{Product: license}}}, {Payment: "AWAITING_PAYMENT"}} {
		if _, err := store.PlaceOrder(o); err != nil {
			t.Fatal(err)
		}
		cart, err := store.LeaveCart(o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.RecoverCart(cart); err != nil {
			t.Fatal(err)
		}
	}
	for collection, noun := range map[string]string{"orders": "order", "carts": "cart", "products": "product", "customers": "customer",
		"categories": "category", "customer_groups": "customer_group"} {
		if len(store.Keys(collection)) == 0 {
			t.Errorf("no %s to check", noun)
		}
		for _, key := range store.Keys(collection) {
			e, _ := store.Get(collection, key)
			checkFit(t, noun+" "+key, e, schemaOf(noun))
		}
	}
	settings, _ := store.Get("profile", "")
	checkFit(t, "profile", settings, schemaOf("profile"))
	for _, n := range notices {
		known, ok := ecwid.Catalog().Lookup(n.Type)
		if !ok || (known.Data == nil) != (n.Data == nil) {
			t.Fatalf("%s with data %v is not as the catalog says", n.Type, n.Data)
		}
		if n.Data != nil {
			checkFit(t, n.Type+" data", n.Data, known.Data)
		}
	}
}

func checkFit(t *testing.T, path string, v any, s *event.Schema) {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := event.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range misfits(path, decoded, s) {
		t.Error(fault)
	}
}

func TestSchemasFitTheDocumentedExamples(t *testing.T) {
	for _, noun := range []string{"order", "cart", "product", "customer", "profile", "review", "invoice", "application", "discount_coupon", "promotion", "category", "customer_group", "product_class", "storage"} {
		raw, err := os.ReadFile("testdata/" + noun + ".json")
		if err != nil {
			t.Fatal(err)
		}
		v, err := event.Decode(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, fault := range misfits(noun, v, schemaOf(noun)) {
			t.Error(fault)
		}
	}
}

// misfits tells where a value does not fit its schema: a field that is not declared, or missing, or of another form.
func misfits(path string, v any, s *event.Schema) (faults []string) {
	bad := func(want string) []string { return []string{fmt.Sprintf("%s: %v is not %s", path, v, want)} }
	switch s.Form {
	case event.Text:
		text, ok := v.(string)
		if !ok || len(s.Values) > 0 && !slices.Contains(s.Values, text) {
			return bad("text, or not one of " + strings.Join(s.Values, ", "))
		}
	case event.Number:
		if _, whole := v.(int); !whole {
			if _, ok := v.(float64); !ok {
				return bad("a number")
			}
		}
	case event.Flag:
		if _, ok := v.(bool); !ok {
			return bad("true or false")
		}
	case event.List:
		list, ok := v.([]any)
		if !ok {
			return bad("a list")
		}
		for i, e := range list {
			faults = append(faults, misfits(fmt.Sprintf("%s[%d]", path, i), e, s.Elem)...)
		}
	case event.Object, event.Table:
		object, ok := v.(map[string]any)
		if !ok {
			return bad("an object")
		}
		return memberMisfits(path, object, s)
	}
	return faults
}

func memberMisfits(path string, object map[string]any, s *event.Schema) (faults []string) {
	for key, v := range object {
		if s.Form == event.Table {
			faults = append(faults, misfits(path+"."+key, v, s.Elem)...)
		} else if f, ok := s.Field(key); !ok {
			faults = append(faults, path+"."+key+" is not declared")
		} else {
			faults = append(faults, misfits(path+"."+key, v, f.Schema)...)
		}
	}
	for _, f := range s.Fields {
		if _, ok := object[f.Name]; !ok && !f.Optional {
			faults = append(faults, path+"."+f.Name+" is missing, but declared as always there")
		}
	}
	return faults
}
