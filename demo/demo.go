// Package demo is everything that `shopbell demo` needs around a normal Shopbell: a simulated Ecwid store, a mail server,
// a Slack and a Twilio that keep what they are sent, sample rules, and pages to try it with. Nothing leaves the machine.
//
//	d, err := demo.Start(ctx, demo.Options{Listen: "127.0.0.1:8080", Folder: folder})
//	// d.Config is a config file in folder; serve it, with d.Pages() in the dashboard
//	defer d.Close(ctx)
//
// It does not start Shopbell itself, so that the demo runs through the same wiring as `shopbell serve`.
package demo

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/emersion/go-smtp"

	"shopbell/server"
	"shopbell/sources/ecwid/ecwidtest"
)

// What the parts of the demo call each other by. None of it is a secret: nothing listens beyond this machine.
const (
	storeID      = "1003"
	storeToken   = "secret_demo"
	clientSecret = "demo-client-secret"
	slackToken   = "xoxb-demo"
	twilioSID    = "ACdemo"
	twilioToken  = "demo-twilio-token"
)

//go:embed config.yaml rules
var samples embed.FS

// Options say where a demo runs. Both are required.
type Options struct {
	// Listen is the address that Shopbell will listen on, such as 127.0.0.1:8080. The store sends its webhooks there,
	// and tries again until somebody answers.
	Listen string
	// Folder is where the config, the rules and the database go. Rules that are there already are left as they are.
	Folder string
}

// A Demo is the world around a Shopbell. Its methods may be called by many goroutines at once.
type Demo struct {
	Config string // path of the config file

	inbox  *Inbox
	store  *ecwidtest.Store
	sender *ecwidtest.Sender
	mail   *smtp.Server
	web    []*http.Server // the APIs of the store, Slack and Twilio
}

// addresses are where the parts of a demo listen.
type addresses struct {
	Listen, Store, StoreAPI, MailHost, MailPort, SlackAPI, TwilioAPI string
}

// Start starts the store, the mail server, Slack and Twilio on free ports of this machine, and writes the config and the
// rules that go with them. ctx only bounds the start.
func Start(ctx context.Context, o Options) (*Demo, error) {
	d := &Demo{inbox: newInbox(), Config: filepath.Join(o.Folder, "shopbell.yaml")}
	d.sender = ecwidtest.NewSender(ecwidtest.SenderOptions{URL: "http://" + o.Listen + "/webhooks/ecwid", Secret: clientSecret})
	d.store = ecwidtest.New(ecwidtest.Options{StoreID: storeID, Token: storeToken, Send: d.sender.Send})
	a := addresses{Listen: o.Listen, Store: storeID}
	err := d.listen(&a)
	if err == nil {
		err = write(o.Folder, a)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close(ctx))
	}
	return d, nil
}

// listen opens the ports.
func (d *Demo) listen(a *addresses) error {
	var listeners [4]net.Listener
	for i := range listeners {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			for _, open := range listeners[:i] {
				err = errors.Join(err, open.Close())
			}
			return err
		}
		listeners[i] = l
	}
	a.StoreAPI = "http://" + listeners[0].Addr().String() + "/api/v3"
	a.SlackAPI = "http://" + listeners[1].Addr().String() + "/api/"
	a.TwilioAPI = "http://" + listeners[3].Addr().String()
	a.MailHost, a.MailPort, _ = net.SplitHostPort(listeners[2].Addr().String())
	for i, handler := range map[int]http.Handler{0: d.store, 1: &slackAPI{inbox: d.inbox}, 3: &twilioAPI{inbox: d.inbox}} {
		s := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, IdleTimeout: time.Minute}
		d.web = append(d.web, s)
		go s.Serve(listeners[i]) // ends at Close
	}
	d.mail = newSMTP(d.inbox)
	go d.mail.Serve(listeners[2]) // ends at Close
	return nil
}

// Close ends everything that Start began. What is under way may finish until ctx ends. It may be called again.
func (d *Demo) Close(ctx context.Context) error {
	err := d.sender.Close(ctx)
	for _, s := range d.web {
		err = errors.Join(err, s.Shutdown(ctx))
	}
	if d.mail != nil {
		if closing := d.mail.Close(); !errors.Is(closing, smtp.ErrServerClosed) {
			err = errors.Join(err, closing)
		}
	}
	return err
}

// Pages are what the demo adds to the dashboard: the inbox, and the shop.
func (d *Demo) Pages() []server.Page {
	return []server.Page{d.inboxPage(), d.shopPage()}
}

// Inbox gives what was sent.
func (d *Demo) Inbox() *Inbox { return d.inbox }

// Store gives the simulated store.
func (d *Demo) Store() *ecwidtest.Store { return d.store }

// write puts the config into a folder, what it refers to, and the rules that are not there yet.
func write(folder string, a addresses) error {
	text, err := configText(a)
	if err != nil {
		return err
	}
	for _, name := range []string{"rules", "secrets"} {
		if err := os.MkdirAll(filepath.Join(folder, name), 0o700); err != nil {
			return err
		}
	}
	for name, content := range map[string]string{
		"shopbell.yaml": text, "secrets/ecwid-client-secret": clientSecret, "secrets/ecwid-token": storeToken,
		"secrets/slack-token": slackToken, "secrets/twilio-token": twilioToken,
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			return err
		}
	}
	return writeRules(filepath.Join(folder, "rules"))
}

// writeRules puts the sample rules into a folder, save those that are there: somebody may have changed them, which is
// what a demo is for.
func writeRules(folder string) error {
	names, err := fs.Glob(samples, "rules/*.yaml")
	if err != nil {
		return err
	}
	for _, name := range names {
		content, err := samples.ReadFile(name)
		if err != nil {
			return err
		}
		path := filepath.Join(folder, strings.TrimPrefix(name, "rules/"))
		if _, err := os.Stat(path); err == nil {
			continue
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// configText gives the text of the config file.
func configText(a addresses) (string, error) {
	text, err := samples.ReadFile("config.yaml")
	if err != nil {
		return "", err
	}
	t, err := template.New("config").Parse(string(text))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, a); err != nil {
		return "", fmt.Errorf("the config of the demo: %w", err)
	}
	return b.String(), nil
}
