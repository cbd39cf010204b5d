package sms_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/sms"
)

// request is what a provider got.
type request struct {
	method, uri, body string
	header            http.Header
}

// serve plays a provider of one answer.
func serve(t testing.TB, status int, answer string, headers ...string) (url string, requests chan request) {
	t.Helper()
	requests = make(chan request, 16)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- request{r.Method, r.RequestURI, string(body), r.Header}
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

func open(t testing.TB, env actions.Env, config string) actions.Outlet {
	t.Helper()
	out, err := sms.Action.Open(env, json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func send(t testing.TB, config, params string) (actions.Result, error) {
	t.Helper()
	return open(t, actions.Env{}, config).Send(t.Context(), actions.Call[json.RawMessage]{Key: "k-1", Try: 1, Params: json.RawMessage(params)})
}

func permanent(b actions.Blame) actions.Answer {
	return actions.Answer{Outcome: actions.OutcomePermanent, Blame: b}
}

// outcomes names what tables say in short.
func outcome(word string) actions.Answer {
	word, stops := strings.CutSuffix(word, " for ever")
	if stops {
		answer := outcome(word)
		answer.Stop = actions.Recipient{Channel: actions.Phone, Address: "+31612345678"}
		return answer
	}
	switch word {
	case "recipient", "request", "account":
		return permanent(actions.Blame(word))
	}
	return actions.Answer{Outcome: actions.Outcome(word)}
}

const step = `{"to":"+31612345678","text":"hello"}`

func TestExams(t *testing.T) {
	request, account := permanent(actions.BlameRequest), permanent(actions.BlameAccount)
	retry, unknown := actions.Answer{Outcome: actions.OutcomeRetry}, actions.Answer{Outcome: actions.OutcomeUnknown}
	statuses := map[int]actions.Answer{
		301: account, 302: account, 307: account, 400: request, 401: account, 402: account, 403: account, 404: account, 405: account, 408: retry,
		409: request, 410: account, 413: request, 415: request, 422: request, 425: retry, 429: retry, 500: unknown, 502: unknown, 503: unknown, 504: unknown,
	}
	noKey := map[string]string{"same key": "the provider knows a repeated request by nothing, so that unknown outcomes are held for a person"}
	for name, bench := range map[string]actionstest.Bench{
		"twilio": {
			Account: func(address string) string {
				return `{"provider":"twilio","account_sid":"AC1","auth_token":"` + actionstest.Secret + `","from":"+15005550006","api":"http://` + address + `"}`
			},
			HTTP:   &actionstest.HTTP{Status: 201, Body: `{"sid":"SM1","status":"queued","num_segments":"1","error_code":null}`},
			Exempt: noKey,
		},
		"twilio with a key": {
			Account: func(address string) string {
				return `{"provider":"twilio","account_sid":"AC1","key_sid":"SK1","key_secret":"` + actionstest.Secret + `","messaging_service":"MG1","api":"http://` + address + `"}`
			},
			HTTP:   &actionstest.HTTP{Status: 201, Body: `{"sid":"SM1","status":"accepted","num_segments":"0"}`},
			Exempt: noKey,
		},
		"vonage": {
			Account: func(address string) string {
				return `{"provider":"vonage","api_key":"` + actionstest.Secret + `k","api_secret":"` + actionstest.Secret + `","from":"Bell","api":"http://` + address + `"}`
			},
			HTTP: &actionstest.HTTP{Body: `{"message-count":"1","messages":[{"status":"0","message-id":"1"}]}`, Identity: func(_ *http.Request, body []byte) string {
				return string(body)
			}},
		},
		"brevo": {
			Account: func(address string) string {
				return `{"provider":"brevo","api_key":"` + actionstest.Secret + `","from":"Bell","api":"http://` + address + `"}`
			},
			HTTP:   &actionstest.HTTP{Status: 201, Body: `{"messageId":1511882900176220}`},
			Exempt: noKey,
		},
		"http": {
			Account: func(address string) string {
				return `{"provider":"http","url":"http://` + address + `/` + actionstest.Secret + `u?key=` + actionstest.Secret + `q","api_key":"` + actionstest.Secret + `",
					"headers":{"Authorization":"Bearer {api_key}","X-Key":"` + actionstest.Secret + `h","X-Id":"{key}"},"form":{"to":"{to}","text":"{text}","fixed":"` + actionstest.Secret + `f"}}`
			},
			HTTP: &actionstest.HTTP{Rubbish: actions.OutcomeOK, // the status alone says that it was taken
				Identity: func(r *http.Request, _ []byte) string { return r.Header.Get("X-Id") }},
		},
		"http with an id": {
			Account: func(address string) string {
				return `{"provider":"http","url":"http://` + address + `/send","api_key":"` + actionstest.Secret + `","id":"messages.0.id","json":{"to":"{to}","text":"{text}","key":"{api_key}"}}`
			},
			HTTP:   &actionstest.HTTP{Body: `{"messages":[{"id":"1"}]}`},
			Exempt: noKey,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is waiting for who hangs
			bench.HTTP.Statuses = statuses
			bench.Params = func(string) string { return step }
			actionstest.Run(t, sms.Action, bench)
		})
	}
}

func TestNumbers(t *testing.T) {
	url, requests := serve(t, 200, "ok")
	for _, test := range []struct{ countries, params, want string }{
		{``, `{"to":"06 12345678","country":"NL","text":"x"}`, "+31612345678"},
		{``, `{"to":"0031 612345678","country":"nl","text":"x"}`, "+31612345678"},
		{`["NL","BE"]`, `{"to":"+32470123456","text":"x"}`, "+32470123456"},
		{`["GB"]`, `{"to":"+44 7911 123456","text":"x"}`, "+447911123456"},
		{`["+31"]`, `{"to":"+31612345678","text":"x"}`, "+31612345678"},
		{`[31]`, `{"to":"+31612345678","text":"x"}`, "+31612345678"},
		{`[1]`, `{"to":"+14169671111","text":"x"}`, "+14169671111"},
		{`["US"]`, `{"to":"+14169671111","text":"x"}`, "to: +14169671111 is in none of the countries that the account may send to, which are US"},
		{`["NL","BE",44]`, `{"to":"+491712345678","text":"x"}`, "to: +491712345678 is in none of the countries that the account may send to, which are NL, BE, +44"},
		{``, `{"to":"0612345678","text":"x"}`, `to: "0612345678": it has no country's code, such as +31, and nothing says of which country it is; give it, or the step's country`},
		{``, `{"to":"0612345678","country":"XX","text":"x"}`, `country: "XX" is not a country's two letters, such as NL`},
		{``, `{"to":"","text":"x"}`, "to is empty: there is no number to send to"},
		{``, `{"to":"call me","country":"NL","text":"x"}`, `to: "call me": it is not one whole telephone number`},
		{``, `{"to":"+31 6 1","text":"x"}`, `to: "+31 6 1": no such number can exist there`},
		{``, `{"to":"+1 900 555 1234","text":"x"}`, "to: +19005551234 is a premium rate or shared cost number, and nobody reads texts there"},
		{``, `{"to":"0180 5 123456","country":"DE","text":"x"}`, "to: +491805123456 is a premium rate or shared cost number, and nobody reads texts there"},
	} {
		config := `{"provider":"http","url":"` + url + `","json":{"to":"{to}","text":"{text}"}}`
		if test.countries != "" {
			config = strings.Replace(config, "{", `{"countries":`+test.countries+`,`, 1)
		}
		result, err := send(t, config, test.params)
		if strings.HasPrefix(test.want, "+") {
			if err != nil || result["to"] != test.want || len(requests) != 1 {
				t.Errorf("%s: got %v, %v", test.params, result, err)
			}
			<-requests
			continue
		}
		if got := actions.OutcomeOf(err); got != permanent(actions.BlameRecipient) || err.Error() != test.want || len(requests) > 0 {
			t.Errorf("%s: got %+v, %v", test.params, got, err)
		}
	}
}

func TestCheck(t *testing.T) {
	for params, want := range map[string]string{
		step: "<nil>",
		`{"to":"{{ order.phone }}","text":"{{ order.note }}"}`:                           "<nil>",
		`{"to":"0612345678","country":"{{ order.country }}","text":"x"}`:                 "<nil>",
		`{"to":"{{ order.phone }}","country":"NL","text":"x"}`:                           "<nil>",
		`{"to":"{{ order.phone }}","country":"ZZ","text":"x"}`:                           `country: "ZZ" is not a country's two letters, such as NL`,
		`{"to":"+31612345678","text":" \u0007 "}`:                                        "text is empty: a message says something",
		`{"to":"+31612345678","text":"` + strings.Repeat("é", 1600) + `"}`:               "<nil>",
		`{"to":"+31612345678","text":"` + strings.Repeat("é", 1601) + `"}`:               "text has 1601 characters, and a text message has 1,600 at most",
		`{"to":"+31612345678","text":"` + strings.Repeat("a", 1601) + `{{ order.id }}"}`: "<nil>",
		`{"to":"0612345678","text":"x"}`:                                                 `to: "0612345678": it has no country's code, such as +31, and nothing says of which country it is; give it, or the step's country`,
	} {
		if err := sms.Action.Check(json.RawMessage(params)); fmt.Sprint(err) != want {
			t.Errorf("%.90s: got %v", params, err)
		}
	}
	for _, begin := range []string{"a", "{{"} {
		_, err := send(t, `{"provider":"http","url":"http://127.0.0.1:1/{to}/{text}"}`, `{"to":"+31612345678","text":"`+begin+strings.Repeat("a", 1600)+`"}`)
		if got := actions.OutcomeOf(err); got != permanent(actions.BlameRequest) {
			t.Errorf("a long text: got %+v, %v", got, err)
		}
	}
}

// TestDocumentedAccounts opens the accounts that the page shows.
func TestDocumentedAccounts(t *testing.T) {
	blocks := regexp.MustCompile(`(?m)^    accounts:\n(?:     .*\n?)+`).FindAllString(sms.Action.Doc, -1)
	if len(blocks) != 2 {
		t.Fatalf("the page shows %d accounts", len(blocks))
	}
	for _, block := range blocks {
		var shown struct {
			Accounts map[string]map[string]any `yaml:"accounts"`
		}
		if err := yaml.Unmarshal([]byte(block), &shown); err != nil {
			t.Fatal(err)
		}
		account := shown.Accounts["sms"]
		delete(account, "kind")
		config, _ := json.Marshal(account)
		if _, err := sms.Action.Open(actions.Env{}, config); err != nil {
			t.Errorf("%s: %v", block, err)
		}
	}
}

func TestReaches(t *testing.T) {
	for params, want := range map[string][]actions.Recipient{
		`{"to":"06-12345678","country":"NL","text":"x"}`: {{Channel: actions.Phone, Address: "+31612345678"}},
		`{"to":"+31 6 12345678","text":"x"}`:             {{Channel: actions.Phone, Address: "+31612345678"}},
		`{"to":"06-12345678","text":"x"}`:                nil,
		`{"to":"","text":"x"}`:                           nil,
		`{"to":"+19005551234","text":"x"}`:               nil,
	} {
		if got := sms.Action.Reaches(json.RawMessage(params)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v", params, got)
		}
	}
}

func TestRedirect(t *testing.T) {
	for _, test := range []struct{ params, to, want string }{
		{`{"to":"06-12345678","country":"NL","text":" Hi\u0000 there "}`, "+49 171 2345678", `{"to":"+491712345678","text":"[Redirected. For +31612345678] Hi there"}`},
		{`{"to":"who knows","text":"Hi"}`, "+491712345678", `{"to":"+491712345678","text":"[Redirected. For who knows] Hi"}`},
		{`{"to":"+31612345678","text":"Hi"}`, "0171 2345678", ""},
		{`{"to":"+31612345678","text":"Hi"}`, "me@example.com", ""},
		{`{"to":"+31612345678","text":"Hi"}`, "+19005551234", ""},
	} {
		got, err := sms.Action.Redirect(json.RawMessage(test.params), test.to)
		if string(got) != test.want || (err == nil) != (test.want != "") {
			t.Errorf("%s: got %s, %v", test.params, got, err)
		}
	}
	if err := sms.Action.CanRedirect("+491712345678"); err != nil {
		t.Error(err)
	}
	long, err := sms.Action.Redirect(json.RawMessage(`{"to":"+31612345678","text":"`+strings.Repeat("é", 1600)+`"}`), "+491712345678")
	if err != nil || sms.Action.Check(long) != nil {
		t.Errorf("what is as long as may be cannot be redirected: %v", sms.Action.Check(long))
	}
}

func TestOpenRefuses(t *testing.T) {
	for config, want := range map[string]string{
		`{"provider":"twilio"}`:                                 "account_sid is missing: provider twilio needs it",
		`{"provider":"twilio","account_sid":"AC1","from":"+1"}`: "want auth_token, or key_sid and key_secret",
		`{"provider":"twilio","account_sid":"AC1","auth_token":"hunter2","key_sid":"SK1","from":"+1"}`:              "key_sid and key_secret belong together",
		`{"provider":"twilio","account_sid":"AC1","auth_token":"hunter2"}`:                                          "want either from or messaging_service",
		`{"provider":"twilio","account_sid":"AC1","auth_token":"hunter2","from":"+1","messaging_service":"MG1"}`:    "want either from or messaging_service",
		`{"provider":"twilio","account_sid":"AC1","auth_token":"hunter2","from":"+1","api":"api.twilio.com"}`:       "api is not an http or https URL",
		`{"provider":"twilio","account_sid":"AC1","auth_token":"hunter2","from":"+1","api_key":"hunter2"}`:          "api_key means nothing to provider twilio",
		`{"provider":"vonage","auth_token":"hunter2"}`:                                                              "api_key is missing: provider vonage needs it\napi_secret is missing: provider vonage needs it\nfrom is missing: provider vonage needs it\nauth_token means nothing to provider vonage",
		`{"provider":"vonage","api_key":"hunter2","api_secret":"hunter2","from":"x","countries":["NL","Atlantis"]}`: `countries: "Atlantis" is neither a country's two letters, such as NL, nor a calling code, such as +31`,
		`{"provider":"vonage","api_key":"hunter2","api_secret":"hunter2","from":"x","countries":[999]}`:             `countries: "999" is neither a country's two letters, such as NL, nor a calling code, such as +31`,
		`{"provider":"brevo","api_key":"hunter2","from":"x","url":"http://x"}`:                                      "url means nothing to provider brevo",
		`{"provider":"carrier pigeon"}`: `provider: want one of "twilio", "vonage", "brevo", "http", got "carrier pigeon"`,
	} {
		if _, err := sms.Action.Open(actions.Env{}, json.RawMessage(config)); fmt.Sprint(err) != want {
			t.Errorf("%s: got %v", config, err)
		}
	}
}
