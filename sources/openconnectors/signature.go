package openconnectors

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"net/http"
	"strings"
	"sync"
)

// SignatureHeader is the HTTP header that carries the signature of a notification. Its case does not matter.
const SignatureHeader = "Elements-Webhook-Signature"

// The algorithms of a signature, as the header names them. HMAC-SHA1 has no known weakness, although SHA-1 has.
const (
	SHA256 = "sha256"
	SHA1   = "sha1" // of older versions of the platform
)

// Sign gives the value of [SignatureHeader] for a body: the algorithm, an equals sign, and the HMAC of the body's bytes in
// base64. An algorithm other than [SHA1] means [SHA256].
func Sign(algorithm, key string, body []byte) string {
	if algorithm != SHA1 {
		algorithm = SHA256
	}
	mac := hmac.New(sha256.New, []byte(key))
	if algorithm == SHA1 {
		mac = hmac.New(sha1.New, []byte(key))
	}
	mac.Write(body)
	return algorithm + "=" + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// A key checks signatures made with one signature key. It keeps hashes that have swallowed the key already.
type key struct{ sha256, sha1 sync.Pool }

func newKey(secret string) *key {
	k := new(key)
	k.sha256.New = func() any { return hmac.New(sha256.New, []byte(secret)) }
	k.sha1.New = func() any { return hmac.New(sha1.New, []byte(secret)) }
	return k
}

// fits tells in constant time whether k made a signature of body.
func (k *key) fits(s signature, body []byte) bool {
	pool := &k.sha256
	if s.algorithm == SHA1 {
		pool = &k.sha1
	}
	h := pool.Get().(hash.Hash)
	defer pool.Put(h)
	h.Reset()
	h.Write(body)
	var sum [sha256.Size]byte
	return hmac.Equal(h.Sum(sum[:0]), s.mac)
}

// A signature is one that the header carries, decoded.
type signature struct {
	algorithm string
	mac       []byte
}

// signatures reads every signature in the header, and leaves out what is none. present tells whether the header is there.
// Several in one value are parted by commas, which base64 does not have.
func signatures(h http.Header) (found []signature, present bool) {
	for name, values := range h {
		if !strings.EqualFold(name, SignatureHeader) {
			continue
		}
		for _, value := range values {
			present = present || strings.TrimSpace(value) != ""
			for part := range strings.SplitSeq(value, ",") {
				if s, ok := parseSignature(part); ok && len(found) < maxSignatures {
					found = append(found, s)
				}
			}
		}
	}
	return found, present
}

// maxSignatures bounds the work that one request can ask for.
const maxSignatures = 4

// parseSignature reads such as sha256=jHdb….
func parseSignature(text string) (signature, bool) {
	name, encoded, ok := strings.Cut(strings.TrimSpace(text), "=")
	if !ok || len(encoded) > 64 {
		return signature{}, false
	}
	want := sha256.Size
	switch name = strings.ToLower(strings.TrimSpace(name)); name {
	case SHA256:
	case SHA1:
		want = sha1.Size
	default:
		return signature{}, false
	}
	mac, err := base64.StdEncoding.Strict().DecodeString(strings.TrimSpace(encoded))
	if err != nil || len(mac) != want {
		return signature{}, false
	}
	return signature{name, mac}, true
}

// signed tells whether any signature fits any key.
func signed(found []signature, keys []*key, body []byte, sha1 bool) bool {
	for _, s := range found {
		if s.algorithm == SHA1 && !sha1 {
			continue
		}
		for _, k := range keys {
			if k.fits(s, body) {
				return true
			}
		}
	}
	return false
}
