package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"shopbell/actions"
	"shopbell/actions/web"
)

// A service is where messages can go.
type service struct {
	name  string
	hooks bool // its accounts can be the URL of a webhook
	shown bool // the path of that is no secret
	style style
	open  func(*place) (*way, error)
}

// services lists them.
func services() []*service {
	return []*service{&discord, &googleChat, &gotify, &mattermost, &ntfy, &pushover, &rocketChat, &teams, &telegram, &zulip}
}

// A way is how the messages of one account go.
type way struct {
	compose func(message) (request, error)
	// judge sorts an answer, and gives what the service calls the message.
	judge func(*web.Answer) (id string, err error)
	// test is a harmless call, and what its answer says for people; nil for none.
	test    *request
	says    func(*web.Answer) (string, error)
	secrets []actions.Secret
}

// A request is one call of a service.
type request struct {
	method, url string
	header      map[string]string
	body        []byte
}

// jsonPost makes a request of a JSON body.
func jsonPost(url string, body any, header map[string]string) (request, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return request{}, err
	}
	all := map[string]string{"Content-Type": "application/json"}
	for key, value := range header {
		all[key] = value
	}
	return request{http.MethodPost, url, all, bytes.TrimSuffix(b.Bytes(), []byte("\n"))}, nil
}

// sender sends through one account.
type sender struct {
	service *service
	way     *way
	client  *web.Client
}

// Fixed implements [actions.Fixed].
func (*sender) Fixed() string { return "a notification goes to the one place that its account names" }

// Send implements [actions.Sender].
func (s *sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	if call.Params.Link != "" && !isAddress(call.Params.Link) {
		return nil, actions.Permanent(actions.BlameRequest, errors.New("link is not an address that begins with https:// or http://"))
	}
	m := s.service.style.write(call.Params)
	r, err := s.way.compose(m)
	if err != nil {
		return nil, actions.Permanent(actions.BlameRequest, errors.New("the message cannot be written as the service wants it"))
	}
	answer, err := s.do(ctx, &r)
	if err != nil {
		return nil, err
	}
	id, err := s.way.judge(answer)
	if err != nil {
		return nil, err
	}
	result := actions.Result{}
	if id != "" {
		result["id"] = id
	}
	if m.cut {
		result["cut"] = true
	}
	return result, nil
}

// do sends a request once. An address that may not be reached is the account's fault, for no step names one.
func (s *sender) do(ctx context.Context, r *request) (*web.Answer, error) {
	wire, err := http.NewRequestWithContext(ctx, r.method, r.url, bytes.NewReader(r.body))
	if err != nil {
		return nil, actions.Permanent(actions.BlameAccount, errAddress)
	}
	for key, value := range r.header {
		wire.Header.Set(key, value)
	}
	answer, err := s.client.Do(wire)
	if err != nil && actions.OutcomeOf(err).Outcome == actions.OutcomePermanent {
		return nil, actions.Permanent(actions.BlameAccount, err)
	}
	return answer, err
}

// tester is a sender whose account can be tried without a message.
type tester struct{ *sender }

// Test implements [actions.Tester].
func (t *tester) Test(ctx context.Context) (string, error) {
	answer, err := t.do(ctx, t.way.test)
	if err != nil {
		return "", err
	}
	if err := answer.Err(places[:]...); err != nil {
		return "", err
	}
	said, err := t.way.says(answer)
	if err != nil {
		return "", err
	}
	return actions.Excerpt([]byte(said)), nil
}

// places are the statuses that say that the account's address is wrong: no step names one.
var places = [...]web.Row{
	{From: 300, To: 399, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount},
	{From: 401, To: 405, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount},
	{From: 410, To: 410, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount},
}

// ours is an error of the account.
func ours(a *web.Answer) error {
	return a.Err(append([]web.Row{{From: 400, To: 499, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}}, places[:]...)...)
}

// odd says that something answered that is not the service, or not all of it.
func odd(name string) error {
	return actions.Unknown(fmt.Errorf("the answer is not one of %s's, so that the message may have arrived", name))
}

// read takes a JSON object out of an answer.
func read(a *web.Answer, into any) bool {
	return a.Partial == nil && json.Unmarshal(a.Body, into) == nil
}

// text gives a JSON number or string as text.
func text(raw json.RawMessage) string {
	var s actions.Text
	if json.Unmarshal(raw, &s) != nil || len(s) > 200 {
		return ""
	}
	return string(s)
}
