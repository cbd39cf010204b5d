// Package notify declares the notify action, which sends a short message to people who run the shop, through one of many services:
//
//	notify: { title: "Order {{ order.id }}", text: "{{ money(order.total) }} from {{ order.email }}", priority: high }
//
// Which service, and where there, is the account's: `url: "telegram://TOKEN@telegram?chats=@ops"`, in the notation of shoutrrr, whose
// library reads it and composes what it can. The sending is our own: that library knows neither a context nor a status, tries again by
// itself, keeps the values of one message for the next, and shows tokens in its errors.
//
// Text is text: whatever it holds rings nobody, hides no link and is no mark-up. It does not send files, and is not for customers.
package notify

import (
	"errors"
	"strings"

	"shopbell/actions"
	"shopbell/actions/web"
)

// Action sends a notification.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:    "notify",
	Summary: "Notify the people who run the shop through Telegram, Discord, Teams, ntfy, Pushover and others",
	Doc:     doc,
	Example: `notify: { title: "Order {{ order.id }}", text: "{{ money(order.total) }} from {{ order.email }}", priority: high }`,
	Result:  Result{},
	// None of the services knows a key that would tell a repeated message, but a second one does little harm, and a lost one more.
	Idempotent: true,
	Redirect: func(p Params, _ string) (Params, error) {
		return p, errors.New("it is not a place of a notification, which goes where its account says")
	},
	Open: open,
})

const doc = `The account says which service, and where there: by ` + "`url`" + ` in the notation of [shoutrrr](https://shoutrrr.nickfedor.com), by the
https URL of a webhook as the service shows it, or by ` + "`service`, `token` and `to`" + `:

| service | url | or | link | priority | at most |
|---|---|---|---|---|---|
| Telegram | ` + "`telegram://TOKEN@telegram?chats=@ops`" + ` | service, token, to (the chat) | below the text | low is silent | 4,096 characters |
| Discord | ` + "`discord://TOKEN@ID`, https://discord.com/api/webhooks/…" + ` | | below the text | | 2,000 characters |
| Teams | https://… of a workflow, with ` + "`service: teams`" + ` | | a button | | 20,000 characters |
| ntfy | ` + "`ntfy://USER:PASSWORD@ntfy.sh/TOPIC`" + ` | service, to (the topic), token, api | on a tap | yes | 4,096 bytes |
| Pushover | ` + "`pushover://shoutrrr:TOKEN@USERKEY`" + ` | service, token, to (the user key) | yes | yes; urgent rings until it is seen, for an hour | 1,024 characters |
| Gotify | ` + "`gotify://HOST/TOKEN`" + ` | service, token, api | on a tap | yes | 20,000 characters |
| Mattermost | ` + "`mattermost://HOST/TOKEN`" + `, https://…/hooks/… with service | | below the text | | 16,000 characters |
| Rocket.Chat | ` + "`rocketchat://HOST/TOKENA/TOKENB`" + `, https://…/hooks/… with service | | below the text | | 5,000 characters |
| Google Chat | https://chat.googleapis.com/v1/spaces/… | | below the text | | 4,096 bytes |
| Zulip | ` + "`zulip://BOT@EXAMPLE.COM:KEY@HOST?stream=ops&topic=shop`" + ` (@ in the address as %40) | service, user (the bot), token, to (the stream), api | below the text | | 10,000 characters |

None of them knows a key by which it would tell a repeated message, so a try whose outcome is unknown may notify twice.

A text is shown as it is: it rings nobody (` + "`@everyone`" + `), hides no link, and its asterisks are asterisks. What is longer than the service
takes is cut off, which ends in …. A server at a private address is reached only when ` + "`http: { allow: [] }`" + ` in the config names it.

For Teams it is the URL of a workflow (“Post to a channel when a webhook request is received”): Microsoft has taken the earlier connectors away.`

// An Account is one place at one service.
type Account struct {
	URL     actions.Secret `json:"url,omitempty" jsonschema_description:"Where messages go, with what it takes to get in: see the table."`
	Service string         `json:"service,omitempty" jsonschema:"enum=discord,enum=googlechat,enum=gotify,enum=mattermost,enum=ntfy,enum=pushover,enum=rocketchat,enum=teams,enum=telegram,enum=zulip" jsonschema_description:"Which service it is, when url does not say."`
	Token   actions.Secret `json:"token,omitempty" jsonschema_description:"Token or key of the bot or app, instead of url."`
	To      string         `json:"to,omitempty" jsonschema_description:"Chat, topic, user key or stream, instead of url."`
	User    string         `json:"user,omitempty" jsonschema_description:"User name at ntfy, or e-mail address of the bot at Zulip, instead of url."`
	API     string         `json:"api,omitempty" jsonschema_description:"Where the service is, such as https://ntfy.example.com, when it is not its usual place."`
}

// Params are what one step says.
type Params struct {
	Text     string `json:"text" jsonschema:"minLength=1" jsonschema_description:"What happened, as plain text."`
	Title    string `json:"title,omitempty" jsonschema_description:"A line above it, or the notification's title." lands:"header"`
	Priority string `json:"priority,omitempty" jsonschema:"enum=low,enum=normal,enum=high,enum=urgent,default=normal" jsonschema_description:"How loud it is, where the service knows of that."`
	Link     string `json:"link,omitempty" jsonschema_description:"An http or https address that the notification leads to." lands:"header"`
}

// Check implements [actions.Checker].
func (p Params) Check() error {
	if p.Link != "" && actions.Known(p.Link) && !isAddress(p.Link) {
		return errors.New("link is not an address that begins with https:// or http://")
	}
	return nil
}

// isAddress tells whether a link leads to a page, and says no more than where.
func isAddress(link string) bool {
	rest, ok := strings.CutPrefix(link, "https://")
	if !ok {
		rest, ok = strings.CutPrefix(link, "http://")
	}
	return ok && rest != "" && len(link) <= maxLink && !strings.ContainsAny(link, " \t\r\n<>\"`|")
}

// Result is what later steps see.
type Result struct {
	ID  string `json:"id,omitempty" jsonschema_description:"What the service calls the message, if it says."`
	Cut bool   `json:"cut,omitempty" jsonschema_description:"Whether the text was longer than the service takes, and was cut off."`
}

func open(env actions.Env, a Account) (actions.Sender[Params], error) {
	place, err := placeOf(a)
	if err != nil {
		return nil, err
	}
	way, err := place.service.open(place)
	if err != nil {
		return nil, err
	}
	secrets := append(place.secrets(), way.secrets...)
	s := &sender{service: place.service, way: way, client: web.New(web.Options{Env: env, Guarded: true, Secrets: secrets})}
	if way.test != nil {
		return &tester{s}, nil
	}
	return s, nil
}
