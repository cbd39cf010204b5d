package ecwid

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"shopbell/sources"
)

// wrongField tells which key does not fit, without the value: it may be a secret.
func wrongField(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Sprintf("%s cannot be a %s", wrong.Field, wrong.Value)
	}
	return "it is not a JSON object"
}

// check tells the first mistake in what the operator wrote.
func (c *Config) check(poll time.Duration) error {
	if err := checkSecret("client_secret", c.ClientSecret.Reveal()); err != nil {
		return err
	}
	if err := checkSecret("previous_client_secret", c.PreviousClientSecret.Reveal()); err != nil {
		return err
	}
	if !slices.Contains([]sources.Mode{"", sources.Always, sources.Needed, sources.Never}, c.Attest) {
		return fmt.Errorf("attest is %q; it must be always, needed or never", c.Attest)
	}
	if !slices.Contains([]mismatch{"", actOnMismatch, ignoreOnMismatch}, mismatch(c.OnMismatch)) {
		return fmt.Errorf("on_mismatch is %q; it must be act or ignore", c.OnMismatch)
	}
	if err := c.checkInstall(); err != nil {
		return err
	}
	if len(c.Stores) == 0 && !c.installs() {
		return errors.New("stores is empty: name at least one store by its numeric id, or give client_id and redirect_url, so that merchants install the app by themselves")
	}
	needed := "attest: never"
	switch {
	case c.Attest == sources.Never && poll > 0:
		needed = "poll: 0"
	case c.Attest == sources.Never:
		needed = ""
	}
	for id, store := range c.Stores {
		if err := store.check(id, needed); err != nil {
			return err
		}
	}
	return nil
}

// checkInstall checks what is for installing by OAuth. A client id alone is only a note to oneself.
func (c *Config) checkInstall() error {
	if !c.installs() {
		if len(c.Scopes) > 0 {
			return errors.New("scopes is for installing by OAuth, which redirect_url is missing for")
		}
		return nil
	}
	u, err := url.Parse(c.RedirectURL)
	switch {
	case c.ClientID == "":
		return errors.New("redirect_url needs client_id: both stand on the app's Details page at Ecwid")
	case strings.ContainsFunc(c.ClientID, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("client_id holds a space, a line break or another character that no client id has")
	case c.ClientSecret == "":
		return errors.New("redirect_url needs client_secret: without it Ecwid gives no token")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.Fragment != "":
		return errors.New("redirect_url is not an address such as https://bell.example.com/install/ecwid")
	case u.Scheme == "http" && !loopback(u):
		return errors.New("redirect_url begins with http, which would send the code of an installation in clear; use https")
	}
	for _, scope := range c.Scopes {
		if strings.Trim(scope, "abcdefghijklmnopqrstuvwxyz_") != "" || scope == "" {
			return fmt.Errorf("scopes has %q; a scope is a word such as read_orders", scope)
		}
	}
	return nil
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

func (s StoreConfig) check(id string, needed string) error {
	token := s.Token.Reveal()
	switch {
	case !isNumber(id):
		return fmt.Errorf("stores names %q; an Ecwid store is named by its numeric id, such as \"1003\"", id)
	case token == "" && needed != "":
		return fmt.Errorf("store %s has no token: give it the secret access token (secret_…), or set %s", id, needed)
	case strings.HasPrefix(token, "public_"):
		return fmt.Errorf("the token of store %s is a public one (public_…), which cannot read orders; use the secret one (secret_…)", id)
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("the token of store %s holds a space, a line break or another character that no token has", id)
	}
	return nil
}

// baseAddress reads an address under a key of the config.
func baseAddress(key, written, ecwids string) (*url.URL, error) {
	if written == "" {
		written = ecwids
	}
	u, err := url.Parse(written)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%s is not an address such as %s", key, ecwids)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%s must not hold a name, a password, a query or a fragment", key)
	case u.Scheme == "http" && (u.Hostname() == "ecwid.com" || strings.HasSuffix(u.Hostname(), ".ecwid.com")):
		return nil, fmt.Errorf("%s begins with http, which would send the token in clear; use https", key)
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}

func loopback(base *url.URL) bool {
	ip, err := netip.ParseAddr(base.Hostname())
	return base.Hostname() == "localhost" || err == nil && ip.IsLoopback()
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
