package engine_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"shopbell/engine"
	"shopbell/event"
	"shopbell/sources/ecwid"
	"shopbell/sources/ecwid/ecwidtest"
)

// scrubbed gives the fixture of an order as text.
func scrubbed(t testing.TB, entity, was, data string) string {
	t.Helper()
	typ, ok := ecwid.Catalog().Lookup("order.updated")
	if !ok {
		t.Fatal("there is no order.updated")
	}
	r := engine.Record{Event: event.Event{Source: "ecwid", Store: "1003", ID: "e1", Type: "order.updated", Subject: "order/K8XTQ", Data: raw(data)}, Entity: raw(entity)}
	f, err := engine.Scrub(r, raw(was), typ, event.Store{ID: r.Store})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal([]any{f.Entity, f.Was, f.Data})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func raw(text string) json.RawMessage {
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

func TestScrub(t *testing.T) {
	for _, c := range []struct{ name, given, want string }{
		{"what stays", `{"id":"K8XTQ","total":150.50,"customerId":40201,"sku":"SW-1","paymentStatus":"PAID","createDate":"2026-03-01 12:00:00 +0000","big":12345678901234567890}`, ``},
		{"statuses", `{"fulfillmentStatus":"AWAITING_PROCESSING","countryCode":"DE","stateOrProvinceCode":"NY","customerGroup":"VIP","pricesIncludeTax":true,"x":null}`, ``},
		{"an address everywhere", `{"email":"Jane@Example.org","refererUrl":"https://shop.example/u?mail=jane%40example.org&page=2","additional":"to jane@example.org, or JANE@EXAMPLE.ORG."}`,
			`{"additional":"to person1@example.com, or person1@example.com.","email":"person1@example.com","refererUrl":"https://shop.example/u?mail=person1%40example.com\u0026page=2"}`},
		{"two people", `{"email":"a@x.org","customer":{"email":"b@x.org"}}`, `{"customer":{"email":"person1@example.com"},"email":"person2@example.com"}`},
		{"names by their words", `{"shippingPerson":{"name":"Jane Doe","firstName":"Jane","lastName":"Doe"},"items":[{"name":"Card for jane, with love","sku":"DOE-1"}]}`,
			`{"items":[{"name":"Card for Name1, with love","sku":"DOE-1"}],"shippingPerson":{"firstName":"Name1","lastName":"Name2","name":"Name1 Name2"}}`},
		{"an address", `{"shippingPerson":{"street":"Main St 1\nApt 2","city":"Berlin","postalCode":"10115","countryCode":"DE","addressFormatted":"Main St 1, Apt 2, Berlin"}}`,
			`{"shippingPerson":{"addressFormatted":"Street 1","city":"City 1","countryCode":"DE","postalCode":"00001","street":"Street 2"}}`},
		{"numbers of phones", `{"shippingPerson":{"phone":"+49 (30) 123-4567"},"billingPerson":{"phone":"030 1234567"},"hint":"call +49301234567 or 030/1234567"}`,
			`{"billingPerson":{"phone":"+12025550101"},"hint":"call +12025550101 or +12025550101","shippingPerson":{"phone":"+12025550101"}}`},
		{"a number as a number", `{"shippingPerson":{"phone":301234567}}`, `{"shippingPerson":{"phone":12025550101}}`},
		{"addresses of machines", `{"ipAddress":"203.0.113.7","log":"from 203.0.113.7 and 2a00:1450::5, at 10:00:00","version":"1.2.3"}`,
			`{"ipAddress":"198.18.0.1","log":"from 198.18.0.1 and 2001:db8::2, at 10:00:00","version":"1.2.3"}`},
		{"what was typed", `{"orderComments":"ring twice","privateAdminNotes":"","extraFields":{"gift":"for Ann","when":"2026-03-01"}}`,
			`{"extraFields":{"gift":"Text 1","when":"1990-01-01"},"orderComments":"Text 2","privateAdminNotes":""}`},
		{"options", `{"items":[{"selectedOptions":[{"name":"Size","type":"CHOICE","value":"L"},{"name":"Engraving","type":"TEXT","value":"For Ann","valuesArray":["For Ann"]}]}]}`,
			`{"items":[{"selectedOptions":[{"name":"Size","type":"CHOICE","value":"L"},{"name":"Engraving","type":"TEXT","value":"Text 1","valuesArray":["Text 1"]}]}]}`},
		{"birthdays and tax numbers", `{"customer":{"email":"","birthday":"1985-03-12","vatId":"DE123456789"}}`, `{"customer":{"birthday":"1990-01-01","email":"","vatId":"DE000000001"}}`},
		{"contacts", `{"contacts":[{"contact":"a@x.org","type":"EMAIL"},{"contact":"@jane","type":"X"}]}`, `{"contacts":[{"contact":"person1@example.com","type":"EMAIL"},{"contact":"Text 1","type":"X"}]}`},
		{"names in parts", `{"customer":{"name":{"first":"Jane","last":"Doe"}}}`, `{"customer":{"name":{"first":"Name1","last":"Name2"}}}`},
		{"secrets", `{"accessToken":"abc","apiKey":"x","api_key":"y","password":"p","note2":1,"url":"https://x.example/?token=abc&a=1","text":"use secret_abcdefgh12"}`,
			`{"note2":1,"text":"use [secret]","url":"https://x.example/?a=1"}`},
		{"keys", `{"a@x.org":1}`, `{"person1@example.com":1}`},
	} {
		if c.want == "" {
			c.want = c.given
		}
		var want any
		d := json.NewDecoder(strings.NewReader("[" + c.want + ",null,null]"))
		d.UseNumber()
		if err := d.Decode(&want); err != nil {
			t.Fatal(c.name, err)
		}
		text, _ := json.Marshal(want)
		if got := scrubbed(t, c.given, "", ""); got != string(text) {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, text)
		}
	}
}

// TestScrubOneForAll holds that the same is replaced by the same in all parts.
func TestScrubOneForAll(t *testing.T) {
	got := scrubbed(t, `{"email":"new@x.org"}`, `{"email":"old@x.org"}`, `{"customerEmail":"new@x.org","oldEmail":"old@x.org"}`)
	if want := `[{"email":"person1@example.com"},{"email":"person2@example.com"},{"customerEmail":"person1@example.com","oldEmail":"person2@example.com"}]`; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestScrubRichOrder holds that nothing is left of any customer of the simulated store, and that all else is as it was.
func TestScrubRichOrder(t *testing.T) {
	store := ecwidtest.New(ecwidtest.Options{Token: "secret_scrub", Seed: 3})
	people := []ecwidtest.Person{
		{Name: "José Álvarez", Email: "jose@firma.example", Phone: "+34 612 345 678", Street: "Calle de Alcalá 20\n3º B", City: "Madrid", PostalCode: "28014", CountryCode: "ES", CountryName: "Spain"},
		{Name: "田中 太郎", Email: "tanaka@firma.example", Phone: "+81 90-1234-5678", Street: "千代田1-1", City: "東京", PostalCode: "100-0001", CountryCode: "JP", CountryName: "Japan"},
		{Name: "Jane O'Doe", Email: "jane.odoe@firma.example", Phone: "0301234567", Street: "Main St 1\nApt 2", City: "Berlin", PostalCode: "10115", CountryCode: "DE", CountryName: "Germany"},
	}
	for _, person := range people {
		id, err := store.PlaceOrder(ecwidtest.OrderOptions{Customer: person, Comments: "This is for " + person.Name + ", call " + person.Phone})
		if err != nil {
			t.Fatal(err)
		}
		entity, ok := store.Get("orders", id)
		if !ok {
			t.Fatal("the store has no order", id)
		}
		text, err := json.Marshal(entity)
		if err != nil {
			t.Fatal(err)
		}
		got := scrubbed(t, string(text), string(text), fmt.Sprintf(`{"orderId":%q,"customerEmail":%q}`, id, person.Email))
		for _, left := range append(strings.FieldsFunc(person.Name+" "+person.Street, func(c rune) bool { return strings.ContainsRune(" \n'", c) }),
			person.Email, person.Phone, person.City, person.PostalCode, "203.0.113.7", "Mozilla") {
			if len(left) > 2 && strings.Contains(strings.ToLower(got), strings.ToLower(left)) {
				t.Errorf("of %s, %q is left:\n%s", person.Name, left, got)
			}
		}
		for _, kept := range []string{id, person.CountryCode, person.CountryName, `"paymentStatus":"`, `"sku":"`} {
			if !strings.Contains(got, kept) {
				t.Errorf("%q is gone:\n%s", kept, got)
			}
		}
	}
}

// FuzzScrub holds that JSON stays JSON of the same form, and that of an address and a number nothing is left, wherever they
// stand.
func FuzzScrub(f *testing.F) {
	for _, seed := range [][3]string{{"jane", "+49 30 1234567", "hello {e}, call {p}!"}, {"o.doe+x", "0301234567", `https://x.example/{e}?a={e}&b={p}#c`}, {"é", "(030) 123-4567", "a{e}b{p}c%20{e}%zz"},
		{"a%b", "+1-202-555-0123", "Ann{e}@{e}"}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, local, phone, text string) {
		address := local + "@firma.example"
		if !engine.IsEmail(address) || !engine.IsPhone(phone) || len(text) > 10_000 {
			return
		}
		text = strings.ReplaceAll(strings.ReplaceAll(text, "{e}", address), "{p}", " "+phone+" ")
		entity, err := json.Marshal(map[string]any{"email": address, "shippingPerson": map[string]any{"phone": phone, "name": local + " Doe"}, "name": text, "list": []any{text, 1, nil},
			"orderComments": text, text: "key"})
		if err != nil {
			t.Fatal(err)
		}
		got := scrubbed(t, string(entity), "", `{"x":`+string(entity)+`}`)
		if !json.Valid([]byte(got)) {
			t.Fatalf("this is no JSON: %s", got)
		}
		for _, left := range []string{address, phone} {
			spelled, _ := json.Marshal(strings.ToLower(left))
			if strings.Contains(strings.ToLower(got), string(spelled[1:len(spelled)-1])) {
				t.Fatalf("%q is left of %s:\n%s", left, entity, got)
			}
		}
	})
}
