package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"shopbell/document"
	"shopbell/engine"
	"shopbell/event"
	"shopbell/rules"
	"shopbell/sources/ecwid/ecwidtest"
)

// TestFixturesDecideAsTheirOriginals holds that every rule of the demo says the same of a fixture, read from the
// YAML as it is written, as of the event that it is of.
func TestFixturesDecideAsTheirOriginals(t *testing.T) {
	set := rules.Load("../demo/rules", defaultWorld(), nil)
	if len(set.Rules()) < 4 || len(set.Problems()) > 0 {
		t.Fatal("the demo's rules do not load: ", document.Text(set.Problems()))
	}
	fired, profile := map[string]bool{}, event.Store{ID: "1003"}
	for n, r := range recorded(t) {
		was := json.RawMessage(nil)
		if n%2 == 1 {
			was = json.RawMessage(regexp.MustCompile(`"quantity":\d+`).ReplaceAllString(strings.Replace(string(r.Entity), `"PAID"`, `"AWAITING_PAYMENT"`, 1), `"quantity":100`))
		}
		typ, ok := defaultWorld().Sources["ecwid"].Catalog.Lookup(r.Type)
		if !ok {
			t.Fatal(r.Type)
		}
		f, err := engine.Scrub(r, was, typ, profile)
		if err != nil {
			t.Fatal(err)
		}
		given := fixtureGiven(t, f)
		for _, rule := range set.Rules() {
			if !rule.Hears(r.Source, r.Type) {
				continue
			}
			want := rule.Decide(&rules.Input{Event: &r.Event, Entity: entityOf(t, r.Entity), Was: entityOf(t, was)})
			entity, _ := given["entity"].(map[string]any)
			before, _ := given["was"].(map[string]any)
			got := rule.Decide(&rules.Input{Event: &f.Event, Entity: entity, Was: before})
			if got.Verdict != want.Verdict {
				t.Errorf("%s of %s: %s says %s of the fixture and %s of the event (%v)", r.Type, r.Subject, rule.ID(), got.Verdict, want.Verdict, got.Err)
			}
			fired[rule.ID()] = fired[rule.ID()] || want.Verdict == rules.Fires
		}
	}
	for _, rule := range set.Rules() {
		if !fired[rule.ID()] {
			t.Errorf("%s has fired on nothing, so nothing was proved of it", rule.ID())
		}
	}
}

// TestRecordedTestsPass holds that a test expects what the rules do, also when that is nothing, and that it is left open where that
// cannot be said.
func TestRecordedTestsPass(t *testing.T) {
	set := rules.Load("../demo/rules", defaultWorld(), nil)
	filled, profile := 0, event.Store{ID: "1003", Name: "Bell & Sons", Email: "owner@example.com", URL: "https://bell.example.com", Currency: "EUR", Timezone: "Europe/Berlin", Language: "en", Country: "DE",
		Company: "Bell & Sons Ltd", Street: "Bellstreet 1", City: "Bellingham", PostalCode: "98225", Phone: "+1 360 555"}
	for _, r := range recorded(t) {
		typ, _ := defaultWorld().Sources["ecwid"].Catalog.Lookup(r.Type)
		f, err := engine.Scrub(r, nil, typ, profile)
		if err != nil {
			t.Fatal(err)
		}
		text, why := expecting("tests:\n"+fixtureText(f), "a_test.yaml", set)
		if report, broken := tried(text, "a_test.yaml", set); why != "" || broken != "" || report.Failed > 0 || strings.Contains(text, noExpectation) {
			t.Errorf("%s of %s: %s%s\n%s", r.Type, r.Subject, why, broken, text)
		}
		if regexp.MustCompile(`Bell & Sons|owner@|Bellstreet|Bellingham|98225|\+1 360`).MatchString(text) || !strings.Contains(text, "        currency: EUR\n") {
			t.Errorf("the store's profile is not there, or can be recognized:\n%s", text)
		}
		if strings.Contains(text, "- rule: ") {
			filled++
		}
		erring := rules.Parse(map[string]string{"a.yaml": "rules:\n  - name: a\n    when: \"*\"\n    if: fromJSON(event.id).a > 1\n    then:\n      - log: { message: hi }\n"}, defaultWorld())
		if same, why := expecting("tests:\n"+fixtureText(f), "a_test.yaml", erring); why == "" || !strings.HasSuffix(same, noExpectation) {
			t.Errorf("with a rule that cannot be evaluated: %q\n%s", why, same)
		}
		broken := rules.Parse(map[string]string{"a.yaml": "rules: 5"}, defaultWorld())
		if same, why := expecting("tests:\n"+fixtureText(f), "a_test.yaml", broken); why == "" || !strings.HasSuffix(same, noExpectation) {
			t.Errorf("with broken rules: %q\n%s", why, same)
		}
	}
	if filled == 0 {
		t.Error("no test expects anything")
	}
}

// TestPlaceAmong holds that a test sees the rules of the store in whose folder it stands.
func TestPlaceAmong(t *testing.T) {
	for out, want := range map[string]string{"": "recorded_test.yaml", "rules/a_test.yaml": "a_test.yaml", "rules/1003/a_test.yaml": "1003/a_test.yaml", "other/1003/a_test.yaml": "a_test.yaml"} {
		if got := placeAmong("rules", filepath.FromSlash(out)); got != want {
			t.Errorf("%q is placed at %q, want %q", out, got, want)
		}
	}
}

