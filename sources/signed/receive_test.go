package signed

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
)

func TestASourceWithoutASecretRefusesEverything(t *testing.T) {
	for _, p := range presets() {
		s, err := open("hook", []byte(`{"preset":"`+p.name+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range []string{paid, "rubbish", "", "webhook_id=1"} {
			r := sender{preset: "shopify", now: noon()}.send(body)
			_, err = s.Receive(r)
			wantRefused(t, err, http.StatusUnauthorized, "secret")
		}
	}
	s, err := open("hook", []byte(`{"verify":{"header":"X-S","parts":[{"json":"id"}]},"type":"body.type"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Receive(sources.Request{Body: []byte("rubbish")})
	wantRefused(t, err, http.StatusUnauthorized, "secret")
}

func TestUnparsableBodies(t *testing.T) {
	s, from := opened(t, `"type":"body.type"`)
	for name, body := range map[string]string{
		"empty": "", "space": " ", "no JSON": "type=order.paid", "cut off": `{"type":"a`, "more after it": `{"type":"a"} {}`,
		"deep nesting":   `{"type":"a","x":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + "}",
		"deepest":        strings.Repeat(`{"a":`, 150_000),
		"duplicate keys": `{"type":"a","type":"b"}`, "duplicate keys inside": `{"type":"a","x":[{"b":1},{"c":{"d":1,"e":2,"d":3}}]}`,
		"duplicate keys, one escaped": `{"type":"a","t\u0079pe":"b"}`, "huge number": `{"type":"a","n":1e999}`, "huge negative": `{"type":"a","n":-1e999}`,
		"invalid UTF-8": "{\"type\":\"a\xff\"}", "invalid UTF-8 in a key": "{\"type\":\"a\",\"\xc0\xaf\":1}", "not a number": `{"type":"a","n":NaN}`,
	} {
		_, err := s.Receive(from.send(body))
		t.Log(name, err)
		wantRefused(t, err, http.StatusBadRequest, "parse")
		if len(err.Error()) > 200 {
			t.Errorf("%s: the reason is long: %s", name, err)
		}
	}
	for _, body := range []string{`{"type":"a","x":[{"b":1},{"b":1}],"y":{"type":"b"},"z":"\"type\":","t":[["type","type"]]}`, `{"type":"a","b":12345678901234567890123}`} {
		if _, err := s.Receive(from.send(body)); err != nil {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestAnEventTypeMustBeTold(t *testing.T) {
	s, from := opened(t, `"type":"body.a.type"`)
	for _, body := range []string{`{}`, `[]`, `null`, `1`, `"type"`, `{"a":1}`, `{"a":{"type":null}}`, `{"a":{"type":true}}`, `{"a":{"type":{}}}`, `{"a":{"type":" "}}`,
		`{"a":{"type":"x\u0000"}}`, `{"a":{"type":"` + strings.Repeat("x", 101) + `"}}`} {
		_, err := s.Receive(from.send(body))
		wantRefused(t, err, http.StatusBadRequest, "type")
	}
}

// received opens a config and gives the one event of a body.
func received(t *testing.T, config, body string) event.Event {
	t.Helper()
	s, from := opened(t, config)
	r := from.send(body)
	r.Header.Set("X-Topic", "order.created")
	r.Query, r.Path = url.Values{"shop": {"one", "two"}}, "/shop7"
	events, err := s.Receive(r)
	if err != nil || len(events) != 1 {
		t.Fatalf("%s on %s: %d events, %v", config, body, len(events), err)
	}
	return events[0]
}

func TestWhereThingsAreFound(t *testing.T) {
	const body = `{"type":"a.b","id":"e1","at":1769860800,"data":{"id":9007199254740993,"n":null},"shop":{"domain":"x.example"}}`
	at := noon()
	for _, row := range []struct {
		config string
		want   event.Event
	}{
		{`"type":"body.type"`, event.Event{Type: "a.b", Store: "hook", Data: []byte(body)}},
		{`"type":"headers[\"X-Topic\"]","id":"body.id"`, event.Event{ID: "e1", Type: "order.created", Store: "hook"}},
		{`"type":"headers[\"x-topic\"]","id":"body.data.id"`, event.Event{ID: "9007199254740993", Type: "order.created", Store: "hook"}},
		{`"type":"'x.' + body.type","time":"body.at"`, event.Event{Type: "x.a.b", Store: "hook", Created: at}},
		{`"type":"body.type","time":"body.at * 1000","store":"main"`, event.Event{Type: "a.b", Store: "main", Created: at}},
		{`"type":"body.type","time":"string(body.at)","store":"query.shop"`, event.Event{Type: "a.b", Store: "one", Created: at}},
		{`"type":"body.type","store":"trimPrefix(path, '/')"`, event.Event{Type: "a.b", Store: "shop7"}},
		{`"type":"body.type","store":"body.shop.domain","stores":["x.example"]`, event.Event{Type: "a.b", Store: "x.example"}},
		{`"type":"body.type","stores":["only"]`, event.Event{Type: "a.b", Store: "only"}},
		{`"type":"body.type","stores":["one","two"]`, event.Event{Type: "a.b", Store: "hook"}},
		{`"type":"body.type","subject":"body.data.id"`, event.Event{Type: "a.b", Store: "hook", Subject: "a/9007199254740993"}},
		{`"type":"body.type","subject":"'thing/' + body.id"`, event.Event{Type: "a.b", Store: "hook", Subject: "thing/e1"}},
		{`"type":"body.type","subject":"body.data.nothing.at.all"`, event.Event{Type: "a.b", Store: "hook"}},
		{`"type":"body.type","data":"body.data"`, event.Event{Type: "a.b", Store: "hook", Data: []byte(`{"id":9007199254740993,"n":null}`)}},
		{`"type":"body.type","data":"{\"k\": body.id}"`, event.Event{Type: "a.b", Store: "hook", Data: []byte(`{"k":"e1"}`)}},
		{`"type":"body.type","data":"body.nothing"`, event.Event{Type: "a.b", Store: "hook", Data: []byte(body)}},
		{`"type":"body.type","id":"body.nothing"`, event.Event{Type: "a.b", Store: "hook"}},
		{`"type":"let t = body.type; body.at > 0 ? t : 'old'"`, event.Event{Type: "a.b", Store: "hook"}},
	} {
		e := received(t, row.config, body)
		if e.Type != row.want.Type || e.Store != row.want.Store || e.Subject != row.want.Subject || !e.Created.Equal(row.want.Created) ||
			row.want.ID != "" && e.ID != row.want.ID || row.want.Data != nil && string(e.Data) != string(row.want.Data) {
			t.Errorf("%s\n got %s %s %s %s %s %s", row.config, e.ID, e.Type, e.Store, e.Subject, e.Created, e.Data)
		}
		if string(e.Body) != body || e.ID == "" {
			t.Errorf("%s: id %q, body %s", row.config, e.ID, e.Body)
		}
	}
}

// TestTheSameContentIsTheSameEvent holds for events without an id of the sender.
func TestTheSameContentIsTheSameEvent(t *testing.T) {
	id := func(config, body string) string { return received(t, config, body).ID }
	const byContent = `"type":"body.type"`
	first := id(byContent, `{"type":"a","n":1}`)
	if again := id(byContent, `{"type":"a","n":1}`); again != first || !strings.HasPrefix(first, "sha256:") {
		t.Errorf("%s, then %s", first, again)
	}
	if other := id(byContent, `{"type":"a","n":2}`); other == first {
		t.Error("other content has the same id")
	}
	if other := id(`"type":"body.type + '.x'"`, `{"type":"a","n":1}`); other == first {
		t.Error("the same body with another type has the same id")
	}
	// Digits that a number does not keep are no id: two orders must not become one.
	if a, b := id(`"type":"'a'","id":"body.id"`, `{"id":123456789012345678901}`), id(`"type":"'a'","id":"body.id"`, `{"id":123456789012345678902}`); a == b {
		t.Errorf("both are %s", a)
	}
	long := id(`"type":"'a'","id":"body.id"`, `{"id":"`+strings.Repeat("x", 300)+`"}`)
	if again := id(`"type":"'a'","id":"body.id"`, `{"more":1,"id":"`+strings.Repeat("x", 300)+`"}`); len(long) > maxEventID || again != long {
		t.Errorf("%s, then %s", long, again)
	}
}

func TestAStoreThatCannotBeTold(t *testing.T) {
	s, from := opened(t, `"type":"'a'","store":"body.shop"`)
	for _, body := range []string{`{}`, `{"shop":null}`, `{"shop":1.5}`, `{"shop":"a/b"}`, `{"shop":".."}`, `{"shop":"a\nb"}`, `{"shop":"` + strings.Repeat("x", 101) + `"}`, `[]`} {
		_, err := s.Receive(from.send(body))
		wantRefused(t, err, http.StatusBadRequest, "store")
	}
	e := received(t, `"type":"'a'","store":"body.shop"`, `{"shop":12}`)
	if e.Store != "12" {
		t.Errorf("got %s", e.Store)
	}
}

func TestServes(t *testing.T) {
	every, _ := opened(t, `"type":"'a'"`)
	some, _ := opened(t, `"type":"'a'","stores":{"main":{"name":"Main","currency":"EUR","timezone":"Europe/Berlin","country":"DE"},"12":null}`)
	if !every.Serves("any") || !some.Serves("main") || !some.Serves("12") || some.Serves("any") {
		t.Error("the wrong stores are served")
	}
	p, err := some.Profile(t.Context(), "main")
	if want := (event.Store{ID: "main", Name: "Main", Currency: "EUR", Timezone: "Europe/Berlin", Country: "DE"}); err != nil || p != want {
		t.Errorf("got %+v, %v", p, err)
	}
	if p, err := every.Profile(t.Context(), "any"); err != nil || p != (event.Store{ID: "any"}) {
		t.Errorf("got %+v, %v", p, err)
	}
	if _, err := some.Profile(t.Context(), "any"); !sources.IsUnconfirmed(err) {
		t.Errorf("got %v", err)
	}
}

func TestManyEventsInOneRequest(t *testing.T) {
	s, from := opened(t, `"each":"body.events","type":"item.type","id":"item.id","subject":"item.order.id","store":"body.shop",
		"events":{"order.paid":{"noun":"order","entity":"item.order"}}`)
	events, err := s.Receive(from.send(`{"shop":"one","events":[{"type":"order.paid","id":1,"order":{"id":7,"total":9.5}},{"type":"x","id":2,"order":{"id":8}},{"type":"order.paid"}]}`))
	if err != nil || len(events) != 3 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	got := ""
	for _, e := range events {
		got += fmt.Sprintf("%s %s %s %s %s\n", e.Store, e.ID, e.Type, e.Subject, e.Body)
	}
	want := `one 1 order.paid order/7 {"id":1,"order":{"id":7,"total":9.5},"type":"order.paid"}
one 2 x x/8 {"id":2,"order":{"id":8},"type":"x"}
one ` + events[2].ID + ` order.paid  {"type":"order.paid"}
`
	if got != want {
		t.Errorf("got\n%s", got)
	}
	if r, err := s.Attest(t.Context(), &events[0]); err != nil || string(r.Entity) != `{"id":7,"total":9.5}` {
		t.Errorf("%s, %v", r.Entity, err)
	}
	for body, status := range map[string]int{`{"events":[]}`: 200, `{"events":{}}`: 400, `{}`: 400, `[]`: 400, `{"events":[` + strings.Repeat("1,", 1000) + `1]}`: 400} {
		_, err := s.Receive(from.send(body))
		wantRefused(t, err, status, "parse")
	}
}

// TestItemsShareNoId holds that an id of the whole request does not make all but the first item duplicates.
func TestItemsShareNoId(t *testing.T) {
	s, err := open("hook", []byte(`{"preset":"standard","secret":"`+standardSecret+`","each":"body","type":"item.type"}`))
	if err != nil {
		t.Fatal(err)
	}
	events, err := s.Receive(sender{preset: "standard", secret: standardSecret, now: noon()}.send(`[{"type":"a"},{"type":"b"}]`))
	if err != nil || len(events) != 2 || events[0].ID != "msg_1#0" || events[1].ID != "msg_1#1" || string(events[1].Data) != `{"type":"b"}` {
		t.Errorf("%+v, %v", events, err)
	}
}

func TestTheFirstItemsAreNotAcceptedWhenALaterOneIsWrong(t *testing.T) {
	s, from := opened(t, `"each":"body","type":"item.type"`)
	events, err := s.Receive(from.send(`[{"type":"a"},{}]`))
	wantRefused(t, err, http.StatusBadRequest, "type")
	if events != nil {
		t.Error("there are events")
	}
}

func TestMoments(t *testing.T) {
	for v, want := range map[any]time.Time{
		1769860800: noon(), 1769860800000: noon(), 1769860800.5: noon().Add(500 * time.Millisecond), "1769860800": noon(),
		"2026-01-31T12:00:00Z": noon(), "2026-01-31T13:00:00+01:00": noon(), "2026-01-31T12:00:00.25Z": noon().Add(250 * time.Millisecond),
		"2026-01-31T12:00:00": noon(), "2026-01-31 12:00:00": noon(), "2026-01-31T13:00:00+0100": noon(), "Sat, 31 Jan 2026 12:00:00 GMT": noon(),
		"2026-01-31": noon().Add(-12 * time.Hour),
		"":           {}, "tomorrow": {}, 0: {}, -1: {}, 1e300: {}, "NaN": {}, true: {}, nil: {},
	} {
		if got := moment(v); !got.Equal(want) {
			t.Errorf("%v is %s, want %s", v, got, want)
		}
	}
}

func TestWooCommercesPing(t *testing.T) {
	s, err := open("hook", []byte(`{"preset":"woocommerce","secret":"s"}`))
	if err != nil {
		t.Fatal(err)
	}
	from := sender{preset: "woocommerce", secret: "t", now: noon()}
	ping := from.send("webhook_id=15")
	ping.Header.Del("X-WC-Webhook-Signature")
	events, err := s.Receive(ping)
	wantRefused(t, err, http.StatusOK, "signature")
	if events != nil {
		t.Error("a ping is no event")
	}
	for _, body := range []string{"webhook_id=15&status=paid", `{"id":1}`, ""} {
		r := from.send(body)
		r.Header.Del("X-WC-Webhook-Signature")
		_, err = s.Receive(r)
		wantRefused(t, err, http.StatusUnauthorized, "signature")
	}
	_, err = s.Receive(from.send("webhook_id=15"))
	wantRefused(t, err, http.StatusUnauthorized, "signature")
}

func TestSlacksChallenge(t *testing.T) {
	s, err := open("hook", []byte(`{"preset":"slack","secret":"s"}`))
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"token":"Jhj5dZrVaK7ZwHHjRyZWjbDl","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P","type":"url_verification"}`
	_, err = s.Receive(sender{preset: "slack", secret: "s", now: noon()}.send(body))
	wantRefused(t, err, http.StatusBadRequest, "type")
	if strings.Contains(err.Error(), "3eZbrw") {
		t.Error("the reason repeats the challenge")
	}
	_, err = s.Receive(sender{preset: "slack", secret: "t", now: noon()}.send(body))
	wantRefused(t, err, http.StatusUnauthorized, "signature")
}

func TestWhatPresetsFind(t *testing.T) {
	stripe := `{"id":"evt_1","type":"%s","created":1769860800,"account":"acct_1","data":{"object":{"id":"x_1"}}}`
	for _, row := range []struct {
		preset, body string
		header       map[string]string
		want         event.Event // with Data for the entity
	}{
		{"stripe", fmt.Sprintf(stripe, "customer.subscription.deleted"), nil, event.Event{ID: "evt_1", Type: "customer.subscription.deleted", Store: "acct_1", Subject: "subscription/x_1"}},
		{"stripe", fmt.Sprintf(stripe, "radar.early_fraud_warning.created"), nil, event.Event{ID: "evt_1", Type: "radar.early_fraud_warning.created", Store: "acct_1", Subject: "radar/x_1"}},
		{"stripe", `{"id":"evt_2","type":"balance.available","data":{"object":{"object":"balance"}}}`, nil, event.Event{ID: "evt_2", Type: "balance.available", Store: "hook"}},
		{"shopify", `{"id":1}`, map[string]string{"X-Shopify-Topic": "orders/delete", "X-Shopify-Webhook-Id": "w1"}, event.Event{ID: "w1", Type: "order.deleted", Store: "hook", Subject: "order/1"}},
		{"shopify", `{"id":2}`, map[string]string{"X-Shopify-Topic": "themes/publish", "X-Shopify-Webhook-Id": "w2", "X-Shopify-Triggered-At": "2026-01-31T12:00:00.123Z"},
			event.Event{ID: "w2", Type: "themes/publish", Store: "hook", Subject: "themes/2"}},
		{"woocommerce", `{"id":3}`, map[string]string{"X-WC-Webhook-Topic": "order.deleted", "X-WC-Webhook-Source": "http://shop.example/"},
			event.Event{ID: "", Type: "order.deleted", Store: "shop.example", Subject: "order/3"}},
		{"github", `{"action":"opened","issue":{"id":4},"repository":{"id":9}}`, map[string]string{"X-GitHub-Event": "issues", "X-GitHub-Delivery": "g1"},
			event.Event{ID: "g1", Type: "issue.created", Store: "hook", Subject: "issue/4"}},
		{"github", `{"ref":"refs/heads/main","repository":{"id":9}}`, map[string]string{"X-GitHub-Event": "push", "X-GitHub-Delivery": "g2"},
			event.Event{ID: "g2", Type: "push", Store: "hook", Subject: "push/9"}},
		{"github", `{"action":"created","repository":{"id":9}}`, map[string]string{"X-GitHub-Event": "star", "X-GitHub-Delivery": "g3"},
			event.Event{ID: "g3", Type: "star.created", Store: "hook", Subject: "star/9"}},
		{"slack", `{"type":"app_rate_limited","team_id":"T1"}`, nil, event.Event{Type: "app_rate_limited", Store: "T1"}},
	} {
		s, err := open("hook", []byte(`{"preset":"`+row.preset+`","secret":"s"}`))
		if err != nil {
			t.Fatal(err)
		}
		events, err := s.Receive(sender{preset: row.preset, secret: "s", now: noon(), header: row.header}.send(row.body))
		if err != nil || len(events) != 1 {
			t.Errorf("%s %s: %v", row.preset, row.body, err)
			continue
		}
		e := events[0]
		if row.want.ID != "" && e.ID != row.want.ID || e.Type != row.want.Type || e.Store != row.want.Store || e.Subject != row.want.Subject {
			t.Errorf("%s %s:\n got %s %s %s %s", row.preset, row.body, e.ID, e.Type, e.Store, e.Subject)
		}
	}
}
