package http_test

import (
	"encoding/json"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/http"
)

func TestExam(t *testing.T) {
	permanent := func(b actions.Blame) actions.Answer {
		return actions.Answer{Outcome: actions.OutcomePermanent, Blame: b}
	}
	request, account, retry := permanent(actions.BlameRequest), permanent(actions.BlameAccount), actions.Answer{Outcome: actions.OutcomeRetry}
	actionstest.Run(t, http.Action, actionstest.Bench{
		Account: func(string) string {
			return `{"token":"` + actionstest.Secret + `","headers":{"X-Api-Key":"key-` + actionstest.Secret + `"}}`
		},
		Params: func(address string) string { return `{"url":"http://` + address + `/hook","json":{"a":1}}` },
		HTTP: &actionstest.HTTP{
			Body: `{"ok":true}`,
			Statuses: map[int]actions.Answer{
				204: {Outcome: actions.OutcomeOK},
				301: request, 302: request, 307: request, 400: request, 401: account, 403: account, 404: retry, 405: request,
				408: retry, 409: retry, 410: request, 413: request, 415: request, 422: request, 425: retry, 429: retry,
				500: retry, 502: retry, 503: retry, 504: retry, 418: retry, 402: retry,
			},
			Identity: func(r *nethttp.Request, _ []byte) string { return r.Header.Get("webhook-id") },
			Rubbish:  actions.OutcomeOK, // any answer of 2xx is success
		},
	})
}

// got is a request as a server saw it.
type got struct {
	*nethttp.Request
	body string
}

