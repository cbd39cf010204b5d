package newsletter_test

import (
	"strings"
	"testing"

	"shopbell/actions"
)

const (
	klaviyoGet  = "GET /api/profiles?additional-fields[profile]=subscriptions&filter=equals%28email%2C%22a%40e.com%22%29"
	klaviyoOn   = "GET /api/lists/Y6nRLr/profiles?filter=equals%28email%2C%22a%40e.com%22%29"
	klaviyoList = "GET /api/lists/Y6nRLr"
	klaviyoJob  = "POST /api/profile-subscription-bulk-create-jobs"
	klaviyoDrop = "POST /api/profile-subscription-bulk-delete-jobs"
	klaviyoInto = "POST /api/profile-import"
)

// klaviyoBody is the body that facts have tried against the official specification.
const klaviyoBody = `{"data":{"attributes":{"profiles":{"data":[{"attributes":{"email":"a@e.com","subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED"}}}},"type":"profile"}]}},` +
	`"relationships":{"list":{"data":{"id":"Y6nRLr","type":"list"}}},"type":"profile-subscription-bulk-create-job"}}`

func klaviyoKnown(marketing string) line {
	return line{to: klaviyoGet, status: 200, body: `{"data":[{"type":"profile","id":"01G","attributes":{"email":"a@e.com","subscriptions":{"email":{"marketing":` + marketing + `}}}}]}`}
}

func klaviyoTakes(process string) line {
	return line{to: klaviyoList, status: 200, body: `{"data":{"type":"list","id":"Y6nRLr","attributes":{"name":"News","opt_in_process":"` + process + `"}}}`}
}

func TestKlaviyo(t *testing.T) {
	const params, single = `{"email":"A@e.com","list":"Y6nRLr","consent":true`, `{"email":"a@e.com","list":"Y6nRLr","consent":true,"double_opt_in":false`
	nobody := line{to: klaviyoGet, status: 200, body: `{"data":[]}`}
	double, one := klaviyoTakes("double_opt_in"), klaviyoTakes("single_opt_in")
	job := line{to: klaviyoJob, status: 202}
	known := func(s string) actions.Result { return actions.Result{"state": s, "id": "01G"} }
	perform(t, "klaviyo", []scene{
		{name: "asked to confirm", params: params + `}`,
			lines: []line{nobody, double, job}, heard: []string{klaviyoGet, klaviyoList, klaviyoJob + " " + klaviyoBody}, want: ok, result: state("pending")},
		{name: "at once", params: single + `}`, lines: []line{nobody, one, job}, want: ok, result: state("subscribed")},
		{name: "the list decides", params: single + `}`, lines: []line{nobody, double, job}, want: ok, result: state("pending")},
		{name: "a list that asks nobody is refused by default", params: params + `}`, lines: []line{nobody, one}, want: request, says: "double_opt_in: false"},
		{name: "a list that does not say", params: params + `}`, lines: []line{nobody, {to: klaviyoList, status: 404}, job}, want: ok, result: state("pending")},
		{name: "look-ups that say nothing", params: params + `}`,
			lines: []line{{to: klaviyoGet, status: 202}, {to: klaviyoList, status: 202}, job}, want: ok, result: state("pending")},
		{name: "name and fields come first, for what may mail comes last", params: params + `,"name":"Ada L","fields":{"city":"Bonn"}}`,
			lines: []line{nobody, double, {to: klaviyoInto, status: 201, body: `{"data":{"id":"01G"}}`}, job},
			heard: []string{klaviyoGet, klaviyoList,
				klaviyoInto + ` {"data":{"attributes":{"email":"a@e.com","first_name":"Ada","last_name":"L","properties":{"city":"Bonn"}},"type":"profile"}}`, klaviyoJob + " " + klaviyoBody},
			want: ok, result: state("pending")},
		{name: "known", params: params + `}`, lines: []line{klaviyoKnown(`{"consent":"NEVER_SUBSCRIBED","suppression":[]}`), double, job}, want: ok, result: known("pending")},
		{name: "on another list", params: params + `}`,
			lines: []line{klaviyoKnown(`{"consent":"SUBSCRIBED"}`), {to: klaviyoOn, status: 200, body: `{"data":[]}`}, double, job}, want: ok, result: known("pending")},
		{name: "on the list, nothing to write", params: params + `}`,
			lines: []line{klaviyoKnown(`{"consent":"SUBSCRIBED"}`), {to: klaviyoOn, status: 200, body: `{"data":[{"id":"01G"}]}`}}, want: skip, result: known("already")},
		{name: "on the list, with fields, asks nobody", params: params + `,"fields":{"a":1}}`,
			lines: []line{klaviyoKnown(`{"consent":"SUBSCRIBED"}`), {to: klaviyoOn, status: 200, body: `{"data":[{"id":"01G"}]}`}, {to: klaviyoInto, status: 200}}, want: ok, result: known("already")},
		{name: "a list that does not tell who is on it", params: params + `}`,
			lines: []line{klaviyoKnown(`{"consent":"SUBSCRIBED"}`), {to: klaviyoOn, status: 404}, double, job}, want: ok, result: known("pending")},
		{name: "no consent in the rule", params: `{"email":"a@e.com","list":"Y6nRLr"}`, want: request, says: "consent is missing"},
		{name: "no consent of the person", params: `{"email":"a@e.com","list":"Y6nRLr","consent":false}`, want: skip, result: state("suppressed")},
		{name: "who has unsubscribed would be taken back", params: params + `}`,
			lines: []line{klaviyoKnown(`{"consent":"UNSUBSCRIBED"}`)}, want: skip, result: known("suppressed"), says: "has unsubscribed"},
		{name: "who is suppressed would be taken back", params: params + `}`,
			lines: []line{klaviyoKnown(`{"consent":"SUBSCRIBED","suppression":[{"reason":"USER_SUPPRESSED"}]}`)}, want: skip, result: known("suppressed"), says: "USER_SUPPRESSED"},
		{name: "who has complained would be taken back", params: params + `}`,
			lines: []line{klaviyoKnown(`{"consent":"NEVER_SUBSCRIBED","suppression":[{"reason":"SPAM_COMPLAINT"}]}`)}, want: skip, result: known("suppressed")},
		{name: "who is suppressed on the list", params: params + `}`,
			lines: []line{klaviyoKnown(`{"list_suppressions":[{"list_id":"Y6nRLr","reason":"X"}]}`)}, want: skip, result: known("suppressed")},
		{name: "who is suppressed on another list", params: params + `}`,
			lines: []line{klaviyoKnown(`{"list_suppressions":[{"list_id":"other","reason":"X"}]}`), double, job}, want: ok, result: known("pending")},
		{name: "a look-up that is refused subscribes nobody", params: params + `}`, lines: []line{{to: klaviyoGet, status: 403}}, want: account, says: "scope"},
		{name: "a look-up that cannot be read subscribes nobody", params: params + `}`, lines: []line{{to: klaviyoGet, status: 200, body: "<html>"}}, want: retry},
		{name: "a lost answer may have mailed the customer", params: params + `}`, lines: []line{nobody, double, {to: klaviyoJob}}, want: unknown},
		{name: "a lost answer that mails nobody is tried again", params: single + `}`, lines: []line{nobody, one, {to: klaviyoJob}}, want: retry},
		{name: "unsubscribe", params: `{"email":"a@e.com","list":"Y6nRLr","action":"unsubscribe"}`, lines: []line{{to: klaviyoDrop, status: 202}},
			heard: []string{klaviyoDrop + " " + strings.NewReplacer("SUBSCRIBED", "UNSUBSCRIBED", "create-job", "delete-job").Replace(klaviyoBody)}, want: ok, result: state("unsubscribed")},
		{name: "unsubscribe from everything", params: `{"email":"a@e.com","action":"unsubscribe"}`, lines: []line{{to: klaviyoDrop, status: 202}},
			heard: []string{klaviyoDrop + ` {"data":{"attributes":{"profiles":{"data":[{"attributes":{"email":"a@e.com","subscriptions":{"email":{"marketing":{"consent":"UNSUBSCRIBED"}}}},"type":"profile"}]}},"type":"profile-subscription-bulk-delete-job"}}`},
			want:  ok, result: state("unsubscribed")},
		{name: "no tags", params: params + `,"tags":["x"]}`, want: request, says: "klaviyo has no tags"},
	})
}

