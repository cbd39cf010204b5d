package rules_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/event"
	"shopbell/rules"
)

// world is an operator's configuration for tests: two stores on a platform whose entities are read back, and a second
// platform that only claims.
func world() rules.World {
	w := rules.World{
		Sources: map[string]rules.Origin{
			"ecwid":   {Kind: "ecwid", Catalog: shopCatalog(), ReadsBack: true, Stores: []string{"1003", "1004"}},
			"billing": {Kind: "signed", Catalog: billingCatalog(), Stores: []string{"acct-1"}},
		},
		Actions: map[string]*actions.Kind{
			"email":       define[emailParams]("email", `email: { to: a@example.com, subject: Hi, text: Hello }`, nil, false),
			"slack":       define[slackParams]("slack", `slack: { channel: "#sales", text: hello }`, nil, false),
			"http":        define[httpParams]("http", `http: { url: "https://example.com", json: { a: 1 } }`, httpResult{}, true),
			"log":         define[logParams]("log", `log: { message: hello }`, nil, true),
			"license_key": define[keyParams]("license_key", `license_key: { pool: games }`, keyResult{}, true),
		},
		Accounts: map[string]rules.Outlet{
			"email":      {Kind: "email"},
			"slack":      {Kind: "slack"},
			"slack-1003": {Kind: "slack", Stores: []string{"1003"}},
		},
	}
	w.Actions["license_key"].Names = pools
	w.Things = func(string) []string { return []string{"a", "b", "games", "movies", "x"} }
	w.Actions["email"].Redirect = to("@", "an e-mail address")
	w.Actions["email"].Reaches = func(json.RawMessage) []actions.Recipient { return nil }
	w.Actions["slack"].Redirect = to("#", "a channel")
	return w
}

// pools gives the pool that a step names.
func pools(params json.RawMessage) []actions.Name {
	var p keyParams
	if err := json.Unmarshal(params, &p); err != nil || !actions.Known(p.Pool) {
		return nil
	}
	return []actions.Name{{Param: "pool", Sort: "pool", Name: p.Pool, Hint: "Make one."}}
}

// to redirects to what holds a sign.
func to(sign, what string) func(json.RawMessage, string) (json.RawMessage, error) {
	return func(params json.RawMessage, to string) (json.RawMessage, error) {
		if !strings.Contains(to, sign) {
			return nil, errors.New("it is not " + what)
		}
		return params, nil
	}
}

type account struct {
	Host string `json:"host,omitempty" jsonschema_description:"Where to send."`
}

type sink[P any] struct{}

func (sink[P]) Send(context.Context, actions.Call[P]) (actions.Result, error) { return nil, nil }

func define[P any](name, example string, result any, free bool) *actions.Kind {
	return actions.Define(actions.Spec[account, P]{
		Name: name, Summary: "Does what " + name + " does", Example: example, Result: result, NoAccount: free,
		Open: func(actions.Env, account) (actions.Sender[P], error) { return sink[P]{}, nil },
	})
}

type emailParams struct {
	To      string   `json:"to" lands:"header" jsonschema_description:"Whom to write to."`
	Cc      []string `json:"cc,omitempty" lands:"header" jsonschema_description:"Who gets a copy."`
	Subject string   `json:"subject" lands:"header" jsonschema_description:"The subject."`
	Text    string   `json:"text,omitempty" jsonschema_description:"The message as plain text."`
	HTML    string   `json:"html,omitempty" lands:"html" jsonschema_description:"The message as HTML."`
	File    string   `json:"template,omitempty" lands:"template" jsonschema_description:"A file of HTML."`
	Attach  []string `json:"attach,omitempty" lands:"file" jsonschema_description:"Files."`
}

// Check implements actions.Checker.
func (p emailParams) Check() error {
	if p.Text == "" && p.HTML == "" && p.File == "" {
		return errors.New("the message is empty: give text or html")
	}
	return nil
}

type slackParams struct {
	Channel string `json:"channel" jsonschema_description:"Channel to post in."`
	Text    string `json:"text" lands:"slack" jsonschema_description:"The message."`
	Blocks  []any  `json:"blocks,omitempty" lands:"slack" jsonschema_description:"Blocks of Slack's kit."`
}

type httpParams struct {
	URL    string            `json:"url" lands:"url" jsonschema_description:"Where to send."`
	Method string            `json:"method,omitempty" jsonschema:"enum=POST,enum=PUT,enum=GET" jsonschema_description:"The method."`
	Header map[string]string `json:"headers,omitempty" lands:"header" jsonschema_description:"Headers."`
	JSON   any               `json:"json,omitempty" jsonschema_description:"The body."`
	Body   string            `json:"body,omitempty" lands:"json" jsonschema_description:"The body as text."`
	Tries  int               `json:"count,omitempty" jsonschema_description:"A number."`
	Follow bool              `json:"follow,omitempty" jsonschema_description:"Whether to follow redirects."`
}

type httpResult struct {
	Status int `json:"status" jsonschema_description:"The status."`
}

type logParams struct {
	Message string `json:"message" jsonschema_description:"The line."`
}

