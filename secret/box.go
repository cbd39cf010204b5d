package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
)

// shortestKey is how long the text of a key must be, in bytes: AES-256 is no better than the text that its key is made of.
const shortestKey = 16

// A Box seals secrets for keeping where others may look: AES-256-GCM, with a key derived from a text. It is safe for use by
// many goroutines at once.
type Box struct{ locks []cipher.AEAD } // the first seals, all open

// NewBox makes a box. Every text must have at least 16 bytes. What was sealed with the key of an earlier text can be opened as
// long as that is among the previous ones.
func NewBox(key Text, previous ...Text) (*Box, error) {
	b := &Box{}
	for _, text := range append([]Text{key}, previous...) {
		if len(text.Reveal()) < shortestKey {
			return nil, errors.New("the key is too short: it needs at least 16 characters, such as the output of openssl rand -base64 32")
		}
		raw, err := hkdf.Key(sha256.New, []byte(text.Reveal()), nil, "shopbell tokens", 32)
		if err != nil {
			return nil, err
		}
		block, err := aes.NewCipher(raw)
		if err != nil {
			return nil, err
		}
		lock, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		b.locks = append(b.locks, lock)
	}
	return b, nil
}

// Seal gives the sealed form of a secret. It opens only with the same label, so that one sealed for a store is of no use
// for another.
func (b *Box) Seal(t Text, label string) []byte {
	return b.locks[0].Seal(nil, nil, []byte(t.Reveal()), []byte(label))
}

// ErrSealed says that something was sealed with another key, for something else, or was changed since.
var ErrSealed = errors.New("it was sealed with another key")

// Open gives what was sealed.
func (b *Box) Open(sealed []byte, label string) (Text, error) {
	for _, lock := range b.locks {
		if len(sealed) < lock.Overhead() {
			break
		}
		if raw, err := lock.Open(nil, nil, sealed, []byte(label)); err == nil {
			return Text(raw), nil
		}
	}
	return "", ErrSealed
}
