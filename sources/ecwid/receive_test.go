package ecwid

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

const (
	testSecret = "test_client_secret"
	testID     = "5b0c6d0e-2f6b-4f1e-9a56-7e0c7f0b1a11"
	testTime   = "1735689600"
)

func opened(t testing.TB, config string) sources.Source {
	t.Helper()
	s, err := Kind().Open("ecwid", json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func plain(t testing.TB) sources.Source {
	return opened(t, `{"client_secret":"test_client_secret","stores":{"1003":{"token":"secret_abc"}}}`)
}

// signedRequest is a webhook with the id and time of these tests, so that one signature fits whatever else it says.
func signedRequest(body string) sources.Request {
	return sources.Request{
		Header:   http.Header{SignatureHeader: {Sign(testSecret, testTime, testID)}},
		Body:     []byte(body),
		Received: time.Unix(1735689601, 0),
	}
}

// envelope gives a webhook of the test's id and time; rest is what follows in the object.
func envelope(rest string) string {
	return `{"eventId":"` + testID + `","eventCreated":` + testTime + rest + `}`
}

func TestReceiveEveryType(t *testing.T) {
	s := plain(t)
	order := `"data":{"orderId":"K8XTQ","cartId":"320AB5DE-5EA6"}`
	want := map[string]string{ // by first part of the type
		"order": "order/K8XTQ", "unfinished_order": "cart/320AB5DE-5EA6", "invoice": "invoice/K8XTQ/77", "profile": "store/1003",
		"application": "application/1003", "product": "product/77", "customer": "customer/77", "category": "category/77",
		"product_class": "product_class/77", "customer_group": "customer_group/77", "discount_coupon": "discount_coupon/77",
		"promotion": "promotion/77", "review": "review/77", "size_chart": "size_chart/77",
	}
	for _, known := range Catalog().Types {
		noun, _, _ := strings.Cut(known.Name, ".")
		for _, name := range append([]string{known.Name}, known.Aliases...) {
			for _, entity := range []string{`77`, `"77"`} {
				body := envelope(`,"storeId":1003,"entityId":` + entity + `,"eventType":"` + name + `",` + order)
				events, err := s.Receive(signedRequest(body))
				if err != nil || len(events) != 1 {
					t.Fatalf("%s: %d events, %v", name, len(events), err)
				}
				e := events[0]
				subject := want[noun]
				if known.Noun == "storage" {
					subject = "storage/1003"
				}
				if e.Type != known.Name || e.Subject != subject || e.Store != "1003" || e.ID != testID || e.Source != "ecwid" {
					t.Errorf("%s: got %+v, want type %s and subject %s", name, e, known.Name, subject)
				}
				if !e.Created.Equal(time.Unix(1735689600, 0)) || !e.Received.Equal(time.Unix(1735689601, 0)) {
					t.Errorf("%s: created %v, received %v", name, e.Created, e.Received)
				}
				if string(e.Body) != body || string(e.Data) != strings.TrimPrefix(order, `"data":`) {
					t.Errorf("%s: body %s, data %s", name, e.Body, e.Data)
				}
			}
		}
	}
}

func TestReceiveTolerates(t *testing.T) {
	s := plain(t)
	for name, c := range map[string]struct{ rest, subject, kind, data string }{
		"no data":                {`,"storeId":1003,"entityId":9,"eventType":"product.updated"`, "product/9", "product.updated", ""},
		"null data":              {`,"storeId":1003,"entityId":9,"eventType":"product.updated","data":null`, "product/9", "product.updated", ""},
		"empty data":             {`,"storeId":1003,"entityId":9,"eventType":"order.created","data":{}`, "order/9", "order.created", "{}"},
		"order without data":     {`,"storeId":1003,"entityId":9,"eventType":"order.deleted"`, "order/9", "order.deleted", ""},
		"order number as number": {`,"storeId":1003,"entityId":9,"eventType":"order.created","data":{"orderId":123}`, "order/123", "order.created", `{"orderId":123}`},
		"null order number":      {`,"storeId":1003,"entityId":9,"eventType":"order.created","data":{"orderId":null}`, "order/9", "order.created", `{"orderId":null}`},
		"spaces around":          {`,"storeId":1003,"entityId":9,"eventType":"order.created","data":{"orderId":" A1 "}`, "order/A1", "order.created", `{"orderId":" A1 "}`},
		"escapes":                {`,"storeId":1003,"entityId":9,"eventType":"order.created","data":{"orderId":"\u0041\"1"}`, `order/A"1`, "order.created", `{"orderId":"\u0041\"1"}`},
		"numbers in data":        {`,"storeId":1003,"entityId":7,"eventType":"review.created","data":{"productId":1,"orderId":2}`, "review/7", "review.created", `{"productId":1,"orderId":2}`},
		"entity -1":              {`,"storeId":1003,"entityId":-1,"eventType":"unfinished_order.created","data":{"cartId":"C-1"}`, "cart/C-1", "unfinished_order.created", `{"cartId":"C-1"}`},
		"entity -1 and no more":  {`,"storeId":1003,"entityId":-1,"eventType":"unfinished_order.created"`, "", "unfinished_order.created", ""},
		"no entity":              {`,"storeId":1003,"eventType":"profile.updated"`, "store/1003", "profile.updated", ""},
		"quoted store":           {`,"storeId":"1003","entityId":"1003","eventType":"application.installed"`, "application/1003", "application.installed", ""},
		"unknown type":           {`,"storeId":1003,"entityId":5,"eventType":"gift_card.updated"`, "gift_card/5", "gift_card.updated", ""},
		"unknown type, no dot":   {`,"storeId":1003,"entityId":5,"eventType":"boo"`, "boo/5", "boo", ""},
		"unknown store":          {`,"storeId":9999,"entityId":5,"eventType":"product.updated"`, "product/5", "product.updated", ""},
		"more fields":            {`,"storeId":1003,"entityId":5,"eventType":"product.updated","extra":[{"a":1}]`, "product/5", "product.updated", ""},
	} {
		t.Run(name, func(t *testing.T) {
			events, err := s.Receive(signedRequest(envelope(c.rest)))
			if err != nil {
				t.Fatal(err)
			}
			if e := events[0]; e.Subject != c.subject || e.Type != c.kind || string(e.Data) != c.data {
				t.Errorf("subject %q, type %q, data %q; want %q, %q, %q", e.Subject, e.Type, e.Data, c.subject, c.kind, c.data)
			}
		})
	}
	if s.Serves("9999") || !s.Serves("1003") {
		t.Error("Serves must know the configured store and no other")
	}
}

func TestReceiveSignedNumbers(t *testing.T) {
	s := opened(t, `{"client_secret":"abcde123456789","attest":"never","stores":{"1003":{}}}`)
	r := sources.Request{
		Header: http.Header{SignatureHeader: {"TpI1v8XM4wGpW/urFyf3TJYIe8lOnRhKFQcbQRkz0bM="}},
		Body:   []byte(`{"eventId":12345,"eventCreated":"1700000000","storeId":1003,"entityId":1,"eventType":"product.updated"}`),
	}
	events, err := s.Receive(r)
	if err != nil || events[0].ID != "12345" || events[0].Created.Unix() != 1700000000 {
		t.Fatalf("got %+v, %v", events, err)
	}
	r.Body = bytes.Replace(r.Body, []byte("12345,"), []byte("12345.0,"), 1)
	wantRefusal(t, s, r, 401, "signature", "does not fit")
}

func TestReceiveTrustsNothingUnsigned(t *testing.T) {
	body := envelope(`,"storeId":1003,"entityId":9,"eventType":"product.updated"`)
	right := Sign(testSecret, testTime, testID)
	for name, c := range map[string]struct {
		header http.Header
		body   string
		status int // 0 means accepted
		reason string
	}{
		"right":              {http.Header{SignatureHeader: {right}}, body, 0, ""},
		"lower-case header":  {http.Header{"x-ecwid-webhook-signature": {right}}, body, 0, ""},
		"two headers":        {http.Header{SignatureHeader: {"static", right}}, body, 0, ""},
		"spaces":             {http.Header{SignatureHeader: {" " + right + " "}}, body, 0, ""},
		"missing":            {http.Header{}, body, 401, "missing"},
		"no header map":      {nil, body, 401, "missing"},
		"empty":              {http.Header{SignatureHeader: {""}}, body, 401, "does not fit"},
		"not base64":         {http.Header{SignatureHeader: {"!!!"}}, body, 401, "does not fit"},
		"hex":                {http.Header{SignatureHeader: {"7a49863d073f2290b03bac28022"}}, body, 401, "does not fit"},
		"cut":                {http.Header{SignatureHeader: {right[:20]}}, body, 401, "does not fit"},
		"very long":          {http.Header{SignatureHeader: {strings.Repeat("A", 1<<16)}}, body, 401, "does not fit"},
		"another app":        {http.Header{SignatureHeader: {Sign("other_secret", testTime, testID)}}, body, 401, "another secret"},
		"access token":       {http.Header{SignatureHeader: {Sign("secret_abc", testTime, testID)}}, body, 401, "another secret"},
		"empty key":          {http.Header{SignatureHeader: {Sign("", testTime, testID)}}, body, 401, "another secret"},
		"another id":         {http.Header{SignatureHeader: {right}}, strings.Replace(body, testID, testID+"x", 1), 401, "does not fit"},
		"another time":       {http.Header{SignatureHeader: {right}}, strings.Replace(body, testTime, "1735689601", 1), 401, "does not fit"},
		"shifted dot":        {http.Header{SignatureHeader: {Sign(testSecret, testTime+".5", "b")}}, body, 401, "does not fit"},
		"wrong rest, forged": {http.Header{SignatureHeader: {Sign("other", testTime, testID)}}, envelope(`,"storeId":[]`), 401, "does not fit"},
	} {
		t.Run(name, func(t *testing.T) {
			r := sources.Request{Header: c.header, Body: []byte(c.body)}
			if c.status == 0 {
				if _, err := plain(t).Receive(r); err != nil {
					t.Fatal(err)
				}
				return
			}
			wantRefusal(t, plain(t), r, c.status, "signature", c.reason)
		})
	}
}

func TestReceiveWhileRotating(t *testing.T) {
	s := opened(t, `{"client_secret":"new_one","previous_client_secret":"test_client_secret","attest":"never","stores":{"1003":{}}}`)
	r := signedRequest(envelope(`,"storeId":1003,"entityId":9,"eventType":"product.updated"`))
	if _, err := s.Receive(r); err != nil {
		t.Errorf("previous secret: %v", err)
	}
	r.Header.Set(SignatureHeader, Sign("new_one", testTime, testID))
	if _, err := s.Receive(r); err != nil {
		t.Errorf("new secret: %v", err)
	}
	r.Header.Set(SignatureHeader, Sign("older", testTime, testID))
	wantRefusal(t, s, r, 401, "signature", "does not fit")
}

func TestReceiveWithoutSecretRefusesAll(t *testing.T) {
	s := opened(t, `{"stores":{"1003":{"token":"secret_abc"}}}`)
	r := signedRequest(envelope(`,"storeId":1003,"entityId":9,"eventType":"product.updated"`))
	wantRefusal(t, s, r, 401, "secret", "no client_secret is configured")
	r.Header.Set(SignatureHeader, Sign("", testTime, testID))
	wantRefusal(t, s, r, 401, "secret", "no client_secret is configured")
}

func TestReceiveRefusesWhatDoesNotParse(t *testing.T) {
	known := `,"storeId":1003,"entityId":9,"eventType":"product.updated"`
	for name, c := range map[string]struct{ body, reason string }{
		"nothing":            {``, "not JSON"},
		"text":               {`hello`, "not JSON"},
		"form":               {`a=b&c=d`, "not JSON"},
		"cut":                {`{"eventId":"a","eventCreated":1`, "not JSON"},
		"more after":         {envelope(known) + `{}`, "not JSON"},
		"array":              {`[{}]`, "JSON, but not an object"},
		"string":             {`"x"`, "JSON, but not an object"},
		"number":             {`5`, "JSON, but not an object"},
		"null":               {`null`, "JSON, but not an object"},
		"10,000 levels":      {strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "nested deeper than 64"},
		"10,000 levels deep": {envelope(known + `,"x":` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_000)), "nested deeper than 64"},
		"65 levels in data":  {envelope(known + `,"data":` + strings.Repeat(`{"a":`, 64) + "1" + strings.Repeat("}", 64)), "nested deeper than 64"},
		"a million brackets": {strings.Repeat("[", 1<<20), "nested deeper than 64"},
		"empty object":       {`{}`, "eventCreated is missing"},
		"no id":              {`{"eventCreated":1}`, "eventId is missing"},
		"null id":            {`{"eventCreated":1,"eventId":null}`, "eventId is missing"},
		"empty id":           {`{"eventCreated":1,"eventId":" "}`, "eventId is empty"},
		"id is an object":    {`{"eventCreated":1,"eventId":{}}`, "eventId is neither a number nor text"},
		"id is true":         {`{"eventCreated":1,"eventId":true}`, "eventId is neither"},
		"id too long":        {`{"eventCreated":1,"eventId":"` + strings.Repeat("x", 201) + `"}`, "eventId is longer than 200 bytes"},
		"id with a zero":     {`{"eventCreated":1,"eventId":"a\u0000"}`, "cannot be printed"},
		"id not UTF-8":       {"{\"eventCreated\":1,\"eventId\":\"a\xff\"}", "cannot be printed"},
		"time is an array":   {`{"eventCreated":[1],"eventId":"a"}`, "eventCreated is neither"},
	} {
		t.Run(name, func(t *testing.T) {
			wantRefusal(t, plain(t), signedRequest(c.body), 400, "parse", c.reason)
		})
	}
}

func TestReceiveRefusesWrongTypesUnderAGoodSignature(t *testing.T) {
	for rest, reason := range map[string]string{
		`,"entityId":9,"eventType":"product.updated"`:                                                                   "storeId is missing",
		`,"storeId":{},"entityId":9,"eventType":"product.updated"`:                                                      "storeId is neither",
		`,"storeId":-5,"entityId":9,"eventType":"product.updated"`:                                                      "storeId is not a whole number above 0",
		`,"storeId":1e3,"entityId":9,"eventType":"product.updated"`:                                                     "storeId is not a whole number",
		`,"storeId":"../1","entityId":9,"eventType":"product.updated"`:                                                  "storeId is not a whole number",
		`,"storeId":1003,"entityId":[9],"eventType":"product.updated"`:                                                  "entityId is neither",
		`,"storeId":1003,"entityId":"` + strings.Repeat("9", 101) + `","eventType":"order.created"`:                     "entityId is longer than 100 bytes",
		`,"storeId":1003,"entityId":9`:                                                                                  "eventType is missing",
		`,"storeId":1003,"entityId":9,"eventType":false`:                                                                "eventType is neither",
		`,"storeId":1003,"entityId":9,"eventType":"` + strings.Repeat("x", 101) + `"`:                                   "eventType is longer than 100 bytes",
		`,"storeId":1003,"entityId":9,"eventType":"a\nb"`:                                                               "eventType holds characters",
		`,"storeId":1003,"entityId":9,"eventType":"order.created","data":[1]`:                                           "data is not an object",
		`,"storeId":1003,"entityId":9,"eventType":"order.created","data":"x"`:                                           "data is not an object",
		`,"storeId":1003,"entityId":9,"eventType":"order.created","data":{"orderId":{}}`:                                "data.orderId is neither",
		`,"storeId":1003,"entityId":9,"eventType":"order.created","data":{"orderId":"` + strings.Repeat("é", 51) + `"}`: "data.orderId is longer than 100 bytes",
		`,"storeId":1003,"entityId":9,"eventType":"order.created","data":{"orderId":"a\u202eb"}`:                        "data.orderId holds characters",
		`,"storeId":1003,"entityId":9,"eventType":"unfinished_order.updated","data":{"cartId":[]}`:                      "data.cartId is neither",
	} {
		wantRefusal(t, plain(t), signedRequest(envelope(rest)), 400, "parse", reason)
	}
	for _, created := range []string{"-1", "1e99", `"soon"`, "NaN", "99999999999999999"} {
		text := strings.Trim(created, `"`)
		r := signedRequest(`{"eventId":"a","eventCreated":` + created + `,"storeId":1003,"entityId":9,"eventType":"product.updated"}`)
		r.Header.Set(SignatureHeader, Sign(testSecret, text, "a"))
		if _, err := plain(t).Receive(r); err == nil {
			t.Errorf("eventCreated %s was accepted", created)
		}
	}
	far := signedRequest(`{"eventId":"a","eventCreated":7891234567,"storeId":1003,"entityId":9,"eventType":"product.updated"}`)
	far.Header.Set(SignatureHeader, Sign(testSecret, "7891234567", "a"))
	if _, err := plain(t).Receive(far); err != nil {
		t.Errorf("the documentation's own far future was refused: %v", err)
	}
}

func wantRefusal(t *testing.T, s sources.Source, r sources.Request, status int, label, reason string) {
	t.Helper()
	events, err := s.Receive(r)
	var refusal *sources.Refusal
	if !errors.As(err, &refusal) {
		t.Fatalf("want a refusal with %q, got %v, %v", reason, events, err)
	}
	if refusal.Status != status || refusal.Label != label || !strings.Contains(refusal.Reason, reason) {
		t.Errorf("got %d %s %q, want %d %s …%q…", refusal.Status, refusal.Label, refusal.Reason, status, label, reason)
	}
	if len(refusal.Reason) > 300 || strings.Contains(refusal.Reason, testSecret) {
		t.Errorf("the reason tells too much: %q", refusal.Reason)
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte(envelope(`,"storeId":1003,"entityId":9,"eventType":"order.created","data":{"orderId":"K8XTQ"}`)), testTime, testID)
	f.Add([]byte(`{"eventId":12345,"eventCreated":"1700000000","storeId":"1003","entityId":-1,"eventType":"x"}`), "1700000000", "12345")
	f.Add([]byte(`{"eventId":"\u00e9\\","eventCreated":1,"storeId":1,"eventType":"unfinished_order.created","data":{"cartId":" a "}}`), "1", "é\\")
	f.Add([]byte(`[[[`), "", "")
	s := plain(f)
	f.Fuzz(func(t *testing.T, body []byte, created, id string) {
		if n, err := parse(body); err == nil { // sign whatever it says, so that the rest is reached
			if c, i, err := n.signedParts(); err == nil {
				created, id = c, i
			}
		}
		r := sources.Request{Header: http.Header{SignatureHeader: {Sign(testSecret, created, id)}}, Body: body}
		events, err := s.Receive(r)
		if err != nil {
			var refusal *sources.Refusal
			if !errors.As(err, &refusal) || refusal.Status != 400 && refusal.Status != 401 || events != nil {
				t.Fatalf("refused with %v, %v", events, err)
			}
			return
		}
		checkAccepted(t, events, body, id)
	})
}

// checkAccepted holds what is true of every accepted event.
func checkAccepted(t *testing.T, events []event.Event, body []byte, id string) {
	t.Helper()
	e := events[0]
	switch {
	case len(events) != 1, e.Source != "ecwid", e.ID != id, e.ID == "", len(e.ID) > maxEventID, !isNumber(e.Store), e.Type == "":
		t.Fatalf("accepted %+v", e)
	case e.Data != nil && (!json.Valid(e.Data) || e.Data[0] != '{'):
		t.Fatalf("data is %q", e.Data)
	case !bytes.Equal(e.Body, body) || !json.Valid(e.Body):
		t.Fatalf("body is %q", e.Body)
	case strings.ContainsFunc(e.Key()+e.Type+e.Subject, unprintable):
		t.Fatalf("a name cannot be printed: %+v", e)
	}
	if _, err := e.Created.MarshalJSON(); err != nil {
		t.Fatalf("created %v: %v", e.Created, err)
	}
	if group, id, ok := strings.Cut(e.Subject, "/"); e.Subject != "" && (!ok || group == "" && !strings.HasPrefix(e.Type, ".") || id == "") {
		t.Fatalf("subject %q", e.Subject)
	}
}

func BenchmarkReceive(b *testing.B) {
	s := plain(b)
	r := signedRequest(envelope(`,"storeId":1003,"entityId":516483487,"eventType":"order.updated","data":{"orderId":"K8XTQ","oldPaymentStatus":"AWAITING_PAYMENT","newPaymentStatus":"PAID","oldFulfillmentStatus":"AWAITING_PROCESSING","newFulfillmentStatus":"AWAITING_PROCESSING"}`))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Receive(r); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleSign() {
	fmt.Println(Sign("test_client_secret", "1234567", "80aece08-40e8-4145-8764-6c2f0d38678"))
	// Output: ekmGPQc/IpCwO6woAiM+L8uvY6chew4n6JVQCiDrEVw=
}
