package newsletter

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"shopbell/actions"
	"shopbell/actions/web"
)

func mailchimp() service {
	const permanent, skip, retry = actions.OutcomePermanent, actions.OutcomeSkip, actions.OutcomeRetry
	return service{
		name: "mailchimp", test: "/3.0/ping", lists: "an audience", always: true,
		open: openMailchimp, problem: mailchimpProblem,
		verdicts: []verdict{
			{status: 403, code: notJSON, outcome: retry, words: "too many calls at once", source: "doc"},
			{status: 400, says: "signed up to a lot of lists very recently", outcome: retry, wait: 6 * time.Hour, source: "3p"},
			{status: 400, code: "Member In Compliance State", outcome: skip, words: "the person has left, and can only come back by a form of the newsletter's", source: "doc"},
			{status: 400, code: "Forgotten Email Not Subscribed", outcome: permanent, blame: actions.BlameRecipient, words: "the person was deleted for good, and can only come back by a form of the newsletter's", source: "doc"},
			{status: 400, code: "Member Exists", outcome: permanent, blame: actions.BlameRecipient, source: "doc"},
			{status: 400, code: "Invalid Resource", outcome: permanent, blame: actions.BlameRecipient, source: "doc"},
			{status: 404, outcome: permanent, blame: actions.BlameAccount, part: "the audience", words: "there is no such audience", source: "doc"},
			{status: 426, outcome: permanent, blame: actions.BlameAccount, words: "the API wants https", source: "doc"},
		},
	}
}

// mailchimpProblem reads problem+json.
func mailchimpProblem(body []byte) (code, words string) {
	var p struct {
		Title, Detail string
		Errors        []struct{ Field, Message string }
	}
	if !object(body, &p) {
		return notJSON, string(body)
	}
	parts := []string{p.Title, p.Detail}
	for _, e := range p.Errors {
		parts = append(parts, strings.TrimPrefix(e.Field+": "+e.Message, ": "))
	}
	return p.Title, joined(parts...)
}

// joined puts what there is of some words into one line.
func joined(parts ...string) string {
	var there []string
	for _, p := range parts {
		if p != "" {
			there = append(there, p)
		}
	}
	return strings.Join(there, ": ")
}

// dataCenter is what a key ends in: where its account is.
var dataCenter = regexp.MustCompile(`-([a-z]{2,5}[0-9]{1,4})$`)

type mailchimpAccount struct{ *desk }

func openMailchimp(a Account, d *desk) (provider, error) {
	if d.api == "" {
		found := dataCenter.FindStringSubmatch(a.APIKey.Reveal())
		if found == nil {
			return nil, errors.New("api_key does not end in its data center, such as -us1, as Mailchimp's keys do")
		}
		d.api = "https://" + found[1] + ".api.mailchimp.com"
	}
	pair := base64.StdEncoding.EncodeToString([]byte("any:" + a.APIKey.Reveal()))
	d.hide = []actions.Secret{actions.Secret(pair)}
	d.header = http.Header{"Authorization": {"Basic " + pair}, "Content-Type": {"application/json"}}
	return mailchimpAccount{d}, nil
}

// A mailchimpMember is what Mailchimp says of a person.
type mailchimpMember struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Opted  string `json:"timestamp_opt"`
}

// left tells whether a person must be left alone, and why. An empty status is nobody's.
func (m mailchimpMember) left() string {
	switch m.Status {
	case subscribed, pending:
		return ""
	case "cleaned":
		return "mail to the person has bounced"
	case "transactional", "archived":
		return "the person is known there as " + m.Status + ", and only somebody at Mailchimp can put them on the list"
	}
	return "the person has unsubscribed"
}

func memberPath(o *order) string { return "/3.0/lists/" + o.list + "/members/" + hash(o.email) }

// find looks a person up; false for nobody.
func (c mailchimpAccount) find(ctx context.Context, o *order) (m mailchimpMember, found bool, err error) {
	answer, err := c.ask(ctx, call{method: http.MethodGet, path: memberPath(o)})
	if answer != nil && answer.Status == http.StatusNotFound {
		return m, false, nil
	}
	if err == nil {
		m, err = c.member(answer)
	}
	return m, err == nil, err
}

