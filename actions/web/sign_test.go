package web

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"shopbell/actions"
)

// TestSignVector is the test vector of the specification of Standard Webhooks.
func TestSignVector(t *testing.T) {
	key, err := SecretSigner("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	got := Sign([]Signer{key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s", got)
	}
}

// TestPrivateKey holds that a receiver who knows the public key alone can verify what a private key signed, and that a key may
// be written with its public half or without.
func TestPrivateKey(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	shared, err := AnySigner("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	for _, written := range [][]byte{private, private.Seed()} {
		key, err := AnySigner(actions.Secret("whsk_" + base64.StdEncoding.EncodeToString(written)))
		if err != nil {
			t.Fatal(err)
		}
		first, second, _ := strings.Cut(Sign([]Signer{key, shared}, "msg_1", "1614265330", []byte("body")), " ")
		signature, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(first, "v1a,"))
		if err != nil || !strings.HasPrefix(first, "v1a,") || !ed25519.Verify(public, []byte("msg_1.1614265330.body"), signature) {
			t.Errorf("got %s, %v", first, err)
		}
		if !strings.HasPrefix(second, "v1,") {
			t.Errorf("got %s", second)
		}
	}
	for _, bad := range [][]byte{private[:40], append(append([]byte{}, private.Seed()...), private.Seed()...)} {
		if _, err := AnySigner(actions.Secret("whsk_" + base64.StdEncoding.EncodeToString(bad))); err == nil {
			t.Errorf("a key of %d bytes is taken", len(bad))
		}
	}
}
