// Package email declares the email action, which hands one message to an SMTP server:
//
//	email:
//	  to: "{{ order.email }}"
//	  subject: Your order {{ order.id }}
//	  text: Thank you, {{ order.shippingPerson?.name ?? "dear customer" }}!
//
// A step is one message to all its recipients: when the server refuses one of them, nobody gets it. It does not read
// mail, and does not learn of a message that comes back later.
package email

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/mail"
	"os"
	"strings"
	"time"

	"shopbell/actions"
)

// Action sends a message.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:    "email",
	Summary: "Send an e-mail",
	Doc:     doc,
	Example: `email: { to: "{{ order.email }}", subject: "Your order {{ order.id }}", text: "Thank you!" }`,
	Result:  Result{},
	// SMTP knows no key, and a second copy of a message is a nuisance to a customer: an unknown outcome is a person's.
	Idempotent: false,
	Redirect:   redirect,
	Reaches:    reaches,
	Spare:      spare,
	Open:       open,
})

const doc = `A message has text, and html or a template, or both; HTML alone gets a text made of it. What holes put into html is escaped.
A template is a file of HTML beside the rules, see [templates](../templates.md). HTML that shows ` + "`cid:logo.png`" + ` carries the image along: the
file logo.png, beside the rules or in a folder ` + "`templates`" + ` there, the store's own first.

What a message carries stands below ` + "`attach`" + `, each by the name of its file or as an object:

` + "```yaml" + `
attach:
  - terms.pdf
  - { file: "manuals/{{ order.items[0].sku }}.pdf", name: manual.pdf }
  - { content: "{{ csv(map(order.items, .sku)) }}", name: items.csv }
` + "```" + `

Files are looked for where images are. Headers of your own stand below ` + "`headers`" + `; those that the message sets itself are refused. The
Message-ID is the same on every try, and Auto-Submitted keeps holiday replies away. When the server refuses one recipient, nobody gets the
message; to treat recipients one by one, use one step for each.

An account with ` + "`dkim`" + ` signs its messages. Most servers do that themselves: ask yours first.`

// An Account is an SMTP server and who sends through it.
type Account struct {
	Host     string           `json:"host" jsonschema:"pattern=^[A-Za-z0-9.:_-]+$" jsonschema_description:"Name or address of the SMTP server."`
	Port     int              `json:"port,omitempty" jsonschema:"minimum=1,maximum=65535" jsonschema_description:"Port; without it 587 for starttls, 465 for tls, 25 for none."`
	TLS      string           `json:"tls,omitempty" jsonschema:"enum=starttls,enum=tls,enum=none,default=starttls" jsonschema_description:"How the connection is encrypted. starttls is demanded, not only tried."`
	Username string           `json:"username,omitempty" jsonschema_description:"Name to sign in with; without it, none."`
	Password actions.Secret   `json:"password,omitempty" jsonschema_description:"Password to sign in with."`
	From     string           `json:"from" jsonschema_description:"Sender, such as Shop <shop@example.com>."`
	ReplyTo  string           `json:"reply_to,omitempty" jsonschema_description:"Where answers go, unless a step says another."`
	HELO     string           `json:"helo,omitempty" jsonschema:"pattern=^[A-Za-z0-9.:_-]+$" jsonschema_description:"Name to greet the server with; without it, this machine's."`
	CA       string           `json:"ca,omitempty" jsonschema_description:"File of PEM certificates that the server's is checked against, in place of the system's."`
	MaxSize  int              `json:"max_size,omitempty" jsonschema:"minimum=1,maximum=100,default=10" jsonschema_description:"Largest message with all that it carries, in MB; the server has a bound of its own."`
	DKIM     *DKIM            `json:"dkim,omitempty" jsonschema_description:"Signs the messages, where the server does not."`
	Font     string           `json:"font,omitempty" jsonschema_description:"File of a TrueType font (.ttf) for receipts: for letters other than Latin, Greek and Cyrillic ones."`
	Timeout  actions.Duration `json:"timeout,omitempty" jsonschema:"default=45s" jsonschema_description:"Give up a message after this long."`
}

