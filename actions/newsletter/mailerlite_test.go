package newsletter_test

import (
	"testing"

	"shopbell/actions"
)

const (
	liteGet  = "GET /api/subscribers/a%40e.com"
	litePost = "POST /api/subscribers"
)

func lite(status, groups string) string {
	return `{"data":{"id":"31897","email":"a@e.com","status":"` + status + `","groups":[` + groups + `]}}`
}

func TestMailerlite(t *testing.T) {
	const params = `{"email":"A@e.com","list":"42"`
	nobody := line{to: liteGet, status: 404, body: `{"message":"Resource not found."}`}
	known := func(status, groups string) line { return line{to: liteGet, status: 200, body: lite(status, groups)} }
	is := func(s string) actions.Result { return actions.Result{"state": s, "id": "31897"} }
	perform(t, "mailerlite", []scene{
		{name: "asked to confirm", params: params + `,"name":"Ada L","fields":{"city":"Bonn"},"ip":"1.2.3.4","consented_at":"2026-11-21T10:00:00Z"}`,
			lines: []line{nobody, {to: litePost, status: 201, body: lite("unconfirmed", "")}},
			heard: []string{liteGet, litePost + ` {"email":"a@e.com","fields":{"city":"Bonn","last_name":"L","name":"Ada"},"groups":["42"],"status":"unconfirmed","ip_address":"1.2.3.4","opted_in_at":"2026-11-21 10:00:00"}`},
			want:  ok, result: is("pending")},
		{name: "at once, and tags are groups", params: params + `,"double_opt_in":false,"tags":["43","42"]}`,
			lines: []line{nobody, {to: litePost, status: 200, body: lite("active", "")}},
			heard: []string{liteGet, litePost + ` {"email":"a@e.com","groups":["42","43"]}`}, want: ok, result: is("subscribed")},
		{name: "known, and new to the group: the status is not touched", params: params + `}`,
			lines: []line{known("active", `{"id":"9"}`), {to: litePost, status: 200, body: lite("active", "")}},
			heard: []string{liteGet, litePost + ` {"email":"a@e.com","groups":["42"]}`}, want: ok, result: is("subscribed")},
		{name: "in the group", params: params + `}`, lines: []line{known("active", `{"id":"42"}`)}, want: skip, result: is("already")},
		{name: "in the group, with fields", params: params + `,"fields":{"a":1}}`,
			lines: []line{known("active", `{"id":"42"}`), {to: litePost, status: 200, body: lite("active", "")}}, want: ok, result: is("already")},
		{name: "asked before", params: params + `}`, lines: []line{known("unconfirmed", `{"id":"42"}`)}, want: skip, result: is("pending")},
		{name: "a later try asks nobody twice", params: params + `}`, try: 2, lines: []line{known("unconfirmed", ``)}, want: skip, result: is("pending")},
		{name: "who has left stays so", params: params + `}`, lines: []line{known("unsubscribed", "")}, want: skip, result: is("suppressed"), says: "has unsubscribed"},
		{name: "who bounced stays so", params: params + `}`, lines: []line{known("bounced", "")}, want: skip, result: is("suppressed")},
		{name: "who complained stays so", params: params + `}`, lines: []line{known("junk", "")}, want: skip, result: is("suppressed")},
		{name: "who left in between", params: params + `}`,
			lines: []line{nobody, {to: litePost, status: 200, body: lite("unsubscribed", "")}}, want: skip, result: is("suppressed")},
		{name: "without a group", params: `{"email":"a@e.com"}`,
			lines: []line{nobody, {to: litePost, status: 201, body: lite("unconfirmed", "")}},
			heard: []string{liteGet, litePost + ` {"email":"a@e.com","status":"unconfirmed"}`}, want: ok, result: is("pending")},
		{name: "a lost answer: the next try looks first", params: params + `}`, lines: []line{nobody, {to: litePost}}, want: retry},
		{name: "an answer of somebody else", params: params + `}`, lines: []line{nobody, {to: litePost, status: 200, body: "<html>"}}, want: retry},
		{name: "unsubscribe from the group", params: params + `,"action":"unsubscribe"}`,
			lines: []line{known("active", ""), {to: "DELETE /api/subscribers/31897/groups/42", status: 204}}, want: ok, result: is("unsubscribed")},
		{name: "unsubscribe, not in the group", params: params + `,"action":"unsubscribe"}`,
			lines: []line{known("active", ""), {to: "DELETE /api/subscribers/31897/groups/42", status: 404}}, want: skip, result: is("absent")},
		{name: "unsubscribe from everything", params: `{"email":"a@e.com","action":"unsubscribe"}`,
			lines: []line{known("active", ""), {to: "PUT /api/subscribers/31897", status: 200, body: lite("unsubscribed", "")}},
			heard: []string{liteGet, `PUT /api/subscribers/31897 {"status":"unsubscribed"}`}, want: ok, result: is("unsubscribed")},
		{name: "unsubscribe who has left", params: params + `,"action":"unsubscribe"}`, lines: []line{known("unsubscribed", "")}, want: skip, result: is("already")},
		{name: "unsubscribe nobody", params: params + `,"action":"unsubscribe"}`, lines: []line{nobody}, want: skip, result: state("absent")},
		{name: "tag", params: `{"email":"a@e.com","action":"tag","tags":["43"]}`,
			lines: []line{known("active", ""), {to: litePost, status: 200, body: lite("active", "")}},
			heard: []string{liteGet, litePost + ` {"email":"a@e.com","groups":["43"]}`}, want: ok, result: is("tagged")},
		{name: "tag who has left", params: `{"email":"a@e.com","action":"tag","tags":["43"]}`, lines: []line{known("junk", "")}, want: skip, result: is("suppressed")},
		{name: "tag nobody", params: `{"email":"a@e.com","action":"tag","tags":["43"]}`, lines: []line{nobody}, want: skip, result: state("absent")},
	})
}

func TestMailerliteHeaders(t *testing.T) {
	s := newStage(t, line{to: liteGet, status: 404}, line{to: litePost, status: 201, body: lite("unconfirmed", "")})
	if _, err := s.send("mailerlite", `{"email":"a@e.com"}`, 1); err != nil {
		t.Fatal(err)
	}
	heads(t, s, map[string]string{"Authorization": "Bearer k3y-abcdef-us7", "X-Version": "2026-11-01", "Content-Type": "application/json", "Accept": "application/json"})
}

func TestMailerliteRefusals(t *testing.T) {
	refuse(t, "mailerlite", `{"email":"a@e.com","list":"42"}`, litePost, []line{{to: liteGet, status: 404}}, []refusal{
		{422, `{"message":"The given data was invalid.","errors":{"email":["The email must be a valid email address."]}}`, recipient},
		{422, `{"message":"The given data was invalid.","errors":{"groups.0":["The selected group is invalid."]}}`, request},
		{422, `<html>`, request},
		{401, `{"message":"Unauthenticated."}`, account},
		{408, `{"message":"x"}`, retry},
		{429, `{"message":"Too Many Attempts."}`, retry},
		{400, `{}`, request}, {404, `{}`, request}, {500, ``, retry}, {503, ``, retry},
	})
}
