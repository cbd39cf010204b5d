package sql_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	shop "shopbell/actions/sql"
)

// certificate is the file with the certificate of the tests' server, which signs itself, and its key.
const certificate = "server.pem"

func writeCertificate(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the tests' server"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	return os.WriteFile(filepath.Join(dir, certificate), text, 0o600)
}

func TestTLS(t *testing.T) {
	l := newMySQL(t)
	l.sql(`CREATE TABLE t (id integer PRIMARY KEY)`)
	other := t.TempDir()
	if err := writeCertificate(other); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ tls, ca, says string }{
		"verified":    {"verify", filepath.Join(mariadb.dir, certificate), ""},
		"any":         {"skip-verify", "", ""},
		"not trusted": {"verify", "", "not trusted"},
		"another's":   {"verify", filepath.Join(other, certificate), "not trusted"},
	} {
		l.account["tls"], l.account["ca"] = test.tls, test.ca
		_, err := send(t.Context(), l.outlet("t"), "key-1", `{"table":"t","key":"id","row":{"id":1}}`)
		if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoTLS holds that a server which has no TLS is told nothing.
func TestNoTLS(t *testing.T) {
	for driver, play := range map[string]string{
		"postgres": "N",
		"mysql":    greeting(),
	} {
		heard := make(chan int, 10)
		address := actionstest.Listen(t, func(conn net.Conn) {
			_, _ = conn.Write([]byte(play))
			said := make([]byte, 1000)
			total := 0
			for {
				n, err := conn.Read(said)
				if total += n; err != nil {
					heard <- total
					return
				}
			}
		})
		account := map[string]any{"driver": driver, "url": driver + "://shop:hush-hush@" + address + "/shop", "tls": "verify", "tables": []string{"t"}}
		_, err := send(t.Context(), open(t, account), "key-1", `{"table":"t","key":"id","row":{"id":1}}`)
		if a := actions.OutcomeOf(err); a.Blame != actions.BlameAccount || !strings.Contains(err.Error(), "does not offer TLS") {
			t.Errorf("%s: got %+v: %v", driver, a, err)
		}
		if n := <-heard; n > 8 { // what asks a PostgreSQL for TLS
			t.Errorf("%s was told %d bytes", driver, n)
		}
	}
	for host, want := range map[string]string{"localhost": "none", "127.0.0.1": "none", "127.1.2.3": "none", "::1": "none", "10.0.0.1": "verify", "db.example.com": "verify", "localhost.example.com": "verify", "192.168.1.2": "verify"} {
		if got := shop.Encryption(host); got != want {
			t.Errorf("%s: got %s, want %s", host, got, want)
		}
	}
}

func TestAccount(t *testing.T) {
	for name, account := range map[string]map[string]any{
		"no driver":          {"driver": "oracle", "url": "oracle://x@y/z"},
		"a file and a url":   {"driver": "sqlite", "file": "x", "url": "mysql://a@b/c"},
		"no file":            {"driver": "sqlite"},
		"a file, for MySQL":  {"driver": "mysql", "file": "x"},
		"no url":             {"driver": "postgres"},
		"another's url":      {"driver": "postgres", "url": "mysql://shop:hush-hush@b/c"},
		"no database":        {"driver": "mysql", "url": "mysql://shop:hush-hush@b/"},
		"not a url":          {"driver": "mysql", "url": "mysql://shop:hush-hush@%zz/c"},
		"two passwords":      {"driver": "mysql", "url": "mysql://shop:hush-hush@b/c", "password": "hush-hush"},
		"a query":            {"driver": "mysql", "url": "mysql://shop:hush-hush@b/c?allowAllFiles=true"},
		"sslmode and tls":    {"driver": "postgres", "url": "postgres://shop:hush-hush@b/c?sslmode=require", "tls": "verify"},
		"a wrong sslmode":    {"driver": "postgres", "url": "postgres://shop:hush-hush@b/c?sslmode=please"},
		"a CA that is none":  {"driver": "mysql", "url": "mysql://shop:hush-hush@b/c", "ca": "sql.go"},
		"a CA without TLS":   {"driver": "mysql", "url": "mysql://shop:hush-hush@b/c", "ca": "sql.go", "tls": "none"},
		"no CA for postgres": {"driver": "postgres", "url": "postgres://shop:hush-hush@b/c", "ca": "nothing.pem"},
		"an odd table":       {"driver": "sqlite", "file": "x", "tables": []string{"a.b.c"}},
	} {
		if account["tables"] == nil {
			account["tables"] = []string{"t"}
		}
		text, err := json.Marshal(account)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := shop.Action.Open(actions.Env{}, text); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
