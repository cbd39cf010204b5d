package signed

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/http"
	"slices"
	"strings"
	"time"

	"shopbell/sources"
)

// maxSignatures bounds how many signatures of one request are tried.
const maxSignatures = 32

// A verifier checks the signature of a request. It is read-only once built, so many goroutines may use it.
type verifier struct {
	header    string // in lower case
	list      List
	prefix    string
	parts     []part
	separator string
	algorithm func() hash.Hash
	decode    func(string) ([]byte, error)
	timestamp *part
	unit      string
	tolerance time.Duration // 0 for no check
	keys      [][]byte      // the current secret first; none refuses everything
}

// coversBody tells whether all of the body is signed.
func (v *verifier) coversBody() bool {
	return slices.ContainsFunc(v.parts, func(p part) bool { return p.from == fromBody })
}

// readsBody tells whether the body must be JSON for its signature to be checked.
func (v *verifier) readsBody() bool {
	return slices.ContainsFunc(v.parts, func(p part) bool { return p.from == fromJSON }) || v.timestamp != nil && v.timestamp.from == fromJSON
}

// verify gives nil when a signature fits and is fresh. A body of which a field is signed has been found to be JSON.
func (v *verifier) verify(r *sources.Request, h headers) *sources.Refusal {
	if len(v.keys) == 0 {
		return sources.Refuse(http.StatusUnauthorized, "secret", "no secret is configured for this source, so no webhook can be verified: add secret")
	}
	values := h[v.header]
	if len(values) == 0 {
		return unsigned("the header %s is missing, so there is no signature to check", v.header)
	}
	given := v.read(values)
	signatures := v.signatures(given)
	if len(signatures) == 0 {
		return unsigned("the header %s holds no signature of the form that is described%s", v.header, v.form())
	}
	message, missing := v.message(r, h, given)
	if missing != "" {
		return unsigned("%s", missing)
	}
	if !v.fits(signatures, message) {
		return unsigned("the signature does not fit: it was made with another secret, or for other content")
	}
	return v.fresh(r, h, given)
}

func unsigned(format string, args ...any) *sources.Refusal {
	return sources.Refuse(http.StatusUnauthorized, "signature", format, args...)
}

// form says what a signature looks like.
func (v *verifier) form() string {
	var words []string
	if len(v.list.Keys) > 0 {
		words = append(words, "under the key "+strings.Join(v.list.Keys, " or "))
	}
	if v.prefix != "" {
		words = append(words, "beginning with "+v.prefix)
	}
	if len(words) == 0 {
		return ""
	}
	return " (" + strings.Join(words, ", ") + ")"
}

// signatures decodes what can be a signature: of the right length, behind the prefix.
func (v *verifier) signatures(given signatureHeader) [][]byte {
	size := v.algorithm().Size()
	var found [][]byte
	for _, text := range given.signatures {
		text, ok := strings.CutPrefix(text, v.prefix)
		if !ok || len(text) > 4*size {
			continue
		}
		if s, err := v.decode(text); err == nil && len(s) == size && len(found) < maxSignatures {
			found = append(found, s)
		}
	}
	return found
}

// message gives the parts, in order; what is missing, if one is.
func (v *verifier) message(r *sources.Request, h headers, given signatureHeader) (message [][]byte, missing string) {
	for i, p := range v.parts {
		text, missing := p.value(r, h, given)
		if missing != "" {
			return nil, missing + ", and it is a part of what is signed"
		}
		if i > 0 && v.separator != "" {
			message = append(message, []byte(v.separator))
		}
		message = append(message, text)
	}
	return message, ""
}

// fits tells in constant time for each signature whether it was made with one of the keys.
func (v *verifier) fits(signatures, message [][]byte) bool {
	fits := false
	for _, key := range v.keys {
		mac := hmac.New(v.algorithm, key)
		for _, part := range message {
			mac.Write(part)
		}
		sum := mac.Sum(nil)
		for _, s := range signatures {
			fits = hmac.Equal(sum, s) || fits
		}
	}
	return fits
}

// fresh checks the time of signing, which the signature covers.
func (v *verifier) fresh(r *sources.Request, h headers, given signatureHeader) *sources.Refusal {
	if v.tolerance == 0 || v.timestamp == nil {
		return nil
	}
	text, missing := v.timestamp.value(r, h, given)
	if missing != "" {
		return unsigned("%s, and it is the time of signing", missing)
	}
	at, ok := signedAt(string(text), v.unit)
	if !ok {
		return unsigned("the time of signing in %s cannot be read", v.timestamp)
	}
	switch age := r.Received.Sub(at); {
	case age > v.tolerance:
		return unsigned("the signature fits, but was made %s before it arrived, and %s is the most: this was sent again by somebody, it was held up, or a clock is off",
			age.Round(time.Second), v.tolerance)
	case -age > v.tolerance:
		return unsigned("the signature fits, but was made %s in the future, and %s is the most: a clock is off", (-age).Round(time.Second), v.tolerance)
	}
	return nil
}

// decoder gives the reader of an encoding; nil for an unknown one.
func decoder(encoding string) func(string) ([]byte, error) {
	switch encoding {
	case "hex":
		return hex.DecodeString
	case "base64":
		return func(s string) ([]byte, error) { return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "=")) }
	case "base64url":
		return func(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "=")) }
	}
	return nil
}
