package signed

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"shopbell/event"
	"shopbell/sources"
)

// notification makes what a platform sends for a type of its table.
func notification(t *testing.T, preset string, r row) (from sender, body string) {
	t.Helper()
	from = sender{preset: preset, secret: "s", now: noon(), header: map[string]string{}}
	entity := map[string]any{"id": 42, "status": "open"}
	doc := map[string]any{"id": 42, "status": "open"}
	switch preset {
	case "stripe":
		entity["id"], doc = "x_42", map[string]any{"id": "evt_1", "type": r.wire, "data": map[string]any{"object": entity}}
	case "shopify":
		from.header["X-Shopify-Topic"] = r.wire
	case "woocommerce":
		from.header["X-WC-Webhook-Topic"] = r.wire
	case "github":
		name, action, _ := strings.Cut(r.wire, ".")
		from.header["X-GitHub-Event"] = name
		doc = map[string]any{"repository": map[string]any{"id": 9}}
		if action != "" {
			doc["action"] = action
		}
		if _, field, ok := strings.Cut(r.Entity, "."); ok {
			doc[field] = entity
		}
	case "slack":
		doc = map[string]any{"type": "event_callback", "event_id": "Ev1", "event": map[string]any{"type": r.wire, "channel": "C1"}}
	}
	text, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return from, string(text)
}

// TestEveryEventType has, for every type of every preset: good, forged, malformed, not ours, and what rules see of it.
func TestEveryEventType(t *testing.T) {
	total := 0
	for _, p := range presets() {
		table, err := rows(typesText, p.name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := open("hook", []byte(`{"preset":"`+p.name+`","secret":"s","stores":["hook"]}`))
		if p.name == "standard" {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range table {
			total++
			from, body := notification(t, p.name, r)
			events, err := s.Receive(from.send(body))
			if err != nil || len(events) != 1 || events[0].Type != r.name || events[0].Store != "hook" || r.Noun != "" && !strings.HasPrefix(events[0].Subject, r.Noun+"/") {
				t.Errorf("%s %s: %+v, %v", p.name, r.wire, events, err)
				continue
			}
			e := events[0]
			reading, err := s.Attest(t.Context(), &e)
			known, _ := s.Catalog().Lookup(r.wire)
			switch {
			case err != nil || known == nil:
				t.Errorf("%s %s: %v", p.name, r.wire, err)
			case known.Change == event.Deleted:
				if !reading.Gone || reading.Entity != nil {
					t.Errorf("%s %s is not gone", p.name, r.wire)
				}
			case known.Noun != "":
				if o, err := event.DecodeObject(reading.Entity); err != nil || o["status"] != "open" {
					t.Errorf("%s %s: entity %s", p.name, r.wire, reading.Entity)
				}
			case reading.Entity != nil:
				t.Errorf("%s %s has an entity", p.name, r.wire)
			}
			forged := from.send(body)
			forged.Body = append(forged.Body, ' ')
			_, err = s.Receive(forged)
			wantRefused(t, err, http.StatusUnauthorized, "signature")
			_, err = s.Receive(from.send(body + "}"))
			wantRefused(t, err, http.StatusBadRequest, "parse")
			e.Store = "another"
			if _, err := s.Attest(t.Context(), &e); s.Serves("another") || !sources.IsUnconfirmed(err) {
				t.Errorf("%s %s: an event of another store: %v", p.name, r.wire, err)
			}
		}
	}
	if total < 100 {
		t.Errorf("only %d types", total)
	}
}
