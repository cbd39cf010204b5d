package openconnectors

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"shopbell/secret"
	"shopbell/sources"
)

// The bounds of a call.
const (
	callTimeout = 20 * time.Second // from the request to the last byte of the answer
	maxAnswer   = 16 << 20         // bytes, after decompression; a page of events repeats what platforms sent
	defaultWait = 30 * time.Second // after 429 without Retry-After
	maxWait     = time.Hour        // longest Retry-After that is believed
)

// errNotFound says that the API answered 404.
var errNotFound = errors.New("the API does not know it")

// errRequest says that the API answered 400: it does not understand what is asked, such as a page token that is over.
var errRequest = errors.New("the API answered 400: it does not understand the request")

// An api is the way to the platform's API.
type api struct {
	base   *url.URL
	client *http.Client
	mask   secret.Mask // of the account's secrets
	now    func() time.Time
}

// newAPI makes the HTTP client of a source. It follows no redirect: a secret must not travel to another host.
func newAPI(base *url.URL, now func() time.Time, mask secret.Mask) *api {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	transport.MaxIdleConnsPerHost = accountBound().calls
	transport.MaxResponseHeaderBytes = 64 << 10
	return &api{base: base, mask: mask, now: now, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// An answer is what the API gave with status 200.
type answer struct {
	body json.RawMessage // valid JSON, not nested too deep, without white space
	next string          // token of the next page; "" at the last
	at   time.Time       // by the platform's clock, in whole seconds; by ours when it does not tell
}

// get reads one JSON value. path is relative to the base, already escaped. [errNotFound] means 404 and [errRequest] 400;
// other errors are ready for Attest and Poll to give.
func (a *api) get(ctx context.Context, g *gate, path string, query url.Values) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	leave, err := g.pass(ctx, a.now())
	if err != nil {
		return answer{}, err
	}
	defer leave()
	address := a.base.String() + "/" + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, errors.New("the address of the call cannot be made: is api right?")
	}
	request.Header.Set("Authorization", g.authorization.Reveal())
	request.Header.Set("Accept", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return answer{}, a.silent(g, silence(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case response.StatusCode != http.StatusOK:
		return answer{}, a.failure(g, response)
	case err != nil:
		return answer{}, a.silent(g, ended{"the API's answer broke off, or was not whole in time", ctx.Err()})
	case len(body) > maxAnswer:
		return answer{}, a.silent(g, fmt.Errorf("the API's answer is larger than %d bytes", maxAnswer))
	}
	return a.read(g, response, body)
}

func (a *api) read(g *gate, response *http.Response, body []byte) (answer, error) {
	body = secret.NewMask(g.token).Bytes(a.mask.Bytes(body))
	if err := readable(body); err != nil {
		return answer{}, a.silent(g, fmt.Errorf("the API's answer is %w: is api right?", err))
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, body); err != nil {
		return answer{}, a.silent(g, errors.New("the API's answer is not JSON"))
	}
	now := a.now()
	g.become(sources.CredentialOK, now, "")
	at, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		at = now.UTC().Truncate(time.Second)
	}
	return answer{body: compact.Bytes(), next: response.Header.Get(nextPageHeader), at: at}, nil
}

// silent notes that the API does not answer, or not in its form.
func (a *api) silent(g *gate, err error) error {
	if !errors.Is(err, context.Canceled) { // that was us
		g.become(sources.CredentialSilent, a.now(), err.Error())
	}
	return err
}

// failure sorts an answer that is not 200. Its body is not handed on, for it may repeat anything.
func (a *api) failure(g *gate, response *http.Response) error {
	now, status := a.now(), response.StatusCode
	switch {
	case status == http.StatusNotFound:
		g.become(sources.CredentialOK, now, "")
		return errNotFound
	case status == http.StatusBadRequest:
		return errRequest
	case status == http.StatusUnauthorized:
		g.become(sources.CredentialDead, now, g.dead())
		return sources.Denied(errors.New(g.dead()))
	case status == http.StatusForbidden:
		const why = "the API refuses this call (403): the user or the instance lacks an access that it needs"
		g.become(sources.CredentialScope, now, why)
		return sources.Denied(errors.New(why))
	case status == http.StatusPaymentRequired:
		const why = "the account is suspended, or its plan does not have this (402): see to it at the platform"
		g.become(sources.CredentialSuspended, now, why)
		return sources.Denied(errors.New(why))
	case status == http.StatusTooManyRequests:
		wait := retryAfter(response.Header, now)
		g.pause(now.Add(wait), now)
		return sources.Later(wait, errors.New("the API answered 429: too many requests"))
	case status >= 300 && status < 400:
		return a.silent(g, fmt.Errorf("the API answered %d, a redirect, which is not followed: is api right?", status))
	}
	return a.silent(g, fmt.Errorf("the API answered %d", status))
}

func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	wait := defaultWait
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		wait = time.Duration(min(seconds, int(maxWait/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, time.Second), maxWait)
}
