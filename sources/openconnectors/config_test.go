package openconnectors

import (
	"encoding/json"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"shopbell/shape"
	"shopbell/sources"
)

func TestOpenRefuses(t *testing.T) {
	const one = `"stores":{"31":{"token":"hushhush"}}`
	for config, want := range map[string]string{
		`{"poll":"5m","user":"u","organization":"o"}`:                                               "stores is empty: to poll",
		`{"attest":"needed","user":"u","stores":{}}`:                                                "stores is empty: to poll",
		`{"stores":{"shop":{}}}`:                                                                    `stores names "shop", which is no instance`,
		`{"stores":{"../1":{"instance":3}}}`:                                                        "a store's name may hold",
		`{"stores":{"shop":{"instance":"x"}}}`:                                                      "the instance of store shop is not a whole number",
		`{"stores":{"shop":{"instance":3.5}}}`:                                                      "the instance of store shop is not a whole number",
		`{"stores":{"shop":{"instance":-3}}}`:                                                       "the instance of store shop is not a whole number",
		`{"stores":{"31":{},"shop":{"instance":31}}}`:                                               "the stores 31 and shop are both instance 31",
		`{"stores":{"31":{"hub":"a/b"}}}`:                                                           `stores.31.hub is "a/b"`,
		`{"stores":{"31":{"token":"Element hushhush, User x"}}}`:                                    "stores.31.token holds a space or a comma",
		`{"stores":{"31":{"token":"hushhush\n"}}}`:                                                  "stores.31.token holds a line break",
		`{"signature_key":" hushhush",` + one + `}`:                                                 "signature_key begins or ends with a space",
		`{"user":"hushhush\r",` + one + `}`:                                                         "user holds a line break",
		`{"attest":"sometimes","user":"u",` + one + `}`:                                             `attest is "sometimes"`,
		`{"attest":"always",` + one + `}`:                                                           "attest is always, but user is missing",
		`{"attest":"needed","user":"u","stores":{"31":{}}}`:                                         "store 31 has no token: give it the element token of its instance, or set attest: never",
		`{"poll":"5m",` + one + `}`:                                                                 "poll is on, but user is missing",
		`{"poll":"5m","user":"u","stores":{"31":{}}}`:                                               "or give the source its organization secret",
		`{"poll":5,` + one + `}`:                                                                    "poll is a number without a unit",
		`{"poll":true,` + one + `}`:                                                                 "poll is not a duration",
		`{"poll":"often",` + one + `}`:                                                              `poll is "often"`,
		`{"poll":"1s","user":"u",` + one + `}`:                                                      "it must be at least 10s",
		`{"api":"ftp://x",` + one + `}`:                                                             "api is not an address",
		`{"api":"https://u:hushhush@x.example",` + one + `}`:                                        "api must not hold a name",
		`{"api":"http://api.openconnectors.us2.ext.hana.ondemand.com/elements/api-v2",` + one + `}`: "use https",
		`{"stores":[]}`:                "stores cannot be of the JSON type array",
		`{"stores":{"31":{"hub":{}}}}`: "cannot be of the JSON type object",
		`[]`:                           "it is not a JSON object",
	} {
		_, err := Kind().Open("elements", json.RawMessage(config))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", config, err, want)
		} else if strings.Contains(err.Error(), "hushhush") {
			t.Errorf("the error tells a secret: %v", err)
		}
	}
}

