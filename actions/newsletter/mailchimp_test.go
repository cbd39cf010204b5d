package newsletter_test

import (
	"encoding/json"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/newsletter"
)

// The address of the examples of Mailchimp's own documentation, and the hash that it gives for it.
const (
	urist  = "/3.0/lists/a1b2/members/62eeb292278cc15f5817cb78f7790b08"
	put    = "PUT " + urist + "?skip_merge_validation=true"
	member = `{"id":"62eeb292278cc15f5817cb78f7790b08","status":"`
)

func id(state string) actions.Result {
	return actions.Result{"state": state, "id": "62eeb292278cc15f5817cb78f7790b08"}
}

func TestMailchimp(t *testing.T) {
	const params = `{"email":" Urist.McVankab@freddiesjokes.com ","list":"a1b2"`
	const upsert = put + ` {"email_address":"urist.mcvankab@freddiesjokes.com","status_if_new":"`
	gone := line{to: "GET " + urist, status: 404, body: `{"title":"Resource Not Found","status":404}`}
	perform(t, "mailchimp", []scene{
		{name: "asked to confirm", params: params + `}`,
			lines: []line{{to: put, status: 200, body: member + `pending"}`}},
			heard: []string{upsert + `pending"}`}, want: ok, result: id("pending")},
		{name: "at once", params: params + `,"double_opt_in":false,"name":"Urist  Mc Vankab","fields":{"PHONE":"1","NOTE":null},"language":"de","ip":"1.2.3.4","consented_at":"2026-11-21 10:00:00 +0100"}`,
			lines: []line{{to: put, status: 200, body: member + `subscribed"}`}},
			heard: []string{upsert + `subscribed","merge_fields":{"FNAME":"Urist","LNAME":"Mc Vankab","PHONE":"1"},"language":"de","ip_signup":"1.2.3.4","timestamp_signup":"2026-11-21T09:00:00Z"}`},
			want:  ok, result: id("subscribed")},
		{name: "tags are a second call", params: params + `,"tags":["a","b"]}`,
			lines: []line{{to: put, status: 200, body: member + `pending"}`}, {to: "POST " + urist + "/tags", status: 204}},
			heard: []string{upsert + `pending"}`, "POST " + urist + `/tags {"tags":[{"name":"a","status":"active"},{"name":"b","status":"active"}]}`},
			want:  ok, result: id("pending")},
		{name: "who has left stays so, and gets no tags", params: params + `,"tags":["a"]}`,
			lines: []line{{to: put, status: 200, body: member + `unsubscribed"}`}}, want: skip, result: id("suppressed"), says: "has unsubscribed"},
		{name: "who bounced stays so", params: params + `}`,
			lines: []line{{to: put, status: 200, body: member + `cleaned"}`}}, want: skip, result: id("suppressed"), says: "bounced"},
		{name: "archived", params: params + `}`,
			lines: []line{{to: put, status: 200, body: member + `archived"}`}}, want: skip, result: id("suppressed"), says: "archived"},
		{name: "subscribed long ago", params: params + `}`,
			lines: []line{{to: put, status: 200, header: "Date: Sat, 21 Nov 2026 18:00:00 GMT", body: member + `subscribed","timestamp_opt":"2026-11-21T17:00:00+00:00"}`}},
			want:  ok, result: id("already")},
		{name: "subscribed just now", params: params + `}`,
			lines: []line{{to: put, status: 200, header: "Date: Sat, 21 Nov 2026 18:00:00 GMT", body: member + `subscribed","timestamp_opt":"2026-11-21T17:59:58+00:00"}`}},
			want:  ok, result: id("subscribed")},
		{name: "a compliance state is no failure", params: params + `}`,
			lines: []line{{to: put, status: 400, body: `{"title":"Member In Compliance State","detail":"is in a compliance state due to unsubscribe"}`}},
			want:  skip, result: actions.Result{"state": "suppressed"}, says: "has left"},
		{name: "a later try asks nobody twice", params: params + `}`, try: 2,
			lines: []line{{to: "GET " + urist, status: 200, body: member + `pending"}`}}, want: ok, result: id("pending")},
		{name: "a later try, after one that came to nothing", params: params + `}`, try: 2,
			lines: []line{gone, {to: put, status: 200, body: member + `pending"}`}}, want: ok, result: id("pending")},
		{name: "a later try of what mails nobody needs no look", params: params + `,"double_opt_in":false}`, try: 2,
			lines: []line{{to: put, status: 200, body: member + `subscribed"}`}}, want: ok, result: id("subscribed")},
		{name: "an answer that is lost", params: params + `}`,
			lines: []line{{to: put}}, want: retry, says: "may have got the request"},
		{name: "an answer of somebody else", params: params + `}`,
			lines: []line{{to: put, status: 200, body: `<html>`}}, want: retry, says: "not one of mailchimp's"},
		{name: "an answer without a status", params: params + `}`,
			lines: []line{{to: put, status: 200, body: `{}`}}, want: retry, says: "not one of mailchimp's"},

		{name: "unsubscribe", params: params + `,"action":"unsubscribe"}`,
			lines: []line{{to: "PATCH " + urist, status: 200, body: member + `unsubscribed"}`}},
			heard: []string{"PATCH " + urist + ` {"status":"unsubscribed"}`}, want: ok, result: id("unsubscribed")},
		{name: "unsubscribe nobody", params: params + `,"action":"unsubscribe"}`,
			lines: []line{{to: "PATCH " + urist, status: 404}}, want: skip, result: actions.Result{"state": "absent"}},
		{name: "unsubscribe in vain", params: params + `,"action":"unsubscribe"}`,
			lines: []line{{to: "PATCH " + urist, status: 200, body: member + `subscribed"}`}}, want: retry, says: "still subscribed"},
		{name: "tag", params: params + `,"action":"tag","tags":["vip"]}`,
			lines: []line{{to: "GET " + urist, status: 200, body: member + `subscribed"}`}, {to: "POST " + urist + "/tags", status: 204}},
			heard: []string{"GET " + urist, "POST " + urist + `/tags {"tags":[{"name":"vip","status":"active"}]}`}, want: ok, result: id("tagged")},
		{name: "tag who has left", params: params + `,"action":"tag","tags":["vip"]}`,
			lines: []line{{to: "GET " + urist, status: 200, body: member + `unsubscribed"}`}}, want: skip, result: id("suppressed")},
		{name: "tag nobody", params: params + `,"action":"tag","tags":["vip"]}`,
			lines: []line{gone}, want: skip, result: actions.Result{"state": "absent"}},
	})
}

