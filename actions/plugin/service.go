package plugin

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"shopbell/actions"
	"shopbell/actions/web"
)

// The keys of a service's account that its requests are signed with.
const (
	signingKey  = "signing_secret"
	previousKey = "previous_signing_secret"
)

// service asks over HTTP.
type service struct {
	name string
	url  *url.URL
	once sync.Once
	web  *web.Client
}

func (s *service) renew() {}
func (s *service) close() {}

// serviceURL reads the address of a service.
func serviceURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "":
		return nil, errors.New("want an address such as https://plugins.example.com/notify")
	case u.User != nil:
		return nil, errors.New("the url holds a user name or password; requests are signed instead")
	}
	return u, nil
}

// exchange implements [way].
func (s *service) exchange(t trip) ([]byte, error) {
	s.once.Do(func() { s.web = web.New(web.Options{Env: t.env, Guarded: true}) })
	answer, err := s.web.DoWithin(s.request(t, time.Now()), t.timeout)
	if err != nil {
		return nil, err
	}
	if err := answer.Err(); err != nil {
		return nil, err
	}
	// Whatever stands between us and the service may have made a page of its answer: that of a program cannot be another's.
	err = answer.Partial
	if err == nil {
		_, err = readAnswer(answer.Body)
	}
	if err != nil {
		return nil, actions.Unknown(fmt.Errorf("%s: %w, so that it may have been done", s.name, err))
	}
	return answer.Body, nil
}

// request builds and signs what is sent.
func (s *service) request(t trip, at time.Time) *http.Request {
	body := bytes.TrimSuffix(t.request, []byte("\n"))
	stamp := strconv.FormatInt(at.Unix(), 10)
	header := http.Header{"Content-Type": {"application/json"}, "Webhook-Id": {t.key}, "Webhook-Timestamp": {stamp},
		"Webhook-Signature": {web.Sign(t.signers, t.key, stamp, body)}}
	read := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	first, _ := read()
	r := &http.Request{Method: http.MethodPost, URL: s.url, Host: s.url.Host, Header: header, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Body: first, GetBody: read, ContentLength: int64(len(body))}
	return r.WithContext(t.ctx)
}
