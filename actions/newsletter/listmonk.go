package newsletter

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"shopbell/actions"
)

func listmonk() service {
	const permanent, unknown = actions.OutcomePermanent, actions.OutcomeUnknown
	return service{
		name: "listmonk", test: "/api/lists?per_page=1", lists: "a list",
		open: openListmonk, problem: listmonkProblem, once: asks,
		verdicts: []verdict{
			{status: 400, says: "mail", outcome: permanent, blame: actions.BlameRecipient, source: "mem"},
			{status: 404, outcome: permanent, blame: actions.BlameAccount, words: "api is wrong, or this listmonk is too old", source: "mem"},
			{status: 500, once: true, outcome: unknown, source: "mem"},
			{status: 502, once: true, outcome: unknown, source: "mem"},
			{status: 504, once: true, outcome: unknown, source: "mem"},
			{status: 409, outcome: permanent, blame: actions.BlameRecipient, source: "spec"},
		},
	}
}

func listmonkProblem(body []byte) (code, words string) {
	var p struct{ Message string }
	if !object(body, &p) {
		return notJSON, string(body)
	}
	return "", p.Message
}

type listmonkAccount struct{ *desk }

func openListmonk(a Account, d *desk) (provider, error) {
	switch {
	case d.api == "":
		return nil, errors.New("api is missing: say where your listmonk is, such as https://news.example.com")
	case a.Username == "" || strings.ContainsAny(a.Username, ":\r\n"):
		return nil, errors.New("username is missing: listmonk knows a token by the name of its API user")
	}
	pair := base64.StdEncoding.EncodeToString([]byte(a.Username + ":" + a.APIKey.Reveal()))
	d.hide = []actions.Secret{actions.Secret(pair)}
	d.header = http.Header{"Authorization": {"Basic " + pair}, "Content-Type": {"application/json"}}
	return listmonkAccount{d}, nil
}

// A listmonkSubscriber is what listmonk says of a person.
type listmonkSubscriber struct {
	ID     int             `json:"id"`
	Email  string          `json:"email"`
	Status string          `json:"status"`
	Lists  json.RawMessage `json:"lists"` // some versions give bare numbers
}

// on tells how a person stands with a list; "" when not on it.
func (s *listmonkSubscriber) on(list int) (status, optin string) {
	var all []struct {
		ID     int    `json:"id"`
		Status string `json:"subscription_status"`
		Optin  string `json:"optin"`
	}
	if json.Unmarshal(s.Lists, &all) == nil {
		for _, l := range all {
			if l.ID == list {
				return l.Status, l.Optin
			}
		}
		return "", ""
	}
	var bare []int
	if json.Unmarshal(s.Lists, &bare) == nil && slices.Contains(bare, list) {
		return "not told", ""
	}
	return "", ""
}

// left tells whether a person must be left alone, and why.
func (s *listmonkSubscriber) left(list int) string {
	status, _ := s.on(list)
	switch {
	case s.Status == "blocklisted", s.Status == "disabled":
		return "the person is " + s.Status
	case status == "unsubscribed":
		return "the person has unsubscribed from the list"
	}
	return ""
}

// The bounds of a search: its matches are of parts of addresses, and only one is the person.
const (
	searchPage  = 100
	searchPages = 10
)

// find looks a person up; nobody has the id 0. The parameter `query`, which would find one at once, is SQL as it stands, and
// a customer's address must not become that.
func (c listmonkAccount) find(ctx context.Context, o *order) (listmonkSubscriber, error) {
	for page := 1; page <= searchPages; page++ {
		query := "search=" + url.QueryEscape(o.email) + "&per_page=" + strconv.Itoa(searchPage) + "&page=" + strconv.Itoa(page)
		answer, err := c.ask(ctx, call{method: http.MethodGet, path: "/api/subscribers?" + query})
		if err != nil {
			return listmonkSubscriber{}, err
		}
		var said struct {
			Data *struct {
				Results []listmonkSubscriber `json:"results"`
			} `json:"data"`
		}
		if err := c.read(answer, &said); err != nil {
			return listmonkSubscriber{}, err
		}
		if said.Data == nil {
			return listmonkSubscriber{}, c.stranger()
		}
		for _, s := range said.Data.Results {
			if strings.EqualFold(s.Email, o.email) {
				return s, nil
			}
		}
		if len(said.Data.Results) < searchPage {
			break
		}
	}
	return listmonkSubscriber{}, nil
}

type listmonkNew struct {
	Email   string         `json:"email"`
	Name    string         `json:"name"`
	Status  string         `json:"status"`
	Lists   []int          `json:"lists"`
	Attribs map[string]any `json:"attribs"`
	Confirm bool           `json:"preconfirm_subscriptions"`
}