// serve answers every request in the same way, and tells them.
func serve(t testing.TB, answer nethttp.HandlerFunc) (url string, requests chan got) {
	t.Helper()
	requests = make(chan got, 16)
	s := httptest.NewServer(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, r *nethttp.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- got{r, string(body)}
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

func open(t testing.TB, config string, allow ...string) actions.Outlet {
	t.Helper()
	env := actions.Env{}
	for _, a := range allow {
		env.Allow = append(env.Allow, netip.MustParsePrefix(a))
	}
	var raw json.RawMessage
	if config != "" {
		raw = json.RawMessage(config)
	}
	out, err := http.Action.Open(env, raw)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const local = "127.0.0.0/8"

func TestSend(t *testing.T) {
	url, requests := serve(t, nil)
	for _, test := range []struct{ name, params, method, kind, body string }{
		{"json", `{"url":"URL/a?b=c","json":{"n":9007199254740993,"s":"<é>"}}`, "POST", "application/json", `{"n":9007199254740993,"s":"<é>"}`},
		{"json, null", `{"url":"URL","json":null}`, "POST", "application/json", `null`},
		{"form", `{"url":"URL","method":"PUT","form":{"b":"x y&z","a":5,"c":true}}`, "PUT", "application/x-www-form-urlencoded", `a=5&b=x+y%26z&c=true`},
		{"body", `{"url":"URL","method":"PATCH","body":"hé"}`, "PATCH", "text/plain; charset=utf-8", "hé"},
		{"body with type", `{"url":"URL","body":"<a/>","headers":{"content-type":"application/xml"}}`, "POST", "application/xml", "<a/>"},
		{"nothing", `{"url":"URL"}`, "POST", "", ""},
		{"get", `{"url":"URL","method":"GET"}`, "GET", "", ""},
		{"delete", `{"url":"URL","method":"DELETE"}`, "DELETE", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			params := strings.ReplaceAll(test.params, "URL", url)
			if _, err := open(t, "", local).Send(t.Context(), actions.Call[json.RawMessage]{Key: "key-1", Try: 1, Params: json.RawMessage(params)}); err != nil {
				t.Fatal(err)
			}
			r := <-requests
			if r.Method != test.method || r.Header.Get("Content-Type") != test.kind || r.body != test.body {
				t.Errorf("got %s %q %q", r.Method, r.Header.Get("Content-Type"), r.body)
			}
			if r.Header.Get("webhook-id") != "key-1" || r.Header.Get("webhook-timestamp") == "" || r.Header.Get("User-Agent") != "shopbell" {
				t.Errorf("got %v", r.Header)
			}
			if r.Header.Get("webhook-signature") != "" {
				t.Error("it is signed without a secret")
			}
		})
	}
}

func TestSignIn(t *testing.T) {
	url, requests := serve(t, nil)
	for _, test := range []struct{ config, header, want string }{
		{`{"token":"t0ken"}`, "Authorization", "Bearer t0ken"},
		{`{"username":"u","password":"p"}`, "Authorization", "Basic dTpw"},
		{`{"headers":{"x-api-key":"k"}}`, "X-Api-Key", "k"},
	} {
		_, err := open(t, test.config, local).Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"url":"` + url + `","headers":{"Authorization":"mine","X-Api-Key":"mine"}}`)})
		if r := <-requests; err != nil || r.Header.Get(test.header) != test.want {
			t.Errorf("%s: %q, %v", test.config, r.Header.Get(test.header), err)
		}
	}
}

const (
	secret   = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	previous = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

// TestSignature has the reference library of Standard Webhooks verify what a receiver gets, with either secret.
func TestSignature(t *testing.T) {
	url, requests := serve(t, nil)
	for i, body := range []string{`"json":{"test": 2432232314}`, `"body":"x"`, `"form":{"a":"b"}`, `"headers":{}`} {
		config := `{"secret":"` + secret + `","previous_secret":"` + previous + `"}`
		if i%2 == 1 {
			config = `{"secrets":["` + secret + `","` + previous + `"]}`
		}
		out := open(t, config, local)
		if _, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "msg_1", Try: 1, Params: json.RawMessage(`{"url":"` + url + `",` + body + `}`)}); err != nil {
			t.Fatal(err)
		}
		r := <-requests
		for _, s := range []string{secret, previous} {
			wh, err := standardwebhooks.NewWebhook(s)
			if err != nil {
				t.Fatal(err)
			}
			if err := wh.Verify([]byte(r.body), r.Header); err != nil {
				t.Errorf("%s: %v", body, err)
			}
			if err := wh.Verify([]byte(r.body+" "), r.Header); err == nil {
				t.Error("another body is verified too")
			}
		}
	}
}

func TestResult(t *testing.T) {
	for _, test := range []struct {
		name, kind, body string
		want             actions.Result
	}{
		{"nothing", "", "", actions.Result{"status": 201}},
		{"json", "application/json", `{"id":9007199254740993,"f":1.5,"l":[1,"a",null,true]}`, actions.Result{"status": 201,
			"json": map[string]any{"id": 9007199254740993, "f": 1.5, "l": []any{1, "a", nil, true}}}},
		{"problem", "application/problem+json; charset=utf-8", `[]`, actions.Result{"status": 201, "json": []any{}}},
		{"broken json", "application/json", `{"id":`, actions.Result{"status": 201, "body": `{"id":`}},
		{"two values", "application/json", `1 2`, actions.Result{"status": 201, "body": `1 2`}},
		{"text", "text/plain", `{}`, actions.Result{"status": 201, "body": `{}`}},
		{"not text", "image/png", "\x89PNG\x00", actions.Result{"status": 201}},
		{"long", "text/plain", strings.Repeat("x", 70<<10), actions.Result{"status": 201, "body": strings.Repeat("x", 64<<10)}},
	} {
		t.Run(test.name, func(t *testing.T) {
			url, _ := serve(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) {
				w.Header()["Content-Type"] = []string{test.kind}
				w.WriteHeader(201)
				_, _ = io.WriteString(w, test.body)
			})
			r, err := open(t, "", local).Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"url":"` + url + `"}`)})
			if err != nil || !reflect.DeepEqual(r, test.want) {
				t.Errorf("got %.200v, %v", r, err)
			}
		})
	}
}