// Params are what one step says.
type Params struct {
	To      Recipients `json:"to" jsonschema_description:"Recipients: one address, several with commas between them, or a list." lands:"address"`
	CC      Recipients `json:"cc,omitempty" jsonschema_description:"Recipients of a copy." lands:"address"`
	BCC     Recipients `json:"bcc,omitempty" jsonschema_description:"Recipients of a copy whom nobody sees." lands:"address"`
	ReplyTo Recipients `json:"reply_to,omitempty" jsonschema_description:"Where answers go." lands:"address"`
	Subject string     `json:"subject" jsonschema_description:"Subject." lands:"header"`
	Text    string     `json:"text,omitempty" jsonschema_description:"Message as plain text."`
	HTML    string     `json:"html,omitempty" jsonschema_description:"Message as HTML." lands:"html"`

	Template string       `json:"template,omitempty" jsonschema_description:"A file of HTML with holes beside the rules, such as order.html, in place of html." lands:"template"`
	Attach   []Attachment `json:"attach,omitempty" jsonschema_description:"Files that the message carries: names, or objects with file, content or receipt, and name." lands:"file"`
	Headers  Headers      `json:"headers,omitempty" jsonschema_description:"Headers of your own, such as X-Campaign." lands:"header"`
}

// Check implements [actions.Checker].
func (p Params) Check() error {
	if p.Text == "" && p.HTML == "" && p.Template == "" {
		return errors.New("text, html or template is missing: a message says something")
	}
	if err := p.Headers.check(); err != nil {
		return err
	}
	for i := range p.Attach {
		if err := p.Attach[i].check(); err != nil {
			return err
		}
	}
	for _, list := range []Recipients{p.To, p.CC, p.BCC, p.ReplyTo} {
		for _, r := range list {
			if !actions.Known(r) || r == "" {
				continue
			}
			if _, err := parse(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// Result is what later steps see.
type Result struct {
	MessageID string `json:"message_id" jsonschema_description:"Message-ID of the message, without angle brackets."`
}

func open(env actions.Env, a Account) (actions.Sender[Params], error) {
	s := &sender{env: env, most: int64(cmp.Or(a.MaxSize, defaultSize)) << 20, host: a.Host, port: a.Port, tls: a.TLS, username: a.Username, password: a.Password, helo: a.HELO,
		timeout: time.Duration(a.Timeout), mask: newMask(a)}
	from, err := mail.ParseAddress(a.From)
	if err != nil {
		return nil, fmt.Errorf("from: %q is not an e-mail address", a.From)
	}
	if s.from, err = toASCII(from); err != nil {
		return nil, fmt.Errorf("from: %w", err)
	}
	if a.ReplyTo != "" {
		if s.replyTo, err = parse(a.ReplyTo); err != nil {
			return nil, fmt.Errorf("reply_to: %w", err)
		}
	}
	if a.Password != "" && a.Username == "" {
		return nil, errors.New("password is given without username")
	}
	if s.signature, err = a.DKIM.open(); err != nil {
		return nil, err
	}
	if s.cashier, err = newCashier(env, a.Font); err != nil {
		return nil, err
	}
	s.defaults()
	if s.config, err = trust(a); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *sender) defaults() {
	if s.tls == "" {
		s.tls = startTLS
	}
	if s.port == 0 {
		s.port = map[string]int{startTLS: 587, implicitTLS: 465, noTLS: 25}[s.tls]
	}
	if s.timeout <= 0 {
		s.timeout = 45 * time.Second
	}
}

// trust says whose certificates are believed.
func trust(a Account) (*tls.Config, error) {
	config := &tls.Config{ServerName: a.Host, MinVersion: tls.VersionTLS12}
	if a.CA == "" {
		return config, nil
	}
	text, err := os.ReadFile(a.CA)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ca: %s holds no PEM certificate", a.CA)
	}
	return config, nil
}

// domain is what follows the @ of an address.
func domain(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
