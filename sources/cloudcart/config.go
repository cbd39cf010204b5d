package cloudcart

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"shopbell/event"
	"shopbell/secret"
	"shopbell/sources"
)

// Config is what the operator writes about CloudCart stores.
type Config struct {
	API           string                 `json:"api,omitempty" jsonschema_description:"Address that is called instead of https://<host>, for tests. The store's host is still told in the Host header."`
	Attest        sources.Mode           `json:"attest,omitempty" jsonschema:"enum=always,enum=needed,enum=never,default=always" jsonschema_description:"When the entity of an event is read back from the store."`
	Poll          any                    `json:"poll,omitempty" jsonschema_description:"How often to look for changes that no webhook told, such as 15m; 0 (the default) turns it off. At least 1m."`
	Rate          int                    `json:"rate,omitempty" jsonschema:"minimum=1,maximum=800" jsonschema_description:"Most calls a minute to one store. Without it what the store's plan allows is used, as the API tells it."`
	OrderStatuses []string               `json:"order_statuses,omitempty" jsonschema_description:"Codes of the order statuses that merchants have added, so that rules may name them beside CloudCart's own. A single * lets rules name any."`
	Stores        map[string]StoreConfig `json:"stores" jsonschema:"required" jsonschema_description:"The stores by a name of your choice, which is also in the path of their webhooks."`
}

// StoreConfig is what the operator writes about one store.
type StoreConfig struct {
	Host           string      `json:"host" jsonschema:"required" jsonschema_description:"The store's primary domain, such as shop1.cloudcart.net. The API answers only there."`
	APIKey         secret.Text `json:"api_key" jsonschema:"required" jsonschema_description:"An API key of the store (64 characters): proves webhooks and reads entities back."`
	PreviousAPIKey secret.Text `json:"previous_api_key,omitempty" jsonschema_description:"The API key before the current one, accepted in webhooks too while rotating."`
	WebhookKey     secret.Text `json:"webhook_key,omitempty" jsonschema_description:"The API key that CloudCart sends with webhooks, where it is another one of the store's keys than api_key."`
	APIKeyID       int         `json:"api_key_id,omitempty" jsonschema:"minimum=1" jsonschema_description:"Number of the API key that newly registered webhooks are to carry. Without it CloudCart takes the store's first key."`
	Name           string      `json:"name,omitempty" jsonschema_description:"Name of the store for rules (store.name)."`
	Email          string      `json:"email,omitempty" jsonschema_description:"Merchant's address for rules (store.email)."`
	Currency       string      `json:"currency,omitempty" jsonschema:"pattern=^[A-Z]{3}$" jsonschema_description:"Currency of the store for rules, such as EUR."`
	Timezone       string      `json:"timezone,omitempty" jsonschema:"default=UTC" jsonschema_description:"Time zone of the store, such as Europe/Sofia: for rules, and for times that the API gives without one."`
	Language       string      `json:"language,omitempty" jsonschema_description:"Language of the store for rules, such as bg."`
	Country        string      `json:"country,omitempty" jsonschema_description:"Country of the store for rules, such as BG: telephone numbers without their country's code are read as its own."`
}

func open(name string, raw json.RawMessage) (*source, error) {
	var c Config
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return nil, errors.New("the config of this source does not fit: " + misfit(err))
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	every, err := period(c.Poll)
	if err != nil {
		return nil, err
	}
	if err := sources.CheckPoll(c.Attest, every); err != nil {
		return nil, err
	}
	entities := entities(c.OrderStatuses)
	s := &source{name: name, mode: c.Attest, poll: pollConfig{every: every, entities: entities}, catalog: catalogOf(entities),
		kinds: make(map[string]*entity), shops: make(map[string]*shop, len(c.Stores)), client: newCaller()}
	if s.mode == "" {
		s.mode = sources.Always
	}
	for _, e := range entities {
		for _, t := range e.types() {
			s.kinds[t] = e
		}
	}
	lines, zones := make(map[string]*line), make(zones)
	for id, store := range c.Stores {
		shop, err := newShop(id, c.API, store, zones)
		if err != nil {
			return nil, err
		}
		if lines[shop.host] == nil {
			lines[shop.host] = newLine(c.Rate)
		}
		shop.line, shop.client = lines[shop.host], s.client
		s.shops[id] = shop
		if every > 0 && every < leastPeriod && !private(shop.base.Hostname()) {
			return nil, fmt.Errorf("poll is %s; it must be at least %s: all calls come out of the store's allowance", every, leastPeriod)
		}
	}
	return s, nil
}

