package ecwid

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	"shopbell/secret"
	"shopbell/sources"
)

// The base addresses of Ecwid.
const (
	DefaultAPI   = "https://app.ecwid.com/api/v3"   // of the REST API
	DefaultOAuth = "https://my.ecwid.com/api/oauth" // of the pages on which merchants install apps
)

// Config is what the operator writes about one Ecwid app.
type Config struct {
	ClientSecret         secret.Text            `json:"client_secret,omitempty" jsonschema_description:"The app's client secret, with which Ecwid signs webhooks. Without one every webhook is refused."`
	PreviousClientSecret secret.Text            `json:"previous_client_secret,omitempty" jsonschema_description:"The client secret before the current one, accepted too while rotating."`
	ClientID             string                 `json:"client_id,omitempty" jsonschema_description:"The app's client id. With redirect_url, merchants can install the app by themselves."`
	RedirectURL          string                 `json:"redirect_url,omitempty" jsonschema_description:"Where Ecwid sends a merchant back after installing: the public address of /install/ and this source's name, as registered with the app."`
	Scopes               []string               `json:"scopes,omitempty" jsonschema_description:"The access that a merchant is asked for when installing. Default: reading the profile, orders, the catalog, customers and discount coupons."`
	OAuth                string                 `json:"oauth,omitempty" jsonschema:"default=https://my.ecwid.com/api/oauth" jsonschema_description:"Base address of the pages on which merchants install the app."`
	API                  string                 `json:"api,omitempty" jsonschema:"default=https://app.ecwid.com/api/v3" jsonschema_description:"Base address of the REST API."`
	Attest               sources.Mode           `json:"attest,omitempty" jsonschema:"enum=always,enum=needed,enum=never,default=always" jsonschema_description:"When the entity of an event is read back from the store."`
	OnMismatch           string                 `json:"on_mismatch,omitempty" jsonschema:"enum=act,enum=ignore,default=act" jsonschema_description:"What becomes of an event whose status is not the one read back: act on what was read, or ignore the event."`
	Poll                 any                    `json:"poll,omitempty" jsonschema:"default=0" jsonschema_description:"How often each store is asked for changes that no webhook told, such as 15m. 0, the default, turns it off."`
	Stores               map[string]StoreConfig `json:"stores,omitempty" jsonschema_description:"The stores by their numeric id. Not needed when merchants install the app by themselves."`
}

// StoreConfig is what the operator writes about one store.
type StoreConfig struct {
	Token secret.Text `json:"token,omitempty" jsonschema_description:"The store's secret access token (secret_…), with which entities are read back. Not needed with attest: never."`
}

func open(name string, raw json.RawMessage) (*source, error) {
	var c Config
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, errors.New("the config of this source does not fit: " + wrongField(err))
	}
	base, err := baseAddress("api", c.API, DefaultAPI)
	if err != nil {
		return nil, err
	}
	every, err := interval(c.Poll, base)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(c.check(every), sources.CheckPoll(c.Attest, every)); err != nil {
		return nil, err
	}
	s := &source{name: name, mode: c.Attest, mismatch: mismatch(c.OnMismatch), poll: every, types: typesByName(Catalog()),
		api: newAPI(base), shops: make(map[string]*shop, len(c.Stores))}
	if s.mode == "" {
		s.mode = sources.Always
	}
	for _, text := range []secret.Text{c.ClientSecret, c.PreviousClientSecret} {
		if text != "" {
			s.keys = append(s.keys, newKey(text.Reveal()))
		}
	}
	for id, store := range c.Stores {
		s.shops[id] = &shop{id: id, api: s.api, token: store.Token}
	}
	if c.installs() {
		s.oauth, err = newOAuth(&c, s.api.client)
	}
	return s, err
}

// installs tells whether merchants can install the app by themselves.
func (c *Config) installs() bool { return c.RedirectURL != "" }

// minPoll is how often a store of Ecwid may be asked at most. A test's own API may be asked as often as it likes.
const minPoll = 10 * time.Second

// interval reads how often stores are polled: 0, or text such as "15m".
func interval(written any, base *url.URL) (time.Duration, error) {
	var every time.Duration
	switch p := written.(type) {
	case nil:
		return 0, nil
	case float64:
		if p != 0 {
			return 0, errors.New("poll is a number without a unit; write how often with one, such as 15m, or 0 for never")
		}
		return 0, nil
	case string:
		var err error
		if every, err = time.ParseDuration(p); err != nil || every < 0 {
			return 0, fmt.Errorf("poll is %q; write how often, such as 15m, or 0 for never", p)
		}
	default:
		return 0, errors.New("poll is not a duration; write how often, such as 15m, or 0 for never")
	}
	if every > 0 && every < minPoll && !loopback(base) {
		return 0, fmt.Errorf("poll is %s; Ecwid limits how often a store may be asked, so it must be at least %s", every, minPoll)
	}
	return every, nil
}
