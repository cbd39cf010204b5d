package ecwid

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
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"shopbell/secret"
	"shopbell/sources"
)

// The bounds of a call.
const (
	callTimeout = 15 * time.Second // from the request to the last byte of the answer
	maxAnswer   = 8 << 20          // bytes, after decompression
	maxCalls    = 8                // at once, for each store
	perMinute   = 500              // calls a minute for each token; Ecwid allows 600
	burst       = 60               // calls at once before the rate counts; with perMinute still under 600 in any minute
	deadFor     = 10 * time.Minute // how long a refused token is left alone: Ecwid blocks addresses that go on using one
	defaultWait = 10 * time.Second // after 429 without Retry-After, as Ecwid's own client does
	maxWait     = time.Hour        // longest Retry-After that is believed
)

// errNotFound says that the API answered 404.
var errNotFound = errors.New("the store's API does not know it")

// A shop is one configured store and the way to its API.
type shop struct {
	id      string
	base    *url.URL
	token   secret.Text
	gate    *gate
	slots   chan struct{} // one is held during each call
	client  *http.Client
	profile profileCache
}

// newClient makes the HTTP client of a source. It follows no redirect: a token must not travel to another host.
func newClient() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	transport.MaxIdleConnsPerHost = 4 * maxCalls
	transport.MaxResponseHeaderBytes = 64 << 10
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// A gate holds back the calls made with one token.
type gate struct {
	limit *rate.Limiter

	mu    sync.Mutex
	until time.Time // no call before
	why   error     // that until is as it is; nil for a rate limit
}

func newGate() *gate { return &gate{limit: rate.NewLimiter(perMinute/60.0, burst)} }

// pass waits for the token's rate. It fails at once while the token is refused or throttled.
func (g *gate) pass(ctx context.Context) error {
	g.mu.Lock()
	wait, why := time.Until(g.until), g.why
	g.mu.Unlock()
	switch {
	case wait > 0 && why != nil:
		return why
	case wait > 0:
		return sources.Later(wait, errors.New("the store's API asked for a pause, which is not over"))
	}
	if err := g.limit.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ended{"the call of the store's API waited too long for its turn", ctx.Err()}
		}
		return sources.Later(defaultWait, fmt.Errorf("more than %d calls a minute are wanted of this store's API", perMinute))
	}
	return nil
}

// shut lets no call pass for a while: with why when the token is refused, without when it is throttled.
func (g *gate) shut(wait time.Duration, why error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until := time.Now().Add(wait); until.After(g.until) || why != nil {
		g.until, g.why = until, why
	}
}

// get reads one JSON value from the store's API. path is relative to the store, already escaped; scope is the access
// it needs, for the words of an error. [errNotFound] means 404; other errors are ready for Attest to give.
func (s *shop) get(ctx context.Context, path string, query url.Values, scope string) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return nil, ended{fmt.Sprintf("the store's API holds %d earlier calls up", maxCalls), ctx.Err()}
	}
	if err := s.gate.pass(ctx); err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.address(path, query), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+s.token.Reveal())
	request.Header.Set("Accept", "application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the store's API %w", silence(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case response.StatusCode != http.StatusOK:
		return nil, s.failure(response, body, scope)
	case err != nil:
		return nil, ended{"the answer of the store's API broke off, or was not whole in time", ctx.Err()}
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("the answer of the store's API is larger than %d bytes", maxAnswer)
	}
	return compact(s.hide(body))
}

// hide takes the token out of an answer that repeats it: what is read goes into the ledger and onto pages.
func (s *shop) hide(body []byte) []byte {
	const shortest = 6 // bytes; a shorter token would be found in innocent words
	token := []byte(s.token.Reveal())
	if len(token) < shortest || !bytes.Contains(body, token) {
		return body
	}
	return bytes.ReplaceAll(body, token, []byte("[secret]"))
}

func (s *shop) address(path string, query url.Values) string {
	address := s.base.String() + "/" + s.id + "/" + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}

func compact(body []byte) (json.RawMessage, error) {
	if tooDeep(body) {
		return nil, errors.New("the answer of the store's API is nested too deep")
	}
	var b bytes.Buffer
	if err := json.Compact(&b, body); err != nil {
		return nil, errors.New("the answer of the store's API is not JSON, or was cut off")
	}
	return b.Bytes(), nil
}

// failure sorts an answer that is not 200. Ecwid's error codes say more than its statuses; its messages are not handed
// on, for they may repeat the token.
func (s *shop) failure(response *http.Response, body []byte, scope string) error {
	var told struct {
		Code string `json:"errorCode"`
	}
	_ = json.Unmarshal(body, &told) // the body of an error is optional
	status := response.StatusCode
	switch {
	case status == http.StatusNotFound && told.Code == "STORE_NOT_FOUND":
		// It says nothing of the entity, and must not be taken as proof that one is deleted.
		return sources.Denied(fmt.Errorf("the API does not know store %s (404 STORE_NOT_FOUND): are its number and api right?", s.id))
	case status == http.StatusNotFound:
		return errNotFound
	case status == http.StatusTooManyRequests:
		wait := retryAfter(response.Header)
		s.gate.shut(wait, nil)
		return sources.Later(wait, errors.New("the store's API answered 429: too many requests"))
	case status == http.StatusPaymentRequired:
		return sources.Denied(fmt.Errorf("store %s is suspended, or its plan has no API (402%s): the merchant has to see to it at Ecwid", s.id, known(told.Code)))
	case status == http.StatusForbidden && told.Code == "INSUFFICIENT_APP_SCOPE":
		return sources.Denied(fmt.Errorf("the token of store %s lacks the access scope %s (403): add it to the app and install the app again", s.id, scope))
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		err := sources.Denied(fmt.Errorf("store %s refuses its token (%d%s): put the present secret token of the app into stores.%s.token; a new install makes a new one",
			s.id, status, known(told.Code), s.id))
		s.gate.shut(deadFor, err)
		return err
	case status >= 300 && status < 400:
		return fmt.Errorf("the store's API answered %d, a redirect, which is not followed: is api right?", status)
	}
	return fmt.Errorf("the store's API answered %d%s", status, known(told.Code))
}

// known gives an error code for people when it looks like one, and nothing else.
func known(code string) string {
	if code == "" || len(code) > 60 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") != "" {
		return ""
	}
	return " " + code
}

func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	wait := defaultWait
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 {
		wait = time.Duration(min(seconds, int(maxWait/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = time.Until(at)
	}
	return min(max(wait, time.Second), maxWait)
}
