// Package sms declares the sms action, which sends a text message to a phone:
//
//	sms: { to: "{{ phone(order.shippingPerson?.phone, order.shippingPerson?.countryCode) ?? '' }}", text: "{{ order.id }} is on its way" }
//
// It goes through Twilio, Vonage, Brevo, or any gateway that speaks HTTP. A text that a provider has taken is not yet
// delivered: Twilio tells later what became of it, see [actions.Reporter].
//
// It sends no pictures, receives nothing, and does not count what a store spends in a day.
package sms

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"shopbell/actions"
	"shopbell/phone"
)

// Action sends a text message.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:    "sms",
	Summary: "Send a text message to a phone",
	Doc:     doc,
	Example: `sms: { to: "{{ phone(order.shippingPerson?.phone, order.shippingPerson?.countryCode) ?? '' }}", text: "Your order {{ order.id }} is on its way." }`,
	Result:  Result{},
	// No provider knows a repeated request by a key, and a second text costs money and patience: an unknown outcome is a person's.
	Idempotent: false,
	Redirect:   redirect,
	Reaches:    reaches,
	Cost:       func(p Params) int { return measure(p.Text).segments },
	Open:       open,
})

const doc = `A number without its country's code is read as one of the step's country; the function phone, as in the example, reads
it as one of the store's where the order names none. A number is refused when it cannot exist, when it is a premium rate
or shared cost number, and when the account's countries do not have it. The account has no country of its own, so that
whom a step reaches, and whether that person asked not to be written to, shows in the step alone.

A text is paid for by the segment: 160 characters of GSM-7, or 153 each when there are several; 70 and 67 when a single
character is not in GSM-7, such as an emoji, a curly quote or ç. Control characters are dropped. More than 1,600
characters are refused.

A provider's answer that leaves open whether the text was sent, and none, are held for a person: nothing is sent twice.

| provider | account |
|---|---|
| twilio | account_sid and auth_token, or account_sid, key_sid and key_secret; from or messaging_service. Its reports of delivery are signed with auth_token, so they need it |
| vonage | api_key, api_secret and from |
| brevo | api_key and from |
| http | url; json, form or body; method, headers, success, id |

Such as this one:

    accounts:
      sms:
        kind: sms
        provider: twilio
        account_sid: AC0123456789abcdef0123456789abcdef
        auth_token: "${env:TWILIO_TOKEN}"
        from: "+15005550006"
        countries: [NL, BE, LU]

A gateway of provider http is described by a request in which these stand for values: {to} (such as +31612345678),
{to_digits} (without the +), {text}, {from}, {key} (the same on every try, for gateways that know a repeated request by
it), {api_key} and {api_secret}. Each is encoded for the place where it stands; in body, for what the header
Content-Type says. What is secret belongs into api_key and api_secret. Any answer of 2xx is success, unless success lists
others.

    accounts:
      sms:
        kind: sms
        provider: http
        url: https://gateway.example/v1/messages
        api_key: "${env:GATEWAY_KEY}"
        headers: { Authorization: "Bearer {api_key}" }
        json: { messages: [{ to: "{to}", body: "{text}", reference: "{key}" }] }
        id: messages.0.id`

// Params are what one step says.
type Params struct {
	To      string `json:"to" jsonschema_description:"Number to send to, best with its country's code, such as +31612345678." lands:"header"`
	Text    string `json:"text" jsonschema:"minLength=1" jsonschema_description:"Message, at most 1,600 characters."`
	Country string `json:"country,omitempty" jsonschema_description:"Country of a number that is written without its code, in two letters, such as the order's." lands:"header"`
}

// Result is what later steps see.
type Result struct {
	ID       string `json:"id,omitempty" jsonschema_description:"What the provider calls the message."`
	To       string `json:"to" jsonschema_description:"Number that it went to, such as +31612345678."`
	Segments int    `json:"segments" jsonschema_description:"Messages that are paid for."`
	Encoding string `json:"encoding" jsonschema:"enum=GSM-7,enum=UCS-2" jsonschema_description:"How the text goes over the air."`
}

// maxText is how long a text may be, in characters. It is Twilio's limit, and ten times what others call long.
const maxText = 1600

// Check implements [actions.Checker]. What is wrong with a number is the recipient's fault, and says so.
func (p Params) Check() error {
	if actions.Known(p.Text) {
		if err := checkText(clean(p.Text)); err != nil {
			return err
		}
	}
	if actions.Known(p.Country) && p.Country != "" && phone.CodeOf(p.Country) == 0 {
		return actions.Permanent(actions.BlameRecipient, fmt.Errorf("country: %q is not a country's two letters, such as NL", shorten(p.Country)))
	}
	if actions.Known(p.To) && actions.Known(p.Country) {
		_, err := p.number()
		return err
	}
	return nil
}

// checkText refuses what no provider takes.
func checkText(text string) error {
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return errors.New("text is empty: a message says something")
	case n > maxText:
		return fmt.Errorf("text has %d characters, and a text message has 1,600 at most", n)
	}
	return nil
}

// number reads whom the step is for. Its error is permanent and the recipient's fault.
func (p Params) number() (phone.Number, error) {
	n, err := phone.Read(p.To, p.Country)
	switch {
	case p.To == "":
		err = errors.New("to is empty: there is no number to send to")
	case errors.Is(err, phone.ErrCountry):
		err = fmt.Errorf("to: %q: %w; give it, or the step's country", shorten(p.To), err)
	case err != nil:
		err = fmt.Errorf("to: %q: %w", shorten(p.To), err)
	case n.Costly:
		err = fmt.Errorf("to: %s is a premium rate or shared cost number, and nobody reads texts there", n.E164)
	default:
		return n, nil
	}
	return n, actions.Permanent(actions.BlameRecipient, err)
}

// shorten cuts a text that somebody else wrote.
func shorten(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
