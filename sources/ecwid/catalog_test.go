package ecwid

import (
	"encoding/json"
	"slices"
	"testing"

	"shopbell/event"
)

func TestCatalogIsWhole(t *testing.T) {
	c := Catalog()
	if len(c.Types) != 45 {
		t.Errorf("%d types, want the documentation's 42 and the 3 of size charts", len(c.Types))
	}
	if same := Catalog(); same != c {
		t.Error("Catalog must give the same value each time")
	}
	nouns := map[string]bool{}
	seen := map[string]bool{}
	for _, k := range c.Types {
		nouns[k.Noun] = true
		for _, name := range append([]string{k.Name}, k.Aliases...) {
			if seen[name] {
				t.Errorf("%s stands twice", name)
			}
			seen[name] = true
		}
		if k.Doc == "" || k.Scope == "" || k.Readable && k.Entity == nil || k.Noun == "" && k.Entity != nil {
			t.Errorf("%s is not whole: %+v", k.Name, k)
		}
		if _, ok := endpointFor(k.Noun); ok != k.Readable {
			t.Errorf("%s: readable is %v, has an endpoint is %v", k.Name, k.Readable, ok)
		}
	}
	for _, want := range []string{"order", "cart", "product", "customer", "profile", "category", "product_class", "customer_group",
		"discount_coupon", "promotion", "review", "invoice", "application", "storage"} {
		if !nouns[want] {
			t.Errorf("no type has the noun %s", want)
		}
	}
}

func TestCatalogSpellings(t *testing.T) {
	for alias, want := range map[string]string{
		"application.subscription_status_changed": "application.subscriptionStatusChanged",
		"application.storage_changed":             "application.storageChanged",
		"profile.subscription_status_changed":     "profile.subscriptionStatusChanged",
		"customer.personal_data_removal_request":  "customer.personalDataRemovalRequest",
		"profile.personal_data_export_request":    "profile.personalDataExportRequest",
	} {
		if k, ok := Catalog().Lookup(alias); !ok || k.Name != want {
			t.Errorf("%s is %v, want %s", alias, k, want)
		}
	}
	for name, change := range map[string]event.Change{"order.created": event.Created, "order.updated": event.Updated,
		"order.deleted": event.Deleted, "application.installed": event.Other, "application.uninstalled": event.Deleted, "profile.updated": event.Updated} {
		if k, _ := Catalog().Lookup(name); k.Change != change {
			t.Errorf("%s: change %d, want %d", name, k.Change, change)
		}
	}
	if k, _ := Catalog().Lookup("order.created"); k.Scope != "read_orders" {
		t.Errorf("order.created needs %s", k.Scope)
	}
}

// TestEverySchemaTells holds that a merchant finds words at every field.
func TestEverySchemaTells(t *testing.T) {
	var walk func(path string, s *event.Schema)
	walk = func(path string, s *event.Schema) {
		for _, f := range s.Fields {
			if f.Doc == "" {
				t.Errorf("%s.%s has no words", path, f.Name)
			}
			if f.Form == event.Object && len(f.Fields) == 0 {
				t.Errorf("%s.%s is an object without fields", path, f.Name)
			}
			walk(path+"."+f.Name, f.Schema)
		}
		if s.Elem != nil {
			walk(path+"[]", s.Elem)
		}
	}
	for _, k := range Catalog().Types {
		if k.Entity != nil {
			walk(k.Noun, k.Entity)
		}
		if k.Data != nil {
			walk(k.Name+" data", k.Data)
		}
	}
}

func TestCartIsAnOrderWithoutNumber(t *testing.T) {
	order, _ := Catalog().Lookup("order.created")
	cart, _ := Catalog().Lookup("unfinished_order.created")
	if _, ok := cart.Entity.Field("id"); ok {
		t.Error("a cart has no id, it has a cartId")
	}
	if f, ok := cart.Entity.Field("cartId"); !ok || f.Optional {
		t.Error("a cart always has a cartId")
	}
	if f, _ := order.Entity.Field("paymentStatus"); f.Optional {
		t.Error("making the cart's schema must not change the order's")
	}
	if f, _ := order.Entity.Field("currency"); f.Schema != nil {
		t.Error("an order has no currency")
	}
	if f, _ := order.Entity.Field("paymentStatus"); !slices.Contains(f.Values, "PAID") || len(f.Values) != 9 {
		t.Errorf("payment statuses are %q", f.Values)
	}
	if f, _ := order.Entity.Field("fulfillmentStatus"); !slices.Contains(f.Values, "SHIPPED") || len(f.Values) != 11 {
		t.Errorf("fulfillment statuses are %q", f.Values)
	}
}

func TestParseSchemas(t *testing.T) {
	got, err := parseSchemas("# words\nperson = object: A person.\n  name! text: The name.\n\norder = object\n  who @person: Who.\n  all list: All.\n    n number: N.\n  free table of list of text: Free.\n  state A|B: State.\n")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(got["order"])
	if err != nil {
		t.Fatal(err)
	}
	want := event.ObjectOf("",
		event.May("who", event.ObjectOf("Who.", event.Must("name", event.Of(event.Text, "The name.")))),
		event.May("all", event.ListOf("All.", event.ObjectOf("", event.May("n", event.Of(event.Number, "N."))))),
		event.May("free", event.TableOf("Free.", event.ListOf("", event.Of(event.Text, "")))),
		event.May("state", event.Enum("State.", "A", "B")))
	wantRaw, _ := json.Marshal(want)
	if string(raw) != string(wantRaw) {
		t.Errorf("got  %s\nwant %s", raw, wantRaw)
	}
	for text, want := range map[string]string{
		"x":                                    `line 1: "x" has no form`,
		"x = thing":                            `line 1: unknown form "thing"`,
		"x = @y":                               `line 1: there is no schema "y" above`,
		"x = text\n  y text":                   "line 2: y is inside something that has no fields",
		"x = object\n   y text":                "line 2: indentation does not fit",
		"x = object\n    y text":               "line 2: indentation does not fit",
		"x = object\n  y text\n  y text":       "line 3: y is given twice",
		"x = object\n  y list of thing: Words": `line 2: unknown form "thing"`,
	} {
		if _, err := parseSchemas(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("person = object: A person.\n  name! text: The name.\n  all list of @person")
	f.Add("a = list\n  b A|B\n c")
	f.Add("x.created scope - - Words.")
	f.Fuzz(func(t *testing.T, text string) {
		schemas, err := parseSchemas(text)
		if (schemas == nil) == (err == nil) {
			t.Fatalf("%v, %v", schemas, err)
		}
		types, err := parseTypes(text, schemas)
		for _, k := range types {
			if err != nil || k.Name == "" || k.Scope == "" || k.Doc == "" || k.Readable && k.Entity == nil {
				t.Fatalf("%+v, %v", k, err)
			}
		}
	})
}
