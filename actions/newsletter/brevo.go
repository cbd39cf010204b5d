package newsletter

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"shopbell/actions"
)

func brevo() service {
	const permanent, unknown = actions.OutcomePermanent, actions.OutcomeUnknown
	const recipient, request, account = actions.BlameRecipient, actions.BlameRequest, actions.BlameAccount
	return service{
		name: "brevo", test: "/v3/account", api: "https://api.brevo.com", lists: "a list",
		open: openBrevo, problem: brevoProblem, once: asks,
		verdicts: []verdict{
			// A mail that asks to confirm may be on its way, though the answer is that something broke.
			{status: 500, once: true, outcome: unknown, source: "mem"},
			{status: 502, once: true, outcome: unknown, source: "mem"},
			{status: 504, once: true, outcome: unknown, source: "mem"},
			{code: "duplicate_request", outcome: unknown, source: "spec"},
			{code: "duplicate_parameter", outcome: permanent, blame: recipient, words: "something that is the person's own, such as a phone number, is another contact's", source: "spec"},
			{code: "invalid_parameter", says: "email", outcome: permanent, blame: recipient, source: "mem"},
			{code: "invalid_parameter", outcome: permanent, blame: request, source: "spec"},
			{code: "missing_parameter", outcome: permanent, blame: request, source: "spec"},
			{code: "out_of_range", outcome: permanent, blame: request, source: "spec"},
			{code: "document_not_found", outcome: permanent, blame: account, part: "the list", words: "there is no such list or template", source: "spec"},
			{code: "not_enough_credits", outcome: permanent, blame: account, source: "spec"},
			{code: "permission_denied", outcome: permanent, blame: account, source: "spec"},
			{code: "unauthorized", outcome: permanent, blame: account, words: "the key is not valid", source: "spec"},
			{code: "account_under_validation", outcome: permanent, blame: account, source: "spec"},
			{code: "method_not_allowed", outcome: permanent, blame: request, source: "spec"},
			{code: "not_acceptable", outcome: permanent, blame: request, source: "spec"},
			{code: "bad_request", outcome: permanent, blame: request, source: "spec"},
			{code: "unprocessable_entity", outcome: permanent, blame: request, source: "spec"},
			{status: 404, outcome: permanent, blame: account, words: "there is no such list or template, or api is wrong", source: "spec"},
		},
	}
}

func brevoProblem(body []byte) (code, words string) {
	var p struct{ Code, Message string }
	if !object(body, &p) {
		return notJSON, string(body)
	}
	return p.Code, joined(p.Code, p.Message)
}

type brevoAccount struct {
	*desk
	template int
	url      string
}

func openBrevo(a Account, d *desk) (provider, error) {
	d.header = http.Header{"Api-Key": {a.APIKey.Reveal()}, "Content-Type": {"application/json"}}
	return brevoAccount{d, a.ConfirmTemplate, a.ConfirmURL}, nil
}

// A brevoContact is what Brevo says of a person.
type brevoContact struct {
	ID          actions.Text `json:"id"`
	Blacklisted bool         `json:"emailBlacklisted"`
	Lists       []int        `json:"listIds"`
	Left        []int        `json:"listUnsubscribed"`
}

// find looks a person up; nobody is the zero contact. It counts against the limit of contacts, 36,000 an hour, and not against
// the 100 an hour of most other calls.
func (c brevoAccount) find(ctx context.Context, o *order) (b brevoContact, err error) {
	answer, err := c.ask(ctx, call{method: http.MethodGet, path: brevoPath(o)})
	if answer != nil && answer.Status == http.StatusNotFound {
		return b, nil
	}
	if err == nil && len(answer.Body) > 0 {
		err = c.read(answer, &b)
	}
	return b, err
}

func brevoPath(o *order) string { return "/v3/contacts/" + url.QueryEscape(o.email) }

// number reads the id of a list that is a number at the provider.
func number(o *order) (int, error) {
	n, err := strconv.Atoi(o.list)
	if err != nil || n < 1 {
		return 0, actions.Permanent(actions.BlameRequest, errors.New("list is not a number, as the id of a list is there"))
	}
	return n, nil
}