// recorded gives events of a simulated store: orders big and small and a shipped one, a cart, products that run low.
func recorded(t *testing.T) (list []engine.Record) {
	t.Helper()
	store := ecwidtest.New(ecwidtest.Options{Token: "secret_record", Seed: 5})
	add := func(typ, subject, shelf, id string) {
		t.Helper()
		entity, ok := store.Get(shelf, id)
		if !ok {
			t.Fatalf("the store has no %s %s", shelf, id)
		}
		text, err := json.Marshal(entity)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, engine.Record{Entity: text, Event: event.Event{Source: "ecwid", Store: "1003", ID: fmt.Sprint(typ, id), Type: typ, Subject: subject + id}})
	}
	products := store.Keys("products")
	for i := range 12 {
		product := products[i%len(products)]
		if err := store.SetQuantity(product, 100); err != nil {
			t.Fatal(err)
		}
		id, err := store.PlaceOrder(ecwidtest.OrderOptions{Lines: []ecwidtest.Line{{Product: product, Quantity: 1 + i*3}}, Comments: "For my sister"})
		if err != nil {
			t.Fatal(err)
		}
		add("order.created", "order/", "orders", id)
		if err := store.SetQuantity(product, i); err != nil {
			t.Fatal(err)
		}
		add("product.updated", "product/", "products", product)
	}
	shipped, err := store.PlaceOrder(ecwidtest.OrderOptions{Fulfillment: "SHIPPED"})
	if err != nil {
		t.Fatal(err)
	}
	add("order.updated", "order/", "orders", shipped)
	cart, err := store.LeaveCart(ecwidtest.OrderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	add("unfinished_order.created", "cart/", "carts", cart)
	return list
}

// fixtureGiven gives what a fixture's test file says, as it is read from YAML.
func fixtureGiven(t *testing.T, f engine.Fixture) map[string]any {
	t.Helper()
	text := "tests:\n" + fixtureText(f)
	file, problems := document.Parse("a_test.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatalf("the fixture is no YAML: %s\n%s", document.Text(problems), text)
	}
	top, _ := document.Value(file.Root).(map[string]any)
	tests, _ := top["tests"].([]any)
	if len(tests) != 1 {
		t.Fatalf("no test:\n%s", text)
	}
	test := tests[0].(map[string]any)
	given, _ := test["given"].(map[string]any)
	if expect, ok := test["expect"].([]any); !ok || len(expect) > 0 || test["name"] == "" || given["event"] != f.Event.Type {
		t.Fatalf("the test is %v", test)
	}
	return given
}

func entityOf(t *testing.T, text json.RawMessage) map[string]any {
	t.Helper()
	if text == nil {
		return nil
	}
	object, err := event.DecodeObject(text)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// TestYAMLText holds that what is written is read as what it was.
func TestYAMLText(t *testing.T) {
	for _, text := range []string{`{}`, `{"a":[]}`, `{"a":{}}`, `{"a":[[],{},[[1]],{"b":[{}]}]}`, `{"a":null,"b":true,"c":false,"d":-1.5,"e":12345678901,"f":0,"g":1e3}`,
		`{"":"","yes":"no","On":"OFF","null":"~","1":"1","1.5":"0x1F","<<":"*a","a b":"a: b","#":"# c","-":"- d","?":"!!str","'":"\"","\\":"\\n"}`,
		`{"lines":"one\n two\n\n\tthree  ","end":"x\n","space":" x ","uni":"é 田中 🙂 \u2028\u0085\u007f\ufeff\u0000","date":"2026-03-01","time":"12:30","n":"NaN",".inf":".inf","=":"="}`,
		`{"list":[{"a":1,"b":{"c":[1,2]}},"x",["y","z"],null,[]]}`, `{"` + strings.Repeat("k", 100) + `":"` + strings.Repeat("long ", 100) + `"}`} {
		want := entityOf(t, json.RawMessage(text))
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var value any
		if err := d.Decode(&value); err != nil {
			t.Fatal(err)
		}
		written := "top:\n" + yamlText([]any{value}, "  ")
		file, problems := document.Parse("a.yaml", []byte(written))
		if len(problems) > 0 {
			t.Errorf("%s is written as\n%s%s", text, written, document.Text(problems))
			continue
		}
		top, _ := document.Value(file.Root).(map[string]any)
		list, _ := top["top"].([]any)
		got, _ := json.Marshal(list)
		if whole, _ := json.Marshal([]any{want}); string(got) != string(whole) || len(list) == 1 && fmt.Sprint(reflect.TypeOf(list[0])) != "map[string]interface {}" {
			t.Errorf("%s is written as\n%s and read as %s", text, written, got)
		}
	}
}

// TestRecordKeepsFiles holds that a file that is there is not written over.
func TestRecordKeepsFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a_test.yaml")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeNew(path, "theirs"); err == nil {
		t.Error("it was written over")
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "mine" {
		t.Errorf("%q, %v", got, err)
	}
}
