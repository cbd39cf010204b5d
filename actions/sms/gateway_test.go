package sms_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/sms"
)

// evil is a text that tries to leave its place wherever it is put.
const evil = `"}&to=1</text>` + "\n{key} {text} ü%41+\\"

func evilStep() string {
	text, _ := json.Marshal(evil)
	return `{"to":"+31612345678","text":` + string(text) + `}`
}

func TestGatewayRequest(t *testing.T) {
	for _, test := range []struct{ config, method, uri, kind, body string }{
		{`"url":"URL/send","json":{"to":["{to_digits}"],"m":{"text":"<{text}>","n":12345678901234567890,"flag":true},"ref":"{key}{key}"}`, "POST", "/send", "application/json",
			`{"m":{"flag":true,"n":12345678901234567890,"text":"\u003c\"}\u0026to=1\u003c/text\u003e\n{key} {text} ü%41+\\\u003e"},"ref":"k-1k-1","to":["31612345678"]}`},
		{`"url":"URL/send","form":{"number":"{to}","msg":"{text}","s":"{api_secret}"},"api_secret":"hunter2"`, "POST", "/send", "application/x-www-form-urlencoded",
			"msg=%22%7D%26to%3D1%3C%2Ftext%3E%0A%7Bkey%7D+%7Btext%7D+%C3%BC%2541%2B%5C&number=%2B31612345678&s=hunter2"},
		{`"url":"URL/{to}/send?t={text}&f={from}","method":"GET","from":"A&B"`, "GET",
			"/%2B31612345678/send?t=%22%7D%26to%3D1%3C%2Ftext%3E%0A%7Bkey%7D%20%7Btext%7D%20%C3%BC%2541%2B%5C&f=A%26B", "", ""},
		{`"url":"URL/send","method":"PUT","headers":{"content-type":"text/xml; charset=utf-8"},"body":"<sms to='{to}'>{text}</sms>"`, "PUT", "/send", "text/xml; charset=utf-8",
			"<sms to='+31612345678'>&#34;}&amp;to=1&lt;/text&gt;\n{key} {text} ü%41+\\</sms>"},
		{`"url":"URL/send","headers":{"Content-Type":"application/json"},"body":"{\"a\":{\"to\":\"{to}\",\"t\":\"{text}\"}}"`, "POST", "/send", "application/json",
			`{"a":{"to":"+31612345678","t":"\"}&to=1</text>\n{key} {text} ü%41+\\"}}`},
		{`"url":"URL/send?to={to}","headers":{"Content-Type":"application/x-www-form-urlencoded"},"body":"t={text}&k={key}"`, "POST", "/send?to=%2B31612345678", "application/x-www-form-urlencoded",
			"t=%22%7D%26to%3D1%3C%2Ftext%3E%0A%7Bkey%7D%20%7Btext%7D%20%C3%BC%2541%2B%5C&k=k-1"},
		{`"url":"URL/send?to={to}","body":"{text}"`, "POST", "/send?to=%2B31612345678", "text/plain; charset=utf-8", evil},
		{`"url":"URL/send","headers":{"X-To":"{to}","X-Text":"{text}"}`, "POST", "/send", "", ""},
	} {
		server, requests := serve(t, 200, "")
		config := `{"provider":"http",` + strings.ReplaceAll(test.config, "URL", server) + `}`
		if _, err := send(t, config, evilStep()); err != nil {
			t.Errorf("%s: %v", config, err)
			continue
		}
		r := <-requests
		if r.body != strings.TrimSpace(test.body) || r.method != test.method || r.uri != test.uri || r.header.Get("Content-Type") != test.kind {
			t.Errorf("got  %s %s %s\n%s\nwant %s\n%s", r.method, r.uri, r.header.Get("Content-Type"), r.body, test.uri, test.body)
		}
		if got := r.header.Get("X-Text"); got != "" && got != strings.ReplaceAll(evil, "\n", " ") {
			t.Errorf("the header is %q", got)
		}
	}
}

func TestGatewayAnswers(t *testing.T) {
	for _, test := range []struct {
		more, body string
		status     int
		want, id   string
	}{
		{``, "", 204, "ok", ""},
		{``, "whatever", 200, "ok", ""},
		{`,"success":[202]`, "", 202, "ok", ""},
		{`,"success":[202]`, "queue is full", 200, "unknown", ""},
		{`,"id":"messages.0.id"`, `{"messages":[{"id":"m-1"}]}`, 200, "ok", "m-1"},
		{`,"id":"id"`, `{"id":12345678901234567890}`, 200, "ok", "12345678901234567890"},
		{`,"id":"id"`, `{"error":"no credit"}`, 200, "unknown", ""},
		{`,"id":"id"`, `{"id":""}`, 200, "unknown", ""},
		{`,"id":"id"`, `{"id":{}}`, 200, "unknown", ""},
		{`,"id":"a.1.b"`, `{"a":[{"b":"x"}]}`, 200, "unknown", ""},
		{`,"id":"a.b"`, `{"a":"x"}`, 200, "unknown", ""},
		{`,"id":"id"`, `<html>`, 200, "unknown", ""},
		{`,"id":"id"`, `{"id":"x`, 200, "unknown", ""},
		{``, "no such number", 400, "request", ""},
		{``, "", 404, "account", ""},
		{``, "", 500, "unknown", ""},
		{`,"success":[200]`, "", 503, "unknown", ""},
	} {
		server, _ := serve(t, test.status, test.body)
		result, err := send(t, `{"provider":"http","url":"`+server+`","form":{"t":"{to}{text}"}`+test.more+`}`, step)
		if got := actions.OutcomeOf(err); got != outcome(test.want) {
			t.Errorf("%s %d %s: got %+v (%v)", test.more, test.status, test.body, got, err)
		}
		if id, _ := result["id"].(string); id != test.id {
			t.Errorf("%s %s: got the id %q", test.more, test.body, id)
		}
	}
}

