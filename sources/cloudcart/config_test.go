package cloudcart_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/shape"
	"shopbell/sources"
	"shopbell/sources/cloudcart"
)

// TestConfigs holds which configs are taken, and that what is wrong is said without a key.
func TestConfigs(t *testing.T) {
	store := func(more string) string {
		return `{"stores":{"shop1":{"host":"shop1.cloudcart.net","api_key":"SECRET"` + more + `}}}`
	}
	for name, c := range map[string]struct{ config, want string }{
		"least":               {store(""), ""},
		"everything":          {`{"api":"http://127.0.0.1:9","attest":"needed","poll":"15m","rate":50,"order_statuses":["on_its_way"],` + store(`,"previous_api_key":"a","webhook_key":"b","api_key_id":3,"name":"n","email":"e","currency":"EUR","timezone":"Europe/Sofia","language":"bg"`)[1:], ""},
		"local host":          {`{"stores":{"shop1":{"host":"http://127.0.0.1:8081","api_key":"SECRET"}}}`, ""},
		"any status":          {`{"order_statuses":["*"],` + store("")[1:], ""},
		"poll off":            {`{"poll":0,` + store("")[1:], ""},
		"not an object":       {`[]`, "not a JSON object"},
		"stores as a list":    {`{"stores":[]}`, "stores does not take a JSON array"},
		"unknown key":         {`{"token":"SECRET",` + store("")[1:], `there is no key "token"`},
		"unknown key inside":  {store(`,"token":"x"`), `there is no key "token"`},
		"no stores":           {`{}`, "stores is empty"},
		"no host":             {`{"stores":{"shop1":{"api_key":"SECRET"}}}`, "host is missing"},
		"no key":              {`{"stores":{"shop1":{"host":"a.cloudcart.net"}}}`, "has no api_key"},
		"key with a break":    {`{"stores":{"shop1":{"host":"a.cloudcart.net","api_key":"SECRET\n"}}}`, "api_key of store shop1 holds a space"},
		"bad name":            {`{"stores":{"shop 1":{"host":"a.cloudcart.net","api_key":"SECRET"}}}`, "letters, digits"},
		"dots":                {`{"stores":{"..":{"host":"a.cloudcart.net","api_key":"SECRET"}}}`, "letters, digits"},
		"host with a path":    {`{"stores":{"shop1":{"host":"a.cloudcart.net/admin","api_key":"SECRET"}}}`, "without a path"},
		"host in clear":       {`{"stores":{"shop1":{"host":"http://a.cloudcart.net","api_key":"SECRET"}}}`, "in clear"},
		"api in clear":        {`{"api":"http://a.cloudcart.net",` + store("")[1:], "in clear"},
		"host with a name":    {`{"stores":{"shop1":{"host":"https://me:pw@a.cloudcart.net","api_key":"SECRET"}}}`, "must not hold a name"},
		"host is rubbish":     {`{"stores":{"shop1":{"host":"ftp://x","api_key":"SECRET"}}}`, "not a domain"},
		"attest":              {`{"attest":"sometimes",` + store("")[1:], "always, needed or never"},
		"poll too often":      {`{"poll":"10s",` + store("")[1:], "at least 1m"},
		"poll below zero":     {`{"poll":"-5m",` + store("")[1:], "a time such as 15m"},
		"poll of a test":      {`{"poll":"1s","api":"http://127.0.0.1:9",` + store("")[1:], ""},
		"poll as number":      {`{"poll":15,` + store("")[1:], "a time such as 15m"},
		"poll as words":       {`{"poll":"often",` + store("")[1:], "a time such as 15m"},
		"rate":                {`{"rate":801,` + store("")[1:], "1 to 800"},
		"status with a space": {`{"order_statuses":["on its way"],` + store("")[1:], "codes such as"},
		"star and more":       {`{"order_statuses":["*","a"],` + store("")[1:], "a single *"},
		"time zone":           {store(`,"timezone":"Sofia"`), "a name such as Europe/Sofia"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := cloudcart.Kind().Open("cloudcart", json.RawMessage(c.config))
			switch {
			case c.want == "" && err != nil:
				t.Error(err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("got %v, want %q", err, c.want)
			case err != nil && strings.Contains(err.Error(), "SECRET"):
				t.Errorf("the error tells the key: %v", err)
			}
		})
	}
}

