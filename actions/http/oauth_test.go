package http_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	nethttp "net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/http"
)

// An issuer gives tokens, and serves those who bring the newest.
type issuer struct {
	t     *testing.T
	lasts any // expires_in; nil to say nothing
	say   func(w nethttp.ResponseWriter, n int) bool

	mu       sync.Mutex
	given    int
	asked    []string // Authorization and body of each request for a token
	bad      int      // requests that are to be refused though their token is good
	requests []string // Authorization and body of the others
	hold     chan struct{}
}

func (i *issuer) token(n int) string { return fmt.Sprintf("token-%d-aBcDeF", n) }

// ServeHTTP implements [nethttp.Handler].
func (i *issuer) ServeHTTP(w nethttp.ResponseWriter, r *nethttp.Request) {
	body, _ := io.ReadAll(r.Body)
	if r.URL.Path == "/token" && i.hold != nil {
		<-i.hold
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/token" {
		i.asked = append(i.asked, strings.TrimSpace(r.Header.Get("Authorization")+" "+string(body)))
		i.given++
		if i.say != nil && i.say(w, i.given) {
			return
		}
		answer := map[string]any{"access_token": i.token(i.given), "token_type": "bearer"}
		if i.lasts != nil {
			answer["expires_in"] = i.lasts
		}
		_ = json.NewEncoder(w).Encode(answer)
		return
	}
	i.requests = append(i.requests, r.Header.Get("Authorization")+" "+string(body))
	if i.bad > 0 || r.Header.Get("Authorization") != "Bearer "+i.token(i.given) {
		i.bad--
		w.WriteHeader(nethttp.StatusUnauthorized)
		_, _ = io.WriteString(w, "not with "+r.Header.Get("Authorization"))
		return
	}
	_, _ = io.WriteString(w, `{"said":"`+r.Header.Get("Authorization")+`"}`)
}

func (i *issuer) start() (url string) {
	s := httptest.NewServer(i)
	i.t.Cleanup(s.Close)
	return s.URL
}

func withOAuth(url, more string) string {
	return `{"oauth":{"token_url":"` + url + `/token","client_id":"shop & co","client_secret":"hunter2/+ü!"` + more + `}}`
}

func call(t testing.TB, out actions.Outlet, params string) (actions.Result, error) {
	t.Helper()
	return out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(params)})
}

// TestToken holds what is asked for a token, and that one is kept for many requests.
func TestToken(t *testing.T) {
	for _, test := range []struct{ name, more, want string }{
		{"in the header", `,"scope":"orders:read orders:write","more":{"audience":"erp"}`,
			"Basic c2hvcCslMjYrY286aHVudGVyMiUyRiUyQiVDMyVCQyUyMQ== audience=erp&grant_type=client_credentials&scope=orders%3Aread+orders%3Awrite"},
		{"in the body", `,"send":"body"`, "client_id=shop+%26+co&client_secret=hunter2%2F%2B%C3%BC%21&grant_type=client_credentials"},
	} {
		t.Run(test.name, func(t *testing.T) {
			i := &issuer{t: t, lasts: 3600}
			url := i.start()
			out := open(t, withOAuth(url, test.more), local)
			for range 3 {
				result, err := call(t, out, `{"url":"`+url+`/x","json":{"a":1}}`)
				if want := (actions.Result{"status": 200, "json": map[string]any{"said": "Bearer [secret]"}}); err != nil || !reflect.DeepEqual(result, want) {
					t.Fatalf("got %v, %v", result, err)
				}
			}
			if !reflect.DeepEqual(i.asked, []string{test.want}) {
				t.Errorf("asked %q", i.asked)
			}
			if want := "Bearer " + i.token(1) + ` {"a":1}`; !reflect.DeepEqual(i.requests, []string{want, want, want}) {
				t.Errorf("sent %q", i.requests)
			}
		})
	}
}

