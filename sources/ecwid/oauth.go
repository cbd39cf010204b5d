package ecwid

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"shopbell/secret"
	"shopbell/sources"
)

// The bounds of an installation.
const (
	maxToken  = 64 << 10         // bytes of the answer with the token
	maxCode   = 1000             // bytes of a code
	codeLives = 15 * time.Minute // how long a code that was used is remembered; Ecwid's live a few minutes
	maxCodes  = 10_000           // codes remembered
)

// defaultScopes is what a merchant is asked for unless the config says otherwise: what the rules of most stores read. What few
// need is left out, because an app may only ask for what Ecwid has granted it.
func defaultScopes() []string {
	return []string{profileScope, "read_orders", "read_catalog", "read_customers", "read_discount_coupons"}
}

// oauth is how merchants install the app by themselves.
type oauth struct {
	base                  *url.URL
	id, redirect, secrets string
	scopes                []string
	client                *http.Client
	rate                  *rate.Limiter // anybody can open the page

	mu   sync.Mutex
	used map[[sha256.Size]byte]time.Time // codes, and when they were used
}

func newOAuth(c *Config, client *http.Client) (*oauth, error) {
	base, err := baseAddress("oauth", c.OAuth, DefaultOAuth)
	if err != nil {
		return nil, err
	}
	scopes := c.Scopes
	if len(scopes) == 0 {
		scopes = defaultScopes()
	}
	return &oauth{base: base, id: c.ClientID, redirect: c.RedirectURL, secrets: c.ClientSecret.Reveal(), scopes: scopes, client: client, rate: rate.NewLimiter(2, 20),
		used: make(map[[sha256.Size]byte]time.Time)}, nil
}

// Installs implements [sources.Installer].
func (s *source) Installs() bool { return s.oauth != nil }

// Agree implements [sources.Installer].
func (s *source) Agree(state string) string {
	o := s.oauth
	query := url.Values{"client_id": {o.id}, "redirect_uri": {o.redirect}, "response_type": {"code"}, "scope": {strings.Join(o.scopes, " ")}}
	if state != "" {
		query.Set("state", state)
	}
	return o.base.String() + "/authorize?" + query.Encode()
}

// Exchange implements [sources.Installer]. It makes one call, and none for a code that was used already: Ecwid would take
// back the token that was given for it.
func (s *source) Exchange(ctx context.Context, query url.Values) (sources.Installation, error) {
	o := s.oauth
	if refused := query.Get("error"); refused != "" {
		if refused == "access_denied" {
			return sources.Installation{}, errors.New("you did not agree to the installation, so your store was not connected. Begin again whenever you like")
		}
		return sources.Installation{}, sentence("Ecwid did not install the app%s, so your store was not connected. Please try again", reasonCode(refused))
	}
	code, store := query.Get("code"), query.Get("store_id")
	switch {
	case code == "" || len(code) > maxCode:
		return sources.Installation{}, errors.New("this address is only for Ecwid to send you to after installing the app; begin the installation at Ecwid")
	case store != "" && !isNumber(store):
		return sources.Installation{}, sentence("Ecwid did not say which store the app was installed in. Please begin the installation again")
	}
	if !o.rate.Allow() {
		return sources.Installation{}, errors.New("too many installations are under way. Please begin the installation again in a minute")
	}
	if !o.use(code) {
		return sources.Installation{}, errors.New("this installation was carried out already; there is nothing more to do. If your store is not connected, begin the installation again")
	}
	got, err := o.exchange(ctx, code, store)
	if err != nil {
		o.spare(code)
	}
	return got, err
}

// use notes that a code is used now; false when it was already.
func (o *oauth) use(code string) bool {
	key, now := sha256.Sum256([]byte(code)), time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	if at, known := o.used[key]; known && now.Sub(at) < codeLives {
		return false
	}
	for k, at := range o.used {
		if now.Sub(at) >= codeLives || len(o.used) >= maxCodes {
			delete(o.used, k)
		}
	}
	o.used[key] = now
	return true
}

// spare forgets a code that brought no token, so that the merchant can try again.
func (o *oauth) spare(code string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.used, sha256.Sum256([]byte(code)))
}

