package newsletter_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/newsletter"
)

const (
	monkPost   = "POST /api/subscribers"
	monkSearch = "GET /api/subscribers?search=a%40e.com&per_page=100&page="
	monkLists  = "PUT /api/subscribers/lists"
)

func monk(status, lists string) string {
	return `{"id":3,"email":"A@e.com","status":"` + status + `","lists":[` + lists + `]}`
}

func monkOn(status, optin string) string {
	return `{"id":9,"subscription_status":"confirmed"},{"id":1,"subscription_status":"` + status + `","optin":"` + optin + `"}`
}

func TestListmonk(t *testing.T) {
	const params = `{"email":"a@e.com","list":1`
	conflict := line{to: monkPost, status: 409, body: `{"message":"E-mail already exists."}`}
	known := func(status, lists string) line {
		return line{to: monkSearch + "1", status: 200, body: `{"data":{"results":[{"id":2,"email":"aa@e.com","status":"blocklisted"},` + monk(status, lists) + `],"total":2}}`}
	}
	made := func(lists string) line {
		return line{to: monkPost, status: 200, body: `{"data":` + monk("enabled", lists) + `}`}
	}
	is := func(s string) actions.Result { return actions.Result{"state": s, "id": "3"} }
	added, invited := line{to: monkLists, status: 200, body: `{"data":true}`}, line{to: "POST /api/subscribers/3/optin", status: 200, body: `{"data":true}`}
	drop := params + `,"action":"unsubscribe"}`
	perform(t, "listmonk", []scene{
		{name: "asked to confirm", params: params + `,"name":"Ada","fields":{"city":"Bonn"}}`, lines: []line{made(monkOn("unconfirmed", "double"))},
			heard: []string{monkPost + ` {"email":"a@e.com","name":"Ada","status":"enabled","lists":[1],"attribs":{"city":"Bonn"},"preconfirm_subscriptions":false}`}, want: ok, result: is("pending")},
		{name: "at once", params: params + `,"double_opt_in":false}`, lines: []line{made(monkOn("confirmed", "double"))},
			heard: []string{monkPost + ` {"email":"a@e.com","name":"a","status":"enabled","lists":[1],"attribs":{},"preconfirm_subscriptions":true}`}, want: ok, result: is("subscribed")},
		{name: "a list that asks nobody", params: params + `}`, lines: []line{made(monkOn("unconfirmed", "single"))}, want: ok, result: is("subscribed")},
		{name: "lists as bare numbers", params: params + `}`, lines: []line{made("1")}, want: ok, result: is("pending")},
		{name: "known, and new to the list", params: params + `}`, lines: []line{conflict, known("enabled", ""), added, invited},
			heard: []string{monkPost + ` {"email":"a@e.com","name":"a","status":"enabled","lists":[1],"attribs":{},"preconfirm_subscriptions":false}`, monkSearch + "1",
				monkLists + ` {"ids":[3],"action":"add","target_list_ids":[1],"status":"unconfirmed"}`, "POST /api/subscribers/3/optin {}"},
			want: ok, result: is("pending")},
		{name: "known, and new to the list, at once", params: params + `,"double_opt_in":false}`, lines: []line{conflict, known("enabled", ""), added}, want: ok, result: is("subscribed")},
		{name: "on the list", params: params + `}`, lines: []line{conflict, known("enabled", monkOn("confirmed", "double"))}, want: skip, result: is("already")},
		{name: "on a list that asks nobody", params: params + `}`, lines: []line{conflict, known("enabled", monkOn("unconfirmed", "single"))}, want: skip, result: is("already")},
		{name: "asked before", params: params + `}`, lines: []line{conflict, known("enabled", monkOn("unconfirmed", "double"))}, want: skip, result: is("pending")},
		{name: "who has left stays so", params: params + `}`, lines: []line{conflict, known("enabled", monkOn("unsubscribed", "double"))}, want: skip, result: is("suppressed")},
		{name: "blocklisted stays so", params: params + `}`, lines: []line{conflict, known("blocklisted", "")}, want: skip, result: is("suppressed")},
		{name: "an invitation that is lost is on no account repeated", params: params + `}`,
			lines: []line{conflict, known("enabled", ""), added, {to: "POST /api/subscribers/3/optin"}}, want: unknown, says: "may not have got the mail"},
		{name: "an invitation that fails is not forgotten", params: params + `}`,
			lines: []line{conflict, known("enabled", ""), added, {to: "POST /api/subscribers/3/optin", status: 503}}, want: unknown},
		{name: "a lost answer: the next try finds a conflict", params: params + `}`, lines: []line{{to: monkPost}}, want: retry},
		{name: "an answer of somebody else", params: params + `}`, lines: []line{{to: monkPost, status: 200, body: `{"data":true}`}}, want: retry},
		{name: "not found after all", params: params + `}`, lines: []line{conflict, {to: monkSearch + "1", status: 200, body: `{"data":{"results":[]}}`}}, want: recipient},
		{name: "a search that is none", params: params + `}`, lines: []line{conflict, {to: monkSearch + "1", status: 200, body: `{}`}}, want: retry},
		{name: "unsubscribe from the list", params: drop, lines: []line{known("enabled", monkOn("confirmed", "")), added},
			heard: []string{monkSearch + "1", monkLists + ` {"ids":[3],"action":"unsubscribe","target_list_ids":[1]}`}, want: ok, result: is("unsubscribed")},
		{name: "unsubscribe who has left", params: drop, lines: []line{known("enabled", monkOn("unsubscribed", ""))}, want: skip, result: is("already")},
		{name: "unsubscribe who is on another list", params: drop, lines: []line{known("enabled", "")}, want: skip, result: is("absent")},
		{name: "unsubscribe nobody", params: drop, lines: []line{{to: monkSearch + "1", status: 200, body: `{"data":{"results":[]}}`}}, want: skip, result: state("absent")},
		{name: "unsubscribe from everything", params: `{"email":"a@e.com","action":"unsubscribe"}`,
			lines: []line{known("enabled", ""), {to: "PUT /api/subscribers/3/blocklist", status: 200, body: `{"data":true}`}}, want: ok, result: is("unsubscribed")},
		{name: "no tags", params: params + `,"tags":["x"]}`, want: request, says: "listmonk has no tags"},
	})
}