// subscribe implements [provider]. Whoever is known there already is a conflict, which tells that a try before this one got
// through, too.
func (c listmonkAccount) subscribe(ctx context.Context, o *order) (standing, error) {
	list, err := number(o)
	if err == nil {
		err = noTags(o, "listmonk")
	}
	if err != nil {
		return standing{}, err
	}
	fresh := listmonkNew{Email: o.email, Name: o.Name, Status: "enabled", Lists: []int{list}, Attribs: o.properties("", ""), Confirm: !o.confirms()}
	if fresh.Name == "" {
		fresh.Name, _, _ = strings.Cut(o.email, "@") // as listmonk's own forms do it
	}
	answer, err := c.ask(ctx, call{method: http.MethodPost, path: "/api/subscribers", body: fresh})
	if answer != nil && answer.Status == http.StatusConflict {
		return c.add(ctx, o, list)
	}
	if err != nil {
		return standing{}, err
	}
	var said struct {
		Data listmonkSubscriber `json:"data"`
	}
	if !object(answer.Body, &said) || said.Data.ID == 0 {
		return standing{}, c.stranger()
	}
	return standing{state: c.state(&said.Data, list, o), id: strconv.Itoa(said.Data.ID)}, nil
}

// state tells whether somebody is still to confirm. On a list of single opt-in, unconfirmed is all that there is.
func (c listmonkAccount) state(s *listmonkSubscriber, list int, o *order) string {
	status, optin := s.on(list)
	switch {
	case optin == "single", status == "confirmed":
		return subscribed
	case optin == "double", status == "unconfirmed", o.confirms():
		return pending
	}
	return subscribed
}

type listmonkLists struct {
	IDs    []int  `json:"ids"`
	Action string `json:"action"`
	Lists  []int  `json:"target_list_ids"`
	Status string `json:"status,omitempty"`
}

// add puts somebody who is known on the list.
func (c listmonkAccount) add(ctx context.Context, o *order, list int) (standing, error) {
	known, err := c.find(ctx, o)
	if err != nil {
		return standing{}, err
	}
	if known.ID == 0 {
		return standing{}, actions.Permanent(actions.BlameRecipient, errors.New("listmonk says that it knows the address, and does not find it"))
	}
	got := standing{id: strconv.Itoa(known.ID)}
	if why := known.left(list); why != "" {
		got.state, got.skip = suppressed, why
		return got, nil
	}
	if status, _ := known.on(list); status != "" {
		got.state, got.skip = already, "the person is on the list already"
		if c.state(&known, list, o) == pending {
			got.state, got.skip = pending, "the person has been asked to confirm already"
		}
		return got, nil
	}
	body := listmonkLists{[]int{known.ID}, "add", []int{list}, "unconfirmed"}
	got.state = pending
	if !o.confirms() {
		body.Status, got.state = "confirmed", subscribed
	}
	// Once it is done, a later try would take the person for one who has been asked.
	if _, err = c.ask(ctx, call{method: http.MethodPut, path: "/api/subscribers/lists", body: body, once: o.confirms()}); err != nil || !o.confirms() {
		return got, err
	}
	return got, c.invite(ctx, got.id)
}

// invite has the mail sent that asks to confirm; adding somebody to a list does not do that. The next try would find the person
// waiting to confirm, and not know whether the mail went out: a failure leaves that open, whatever it is.
func (c listmonkAccount) invite(ctx context.Context, id string) error {
	_, err := c.ask(ctx, call{method: http.MethodPost, path: "/api/subscribers/" + id + "/optin", body: tree{}, once: true})
	if err != nil {
		return actions.Unknown(errors.New("the person is on the list, and may not have got the mail that asks to confirm: " + err.Error()))
	}
	return nil
}

// unsubscribe implements [provider].
func (c listmonkAccount) unsubscribe(ctx context.Context, o *order) (standing, error) {
	list := 0
	var err error
	if o.list != "" {
		if list, err = number(o); err != nil {
			return standing{}, err
		}
	}
	known, err := c.find(ctx, o)
	got := standing{state: unsubscribed, id: strconv.Itoa(known.ID)}
	status, _ := known.on(list)
	switch {
	case err != nil:
		return got, err
	case known.ID == 0:
		return standing{state: absent, skip: "nobody of that address is known there"}, nil
	case known.left(list) != "":
		return standing{state: already, id: got.id, skip: known.left(list)}, nil
	case list > 0 && status == "":
		return standing{state: absent, id: got.id, skip: "the person is not on the list"}, nil
	case list > 0:
		_, err = c.ask(ctx, call{method: http.MethodPut, path: "/api/subscribers/lists", body: listmonkLists{[]int{known.ID}, "unsubscribe", []int{list}, ""}})
	default:
		_, err = c.ask(ctx, call{method: http.MethodPut, path: "/api/subscribers/" + got.id + "/blocklist", body: tree{}})
	}
	return got, err
}

// tag implements [provider].
func (c listmonkAccount) tag(_ context.Context, o *order) (standing, error) {
	return standing{}, noTags(o, "listmonk")
}
