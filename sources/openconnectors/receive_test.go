package openconnectors

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

const plainConfig = `{"signature_key":"k","previous_signature_key":"before","stores":{"31":{"element":"ecwid"},"shop2":{"instance":32}}}`

var received = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func opened(t testing.TB, config string) *source {
	t.Helper()
	s, err := open("elements", json.RawMessage(config), func() time.Time { return received })
	if err != nil {
		t.Fatalf("%s: %v", config, err)
	}
	return s
}

func request(body string) sources.Request {
	return sources.Request{Header: http.Header{SignatureHeader: {Sign(SHA256, "k", []byte(body))}}, Body: []byte(body), Received: received}
}

func receive(t testing.TB, s *source, body string) []event.Event {
	t.Helper()
	events, err := s.Receive(request(body))
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return events
}

// data decodes the data of an event.
func data(t testing.TB, e event.Event) map[string]any {
	t.Helper()
	o, err := event.DecodeObject(e.Data)
	if err != nil {
		t.Fatalf("data %s: %v", e.Data, err)
	}
	return o
}

func TestForms(t *testing.T) {
	s := opened(t, plainConfig)
	for name, c := range map[string]struct{ body, store, typ, subject, created string }{
		"message": {`{"message":{"eventId":"a1","instanceId":31,"elementKey":"ecwid","raw":{"x":1},"events":[{"date":"2025-01-01T00:00:00Z","elementKey":"ecwid","eventType":"CREATED","objectType":"orders","objectId":"5"}]}}`,
			"31", "order.created", "order/5", "2025-01-01T00:00:00Z"},
		"message with the other spelling, and a number as id": {`{"severity":"low","message":{"eventId":"a1","instance_id":"31","events":[{"eventType":"updated","objectType":"Product","objectId":77}]}}`,
			"31", "product.updated", "product/77", "0001-01-01T00:00:00Z"},
		"the type told by raw only": {`{"message":{"eventId":"a1","instanceId":31,"raw":{"objectType":"customers"},"events":[{"objectId":"9","eventType":"DELETED"}]}}`,
			"31", "customer.deleted", "customer/9", "0001-01-01T00:00:00Z"},
		"response": {`{"eventId":1088,"instanceId":31,"response":{"events":[{"path":"/testfoldercreate","metadata":{"path":"/TestFolderCreate","name":"TestFolderCreate","type":"folder"}}]},"notificationId":1047}`,
			"31", "folder.changed", "folder//testfoldercreate", "0001-01-01T00:00:00Z"},
		"formula": {`{"eventId":1088,"instanceId":31,"type":"event","event":{"date":"2025-01-01T00:00:00.000Z","elementKey":"sfdc","eventType":"UNKNOWN","objectId":"3","objectType":"Lead"}}`,
			"31", "lead.changed", "lead/3", "2025-01-01T00:00:00Z"},
		"events at the top":     {`{"eventId":"a","instanceId":31,"events":[{"objectType":"carts","objectId":"c","eventType":"CREATED"}]}`, "31", "cart.created", "cart/c", "0001-01-01T00:00:00Z"},
		"a store of a name":     {`{"message":{"eventId":"a","instanceId":32,"events":[{"objectType":"orders","objectId":"5","eventType":"CREATED"}]}}`, "shop2", "order.created", "order/5", "0001-01-01T00:00:00Z"},
		"a store not ours":      {`{"message":{"eventId":"a","instanceId":33,"events":[{"objectType":"orders","objectId":"5","eventType":"CREATED"}]}}`, "33", "order.created", "order/5", "0001-01-01T00:00:00Z"},
		"milliseconds":          {`{"message":{"eventId":"a","instanceId":31,"events":[{"objectType":"orders","objectId":"5","date":1735689600000}]}}`, "31", "order.changed", "order/5", "2025-01-01T00:00:00Z"},
		"a date of no form":     {`{"message":{"eventId":"a","instanceId":31,"events":[{"objectType":"orders","objectId":"5","date":"yesterday"}]}}`, "31", "order.changed", "order/5", "0001-01-01T00:00:00Z"},
		"an id of no one line":  {`{"message":{"eventId":"a","instanceId":31,"events":[{"objectType":"orders","objectId":"5\n6"}]}}`, "31", "order.changed", "", "0001-01-01T00:00:00Z"},
		"nothing but an object": {`{"message":{"eventId":"a","instanceId":31,"events":[{}]}}`, "31", "object.changed", "", "0001-01-01T00:00:00Z"},
	} {
		events := receive(t, s, c.body)
		if len(events) != 1 {
			t.Errorf("%s: %d events", name, len(events))
			continue
		}
		e := events[0]
		if e.Source != "elements" || e.Store != c.store || e.Type != c.typ || e.Subject != c.subject || e.Created.Format(time.RFC3339) != c.created ||
			!e.Received.Equal(received) || string(e.Body) != c.body || e.Polled {
			t.Errorf("%s: got %+v", name, e)
		}
		if e.ID == "" || len(e.ID) > 200 {
			t.Errorf("%s: id %q", name, e.ID)
		}
		known, ok := Catalog().Lookup(e.Type)
		if !ok {
			known = Any()
		}
		for _, fault := range misfits(data(t, e), known.Data) {
			t.Errorf("%s: %s", name, fault)
		}
	}
}