// TestRefusedUnsent holds what never leaves the house.
func TestRefusedUnsent(t *testing.T) {
	url, requests := serve(t, nil)
	host := strings.TrimPrefix(url, "http://")
	for _, test := range []struct{ name, config, params, want string }{
		{"no scheme", "", `{"url":"example.com/x"}`, "the url does not begin with https:// or http://"},
		{"other scheme", "", `{"url":"file:///etc/passwd"}`, "the url does not begin with https:// or http://"},
		{"no host", "", `{"url":"http:///x"}`, "the url names no host"},
		{"credentials", "", `{"url":"http://u:hunter2@` + host + `"}`, "the url holds a user name or password; put it into the account"},
		{"line break", "", `{"url":"http://` + host + `/\r\nX: y"}`, "the url cannot be read: it holds characters that no URL may have"},
		{"two bodies", "", `{"url":"` + url + `","json":1,"body":"x"}`, "json, form and body exclude each other: a request has one body"},
		{"get with body", "", `{"url":"` + url + `","method":"GET","body":"x"}`, "a GET request has no body"},
		{"long time", "", `{"url":"` + url + `","timeout":"3m"}`, "timeout is longer than 50s"},
		{"header name", "", `{"url":"` + url + `","headers":{"a b":"c"}}`, `"a b" is not the name of a header`},
		{"header of the connection", "", `{"url":"` + url + `","headers":{"host":"c"}}`, `the header "host" is set by the connection, not by a rule`},
		{"proxy header", "", `{"url":"` + url + `","headers":{"proxy-authorization":"c"}}`, `the header "proxy-authorization" is for proxies, and none is used`},
		{"header of ours", "", `{"url":"` + url + `","headers":{"Webhook-ID":"c"}}`, `the header "Webhook-ID" is set for every request`},
		{"header value", "", `{"url":"` + url + `","headers":{"a":"b\r\nc: d"}}`, `the header "a" has a line break or another control character in it`},
		{"header value with braces", "", `{"url":"` + url + `","headers":{"a":"b\r\nc: {{d"}}`, `the header "a" has a line break or another control character in it`},
		{"other host", `{"hosts":["erp.example.com"]}`, `{"url":"` + url + `"}`, "the account may not be used for " + host + ": its hosts do not name it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := open(t, test.config, local).Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(test.params)})
			if a := actions.OutcomeOf(err); a.Outcome != actions.OutcomePermanent || a.Blame != actions.BlameRequest || err.Error() != test.want {
				t.Errorf("got %+v, %v", a, err)
			}
			if len(requests) > 0 {
				t.Error("a request was sent")
			}
		})
	}
}

// TestGuard holds that private addresses are not reached, by whatever spelling, and that the operator can allow them.
func TestGuard(t *testing.T) {
	url, requests := serve(t, nil)
	port := url[strings.LastIndexByte(url, ':'):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0", "169.254.169.254", "10.0.0.1", "[fd00::1]"} {
		_, err := open(t, "").Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"url":"http://` + host + port + `"}`)})
		if a := actions.OutcomeOf(err); a.Outcome != actions.OutcomePermanent || a.Blame != actions.BlameRequest {
			t.Errorf("%s: got %+v, %v", host, a, err)
		} else if !strings.Contains(err.Error(), "http: { allow: [") {
			t.Errorf("%s: the way out is not told: %v", host, err)
		}
	}
	if len(requests) > 0 {
		t.Error("a request was sent")
	}
	_, err := open(t, "").Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"url":"` + url + `"}`)})
	want := `127.0.0.1 is a private address, which rules may not reach; to allow it, the operator puts http: { allow: ["127.0.0.1/32"] } into the config`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := open(t, "", "127.0.0.1/32").Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"url":"` + url + `"}`)}); err != nil {
		t.Errorf("allowed: %v", err)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	url, requests := serve(t, func(w nethttp.ResponseWriter, r *nethttp.Request) {
		nethttp.Redirect(w, r, "/elsewhere", nethttp.StatusFound)
	})
	_, err := open(t, "", local).Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"url":"` + url + `"}`)})
	if actions.OutcomeOf(err).Outcome != actions.OutcomePermanent || !strings.Contains(err.Error(), "redirects are not followed") {
		t.Error(err)
	}
	<-requests
	if len(requests) > 0 {
		t.Error("it was followed")
	}
}

