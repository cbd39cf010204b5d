package http

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"

	"shopbell/actions"
)

// A signer makes one signature of Standard Webhooks 1.0.0: v1 with a secret that both sides know, v1a with a private key.
type signer struct {
	secret  []byte             // of v1; nil for v1a
	private ed25519.PrivateKey // of v1a
}

// signers reads the secrets of an account, the newest first.
func signers(a Account) ([]signer, error) {
	switch {
	case a.PreviousSecret != "" && a.Secret == "":
		return nil, errors.New("previous_secret is given without secret")
	case a.Secret != "" && len(a.Secrets) > 0:
		return nil, errors.New("secret and secrets exclude each other: put all of them into secrets, the newest first")
	}
	var all []signer
	for _, secret := range append([]actions.Secret{a.Secret, a.PreviousSecret}, a.Secrets...) {
		if secret == "" {
			continue
		}
		s, err := parseSecret(secret)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// parseSecret reads a secret (whsec_) or a private key (whsk_), which is an Ed25519 key with or without its public half.
func parseSecret(s actions.Secret) (signer, error) {
	kind, encoded, _ := strings.Cut(s.Reveal(), "_")
	key, err := base64.StdEncoding.DecodeString(encoded)
	switch {
	case err != nil || kind != "whsec" && kind != "whsk":
		return signer{}, errors.New("a signing secret is whsec_ or whsk_ and then base64")
	case kind == "whsec" && (len(key) < 24 || len(key) > 64):
		return signer{}, errors.New("a signing secret holds 24 to 64 bytes")
	case kind == "whsec":
		return signer{secret: key}, nil
	case len(key) == ed25519.SeedSize:
		return signer{private: ed25519.NewKeyFromSeed(key)}, nil
	case len(key) != ed25519.PrivateKeySize || !ed25519.NewKeyFromSeed(key[:ed25519.SeedSize]).Equal(ed25519.PrivateKey(key)):
		return signer{}, errors.New("a private key is the 64 bytes of an Ed25519 key, or the first 32 of them")
	}
	return signer{private: key}, nil
}

// sign gives the webhook-signature of exactly these bytes: one signature for each secret, the newest first.
func sign(signers []signer, id, timestamp string, body []byte) string {
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
