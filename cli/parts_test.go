package cli

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// built is the program as people get it, built once for all tests that need it.
var built builder

type builder struct {
	once sync.Once
	path string
	err  error
}

func (b *builder) build() {
	dir, err := os.MkdirTemp("", "shopbell-test-")
	if err != nil {
		b.err = err
		return
	}
	b.path = filepath.Join(dir, "shopbell")
	build := exec.Command("go", "build", "-o", b.path, "shopbell")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is handed out
	out, err := build.CombinedOutput()
	if err != nil {
		b.err = errors.Join(err, errors.New(string(out)))
	}
}

// builtProgram gives the path of the built program.
func builtProgram(t *testing.T) string {
	t.Helper()
	built.once.Do(built.build)
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.path
}

// certificate makes a certificate for 127.0.0.1 that signs itself, and the file that a client trusts.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail of the test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// A postOffice is a mail server that demands STARTTLS and a password, and keeps what it gets.
type postOffice struct {
	username, password string
	mails              chan *mail.Message
	bodies             chan []byte
}

func openPostOffice(t *testing.T, cert tls.Certificate) (*postOffice, string) {
	t.Helper()
	o := &postOffice{username: "bell", password: "pa$$: word", mails: make(chan *mail.Message, 16), bodies: make(chan []byte, 16)}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &clerk{office: o, conn: c}, nil }))
	s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.Domain = "127.0.0.1"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	return o, l.Addr().String()
}

// clerk is one connection.
type clerk struct {
	office *postOffice
	conn   *smtp.Conn
	in     bool
}

func (c *clerk) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *clerk) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		if _, secure := c.conn.TLSConnectionState(); !secure || username != c.office.username || password != c.office.password {
			return smtp.ErrAuthFailed
		}
		c.in = true
		return nil
	}), nil
}

func (c *clerk) Mail(string, *smtp.MailOptions) error {
	if !c.in {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (c *clerk) Rcpt(string, *smtp.RcptOptions) error { return nil }

func (c *clerk) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	c.office.bodies <- body
	c.office.mails <- m
	return nil
}

func (c *clerk) Reset()        {}
func (c *clerk) Logout() error { return nil }

// next gives the next mail, which must come soon.
func (o *postOffice) next(t *testing.T) (*mail.Message, []byte) {
	t.Helper()
	select {
	case m := <-o.mails:
		return m, <-o.bodies
	case <-time.After(20 * time.Second):
		t.Fatal("no mail came")
		return nil, nil
	}
}

// A post is one message at the Slack API.
type post struct{ authorization, channel, text string }

// openSlack is Slack's API, as far as posting a message goes.
func openSlack(t *testing.T) (chan post, string) {
	t.Helper()
	posts := make(chan post, 16)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		p := post{authorization: r.Header.Get("Authorization")}
		if r.URL.Path != "/api/chat.postMessage" {
			http.NotFound(w, r)
			return
		}
		var asJSON struct{ Channel, Text string }
		if json.Unmarshal(body, &asJSON) == nil {
			p.channel, p.text = asJSON.Channel, asJSON.Text
		} else {
			r.Body = io.NopCloser(bytes.NewReader(body))
			p.channel, p.text = r.FormValue("channel"), r.FormValue("text")
			if p.authorization == "" {
				p.authorization = "Bearer " + r.FormValue("token")
			}
		}
		posts <- p
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"ok":true,"channel":"C024BE91L","ts":"1700000000.000100","message":{"text":"x"}}`)
	}))
	t.Cleanup(s.Close)
	return posts, s.URL + "/api/"
}

func nextPost(t *testing.T, posts <-chan post) post {
	t.Helper()
	select {
	case p := <-posts:
		return p
	case <-time.After(20 * time.Second):
		t.Fatal("no message came")
		return post{}
	}
}
