package http_test

import (
	"encoding/json"
	nethttp "net/http"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/http"
)

// TestMethods holds that every method can be used that asks for something at the other end; CONNECT and TRACE are for proxies.
func TestMethods(t *testing.T) {
	url, requests := serve(t, nil)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "PURGE", "LINK", "UNLINK", "COPY", "MOVE", "LOCK", "UNLOCK",
		"MKCOL", "MKCALENDAR", "PROPFIND", "PROPPATCH", "REPORT", "SEARCH"} {
		var step any
		params := `{"url":"` + url + `","method":"` + method + `"}`
		_ = json.Unmarshal([]byte(params), &step)
		if http.Action.Params.Check(step) != nil {
			t.Errorf("%s is not taken", method)
		}
		if _, err := call(t, open(t, "", local), params); err != nil {
			t.Errorf("%s: %v", method, err)
		} else if r := <-requests; r.Method != method {
			t.Errorf("%s: got %s", method, r.Method)
		}
	}
	for params, want := range map[string]string{
		`{"url":"http://a","method":"HEAD","body":"x"}`:  "a HEAD request has no body",
		`{"url":"http://a","expect":[200,404]}`:          "",
		`{"url":"http://a","expect":[100]}`:              "expect: 100 is not the status of an answer, which are 200 to 599",
		`{"url":"http://a?b=c","query":{"d":"{{ x }}"}}`: "",
	} {
		if err := http.Action.Check(json.RawMessage(params)); err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%s: %v", params, err)
		}
	}
	var step any
	for _, method := range []string{"get", "GET ", "GET\r\nX: y", "POTS", "CONNECT", "TRACE", ""} {
		text, _ := json.Marshal(map[string]string{"url": "http://a", "method": method})
		_ = json.Unmarshal(text, &step)
		if http.Action.Params.Check(step) == nil {
			t.Errorf("%q is taken for a method", method)
		}
	}
}

func TestQuery(t *testing.T) {
	url, requests := serve(t, nil)
	for params, want := range map[string]string{
		`{"url":"URL/a","query":{"q":"x y&z=é","n":5,"t":true,"none":null}}`: "/a?n=5&none=&q=x+y%26z%3D%C3%A9&t=true",
		`{"url":"URL/a?b=c","query":{"d":"e"}}`:                              "/a?b=c&d=e",
		`{"url":"URL/a?b=c","query":{}}`:                                     "/a?b=c",
	} {
		if _, err := call(t, open(t, "", local), strings.Replace(params, "URL", url, 1)); err != nil {
			t.Fatal(err)
		}
		if r := <-requests; r.RequestURI != want {
			t.Errorf("got %s, want %s", r.RequestURI, want)
		}
	}
}

// TestExpect holds what a step and an account can say of statuses.
func TestExpect(t *testing.T) {
	retry, ok := actions.Answer{Outcome: actions.OutcomeRetry}, actions.Answer{Outcome: actions.OutcomeOK}
	final := actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest}
	account := actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}
	for _, test := range []struct {
		status         int
		config, params string
		want           actions.Answer
	}{
		{404, "", `"expect":[200,404]`, ok},
		{302, "", `"expect":[302]`, ok},
		{202, "", `"expect":[200]`, retry},
		{404, "", `"expect":[200]`, retry},
		{422, "", `"expect":[200]`, final},
		{404, `{"final":[404,409]}`, `"method":"PUT"`, final},
		{422, `{"retry":[422]}`, `"method":"PUT"`, retry},
		{401, `{"retry":[401],"token":"abcdef"}`, `"method":"PUT"`, retry},
		{403, `{"final":[403],"token":"abcdef"}`, `"method":"PUT"`, account},
		{302, `{"retry":[302]}`, `"method":"PUT"`, retry},
	} {
		url, _ := serve(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) { w.WriteHeader(test.status) })
		_, err := call(t, open(t, test.config, local), `{"url":"`+url+`",`+test.params+`}`)
		if got := actions.OutcomeOf(err); got != test.want {
			t.Errorf("%d with %s and %s: got %+v, %v", test.status, test.config, test.params, got, err)
		}
	}
}
