package openconnectors

import (
	"encoding/json"
	"strings"
	"testing"

	"shopbell/event"
)

// TestStoredEvents goes through the forms that notifiedData may have: no sample of it is published.
func TestStoredEvents(t *testing.T) {
	s := opened(t, plainConfig)
	const element = `{"objectType":"orders","objectId":"5","eventType":"CREATED","date":"2025-01-01T00:00:00Z"}`
	told := receive(t, s, `{"message":{"eventId":"a1","instanceId":31,"elementKey":"ecwid","raw":{"x":1},"events":[`+element+`]}}`)[0]
	quoted := func(text string) string { return string(must(json.Marshal(text))) }
	for name, notifiedData := range map[string]string{
		"events":                 `[` + element + `]`,
		"texts":                  `[` + quoted(element) + `]`,
		"all a text":             quoted(`[` + element + `]`),
		"notifications":          `[{"message":{"eventId":"a1","instanceId":31,"events":[` + element + `]}}]`,
		"notifications in texts": `[` + quoted(`{"message":{"eventId":"a1","instanceId":31,"raw":{"x":1},"events":[`+element+`]}}`) + `]`,
		"formulas":               `[{"eventId":"a1","event":` + element + `}]`,
		"one object":             element,
		"sent twice":             `[` + element + `,` + element + `]`,
	} {
		for _, providerData := range []string{`{"x":1}`, quoted(`{"x":1}`), quoted(`{ "x": 1 }`)} {
			one, err := parseStored([]byte(`{"id":"a1","eventDate":"2025-01-01T00:00:00Z","status":"NOTIFIED","providerData":` + providerData + `,"notifiedData":` + notifiedData + `}`))
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			found := one.found("elements", s.shops["31"], received)
			if len(found) != 1 || found[0].ID != told.ID || found[0].Type != told.Type || found[0].Subject != told.Subject || string(found[0].Data) != string(told.Data) {
				t.Errorf("%s: found %+v\nwant %+v", name, found, told)
			}
		}
	}
	for name, text := range map[string]string{
		"no id":                `{"eventDate":"2025-01-01T00:00:00Z"}`,
		"no date":              `{"id":"a"}`,
		"a date of no form":    `{"id":"a","eventDate":"soon"}`,
		"an id of no form":     `{"id":{},"eventDate":"2025-01-01T00:00:00Z"}`,
		"a list":               `[]`,
		"notifiedData of none": `{"id":"a","eventDate":"2025-01-01T00:00:00Z","notifiedData":[5]}`,
		"text that is none":    `{"id":"a","eventDate":"2025-01-01T00:00:00Z","notifiedData":"hello"}`,
	} {
		if _, err := parseStored([]byte(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for status, finished := range map[string]bool{"NEW": false, "RECEIVED": false, "DISPATCHED": false, "CONSUMED": false, "NOTIFIED": true, "": false} {
		one, err := parseStored([]byte(`{"id":"a","eventDate":"2025-01-01T00:00:00Z","status":"` + status + `","notifiedData":null}`))
		if err != nil || one.finished() != finished {
			t.Errorf("%s: finished %v, %v", status, one.finished(), err)
		}
	}
}

// TestAFormOfEcwid holds that what Ecwid posted, a form, is read as the raw of the notification has it.
func TestAFormOfEcwid(t *testing.T) {
	s := opened(t, plainConfig)
	one, err := parseStored([]byte(`{"id":"a","eventDate":"2025-01-01T00:00:00Z","status":"NOTIFIED",
		"providerData":"owner_id=1003&event_type=order_status_change&order_id=5&payment_status=ACCEPTED&old_payment_status=QUEUED",
		"notifiedData":[{"objectType":"orders","objectId":"5","eventType":"UPDATED"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := data(t, one.found("elements", s.shops["31"], received)[0]); got["newPaymentStatus"] != "PAID" || got["oldPaymentStatus"] != "QUEUED" {
		t.Errorf("got %v", got)
	}
}

func must(text []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return text
}

func TestTheCursorIsBounded(t *testing.T) {
	c, err := readCursor(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Newest = received
	for i := range 3 * maxSeen {
		c.Seen[string(rune('a'+i%26))+strings.Repeat("x", i%7)+string(must(json.Marshal(i)))] = received.Unix() - int64(i%3600)
	}
	c.forget()
	if len(c.Seen) > maxSeen+10 || len(c.Seen) < maxSeen/2 {
		t.Errorf("%d are remembered", len(c.Seen))
	}
	if _, err := readCursor([]byte(`{"since":5}`)); err == nil {
		t.Error("a cursor of another form is taken")
	}
}

func FuzzStored(f *testing.F) {
	for _, text := range []string{
		`[{"id":"a1","eventDate":"2025-01-01T00:00:00Z","status":"NOTIFIED","providerData":"{\"x\":1}","notifiedData":[{"objectType":"orders","objectId":"5"}]}]`,
		`[{"id":1,"eventDate":1735689600000,"status":"NEW","providerData":"event_type=new_order&order_id=5"}]`,
		`[{"id":"a","eventDate":"2025-01-01 00:00:00","notifiedData":"[{\"message\":{\"events\":[{}]}}]"}]`, `[]`, `{}`, `[[]]`, `["\ud800"]`, `[{"notifiedData":["\"\""]}]`,
	} {
		f.Add([]byte(text))
	}
	s := opened(f, plainConfig)
	f.Fuzz(func(t *testing.T, text []byte) {
		if readable(text) != nil { // the client has looked
			return
		}
		list, err := parseList(text)
		if err != nil {
			return
		}
		for i := range list {
			if list[i].id == "" || list[i].date.IsZero() {
				t.Fatalf("%q gave one without id or date", text)
			}
			for _, e := range list[i].found("elements", s.shops["31"], received) {
				if e.ID == "" || len(e.ID) > 200 || e.Created.IsZero() || !e.Polled {
					t.Fatalf("%q gave %+v", text, e)
				}
				if _, err := event.DecodeObject(e.Data); err != nil {
					t.Fatalf("%q gave data %s: %v", text, e.Data, err)
				}
			}
		}
	})
}