// misfits tells what of data is not as its schema says.
func misfits(o map[string]any, s *event.Schema) (faults []string) {
	for name, v := range o {
		f, ok := s.Field(name)
		if !ok {
			faults = append(faults, name+" is not declared")
			continue
		}
		text, isText := v.(string)
		if f.Form == event.Text && (!isText || len(f.Values) > 0 && !slices.Contains(f.Values, text)) {
			faults = append(faults, fmt.Sprintf("%s is %v", name, v))
		}
	}
	for _, f := range s.Fields {
		if _, ok := o[f.Name]; !ok && !f.Optional {
			faults = append(faults, f.Name+" is missing")
		}
	}
	return faults
}

func TestNouns(t *testing.T) {
	for objectType, want := range map[string]string{"orders": "order", "Order": "order", "ORDERS": "order", "products": "product", "categories": "category",
		"customerGroups": "customer_group", "customer-groups": "customer_group", "Discount Codes": "discount_code", "addresses": "address",
		"statuses": "status", "orderStatus": "order_status", "boxes": "box", "inventory": "inventory", "analysis": "analysis", "prices": "price",
		"calendars/{calendarId}/changed-events": "calendars_calendar_id_changed_event", "orders.created": "orders_created", "Ödeme": "deme", "": "object",
		"***": "object", "s": "s", "purchaseOrders2": "purchase_orders2"} {
		if got := noun(objectType); got != want {
			t.Errorf("noun(%q) = %q, want %q", objectType, got, want)
		}
	}
	if got := noun(strings.Repeat("x", 10_000)); len(got) > maxName+1 {
		t.Errorf("a name of %d bytes", len(got))
	}
}