func TestGatewayRefused(t *testing.T) {
	const holes = `"form":{"t":"{to}{text}"}`
	for config, want := range map[string]string{
		`"url":"gw.example",` + holes:                                                           "url is not an http or https URL",
		`"url":"ftp://gw.example",` + holes:                                                     "url is not an http or https URL",
		`"url":"https://{key}.gw.example",` + holes:                                             "url: the host is fixed, and nothing can stand for it",
		`"url":"https://gw.example:{key}",` + holes:                                             "url is not an http or https URL",
		`"url":"https://u:hunter2@gw.example",` + holes:                                         "url: a user name or password belongs into headers, as Authorization",
		`"url":"https://gw.example","body":"x",` + holes:                                        "json, form and body exclude each other: a request has one body",
		`"url":"https://gw.example","method":"GET",` + holes:                                    "a GET request has no body: put {to} and {text} into url",
		`"url":"https://gw.example","headers":{"Content-Type":"image/png"},"body":"{to}{text}"`: "body: its Content-Type must be one of JSON, XML, a web form or plain text, so that it is known how values are encoded in it",
		`"url":"https://gw.example","headers":{"content-type":"text/plain"},` + holes:           "headers: Content-Type is that of json or form already",
		`"url":"https://gw.example","headers":{"a b":"x"},` + holes:                             `headers: "a b" cannot be the name of a header, or its value cannot be one's`,
		`"url":"https://gw.example","headers":{"a":"x\ny"},` + holes:                            `headers: "a" cannot be the name of a header, or its value cannot be one's`,
		`"url":"https://gw.example","headers":{"a":"x","A":"y"},` + holes:                       "headers: A is there twice",
		`"url":"https://gw.example","form":{"t":"{to}{tetx}"}`:                                  "{tetx} stands for nothing: what can stand for something are {to}, {to_digits}, {text}, {from}, {key}, {api_key}, {api_secret}",
		`"url":"https://gw.example","form":{"t":"{text}"}`:                                      "the request must hold {to} or {to_digits}, and {text}: without them it says nothing, or to nobody",
		`"url":"https://gw.example","json":{"t":["{to}"]}`:                                      "the request must hold {to} or {to_digits}, and {text}: without them it says nothing, or to nobody",
		`"url":"https://gw.example?k={api_key}",` + holes:                                       "{api_key} is used, and api_key is missing",
		`"url":"https://gw.example","success":[302],` + holes:                                   "success: 302 is no status of success, which are 200 to 299",
		`"url":"https://gw.example","id":"a..b",` + holes:                                       "id is not a way into the answer, such as messages.0.id",
		`"url":"https://gw.example","account_sid":"AC1",` + holes:                               "account_sid means nothing to provider http",
	} {
		if _, err := sms.Action.Open(actions.Env{}, json.RawMessage(`{"provider":"http",`+config+`}`)); fmt.Sprint(err) != want {
			t.Errorf("%s: got %v", config, err)
		}
	}
}

// FuzzGateway holds that no text leaves its place: a form has the fields that the account names, a path as many parts, JSON one
// text.
func FuzzGateway(f *testing.F) {
	for _, text := range []string{"hello", evil, "..", "{to}", "\x00\xff", "a/b?c#d"} {
		f.Add(text)
	}
	server, requests := serve(f, 200, "")
	web := open(f, actions.Env{}, `{"provider":"http","url":"`+server+`/a/{text}/b?t={text}&to={to}","form":{"text":"{text}","to":"{to}"}}`)
	raw := open(f, actions.Env{}, `{"provider":"http","url":"`+server+`/{to}","headers":{"Content-Type":"application/json","X-T":"{text}"},"body":"{\"text\":\"{text}\"}"}`)
	f.Fuzz(func(t *testing.T, text string) {
		params, _ := json.Marshal(map[string]string{"to": "+31612345678", "text": text})
		if _, err := web.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: params}); err != nil {
			if actions.OutcomeOf(err) != permanent(actions.BlameRequest) {
				t.Fatal(err)
			}
			return // empty, or too long
		}
		r := <-requests
		u, err := url.ParseRequestURI(r.uri)
		if err != nil {
			t.Fatal(err)
		}
		form, err := url.ParseQuery(r.body)
		said := form.Get("text")
		if err != nil || len(form) != 2 || len(u.Query()) != 2 || u.Query().Get("t") != said || u.Path != "/a/"+said+"/b" || strings.Count(u.EscapedPath(), "/") != 3 {
			t.Fatalf("%q: got %s %s", text, r.uri, r.body)
		}
		if _, err := raw.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: params}); err != nil {
			t.Fatal(err)
		}
		r = <-requests
		var object map[string]string
		if json.Unmarshal([]byte(r.body), &object) != nil || len(object) != 1 || object["text"] != said {
			t.Fatalf("%q: got %s", text, r.body)
		}
	})
}
