package newsletter_test

import (
	"strconv"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
)

const (
	brevoGet  = "GET /v3/contacts/a%2Bb%40example.com"
	brevoPut  = "PUT /v3/contacts/a%2Bb%40example.com"
	brevoPost = "POST /v3/contacts"
	brevoAsk  = "POST /v3/contacts/doubleOptinConfirmation"
)

func state(s string) actions.Result { return actions.Result{"state": s} }

func TestBrevo(t *testing.T) {
	const params, single = `{"email":"a+b@Example.com","list":2`, `{"email":"a+b@example.com","list":"2","double_opt_in":false`
	nobody := line{to: brevoGet, status: 404, body: `{"code":"document_not_found","message":"Contact does not exist"}`}
	known := func(more string) line {
		return line{to: brevoGet, status: 200, body: `{"id":7,"email":"a+b@example.com","emailBlacklisted":false,"listIds":[9]` + more + `}`}
	}
	seven := func(s string) actions.Result { return actions.Result{"state": s, "id": "7"} }
	perform(t, "brevo", []scene{
		{name: "asked to confirm", params: params + `,"name":"Ada","fields":{"CITY":"Bonn"}}`,
			lines: []line{nobody, {to: brevoAsk, status: 204}},
			heard: []string{brevoGet, brevoAsk + ` {"email":"a+b@example.com","attributes":{"CITY":"Bonn","FIRSTNAME":"Ada"},"includeListIds":[2],"templateId":5,"redirectionUrl":"https://example.com/thanks"}`},
			want:  ok, result: state("pending")},
		{name: "asked with the step's own template, and any answer of 2xx", params: params + `,"confirm_template":6,"confirm_url":"https://example.com/b"}`,
			lines: []line{nobody, {to: brevoAsk, status: 201, body: `<html>`}},
			heard: []string{brevoGet, brevoAsk + ` {"email":"a+b@example.com","includeListIds":[2],"templateId":6,"redirectionUrl":"https://example.com/b"}`},
			want:  ok, result: state("pending")},
		{name: "at once", params: single + `}`,
			lines: []line{nobody, {to: brevoPost, status: 201, body: `{"id":8}`}},
			heard: []string{brevoGet, brevoPost + ` {"email":"a+b@example.com","listIds":[2],"updateEnabled":true}`},
			want:  ok, result: actions.Result{"state": "subscribed", "id": "8"}},
		{name: "known, updated, with an empty answer", params: single + `}`,
			lines: []line{known(""), {to: brevoPost, status: 204}}, want: ok, result: seven("subscribed")},
		{name: "blocklisted is left alone", params: single + `}`,
			lines: []line{{to: brevoGet, status: 200, body: `{"id":7,"emailBlacklisted":true,"listIds":[2]}`}}, want: skip, result: seven("suppressed")},
		{name: "who has left the list is left alone", params: params + `}`,
			lines: []line{known(`,"listUnsubscribed":[2]`)}, want: skip, result: seven("suppressed"), says: "unsubscribed from the list"},
		{name: "who has left another list is not", params: single + `}`,
			lines: []line{known(`,"listUnsubscribed":[3]`), {to: brevoPost, status: 204}}, want: ok, result: seven("subscribed")},
		{name: "on the list, nothing to write", params: params + `}`,
			lines: []line{{to: brevoGet, status: 200, body: `{"id":7,"listIds":[2]}`}}, want: skip, result: seven("already")},
		{name: "on the list, with fields, asks nobody", params: params + `,"fields":{"A":1}}`,
			lines: []line{{to: brevoGet, status: 200, body: `{"id":7,"listIds":[2]}`}, {to: brevoPost, status: 204}},
			heard: []string{brevoGet, brevoPost + ` {"email":"a+b@example.com","attributes":{"A":1},"listIds":[2],"updateEnabled":true}`},
			want:  ok, result: seven("already")},
		{name: "a contact that exists is no failure", params: params + `}`,
			lines: []line{nobody, {to: brevoAsk, status: 400, body: `{"code":"duplicate_parameter","message":"Contact already exist"}`}}, want: skip, result: state("already")},
		{name: "a lost answer may have mailed the customer", params: params + `}`, lines: []line{nobody, {to: brevoAsk}}, want: unknown},
		{name: "a lost answer that mails nobody is tried again", params: single + `}`, lines: []line{nobody, {to: brevoPost}}, want: retry},
		{name: "a look-up that says nothing", params: single + `}`,
			lines: []line{{to: brevoGet, status: 204}, {to: brevoPost, status: 204}}, want: ok, result: state("subscribed")},
		{name: "a look-up that cannot be read subscribes nobody", params: single + `}`, lines: []line{{to: brevoGet, status: 200, body: "<html>"}}, want: retry},

		{name: "unsubscribe from the list", params: params + `,"action":"unsubscribe"}`,
			lines: []line{{to: brevoPut, status: 204}}, heard: []string{brevoPut + ` {"unlinkListIds":[2]}`}, want: ok, result: state("unsubscribed")},
		{name: "unsubscribe from everything", params: `{"email":"a+b@example.com","action":"unsubscribe"}`,
			lines: []line{{to: brevoPut, status: 204}}, heard: []string{brevoPut + ` {"emailBlacklisted":true}`}, want: ok, result: state("unsubscribed")},
		{name: "unsubscribe nobody", params: params + `,"action":"unsubscribe"}`,
			lines: []line{{to: brevoPut, status: 404}}, want: skip, result: state("absent")},
		{name: "no tags", params: params + `,"tags":["x"]}`, want: request, says: "brevo has no tags"},
		{name: "no tags at all", params: params + `,"action":"tag","tags":["x"]}`, want: request, says: "brevo has no tags"},
		{name: "a list is a number", params: `{"email":"a+b@example.com","list":"news"}`, want: request, says: "list is not a number"},
	})
}

