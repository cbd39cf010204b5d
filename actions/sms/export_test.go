package sms

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"maps"
	"net/url"
	"slices"
	"testing"
)

// Sign signs a call as Twilio's documentation describes it.
func Sign(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	for _, name := range slices.Sorted(maps.Keys(form)) {
		for _, value := range slices.Compact(slices.Sorted(slices.Values(form[name]))) {
			mac.Write([]byte(name + value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// TestSign holds the signature to an example that others published.
func TestSign(t *testing.T) {
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "From": {"+12349013030"}, "To": {"+18005551212"}, "Caller": {"+12349013030"}, "Digits": {"1234"}}
	if got := Sign("12345", "https://mycompany.com/myapp.php?foo=1&bar=2", form); got != "0/KCTR6DLpKmkAf8muzZqo1nDgQ=" {
		t.Errorf("got %s", got)
	}
}

// TestVerdicts holds that each code has one verdict, with a mark of how sure it is.
func TestVerdicts(t *testing.T) {
	for _, table := range [][]verdict{twilioVerdicts(), vonageVerdicts()} {
		seen := map[string]bool{}
		for _, v := range table {
			if seen[v.code] || v.mark == "" || v.outcome == "" || (v.outcome == "permanent") != (v.blame != "") {
				t.Errorf("%s: %+v", v.code, v)
			}
			seen[v.code] = true
		}
	}
}
