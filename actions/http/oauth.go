package http

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	nethttp "net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"shopbell/actions"
	"shopbell/actions/web"
)

// An OAuth says where tokens come from: the client credentials of OAuth 2 (RFC 6749, section 4.4).
type OAuth struct {
	TokenURL     string                  `json:"token_url" jsonschema:"minLength=1" jsonschema_description:"Where tokens come from: an http or https URL."`
	ClientID     string                  `json:"client_id" jsonschema:"minLength=1" jsonschema_description:"Name of the client."`
	ClientSecret actions.Secret          `json:"client_secret" jsonschema:"minLength=1" jsonschema_description:"Secret of the client."`
	Scope        string                  `json:"scope,omitempty" jsonschema_description:"What the token is to allow, as names with spaces between them."`
	Send         string                  `json:"send,omitempty" jsonschema:"enum=header,enum=body,default=header" jsonschema_description:"Where the client's name and secret are put: into the header Authorization, or into the body."`
	More         map[string]actions.Text `json:"more,omitempty" jsonschema_description:"More fields of the request for a token, such as audience or resource."`
}

// The times of tokens.
const (
	// early is how long before its end a token is not used any more: it has to last until the other end has read it.
	early = time.Minute
	// unsaid is how long a token is used whose end is not told.
	unsaid = time.Hour
)

// tokens gets tokens, and keeps the one that is good. Many goroutines may use it at once: those that need a token at the same
// time wait for the same one.
type tokens struct {
	client *web.Client
	url    *url.URL
	header nethttp.Header
	body   string

	mu    sync.Mutex
	last  *token // nil for none
	under *fetch // nil for none
}

// A token is one that was got.
type token struct {
	authorization string
	mask          actions.Mask
	end           time.Time // it is not used after that
}

// A fetch is a request for a token that is under way, or was. The others may be read when done is closed.
type fetch struct {
	done chan struct{}
	got  *token
	err  error
}

// newTokens reads what an account says of them.
func newTokens(o *OAuth, client *web.Client) (*tokens, error) {
	u, err := parseURL(o.TokenURL)
	if err != nil {
		return nil, fmt.Errorf("oauth.token_url: %w", err)
	}
	form := url.Values{"grant_type": {"client_credentials"}}
	if o.Scope != "" {
		form.Set("scope", o.Scope)
	}
	for name, value := range o.More {
		if form.Has(name) || name == "client_id" || name == "client_secret" {
			return nil, fmt.Errorf("oauth.more: %s has a key of its own, or is always the same", name)
		}
		form.Set(name, string(value))
	}
	t := &tokens{client: client, url: u,
		header: nethttp.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}}
	if o.Send == "body" {
		form.Set("client_id", o.ClientID)
		form.Set("client_secret", o.ClientSecret.Reveal())
	} else {
		t.header.Set("Authorization", "Basic "+o.pair())
	}
	t.body = form.Encode()
	return t, nil
}

// pair is the client's name and secret as a header has them: each encoded as in a form first (RFC 6749, section 2.3.1).
func (o *OAuth) pair() string {
	return base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(o.ClientID) + ":" + url.QueryEscape(o.ClientSecret.Reveal())))
}

// secrets are what of it must not be shown. Nil has none.
func (o *OAuth) secrets() []actions.Secret {
	if o == nil {
		return nil
	}
	all := []actions.Secret{o.ClientSecret, actions.Secret(o.pair())}
	for _, value := range o.More { // a password or an assertion, perhaps
		if len(value) >= 12 {
			all = append(all, actions.Secret(value))
		}
	}
	return all
}

// get gives a token that is good, other than the one that was refused, which may be nil.
func (t *tokens) get(ctx context.Context, refused *token) (*token, error) {
	t.mu.Lock()
	if last := t.last; last != nil && last != refused && time.Now().Before(last.end) {
		t.mu.Unlock()
		return last, nil
	}
	f := t.under
	if f == nil {
		f = &fetch{done: make(chan struct{})}
		t.under = f
		go t.run(context.WithoutCancel(ctx), f) // others wait for it too, and it ends by itself
	}
	t.mu.Unlock()
	select {
	case <-f.done:
		return f.got, f.err
	case <-ctx.Done():
		return nil, actions.RetryAfter(0, fmt.Errorf("%s had not given a token when the try was stopped", t.url.Host))
	}
}

