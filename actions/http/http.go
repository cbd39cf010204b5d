// Package http declares the http action, which sends one request to any system that speaks HTTP:
//
//	http:
//	  url: https://erp.example.com/orders/{{ order.id }}
//	  json: { total: "{{ order.total }}" }
//
// Each request carries the step's key as webhook-id and, when the account has a secret, a signature per Standard
// Webhooks. Private addresses are refused unless the operator allows them. It follows no redirects.
package http

import (
	"bytes"
	"context"
	"fmt"
	"io"
	nethttp "net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/actions/web"
)

// Action sends a request.
var Action = actions.Define(actions.Spec[Account, Params]{
	Name:    "http",
	Summary: "Send a request to any system that speaks HTTP",
	Doc:     doc,
	Example: `http: { url: "https://erp.example.com/orders/{{ order.id }}", json: { total: "{{ order.total }}" } }`,
	Result:  Result{},
	// The receiver tells by webhook-id, the same on every try, that it has had the request before.
	Idempotent: true,
	NoAccount:  true,
	Target:     target,
	Open:       open,
})

const doc = `Each request carries the headers webhook-id, the same on every try, so that the receiver can tell a repeated
request, and webhook-timestamp. When the account has a secret it also carries webhook-signature, as
Standard Webhooks describes it: with each of the account's secrets, so that receivers can change over one by one.

What a hole puts into the url is percent-encoded, so that it stays in its place; a url that is nothing but one hole is
taken as it is. Addresses in private networks are refused unless the operator allows them. Redirects are not followed.

An answer of 2xx is success, unless the step expects other statuses. 400, 401, 403, 405, 410, 413, 415, 422 and redirects
are final; after any other answer, and after none, the request is tried again. An account can say otherwise: retry, final.

With oauth in the account, a token is fetched when the first step needs it, kept until shortly before its end, and fetched
anew, once, when a request is answered with 401. ` + "`shopbell accounts test`" + ` fetches one, or reads the account's test address.`

// An Account says how requests are signed and how they sign in.
type Account struct {
	Secret         actions.Secret            `json:"secret,omitempty" jsonschema:"pattern=^wh(sec|sk)_" jsonschema_description:"Signing secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64. Or a private key, to sign so that receivers need no secret (v1a): whsk_ and an Ed25519 key in base64."`
	PreviousSecret actions.Secret            `json:"previous_secret,omitempty" jsonschema:"pattern=^wh(sec|sk)_" jsonschema_description:"The secret before this one. While receivers change over, requests are signed with both."`
	Secrets        []actions.Secret          `json:"secrets,omitempty" jsonschema:"minItems=1,maxItems=10" jsonschema_description:"In place of secret: several, the newest first. Requests are signed with each."`
	Token          actions.Secret            `json:"token,omitempty" jsonschema_description:"Bearer token, sent as Authorization."`
	Username       string                    `json:"username,omitempty" jsonschema_description:"Name for basic authentication."`
	Password       actions.Secret            `json:"password,omitempty" jsonschema_description:"Password for basic authentication."`
	OAuth          *OAuth                    `json:"oauth,omitempty" jsonschema_description:"Client credentials of OAuth 2, for which tokens are fetched."`
	Headers        map[string]actions.Secret `json:"headers,omitempty" jsonschema_description:"More headers for every request, such as an API key."`
	Hosts          []string                  `json:"hosts,omitempty" jsonschema_description:"The only hosts that this account may be used for, such as erp.example.com. Without it, a rule may name any host, and the host gets the token, password and headers."`
	Retry          []int                     `json:"retry,omitempty" jsonschema:"minItems=1" jsonschema_description:"Statuses after which a request is tried again although they are final by default."`
	Final          []int                     `json:"final,omitempty" jsonschema:"minItems=1" jsonschema_description:"Statuses after which a request is not tried again, beside those that are final by default."`
	Test           string                    `json:"test,omitempty" jsonschema_description:"Address that may be read (GET) without anybody noticing, for shopbell accounts test."`
}

// Params are what one step says.
type Params struct {
	URL     string                  `json:"url" jsonschema:"minLength=1" jsonschema_description:"Where to: an http or https URL. What holes put in is percent-encoded, unless the whole URL is one hole." lands:"url"`
	Method  string                  `json:"method,omitempty" jsonschema:"enum=GET,enum=POST,enum=PUT,enum=PATCH,enum=DELETE,enum=HEAD,enum=OPTIONS,enum=QUERY,enum=PURGE,enum=LINK,enum=UNLINK,enum=COPY,enum=MOVE,enum=LOCK,enum=UNLOCK,enum=MKCOL,enum=MKCALENDAR,enum=PROPFIND,enum=PROPPATCH,enum=REPORT,enum=SEARCH,default=POST" jsonschema_description:"What to do there."`
	Query   map[string]actions.Text `json:"query,omitempty" jsonschema_description:"Parameters to add to the url."`
	Headers map[string]actions.Text `json:"headers,omitempty" jsonschema_description:"More headers." lands:"header"`
	JSON    actions.Value           `json:"json,omitempty" jsonschema_description:"Body: any value, sent as JSON."`
	Form    map[string]actions.Text `json:"form,omitempty" jsonschema_description:"Body: fields, sent as a web form."`
	Body    *string                 `json:"body,omitempty" jsonschema_description:"Body: text, sent as it is; its type is text/plain unless headers say another."`
	Expect  []int                   `json:"expect,omitempty" jsonschema:"minItems=1" jsonschema_description:"The statuses that mean success, in place of all of 2xx: [200, 404] for what may be gone already. After another of 2xx it is tried again."`
	Timeout actions.Duration        `json:"timeout,omitempty" jsonschema_description:"Give up after this long, at most 50s. Without it: 10s for the answer to begin, 30s for all of it."`
}