func (o *oauth) exchange(ctx context.Context, code, store string) (sources.Installation, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	form := url.Values{"client_id": {o.id}, "client_secret": {o.secrets}, "code": {code}, "redirect_uri": {o.redirect}, "grant_type": {"authorization_code"}}
	if store != "" {
		form.Set("store_id", store)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, o.base.String()+"/token", strings.NewReader(form.Encode()))
	if err != nil {
		return sources.Installation{}, errors.New("the address of Ecwid's installation is wrong in this server's config")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Accept", "application/json")
	response, err := o.client.Do(request)
	if err != nil {
		return sources.Installation{}, sentence("Ecwid %w. Please begin the installation again in a minute", silence(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxToken+1))
	switch {
	case response.StatusCode != http.StatusOK:
		return sources.Installation{}, exchangeFailure(response.StatusCode, body)
	case err != nil, len(body) > maxToken:
		return sources.Installation{}, sentence("Ecwid's answer was cut off or too long. Please begin the installation again")
	}
	return installation(body, store, time.Now())
}

// exchangeFailure says why Ecwid gave no token, in the merchant's words.
func exchangeFailure(status int, body []byte) error {
	var told struct {
		Error text `json:"error"`
		Code  text `json:"errorCode"`
	}
	if !tooDeep(body) {
		_ = json.Unmarshal(body, &told) // the body of an error is optional
	}
	why := cmp.Or(string(told.Error), string(told.Code))
	switch {
	case why == "invalid_client" || why == "unauthorized_client" || status == http.StatusUnauthorized:
		return sentence("Ecwid does not know this app: its client id or client secret is wrong in this server's config. Please tell whoever runs it")
	case status == http.StatusTooManyRequests || status >= 500 || status == http.StatusRequestTimeout:
		return sentence("Ecwid could not install the app just now (%d). Please begin the installation again in a minute", status)
	case status >= 300 && status < 400:
		return sentence("Ecwid answered with a redirect (%d), which is not followed: the address of its installation is wrong in this server's config. Please tell whoever runs it", status)
	case why == "redirect_uri_mismatch" || why == "invalid_redirect_uri":
		return sentence("Ecwid has another redirect address for this app than this server. Please tell whoever runs it")
	}
	return sentence("Ecwid does not take the code of this installation (%d%s): it was used already, or is older than some minutes. Please begin the installation again",
		status, reasonCode(why))
}

// reasonCode gives an error code of OAuth when it looks like one, and nothing else.
func reasonCode(code string) string {
	if code == "" || len(code) > 60 || strings.Trim(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") != "" {
		return ""
	}
	return " (" + code + ")"
}

// installation reads the answer with the token. store is what the merchant's browser said; "" when it did not.
func installation(body []byte, store string, now time.Time) (sources.Installation, error) {
	var told struct {
		Token text            `json:"access_token"`
		Kind  text            `json:"token_type"`
		Scope text            `json:"scope"`
		Store json.RawMessage `json:"store_id"`
	}
	if tooDeep(body) || json.Unmarshal(body, &told) != nil {
		return sources.Installation{}, sentence("Ecwid's answer could not be read. Please begin the installation again")
	}
	owner := strings.TrimSpace(unquoted(told.Store))
	if absent(told.Store) {
		owner = ""
	}
	token := strings.TrimSpace(string(told.Token))
	switch {
	case owner != "" && !isNumber(owner), owner == "" && store == "":
		return sources.Installation{}, sentence("Ecwid did not say which store the app was installed in. Please begin the installation again")
	case owner != "" && store != "" && owner != store:
		return sources.Installation{}, sentence("Ecwid installed the app in another store than the one this page was opened for, so nothing was connected. " +
			"Please begin the installation again, in the store that you want to connect")
	case token == "" || len(token) > maxCode || strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }),
		strings.HasPrefix(token, "public_"), told.Kind != "" && !strings.EqualFold(string(told.Kind), "bearer"):
		return sources.Installation{}, sentence("Ecwid gave no token that can be used. Please begin the installation again")
	}
	return sources.Installation{Store: cmp.Or(owner, store), Token: secret.Text(token), At: now,
		Scopes: strings.FieldsFunc(string(told.Scope), func(r rune) bool { return r == ' ' || r == ',' || r == '+' })}, nil
}

// Connect implements [sources.Installer]. What is not the number of a store is left alone.
func (s *source) Connect(i sources.Installation) {
	if isNumber(i.Store) {
		s.connect(i.Store, i.Token)
	}
}

var _ sources.Installer = (*source)(nil)

// sentence makes an error that a merchant reads on a page, as it is: it begins as a sentence does.
func sentence(format string, args ...any) error { return fmt.Errorf(format, args...) }
