package newsletter

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"shopbell/actions"
)

// klaviyoRevision is the version of the API that requests are written for. Klaviyo answers 410 once it is retired.
const klaviyoRevision = "2026-07-15"

func klaviyo() service {
	const permanent, retry = actions.OutcomePermanent, actions.OutcomeRetry
	return service{
		name: "klaviyo", test: "/api/accounts", api: "https://a.klaviyo.com", lists: "a list",
		open: openKlaviyo, problem: klaviyoProblem, once: klaviyoOnce,
		verdicts: []verdict{
			{status: 400, says: "/email", outcome: permanent, blame: actions.BlameRecipient, source: "mem"},
			{status: 400, outcome: permanent, blame: actions.BlameRequest, source: "spec"},
			{status: 401, outcome: permanent, blame: actions.BlameAccount, words: "the key is not valid", source: "spec"},
			{status: 403, outcome: permanent, blame: actions.BlameAccount, words: "the key lacks a scope", source: "spec"},
			{status: 404, outcome: permanent, blame: actions.BlameAccount, part: "the list", words: "there is no such list", source: "mem"},
			{status: 409, outcome: permanent, blame: actions.BlameRecipient, source: "spec"},
			{status: 410, outcome: permanent, blame: actions.BlameAccount, words: "Klaviyo has retired the version of its API that this program knows", source: "spec"},
			{status: 415, outcome: permanent, blame: actions.BlameRequest, source: "spec"},
			{status: 429, outcome: retry, source: "doc"},
		},
	}
}

// klaviyoProblem reads the errors of JSON:API.
func klaviyoProblem(body []byte) (code, words string) {
	var p struct {
		Errors []struct {
			Code, Title, Detail string
			Source              struct{ Pointer string }
		}
	}
	if !object(body, &p) || len(p.Errors) == 0 {
		return notJSON, string(body)
	}
	var all []string
	for _, e := range p.Errors {
		all = append(all, joined(e.Title, e.Detail, e.Source.Pointer))
	}
	return p.Errors[0].Code, strings.Join(all, "; ")
}

type klaviyoAccount struct{ *desk }

func openKlaviyo(a Account, d *desk) (provider, error) {
	d.header = http.Header{
		"Authorization": {"Klaviyo-API-Key " + a.APIKey.Reveal()}, "Revision": {klaviyoRevision},
		"Content-Type": {"application/vnd.api+json"}, "Accept": {"application/vnd.api+json"},
	}
	return klaviyoAccount{d}, nil
}

// A klaviyoProfile is what Klaviyo says of a person.
type klaviyoProfile struct {
	ID         string `json:"id"`
	Attributes struct {
		Subscriptions struct {
			Email struct {
				Marketing struct {
					Consent     string `json:"consent"`
					Suppression []struct {
						Reason string `json:"reason"`
					} `json:"suppression"`
					Lists []struct {
						List   string `json:"list_id"`
						Reason string `json:"reason"`
					} `json:"list_suppressions"`
				} `json:"marketing"`
			} `json:"email"`
		} `json:"subscriptions"`
	} `json:"attributes"`
}

// left tells whether a person must be left alone, and why.
func (p *klaviyoProfile) left(list string) string {
	m := &p.Attributes.Subscriptions.Email.Marketing
	switch {
	case len(m.Suppression) > 0:
		return "the person is suppressed: " + actions.Excerpt([]byte(m.Suppression[0].Reason))
	case strings.EqualFold(m.Consent, "UNSUBSCRIBED"):
		return "the person has unsubscribed"
	}
	for _, l := range m.Lists {
		if l.List == list {
			return "the person is suppressed on the list: " + actions.Excerpt([]byte(l.Reason))
		}
	}
	return ""
}

type klaviyoProfiles struct {
	Data []klaviyoProfile `json:"data"`
}

// filter asks for one person. An address has no quotes.
func (o *order) filter() string { return "filter=" + url.QueryEscape(`equals(email,"`+o.email+`")`) }

// find looks a person up; nobody is the zero profile.
func (c klaviyoAccount) find(ctx context.Context, o *order) (klaviyoProfile, error) {
	var said klaviyoProfiles
	answer, err := c.ask(ctx, call{method: http.MethodGet, path: "/api/profiles?additional-fields[profile]=subscriptions&" + o.filter()})
	if answer != nil && answer.Status == http.StatusNotFound {
		return klaviyoProfile{}, nil
	}
	if err == nil && len(answer.Body) > 0 {
		err = c.read(answer, &said)
	}
	if err != nil || len(said.Data) == 0 {
		return klaviyoProfile{}, err
	}
	if i := slices.IndexFunc(said.Data, func(p klaviyoProfile) bool { return p.left(o.list) != "" }); i >= 0 {
		return said.Data[i], nil
	}
	return said.Data[0], nil
}

// on tells whether somebody who is subscribed is so to this list: they may have been asked to confirm for it, and are not asked
// again. A list that is not there is for the call that subscribes to tell.
func (c klaviyoAccount) on(ctx context.Context, o *order, known *klaviyoProfile) (bool, error) {
	if !strings.EqualFold(known.Attributes.Subscriptions.Email.Marketing.Consent, "SUBSCRIBED") {
		return false, nil
	}
	var said klaviyoProfiles
	answer, err := c.ask(ctx, call{method: http.MethodGet, path: "/api/lists/" + o.list + "/profiles?" + o.filter()})
	switch {
	case answer != nil && (answer.Status == http.StatusNotFound || err == nil && !object(answer.Body, &said)):
		return false, nil
	case err != nil:
		return false, err
	}
	return slices.ContainsFunc(said.Data, func(p klaviyoProfile) bool { return p.ID == known.ID }), nil
}