func TestBrevoHeaders(t *testing.T) {
	s := newStage(t, line{to: brevoGet, status: 404}, line{to: brevoAsk, status: 204})
	if _, err := s.send("brevo", `{"email":"a+b@example.com","list":2}`, 1); err != nil {
		t.Fatal(err)
	}
	heads(t, s, map[string]string{"Api-Key": "k3y-abcdef-us7", "Content-Type": "application/json"})
}

func TestBrevoRefusals(t *testing.T) {
	before := []line{{to: brevoGet, status: 404}}
	code := func(status int, code string, want actions.Answer) refusal {
		return refusal{status, `{"code":"` + code + `","message":"some words"}`, want}
	}
	common := []refusal{
		code(400, "invalid_parameter", request), code(400, "missing_parameter", request), code(400, "out_of_range", request),
		code(400, "bad_request", request), code(405, "method_not_allowed", request), code(406, "not_acceptable", request), code(422, "unprocessable_entity", request),
		{400, `{"code":"invalid_parameter","message":"Invalid email address"}`, recipient},
		code(404, "document_not_found", account), code(402, "not_enough_credits", account), code(403, "permission_denied", account),
		code(401, "unauthorized", account), code(400, "account_under_validation", account), code(403, "account_under_validation", account),
		{400, `{"code":"duplicate_parameter","message":"SMS is already associated with another Contact"}`, recipient},
		code(408, "bad_request", retry), code(429, "too_many_requests", retry), code(503, "", retry),
	}
	refuse(t, "brevo", `{"email":"a+b@example.com","list":2,"double_opt_in":false}`, brevoPost, before,
		append(common, code(400, "duplicate_request", retry), code(500, "", retry), code(502, "", retry), code(504, "", retry)))
	refuse(t, "brevo", `{"email":"a+b@example.com","list":2}`, brevoAsk, before,
		append(common, code(400, "duplicate_request", unknown), code(500, "", unknown), code(502, "", unknown), code(504, "", unknown)))
}

// TestBrevoReset holds that the wait is in a header of Brevo's own.
func TestBrevoReset(t *testing.T) {
	for value, want := range map[string]time.Duration{"42": 42 * time.Second, "3600": time.Hour, "": 0, "soon": 0, "-3": 0, "999999": 24 * time.Hour} {
		for _, to := range []string{brevoGet, brevoAsk} {
			lines := []line{{to: brevoAsk, status: 429, header: "x-sib-ratelimit-reset: " + value}, {to: brevoGet, status: 404}}
			if to == brevoGet {
				lines = []line{{to: brevoGet, status: 429, header: "x-sib-ratelimit-reset: " + value}}
			}
			_, err := newStage(t, lines...).send("brevo", `{"email":"a+b@example.com","list":2}`, 1)
			if got := actionstest.AnswerOf(err); got != (actions.Answer{Outcome: actions.OutcomeRetry, Wait: want}) {
				t.Errorf("%q: got %+v, %v", value, got, err)
			}
		}
	}
	// A moment in place of a number of seconds is read as one.
	at := time.Now().Add(time.Hour).Unix()
	_, err := newStage(t, line{to: brevoGet, status: 429, header: "x-sib-ratelimit-reset: " + strconv.FormatInt(at, 10)}).send("brevo", `{"email":"a+b@example.com","list":2}`, 1)
	if got := actions.OutcomeOf(err); got.Wait < 50*time.Minute || got.Wait > time.Hour {
		t.Errorf("got %+v", got)
	}
}
