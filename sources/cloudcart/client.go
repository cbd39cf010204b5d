package cloudcart

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"shopbell/event"
	"shopbell/secret"
	"shopbell/sources"
)

// The bounds of a call.
const (
	callTimeout = 25 * time.Second // from the request to the last byte; CloudCart itself gives up after 30 s
	maxAnswer   = 8 << 20          // bytes, after decompression
	maxCalls    = 4                // at once, for each store
	firstRate   = 45               // calls a minute until the API has told what the plan allows; the least plan has 50, of which one is never had
	maxRate     = 800              // no plan has more
	mostBurst   = 5                // calls at once before the rate counts
)

const mediaType = "application/vnd.api+json"

// errNotFound says that the API answered 404.
var errNotFound = errors.New("the store's API does not know it")

// A shop is one configured store and the way to its API.
type shop struct {
	id      string
	base    *url.URL
	host    string // by which CloudCart tells stores apart
	key     secret.Text
	keyID   int // of the key for webhooks; 0 for CloudCart's choice
	keys    [][sha256.Size]byte
	zone    *time.Location
	profile event.Store
	line    *line
	client  *caller
	health  health
	reads   reads
	lacks   sync.Map     // resource to how many of its includes the API does not know (int)
	alive   atomic.Int64 // UNIX seconds of the last answer that could only come from this store
}

// A line holds back the calls of one host: all API keys of a store share one allowance.
type line struct {
	limit *sources.Allowance
	slots chan struct{} // one is held during each call
	fixed bool          // the operator has chosen the rate
}

func newLine(perMinute int) *line {
	l := &line{slots: make(chan struct{}, maxCalls), fixed: perMinute > 0}
	if !l.fixed {
		perMinute = firstRate
	}
	l.limit = sources.NewAllowance(steady(perMinute))
	return l
}

// steady makes a rate and a burst that together stay below an allowance in any minute.
func steady(perMinute int) (rate.Limit, int) {
	burst := min(mostBurst, max(1, perMinute/10))
	return rate.Limit(max(1, perMinute-burst)) / 60, burst
}

// learn takes the allowance that the API tells. A tenth is left to others who use the same store.
func (l *line) learn(h http.Header) {
	told, err := strconv.Atoi(h.Get("X-RateLimit-Limit"))
	if err != nil || told < 1 || l.fixed {
		return
	}
	l.limit.Set(steady(min(told, maxRate) * 9 / 10))
}

// A caller makes the calls of all stores.
type caller struct{ http *http.Client }

// newCaller follows no redirect: an API key must not travel to another host.
func newCaller() *caller {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DialContext = (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	transport.MaxIdleConnsPerHost = maxCalls
	transport.MaxResponseHeaderBytes = 64 << 10
	return &caller{&http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// A call is one request to the API. path is below /api/v2, already escaped.
type call struct {
	method string
	path   string
	query  url.Values
	body   any // nil for none
}

func get(path string, query url.Values) call { return call{http.MethodGet, path, query, nil} }

// do makes a call and gives the body of its answer, with a status from 200 to 299. [errNotFound] means 404, a *rejection
// means 400 or 422; other errors are ready for Attest to give.
func (s *shop) do(ctx context.Context, c call) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := s.health.pass(); err != nil {
		return nil, err
	}
	select {
	case s.line.slots <- struct{}{}:
		defer func() { <-s.line.slots }()
	case <-ctx.Done():
		return nil, ended{fmt.Sprintf("the store's API holds %d earlier calls up", maxCalls), ctx.Err()}
	}
	if err := s.turn(ctx); err != nil {
		return nil, err
	}
	request, err := s.request(ctx, c)
	if err != nil {
		return nil, err
	}
	response, err := s.client.http.Do(request)
	if err != nil {
		err = silence(err)
		s.health.set(sources.CredentialSilent, err.Error())
		return nil, err
	}
	defer response.Body.Close()
	return s.answer(ctx, response)
}

// turn waits for the rate of the host. What a call before found out in the meantime counts too.
func (s *shop) turn(ctx context.Context) error {
	if err := s.line.limit.Wait(ctx); err != nil {
		if ctx.Err() != nil {
			return ended{"the call of the store's API waited too long for its turn", ctx.Err()}
		}
		return sources.Later(10*time.Second, errors.New("more calls are wanted of this store's API than its plan allows"))
	}
	return s.health.pass()
}

func (s *shop) request(ctx context.Context, c call) (*http.Request, error) {
	address := s.base.String() + "/api/v2/" + c.path
	if len(c.query) > 0 {
		address += "?" + c.query.Encode()
	}
	var body io.Reader
	if c.body != nil {
		text, err := json.Marshal(c.body)
		if err != nil {
			return nil, errors.New("the call of the store's API cannot be written as JSON")
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, c.method, address, body)
	if err != nil {
		return nil, errors.New("the address of the store's API is not one: are host and api right?")
	}
	request.Host = s.host
	request.Header.Set(KeyHeader, s.key.Reveal())
	request.Header.Set("Accept", mediaType)
	if body != nil {
		request.Header.Set("Content-Type", mediaType)
	}
	return request, nil
}

// answer reads an answer and sorts it.
func (s *shop) answer(ctx context.Context, response *http.Response) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	s.line.learn(response.Header)
	if status := response.StatusCode; status < 200 || status > 299 {
		return nil, s.failure(response, body)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		err = ended{"the answer of the store's API was not whole in time", ctx.Err()}
	case err != nil:
		err = errors.New("the answer of the store's API broke off")
	case len(body) > maxAnswer:
		err = fmt.Errorf("the answer of the store's API is larger than %d bytes", maxAnswer)
	}
	if err != nil {
		s.health.set(sources.CredentialSilent, err.Error())
		return nil, err
	}
	// What is read goes into the ledger and onto pages, so a key that the answer repeats is taken out.
	return secret.NewMask(s.key).Bytes(body), nil
}

// ask reads a document. An answer that is none says nothing about the key.
func (s *shop) ask(ctx context.Context, c call) (*document, error) {
	body, err := s.do(ctx, c)
	if err != nil {
		return nil, err
	}
	d, err := parseDocument(body)
	if err != nil {
		s.health.set(sources.CredentialSilent, err.Error())
		return nil, err
	}
	s.health.set(sources.CredentialOK, "")
	s.alive.Store(time.Now().Unix())
	return d, nil
}