func (c mailchimpAccount) member(a *web.Answer) (m mailchimpMember, err error) {
	if !object(a.Body, &m) || m.Status == "" {
		err = c.stranger()
	}
	return m, err
}

// mailchimpUpsert never says `status`, which would take back who has left.
type mailchimpUpsert struct {
	Email       string         `json:"email_address"`
	StatusIfNew string         `json:"status_if_new"`
	Fields      map[string]any `json:"merge_fields,omitempty"`
	Language    string         `json:"language,omitempty"`
	IP          string         `json:"ip_signup,omitempty"`
	Signup      string         `json:"timestamp_signup,omitempty"`
}

// subscribe implements [provider]. A later try looks first, so that nobody who has been asked to confirm is asked again.
func (c mailchimpAccount) subscribe(ctx context.Context, o *order) (standing, error) {
	if o.try > 1 && o.confirms() {
		m, found, err := c.find(ctx, o)
		if err != nil {
			return standing{}, err
		}
		if found && m.Status == pending {
			return standing{state: pending, id: m.ID}, c.giveTags(ctx, o)
		}
	}
	upsert := mailchimpUpsert{Email: o.email, StatusIfNew: pending, Fields: o.properties("FNAME", "LNAME"), Language: o.Language, IP: o.IP}
	if !o.confirms() {
		upsert.StatusIfNew = subscribed
	}
	if !o.when.IsZero() {
		upsert.Signup = o.when.Format(time.RFC3339)
	}
	// Fields that the audience's own forms require are not the step's affair.
	answer, err := c.ask(ctx, call{method: http.MethodPut, path: memberPath(o) + "?skip_merge_validation=true", body: upsert})
	if err != nil {
		return standing{}, err
	}
	m, err := c.member(answer)
	if err != nil {
		return standing{}, err
	}
	if why := m.left(); why != "" {
		return standing{state: suppressed, id: m.ID, skip: why}, nil
	}
	got := standing{state: m.Status, id: m.ID}
	if m.Status == subscribed && before(m.Opted, answer.Header.Get("Date")) {
		got.state = already
	}
	return got, c.giveTags(ctx, o)
}

// before tells whether a person had opted in well before an answer was given.
func before(opted, answered string) bool {
	then, err := time.Parse(time.RFC3339, opted)
	if err != nil {
		return false
	}
	now, err := http.ParseTime(answered)
	if err != nil {
		now = time.Now()
	}
	return now.Sub(then) > 15*time.Minute
}

// giveTags gives the tags, which the call that subscribes does not take.
func (c mailchimpAccount) giveTags(ctx context.Context, o *order) error {
	if len(o.Tags) == 0 {
		return nil
	}
	type tag struct {
		Name   string `json:"name"`
		Status string `json:"status"`
	}
	var all struct {
		Tags []tag `json:"tags"`
	}
	for _, name := range o.Tags {
		all.Tags = append(all.Tags, tag{name, "active"})
	}
	_, err := c.ask(ctx, call{method: http.MethodPost, path: memberPath(o) + "/tags", body: all})
	return err
}

// unsubscribe implements [provider].
func (c mailchimpAccount) unsubscribe(ctx context.Context, o *order) (standing, error) {
	body := map[string]string{"status": unsubscribed}
	answer, err := c.ask(ctx, call{method: http.MethodPatch, path: memberPath(o), body: body})
	if answer != nil && answer.Status == http.StatusNotFound {
		return standing{state: absent, skip: "nobody of that address is on the list"}, nil
	}
	if err != nil {
		return standing{}, err
	}
	m, err := c.member(answer)
	if err == nil && m.left() == "" {
		err = actions.RetryAfter(0, fmt.Errorf("mailchimp says that the person is still %s", m.Status))
	}
	return standing{state: unsubscribed, id: m.ID}, err
}

// tag implements [provider].
func (c mailchimpAccount) tag(ctx context.Context, o *order) (standing, error) {
	m, found, err := c.find(ctx, o)
	switch {
	case err != nil:
		return standing{}, err
	case !found:
		return standing{state: absent, skip: "nobody of that address is on the list"}, nil
	case m.left() != "":
		return standing{state: suppressed, id: m.ID, skip: m.left()}, nil
	}
	return standing{state: tagged, id: m.ID}, c.giveTags(ctx, o)
}