func TestOpenAccepts(t *testing.T) {
	for config, want := range map[string]struct {
		mode   sources.Mode
		every  time.Duration
		stores string
	}{
		`{"signature_key":"k","stores":{"31":{}}}`: {sources.Never, 0, "31"},
		`{"signature_key":"k","poll":"5m","user":"u","organization":"o","stores":{"31":{},"1003":{"instance":32,"element":"ecwid"}}}`: {sources.Never, 5 * time.Minute, "1003 31"},
		`{"poll":"5m","user":"u","stores":{"31":{"token":"t"}}}`:                                                                      {sources.Never, 5 * time.Minute, "31"},
		`{"attest":"always","user":"u=/+","stores":{"shop":{"instance":"31","token":"t/=","hub":"ecommerce"}}}`:                       {sources.Always, 0, "shop"},
		`{"api":"http://127.0.0.1:9/elements/api-v2/","poll":"1s","user":"u","organization":"o","attest":"never","stores":{"31":{}}}`: {sources.Never, time.Second, "31"},
	} {
		s := opened(t, config)
		if s.Mode() != want.mode || s.Every() != want.every || strings.Join(s.Stores(), " ") != want.stores || !s.Serves(strings.Fields(want.stores)[0]) || s.Serves("99") {
			t.Errorf("%s: mode %s, every %s, stores %v", config, s.Mode(), s.Every(), s.Stores())
		}
	}
}

// TestAConfigWithoutStores holds that the key alone is enough for notifications: whoever signs with it is ours.
func TestAConfigWithoutStores(t *testing.T) {
	s := opened(t, `{"signature_key":"k"}`)
	e := receive(t, s, `{"message":{"eventId":"a","instanceId":77,"events":[{"objectType":"orders","objectId":"5"}]}}`)[0]
	if e.Store != "77" || !s.Serves("77") || s.Serves("shop") || len(s.Stores()) != 0 || s.Every() != 0 {
		t.Errorf("got %+v", e)
	}
	r := request(`{"message":{"eventId":"a","events":[{}]}}`)
	r.Path = "/78"
	if events, err := s.Receive(r); err != nil || events[0].Store != "78" {
		t.Errorf("by its address: %v %v", events, err)
	}
	if p, err := s.Profile(t.Context(), "77"); err != nil || p.ID != "77" {
		t.Errorf("profile %+v %v", p, err)
	}
	if r, err := s.Attest(t.Context(), &e); err != nil || r.Entity != nil {
		t.Errorf("attest %+v %v", r, err)
	}
}

// TestTheConfigIsDeclared holds that every key has words for people, and that unknown keys are found.
func TestTheConfigIsDeclared(t *testing.T) {
	s := shape.Of(Kind().Config)
	faults := s.Check(map[string]any{"signatur_key": "k", "stores": map[string]any{"31": map[string]any{"tokn": "t"}}})
	if len(faults) != 2 || faults[0].Hint != `Did you mean "signature_key"?` {
		t.Errorf("got %+v", faults)
	}
	for _, f := range s.Fields() {
		if strings.Contains(f.Name, "key") || f.Name == "user" || f.Name == "organization" {
			if !f.Secret {
				t.Errorf("%s is no secret", f.Name)
			}
		}
	}
}

// TestFiftyThousandInstances holds that opening costs little for each: no client, no connection, no goroutine. It takes
// a fifth of a second; the bound is for machines that do much else.
func TestFiftyThousandInstances(t *testing.T) {
	stores := make(map[string]any, 50_000)
	for i := range 50_000 {
		stores[strconv.Itoa(100_000+i)] = map[string]any{"token": "token-" + strconv.Itoa(i)}
	}
	text, err := json.Marshal(map[string]any{"user": "u", "organization": "o", "poll": "15m", "stores": stores})
	if err != nil {
		t.Fatal(err)
	}
	began, before := time.Now(), runtime.NumGoroutine()
	s := opened(t, string(text))
	if took := time.Since(began); took > 20*time.Second || runtime.NumGoroutine() > before {
		t.Errorf("opening took %s and started %d goroutines", took, runtime.NumGoroutine()-before)
	}
	known := 0
	for range s.Credentials() {
		known++
	}
	if known != 50_000 || s.shops["100007"].objects.authorization.Reveal() != "Element token-7, User u" {
		t.Errorf("%d credentials", known)
	}
}
