package sms

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"shopbell/actions"
	"shopbell/phone"
)

// An Account is a provider and who sends through it.
type Account struct {
	Provider string `json:"provider" jsonschema:"enum=twilio,enum=vonage,enum=brevo,enum=http" jsonschema_description:"Who sends the texts."`
	From     string `json:"from,omitempty" jsonschema_description:"Sender: a number, a short code, or a name of up to 11 letters where the country allows one."`
	// Countries has numbers too, which YAML makes of 31.
	Countries []actions.Text `json:"countries,omitempty" jsonschema:"minItems=1" jsonschema_description:"The only countries that texts may go to: two letters such as NL, or calling codes such as +31. Without it, all."`
	API       string         `json:"api,omitempty" jsonschema_description:"Where the provider's API is. Without it https://api.twilio.com, https://rest.nexmo.com or https://api.brevo.com."`

	AccountSID       string         `json:"account_sid,omitempty" jsonschema_description:"twilio: the account, AC…."`
	AuthToken        actions.Secret `json:"auth_token,omitempty" jsonschema_description:"twilio: the account's token. Reports of delivery are signed with it."`
	KeySID           string         `json:"key_sid,omitempty" jsonschema_description:"twilio: an API key, SK…, to sign in with in place of the token."`
	KeySecret        actions.Secret `json:"key_secret,omitempty" jsonschema_description:"twilio: the key's secret."`
	MessagingService string         `json:"messaging_service,omitempty" jsonschema_description:"twilio: Messaging Service that chooses the sender, MG…, in place of from."`

	APIKey    actions.Secret `json:"api_key,omitempty" jsonschema_description:"vonage, brevo: API key. http: what {api_key} stands for."`
	APISecret actions.Secret `json:"api_secret,omitempty" jsonschema_description:"vonage: API secret. http: what {api_secret} stands for."`

	URL     string                  `json:"url,omitempty" jsonschema_description:"http: address to send to. {to}, {text} and the others may stand in it."`
	Method  string                  `json:"method,omitempty" jsonschema:"enum=GET,enum=POST,enum=PUT,default=POST" jsonschema_description:"http: what to do there."`
	Headers map[string]actions.Text `json:"headers,omitempty" jsonschema_description:"http: headers, such as Authorization: Bearer {api_key}."`
	JSON    template                `json:"json,omitempty" jsonschema_description:"http: body, sent as JSON."`
	Form    map[string]actions.Text `json:"form,omitempty" jsonschema_description:"http: body, sent as a web form."`
	Body    string                  `json:"body,omitempty" jsonschema_description:"http: body as text, of the type that the header Content-Type says: JSON, XML, a web form, or plain text."`
	Success []int                   `json:"success,omitempty" jsonschema:"minItems=1" jsonschema_description:"http: the statuses that say that the text was taken. Without it, all of 2xx."`
	ID      string                  `json:"id,omitempty" jsonschema_description:"http: where the message's id stands in an answer of JSON, such as messages.0.id. An answer without it leaves open whether the text was taken."`
}

// provider is who an account sends through: what it takes and needs, and how it is opened.
type provider struct {
	name         string
	needs, takes []string // keys; takes beside needs and those that all take
	open         func(actions.Env, Account) (way, error)
}

func providers() []provider {
	return []provider{
		{"twilio", []string{"account_sid"}, []string{"auth_token", "key_sid", "key_secret", "messaging_service", "from", "api"}, openTwilio},
		{"vonage", []string{"api_key", "api_secret", "from"}, []string{"api"}, openVonage},
		{"brevo", []string{"api_key", "from"}, []string{"api"}, openBrevo},
		{"http", []string{"url"}, []string{"from", "api_key", "api_secret", "method", "headers", "json", "form", "body", "success", "id"}, openGateway},
	}
}

// given lists the keys that an account has, beside those that every provider takes.
func (a Account) given() map[string]bool {
	return map[string]bool{
		"from": a.From != "", "api": a.API != "", "account_sid": a.AccountSID != "", "auth_token": a.AuthToken != "", "key_sid": a.KeySID != "",
		"key_secret": a.KeySecret != "", "messaging_service": a.MessagingService != "", "api_key": a.APIKey != "", "api_secret": a.APISecret != "",
		"url": a.URL != "", "method": a.Method != "", "headers": a.Headers != nil, "json": a.JSON != nil, "form": a.Form != nil,
		"body": a.Body != "", "success": a.Success != nil, "id": a.ID != "",
	}
}

func open(env actions.Env, a Account) (actions.Sender[Params], error) {
	for _, p := range providers() {
		if p.name != a.Provider {
			continue
		}
		if err := p.fits(a); err != nil {
			return nil, err
		}
		allowed, err := parseCountries(a.Countries)
		if err != nil {
			return nil, err
		}
		w, err := p.open(env, a)
		if err != nil {
			return nil, err
		}
		s := &sender{way: w, allowed: allowed}
		if t, ok := w.(talker); ok {
			return talking{s, t}, nil
		}
		if t, ok := w.(actions.Tester); ok {
			return askable{s, t}, nil
		}
		return s, nil
	}
	return nil, fmt.Errorf("there is no provider %q", a.Provider)
}

// fits refuses an account that lacks a key, or has one that means nothing to its provider.
func (p provider) fits(a Account) error {
	given := a.given()
	var faults []error
	for _, key := range p.needs {
		if !given[key] {
			faults = append(faults, fmt.Errorf("%s is missing: provider %s needs it", key, p.name))
		}
		delete(given, key)
	}
	for _, key := range p.takes {
		delete(given, key)
	}
	for _, key := range sorted(given) {
		if given[key] {
			faults = append(faults, fmt.Errorf("%s means nothing to provider %s", key, p.name))
		}
	}
	return errors.Join(faults...)
}

// countries are those that texts may go to; none means all.
type countries struct {
	names []string
	codes []int
}

// parseCountries reads two letters or calling codes.
func parseCountries(written []actions.Text) (countries, error) {
	var c countries
	for _, text := range written {
		name := strings.TrimSpace(string(text))
		code, err := strconv.Atoi(strings.TrimPrefix(name, "+"))
		switch {
		case err == nil && phone.IsCode(code):
			c.codes = append(c.codes, code)
		case phone.CodeOf(name) != 0:
			c.names = append(c.names, strings.ToUpper(name))
		default:
			return c, fmt.Errorf("countries: %q is neither a country's two letters, such as NL, nor a calling code, such as +31", shorten(name))
		}
	}
	return c, nil
}

// allow refuses a number that is of no country of the list.
func (c countries) allow(n phone.Number) error {
	if len(c.names)+len(c.codes) == 0 {
		return nil
	}
	for _, name := range c.names {
		if n.In(name) {
			return nil
		}
	}
	list := make([]string, 0, len(c.names)+len(c.codes))
	for _, code := range c.codes {
		if n.Code == code {
			return nil
		}
		list = append(list, "+"+strconv.Itoa(code))
	}
	return fmt.Errorf("to: %s is in none of the countries that the account may send to, which are %s", n.E164, strings.Join(append(c.names[:len(c.names):len(c.names)], list...), ", "))
}

// base gives where an API is, without a slash at its end.
func base(api, usual string) (string, error) {
	if api == "" {
		return usual, nil
	}
	u, err := url.Parse(api)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return "", errors.New("api is not an http or https URL")
	}
	return strings.TrimRight(api, "/"), nil
}
