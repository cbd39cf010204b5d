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
	"time"

	"shopbell/sources"
)

// The bounds of a call.
const (
	callTimeout = 15 * time.Second // from the request to the last byte of the answer
	maxAnswer   = 8 << 20          // bytes, after decompression
)

// errNotFound says that the API answered 404.
var errNotFound = errors.New("the store's API does not know it")

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

// An ask is one call of a store's API.
type ask struct {
	method string // "" means GET
	path   string // below the store, escaped
	query  url.Values
	body   []byte // JSON; nil for none
	scope  string // the access it needs, for the words of an error
	sent   func() // told when its turn has come; nil for nobody
	even   bool   // even if the app was uninstalled, to learn whether it is back
}

// get reads one JSON value from the store's API. path is relative to the store, already escaped; scope is the access
// it needs, for the words of an error. [errNotFound] means 404; other errors are ready for Attest to give. It always
// asks: see read.
func (s *shop) get(ctx context.Context, path string, query url.Values, scope string) (json.RawMessage, error) {
	return s.call(ctx, ask{path: path, query: query, scope: scope})
}

// call waits for its turn, makes one call, and notes what it says about the token. It does not try again.
func (s *shop) call(ctx context.Context, a ask) (json.RawMessage, error) {
	way, err := s.usable(a.even)
	if err != nil {
		return nil, err
	}
	outer := ctx
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := way.enter(ctx); err != nil {
		return nil, err
	}
	defer way.leave()
	if a.sent != nil {
		a.sent()
	}
	answer, state, err := s.send(ctx, way, a)
	if outer.Err() == nil { // else it was we who hung up
		note := ""
		if err != nil && !errors.Is(err, errNotFound) {
			note = err.Error()
		}
		s.settle(state, a.scope, note)
	}
	return answer, err
}

// usable gives the way to the API, unless there is no token, or the app is not installed any more.
func (s *shop) usable(even bool) (*line, error) {
	way := s.line()
	switch {
	case !even && s.gone():
		return nil, sources.Denied(errors.New(s.stoppedNote()))
	case way == nil:
		return nil, sources.Denied(errors.New(s.missingNote()))
	}
	return way, nil
}

// send makes the call. The state is what it says about the credential; "" for nothing.
func (s *shop) send(ctx context.Context, way *line, a ask) (json.RawMessage, sources.CredentialState, error) {
	var content io.Reader
	if a.body != nil {
		content = bytes.NewReader(a.body)
	}
	request, err := http.NewRequestWithContext(ctx, a.method, s.address(a.path, a.query), content)
	if err != nil {
		return nil, "", err
	}
	request.Header.Set("Authorization", "Bearer "+s.token.Reveal())
	request.Header.Set("Accept", "application/json")
	if a.body != nil {
		request.Header.Set("Content-Type", "application/json; charset=utf-8")
	}
	response, err := s.api.client.Do(request)
	if err != nil {
		return nil, sources.CredentialSilent, fmt.Errorf("the store's API %w", silence(err))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if response.StatusCode != http.StatusOK {
		state, err := s.failure(way, response, body, a.scope)
		return nil, state, err
	}
	way.answered()
	switch {
	case err != nil:
		return nil, sources.CredentialSilent, ended{"the answer of the store's API broke off, or was not whole in time", ctx.Err()}
	case len(body) > maxAnswer:
		return nil, sources.CredentialSilent, fmt.Errorf("the answer of the store's API is larger than %d bytes", maxAnswer)
	}
	answer, err := compact(s.hide(body))
	if err != nil {
		return nil, sources.CredentialSilent, err
	}
	return answer, sources.CredentialOK, nil
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
	address := s.api.base.String() + "/" + s.id + "/" + path
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
func (s *shop) failure(way *line, response *http.Response, body []byte, scope string) (sources.CredentialState, error) {
	var told struct {
		Code string `json:"errorCode"`
	}
	_ = json.Unmarshal(body, &told) // the body of an error is optional
	status := response.StatusCode
	switch {
	case status == http.StatusNotFound && told.Code == "STORE_NOT_FOUND":
		// It says nothing of the entity, and must not be taken as proof that one is deleted.
		return sources.CredentialSuspended, sources.Denied(fmt.Errorf("the API does not know store %s (404 STORE_NOT_FOUND): are its number and api right?", s.id))
	case status == http.StatusNotFound:
		way.answered()
		return sources.CredentialOK, errNotFound
	case status == http.StatusTooManyRequests:
		wait := retryAfter(response.Header)
		way.pause(wait)
		return "", sources.Later(wait, errors.New("the store's API answered 429: too many requests"))
	case status == http.StatusPaymentRequired:
		return sources.CredentialSuspended, sources.Denied(errors.New(s.unpaid(told.Code)))
	case status == http.StatusForbidden, status == http.StatusUnauthorized:
		return s.refused(way, status, told.Code, scope)
	case status >= 300 && status < 400:
		return sources.CredentialSilent, fmt.Errorf("the store's API answered %d, a redirect, which is not followed: is api right?", status)
	case status == http.StatusRequestTimeout || status >= 500 || status < 300:
		return sources.CredentialSilent, fmt.Errorf("the store's API answered %d%s", status, known(told.Code))
	}
	return "", &rejection{status: status, code: known(told.Code)}
}

// A rejection is an answer that says the request is wrong.
type rejection struct {
	status int
	code   string
}

func (r *rejection) Error() string {
	return fmt.Sprintf("the store's API answered %d%s", r.status, r.code)
}

// refused sorts 401 and 403. What Ecwid says to be a dead token is buried. A refusal without a word of Ecwid's may be that of
// a proxy: the token is spared for a while, and then tried again.
func (s *shop) refused(way *line, status int, code, scope string) (sources.CredentialState, error) {
	switch {
	case code == "INSUFFICIENT_APP_SCOPE":
		way.answered()
		return sources.CredentialScope, sources.Denied(errors.New(s.scopeNote(scope)))
	case code == "INVALID_API_TOKEN" || status == http.StatusUnauthorized:
		note := s.deadNote(fmt.Sprintf("%d%s", status, known(code)))
		way.bury(grave{since: time.Now(), note: note, told: code == "INVALID_API_TOKEN"})
		return "", sources.Denied(errors.New(note))
	}
	err := sources.Denied(fmt.Errorf("store %s answered 403%s, which does not say that the token is dead: it is tried again after a pause. "+
		"Is there a proxy or a firewall on the way to api?", s.id, known(code)))
	way.refuse(err)
	return sources.CredentialSilent, err
}

// unpaid says what 402 means.
func (s *shop) unpaid(code string) string {
	switch code {
	case "STORE_IS_SUSPENDED":
		return fmt.Sprintf("store %s is suspended (402 %s): the merchant has to see to it at Ecwid", s.id, code)
	case "NOT_AVAILABLE_ON_CURRENT_PLAN":
		return fmt.Sprintf("store %s is on a plan of Ecwid that has no API (402 %s): its plan has no API until the merchant takes a larger one", s.id, code)
	}
	return fmt.Sprintf("store %s is suspended, or its plan has no API (402%s): the merchant has to see to it at Ecwid", s.id, known(code))
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
