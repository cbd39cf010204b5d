package email_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// drop, in place of a reply, breaks the connection off; hang says no more.
const (
	drop = "drop"
	hang = "hang"
)

// scripted is an SMTP server that says what it is told to at each command. "" is the greeting, "." the end of a
// message. Commands without a reply get the usual one.
func scripted(replies map[string]string) func(net.Conn) {
	usual := map[string]string{"": "220 test ESMTP", "EHLO": "250-test\r\n250 AUTH PLAIN", "AUTH": "235 welcome", "MAIL": "250 ok",
		"RCPT": "250 ok", "DATA": "354 go on", ".": "250 queued", "QUIT": "221 bye", "RSET": "250 ok", "NOOP": "250 ok"}
	return func(conn net.Conn) {
		say := func(verb string) bool {
			if verb == "HELO" { // what a client says after EHLO was not understood
				verb = "EHLO"
			}
			text, ok := replies[verb]
			if !ok {
				if text, ok = usual[verb]; !ok {
					text = "500 what"
				}
			}
			switch text {
			case drop:
				return false
			case hang:
				_, _ = io.Copy(io.Discard, conn)
				return false
			}
			_, err := io.WriteString(conn, text+"\r\n")
			return err == nil
		}
		if !say("") {
			return
		}
		talk(bufio.NewScanner(conn), say)
	}
}

func talk(lines *bufio.Scanner, say func(verb string) bool) {
	inData := false
	for lines.Scan() {
		verb, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " ")
		if inData {
			if verb != "." {
				continue
			}
			inData = false
		}
		if !say(verb) {
			return
		}
		inData = verb == "DATA"
	}
}

// mail is one message as a server took it.
type mail struct {
	from string
	to   []string
	text string
	user string
	tls  bool
}

// backend takes messages of user "shop" with password "hunter2".
type backend struct{ mails chan mail }

// NewSession implements [smtp.Backend].
func (b *backend) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{backend: b, conn: c}, nil
}

type session struct {
	backend *backend
	conn    *smtp.Conn
	mail    mail
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "shop" || password != "hunter2" {
			return smtp.ErrAuthFailed
		}
		s.mail.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.mail.user == "" {
		return smtp.ErrAuthRequired
	}
	s.mail.from = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody@") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such user"}
	}
	s.mail.to = append(s.mail.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, s.mail.tls = s.conn.TLSConnectionState()
	s.mail.text = string(text)
	s.backend.mails <- s.mail
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// realServer starts an SMTP server that wants STARTTLS, or TLS from the start, and AUTH.
func realServer(t *testing.T, implicit bool) (port int, ca string, mails chan mail) {
	t.Helper()
	config, ca := certificate(t)
	b := &backend{mails: make(chan mail, 16)}
	s := smtp.NewServer(b)
	s.Domain, s.TLSConfig = "localhost", config
	s.ErrorLog = discard{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	if implicit {
		l = tls.NewListener(l, config)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
	})
	return port, ca, b.mails
}

type discard struct{}

func (discard) Printf(string, ...any) {}
func (discard) Println(...any)        {}

// certificate makes a certificate for localhost and 127.0.0.1, and a file with it as its own authority.
func certificate(t *testing.T) (*tls.Config, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, file
}

// account is the config of an account for a server at an address, without encryption.
func account(address, more string) string {
	host, port, _ := net.SplitHostPort(address)
	return fmt.Sprintf(`{"host":%q,"port":%s,"tls":"none","from":"Shop <shop@example.com>"%s}`, host, port, more)
}
