package ecwid

import (
	"encoding/base64"
	"net/http"
	"sync"
	"testing"
)

// vectors were made with other programs' HMAC.
var vectors = [...]struct{ secret, created, id, signature string }{
	{"test_client_secret", "1234567", "80aece08-40e8-4145-8764-6c2f0d38678", "ekmGPQc/IpCwO6woAiM+L8uvY6chew4n6JVQCiDrEVw="},
	{"test_client_secret_1234567890", "1634209655", "95ed494f-362d-4fca-933d-f5c7064b04bb", "/TMRRxXur4R+p4U8qXjs9Bgns5mbB0daM62vgf6/tnU="},
	{"abcde123456789", "1700000000", "12345", "TpI1v8XM4wGpW/urFyf3TJYIe8lOnRhKFQcbQRkz0bM="},
}

func TestSign(t *testing.T) {
	for _, v := range vectors {
		if got := Sign(v.secret, v.created, v.id); got != v.signature {
			t.Errorf("Sign(%q, %q, %q) = %s, want %s", v.secret, v.created, v.id, got, v.signature)
		}
	}
}

func TestKeyIsSharedByManyGoroutines(t *testing.T) {
	v := vectors[0]
	k := newKey(v.secret)
	good, err := base64.StdEncoding.DecodeString(v.signature)
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 200 {
				if !k.fits(good, v.created, v.id) {
					t.Error("a good signature was refused")
				}
				if k.fits(good, v.created, v.id+"x") {
					t.Error("a signature fitted another event")
				}
			}
		})
	}
	all.Wait()
}

func TestSignaturesAreFoundInAnyCase(t *testing.T) {
	for _, name := range []string{"X-Ecwid-Webhook-Signature", "x-ecwid-webhook-signature", "X-ECWID-WEBHOOK-SIGNATURE"} {
		if got := signatures(http.Header{name: {"abc"}}); len(got) != 1 || got[0] != "abc" {
			t.Errorf("%s: found %q", name, got)
		}
	}
	if got := signatures(http.Header{"X-Webhook-Signature": {"abc"}}); got != nil {
		t.Errorf("another header was taken: %q", got)
	}
}
