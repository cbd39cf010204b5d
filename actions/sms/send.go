package sms

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"shopbell/actions"
	"shopbell/actions/web"
)

// A way is a provider, as one account reaches it. It may be used by many goroutines at once.
type way interface {
	// send hands a message over, once. Its error is one of package actions.
	send(context.Context, message) (receipt, error)
}

// message is what a provider is given.
type message struct {
	key  string
	told string // address at which the provider may tell what became of it; "" for none
	to   string // E.164
	text string
	size size
}

// digits is the number without its +.
func (m message) digits() string { return strings.TrimPrefix(m.to, "+") }

// receipt is what a provider says of a message that it took.
type receipt struct {
	id       string
	segments int // as the provider counts them; 0 when it does not say
}

// sender does what is the same for all providers.
type sender struct {
	way     way
	allowed countries
}

// talking is a sender whose provider tells later what became of a message, and can be asked how the account is.
type talking struct {
	*sender
	talker
}

// askable is a sender whose provider can be asked how the account is.
type askable struct {
	*sender
	actions.Tester
}

type talker interface {
	actions.Reporter
	actions.Tester
}

// Send implements [actions.Sender].
func (s *sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	n, err := call.Params.number()
	if err != nil {
		return nil, err
	}
	if err := s.allowed.allow(n); err != nil {
		return nil, actions.Permanent(actions.BlameRecipient, err)
	}
	m := message{key: call.Key, told: call.Callback, to: n.E164, text: clean(call.Params.Text)}
	if err := checkText(m.text); err != nil { // a customer's {{ would have kept Check from it
		return nil, actions.Permanent(actions.BlameRequest, err)
	}
	m.size = measure(m.text)
	got, err := s.way.send(ctx, m)
	if err != nil {
		return nil, stopping(err, n)
	}
	result := actions.Result{"to": m.to, "segments": m.size.segments, "encoding": string(m.size.encoding)}
	if got.segments > 0 {
		result["segments"] = got.segments
	}
	if got.id != "" {
		result["id"] = got.id
	}
	return result, nil
}

// rows are what statuses mean where no word of the provider says better. What the account names and is not there is the
// account's fault; after 5xx nobody knows whether a text was sent.
func rows() []web.Row {
	return []web.Row{
		{From: 300, To: 399, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount},
		{From: 404, To: 405, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount},
		{From: 410, To: 410, Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount},
		{From: 500, To: 999, Outcome: actions.OutcomeUnknown},
	}
}

// errStranger says that something answered success that is not the provider, or not all of it.
func errStranger(name string) error {
	return actions.Unknown(errors.New("the answer is not one of " + name + "'s, so that the text may have been sent"))
}

// taken tells whether a status says that the request was carried out.
func taken(status int) bool { return status >= http.StatusOK && status < http.StatusMultipleChoices }

// request makes a request with a body.
func request(ctx context.Context, method, url, kind, body string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil { // its text would tell the URL
		return nil, actions.Permanent(actions.BlameAccount, errors.New("the provider's address is not a URL"))
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return r, nil
}

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
