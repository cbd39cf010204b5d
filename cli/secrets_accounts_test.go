package cli

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"

	"shopbell/shape"
)

// A wrongAccount is one whose provider refuses it and repeats its secrets. LIAR stands for where that provider is, HIDE-x for a
// secret by the name of x, and PORT for the mail server's port.
type wrongAccount struct {
	name, config, step string
}

// wrongAccounts has every kind with every provider, and every field that holds a secret: see TestEverySecretIsTried. A new kind
// or provider is a line here.
func wrongAccounts() []wrongAccount {
	const text, list = `to: "+31612345678", text: hello`, `email: "{{ order.id }}@example.com", list: 31`
	return []wrongAccount{
		{"mail", `kind: email, host: 127.0.0.1, port: PORT, tls: none, username: shop, password: HIDE-password, from: shop@example.com, dkim: { domain: example.com, selector: bell, key: HIDE-pem }`,
			`email: { to: "{{ order.id }}@example.com", subject: hello, text: hello }`},
		{"twilio", `kind: sms, provider: twilio, account_sid: AC1, auth_token: HIDE-token, from: "+15005550006", api: LIAR`, `sms: { ` + text + ` }`},
		{"twilio-key", `kind: sms, provider: twilio, account_sid: AC1, key_sid: SK1, key_secret: HIDE-key, from: "+15005550006", api: LIAR`, `sms: { ` + text + ` }`},
		{"vonage", `kind: sms, provider: vonage, api_key: HIDE-key, api_secret: HIDE-secret, from: Bell, api: LIAR`, `sms: { ` + text + ` }`},
		{"brevo-sms", `kind: sms, provider: brevo, api_key: HIDE-key, from: Bell, api: LIAR`, `sms: { ` + text + ` }`},
		{"gateway", `kind: sms, provider: http, url: "LIAR/send?key={api_key}", api_key: HIDE-key, api_secret: HIDE-secret, headers: { X-Secret: "{api_secret}" }, json: { to: "{to}", text: "{text}" }`,
			`sms: { ` + text + ` }`},
		{"bot", `kind: slack, token: HIDE-token, api: LIAR/api/`, `slack: { channel: "#sales", text: hello }`},
		{"hook", `kind: slack, webhook: LIAR/services/T1/B1/HIDE-path`, `slack: { text: hello }`},
		{"mailchimp", `kind: newsletter, provider: mailchimp, api_key: HIDE-key, api: LIAR`, `newsletter: { ` + list + ` }`},
		{"brevo", `kind: newsletter, provider: brevo, api_key: HIDE-key, api: LIAR`, `newsletter: { ` + list + `, double_opt_in: false }`},
		{"klaviyo", `kind: newsletter, provider: klaviyo, api_key: HIDE-key, api: LIAR`, `newsletter: { ` + list + `, consent: true }`},
		{"mailerlite", `kind: newsletter, provider: mailerlite, api_key: HIDE-key, api: LIAR`, `newsletter: { ` + list + ` }`},
		{"listmonk", `kind: newsletter, provider: listmonk, username: bell, api_key: HIDE-key, api: LIAR`, `newsletter: { ` + list + ` }`},
		{"bearer", `kind: http, token: HIDE-token, secret: whsec_HIDE-signing, previous_secret: whsec_HIDE-before, test: LIAR/me, headers: { X-Api-Key: HIDE-header }`,
			`http: { url: LIAR/hook, json: { a: 1 } }`},
		{"basic", `kind: http, username: shop, password: HIDE-password, secrets: [whsec_HIDE-signing], test: LIAR/me`, `http: { url: LIAR/hook, body: hello }`},
		{"oauth", `kind: http, oauth: { token_url: LIAR/token, client_id: shop, client_secret: HIDE-client }`, `http: { url: LIAR/hook }`},
		{"oauth-token", `kind: http, oauth: { token_url: LIAR/good-token, client_id: shop, client_secret: HIDE-client, send: body, more: { resource: HIDE-resource } }`,
			`http: { url: LIAR/hook }`},
		{"ntfy", `kind: notify, service: ntfy, to: shop, token: HIDE-token, api: LIAR`, `notify: { text: hello }`},
		{"discord", `kind: notify, url: HIDE-discord, api: LIAR`, `notify: { text: hello }`},
		{"sheet", `kind: sheet, key: HIDE-service, api: LIAR, token_url: LIAR/token`, `sheet: { spreadsheet: 1AbCdEfGhIjKlMnOpQrStUvWxYz, row: [ hello ] }`},
		{"dsn", `kind: sql, driver: postgres, url: HIDE-dsn, tls: none, tables: [orders]`, `sql: { table: orders, key: id, row: { id: 1 } }`},
		{"database", `kind: sql, driver: mysql, url: "mysql://shop@127.0.0.1:1/shop", password: HIDE-password, tls: none, tables: [orders]`,
			`sql: { table: orders, key: id, row: { id: 1 } }`},
	}
}

