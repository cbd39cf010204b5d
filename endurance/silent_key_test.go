//go:build linux

package endurance

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strconv"
)

// serviceKey is the key of a service account of Google's, as a text in YAML. It opens nothing.
func serviceKey() string {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	block := pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(private)}
	text, err := json.Marshal(map[string]string{"client_email": "bell@example.com", "private_key": string(pem.EncodeToMemory(&block))})
	if err != nil {
		panic(err)
	}
	return strconv.Quote(string(text))
}