// misfit tells which key does not fit, without the value: it may be a secret.
func misfit(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return fmt.Sprintf("%s does not take a JSON %s", wrong.Field, wrong.Value)
	}
	if key, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return "there is no key " + key
	}
	return "it is not a JSON object"
}

// check tells the first mistake that is not one store's.
func (c *Config) check() error {
	if !slices.Contains([]sources.Mode{"", sources.Always, sources.Needed, sources.Never}, c.Attest) {
		return fmt.Errorf("attest is %q; it must be always, needed or never", c.Attest)
	}
	if c.Rate < 0 || c.Rate > maxRate {
		return fmt.Errorf("rate is %d; it must be 1 to %d calls a minute", c.Rate, maxRate)
	}
	if len(c.Stores) == 0 {
		return errors.New("stores is empty: name at least one store, with its host and api_key")
	}
	for _, code := range c.OrderStatuses {
		if code != anyStatus && !isWord(code) || code == anyStatus && len(c.OrderStatuses) > 1 {
			return fmt.Errorf("order_statuses holds %q; it takes codes such as wait_for_courier, or a single *", code)
		}
	}
	return nil
}

// newShop makes a store out of its config. No error tells a key.
func newShop(id, api string, c StoreConfig, zones zones) (*shop, error) {
	if !isWord(id) {
		return nil, fmt.Errorf("stores names %q; a name has letters, digits, . _ and - only, because it is part of an address", id)
	}
	base, host, err := addresses(api, c.Host)
	if err != nil {
		return nil, fmt.Errorf("store %s: %w", id, err)
	}
	if c.APIKey == "" {
		return nil, fmt.Errorf("store %s has no api_key: without one no webhook can be proved; take one from Settings, API keys", id)
	}
	s := &shop{id: id, base: base, host: host, key: c.APIKey, keyID: c.APIKeyID}
	s.health.state = sources.CredentialUnused
	for key, text := range map[string]secret.Text{"api_key": c.APIKey, "previous_api_key": c.PreviousAPIKey, "webhook_key": c.WebhookKey} {
		if strings.ContainsFunc(text.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
			return nil, fmt.Errorf("the %s of store %s holds a space, a line break or another character that no key has", key, id)
		}
		if text != "" {
			s.keys = append(s.keys, digest(text.Reveal()))
		}
	}
	if s.zone, err = zones.load(c.Timezone); err != nil {
		return nil, fmt.Errorf("the timezone of store %s is %q; it must be a name such as Europe/Sofia", id, c.Timezone)
	}
	s.profile = event.Store{ID: id, Name: c.Name, Email: c.Email, URL: "https://" + host, Currency: c.Currency, Timezone: c.Timezone, Language: c.Language, Country: c.Country}
	return s, nil
}

// zones are the time zones that were read. Reading one takes a file, and there may be 50,000 stores.
type zones map[string]*time.Location

func (z zones) load(name string) (*time.Location, error) {
	if zone, ok := z[name]; ok {
		return zone, nil
	}
	zone, err := time.LoadLocation(name) // "" is UTC
	if err == nil {
		z[name] = zone
	}
	return zone, err
}

// addresses gives where a store is called, and the host that it knows itself by.
func addresses(api, host string) (*url.URL, string, error) {
	if host == "" {
		return nil, "", errors.New("host is missing: give the store's primary domain, such as shop1.cloudcart.net")
	}
	own, err := address("host", host)
	if err != nil {
		return nil, "", err
	}
	if own.Path != "" {
		return nil, "", errors.New("host must be a domain only, such as shop1.cloudcart.net, without a path")
	}
	if api == "" {
		return own, own.Host, nil
	}
	base, err := address("api", api)
	return base, own.Host, err
}

func address(key, text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%s is not a domain such as shop1.cloudcart.net", key)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s must not hold a name, a password, a query or a fragment", key)
	case u.Scheme == "http" && !private(u.Hostname()):
		return nil, fmt.Errorf("%s begins with http, which would send the API key in clear; use https", key)
	}
	u.Host = strings.ToLower(u.Host)
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// private tells whether a host can be a machine of one's own, for which http will do: an IP address, or a name without a dot.
func private(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return !strings.Contains(host, ".")
}

// isWord tells whether text can be a part of a path as it is.
func isWord(text string) bool {
	if text == "" || len(text) > 64 || strings.Trim(text, ".") == "" {
		return false
	}
	return !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	})
}
