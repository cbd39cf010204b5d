package ecwid

import (
	"encoding/json"
	"strings"
	"testing"

	"shopbell/sources"
)

func TestOpenRefuses(t *testing.T) {
	const stores = `"stores":{"1003":{"token":"secret_abc"}}`
	for config, want := range map[string]string{
		`{` + stores + `,"client_secret":"secret_abcdef"}`:                                                              "client_secret is an access token (secret_…), not the app's client secret",
		`{` + stores + `,"client_secret":"public_abcdef"}`:                                                              "client_secret is an access token (public_…)",
		`{` + stores + `,"previous_client_secret":"secret_abcdef"}`:                                                     "previous_client_secret is an access token",
		`{` + stores + `,"client_secret":"abcdef\n"}`:                                                                   "client_secret begins or ends with a space or line break",
		`{` + stores + `,"redirect_url":"https://x"}`:                                                                   "redirect_url needs client_id",
		`{` + stores + `,"redirect_url":"https://x","client_id":"c"}`:                                                   "redirect_url needs client_secret",
		`{` + stores + `,"client_secret":"s","redirect_url":"http://x.example","client_id":"c"}`:                        "redirect_url begins with http",
		`{` + stores + `,"client_secret":"s","redirect_url":"/install","client_id":"c"}`:                                "redirect_url is not an address such as",
		`{` + stores + `,"client_secret":"s","redirect_url":"https://x","client_id":"c d"}`:                             "client_id holds a space",
		`{` + stores + `,"client_secret":"s","redirect_url":"https://x","client_id":"c","scopes":["Read Orders"]}`:      `scopes has "Read Orders"`,
		`{` + stores + `,"client_secret":"s","redirect_url":"https://x","client_id":"c","oauth":"my.ecwid.com"}`:        "oauth is not an address such as https://my.ecwid.com",
		`{` + stores + `,"client_secret":"s","redirect_url":"https://x","client_id":"c","oauth":"http://my.ecwid.com"}`: "oauth begins with http",
		`{` + stores + `,"scopes":["read_orders"]}`:                                                                     "scopes is for installing by OAuth",
		`{` + stores + `,"on_mismatch":"panic"}`:                                                                        `on_mismatch is "panic"; it must be act or ignore`,
		`{"attest":"never","poll":"1m","stores":{"1003":{}}}`:                                                           "store 1003 has no token: give it the secret access token (secret_…), or set poll: 0",
		`{"client_secret":"s","client_id":"c"}`:                                                                         "stores is empty: name at least one store by its numeric id, or give client_id and redirect_url",
		`{` + stores + `,"attest":"never","poll":"15m"}`:                                                                "attest: never and poll do not go together",
		`{` + stores + `,"poll":"often"}`:                                                                               `poll is "often"; write how often, such as 15m`,
		`{` + stores + `,"poll":"-1m"}`:                                                                                 `poll is "-1m"; write how often, such as 15m`,
		`{` + stores + `,"poll":"5s"}`:                                                                                  "it must be at least 10s",
		`{` + stores + `,"poll":15}`:                                                                                    "poll is a number without a unit",
		`{` + stores + `,"poll":true}`:                                                                                  "poll is not a duration",
		`{` + stores + `,"attest":"sometimes"}`:                                                                         `attest is "sometimes"; it must be always, needed or never`,
		`{` + stores + `,"api":"app.ecwid.com"}`:                                                                        "api is not an address such as",
		`{` + stores + `,"api":"ftp://app.ecwid.com"}`:                                                                  "api is not an address such as",
		`{` + stores + `,"api":"https://u:abcdef@app.ecwid.com"}`:                                                       "api must not hold a name",
		`{` + stores + `,"api":"https://app.ecwid.com?token=abcdef"}`:                                                   "api must not hold",
		`{` + stores + `,"api":"http://app.ecwid.com/api/v3"}`:                                                          "use https",
		`{"client_secret":"abcdef"}`:                                                                                    "stores is empty",
		`{"stores":{}}`:                                                                                                 "stores is empty",
		`{"stores":{"shop1":{"token":"abcdef"}}}`:                                                                       `stores names "shop1"; an Ecwid store is named by its numeric id`,
		`{"stores":{"1003":{}}}`:                                                                                        "store 1003 has no token",
		`{"stores":{"1003":{}},"attest":"needed"}`:                                                                      "store 1003 has no token",
		`{"stores":{"1003":{"token":"public_abcdef"}}}`:                                                                 "the token of store 1003 is a public one",
		`{"stores":{"1003":{"token":"secret_abcdef\nX: y"}}}`:                                                           "the token of store 1003 holds a space",
		`{"stores":{"1003":{"token":5}}}`:                                                                               "token cannot be a number",
		`{"stores":[]}`:                                                                                                 "stores cannot be a array",
		`[]`:                                                                                                            "does not fit",
	} {
		_, err := Kind().Open("ecwid", json.RawMessage(config))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v\nwant %s", config, err, want)
		} else if strings.Contains(err.Error(), "abcdef") {
			t.Errorf("the error tells a secret: %v", err)
		}
	}
}

func TestOpenAccepts(t *testing.T) {
	for config, mode := range map[string]sources.Mode{
		`{"client_secret":"s","stores":{"1003":{"token":"secret_abc"}}}`:                                             sources.Always,
		`{"client_secret":"s","attest":"needed","poll":0,"stores":{"1003":{"token":"secret_abc"}}}`:                  sources.Needed,
		`{"client_secret":"s","attest":"never","poll":"0","stores":{"1003":{}}}`:                                     sources.Never,
		`{"client_secret":"s","api":"http://127.0.0.1:9/api/v3/","stores":{"1":{"token":"a"},"2":{"token":"a"}}}`:    sources.Always,
		`{"client_secret":"","previous_client_secret":"","client_id":"","stores":{"1003":{"token":"secret_abc"}}}`:   sources.Always,
		`{"client_secret":"s","client_id":"c","redirect_url":"https://bell.example.com/install/ecwid","poll":"15m"}`: sources.Always,
		`{"client_secret":"s","client_id":"c","stores":{"1003":{"token":"secret_abc"}},"on_mismatch":"ignore"}`:      sources.Always,
		`{"api":"http://127.0.0.1:9","poll":"20ms","stores":{"1003":{"token":"secret_abc"}}}`:                        sources.Always,
	} {
		if s := opened(t, config); s.Mode() != mode {
			t.Errorf("%s: mode %s, want %s", config, s.Mode(), mode)
		}
	}
}
