package openconnectors

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"shopbell/secret"
	"shopbell/sources"
)

// DefaultAPI is the base address of the platform's API, as the documentation of the Ecwid element gives it. A tenant of
// SAP has its own, such as https://api.openconnectors.us2.ext.hana.ondemand.com/elements/api-v2.
const DefaultAPI = "https://api.cloud-elements.com/elements/api-v2"

// Config is what the operator writes about one account of the platform.
type Config struct {
	SignatureKey         secret.Text            `json:"signature_key,omitempty" jsonschema_description:"The callback notification signature key (event.notification.signature.key) of the instances. Notifications of an instance without a key, here or of its own, are refused."`
	PreviousSignatureKey secret.Text            `json:"previous_signature_key,omitempty" jsonschema_description:"The signature key before the current one, accepted too while rotating."`
	RefuseSHA1           bool                   `json:"refuse_sha1,omitempty" jsonschema:"default=false" jsonschema_description:"Refuse signatures of the older form, sha1=…, and take sha256=… only."`
	API                  string                 `json:"api,omitempty" jsonschema:"default=https://api.cloud-elements.com/elements/api-v2" jsonschema_description:"Base address of the API, up to and with /elements/api-v2."`
	User                 secret.Text            `json:"user,omitempty" jsonschema_description:"The user secret. Needed for polling and for reading objects back."`
	Organization         secret.Text            `json:"organization,omitempty" jsonschema_description:"The organization secret, with which events are polled. Without it each instance is polled with its own token."`
	Attest               sources.Mode           `json:"attest,omitempty" jsonschema:"enum=always,enum=needed,enum=never,default=never" jsonschema_description:"When the object of an event is read back through the element's API. Orders, products and customers can be."`
	Poll                 any                    `json:"poll,omitempty" jsonschema:"default=0" jsonschema_description:"How often each instance is asked for events that no notification told, such as 5m. 0, the default, turns it off."`
	Stores               map[string]StoreConfig `json:"stores,omitempty" jsonschema_description:"The element instances, each a store: by their numeric id, or by any name with the id as instance. Without any, every instance that signs with signature_key is taken."`
}

// StoreConfig is what the operator writes about one element instance.
type StoreConfig struct {
	Instance             any         `json:"instance,omitempty" jsonschema_description:"Id of the element instance, such as 31. Only needed when the store is listed under another name."`
	Token                secret.Text `json:"token,omitempty" jsonschema_description:"The element token of the instance, with which objects are read back, and events polled when there is no organization secret."`
	Element              string      `json:"element,omitempty" jsonschema_description:"Key of the element, such as ecwid, for events that do not tell theirs."`
	Hub                  string      `json:"hub,omitempty" jsonschema_description:"Hub of the element, such as ecommerce: objects are then read at /hubs/{hub}/orders/{id}. Without it at /orders/{id}."`
	SignatureKey         secret.Text `json:"signature_key,omitempty" jsonschema_description:"The signature key of this instance, when it has one of its own. That of the source does not count for it then."`
	PreviousSignatureKey secret.Text `json:"previous_signature_key,omitempty" jsonschema_description:"This instance's signature key before the current one, accepted too while rotating."`
}

func open(name string, raw json.RawMessage, now func() time.Time) (*source, error) {
	var c Config
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, errors.New("the config of this source does not fit: " + wrongField(err))
	}
	base, err := baseAddress(c.API)
	if err != nil {
		return nil, err
	}
	every, err := interval(c.Poll, base)
	if err != nil {
		return nil, err
	}
	if c.Attest == "" {
		c.Attest = sources.Never
	}
	if err := c.check(every > 0); err != nil {
		return nil, err
	}
	s := &source{name: name, mode: c.Attest, every: every, sha1: !c.RefuseSHA1, now: now,
		keys:  keysOf(c.SignatureKey, c.PreviousSignatureKey),
		shops: make(map[string]*shop, len(c.Stores)), instances: make(map[string]*shop, len(c.Stores))}
	if c.Organization != "" && c.User != "" {
		s.account = newGate("User "+c.User.Reveal()+", Organization "+c.Organization.Reveal(), "", "", bounded(base, accountBound()))
	}
	api := newAPI(base, now, secret.NewMask(c.User, c.Organization))
	for name, store := range c.Stores {
		shop := s.newShop(&c, name, store, api)
		s.shops[name], s.instances[shop.instance] = shop, shop
	}
	return s, nil
}

func (s *source) newShop(c *Config, name string, store StoreConfig, api *api) *shop {
	made := &shop{store: name, instance: store.instance(name), element: store.Element, hub: store.Hub, api: api, events: s.account,
		keys: keysOf(store.SignatureKey, store.PreviousSignatureKey)}
	if store.Token != "" && c.User != "" {
		made.objects = newGate("Element "+store.Token.Reveal()+", User "+c.User.Reveal(), name, store.Token, bounded(api.base, tokenBound()))
	}
	if made.events == nil {
		made.events = made.objects
	}
	return made
}

// keysOf gives the keys that were written.
func keysOf(secrets ...secret.Text) (keys []*key) {
	for _, text := range secrets {
		if text != "" {
			keys = append(keys, newKey(text.Reveal()))
		}
	}
	return keys
}

// wrongField tells which key does not fit, without the value: it may be a secret.
func wrongField(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		return fmt.Sprintf("%s cannot be of the JSON type %s", wrong.Field, wrong.Value)
	}
	return "it is not a JSON object"
}