// TestUnauthorizedWithoutAccount holds that being refused is the rule's fault when there is no account to blame.
func TestUnauthorizedWithoutAccount(t *testing.T) {
	url, _ := serve(t, func(w nethttp.ResponseWriter, _ *nethttp.Request) { w.WriteHeader(401) })
	_, err := open(t, "", local).Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"url":"` + url + `"}`)})
	if a := actions.OutcomeOf(err); a.Blame != actions.BlameRequest {
		t.Errorf("got %+v", a)
	}
}

func TestTimeout(t *testing.T) {
	address := actionstest.Listen(t, actionstest.Hang)
	begun := time.Now()
	_, err := open(t, "", local).Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"url":"http://` + address + `","timeout":"50ms"}`)})
	if a := actions.OutcomeOf(err); a.Outcome != actions.OutcomeUnknown || time.Since(begun) > 4*time.Second {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	for config, want := range map[string]string{
		`{"secret":"whsec_!"}`:                                     "a signing secret is whsec_ or whsk_ and then base64",
		`{"secret":"whsec_aHVudGVyMg=="}`:                          "a signing secret holds 24 to 64 bytes",
		`{"previous_secret":"` + secret + `"}`:                     "previous_secret is given without secret",
		`{"token":"a","username":"b"}`:                             "token and username exclude each other: a request signs in one way",
		`{"password":"b"}`:                                         "password is given without username",
		`{"token":"a\nb"}`:                                         "what is sent as Authorization has a line break or another control character in it",
		`{"headers":{"webhook-id":"b"}}`:                           `the header "webhook-id" is set for every request`,
		`{"headers":{"authorization":"b"},"token":"hunter2"}`:      `the header "authorization" is given twice`,
		`{"secrets":["` + secret + `"],"secret":"` + secret + `"}`: "secret and secrets exclude each other: put all of them into secrets, the newest first",
		`{"secret":"whsk_aHVudGVyMg=="}`:                           "a private key is the 64 bytes of an Ed25519 key, or the first 32 of them",
		`{"retry":[200]}`:                                          "retry and final: 200 is no status of a failure, which are 300 to 599",
		`{"retry":[404],"final":[404]}`:                            "retry and final both name 404",
		`{"test":"example.com"}`:                                   "test: the url does not begin with https:// or http://",
		withOAuth("http://a", "")[:len(withOAuth("http://a", ""))-1] + `,"token":"abc"}`: "oauth excludes token and username: a request signs in one way",
		withOAuth("ftp://a", ""):                                   "oauth.token_url: the url does not begin with https:// or http://",
		withOAuth("http://a", `,"more":{"scope":"b"},"scope":"a"`): "oauth.more: scope has a key of its own, or is always the same",
	} {
		if _, err := http.Action.Open(actions.Env{}, json.RawMessage(config)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v", config, err)
		}
	}
}

// TestCheckPassesHolesOver holds that what is not known at load is not refused at load.
func TestCheckPassesHolesOver(t *testing.T) {
	for params, fits := range map[string]bool{
		`{"url":"{{ store.url }}/x"}`:                                   true,
		`{"url":"{{ store.url }}"}`:                                     true,
		`{"url":"example.com"}`:                                         false,
		`{"url":"https://example.com","headers":{"a":"{{ x }}"}}`:       true,
		`{"url":"https://example.com","json":"{{ x }}"}`:                true,
		`{"url":"https://example.com","json":"{{ x }}","body":"{{y}}"}`: false,
	} {
		if err := http.Action.Check(json.RawMessage(params)); (err == nil) != fits {
			t.Errorf("%s: %v", params, err)
		}
	}
}

// BenchmarkSend is one request to a sink on the same machine, from many goroutines.
func BenchmarkSend(b *testing.B) {
	s := httptest.NewServer(nethttp.HandlerFunc(func(_ nethttp.ResponseWriter, r *nethttp.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
	}))
	defer s.Close()
	out := open(b, `{"secret":"`+secret+`"}`, local)
	params := json.RawMessage(`{"url":"` + s.URL + `/hook","json":{"id":"K8XTQ","total":249.5,"email":"ann@example.com"}}`)
	b.ReportAllocs()
	b.SetParallelism(16)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := out.Send(b.Context(), actions.Call[json.RawMessage]{Key: "run-1-0", Try: 1, Params: params}); err != nil {
				b.Fatal(err)
			}
		}
	})
}
