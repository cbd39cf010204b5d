package email

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	gomail "github.com/wneessen/go-mail"

	"shopbell/actions"
)

// DKIM is how messages are signed for their domain, where the server does not do that.
type DKIM struct {
	Domain   string         `json:"domain" jsonschema:"pattern=^[A-Za-z0-9.-]+$,maxLength=70" jsonschema_description:"Domain that signs, as a rule the sender's."`
	Selector string         `json:"selector" jsonschema:"pattern=^[A-Za-z0-9._-]+$,maxLength=63" jsonschema_description:"Name of the key: its public half is the TXT record of SELECTOR._domainkey.DOMAIN."`
	Key      actions.Secret `json:"key" jsonschema_description:"Private key as PEM, RSA or Ed25519, such as ${file:dkim.pem}."`
}

// minRSA is the least size of a key that receivers believe, in bits (RFC 8301).
const minRSA = 1024

// A signature signs messages. It is read-only.
type signature struct {
	domain, selector string
	key              crypto.Signer
}

// signedHeaders are those that are signed, of a message with a way to unsubscribe as RFC 8058 demands. What is on the list and not
// in the message cannot be added to it on its way. Either list is as long as the library's line: a longer one it breaks in the
// midst of a word, and then what it has signed is not what it sends.
func signedHeaders(unsubscribe bool) []string {
	if unsubscribe {
		return []string{"From", "To", "Reply-To", "Subject", "Date", "List-Unsubscribe", "List-Unsubscribe-Post"}
	}
	return []string{"From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
}

// open reads the key. Its errors tell nothing of it.
func (d *DKIM) open() (*signature, error) {
	if d == nil {
		return nil, nil
	}
	text := strings.ReplaceAll(d.Key.Reveal(), `\n`, "\n") // as an environment has it
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("dkim: key: want a private key as PEM, such as ${file:dkim.pem}")
	}
	var key any
	var err error
	if block.Type == "RSA PRIVATE KEY" {
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	} else {
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("dkim: key: this %q cannot be read; want a private key of RSA or Ed25519 without a password", block.Type)
	}
	s := &signature{domain: strings.ToLower(d.Domain), selector: d.Selector}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		if key.N.BitLen() < minRSA {
			return nil, fmt.Errorf("dkim: key: it has %d bits, and receivers believe none below %d", key.N.BitLen(), minRSA)
		}
		s.key = key
	case ed25519.PrivateKey:
		s.key = key
	default:
		return nil, errors.New("dkim: key: want one of RSA or Ed25519")
	}
	return s, nil
}

// on has a message signed when it is written. The library's signer remembers things, so each message has its own.
func (s *signature) on(m *gomail.Msg, unsubscribe bool) {
	if s == nil {
		return
	}
	signer := gomail.NewDKIMSigner(s.domain, s.selector, s.key)
	signer.SignHeaders(signedHeaders(unsubscribe)...)
	m.SetDKIM(signer)
}
