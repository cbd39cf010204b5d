package ecwid

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"shopbell/secret"
	"shopbell/sources"
)

// DefaultAPI is the base address of Ecwid's REST API.
const DefaultAPI = "https://app.ecwid.com/api/v3"

// Config is what the operator writes about one Ecwid app.
type Config struct {
	ClientSecret         secret.Text            `json:"client_secret,omitempty" jsonschema_description:"The app's client secret, with which Ecwid signs webhooks. Without one every webhook is refused."`
	PreviousClientSecret secret.Text            `json:"previous_client_secret,omitempty" jsonschema_description:"The client secret before the current one, accepted too while rotating."`
	ClientID             string                 `json:"client_id,omitempty" jsonschema_description:"The app's client id. It is for installing by OAuth, which is not supported yet, and has no effect until then."`
	RedirectURL          string                 `json:"redirect_url,omitempty" jsonschema_description:"Where OAuth returns to. Not supported yet."`
	API                  string                 `json:"api,omitempty" jsonschema:"default=https://app.ecwid.com/api/v3" jsonschema_description:"Base address of the REST API."`
	Attest               sources.Mode           `json:"attest,omitempty" jsonschema:"enum=always,enum=needed,enum=never,default=always" jsonschema_description:"When the entity of an event is read back from the store."`
	Poll                 any                    `json:"poll,omitempty" jsonschema_description:"How often to look for changes that no webhook told. Only 0 (off) is supported yet."`
	Stores               map[string]StoreConfig `json:"stores" jsonschema:"required" jsonschema_description:"The stores by their numeric id."`
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
	if err := c.check(); err != nil {
		return nil, err
	}
	base, err := baseAddress(c.API)
	if err != nil {
		return nil, err
	}
	s := &source{name: name, mode: c.Attest, types: typesByName(Catalog()), shops: make(map[string]*shop, len(c.Stores))}
	if s.mode == "" {
		s.mode = sources.Always
	}
	for _, text := range []secret.Text{c.ClientSecret, c.PreviousClientSecret} {
		if text != "" {
			s.keys = append(s.keys, newKey(text.Reveal()))
		}
	}
	gates, client := make(map[secret.Text]*gate), newClient()
	for id, store := range c.Stores {
		if gates[store.Token] == nil {
			gates[store.Token] = newGate()
		}
		s.shops[id] = &shop{id: id, base: base, token: store.Token, gate: gates[store.Token],
			slots: make(chan struct{}, maxCalls), client: client}
	}
	return s, nil
}

// wrongField tells which key does not fit, without the value: it may be a secret.
func wrongField(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s cannot be a %s", wrong.Field, wrong.Value)
	}
	return "it is not a JSON object"
}

// check tells the first mistake in what the operator wrote.
func (c *Config) check() error {
	switch {
	case c.RedirectURL != "":
		return errors.New("redirect_url is not supported yet, remove it")
	case !c.noPoll():
		return errors.New("poll is not supported yet, remove it")
	}
	if err := checkSecret("client_secret", c.ClientSecret.Reveal()); err != nil {
		return err
	}
	if err := checkSecret("previous_client_secret", c.PreviousClientSecret.Reveal()); err != nil {
		return err
	}
	if !slices.Contains([]sources.Mode{"", sources.Always, sources.Needed, sources.Never}, c.Attest) {
		return fmt.Errorf("attest is %q; it must be always, needed or never", c.Attest)
	}
	if len(c.Stores) == 0 {
		return errors.New("stores is empty: name at least one store by its numeric id")
	}
	for id, store := range c.Stores {
		if err := store.check(id, c.Attest); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) noPoll() bool {
	switch p := c.Poll.(type) {
	case nil:
		return true
	case float64:
		return p == 0
	case string:
		return p == "0" || p == "0s"
	}
	return false
}

// checkSecret finds the commonest mistake of all, told by issues of other consumers: the access token as key.
func checkSecret(key, secret string) error {
	if strings.HasPrefix(secret, "secret_") || strings.HasPrefix(secret, "public_") {
		return fmt.Errorf("%s is an access token (%s…), not the app's client secret: Ecwid signs webhooks with the client "+
			"secret, shown beside it on the app's Details page", key, secret[:len("secret_")])
	}
	if strings.TrimSpace(secret) != secret {
		return fmt.Errorf("%s begins or ends with a space or line break", key)
	}
	return nil
}

func (s StoreConfig) check(id string, mode sources.Mode) error {
	token := s.Token.Reveal()
	switch {
	case !isNumber(id):
		return fmt.Errorf("stores names %q; an Ecwid store is named by its numeric id, such as \"1003\"", id)
	case token == "" && mode != sources.Never:
		return fmt.Errorf("store %s has no token: give it the secret access token (secret_…), or set attest: never", id)
	case strings.HasPrefix(token, "public_"):
		return fmt.Errorf("the token of store %s is a public one (public_…), which cannot read orders; use the secret one (secret_…)", id)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("the token of store %s holds a space, a line break or another character that no token has", id)
	}
	return nil
}

func baseAddress(api string) (*url.URL, error) {
	if api == "" {
		api = DefaultAPI
	}
	u, err := url.Parse(api)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("api is not an address such as " + DefaultAPI)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("api must not hold a name, a password, a query or a fragment")
	case u.Scheme == "http" && (u.Hostname() == "ecwid.com" || strings.HasSuffix(u.Hostname(), ".ecwid.com")):
		return nil, errors.New("api begins with http, which would send the token in clear; use https")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

// isNumber tells whether text is a whole number above zero, as Ecwid numbers stores and entities.
func isNumber(text string) bool {
	if text == "" || len(text) > 19 || text[0] == '0' {
		return false
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
