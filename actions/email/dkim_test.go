package email_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"shopbell/actions"
	"shopbell/actions/email"
)

// signingKey makes a key: its PEM, and the record that a domain would publish.
func signingKey(t *testing.T, kind string) (text, record string) {
	t.Helper()
	var key any
	switch kind {
	case "ed25519":
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		key, record = private, "v=DKIM1; k=ed25519; p="+base64.StdEncoding.EncodeToString(public)
	default:
		private, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		public, err := x509.MarshalPKIXPublicKey(private.Public())
		if err != nil {
			t.Fatal(err)
		}
		key, record = private, "v=DKIM1; k=rsa; p="+base64.StdEncoding.EncodeToString(public)
		if kind == "rsa pkcs1" {
			return string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)})), record
		}
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), record
}

// TestDKIM has messages of every make verified by another library as they came over the wire, and again with something changed.
func TestDKIM(t *testing.T) {
	dir := folder(t)
	for _, kind := range []string{"rsa", "rsa pkcs1", "ed25519"} {
		t.Run(kind, func(t *testing.T) {
			text, record := signingKey(t, kind)
			if kind == "rsa pkcs1" {
				text = strings.ReplaceAll(text, "\n", `\n`) // as an environment has it
			}
			key, err := json.Marshal(text)
			if err != nil {
				t.Fatal(err)
			}
			domain, selector := strings.Repeat("x", 58)+".Example.com", strings.Repeat("b", 63) // the longest
			config, mails := shop(t, fmt.Sprintf(`,"dkim":{"domain":%q,"selector":%q,"key":%s}`, domain, selector, key))
			message := ""
			check := func(message string) error {
				found, err := dkim.VerifyWithOptions(strings.NewReader(message), &dkim.VerifyOptions{LookupTXT: func(name string) ([]string, error) {
					if name != selector+"._domainkey."+strings.ToLower(domain) {
						return nil, errors.New("no record " + name)
					}
					return []string{record}, nil
				}})
				if err != nil {
					return err
				}
				if len(found) != 1 || found[0].Domain != strings.ToLower(domain) {
					return fmt.Errorf("got %+v", found)
				}
				for _, header := range []string{"From", "To", "Subject", "Reply-To"} {
					if !slices.Contains(found[0].HeaderKeys, header) {
						return fmt.Errorf("%s is not signed: %v", header, found[0].HeaderKeys)
					}
				}
				return found[0].Err
			}
			for _, params := range []string{
				`{"to":"ann@example.com","subject":"hello","text":"hello\n.\n..x  \n\n\n"}`,
				`{"to":["Ann Żak <ann@example.com>"],"cc":"b@example.com","bcc":"c@example.com","subject":"` + strings.Repeat("Zamówienie 7 — dziękujemy ", 8) + `","html":"<p>` + strings.Repeat("Łódź ", 300) + `</p><img src='cid:logo.png'>","attach":["terms.pdf"],"headers":{"X-A":"b"}}`,
			} {
				for _, unsubscribe := range []string{"https://bell.example.com/" + strings.Repeat("x", 300), ""} {
					out, err := email.Action.Open(actions.Env{Templates: dir}, json.RawMessage(config))
					if err != nil {
						t.Fatal(err)
					}
					if _, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Unsubscribe: unsubscribe, Params: json.RawMessage(params)}); err != nil {
						t.Fatal(err)
					}
					if message = (<-mails).text; check(message) != nil {
						t.Errorf("%v\n%s", check(message), message)
					}
					if unsubscribe != "" && !strings.Contains(message, " h=From:To:Reply-To:Subject:Date:List-Unsubscribe:List-Unsubscribe-Post;") {
						t.Errorf("the way to unsubscribe is not signed: %s", message)
					}
				}
				for _, changed := range []string{
					strings.Replace(message, "ann@example.com", "eve@example.com", 1),
					"Reply-To: eve@example.com\r\n" + message,
					strings.Replace(message, "\r\n\r\n", "\r\n\r\nx", 1),
				} {
					if check(changed) == nil {
						t.Error("a message that was changed is taken for ours")
					}
				}
			}
		})
	}
}

// TestDKIMAtOnce holds that messages which are signed at once do not disturb each other.
func TestDKIMAtOnce(t *testing.T) {
	text, _ := signingKey(t, "ed25519")
	key, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	config, mails := shop(t, `,"dkim":{"domain":"example.com","selector":"s","key":`+string(key)+`}`)
	out, err := email.Action.Open(actions.Env{}, json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(params)}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for range 8 {
		if m := <-mails; !strings.HasPrefix(m.text, "DKIM-Signature: ") {
			t.Errorf("got %s", m.text)
		}
	}
}

func TestDKIMRefuses(t *testing.T) {
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(pair.Public())
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"":        "dkim: key: want a private key as PEM, such as ${file:dkim.pem}",
		"hunter2": "dkim: key: want a private key as PEM, such as ${file:dkim.pem}",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n":          `dkim: key: this "PRIVATE KEY" cannot be read; want a private key of RSA or Ed25519 without a password`,
		string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})): `dkim: key: this "PUBLIC KEY" cannot be read; want a private key of RSA or Ed25519 without a password`,
	} {
		text, err := json.Marshal(key)
		if err != nil {
			t.Fatal(err)
		}
		_, err = email.Action.Open(actions.Env{}, json.RawMessage(`{"host":"h","from":"a@b.c","dkim":{"domain":"b.c","selector":"s","key":`+string(text)+`}}`))
		if fmt.Sprint(err) != want {
			t.Errorf("%q: got %v, want %s", key, err, want)
		}
	}
}