func (t *tokens) run(ctx context.Context, f *fetch) {
	f.got, f.err = t.fetch(ctx)
	t.mu.Lock()
	t.under = nil
	if f.err == nil {
		t.last = f.got
	}
	t.mu.Unlock()
	close(f.done)
}

// fetch asks for a token once. Nothing of the step has been sent then, so no outcome is unknown; and what the token's server
// does not want is the account's fault.
func (t *tokens) fetch(ctx context.Context) (*token, error) {
	r, err := nethttp.NewRequestWithContext(ctx, nethttp.MethodPost, t.url.String(), strings.NewReader(t.body))
	if err != nil {
		return nil, actions.Permanent(actions.BlameAccount, errors.New("oauth.token_url is not a URL"))
	}
	r.Header = t.header.Clone()
	begun := time.Now()
	answer, err := t.client.Do(r)
	if err != nil {
		err = fmt.Errorf("no token: %w", err)
		if actions.OutcomeOf(err).Outcome == actions.OutcomePermanent {
			return nil, actions.Permanent(actions.BlameAccount, err)
		}
		return nil, actions.RetryAfter(0, err)
	}
	if err := answer.Err(tokenRows()...); err != nil {
		return nil, fmt.Errorf("no token: %w", err)
	}
	return t.read(answer, begun)
}

// tokenRows is what a token's server means by a status. It says 400 and 401 to a client that it does not know.
func tokenRows() []web.Row {
	const permanent, account = actions.OutcomePermanent, actions.BlameAccount
	return []web.Row{
		{From: 408, To: 408, Outcome: actions.OutcomeRetry},
		{From: 425, To: 425, Outcome: actions.OutcomeRetry},
		{From: 429, To: 429, Outcome: actions.OutcomeRetry},
		{From: 300, To: 499, Outcome: permanent, Blame: account},
	}
}

// read takes an answer of 2xx apart.
func (t *tokens) read(a *web.Answer, begun time.Time) (*token, error) {
	var said struct {
		Token  string       `json:"access_token"`
		Type   string       `json:"token_type"`
		Lasts  actions.Text `json:"expires_in"` // a number of seconds, which some write as text
		Error  string       `json:"error"`
		Detail string       `json:"error_description"`
	}
	switch err := json.Unmarshal(a.Body, &said); {
	case a.Partial != nil || err != nil:
		return nil, actions.RetryAfter(0, fmt.Errorf("no token: the answer of %s is not one of OAuth's", t.url.Host))
	case said.Token == "" && said.Error != "":
		return nil, actions.Permanent(actions.BlameAccount, fmt.Errorf("no token: %s says %s", t.url.Host, actions.Excerpt([]byte(said.Error+" "+said.Detail))))
	case said.Token == "" || badValue(said.Token):
		return nil, actions.RetryAfter(0, fmt.Errorf("no token: there is none in the answer of %s", t.url.Host))
	case said.Type != "" && !strings.EqualFold(said.Type, "bearer"):
		return nil, actions.Permanent(actions.BlameAccount, fmt.Errorf("no token: %s gives tokens of type %s, and only Bearer is known", t.url.Host, actions.Excerpt([]byte(said.Type))))
	}
	got := &token{authorization: "Bearer " + said.Token, mask: actions.NewMask(actions.Secret(said.Token)), end: begun.Add(unsaid)}
	if seconds, err := strconv.ParseFloat(string(said.Lasts), 64); err == nil && seconds > 0 && seconds < 1e9 {
		lasts := time.Duration(seconds * float64(time.Second))
		got.end = begun.Add(lasts - min(early, lasts/4))
	}
	return got, nil
}

// ask sends a request with a token, and once more with a new one when it is refused: then nothing was done. What the answer
// repeats of the token is put out of sight.
func (t *tokens) ask(ctx context.Context, client *web.Client, r *nethttp.Request, timeout time.Duration) (*web.Answer, error) {
	var refused *token
	for {
		got, err := t.get(ctx, refused)
		if err != nil {
			return nil, err
		}
		again := r.Clone(ctx)
		again.Header["Authorization"] = []string{got.authorization}
		if r.GetBody != nil {
			if again.Body, err = r.GetBody(); err != nil {
				return nil, actions.RetryAfter(0, errors.New("the body could not be read again"))
			}
		}
		answer, err := client.DoWithin(again, timeout)
		if err != nil {
			return nil, err
		}
		answer.Body = got.mask.Bytes(answer.Body)
		if answer.Status != nethttp.StatusUnauthorized || refused != nil {
			return answer, nil
		}
		refused = got
	}
}