// TestTheConfigCanBeDeclared holds that its keys make a schema.
func TestTheConfigCanBeDeclared(t *testing.T) {
	declared := shape.Of(cloudcart.Kind().Config)
	f, ok := declared.Lookup([]string{"stores", "shop1", "api_key"})
	if !ok || !f.Secret {
		t.Errorf("the API key is %+v", f)
	}
}

// TestStatuses holds the codes that rules may name, and how those that merchants add come in.
func TestStatuses(t *testing.T) {
	status := func(config string) *event.Schema {
		s := open(t, config)
		k, _ := sources.CatalogOf(cloudcart.Kind(), s).Lookup("order.updated")
		f, _ := k.Entity.Field("status")
		return f.Schema
	}
	const store = `"stores":{"shop1":{"host":"a.cloudcart.net","api_key":"k"}}}`
	has := func(s *event.Schema, code string) bool {
		return strings.Contains(" "+strings.Join(s.Values, " ")+" ", " "+code+" ")
	}
	for _, code := range strings.Fields("pending voided timeouted cancelled failed refunded paid complete completed authorized chargebacked disputed") {
		if !has(status(`{`+store), code) {
			t.Errorf("%s is missing", code)
		}
	}
	if s := status(`{"order_statuses":["on_its_way","paid"],` + store); !has(s, "on_its_way") || !has(s, "paid") || len(s.Values) != 13 {
		t.Errorf("with one added: %q", s.Values)
	}
	if s := status(`{"order_statuses":["*"],` + store); s.Form != event.Text || s.Values != nil {
		t.Errorf("with any: %q", s.Values)
	}
	if s := status(`{` + store); has(s, "on_its_way") {
		t.Error("what one config adds is in another")
	}
	k, _ := cloudcart.Catalog().Lookup("order.created")
	payment, _ := k.Entity.Field("payment")
	paid, _ := payment.Field("status")
	sent, _ := k.Entity.Field("status_fulfillment")
	for _, code := range strings.Fields("requested pending held completed failed refunded cancelled timeouted") {
		if !has(paid.Schema, code) {
			t.Errorf("payment: %s is missing", code)
		}
	}
	if !has(sent.Schema, "not_fulfilled") || !has(sent.Schema, "fulfilled") || !has(sent.Schema, "partial") {
		t.Errorf("fulfilment: %q", sent.Values)
	}
}

// TestTheProfileIsTheConfigs holds what rules know of a store, and that no call is made for it.
func TestTheProfileIsTheConfigs(t *testing.T) {
	s := open(t, `{"poll":"15m","attest":"needed","stores":{"shop1":{"host":"Shop1.cloudcart.net","api_key":"k","name":"Bell","email":"o@example.com","currency":"EUR","timezone":"Europe/Sofia","language":"bg","country":"BG"}}}`)
	got, err := s.Profile(t.Context(), "shop1")
	if want := (event.Store{ID: "shop1", Name: "Bell", Email: "o@example.com", URL: "https://shop1.cloudcart.net", Currency: "EUR", Timezone: "Europe/Sofia", Language: "bg", Country: "BG"}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := s.Profile(t.Context(), "shop2"); !sources.IsUnconfirmed(err) || s.Serves("shop2") || !s.Serves("shop1") || s.Mode() != sources.Needed {
		t.Errorf("shop2: %v", err)
	}
	if every := s.(sources.Poller).Every(); every != 15*time.Minute {
		t.Errorf("it polls every %s", every)
	}
}

// TestFiftyThousandStores holds that so many can be opened, and that each is called with its own key.
func TestFiftyThousandStores(t *testing.T) {
	var b strings.Builder
	b.WriteString(`{"stores":{`)
	for n := range 50_000 {
		if n > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"s%d":{"host":"s%d.cloudcart.net","api_key":"KEY%d","timezone":"Europe/Sofia"}`, n, n, n)
	}
	b.WriteString(`}}`)
	begin := time.Now()
	s := open(t, b.String())
	t.Logf("opened within %s", time.Since(begin))
	for store, good := range map[string]bool{"KEY49999": true, "KEY4999": false} {
		r := request("", store, `[{"id":1}]`)
		r.Path = "/s49999/order.created"
		if _, err := s.Receive(r); (err == nil) != good {
			t.Errorf("%s: %v", store, err)
		}
	}
}