type keyParams struct {
	Pool string `json:"pool" jsonschema_description:"The pool."`
}

type keyResult struct {
	Value string `json:"value" jsonschema_description:"The key."`
}

func shopCatalog() *event.Catalog {
	person := event.ObjectOf("A person.", event.Must("name", event.Of(event.Text, "Full name.")), event.May("phone", event.Of(event.Text, "Phone.")))
	item := event.ObjectOf("One line.", event.Must("sku", event.Of(event.Text, "SKU.")), event.Must("name", event.Of(event.Text, "Name.")),
		event.Must("quantity", event.Of(event.Number, "How many.")), event.Must("price", event.Of(event.Number, "Price of one.")))
	order := event.ObjectOf("An order.",
		event.Must("id", event.Of(event.Text, "Order number.")),
		event.Must("total", event.Of(event.Number, "Total.")),
		event.Must("paymentStatus", event.Enum("Payment.", "AWAITING_PAYMENT", "PAID", "CANCELLED", "REFUNDED")),
		event.Must("email", event.Of(event.Text, "Customer's address.")),
		event.May("customerGroup", event.Of(event.Text, "Group.")),
		event.May("orderComments", event.Of(event.Text, "What the customer wrote.")),
		event.May("acceptMarketing", event.Of(event.Flag, "Consent.")),
		event.Must("createDate", event.Of(event.Text, "When.")),
		event.Must("items", event.ListOf("Lines.", item)),
		event.May("shippingPerson", person),
		event.May("extraFields", event.TableOf("Free fields.", event.Of(event.Text, "Value."))))
	product := event.ObjectOf("A product.", event.Must("id", event.Of(event.Number, "Id.")), event.Must("name", event.Of(event.Text, "Name.")),
		event.Must("price", event.Of(event.Number, "Price.")), event.May("quantity", event.Of(event.Number, "Stock.")))
	cart := event.ObjectOf("A cart.", event.Must("cartId", event.Of(event.Text, "Id.")), event.May("email", event.Of(event.Text, "Address.")))
	customer := event.ObjectOf("A customer.", event.Must("id", event.Of(event.Number, "Id.")), event.Must("email", event.Of(event.Text, "Address.")))
	claim := event.ObjectOf("The claim.", event.May("orderId", event.Of(event.Text, "Order.")),
		event.May("oldPaymentStatus", event.Of(event.Text, "Before.")), event.May("newPaymentStatus", event.Of(event.Text, "After.")))
	entity := func(noun string, s *event.Schema, change event.Change, verb string) event.Type {
		t := event.Type{Name: noun + "." + verb, Noun: noun, Entity: s, Change: change, Readable: change != event.Deleted, Doc: "It happened."}
		if noun == "order" {
			t.Data, t.Consent = claim, "acceptMarketing"
		}
		return t
	}
	return &event.Catalog{Types: []event.Type{
		entity("order", order, event.Created, "created"), entity("order", order, event.Updated, "updated"), entity("order", order, event.Deleted, "deleted"),
		entity("product", product, event.Created, "created"), entity("product", product, event.Updated, "updated"),
		entity("cart", cart, event.Created, "created"), entity("customer", customer, event.Created, "created"),
		{Name: "profile.updated", Doc: "The store's settings changed.", Change: event.Updated},
	}}
}

func billingCatalog() *event.Catalog {
	return &event.Catalog{Types: []event.Type{
		{Name: "invoice.paid", Noun: "invoice", Doc: "Paid.", Entity: event.ObjectOf("An invoice.", event.Must("total", event.Of(event.Number, "Total.")))},
	}}
}

// input is an event on an order in store 1003, a shop in Berlin.
func input(typ string, entity, was map[string]any) *rules.Input {
	return &rules.Input{
		Event: &event.Event{
			Source: "ecwid", Store: "1003", ID: "e-1", Type: typ, Subject: "order/K8XTQ",
			Created: time.Date(2026, 11, 20, 23, 30, 0, 0, time.UTC), Received: time.Date(2026, 11, 20, 23, 30, 2, 0, time.UTC),
		},
		Data:   map[string]any{"orderId": "K8XTQ", "total": 250, "paymentStatus": "PAID"},
		Entity: entity, Was: was,
		Store: event.Store{ID: "1003", Name: "Tea & Co", Email: "shop@example.com", Currency: "EUR", Timezone: "Europe/Berlin", Language: "en"},
	}
}

// order is one as it is read back; extra fields take the place of its own.
func order(extra map[string]any) map[string]any {
	o := map[string]any{
		"id": "K8XTQ", "total": 250.5, "paymentStatus": "PAID", "email": "ann@example.com", "customerGroup": "VIP",
		"createDate": "2026-11-20 23:30:00 +0000",
		"items": []any{
			map[string]any{"sku": "SW-1", "name": "Tea", "quantity": 2, "price": 5},
			map[string]any{"sku": "HW-2", "name": "Pot <large>", "quantity": 1, "price": 240.5},
		},
	}
	for k, v := range extra {
		o[k] = v
	}
	return o
}