// The ways in which a list takes people; the list's settings at Klaviyo decide, not the call.
const (
	doubleOptIn = "double_opt_in"
	singleOptIn = "single_opt_in"
)

// process asks how a list takes people; "" when Klaviyo does not say.
func (c klaviyoAccount) process(ctx context.Context, o *order) (string, error) {
	var said struct {
		Data struct {
			Attributes struct {
				Process string `json:"opt_in_process"`
			} `json:"attributes"`
		} `json:"data"`
	}
	answer, err := c.ask(ctx, call{method: http.MethodGet, path: "/api/lists/" + o.list})
	switch {
	case answer != nil && (answer.Status == http.StatusNotFound || err == nil && !object(answer.Body, &said)):
		return "", nil // the call that subscribes will tell whether there is such a list
	case err != nil:
		return "", err
	}
	return said.Data.Attributes.Process, nil
}

// subscribe implements [provider]. The call would take back who has left, so each person is looked up first, and what may
// mail them comes last: an earlier call that has to be repeated mails nobody.
func (c klaviyoAccount) subscribe(ctx context.Context, o *order) (standing, error) {
	err := noTags(o, "klaviyo")
	if err == nil && o.Consent == nil {
		err = actions.Permanent(actions.BlameRequest, errors.New("consent is missing: Klaviyo takes back who has unsubscribed, so a rule has to say that the person has agreed; "+
			"write consent: true, or where it comes from"))
	}
	if err != nil {
		return standing{}, err
	}
	known, err := c.find(ctx, o)
	if err != nil {
		return standing{}, err
	}
	if why := known.left(o.list); why != "" {
		return standing{state: suppressed, id: known.ID, skip: why}, nil
	}
	on, err := c.on(ctx, o, &known)
	if err != nil {
		return standing{}, err
	}
	if on {
		got := standing{state: already, id: known.ID}
		if o.Name == "" && len(o.Fields) == 0 {
			got.skip = "the person is on the list already"
		}
		return got, c.describe(ctx, o)
	}
	process, err := c.process(ctx, o)
	if err == nil && o.confirms() && process == singleOptIn {
		err = actions.Permanent(actions.BlameRequest, errors.New("the list is one of single opt-in, so that nobody would be asked to confirm: change that in its settings at Klaviyo, or say double_opt_in: false"))
	}
	if err == nil {
		err = c.describe(ctx, o)
	}
	if err != nil {
		return standing{}, err
	}
	job := klaviyoJob("profile-subscription-bulk-create-job", "SUBSCRIBED", o)
	_, err = c.ask(ctx, call{method: http.MethodPost, path: "/api/profile-subscription-bulk-create-jobs", body: job, once: process != singleOptIn})
	got := standing{state: subscribed, id: known.ID}
	if process == doubleOptIn || process == "" && o.confirms() {
		got.state = pending
	}
	return got, err
}

// A tree is a JSON object as it is written.
type tree = map[string]any

// klaviyoJob is the body of the calls that subscribe and unsubscribe.
func klaviyoJob(kind, consent string, o *order) tree {
	profile := tree{"type": "profile", "attributes": tree{
		"email":         o.email,
		"subscriptions": tree{"email": tree{"marketing": tree{"consent": consent}}},
	}}
	data := tree{"type": kind, "attributes": tree{"profiles": tree{"data": []any{profile}}}}
	if o.list != "" {
		data["relationships"] = tree{"list": tree{"data": tree{"type": "list", "id": o.list}}}
	}
	return tree{"data": data}
}

// describe writes the name and the fields, which the call that subscribes does not take.
func (c klaviyoAccount) describe(ctx context.Context, o *order) error {
	given, family := o.names()
	properties := o.properties("", "")
	if given == "" && len(properties) == 0 {
		return nil
	}
	attributes := tree{"email": o.email}
	for key, value := range map[string]string{"first_name": given, "last_name": family} {
		if value != "" {
			attributes[key] = value
		}
	}
	if len(properties) > 0 {
		attributes["properties"] = properties
	}
	body := tree{"data": tree{"type": "profile", "attributes": attributes}}
	_, err := c.ask(ctx, call{method: http.MethodPost, path: "/api/profile-import", body: body})
	return err
}

// klaviyoOnce tells which steps must not be repeated blindly. Whether subscribing mails the person is for the list's settings to say, and
// not for the step. Unsubscribing from a list takes the person off it, and whoever is not on it off all marketing: the second time it
// would do more than was asked for.
func klaviyoOnce(p *Params) bool {
	return p.subscribes() || p.Action == actUnsubscribe && p.List != ""
}

// unsubscribe implements [provider]. Klaviyo forgets nothing here, and takes somebody who is unknown too.
func (c klaviyoAccount) unsubscribe(ctx context.Context, o *order) (standing, error) {
	job := klaviyoJob("profile-subscription-bulk-delete-job", "UNSUBSCRIBED", o)
	_, err := c.ask(ctx, call{method: http.MethodPost, path: "/api/profile-subscription-bulk-delete-jobs", body: job, once: klaviyoOnce(o.Params)})
	return standing{state: unsubscribed}, err
}

// tag implements [provider].
func (c klaviyoAccount) tag(_ context.Context, o *order) (standing, error) {
	return standing{}, noTags(o, "klaviyo")
}