func many(n int, with string) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"objectType":"orders","objectId":"%d","eventType":"UPDATED","date":"2025-01-01T00:00:00Z"%s}`, i, with))
	}
	return strings.Join(list, ",")
}

func TestEachEventOfANotificationIsItsOwn(t *testing.T) {
	s := opened(t, plainConfig)
	whole := receive(t, s, `{"message":{"eventId":"a1","instanceId":31,"events":[`+many(20, "")+`]}}`)
	again := receive(t, s, `{"message":{"eventId":"a1","instanceId":31,"events":[`+many(20, "")+`]}}`)
	ids := map[string]bool{}
	for i, e := range whole {
		ids[e.ID] = true
		if e.Subject != fmt.Sprintf("order/%d", i) || e.ID != again[i].ID || !strings.HasPrefix(e.ID, "a1.") {
			t.Errorf("event %d is %s of %s", i, e.ID, e.Subject)
		}
	}
	if len(ids) != 20 {
		t.Errorf("%d ids of 20 events", len(ids))
	}
	if other := receive(t, s, `{"message":{"eventId":"a2","instanceId":31,"events":[`+many(1, "")+`]}}`); ids[other[0].ID] {
		t.Error("another event of the platform has the same id")
	}
}

// TestIdsDoNotHangOnThePlace holds what an index could not: the parts of a large event each count from 0, and forms differ.
func TestIdsDoNotHangOnThePlace(t *testing.T) {
	s := opened(t, plainConfig)
	element := func(id, date string) string {
		return fmt.Sprintf(`{"objectType":"orders","objectId":%q,"eventType":"UPDATED","date":%q}`, id, date)
	}
	const at = "2025-01-01T00:00:00Z"
	whole := receive(t, s, `{"message":{"eventId":7,"instanceId":31,"events":[`+element("1", at)+`,`+element("2", at)+`]}}`)
	for name, body := range map[string]string{
		"second part":       `{"message":{"eventId":7,"instanceId":31,"raw":{"all":[1,2]},"events":[` + element("2", at) + `]}}`,
		"as a formula":      `{"eventId":"7","instanceId":31,"type":"event","event":` + element("2", at) + `}`,
		"as a response":     `{"eventId":7,"instanceId":31,"response":{"events":[` + element("2", at) + `]}}`,
		"milliseconds":      `{"message":{"eventId":7,"instanceId":31,"events":[` + element("2", "2025-01-01T00:00:00.000Z") + `]}}`,
		"another zone":      `{"message":{"eventId":7,"instanceId":31,"events":[` + element("2", "2025-01-01T01:00:00+01:00") + `]}}`,
		"in another order":  `{"message":{"eventId":7,"instanceId":31,"events":[` + element("2", at) + `,` + element("1", at) + `]}}`,
		"singular, ordered": `{"message":{"events":[{"eventType":"updated","date":"` + at + `","objectId":2,"objectType":"Order"}],"instanceId":31,"eventId":7}}`,
	} {
		if got := receive(t, s, body)[0].ID; got != whole[1].ID {
			t.Errorf("%s: id %s, want %s", name, got, whole[1].ID)
		}
	}
	for name, body := range map[string]string{
		"another moment": `{"message":{"eventId":7,"instanceId":31,"events":[` + element("2", "2025-01-01T00:00:01Z") + `]}}`,
		"another change": `{"message":{"eventId":7,"instanceId":31,"events":[` + strings.Replace(element("2", at), "UPDATED", "DELETED", 1) + `]}}`,
		"another type":   `{"message":{"eventId":7,"instanceId":31,"events":[` + strings.Replace(element("2", at), "orders", "products", 1) + `]}}`,
	} {
		if got := receive(t, s, body)[0].ID; got == whole[1].ID {
			t.Errorf("%s: the same id", name)
		}
	}
	twice := receive(t, s, `{"message":{"eventId":7,"instanceId":31,"events":[`+element("2", at)+`,`+element("2", at)+`]}}`)
	if len(twice) != 1 {
		t.Errorf("what is said twice of one moment is %d events", len(twice))
	}
	paths := receive(t, s, `{"eventId":7,"instanceId":31,"response":{"events":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}}`)
	if len(paths) != 2 || paths[0].ID == paths[1].ID {
		t.Error("events without an id of their object are not kept apart")
	}
}

func TestRawIsKept(t *testing.T) {
	s := opened(t, plainConfig)
	e := receive(t, s, `{"message":{"eventId":"a","instanceId":31,"raw":{"Total": 5.00, "tags": ["<b>"]},"events":[`+many(2, "")+`]}}`)
	for _, one := range e {
		raw, _ := data(t, one)["raw"].(map[string]any)
		if raw["Total"] != 5 || raw["tags"].([]any)[0] != "<b>" {
			t.Errorf("raw is %v", raw)
		}
	}
	large := receive(t, s, `{"message":{"eventId":"a","instanceId":31,"raw":{"x":"`+strings.Repeat("x", maxRaw)+`"},"events":[`+many(20, "")+`]}}`)
	kept := 0
	for _, one := range large {
		kept += len(one.Body) + len(one.Data)
	}
	if !strings.Contains(string(large[0].Body), "xxxx") || kept > 3*maxRaw {
		t.Errorf("%d bytes are kept of one large notification", kept)
	}
}

func TestOrdersOfTheEcwidElement(t *testing.T) {
	s := opened(t, plainConfig)
	const raw = `"raw":{"objectType":"orders","event_type":"order_status_change","owner_id":"1003","order_id":"516483487","date":"2015-01-02 03:04:05","payment_status":"ACCEPTED","old_payment_status":"QUEUED","fulfillment_status":"SHIPPED","old_fulfillment_status":"PROCESSING"}`
	e := receive(t, s, `{"message":{"eventId":"a","instanceId":31,`+raw+`,"events":[{"objectId":"516483487","eventType":"UNKNOWN"}]}}`)[0]
	got := data(t, e)
	if e.Type != "order.updated" || e.Subject != "order/516483487" || e.Created.Format(time.RFC3339) != "2015-01-02T03:04:05Z" {
		t.Errorf("got %s of %s at %s", e.Type, e.Subject, e.Created)
	}
	for field, want := range map[string]string{"orderId": "516483487", "newPaymentStatus": "PAID", "oldPaymentStatus": "QUEUED",
		"newFulfillmentStatus": "SHIPPED", "oldFulfillmentStatus": "PROCESSING", "eventType": "UPDATED", "elementKey": "ecwid"} {
		if got[field] != want {
			t.Errorf("%s is %v, want %s", field, got[field], want)
		}
	}
	if fresh := receive(t, s, `{"message":{"eventId":"b","instanceId":31,"raw":{"event_type":"new_order","order_id":7,"payment_status":"DECLINED"},"events":[{"objectType":"orders","objectId":"7","eventType":"CREATED"}]}}`)[0]; fresh.Type != "order.created" ||
		data(t, fresh)["newPaymentStatus"] != "DECLINED" || data(t, fresh)["oldPaymentStatus"] != nil {
		t.Errorf("a new order gave %s with %s", fresh.Type, fresh.Data)
	}
	if bare := receive(t, s, `{"message":{"eventId":"d","instanceId":31,"raw":{"event_type":"new_order","order_id":7},"events":[{}]}}`)[0]; bare.Type != "order.created" || bare.Subject != "order/7" {
		t.Errorf("raw alone gave %s of %s", bare.Type, bare.Subject)
	}
	// The raw of another order says nothing of this one.
	if other := receive(t, s, `{"message":{"eventId":"c","instanceId":31,`+raw+`,"events":[{"objectType":"orders","objectId":"8","eventType":"CREATED"}]}}`)[0]; data(t, other)["orderId"] != nil {
		t.Errorf("statuses of another order: %s", other.Data)
	}
}

func TestRefusals(t *testing.T) {
	const good = `{"message":{"eventId":"a","instanceId":31,"events":[{"objectType":"orders","objectId":"5"}]}}`
	deep := `{"message":{"raw":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}}`
	for name, c := range map[string]struct {
		body, config string
		header       http.Header
		status       int
		label        string
	}{
		"forged":                 {good, plainConfig, http.Header{SignatureHeader: {Sign(SHA256, "x", []byte(good))}}, 401, "signature"},
		"changed":                {good + " ", plainConfig, request(good).Header, 401, "signature"},
		"not signed":             {good, plainConfig, http.Header{}, 401, "signature"},
		"sha1 where it is not":   {good, `{"signature_key":"k","refuse_sha1":true,"stores":{"31":{}}}`, http.Header{SignatureHeader: {Sign(SHA1, "k", []byte(good))}}, 401, "signature"},
		"no key":                 {good, `{"stores":{"31":{}}}`, request(good).Header, 401, "secret"},
		"another instance's key": {good, `{"signature_key":"k","stores":{"31":{"signature_key":"own"}}}`, request(good).Header, 401, "signature"},
		"not JSON":               {`{`, plainConfig, nil, 400, "parse"},
		"empty":                  {``, plainConfig, nil, 400, "parse"},
		"a list":                 {`[]`, plainConfig, nil, 400, "parse"},
		"text":                   {`"x"`, plainConfig, nil, 400, "parse"},
		"nothing of ours":        {`{}`, plainConfig, nil, 400, "parse"},
		"too deep":               {deep, plainConfig, nil, 400, "parse"},
		"more behind it":         {good + `{}`, plainConfig, nil, 400, "parse"},
		"message is text":        {`{"message":"hello"}`, plainConfig, nil, 400, "parse"},
		"events is no list":      {`{"message":{"events":{}}}`, plainConfig, nil, 400, "parse"},
		"an event is no object":  {`{"message":{"instanceId":31,"events":[5]}}`, plainConfig, nil, 400, "parse"},
		"event is text":          {`{"event":"order.created"}`, plainConfig, nil, 400, "parse"},
		"eventId is an object":   {`{"message":{"eventId":{},"instanceId":31,"events":[{}]}}`, plainConfig, nil, 400, "parse"},
		"eventId is endless":     {`{"message":{"eventId":"` + strings.Repeat("x", 300) + `","instanceId":31,"events":[{}]}}`, plainConfig, nil, 400, "parse"},
		"instanceId is a name":   {`{"message":{"eventId":"a","instanceId":"../1","events":[{}]}}`, plainConfig, nil, 400, "parse"},
		"too many":               {`{"message":{"eventId":"a","instanceId":31,"events":[` + many(1001, "") + `]}}`, plainConfig, nil, 400, "parse"},
		"message in message":     {strings.Repeat(`{"message":`, 8) + `{}` + strings.Repeat(`}`, 8), plainConfig, nil, 400, "parse"},
		"of no instance":         {`{"message":{"eventId":"a","events":[{}]}}`, plainConfig, nil, 400, "store"},
		"an impostor":            {good, `{"signature_key":"k","stores":{"31":{"instance":99}}}`, nil, 400, "store"},
		"no event":               {`{"message":{"eventId":"a","instanceId":31,"events":[]}}`, plainConfig, nil, 200, "parse"},
	} {
		r := request(c.body)
		if c.header != nil {
			r.Header = c.header
		}
		_, err := opened(t, c.config).Receive(r)
		refusal, ok := errors.AsType[*sources.Refusal](err)
		if !ok || refusal.Status != c.status || refusal.Label != c.label {
			t.Errorf("%s: got %+v (%v), want %d %s", name, refusal, err, c.status, c.label)
			continue
		}
		if len(refusal.Reason) > 300 || strings.Contains(refusal.Reason, "xxx") {
			t.Errorf("%s: the reason repeats the body: %s", name, refusal.Reason)
		}
	}
}

func TestTheAddressTellsTheInstance(t *testing.T) {
	s := opened(t, plainConfig)
	r := request(`{"message":{"eventId":"a","events":[{"objectType":"orders","objectId":"5"}]}}`)
	for path, want := range map[string]string{"/31": "31", "/32": "shop2", "/shop2/": "shop2"} {
		r.Path = path
		events, err := s.Receive(r)
		if err != nil || events[0].Store != want {
			t.Errorf("%s: %v %v", path, events, err)
		}
	}
	r.Path = ""
	if events, err := opened(t, `{"signature_key":"k","stores":{"31":{}}}`).Receive(r); err != nil || events[0].Store != "31" {
		t.Errorf("the only instance: %v %v", events, err)
	}
	r = request(`{"message":{"eventId":"a","instanceId":31,"events":[{"objectType":"orders","objectId":"5"}]}}`)
	r.Path = "/32" // which is not signed
	if events, err := s.Receive(r); err != nil || events[0].Store != "31" {
		t.Errorf("what is signed does not count: %v %v", events, err)
	}
}

func TestANotificationWithoutAnId(t *testing.T) {
	s := opened(t, plainConfig)
	body := `{"message":{"instanceId":31,"events":[{"objectType":"orders","objectId":"5"}]}}`
	a, b := receive(t, s, body)[0].ID, receive(t, s, body)[0].ID
	if a != b || a == receive(t, s, strings.Replace(body, `"5"`, `"6"`, 1))[0].ID {
		t.Errorf("ids %s and %s", a, b)
	}
}

func FuzzReceive(f *testing.F) {
	for _, body := range []string{
		`{"message":{"eventId":"a1","instanceId":31,"raw":{"objectType":"orders","event_type":"new_order","order_id":"5"},"events":[{"objectType":"orders","objectId":"5","eventType":"CREATED","date":"2025-01-01T00:00:00Z"}]}}`,
		`{"eventId":1088,"instanceId":31,"response":{"events":[{"path":"/a","metadata":{"type":"folder"}}]},"notificationId":1047}`,
		`{"eventId":1,"instanceId":31,"type":"event","event":{"objectType":"Lead","objectId":3}}`,
		`{"message":{"instanceId":31,"events":[{"objectId":"\u0000","date":1e400}]}}`, `{"events":null,"message":{"response":{"events":[{}]}}}`, `[]`, ``, `{"message":`,
	} {
		f.Add([]byte(body))
	}
	s := opened(f, plainConfig)
	f.Fuzz(func(t *testing.T, body []byte) {
		events, err := s.Receive(request(string(body)))
		if err != nil {
			if refusal, ok := errors.AsType[*sources.Refusal](err); !ok || refusal.Status == http.StatusUnauthorized {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		known := map[string]bool{}
		for _, e := range events {
			if e.ID == "" || len(e.ID) > 200 || known[e.ID] || e.Store == "" || !strings.Contains(e.Type, ".") || len(e.Type) > 100 || strings.ContainsAny(e.Type, " \n*") {
				t.Fatalf("%q gave %+v", body, e)
			}
			known[e.ID] = true
			if _, err := event.DecodeObject(e.Data); err != nil {
				t.Fatalf("%q gave data %s: %v", body, e.Data, err)
			}
		}
		if len(events) == 0 {
			t.Fatalf("%q gave nothing", body)
		}
	})
}
