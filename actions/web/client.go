// Package web is the one HTTP client of all actions. It knows what an action must know about a try: whether the request
// may have reached the provider, what a status means, how long the provider wants to be left alone; and it keeps
// answers, time and secrets within bounds.
//
//	client := web.New(web.Options{Env: env, Secrets: []actions.Secret{account.Token}})
//	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, body)
//	answer, err := client.Do(request) // err is sorted already: retry, permanent or unknown
//	if err == nil {
//		err = answer.Err() // nil for 2xx
//	}
//
// It follows no redirect, uses no proxy and keeps no cookie. It never tries again.
package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"shopbell/actions"
)

// The bounds of a request.
const (
	// MaxBody is how much of an answer is kept, in bytes.
	MaxBody = 1 << 20
	// maxDrain is how much more is read to keep the connection for the next request, in bytes.
	maxDrain = 256 << 10
	// maxHeader bounds the header of an answer, in bytes.
	maxHeader = 256 << 10
	// firstByte is the time for connecting and for the header of the answer, unless Options.Timeout is set.
	firstByte = 10 * time.Second
	// whole is the time for everything, unless Options.Timeout is set.
	whole = 30 * time.Second
)

// Options are what a client is made for.
type Options struct {
	Env actions.Env
	// Guarded refuses private addresses other than Env.Allow. It is for URLs that rules name; the API of a provider
	// is named by the operator and needs no guard.
	Guarded bool
	// Secrets are put out of sight wherever an answer or an error repeats them.
	Secrets []actions.Secret
}

// A Client sends requests for one account. It may be used by many goroutines at once.
type Client struct {
	transport *http.Transport
	agent     string
	mask      actions.Mask
}

// New makes a client.
func New(o Options) *Client {
	agent := o.Env.UserAgent
	if agent == "" {
		agent = "shopbell"
	}
	return &Client{agent: agent, mask: actions.NewMask(o.Secrets...), transport: &http.Transport{
		Proxy:                  nil, // a proxy would be dialled in place of the host, past the guard
		DialContext:            o.dialer().DialContext,
		TLSHandshakeTimeout:    firstByte,
		MaxIdleConns:           1024,
		MaxIdleConnsPerHost:    1000, // as many as the concurrency of an account may be, often to one host
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true, // answers are short, and a bomb would have to be unpacked to be found
		// HTTP/2 stays off: it sends everything to a host through one connection, and one that died without a word
		// would hold all steps.
	}}
}

// dialer makes connections. What guards it sees each address at the moment at which it is dialled.
func (o Options) dialer() *net.Dialer {
	d := &net.Dialer{Timeout: firstByte, KeepAlive: 30 * time.Second}
	if o.Guarded {
		d.Control = guard(o.Env.Allow)
	}
	return d
}

// Do sends a request once, and reads the answer. The error is one of package actions: permanent for an address that
// may not be reached, retry when the provider cannot have got the request, unknown when it may have. Its text names
// the host at most. The time is 10 s to the header of the answer and 30 s in all.
func (c *Client) Do(r *http.Request) (*Answer, error) { return c.DoWithin(r, 0) }

// DoWithin is [Client.Do] with a time of its own for the header of the answer and for everything; 0 means the default.
func (c *Client) DoWithin(r *http.Request, timeout time.Duration) (*Answer, error) {
	first, all := firstByte, whole
	if timeout > 0 {
		first, all = timeout, timeout
	}
	a := attempt{first: first}
	ctx, cancel := context.WithCancelCause(r.Context())
	defer cancel(nil)
	timer := time.AfterFunc(first, func() { cancel(errLate) })
	defer timer.Stop()
	begun := time.Now()

	if r.Header == nil {
		r.Header = make(http.Header, 1)
	}
	if _, set := r.Header["User-Agent"]; !set {
		r.Header["User-Agent"] = []string{c.agent}
	}
	sent := r.WithContext(httptrace.WithClientTrace(ctx, a.trace()))
	response, err := c.transport.RoundTrip(sent) // not http.Client: it follows redirects and puts URLs into errors
	if err != nil {
		return nil, c.failure(ctx, &a, r.URL.Host, err)
	}
	timer.Reset(all - time.Since(begun))
	return c.read(response), nil
}

// errLate is why a request was given up.
var errLate = errors.New("no answer in time")

// attempt knows how far a request has come.
type attempt struct {
	first   time.Duration
	headers atomic.Bool // the header was handed to the connection
	broken  atomic.Bool // writing the request failed half-way
}

func (a *attempt) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		WroteHeaders: func() { a.headers.Store(true) },
		WroteRequest: func(info httptrace.WroteRequestInfo) { a.broken.Store(info.Err != nil) },
	}
}

// reached tells whether the whole request may have got to the other end. The header is handed over before any byte of
// it can be on the wire, so this errs to the safe side when time runs out in the middle of writing.
func (a *attempt) reached() bool { return a.headers.Load() && !a.broken.Load() }

// Host gives the name that errors use for where a request goes: without credentials, path and query.
func Host(r *http.Request) string { return strings.ToLower(r.URL.Host) }
