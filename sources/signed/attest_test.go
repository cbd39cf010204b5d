package signed

import (
	"strings"
	"testing"

	"shopbell/event"
	"shopbell/sources"
)

func TestAttest(t *testing.T) {
	s, from := opened(t, `"type":"body.type","stores":["hook"],"events":{
		"order.created":{"noun":"order","entity":"body.order"},
		"order.deleted":{"noun":"order","entity":"body.order"},
		"order.touched":{"noun":"order","entity":"{'id': body.order.id, 'twice': body.order.n * 2}"},
		"cart.updated":{"noun":"cart","subject":"body.cart.token"},
		"note.added":{"doc":"Somebody wrote something."}}`)
	for _, row := range []struct{ body, subject, entity, unconfirmed string }{
		{`{"type":"order.created","order":{"id":12345678901234567890,"total":9.50}}`, "", `{"id":12345678901234567890,"total":9.50}`, ""},
		{`{"type":"order.created","order":{"id":7}}`, "order/7", `{"id":7}`, ""},
		{`{"type":"order.created","order":null}`, "", "", "the notification holds no order: there is no object at body.order"},
		{`{"type":"order.created","order":[1]}`, "", "", "holds no order"},
		{`{"type":"order.created"}`, "", "", "holds no order"},
		{`{"type":"order.touched","order":{"id":"K8","n":4}}`, "order/K8", `{"id":"K8","twice":8}`, ""},
		{`{"type":"order.touched","order":{"id":"K8","n":"x"}}`, "", "", "holds no order"},
		{`{"type":"cart.updated","cart":{"token":"t/1"},"id":5}`, "t/1", `{"type":"cart.updated","cart":{"token":"t/1"},"id":5}`, ""},
		{`{"type":"note.added","id":5}`, "", "", ""},
		{`{"type":"something.else","id":5}`, "", "", ""},
	} {
		events, err := s.Receive(from.send(row.body))
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Attest(t.Context(), &events[0])
		if row.unconfirmed != "" {
			if !sources.IsUnconfirmed(err) || !strings.Contains(err.Error(), row.unconfirmed) {
				t.Errorf("%s: %v", row.body, err)
			}
			continue
		}
		if err != nil || string(r.Entity) != row.entity || r.Gone || events[0].Subject != row.subject {
			t.Errorf("%s: %q %s, %v", row.body, events[0].Subject, r.Entity, err)
		}
	}
	events, err := s.Receive(from.send(`{"type":"order.deleted","order":{"id":7}}`))
	if err != nil || events[0].Subject != "order/7" {
		t.Fatalf("%v, %v", events, err)
	}
	if r, err := s.Attest(t.Context(), &events[0]); err != nil || !r.Gone || r.Entity != nil {
		t.Errorf("%+v, %v", r, err)
	}
	events[0].Store = "other"
	if _, err := s.Attest(t.Context(), &events[0]); !sources.IsUnconfirmed(err) {
		t.Errorf("a store that is not served: %v", err)
	}
	events[0].Store, events[0].Type, events[0].Body = "hook", "order.created", nil
	if _, err := s.Attest(t.Context(), &events[0]); !sources.IsUnconfirmed(err) {
		t.Errorf("an event whose body is not kept: %v", err)
	}
}

// TestAnUnsignedBodyIsAClaim holds that a preset whose signature the operator made weaker does not give facts.
func TestAnUnsignedBodyIsAClaim(t *testing.T) {
	s, err := open("hook", []byte(`{"preset":"shopify","secret":"s","verify":{"parts":[{"json":"id"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, known := range s.Catalog().Types {
		if known.Readable {
			t.Errorf("%s can be read", known.Name)
		}
	}
	if r, err := s.Attest(t.Context(), &event.Event{Store: "x", Type: "order.created", Body: []byte(`{"id":1}`)}); err != nil || r.Entity != nil {
		t.Errorf("%s, %v", r.Entity, err)
	}
}

func TestPresetCatalogs(t *testing.T) {
	for _, p := range presets() {
		s, err := open("hook", []byte(`{"preset":"`+p.name+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		c := s.Catalog()
		if len(c.Types) == 0 && p.name != "standard" {
			t.Errorf("%s has no event types", p.name)
		}
		for _, known := range c.Types {
			if known.Doc == "" || (known.Noun == "") == known.Readable || (known.Noun == "") != (known.Entity == nil) || known.Data == nil {
				t.Errorf("%s: %+v", p.name, known)
			}
			if known.Change != event.Other && !strings.HasSuffix(known.Name, map[event.Change]string{event.Created: "created", event.Updated: "updated", event.Deleted: "deleted"}[known.Change]) {
				t.Errorf("%s %s has another change than its name", p.name, known.Name)
			}
		}
	}
	for _, text := range []string{"shopify a b", "shopfiy a b c other - words"} {
		if _, err := rows(text, "shopify"); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// TestAConfigAddsToAPreset holds that one key about a type leaves the others as they were.
func TestAConfigAddsToAPreset(t *testing.T) {
	s, err := open("hook", []byte(`{"preset":"shopify","secret":"s","events":{"order.created":{"sample":{"id":1,"total_price":"9.50"}},"orders/paid":{"doc":"Paid."},"themes/publish":{"noun":"theme"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	created, _ := s.Catalog().Lookup("orders/create")
	paid, _ := s.Catalog().Lookup("order.paid")
	theme, _ := s.Catalog().Lookup("themes/publish")
	if created == nil || created.Name != "order.created" || created.Noun != "order" || created.Change != event.Created || show(created.Entity) != "{id number, total_price text}" {
		t.Errorf("%+v", created)
	}
	if paid == nil || paid.Doc != "Paid." || paid.Noun != "order" || show(paid.Entity) != "anything" {
		t.Errorf("%+v", paid)
	}
	if theme == nil || theme.Noun != "theme" || theme.Change != event.Other {
		t.Errorf("%+v", theme)
	}
	stripe, err := open("hook", []byte(`{"preset":"stripe","events":{"invoice.paid":{"sample":{"id":"evt_1","data":{"object":{"id":"in_1"}}}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if known, _ := stripe.Catalog().Lookup("invoice.paid"); show(known.Entity) != "{id text}" || show(known.Data) != "{object {id text}}" {
		t.Errorf("%s %s", show(known.Entity), show(known.Data))
	}
}

func TestTypesThatAreNotListed(t *testing.T) {
	s, _ := opened(t, `"type":"body.type"`)
	other, ok := s.Catalog().Lookup("something.else")
	if !ok || other.Name != "something.else" {
		t.Fatal("a type that is not listed is not known")
	}
	if other.Noun != "" || other.Readable || other.Entity != nil || show(other.Data) != "anything" || other.Doc == "" {
		t.Errorf("%+v", other)
	}
}