// TestListmonkInjection holds that an address never becomes a part of SQL: it is searched for, as text.
func TestListmonkInjection(t *testing.T) {
	s := newStage(t, line{to: monkPost, status: 409}, line{to: "GET /api/subscribers?search=o%27x%27--%40e.com&per_page=100&page=1", status: 200, body: `{"data":{"results":[]}}`})
	_, _ = s.send("listmonk", `{"email":"o'x'--@e.com","list":1}`, 1)
	for _, heard := range s.took() {
		if strings.Contains(heard, "query=") {
			t.Errorf("heard %s", heard)
		}
	}
}

// TestListmonkPages holds that whoever is beyond the first page is found, and that no listmonk is read for ever.
func TestListmonkPages(t *testing.T) {
	full := strings.TrimSuffix(strings.Repeat(`{"id":7,"email":"xa@e.com"},`, 100), ",")
	lines := []line{{to: monkPost, status: 409}}
	for page := range 10 {
		lines = append(lines, line{to: fmt.Sprint(monkSearch, page+1), status: 200, body: `{"data":{"results":[` + full + `]}}`})
	}
	s := newStage(t, lines...)
	_, err := s.send("listmonk", `{"email":"a@e.com","list":1}`, 1)
	if got := actionstest.AnswerOf(err); got != recipient || len(s.took()) != 11 {
		t.Errorf("got %+v", got)
	}
	lines[3].body = `{"data":{"results":[` + monk("blocklisted", "") + `]}}`
	if _, err := newStage(t, lines...).send("listmonk", `{"email":"a@e.com","list":1}`, 1); actions.OutcomeOf(err) != skip {
		t.Errorf("got %v", err)
	}
}

func TestListmonkHeaders(t *testing.T) {
	s := newStage(t, line{to: monkPost, status: 200, body: `{"data":` + monk("enabled", "") + `}`})
	if _, err := s.send("listmonk", `{"email":"a@e.com","list":1}`, 1); err != nil {
		t.Fatal(err)
	}
	heads(t, s, map[string]string{"Authorization": "Basic YmVsbDprM3ktYWJjZGVmLXVzNw==", "Content-Type": "application/json"}) // bell:k3y-abcdef-us7
}

func TestListmonkRefusals(t *testing.T) {
	refuse(t, "listmonk", `{"email":"a@e.com","list":1}`, monkPost, nil, []refusal{
		{400, `{"message":"Invalid e-mail."}`, recipient}, {400, `{"message":"Invalid list."}`, request},
		{401, ``, account}, {403, `{"message":"invalid API credentials"}`, account}, {404, ``, account}, {429, ``, retry}, {500, `{"message":"x"}`, retry}, {502, `<html>`, retry},
	})
}

func TestListmonkAccount(t *testing.T) {
	for config, want := range map[string]string{
		`{"provider":"listmonk","api_key":"k"}`:                                        "api is missing: say where your listmonk is, such as https://news.example.com",
		`{"provider":"listmonk","api_key":"k","api":"https://x.example"}`:              "username is missing: listmonk knows a token by the name of its API user",
		`{"provider":"listmonk","api_key":"k","username":"u","api":"news.example"}`:    "api is not an http or https URL",
		`{"provider":"brevo","api_key":"k k"}`:                                         "api_key has a character in it that no key has, such as a space or a line break",
		`{"provider":"brevo","api_key":"k","api":"https://x.example/?a=b"}`:            "api is not an http or https URL",
		`{"provider":"listmonk","api_key":"k","username":"u","api":"https://x.test/"}`: "<nil>",
	} {
		if _, err := newsletter.Action.Open(actions.Env{}, json.RawMessage(config)); fmt.Sprint(err) != want {
			t.Errorf("%s: got %v", config, err)
		}
	}
}