// check tells the first mistake in what the operator wrote.
func (c *Config) check(polled bool) error {
	for key, text := range map[string]secret.Text{"signature_key": c.SignatureKey, "previous_signature_key": c.PreviousSignatureKey,
		"user": c.User, "organization": c.Organization} {
		if err := checkSecret(key, text); err != nil {
			return err
		}
	}
	reads := c.Attest != sources.Never
	switch {
	case !slices.Contains([]sources.Mode{sources.Always, sources.Needed, sources.Never}, c.Attest):
		return fmt.Errorf("attest is %q; it must be always, needed or never", c.Attest)
	case c.User == "" && polled:
		return errors.New("poll is on, but user is missing: events are asked for with the user secret, and the organization secret or the instance's token")
	case c.User == "" && reads:
		return fmt.Errorf("attest is %s, but user is missing: objects are read with the user secret and the instance's token", c.Attest)
	case len(c.Stores) == 0 && (polled || reads):
		return errors.New("stores is empty: to poll, or to read objects back, name at least one element instance by its numeric id")
	}
	names := make(map[string]string, len(c.Stores)) // by instance
	for _, name := range slices.Sorted(maps.Keys(c.Stores)) {
		store := c.Stores[name]
		if err := store.check(name); err != nil {
			return err
		}
		if store.Token == "" && (reads || polled && c.Organization == "") {
			return fmt.Errorf("store %s has no token: give it the element token of its instance, or %s", name, without(reads))
		}
		instance := store.instance(name)
		if other, taken := names[instance]; taken {
			return fmt.Errorf("the stores %s and %s are both instance %s; a store is one instance", other, name, instance)
		}
		names[instance] = name
	}
	return nil
}

func without(reads bool) string {
	if reads {
		return "set attest: never"
	}
	return "give the source its organization secret"
}

// instance gives the id of the instance of a store; what is written may be none.
func (s StoreConfig) instance(name string) string {
	switch written := s.Instance.(type) {
	case nil:
		return name
	case string:
		return written
	case float64:
		return strconv.FormatFloat(written, 'f', -1, 64)
	}
	return ""
}

func (s StoreConfig) check(name string) error {
	switch {
	case !isWord(name) || name == "":
		return fmt.Errorf("stores names %.60q; a store's name may hold letters, digits, - and _, at most %d", name, maxName)
	case s.Instance == nil && !isNumber(name):
		return fmt.Errorf("stores names %q, which is no instance: give it \"instance\", the numeric id of its element instance, such as 31", name)
	case !isNumber(s.instance(name)):
		return fmt.Errorf("the instance of store %s is not a whole number above 0, such as 31", name)
	}
	for key, text := range map[string]secret.Text{"token": s.Token, "signature_key": s.SignatureKey, "previous_signature_key": s.PreviousSignatureKey} {
		if err := checkSecret("stores."+name+"."+key, text); err != nil {
			return err
		}
	}
	for key, text := range map[string]string{"hub": s.Hub, "element": s.Element} {
		if !isWord(text) {
			return fmt.Errorf("stores.%s.%s is %.60q; it may hold letters, digits, - and _, at most %d", name, key, text, maxName)
		}
	}
	return nil
}

// checkSecret finds what a copy from a web page brings along. It never repeats the secret.
func checkSecret(key string, text secret.Text) error {
	if strings.ContainsFunc(text.Reveal(), func(r rune) bool { return r < ' ' || r > '~' }) {
		return fmt.Errorf("%s holds a line break or another character that it cannot have", key)
	}
	if strings.TrimSpace(text.Reveal()) != text.Reveal() {
		return fmt.Errorf("%s begins or ends with a space", key)
	}
	if !strings.HasSuffix(key, "signature_key") && strings.ContainsAny(text.Reveal(), " ,") {
		return fmt.Errorf("%s holds a space or a comma: give the secret alone, without the words of the Authorization header", key)
	}
	return nil
}

// minPoll is how often an instance may be asked at most. A test's own API may be asked as often as it likes.
const minPoll = 10 * time.Second

// interval reads how often instances are polled: 0, or text such as "5m".
func interval(written any, base *url.URL) (time.Duration, error) {
	var every time.Duration
	switch p := written.(type) {
	case nil:
		return 0, nil
	case float64:
		if p != 0 {
			return 0, errors.New("poll is a number without a unit; write how often with one, such as 5m, or 0 for never")
		}
		return 0, nil
	case string:
		var err error
		if every, err = time.ParseDuration(p); err != nil || every < 0 {
			return 0, fmt.Errorf("poll is %.60q; write how often, such as 5m, or 0 for never", p)
		}
	default:
		return 0, errors.New("poll is not a duration; write how often, such as 5m, or 0 for never")
	}
	if every > 0 && every < minPoll && !loopback(base) {
		return 0, fmt.Errorf("poll is %s; it must be at least %s", every, minPoll)
	}
	return every, nil
}

func loopback(base *url.URL) bool {
	ip, err := netip.ParseAddr(base.Hostname())
	return base.Hostname() == "localhost" || err == nil && ip.IsLoopback()
}

// bounded gives a bound, which has no rate where a test's own API is asked.
func bounded(base *url.URL, b bound) bound {
	if loopback(base) {
		b.perSecond = rate.Inf
	}
	return b
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
	case u.Scheme == "http" && (strings.HasSuffix(u.Hostname(), ".cloud-elements.com") || strings.HasSuffix(u.Hostname(), ".ondemand.com")):
		return nil, errors.New("api begins with http, which would send the secrets in clear; use https")
	}
	u.Path, u.RawPath = strings.TrimRight(u.Path, "/"), ""
	return u, nil
}
