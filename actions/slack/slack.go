// Package slack declares the slack action, which posts a message to a channel:
//
//	slack: { channel: "#sales", text: "{{ order.id }} is paid" }
//
// It goes through a bot token (chat.postMessage, chat.update) or through an incoming webhook, whose channel is fixed. It reads and
// deletes no messages, and changes only those that the same bot has posted.
package slack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/slack-go/slack"

	"shopbell/actions"
	"shopbell/actions/web"
)

// Action posts a message.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:    "slack",
	Summary: "Post a message to a Slack channel",
	Doc:     doc,
	Example: `slack: { channel: "#sales", text: "*{{ order.id }}* is paid" }`,
	Result:  Result{},
	// Slack knows no key that would tell a repeated message, but a second one does little harm, and a lost one more.
	Idempotent: true,
	Redirect:   redirect,
	Open:       open,
})

const doc = `The account holds either the token of a bot, which may post to any channel that it is a member of, or the URL of an
incoming webhook, whose channel is fixed, so that a step must not name one. Text is mrkdwn; what holes put in is
escaped, in blocks too, so that a customer's words never ring a channel. Blocks are as Slack's documentation writes them.

The surest name of a channel is its id (in Slack: the channel's details, at the bottom), which a renamed channel keeps. A #name
works for public channels that the bot is in. Later steps can go on where an earlier one has posted:

    - id: first
      slack: { channel: "#sales", text: "{{ order.id }} is new" }
    - slack: { channel: "{{ steps.first.channel }}", thread: "{{ steps.first.ts }}", text: an answer below it }
    - slack: { channel: "{{ steps.first.channel }}", update: "{{ steps.first.ts }}", text: "{{ order.id }} is paid" }

An update needs the channel's id, which is what the earlier step leaves, and a bot; an incoming webhook cannot change messages.
Slack takes about one message a second for each channel: more than that wait for their turn, and none is dropped.
Slack knows no key by which it would tell a repeated message, so a try whose outcome is unknown may post twice.
A text of more than 40,000 characters, which Slack would cut off, is refused.`

// An Account is a bot or an incoming webhook.
type Account struct {
	Token   actions.Secret `json:"token,omitempty" jsonschema_description:"Bot token, xoxb-…, with the scope chat:write."`
	Webhook actions.Secret `json:"webhook,omitempty" jsonschema_description:"URL of an incoming webhook, instead of a token."`
	API     string         `json:"api,omitempty" jsonschema:"default=https://slack.com/api/" jsonschema_description:"Where Slack's API is; ends in /api/."`
}

// Params are what one step says.
type Params struct {
	Channel string           `json:"channel,omitempty" jsonschema:"minLength=1" jsonschema_description:"Channel to post in: its id or its #name. Not with a webhook." lands:"header"`
	Text    string           `json:"text,omitempty" jsonschema_description:"Message in mrkdwn, at most 40,000 characters. With blocks, what notifications show." lands:"slack"`
	Blocks  []map[string]any `json:"blocks,omitempty" jsonschema:"minItems=1,maxItems=50" jsonschema_description:"Message as blocks." lands:"slack"`
	Update  string           `json:"update,omitempty" jsonschema_description:"Timestamp of a message that the bot has posted, such as steps.first.ts: it is changed, and none is added. The channel is its id then, such as steps.first.channel. Not with a webhook." lands:"header"`
	Thread  string           `json:"thread,omitempty" jsonschema_description:"Timestamp of the message to answer, such as steps.first.ts." lands:"header"`
}

// Check implements [actions.Checker].
func (p Params) Check() error {
	if p.Text == "" && len(p.Blocks) == 0 {
		return errors.New("text or blocks is missing: a message says something")
	}
	switch {
	case p.Update == "":
	case p.Thread != "":
		return errors.New("update and thread are both given: a message that is changed stays where it is")
	case actions.Known(p.Channel) && p.Channel != "" && !channelID.MatchString(p.Channel):
		return fmt.Errorf("update needs the id of the channel, such as {{ steps.first.channel }}; %q is not one", p.Channel)
	}
	return nil
}

// channelID is how Slack names a conversation for good.
var channelID = regexp.MustCompile(`^[CDG][A-Z0-9]{1,30}$`)

// maxText is the most that Slack takes, in characters. It cuts off what is longer.
const maxText = 40_000

// fits checks what only whole parameters show.
func (p *Params) fits() error {
	if n := utf8.RuneCountInString(p.Text); n > maxText {
		return actions.Permanent(actions.BlameRequest, fmt.Errorf("the text has %d characters, and Slack takes at most %d", n, maxText))
	}
	return nil
}

// Result is what later steps see.
type Result struct {
	TS      string `json:"ts,omitempty" jsonschema_description:"Timestamp that names the message, for thread. Not from a webhook."`
	Channel string `json:"channel,omitempty" jsonschema_description:"Id of the channel. Not from a webhook."`
}

func open(env actions.Env, a Account) (actions.Sender[Params], error) {
	if (a.Token == "") == (a.Webhook == "") {
		return nil, errors.New("want either token or webhook")
	}
	client := web.New(web.Options{Env: env, Secrets: append(secretParts(a.Webhook), a.Token, a.Webhook)})
	if a.Webhook != "" {
		if !isURL(a.Webhook.Reveal()) {
			return nil, errors.New("webhook is not an http or https URL")
		}
		return &webhook{client: client, url: a.Webhook}, nil
	}
	api := a.API
	if api == "" {
		api = slack.APIURL
	}
	if !isURL(api) {
		return nil, errors.New("api is not an http or https URL")
	}
	if !strings.HasSuffix(api, "/") {
		api += "/"
	}
	door := &door{client: client, token: a.Token}
	return &bot{client: slack.New(a.Token.Reveal(), slack.OptionHTTPClient(door), slack.OptionAPIURL(api))}, nil
}

func isURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// secretParts gives the parts of a webhook's URL that are the secret: its path, and of that what is no short word.
func secretParts(webhook actions.Secret) []actions.Secret {
	u, err := url.Parse(webhook.Reveal())
	if err != nil {
		return nil
	}
	path := strings.TrimPrefix(u.RequestURI(), "/")
	parts := []actions.Secret{actions.Secret(path)}
	for part := range strings.SplitSeq(path, "/") {
		if len(part) >= 12 {
			parts = append(parts, actions.Secret(part))
		}
	}
	return parts
}

// bot posts with a token.
type bot struct {
	client *slack.Client
	pace   pace
}

// Send implements [actions.Sender].
func (b *bot) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	p := &call.Params
	if p.Channel == "" {
		return nil, actions.Permanent(actions.BlameRequest, errors.New("channel is missing: a bot token posts to the channel that the step names"))
	}
	if err := p.fits(); err != nil {
		return nil, err
	}
	if err := b.pace.enter(ctx, p.Channel, call.Key); err != nil {
		return nil, err
	}
	channel, ts, _, err := b.client.SendMessageContext(ctx, p.Channel, options(p)...)
	if err != nil {
		err = sorted(err)
		b.pace.hold(p.Channel, actions.OutcomeOf(err).Wait)
		return nil, err
	}
	if ts == "" {
		return nil, errNotSlack()
	}
	b.pace.known(p.Channel, channel)
	return actions.Result{"ts": ts, "channel": channel}, nil
}

// options says the message in slack-go's words.
func options(p *Params) []slack.MsgOption {
	var list []slack.MsgOption
	if p.Update != "" {
		list = append(list, slack.MsgOptionUpdate(p.Update))
	}
	if p.Text != "" {
		list = append(list, slack.MsgOptionText(p.Text, false)) // holes are escaped already
	}
	if len(p.Blocks) > 0 || p.Update != "" { // without any, an update would leave the earlier blocks where they are
		list = append(list, slack.MsgOptionBlocks(blocks(p.Blocks)...))
	}
	if p.Thread != "" {
		list = append(list, slack.MsgOptionTS(p.Thread))
	}
	return list
}

// block passes a block on as it was written.
type block map[string]any

// BlockType implements [slack.Block].
func (b block) BlockType() slack.MessageBlockType {
	kind, _ := b["type"].(string)
	return slack.MessageBlockType(kind)
}

// ID implements [slack.Block].
func (b block) ID() string {
	id, _ := b["block_id"].(string)
	return id
}

func blocks(written []map[string]any) []slack.Block {
	out := make([]slack.Block, len(written))
	for i, b := range written {
		out[i] = block(b)
	}
	return out
}

// door is the way of slack-go to the network. It sorts what went wrong before slack-go, which would forget the half of
// it, and lets only whole answers of 200 in.
type door struct {
	client *web.Client
	token  actions.Secret
}

// Do sends a request.
func (d *door) Do(r *http.Request) (*http.Response, error) {
	r.Header.Set("Authorization", "Bearer "+d.token.Reveal())
	answer, err := d.client.Do(r)
	if err != nil {
		return nil, err
	}
	if err := answer.Err(); err != nil {
		return nil, err
	}
	if answer.Status != http.StatusOK || answer.Partial != nil {
		return nil, errNotSlack()
	}
	if wait := answer.Wait(); wait > 0 { // a refusal to hurry may come with 200
		var said struct {
			Error string `json:"error"`
		}
		if json.Unmarshal(answer.Body, &said) == nil && said.Error != "" {
			if v, _ := lookup(said.Error); v.outcome == actions.OutcomeRetry {
				return nil, actions.RetryAfter(wait, v.err(said.Error, ""))
			}
		}
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Header: answer.Header,
		Body: io.NopCloser(bytes.NewReader(answer.Body)), Request: r}, nil
}

// webhook posts through an incoming webhook.
type webhook struct {
	client *web.Client
	url    actions.Secret
	pace   pace
}

// Fixed implements [actions.Fixed].
func (*webhook) Fixed() string {
	return "an incoming webhook posts to the one channel that it was made for"
}

// message is the body that incoming webhooks take.
type message struct {
	Text   string           `json:"text,omitempty"`
	Blocks []map[string]any `json:"blocks,omitempty"`
	Thread string           `json:"thread_ts,omitempty"`
}

// Send implements [actions.Sender]. slack-go could do it too, but drops the text that says what is wrong.
func (w *webhook) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	p := &call.Params
	if p.Channel != "" {
		return nil, actions.Permanent(actions.BlameRequest, errors.New("channel is given, but the channel of an incoming webhook is fixed"))
	}
	if p.Update != "" {
		return nil, actions.Permanent(actions.BlameRequest, errors.New("update is given, but an incoming webhook cannot change messages: that takes an account with a bot's token"))
	}
	if err := p.fits(); err != nil {
		return nil, err
	}
	body, err := json.Marshal(message{p.Text, p.Blocks, p.Thread})
	if err != nil {
		return nil, actions.Permanent(actions.BlameRequest, err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.Reveal(), bytes.NewReader(body))
	if err != nil {
		return nil, actions.Permanent(actions.BlameAccount, errors.New("webhook is not a URL"))
	}
	r.Header.Set("Content-Type", "application/json")
	if err := w.pace.enter(ctx, "", call.Key); err != nil {
		return nil, err
	}
	answer, err := w.client.Do(r)
	if err != nil {
		return nil, err
	}
	err = sortedWebhook(answer)
	w.pace.hold("", actions.OutcomeOf(err).Wait)
	return actions.Result{}, err
}