// madeKeys are private keys that nobody else has.
var madeKeys = sync.OnceValue(func() (made struct{ signing, service string }) {
	_, signing, err := ed25519.GenerateKey(nil)
	if err != nil {
		panic(err)
	}
	service, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	block := func(key any) string {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			panic(err)
		}
		return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	}
	text, err := json.Marshal(map[string]string{"type": "service_account", "client_email": "bell@example.iam.gserviceaccount.com",
		"private_key_id": "1", "private_key": block(service), "token_uri": "https://oauth2.googleapis.com/token"})
	if err != nil {
		panic(err)
	}
	made.signing, made.service = block(signing), string(text)
	return made
})

// hidden finds where a config has a secret.
var hidden = regexp.MustCompile(`HIDE-[a-z]+`)

// secretOf makes a secret that nothing else looks like. One for signing is base64, and others are of the letters that are spelled
// differently by everybody, but where they stand in a URL as they are.
func secretOf(account, field string) string {
	switch field {
	case "HIDE-signing", "HIDE-before":
		return base64.StdEncoding.EncodeToString([]byte(fmt.Sprintf("signing-with-%s-of-%s-at-length", field[5:], account)))
	case "HIDE-pem":
		return madeKeys().signing
	case "HIDE-service":
		return madeKeys().service
	case "HIDE-discord":
		return "discord://t0ken-of-" + account + "-0123456789@1234567890"
	case "HIDE-dsn":
		return "postgres://shop:p4ssword-of-" + account + "@127.0.0.1:1/shop"
	case "HIDE-path":
		return "p4th-of-" + account + "-0123456789"
	case "HIDE-resource":
		return "r3source-of-" + account + "-0123456789"
	}
	return fmt.Sprintf(`s3cret/%s+%s=<&>'x-us1`, account, field[5:])
}

// secrets lists the secrets of an account.
func (a wrongAccount) secrets() (all []string) {
	for _, field := range hidden.FindAllString(a.config, -1) {
		all = append(all, secretOf(a.name, field))
	}
	if strings.Contains(a.config, "/good-token") {
		all = append(all, goodToken(a.name))
	}
	return all
}

// goodToken is what a token's server gives to an account that it knows.
func goodToken(account string) string { return "t0ken/of+" + account + "==<&>" }

// write gives the account as YAML.
func (a wrongAccount) write(liar, port string) string {
	config := strings.NewReplacer("LIAR", liar+"/"+a.name, "PORT", port).Replace(a.config)
	config = regexp.MustCompile(`((?:whsec_|http:\S*/)?)(HIDE-[a-z]+)`).ReplaceAllStringFunc(config, func(found string) string {
		field := hidden.FindString(found)
		return fmt.Sprintf("%q", "${env:"+variable(a.name, field)+"}")
	})
	return fmt.Sprintf("  %s: { %s }\n", a.name, config)
}

// environment gives the variables that hold an account's secrets, with what stands before a secret in its value.
func (a wrongAccount) environment(liar string) (all []string) {
	config := strings.ReplaceAll(a.config, "LIAR", liar+"/"+a.name)
	for _, found := range regexp.MustCompile(`(?:whsec_|http:\S*/)?HIDE-[a-z]+`).FindAllString(config, -1) {
		field := hidden.FindString(found)
		all = append(all, variable(a.name, field)+"="+strings.Replace(found, field, secretOf(a.name, field), 1))
	}
	return all
}

func variable(account, field string) string {
	return strings.ToUpper(strings.NewReplacer("-", "_").Replace(account + "_" + field))
}

// spellings are the ways in which others write a secret. In base64 the letters depend on what stands before.
func spellings(secret string) []string {
	quoted, _ := json.Marshal(secret)
	all := []string{secret, string(quoted[1 : len(quoted)-1]), url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret))}
	for before := range 3 {
		for _, code := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
			text := code.EncodeToString(append(make([]byte, before), secret...))
			all = append(all, text[(before*8+5)/6:(before+len(secret))*8/6])
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// TestEverySecretIsTried holds that the table has an account for every field of every kind that holds a secret, and for every
// provider.
func TestEverySecretIsTried(t *testing.T) {
	tried := map[string]bool{}
	for _, a := range wrongAccounts() {
		var config map[string]any
		if err := yaml.Unmarshal([]byte("{ "+a.config+" }"), &config); err != nil {
			t.Fatalf("%s: %v", a.name, err)
		}
		kind, _ := config["kind"].(string)
		mention(kind, config, tried)
	}
	for _, kind := range kinds().Actions {
		for _, want := range wanted(kind.Name, kind.Account.Fields()) {
			if !tried[want] {
				t.Errorf("no account has %s: add one to wrongAccounts", want)
			}
		}
	}
}

// mention notes which keys, and which providers, a config has.
func mention(path string, value any, tried map[string]bool) {
	tried[path] = true
	switch v := value.(type) {
	case map[string]any:
		for key, below := range v {
			mention(path+"."+key, below, tried)
		}
	case string:
		tried[path+"="+v] = true
	}
}

// wanted lists the fields that hold secrets, and the providers.
func wanted(path string, fields []shape.Field) (all []string) {
	for _, f := range fields {
		here := path + "." + f.Name
		switch {
		case f.Secret || f.Elem != nil && f.Elem.Secret:
			all = append(all, here)
		case f.Name == "provider":
			for _, v := range f.Values {
				all = append(all, here+"="+v)
			}
		}
		all = append(all, wanted(here, f.Fields)...)
	}
	return all
}
