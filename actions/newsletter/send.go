package newsletter

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"shopbell/actions"
	"shopbell/actions/web"
)

// The states of a result.
const (
	subscribed   = "subscribed"
	pending      = "pending"
	already      = "already"
	suppressed   = "suppressed"
	unsubscribed = "unsubscribed"
	tagged       = "tagged"
	absent       = "absent"
)

// A standing is how a person stands with a list after a step.
type standing struct {
	state string
	id    string
	skip  string // why nothing was done; "" when something was
}

// A provider carries out orders. Its errors are sorted. It may be used by many goroutines at once.
type provider interface {
	subscribe(context.Context, *order) (standing, error)
	unsubscribe(context.Context, *order) (standing, error)
	tag(context.Context, *order) (standing, error)
}

// A service is one of those that the action can speak with.
type service struct {
	name string
	api  string // where its API is; "" when each account has its own
	// open looks at what an account needs for this service, and gives its provider.
	open func(a Account, d *desk) (provider, error)
	// problem finds in what the service says of a failure its code, and words for people.
	problem  func(body []byte) (code, words string)
	verdicts []verdict
	test     string // path that any key may read
	lists    string // what it calls a list; "" when orders can do without one
	always   bool   // nobody can be taken off everything at once, without a list
	// once tells whether a step has a call that must not be made a second time blindly, see [call.once]; nil for none.
	once func(*Params) bool
}

// services lists them.
func services() []service {
	return []service{mailchimp(), brevo(), klaviyo(), mailerlite(), listmonk()}
}

// sender sends through one account.
type sender struct {
	service  service
	desk     *desk
	provider provider
}

func open(env actions.Env, a Account) (actions.Sender[Params], error) {
	all := services()
	i := slices.IndexFunc(all, func(s service) bool { return s.name == a.Provider })
	if i < 0 {
		return nil, fmt.Errorf("there is no provider %q", a.Provider)
	}
	if strings.ContainsFunc(a.APIKey.Reveal(), func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, errors.New("api_key has a character in it that no key has, such as a space or a line break")
	}
	d := &desk{service: all[i], api: a.API, slots: make(chan struct{}, slots)}
	if d.api == "" {
		d.api = all[i].api
	}
	p, err := all[i].open(a, d)
	if err != nil {
		return nil, err
	}
	if u, err := url.Parse(d.api); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("api is not an http or https URL")
	}
	d.api = strings.TrimRight(d.api, "/")
	d.client = web.New(web.Options{Env: env, Secrets: append(d.hide, a.APIKey)})
	return &sender{all[i], d, p}, nil
}

// Send implements [actions.Sender].
func (s *sender) Send(ctx context.Context, call actions.Call[Params]) (actions.Result, error) {
	o, err := orderOf(&call)
	if err != nil {
		return nil, err
	}
	if o.list == "" && s.service.lists != "" && (o.Action != actUnsubscribe || s.service.always) {
		return nil, actions.Permanent(actions.BlameRequest, fmt.Errorf("list is missing: %s wants the id of %s", s.service.name, s.service.lists))
	}
	var got standing
	switch o.Action {
	case actUnsubscribe:
		got, err = s.provider.unsubscribe(ctx, o)
	case actTag:
		got, err = s.provider.tag(ctx, o)
	default:
		if o.Consent != nil && !*o.Consent {
			got = standing{state: suppressed, skip: "the person has not agreed to be subscribed"}
			break
		}
		got, err = s.provider.subscribe(ctx, o)
	}
	return told(got, err)
}

// told makes the result. What was skipped has one too, so that later steps can ask for the state.
func told(got standing, err error) (actions.Result, error) {
	switch {
	case err == nil && got.skip != "":
		err = actions.Skip(got.skip)
	case err != nil && actions.OutcomeOf(err).Outcome == actions.OutcomeSkip:
		got.state = suppressed
	case err != nil:
		return nil, err
	}
	result := actions.Result{"state": got.state}
	if got.id != "" {
		result["id"] = got.id
	}
	return result, err
}

// noTags refuses tags where there is nothing of the kind.
func noTags(o *order, name string) error {
	if len(o.Tags) == 0 {
		return nil
	}
	return actions.Permanent(actions.BlameRequest, fmt.Errorf("tags is given, but %s has no tags for people: use fields or another list", name))
}