func TestMailchimpHeaders(t *testing.T) {
	s := newStage(t, line{to: put, status: 200, body: member + `pending"}`})
	if _, err := s.send("mailchimp", `{"email":"urist.mcvankab@freddiesjokes.com","list":"a1b2"}`, 1); err != nil {
		t.Fatal(err)
	}
	heads(t, s, map[string]string{"Authorization": "Basic YW55OmszeS1hYmNkZWYtdXM3", "Content-Type": "application/json"}) // any:k3y-abcdef-us7
}

func TestMailchimpRefusals(t *testing.T) {
	params := `{"email":"urist.mcvankab@freddiesjokes.com","list":"a1b2"}`
	refuse(t, "mailchimp", params, put, nil, []refusal{
		{400, `{"title":"Invalid Resource","detail":"x","errors":[{"field":"email","message":"fake"}]}`, recipient},
		{400, `{"title":"Invalid Resource","detail":"a@b has signed up to a lot of lists very recently; we're not allowing more signups for now"}`,
			actions.Answer{Outcome: actions.OutcomeRetry, Wait: 6 * time.Hour}},
		{400, `{"title":"Forgotten Email Not Subscribed","detail":"x was permanently deleted"}`, recipient},
		{400, `{"title":"Member Exists"}`, recipient},
		{400, `{"title":"Member In Compliance State"}`, skip},
		{400, `{"title":"JSON Parse Error"}`, request},
		{401, `{"title":"API Key Invalid"}`, account},
		{403, `{"title":"User Disabled"}`, account},
		{403, `<html>Forbidden</html>`, retry},
		{403, ``, retry},
		{404, `{"title":"Resource Not Found"}`, account},
		{426, ``, account},
		{429, ``, retry},
		{429, `{"title":"Too Many Requests"}`, retry},
		{500, `{"title":"Internal Server Error"}`, retry},
		{503, `<html>`, retry},
	})
	// Tags that fail leave the step to be tried again, which changes nothing for the member.
	refuse(t, "mailchimp", `{"email":"urist.mcvankab@freddiesjokes.com","list":"a1b2","tags":["x"]}`, "POST "+urist+"/tags",
		[]line{{to: put, status: 200, body: member + `subscribed"}`}}, []refusal{{500, "", retry}, {429, "", retry}, {401, "{}", account}})
}

// TestMailchimpDataCenter holds that the key says where its account is.
func TestMailchimpDataCenter(t *testing.T) {
	for _, key := range []string{"abc", "abc-", "abc-evil.example.com/", "abc-us1.evil.example", "abc-us1@evil"} {
		_, err := newsletter.Action.Open(actions.Env{}, json.RawMessage(`{"provider":"mailchimp","api_key":"`+key+`"}`))
		if err == nil || err.Error() != "api_key does not end in its data center, such as -us1, as Mailchimp's keys do" {
			t.Errorf("%s: got %v", key, err)
		}
	}
	if _, err := newsletter.Action.Open(actions.Env{}, json.RawMessage(`{"provider":"mailchimp","api_key":"abc-us21"}`)); err != nil {
		t.Error(err)
	}
}
