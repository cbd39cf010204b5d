package signed

import (
	_ "embed"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"shopbell/event"
	"shopbell/sources"
)

// A preset is the description of one platform. It is made of what an operator could write.
type preset struct {
	name                                        string
	verify                                      Verify
	id, typ, subject, time, store, data, entity string // expressions
	single                                      bool   // a request never holds several events
	greeting                                    *greeting
}

// presets lists the platforms that are known. Where each is documented:
//
//	standard     github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md
//	stripe       docs.stripe.com/webhooks, "Verify webhook signatures manually"
//	shopify      shopify.dev, "Deliver webhooks through HTTPS"
//	woocommerce  woocommerce.com/document/webhooks and class-wc-webhook.php
//	github       docs.github.com, "Validating webhook deliveries"
//	slack        docs.slack.dev, "Verifying requests from Slack"
func presets() []preset {
	return []preset{
		{
			name: "standard",
			verify: Verify{Header: "webhook-signature", List: List{Between: " ", Assign: ",", Keys: []string{"v1"}}, Encoding: "base64",
				Parts: []Part{{Header: "webhook-id"}, {Header: "webhook-timestamp"}, {Body: true}}, Separator: ".",
				SecretEncoding: "base64", SecretPrefix: "whsec_", Timestamp: Timestamp{Header: "webhook-timestamp"}},
			id: `headers["webhook-id"]`, typ: `body.type`, time: `body.timestamp ?? headers["webhook-timestamp"]`,
			data: `body.data`, entity: `body.data`, subject: `body.data.id`,
		},
		{
			name: "stripe",
			verify: Verify{Header: "stripe-signature", List: List{Between: ",", Assign: "=", Keys: []string{"v1"}},
				Parts: []Part{{Entry: "t"}, {Body: true}}, Separator: ".", Timestamp: Timestamp{Entry: "t"}},
			id: `body.id`, typ: `body.type`, time: `body.created`, store: `body.account`, data: `body.data`, entity: `body.data.object`,
			subject: `body.data.object.id`, single: true,
		},
		{
			name:   "shopify",
			verify: Verify{Header: "x-shopify-hmac-sha256", Encoding: "base64"},
			id:     `headers["x-shopify-webhook-id"]`, typ: `headers["x-shopify-topic"]`, time: `headers["x-shopify-triggered-at"] ?? body.updated_at`,
			store: `headers["x-shopify-shop-domain"]`, subject: `body.id`, single: true,
		},
		{
			name:   "woocommerce",
			verify: Verify{Header: "x-wc-webhook-signature", Encoding: "base64"},
			// WooCommerce makes the delivery id of the webhook and the second, so two events of one second share it.
			id: `headers["x-wc-webhook-delivery-id"] + "-" + hash`, typ: `headers["x-wc-webhook-topic"]`, time: `body.date_modified_gmt`,
			store:   `replace(trimSuffix(trimPrefix(trimPrefix(headers["x-wc-webhook-source"], "https://"), "http://"), "/"), "/", "-")`,
			subject: `body.id`, single: true, greeting: wooPing(),
		},
		{
			name:   "github",
			verify: Verify{Header: "x-hub-signature-256", Prefix: "sha256="},
			id:     `headers["x-github-delivery"]`, subject: `body.repository.id`, single: true,
			typ: `body.action == nil ? headers["x-github-event"] : headers["x-github-event"] + "." + body.action`,
		},
		{
			name: "slack",
			verify: Verify{Header: "x-slack-signature", Prefix: "v0=", Parts: []Part{{Literal: "v0"}, {Header: "x-slack-request-timestamp"}, {Body: true}},
				Separator: ":", Timestamp: Timestamp{Header: "x-slack-request-timestamp"}},
			id: `body.event_id`, typ: `body.type == "event_callback" ? body.event.type : body.type`, time: `body.event_time`, store: `body.team_id`,
			data: `body.event`, entity: `body.event`, subject: `type(body.event.channel) == "string" ? "channel/" + body.event.channel : nil`,
			single: true, greeting: slackChallenge(),
		},
	}
}

func presetNamed(name string) (*preset, error) {
	var names []string
	for _, p := range presets() {
		if p.name == name {
			return &p, nil
		}
		names = append(names, p.name)
	}
	if name == "" {
		return &preset{}, nil
	}
	return nil, oneOf("preset", name, names...)
}

// A greeting is what a platform sends to try an address. It tells of no event, so it is turned away, with the status that
// serves the operator best.
type greeting struct {
	unsigned bool
	is       func(v *verifier, h headers, raw []byte, body any) bool
	refusal  func() *sources.Refusal
}

var pingForm = regexp.MustCompile(`^webhook_id=[0-9]{1,19}$`)

// wooPing is what WooCommerce sends when a webhook is first saved: a form without a signature, for which it shows an error
// to the merchant unless it is answered by 200.
func wooPing() *greeting {
	return &greeting{
		unsigned: true,
		is: func(v *verifier, h headers, raw []byte, _ any) bool {
			return len(h[v.header]) == 0 && pingForm.Match(raw)
		},
		refusal: func() *sources.Refusal {
			return sources.Refuse(http.StatusOK, "signature", "this is the ping with which WooCommerce tries an address; it is not signed, and tells of nothing that happened")
		},
	}
}

// slackChallenge is what Slack sends when the address is entered: it wants a part of the request back, which no answer of
// ours holds.
func slackChallenge() *greeting {
	return &greeting{
		is: func(_ *verifier, _ headers, _ []byte, body any) bool {
			o, _ := body.(map[string]any)
			return o["type"] == "url_verification"
		},
		refusal: func() *sources.Refusal {
			return sources.Refuse(http.StatusBadRequest, "type", "Slack wants its challenge back, and no answer repeats what was sent: verify the address as docs/sources/signed.md says. The signature fits, so the secret is right")
		},
	}
}

//go:embed types.txt
var typesText string

// A row is one event type of a preset.
type row struct {
	wire, name string
	EventType
}

// rows reads the event types of a preset from a table: preset, name on the wire, canonical name, noun, change, entity and
// then what happened. A dash stands for none, or for the preset's own.
func rows(text, of string) ([]row, error) {
	known := presets()
	var found []row
	for number, line := range strings.Split(text, "\n") {
		columns := strings.Fields(line)
		if len(columns) == 0 || columns[0] == "#" {
			continue
		}
		if len(columns) < 7 || !slices.ContainsFunc(known, func(p preset) bool { return p.name == columns[0] }) {
			return nil, fmt.Errorf("line %d: want preset, name, canonical name, noun, change, entity and words", number+1)
		}
		if columns[0] != of {
			continue
		}
		for i := range columns[:6] {
			if columns[i] == "-" {
				columns[i] = ""
			}
		}
		r := row{wire: columns[1], name: orElse(columns[2], columns[1])}
		r.EventType = EventType{Noun: columns[3], Change: columns[4], Entity: columns[5], Doc: strings.Join(columns[6:], " ")}
		found = append(found, r)
	}
	return found, nil
}

// changeOf reads a change; without a word for it, it is what the type's name ends in.
func changeOf(word, name string) (event.Change, bool) {
	if word == "" {
		word = name[strings.LastIndexAny(name, "./")+1:]
	}
	switch word {
	case "created":
		return event.Created, true
	case "updated":
		return event.Updated, true
	case "deleted":
		return event.Deleted, true
	}
	return event.Other, word == "other"
}
