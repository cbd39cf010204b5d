package web

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"shopbell/actions"
)

// A Signer makes one signature of Standard Webhooks 1.0.0: v1 with a secret that both sides know, v1a with a private key.
type Signer struct {
	secret  []byte             // of v1; nil for v1a
	private ed25519.PrivateKey // of v1a
}

// SecretSigner reads a secret (whsec_).
func SecretSigner(s actions.Secret) (Signer, error) {
	encoded, ok := strings.CutPrefix(s.Reveal(), "whsec_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	switch {
	case !ok || err != nil:
		return Signer{}, errors.New("a signing secret is whsec_ and then base64")
	case len(key) < 24 || len(key) > 64:
		return Signer{}, errors.New("a signing secret holds 24 to 64 bytes")
	}
	return Signer{secret: key}, nil
}

// AnySigner reads a secret (whsec_) or a private key (whsk_), which is an Ed25519 key with or without its public half.
func AnySigner(s actions.Secret) (Signer, error) {
	kind, encoded, _ := strings.Cut(s.Reveal(), "_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	switch {
	case err != nil || kind != "whsec" && kind != "whsk":
		return Signer{}, errors.New("a signing secret is whsec_ or whsk_ and then base64")
	case kind == "whsec":
		return SecretSigner(s)
	case len(key) == ed25519.SeedSize:
		return Signer{private: ed25519.NewKeyFromSeed(key)}, nil
	case len(key) != ed25519.PrivateKeySize || !ed25519.NewKeyFromSeed(key[:ed25519.SeedSize]).Equal(ed25519.PrivateKey(key)):
		return Signer{}, errors.New("a private key is the 64 bytes of an Ed25519 key, or the first 32 of them")
	}
	return Signer{private: key}, nil
}

// Sign gives the webhook-signature of exactly these bytes: one signature for each signer, the newest first.
func Sign(signers []Signer, id, timestamp string, body []byte) string {
	signed := append(append(make([]byte, 0, len(id)+len(timestamp)+len(body)+2), id+"."+timestamp+"."...), body...)
	var all []byte
	for i, s := range signers {
		if i > 0 {
			all = append(all, ' ')
		}
		if s.private != nil {
			all = base64.StdEncoding.AppendEncode(append(all, "v1a,"...), ed25519.Sign(s.private, signed))
			continue
		}
		mac := hmac.New(sha256.New, s.secret)
		mac.Write(signed)
		all = base64.StdEncoding.AppendEncode(append(all, "v1,"...), mac.Sum(nil))
	}
	return string(all)
}
