package signed

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"shopbell/sources"
)

const paid = `{"type":"order.paid","data":{"id":12,"total":9.50},"at":"2026-01-31T12:00:00Z"}`

// TestVerifier has a row for each way in which a request can be signed, or not.
func TestVerifier(t *testing.T) {
	preset := func(name string) Verify {
		p, err := presetNamed(name)
		if err != nil {
			t.Fatal(err)
		}
		return p.verify
	}
	standard, stripe, github := preset("standard"), preset("stripe"), preset("github")
	from := func(name, secret string) sender { return sender{preset: name, secret: secret, now: noon()} }
	good := func(sources.Request) {}
	set := func(name, value string) func(sources.Request) {
		return func(r sources.Request) { r.Header.Set(name, value) }
	}
	add := func(name, before, after string) func(sources.Request) {
		return func(r sources.Request) { r.Header.Set(name, before+r.Header.Get(name)+after) }
	}
	rename := func(from, to string) func(sources.Request) {
		return func(r sources.Request) {
			values := r.Header[from]
			delete(r.Header, from)
			r.Header[to] = values
		}
	}
	for _, row := range []struct {
		name              string
		d                 Verify
		current, previous string
		from              sender
		change            func(sources.Request)
		why               string // a part of the reason; "" for accepted
	}{
		{"good", github, "s", "", from("", "s"), good, ""},
		{"forged", github, "s", "", from("", "s"), func(r sources.Request) { r.Body[2] ^= 1 }, "does not fit"},
		{"wrong secret", github, "s", "", from("", "t"), good, "does not fit"},
		{"previous secret", github, "s", "t", from("", "t"), good, ""},
		{"neither secret", github, "s", "t", from("", "u"), good, "does not fit"},
		{"missing header", github, "s", "", from("", "s"), rename("X-Hub-Signature-256", "X-Hub-Signature"), "is missing"},
		{"header without a value", github, "s", "", from("", "s"), func(r sources.Request) { r.Header["X-Hub-Signature-256"] = nil }, "is missing"},
		{"lower-case header", github, "s", "", from("", "s"), rename("X-Hub-Signature-256", "x-hub-signature-256"), ""},
		{"upper-case header", github, "s", "", from("", "s"), rename("X-Hub-Signature-256", "X-HUB-SIGNATURE-256"), ""},
		{"prefix missing", github, "s", "", from("", "s"), func(r sources.Request) {
			r.Header.Set("X-Hub-Signature-256", strings.TrimPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256="))
		}, "no signature of the form"},
		{"empty signature", github, "s", "", from("", "s"), set("X-Hub-Signature-256", "sha256="), "no signature of the form"},
		{"half a signature", github, "s", "", from("", "s"), set("X-Hub-Signature-256", "sha256=abcd"), "no signature of the form"},
		{"not hex", github, "s", "", from("", "s"), set("X-Hub-Signature-256", "sha256="+strings.Repeat("zz", 32)), "no signature of the form"},
		{"upper-case hex", github, "s", "", from("", "s"), func(r sources.Request) {
			r.Header.Set("X-Hub-Signature-256", "sha256="+strings.ToUpper(strings.TrimPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256=")))
		}, ""},
		{"a second header that fits", github, "s", "", from("", "s"), func(r sources.Request) {
			r.Header["X-Hub-Signature-256"] = append([]string{"sha256=" + strings.Repeat("00", 32)}, r.Header["X-Hub-Signature-256"]...)
		}, ""},
		{"no secret", github, "", "", from("", ""), good, "no secret is configured"},

		{"standard", standard, standardSecret, "", from("standard", standardSecret), good, ""},
		{"standard while rotating", standard, otherStandardSecret, standardSecret, from("standard", standardSecret), good, ""},
		{"several signatures, the last fits", standard, standardSecret, "", from("standard", standardSecret),
			add("webhook-signature", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= v1a,c29tZXRoaW5n ", ""), ""},
		{"several signatures, the first fits", standard, standardSecret, "", from("standard", standardSecret), add("webhook-signature", "", " v1,bm90aGluZw== v2,x"), ""},
		{"a signature of another version", standard, standardSecret, "", from("standard", standardSecret), func(r sources.Request) {
			r.Header.Set("webhook-signature", "v2"+strings.TrimPrefix(r.Header.Get("webhook-signature"), "v1"))
		}, "no signature of the form"},
		{"a signature without its version", standard, standardSecret, "", from("standard", standardSecret), func(r sources.Request) {
			r.Header.Set("webhook-signature", strings.TrimPrefix(r.Header.Get("webhook-signature"), "v1,"))
		}, "no signature of the form"},
		{"base64 without padding", standard, standardSecret, "", from("standard", standardSecret), func(r sources.Request) {
			r.Header.Set("webhook-signature", strings.TrimRight(r.Header.Get("webhook-signature"), "="))
		}, ""},
		{"another id", standard, standardSecret, "", from("standard", standardSecret), set("webhook-id", "msg_2"), "does not fit"},
		{"no id", standard, standardSecret, "", from("standard", standardSecret), rename("Webhook-Id", "X"), "header webhook-id is missing"},
		{"two ids", standard, standardSecret, "", from("standard", standardSecret), func(r sources.Request) {
			r.Header["webhook-id"] = []string{"msg_2"}
		}, "sent twice with different values"},
		{"another time", standard, standardSecret, "", from("standard", standardSecret), set("webhook-timestamp", "1769860801"), "does not fit"},
		{"two minutes late", standard, standardSecret, "", sender{preset: "standard", secret: standardSecret, now: noon().Add(-2 * time.Minute)}, good, ""},

		{"stripe", stripe, "s", "", from("stripe", "s"), good, ""},
		{"stripe while rotating", stripe, "s", "", from("stripe", "s"), add("Stripe-Signature", "", ",v1="+strings.Repeat("ab", 32)+",v0="+strings.Repeat("cd", 32)), ""},
		{"stripe with spaces", stripe, "s", "", from("stripe", "s"), func(r sources.Request) {
			r.Header.Set("Stripe-Signature", strings.ReplaceAll(r.Header.Get("Stripe-Signature"), ",", ", "))
		}, ""},
		{"stripe with two times", stripe, "s", "", from("stripe", "s"), add("Stripe-Signature", "t=1,", ""), "sent twice with different values"},
		{"stripe without a time", stripe, "s", "", from("stripe", "s"), func(r sources.Request) {
			_, v1, _ := strings.Cut(r.Header.Get("Stripe-Signature"), ",")
			r.Header.Set("Stripe-Signature", v1)
		}, "entry t of the signature's header is missing"},
		{"stripe's test signature only", stripe, "s", "", from("stripe", "s"), func(r sources.Request) {
			r.Header.Set("Stripe-Signature", strings.ReplaceAll(r.Header.Get("Stripe-Signature"), "v1=", "v0="))
		}, "no signature of the form"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := row.from.send(paid)
			r.Received = noon().Add(time.Second)
			row.change(r)
			refusal := verifierOf(t, row.d, row.current, row.previous).verify(&r, headersOf(r.Header))
			if row.why == "" {
				if refusal != nil {
					t.Errorf("refused: %s", refusal.Reason)
				}
				return
			}
			if refusal == nil || refusal.Status != http.StatusUnauthorized || !strings.Contains(refusal.Reason, row.why) {
				t.Errorf("got %#v, want a reason with %q", refusal, row.why)
			}
		})
	}
}

func TestReplayBeyondTolerance(t *testing.T) {
	for _, name := range []string{"standard", "stripe", "slack"} {
		secret := "s"
		if name == "standard" {
			secret = standardSecret
		}
		for age, fresh := range map[time.Duration]bool{0: true, 5 * time.Minute: true, 5*time.Minute + time.Second: false, 24 * time.Hour: false,
			-5 * time.Minute: true, -5*time.Minute - time.Second: false} {
			r := sender{preset: name, secret: secret, now: noon()}.send(paid)
			r.Received = noon().Add(age)
			p, _ := presetNamed(name)
			refusal := verifierOf(t, p.verify, secret, "").verify(&r, headersOf(r.Header))
			if (refusal == nil) != fresh {
				t.Errorf("%s, %s old: %v", name, age, refusal)
			}
			if refusal != nil && (!strings.Contains(refusal.Reason, "5m0s is the most") || refusal.Label != "signature") {
				t.Errorf("%s: %s", name, refusal.Reason)
			}
			wide := p.verify.over(Verify{Tolerance: "48h"})
			if refusal := verifierOf(t, wide, secret, "").verify(&r, headersOf(r.Header)); refusal != nil {
				t.Errorf("%s, %s old, with a tolerance of two days: %s", name, age, refusal.Reason)
			}
			off := p.verify.over(Verify{Tolerance: "0s"})
			if refusal := verifierOf(t, off, secret, "").verify(&r, headersOf(r.Header)); refusal != nil {
				t.Errorf("%s, %s old, without a check: %s", name, age, refusal.Reason)
			}
		}
	}
}

// TestDescriptions signs by hand what each key of a description says.
func TestDescriptions(t *testing.T) {
	hexOf := func(text string) string { return hex.EncodeToString(mac([]byte("s"), text)) }
	sha1Of := func(text string) []byte {
		h := hmac.New(sha1.New, []byte("s"))
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	sha512Of := func(text string) []byte {
		h := hmac.New(sha512.New, []byte("s"))
		h.Write([]byte(text))
		return h.Sum(nil)
	}
	key := []byte{0xfb, 0xff, 0xfe, 1, 2, 3, 4, 5, 6, 7}
	for _, row := range []struct {
		name   string
		d      Verify
		secret string
		sign   string
	}{
		{"body by default", Verify{}, "s", hexOf(paid)},
		{"sha1", Verify{Algorithm: "hmac-sha1"}, "s", hex.EncodeToString(sha1Of(paid))},
		{"sha512 in base64url", Verify{Algorithm: "hmac-sha512", Encoding: "base64url"}, "s", base64.RawURLEncoding.EncodeToString(sha512Of(paid))},
		{"base64url with padding", Verify{Encoding: "base64url"}, "s", base64.URLEncoding.EncodeToString(mac([]byte("s"), paid))},
		{"fields of the body, as Ecwid has them", Verify{Parts: []Part{{JSON: "type"}, {JSON: "data.id"}}, Separator: "."}, "s", hexOf("order.paid.12")},
		{"a number keeps its digits", Verify{Parts: []Part{{JSON: "data.total"}}}, "s", hexOf("9.50")},
		{"a literal, as Square signs its address", Verify{Parts: []Part{{Literal: "https://example.com/webhooks/hook"}, {Body: true}}}, "s", hexOf("https://example.com/webhooks/hook" + paid)},
		{"a header", Verify{Parts: []Part{{Header: "X-Delivery"}, {Body: true}}, Separator: "|"}, "s", hexOf("d-1|" + paid)},
		{"time in the body", Verify{Timestamp: Timestamp{JSON: "at", Unit: "rfc3339"}}, "s", hexOf(paid)},
		{"secret in hex", Verify{SecretEncoding: "hex"}, hex.EncodeToString(key), hex.EncodeToString(mac(key, paid))},
		{"secret in base64", Verify{SecretEncoding: "base64", SecretPrefix: "whsec_"}, "whsec_" + base64.StdEncoding.EncodeToString(key), hex.EncodeToString(mac(key, paid))},
		{"secret in base64 without its prefix", Verify{SecretEncoding: "base64", SecretPrefix: "whsec_"}, base64.StdEncoding.EncodeToString(key), hex.EncodeToString(mac(key, paid))},
		{"secret in base64url without padding", Verify{SecretEncoding: "base64"}, base64.RawURLEncoding.EncodeToString(key), hex.EncodeToString(mac(key, paid))},
	} {
		row.d.Header = "X-Signature"
		v := verifierOf(t, row.d, row.secret, "")
		r := sources.Request{Header: http.Header{"X-Signature": {row.sign}, "X-Delivery": {"d-1"}}, Body: []byte(paid), Received: noon()}
		if refusal := v.verify(&r, headersOf(r.Header)); refusal != nil {
			t.Errorf("%s: %s", row.name, refusal.Reason)
		}
		r.Body = []byte(strings.Replace(strings.Replace(paid, "order", "ordre", 1), "9.50", "9.5", 1))
		if refusal := v.verify(&r, headersOf(r.Header)); refusal == nil {
			t.Errorf("%s: a forged body was accepted", row.name)
		}
	}
}

// TestTimesOfSigning has a row for each way in which a time can be written, or not.
func TestTimesOfSigning(t *testing.T) {
	for _, row := range []struct {
		unit, time string
		ok         bool
	}{
		{"s", "1769860800", true}, {"s", "1769860800.5", true}, {"ms", "1769860800123", true}, {"rfc3339", "2026-01-31T12:00:00Z", true},
		{"rfc3339", "2026-01-31T13:00:00.5+01:00", true}, {"ms", "1769860800", false}, {"s", "1769860800123", false}, {"s", "2026-01-31T12:00:00Z", false},
		{"s", "", false}, {"s", "NaN", false}, {"s", "-1", false}, {"s", "1e400", false}, {"rfc3339", "1769860800", false}, {"s", "0x6980f6c0", false},
	} {
		v := verifierOf(t, Verify{Header: "X-S", Parts: []Part{{Header: "X-T"}, {Body: true}}, Timestamp: Timestamp{Header: "X-T", Unit: row.unit}}, "s", "")
		r := sources.Request{Header: http.Header{"X-S": {hex.EncodeToString(mac([]byte("s"), row.time+paid))}, "X-T": {row.time}}, Body: []byte(paid), Received: noon()}
		if refusal := v.verify(&r, headersOf(r.Header)); (refusal == nil) != row.ok {
			t.Errorf("%s %q: %v", row.unit, row.time, refusal)
		}
	}
}

// TestWhatIsSignedMustBeThere holds that a part which is missing, or no text, is never taken for an empty one.
func TestWhatIsSignedMustBeThere(t *testing.T) {
	v := verifierOf(t, Verify{Header: "X-Signature", Parts: []Part{{JSON: "id"}}}, "s", "")
	sign := hex.EncodeToString(mac([]byte("s"), ""))
	for _, body := range []string{`{}`, `{"id":null}`, `{"id":{}}`, `{"id":[]}`, `[]`, `{"ID":""}`} {
		r := sources.Request{Header: http.Header{"X-Signature": {sign}}, Body: []byte(body)}
		if refusal := v.verify(&r, headersOf(r.Header)); refusal == nil {
			t.Errorf("%s was accepted", body)
		}
	}
}

// TestStripesExample reads the header that docs.stripe.com shows under "Verify webhook signatures manually".
func TestStripesExample(t *testing.T) {
	p, _ := presetNamed("stripe")
	v := verifierOf(t, p.verify, "s", "")
	h := v.read([]string{"t=1492774577,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd,v0=6ffbb59b2300aae63f272406069a9788598b792a944a07aba816edb039989a39"})
	if len(h.signatures) != 1 || h.signatures[0] != "5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd" || h.entries["t"] != "1492774577" || len(h.torn) > 0 {
		t.Errorf("%+v", h)
	}
}

func TestManySignaturesAreBounded(t *testing.T) {
	p, _ := presetNamed("standard")
	v := verifierOf(t, p.verify, standardSecret, "")
	h := v.read([]string{strings.Repeat("v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= ", 10_000)})
	if n := len(v.signatures(h)); n > maxSignatures {
		t.Errorf("%d signatures are tried", n)
	}
}