// TestTokenEnds holds that a token whose end has come is not used.
func TestTokenEnds(t *testing.T) {
	i := &issuer{t: t, lasts: 0.000001}
	url := i.start()
	out := open(t, withOAuth(url, ""), local)
	for range 3 {
		if _, err := call(t, out, `{"url":"`+url+`/x"}`); err != nil {
			t.Fatal(err)
		}
	}
	if len(i.asked) != 3 || len(i.requests) != 3 {
		t.Errorf("%d tokens for %d requests", len(i.asked), len(i.requests))
	}
}

// TestRefusedToken holds that a token which is refused is replaced once, with the same body, and that a second refusal is the
// account's fault.
func TestRefusedToken(t *testing.T) {
	i := &issuer{t: t, lasts: 3600, bad: 1}
	url := i.start()
	out := open(t, withOAuth(url, ""), local)
	if _, err := call(t, out, `{"url":"`+url+`/x","body":"b"}`); err != nil {
		t.Fatal(err)
	}
	if want := []string{"Bearer " + i.token(1) + " b", "Bearer " + i.token(2) + " b"}; !reflect.DeepEqual(i.requests, want) {
		t.Errorf("sent %q", i.requests)
	}
	i.bad = 100
	_, err := call(t, out, `{"url":"`+url+`/x","body":"b"}`)
	if a := actions.OutcomeOf(err); a.Outcome != actions.OutcomePermanent || a.Blame != actions.BlameAccount || strings.Contains(err.Error(), "token-") {
		t.Errorf("got %+v, %v", a, err)
	}
	if len(i.requests) != 4 || len(i.asked) != 3 {
		t.Errorf("%d requests and %d tokens", len(i.requests), len(i.asked))
	}
}

// TestTokenIsShared holds that steps which need a token at once share one, and that one which is stopped does not take it from
// the others.
func TestTokenIsShared(t *testing.T) {
	i := &issuer{t: t, lasts: 3600, hold: make(chan struct{})}
	url := i.start()
	out := open(t, withOAuth(url, ""), local)
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := call(t, out, `{"url":"`+url+`/x"}`); err != nil {
				t.Error(err)
			}
		})
	}
	stopped, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	_, err := out.Send(stopped, actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"url":"` + url + `/x"}`)})
	if actions.OutcomeOf(err).Outcome != actions.OutcomeRetry {
		t.Errorf("stopped: %v", err)
	}
	close(i.hold)
	group.Wait()
	if len(i.asked) != 1 || len(i.requests) != 20 {
		t.Errorf("%d tokens, %d requests", len(i.asked), len(i.requests))
	}
}

// TestNoToken holds what the answers of a token's server mean. Nothing of the step was sent, so no outcome is unknown.
func TestNoToken(t *testing.T) {
	account := actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}
	retry := actions.Answer{Outcome: actions.OutcomeRetry}
	for _, test := range []struct {
		status int
		body   string
		want   actions.Answer
		says   string
	}{
		{400, `{"error":"invalid_client","error_description":"who is hunter2/+ü!?"}`, account, `answered 400 Bad Request: {"error":"invalid_client","error_description":"who is [secret]?"}`},
		{401, `Basic c2hvcCslMjYrY286aHVudGVyMiUyRiUyQiVDMyVCQyUyMQ==`, account, "401 Unauthorized: Basic [secret]"},
		{403, "", account, "403"}, {404, "", account, "404"}, {302, "", account, "redirects are not followed"}, {422, "", account, "422"},
		{408, "", retry, "408"}, {429, "", actions.Answer{Outcome: actions.OutcomeRetry, Wait: 9 * time.Second}, "429"},
		{500, "", retry, "500"}, {502, "<html>", retry, "502"}, {503, "", actions.Answer{Outcome: actions.OutcomeRetry, Wait: 9 * time.Second}, "503"},
		{200, `{"error":"bad_client"}`, account, "says bad_client"},
		{200, `{"access_token":"abcdefgh","token_type":"mac"}`, account, "only Bearer is known"},
		{200, `{"access_token":"a\nb"}`, retry, "there is none in the answer"},
		{200, `{}`, retry, "there is none in the answer"}, {200, `<html>`, retry, "not one of OAuth's"}, {200, `{"access_token":"abc`, retry, "not one of OAuth's"},
	} {
		i := &issuer{t: t, say: func(w nethttp.ResponseWriter, _ int) bool {
			if test.status == 429 || test.status == 503 {
				w.Header().Set("Retry-After", "9")
			}
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.body)
			return true
		}}
		url := i.start()
		_, err := call(t, open(t, withOAuth(url, ""), local), `{"url":"`+url+`/x"}`)
		if got := actionstest.AnswerOf(err); got != test.want || !strings.Contains(fmt.Sprint(err), test.says) || !strings.HasPrefix(fmt.Sprint(err), "no token: ") {
			t.Errorf("%d %s: got %+v, %v", test.status, test.body, got, err)
		}
		if len(i.requests) > 0 {
			t.Errorf("%d: the request was sent without a token", test.status)
		}
	}
	for address, want := range map[string]actions.Answer{
		"http://" + actionstest.Nobody(t): retry,
		"http://" + actionstest.Listen(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) }): retry,
		"http://10.0.0.1": account,
	} {
		_, err := call(t, open(t, withOAuth(address, ""), local), `{"url":"http://127.0.0.1:1/x"}`)
		if got := actions.OutcomeOf(err); got != want {
			t.Errorf("%s: got %+v, %v", address, got, err)
		}
	}
}

