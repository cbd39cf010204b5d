package http

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"shopbell/actions"
)

// parseSecret reads a secret of Standard Webhooks 1.0.0.
func parseSecret(s actions.Secret) ([]byte, error) {
	encoded, ok := strings.CutPrefix(s.Reveal(), "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil {
		return nil, errors.New("a signing secret is whsec_ and then base64")
	}
	if len(key) < 24 || len(key) > 64 {
		return nil, errors.New("a signing secret holds 24 to 64 bytes")
	}
	return key, nil
}

// sign gives the webhook-signature of exactly these bytes: one signature for each key, the newest first.
func sign(keys [][]byte, id, timestamp string, body []byte) string {
	var all []byte
	var sum [sha256.Size]byte
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + timestamp + "."))
		mac.Write(body)
		if i > 0 {
			all = append(all, ' ')
		}
		all = append(all, "v1,"...)
		all = base64.StdEncoding.AppendEncode(all, mac.Sum(sum[:0]))
	}
	return string(all)
}
