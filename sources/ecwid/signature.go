package ecwid

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"strings"
	"sync"
)

// SignatureHeader is the HTTP header that carries the signature of a webhook. Its case does not matter.
const SignatureHeader = "X-Ecwid-Webhook-Signature"

// Sign gives the signature that Ecwid puts on a webhook: the HMAC-SHA256 of created, a dot and id, in base64. secret
// is the app's client secret; created and id are eventCreated and eventId as their text stands in the body.
func Sign(secret, created, id string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(created + "." + id))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// A key checks signatures made with one client secret. It keeps hashes that have swallowed the secret already, which
// halves the work of each check.
type key struct{ hashes sync.Pool }

func newKey(secret string) *key {
	k := new(key)
	k.hashes.New = func() any { return hmac.New(sha256.New, []byte(secret)) }
	return k
}

// fits tells in constant time whether signature, already decoded, was made with k.
func (k *key) fits(signature []byte, created, id string) bool {
	h := k.hashes.Get().(hash.Hash)
	defer k.hashes.Put(h)
	h.Reset()
	var message [256]byte
	h.Write(append(append(append(message[:0], created...), '.'), id...))
	var sum [sha256.Size]byte
	return hmac.Equal(h.Sum(sum[:0]), signature)
}

// signatures gives every value of the signature header. Ecwid sends two headers when an operator gave it a custom one
// of the same name, and gateways hand on names in lower case.
func signatures(h http.Header) []string {
	if values := h[SignatureHeader]; len(values) > 0 {
		return values
	}
	var found []string
	for name, values := range h {
		if strings.EqualFold(name, SignatureHeader) {
			found = append(found, values...)
		}
	}
	return found
}

// signed tells whether any signature in the header fits any key.
func signed(values []string, keys []*key, created, id string) bool {
	var buffer [64]byte
	for _, value := range values {
		value = strings.TrimSpace(value)
		if base64.StdEncoding.DecodedLen(len(value)) > len(buffer) {
			continue
		}
		n, err := base64.StdEncoding.Decode(buffer[:], []byte(value))
		if err != nil || n != sha256.Size {
			continue
		}
		for _, k := range keys {
			if k.fits(buffer[:n], created, id) {
				return true
			}
		}
	}
	return false
}