func TestKlaviyoHeaders(t *testing.T) {
	s := newStage(t, line{to: klaviyoGet, status: 200, body: `{"data":[]}`}, klaviyoTakes("double_opt_in"), line{to: klaviyoJob, status: 202})
	if _, err := s.send("klaviyo", `{"email":"a@e.com","list":"Y6nRLr","consent":true}`, 1); err != nil {
		t.Fatal(err)
	}
	heads(t, s, map[string]string{"Authorization": "Klaviyo-API-Key k3y-abcdef-us7", "Revision": "2026-07-15",
		"Content-Type": "application/vnd.api+json", "Accept": "application/vnd.api+json"})
}

func TestKlaviyoRefusals(t *testing.T) {
	said := func(status int, pointer string, want actions.Answer) refusal {
		return refusal{status, `{"errors":[{"id":"1","status":1,"code":"c","title":"T","detail":"d","source":{"pointer":"` + pointer + `"}}]}`, want}
	}
	before := []line{{to: klaviyoGet, status: 200, body: `{"data":[]}`}, klaviyoTakes("double_opt_in")}
	all := []refusal{
		said(400, "/data/attributes/profiles/data/0/attributes/email", recipient), said(400, "/data/type", request), said(401, "", account), said(403, "", account),
		said(404, "", account), said(409, "", recipient), said(410, "", account), said(415, "", request), said(429, "", retry),
		said(500, "", retry), said(502, "", retry), said(503, "", retry), {410, "gone", account}, {409, "", recipient},
	}
	refuse(t, "klaviyo", `{"email":"a@e.com","list":"Y6nRLr","consent":true}`, klaviyoJob, before, all)
	refuse(t, "klaviyo", `{"email":"a@e.com","list":"Y6nRLr","consent":true,"name":"Ada"}`, klaviyoInto, before, all)
}