// brevoUpsert never says `emailBlacklisted`, which would take back who has left.
type brevoUpsert struct {
	Email  string         `json:"email"`
	Fields map[string]any `json:"attributes,omitempty"`
	Lists  []int          `json:"listIds"`
	Update bool           `json:"updateEnabled"`
}

type brevoConfirm struct {
	Email    string         `json:"email"`
	Fields   map[string]any `json:"attributes,omitempty"`
	Lists    []int          `json:"includeListIds"`
	Template int            `json:"templateId"`
	URL      string         `json:"redirectionUrl"`
}

// subscribe implements [provider]. Who has left a list would be put back on it, so each person is looked up first.
func (c brevoAccount) subscribe(ctx context.Context, o *order) (standing, error) {
	list, err := number(o)
	if err == nil {
		err = noTags(o, "brevo")
	}
	confirm := brevoConfirm{Email: o.email, Lists: []int{list}, Template: c.template, URL: c.url}
	if o.ConfirmTemplate > 0 {
		confirm.Template = o.ConfirmTemplate
	}
	if o.ConfirmURL != "" {
		confirm.URL = o.ConfirmURL
	}
	if err == nil && o.confirms() && (confirm.Template == 0 || confirm.URL == "") {
		err = actions.Permanent(actions.BlameRequest, errors.New("confirm_template and confirm_url are missing: Brevo needs them to ask the person to confirm; "+
			"give them in the account or the step, or say double_opt_in: false"))
	}
	if err != nil {
		return standing{}, err
	}
	known, err := c.find(ctx, o)
	got := standing{state: suppressed, id: string(known.ID)}
	switch {
	case err != nil:
		return got, err
	case known.Blacklisted:
		got.skip = "the person is blocklisted: unsubscribed, bounced or complained"
		return got, nil
	case slices.Contains(known.Left, list):
		got.skip = "the person has unsubscribed from the list"
		return got, nil
	}
	fields := o.properties("FIRSTNAME", "LASTNAME")
	on := slices.Contains(known.Lists, list)
	if on && len(fields) == 0 {
		return standing{state: already, id: got.id, skip: "the person is on the list already"}, nil
	}
	if o.confirms() && !on {
		confirm.Fields = fields
		answer, err := c.ask(ctx, call{method: http.MethodPost, path: "/v3/contacts/doubleOptinConfirmation", body: confirm, once: true})
		if answer != nil && isDuplicate(answer.Status, answer.Body) {
			return standing{state: already, id: got.id, skip: "the person is on the list already"}, nil
		}
		return standing{state: pending, id: got.id}, err
	}
	answer, err := c.ask(ctx, call{method: http.MethodPost, path: "/v3/contacts", body: brevoUpsert{o.email, fields, []int{list}, true}})
	if err != nil {
		return standing{}, err
	}
	var made brevoContact
	if got.id == "" && object(answer.Body, &made) {
		got.id = string(made.ID)
	}
	got.state = subscribed
	if on {
		got.state = already
	}
	return got, nil
}

// isDuplicate tells whether Brevo refuses a contact because there is one. The same code stands for a phone number that is
// another contact's.
func isDuplicate(status int, body []byte) bool {
	code, words := brevoProblem(body)
	return status == http.StatusBadRequest && code == "duplicate_parameter" && strings.Contains(strings.ToLower(words), "contact already exist")
}

// unsubscribe implements [provider].
func (c brevoAccount) unsubscribe(ctx context.Context, o *order) (standing, error) {
	var body any = map[string]bool{"emailBlacklisted": true}
	if o.list != "" {
		list, err := number(o)
		if err != nil {
			return standing{}, err
		}
		body = map[string][]int{"unlinkListIds": {list}}
	}
	answer, err := c.ask(ctx, call{method: http.MethodPut, path: brevoPath(o), body: body})
	if answer != nil && answer.Status == http.StatusNotFound {
		return standing{state: absent, skip: "nobody of that address is known there"}, nil
	}
	return standing{state: unsubscribed}, err
}

// tag implements [provider].
func (c brevoAccount) tag(_ context.Context, o *order) (standing, error) {
	return standing{}, noTags(o, "brevo")
}