// TestAccountTest holds that accounts are tested by what nobody notices.
func TestAccountTest(t *testing.T) {
	i := &issuer{t: t, lasts: 3600}
	url := i.start()
	host := strings.TrimPrefix(url, "http://")
	for _, test := range []struct{ config, want string }{
		{withOAuth(url, ""), host + " gives a token, which is used for 59m0s"},
		{`{"token":"` + i.token(1) + `","test":"` + url + `/me"}`, host + " answers 200"},
	} {
		tester, ok := actions.TesterOf(open(t, test.config, local))
		if !ok {
			t.Fatalf("%s: it cannot be tested", test.config)
		}
		if said, err := tester.Test(t.Context()); err != nil || said != test.want {
			t.Errorf("%s: got %q, %v", test.config, said, err)
		}
	}
	tester, _ := actions.TesterOf(open(t, `{"token":"wrong-token","test":"`+url+`/me"}`, local))
	if _, err := tester.Test(t.Context()); actions.OutcomeOf(err).Blame != actions.BlameAccount {
		t.Errorf("a wrong token: %v", err)
	}
	if _, ok := actions.TesterOf(open(t, `{"token":"a"}`)); ok {
		t.Error("an account without an address says that it can be tested")
	}
}

// TestExamWithOAuth sits the exam with a provider that gives the tokens too: what goes wrong there goes wrong before anything of
// the step is sent.
func TestExamWithOAuth(t *testing.T) {
	account, retry := actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}, actions.Answer{Outcome: actions.OutcomeRetry}
	statuses := map[int]actions.Answer{}
	for _, status := range actionstest.Asked() {
		statuses[status] = account
		if status >= 500 || status == 408 || status == 425 || status == 429 {
			statuses[status] = retry
		}
	}
	actionstest.Run(t, http.Action, actionstest.Bench{
		Account: func(address string) string {
			return `{"oauth":{"token_url":"http://` + address + `/token","client_id":"a","client_secret":"` + actionstest.Secret + `"}}`
		},
		Params: func(address string) string { return `{"url":"http://` + address + `/hook","json":{"a":1}}` },
		HTTP: &actionstest.HTTP{Body: `{"access_token":"t0ken-` + actionstest.Secret + `"}`, Statuses: statuses,
			Lost: actions.OutcomeRetry, Rubbish: actions.OutcomeRetry},
		Exempt: map[string]string{"same key": "the first request of the step is for a token, and has no key"},
	})
}
