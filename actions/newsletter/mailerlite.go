package newsletter

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"shopbell/actions"
)

// mailerliteVersion is the day whose version of the API requests are written for.
const mailerliteVersion = "2026-11-01"

func mailerlite() service {
	const permanent, retry = actions.OutcomePermanent, actions.OutcomeRetry
	return service{
		name: "mailerlite", test: "/api/groups?limit=1", api: "https://connect.mailerlite.com",
		open: openMailerlite, problem: mailerliteProblem,
		verdicts: []verdict{
			{status: 408, outcome: retry, source: "doc"}, // their server's fault
			{status: 401, outcome: permanent, blame: actions.BlameAccount, words: "the token is not valid; it dies with the user who made it", source: "doc"},
			{status: 422, code: "email", outcome: permanent, blame: actions.BlameRecipient, source: "doc"},
			{status: 422, outcome: permanent, blame: actions.BlameRequest, source: "doc"},
			{status: 429, outcome: retry, source: "doc"},
		},
	}
}

// mailerliteProblem reads what Laravel says. Its code is "email" when the address is at fault.
func mailerliteProblem(body []byte) (code, words string) {
	var p struct {
		Message string
		Errors  map[string][]string
	}
	if !object(body, &p) {
		return notJSON, string(body)
	}
	parts := []string{p.Message}
	for _, field := range slices.Sorted(maps.Keys(p.Errors)) {
		if field == "email" {
			code = field
		}
		parts = append(parts, field+": "+strings.Join(p.Errors[field], " "))
	}
	return code, joined(parts...)
}

type mailerliteAccount struct{ *desk }

func openMailerlite(a Account, d *desk) (provider, error) {
	d.header = http.Header{
		"Authorization": {"Bearer " + a.APIKey.Reveal()}, "X-Version": {mailerliteVersion},
		"Content-Type": {"application/json"}, "Accept": {"application/json"},
	}
	return mailerliteAccount{d}, nil
}

// A mailerliteSubscriber is what MailerLite says of a person.
type mailerliteSubscriber struct {
	ID     actions.Text `json:"id"`
	Status string       `json:"status"`
	Groups []struct {
		ID actions.Text `json:"id"`
	} `json:"groups"`
}

// left tells whether a person must be left alone, and why.
func (s *mailerliteSubscriber) left() string {
	switch s.Status {
	case "unsubscribed":
		return "the person has unsubscribed"
	case "bounced":
		return "mail to the person has bounced"
	case "junk":
		return "the person has called it junk"
	}
	return ""
}

func (s *mailerliteSubscriber) in(group string) bool {
	for _, g := range s.Groups {
		if string(g.ID) == group {
			return true
		}
	}
	return false
}

// find looks a person up; nobody is the zero subscriber.
func (c mailerliteAccount) find(ctx context.Context, o *order) (s mailerliteSubscriber, err error) {
	answer, err := c.ask(ctx, call{method: http.MethodGet, path: "/api/subscribers/" + url.QueryEscape(o.email)})
	if answer != nil && answer.Status == http.StatusNotFound {
		return s, nil
	}
	if err != nil || len(answer.Body) == 0 {
		return s, err
	}
	return c.subscriber(answer.Body)
}

func (c mailerliteAccount) subscriber(body []byte) (mailerliteSubscriber, error) {
	var said struct {
		Data mailerliteSubscriber `json:"data"`
	}
	if !object(body, &said) || said.Data.ID == "" {
		return said.Data, c.stranger()
	}
	return said.Data, nil
}

// mailerliteUpsert says a status for somebody new only: it would change the one of somebody who is known.
type mailerliteUpsert struct {
	Email  string         `json:"email"`
	Fields map[string]any `json:"fields,omitempty"`
	Groups []string       `json:"groups,omitempty"`
	Status string         `json:"status,omitempty"`
	IP     string         `json:"ip_address,omitempty"`
	Opted  string         `json:"opted_in_at,omitempty"`
}

// subscribe implements [provider].
func (c mailerliteAccount) subscribe(ctx context.Context, o *order) (standing, error) {
	known, err := c.find(ctx, o)
	if err != nil {
		return standing{}, err
	}
	got := standing{state: subscribed, id: string(known.ID)}
	upsert := mailerliteUpsert{Email: o.email, Fields: o.properties("name", "last_name"), Groups: o.groups(), IP: o.IP}
	switch {
	case known.left() != "":
		return standing{state: suppressed, id: got.id, skip: known.left()}, nil
	case known.Status == "unconfirmed" && (o.try > 1 || o.list == "" || known.in(o.list)):
		return standing{state: pending, id: got.id, skip: "the person has been asked to confirm already"}, nil
	case known.ID != "" && (o.list == "" || known.in(o.list)):
		got.state = already
		if len(upsert.Fields) == 0 && len(o.Tags) == 0 {
			got.skip = "the person is on the list already"
			return got, nil
		}
	case known.ID == "" && o.confirms():
		upsert.Status = "unconfirmed"
	}
	if !o.when.IsZero() && known.ID == "" {
		upsert.Opted = o.when.Format(time.DateTime)
	}
	answer, err := c.ask(ctx, call{method: http.MethodPost, path: "/api/subscribers", body: upsert})
	if err != nil {
		return standing{}, err
	}
	made, err := c.subscriber(answer.Body)
	if err != nil {
		return standing{}, err
	}
	got.id = string(made.ID)
	switch {
	case made.left() != "":
		got.state, got.skip = suppressed, made.left()
	case made.Status == "unconfirmed" || made.Status == "" && upsert.Status != "":
		got.state = pending
	}
	return got, nil
}

// groups are the list and the tags: MailerLite has one thing for both.
func (o *order) groups() []string {
	var all []string
	for _, g := range append([]string{o.list}, o.Tags...) {
		if g != "" && !slices.Contains(all, g) {
			all = append(all, g)
		}
	}
	return all
}

// unsubscribe implements [provider].
func (c mailerliteAccount) unsubscribe(ctx context.Context, o *order) (standing, error) {
	known, err := c.find(ctx, o)
	got := standing{state: unsubscribed, id: string(known.ID)}
	switch {
	case err != nil:
		return got, err
	case known.ID == "":
		return standing{state: absent, skip: "nobody of that address is known there"}, nil
	case known.left() != "":
		return standing{state: already, id: got.id, skip: known.left()}, nil
	}
	path := "/api/subscribers/" + url.PathEscape(got.id)
	if o.list == "" {
		_, err = c.ask(ctx, call{method: http.MethodPut, path: path, body: map[string]string{"status": "unsubscribed"}})
		return got, err
	}
	answer, err := c.ask(ctx, call{method: http.MethodDelete, path: path + "/groups/" + o.list})
	if answer != nil && answer.Status == http.StatusNotFound {
		return standing{state: absent, id: got.id, skip: "the person is not in the group"}, nil
	}
	return got, err
}

// tag implements [provider].
func (c mailerliteAccount) tag(ctx context.Context, o *order) (standing, error) {
	known, err := c.find(ctx, o)
	got := standing{state: tagged, id: string(known.ID)}
	switch {
	case err != nil:
		return got, err
	case known.ID == "":
		return standing{state: absent, skip: "nobody of that address is known there"}, nil
	case known.left() != "":
		return standing{state: suppressed, id: got.id, skip: known.left()}, nil
	}
	_, err = c.ask(ctx, call{method: http.MethodPost, path: "/api/subscribers", body: mailerliteUpsert{Email: o.email, Groups: o.Tags}})
	return got, err
}