// Result is what later steps see.
type Result struct {
	Status int    `json:"status" jsonschema_description:"Status of the answer, such as 200."`
	JSON   any    `json:"json,omitempty" jsonschema_description:"The answer, when it is JSON."`
	Body   string `json:"body,omitempty" jsonschema_description:"The answer, when it is other text; at most 64 KiB."`
}

// sender sends requests for one account. All but its tokens is read-only.
type sender struct {
	client  *web.Client
	signers []web.Signer // none for no signature
	tokens  *tokens      // nil for none
	headers nethttp.Header
	hosts   []string
	rows    []web.Row
}

// target is the host: one that is down says nothing of others.
func target(c actions.Call[Params]) string {
	u, err := parseURL(c.Params.URL)
	if err != nil {
		return ""
	}
	return u.Host
}

func open(env actions.Env, a Account) (actions.Sender[Params], error) {
	s := &sender{headers: make(nethttp.Header), hosts: a.Hosts}
	var err error
	if s.rows, err = statuses(a); err != nil {
		return nil, err
	}
	if s.signers, err = signers(a); err != nil {
		return nil, err
	}
	if err := s.signIn(a); err != nil {
		return nil, err
	}
	s.client = web.New(web.Options{Env: env, Guarded: true, Secrets: s.secrets(a)})
	if a.OAuth != nil {
		if s.tokens, err = newTokens(a.OAuth, s.client); err != nil {
			return nil, err
		}
	}
	if a.Test != "" {
		if _, err := s.target(a.Test); err != nil {
			return nil, fmt.Errorf("test: %w", err)
		}
	}
	if a.Test != "" || a.OAuth != nil {
		return testable{s, a.Test}, nil
	}
	return s, nil
}

// secrets are what of an account must not be shown.
func (s *sender) secrets(a Account) []actions.Secret {
	all := append([]actions.Secret{a.Token, a.Password}, a.OAuth.secrets()...)
	for _, signing := range append([]actions.Secret{a.Secret, a.PreviousSecret}, a.Secrets...) {
		_, encoded, _ := strings.Cut(signing.Reveal(), "_") // the receiver knows it, too, and perhaps without what stands before
		all = append(all, signing, actions.Secret(encoded))
	}
	for _, values := range s.headers {
		all = append(all, actions.Secret(values[0]))
		if _, pair, ok := strings.Cut(values[0], " "); ok { // without the word Basic or Bearer
			all = append(all, actions.Secret(pair))
		}
	}
	return all
}

// Send sends the request once.
func (s *sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	request, err := s.request(ctx, &call)
	if err != nil {
		return nil, actions.Permanent(actions.BlameRequest, err)
	}
	answer, err := s.ask(ctx, request, time.Duration(call.Params.Timeout))
	if err != nil {
		return nil, err
	}
	if err := call.Params.judge(answer, s.rows); err != nil {
		return nil, err
	}
	return result(answer), nil
}

// ask sends a request with all that the account has to sign in.
func (s *sender) ask(ctx context.Context, r *nethttp.Request, timeout time.Duration) (*web.Answer, error) {
	if s.tokens == nil {
		return s.client.DoWithin(r, timeout)
	}
	return s.tokens.ask(ctx, s.client, r, timeout)
}

// judge sorts an answer by what the step expects, and then by what statuses mean.
func (p *Params) judge(a *web.Answer, rows []web.Row) error {
	switch {
	case slices.Contains(p.Expect, a.Status):
		return nil
	case p.Expect != nil && a.Status >= 200 && a.Status <= 299:
		return fmt.Errorf("%w (the step expects another status)", a.Err(web.Row{From: 200, To: 299, Outcome: actions.OutcomeRetry}))
	}
	return a.Err(rows...)
}

// request builds and signs what is sent.
func (s *sender) request(ctx context.Context, call *actions.Call[Params]) (*nethttp.Request, error) {
	p := &call.Params
	target, err := s.target(p.URL)
	if err != nil {
		return nil, err
	}
	p.addQuery(target)
	body, kind := p.content()
	header := make(nethttp.Header, len(s.headers)+len(p.Headers)+5)
	if kind != "" {
		header["Content-Type"] = []string{kind}
	}
	for name, value := range p.Headers {
		if badValue(string(value)) {
			return nil, fmt.Errorf("the header %q has a line break or another control character in it", name)
		}
		header.Set(name, string(value))
	}
	for name, values := range s.headers {
		header[name] = values
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	header["Webhook-Id"] = []string{call.Key}
	header["Webhook-Timestamp"] = []string{stamp}
	if len(s.signers) > 0 {
		header["Webhook-Signature"] = []string{web.Sign(s.signers, call.Key, stamp, body)}
	}
	method := p.Method
	if method == "" {
		method = nethttp.MethodPost
	}
	// http.NewRequest would parse the URL once more.
	r := (&nethttp.Request{Method: method, URL: target, Host: target.Host, Header: header,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	if len(body) > 0 {
		// With GetBody, a kept connection that was closed before anything was written is replaced without a word.
		// Of a body that net/http knows to be in memory, header and body leave in one packet.
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	} else if method != nethttp.MethodGet {
		r.Body = nethttp.NoBody
	}
	return r, nil
}

// target reads the URL and refuses what no request should go to.
func (s *sender) target(text string) (*url.URL, error) {
	u, err := parseURL(text)
	if err != nil {
		return nil, err
	}
	if len(s.hosts) > 0 && !allows(s.hosts, u) {
		return nil, fmt.Errorf("the account may not be used for %s: its hosts do not name it", u.Host)
	}
	return u, nil
}
