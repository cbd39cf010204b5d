package newsletter_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/newsletter"
)

func TestCheck(t *testing.T) {
	for params, want := range map[string]string{
		`{"email":"{{ order.email }}","list":"{{ x }}"}`:                     "",
		`{"email":"a@e.com","list":7}`:                                       "",
		`{"email":"a@e.com","list":"Y6nRLr","consented_at":"{{ x }}"}`:       "",
		`{"email":"a@e.com","list":"Y6nRLr","consented_at":"2026-11-21"}`:    "",
		`{"email":"a@e.com","list":"../../x"}`:                               `list: "../../x" is not the id of a list: it is digits and letters, and not the list's name`,
		`{"email":"a@e.com","list":"My list"}`:                               `list: "My list" is not the id of a list: it is digits and letters, and not the list's name`,
		`{"email":"a@e.com","list":"7","consented_at":"yesterday"}`:          "consented_at is not a time such as 2026-11-21T10:00:00Z",
		`{"email":"a@e.com","list":"7","action":"tag"}`:                      "tags is missing: action: tag says which tags to give",
		`{"email":"a@e.com","action":"tag","tags":["x"],"name":"Ada"}`:       "action: tag takes only email, list and tags",
		`{"email":"a@e.com","list":"7","action":"unsubscribe","name":"A"}`:   "action: unsubscribe takes only email and list",
		`{"email":"a@e.com","list":"7","action":"unsubscribe"}`:              "",
		`{"email":"a@e.com","action":"unsubscribe","fields":{"a":"b"}}`:      "action: unsubscribe takes only email and list",
		`{"email":"a@e.com","action":"unsubscribe","tags":["a"],"list":"7"}`: "action: unsubscribe takes only email and list",
	} {
		err := newsletter.Action.Check(json.RawMessage(params))
		if got := fmt.Sprint(err); got != want && !(err == nil && want == "") {
			t.Errorf("%s: got %s", params, got)
		}
	}
}

// TestEmptyConsent holds that nobody is subscribed because nobody knows whether they agreed.
func TestEmptyConsent(t *testing.T) {
	faults := newsletter.Action.Params.Check(map[string]any{"email": "a@e.com", "consent": nil})
	if len(faults) != 1 || faults[0].Path[0] != "consent" {
		t.Errorf("got %+v", faults)
	}
}

// TestUnsent holds what no provider is asked for.
func TestUnsent(t *testing.T) {
	long := strings.Repeat("a", 250) + "@e.com"
	for _, provider := range providers() {
		for _, email := range []string{"", "nobody", "a@b@c", "Ada <a@e.com>", "a@e.com, b@e.com", "a@e.com\\nBcc: b@e.com", "a b@e.com", `\"a b\"@e.com`, "a@[127.0.0.1]", long, "a@e.com)", "a@"} {
			_, err := newStage(t).send(provider, `{"email":"`+email+`","list":"7","consent":true}`, 1)
			if got := actionstest.AnswerOf(err); got != recipient {
				t.Errorf("%s, %q: got %+v, %v", provider, email, got, err)
			}
		}
		for _, list := range []string{"..", "a/b", "7?x=y", "7%2F", strings.Repeat("a", 65)} {
			_, err := newStage(t).send(provider, `{"email":"a@e.com","list":"`+list+`","consent":true}`, 1)
			if got := actionstest.AnswerOf(err); got != request {
				t.Errorf("%s, %q: got %+v, %v", provider, list, got, err)
			}
		}
		result, err := newStage(t).send(provider, `{"email":"a@e.com","list":"7","consent":false}`, 1)
		if got := actionstest.AnswerOf(err); got != skip || !reflect.DeepEqual(result, state("suppressed")) {
			t.Errorf("%s without consent: got %+v, %v", provider, got, result)
		}
		if provider == "mailerlite" {
			continue
		}
		_, err = newStage(t).send(provider, `{"email":"a@e.com","consent":true}`, 1)
		if got := actionstest.AnswerOf(err); got != request || !strings.HasPrefix(err.Error(), "list is missing: "+provider) {
			t.Errorf("%s without a list: got %+v, %v", provider, got, err)
		}
	}
	for name, test := range map[string][2]string{
		"mailchimp": {`{"email":"a@e.com","action":"unsubscribe"}`, "list is missing: mailchimp wants the id of an audience"},
		"brevo":     {`{"email":"a@e.com","list":"0"}`, "list is not a number, as the id of a list is there"},
	} {
		if _, err := newStage(t).send(name, test[0], 1); actions.OutcomeOf(err) != request || err.Error() != test[1] {
			t.Errorf("%s: got %v", name, err)
		}
	}
	out, err := newsletter.Action.Open(actions.Env{}, json.RawMessage(`{"provider":"brevo","api_key":"k"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"email":"a@e.com","list":2}`)}); actions.OutcomeOf(err) != request || !strings.HasPrefix(err.Error(), "confirm_template and confirm_url are missing") {
		t.Errorf("got %v", err)
	}
}

func TestReaches(t *testing.T) {
	for params, want := range map[string][]actions.Recipient{
		`{"email":" Ada@Example.com "}`:                   {{Channel: actions.Mail, Address: "ada@example.com"}},
		`{"email":"a@e.com","action":"tag","tags":["x"]}`: {{Channel: actions.Mail, Address: "a@e.com"}},
		`{"email":"a@e.com","action":"unsubscribe"}`:      nil, // who is on a suppression list can still leave
		`{"email":"nobody"}`:                              nil,
		`{"email":7}`:                                     nil,
	} {
		if got := newsletter.Action.Reaches(json.RawMessage(params)); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v", params, got)
		}
	}
	if err := newsletter.Action.CanRedirect("me@example.com"); err == nil || err.Error() != "it is no message" {
		t.Errorf("got %v", err)
	}
}

// TestPairHidden holds that the pair of name and key is as secret as the key, though a provider may repeat it.
func TestPairHidden(t *testing.T) {
	for provider, test := range map[string][2]string{
		"mailchimp": {"YW55OmszeS1hYmNkZWYtdXM3", `{"title":"T","detail":%q}`},
		"listmonk":  {"YmVsbDprM3ktYWJjZGVmLXVzNw==", `{"message":%q}`},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprintf(w, test[1], r.Header.Get("Authorization")+" of k3y-abcdef-us7")
		}))
		_, err := open(t, provider, server.URL).Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"email":"a@e.com","list":"7"}`)})
		server.Close()
		if text := fmt.Sprint(err); strings.Contains(text, test[0]) || strings.Contains(text, "k3y-abcdef") || !strings.Contains(text, "Basic [secret]") {
			t.Errorf("%s: got %s", provider, text)
		}
	}
}

// TestConnections holds that an account makes at most 8 calls at once, and that who waits for a turn heeds the context.
func TestConnections(t *testing.T) {
	var mu sync.Mutex
	now, most := 0, 0
	arrived, release := make(chan struct{}, 64), make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		now++
		most = max(most, now)
		mu.Unlock()
		arrived <- struct{}{}
		<-release
		mu.Lock()
		now--
		mu.Unlock()
		_, _ = io.WriteString(w, `{"id":"1","status":"subscribed"}`)
	}))
	defer server.Close()
	out := open(t, "mailchimp", server.URL)
	params := json.RawMessage(`{"email":"a@e.com","list":"7"}`)
	var group sync.WaitGroup
	for range 30 {
		group.Go(func() {
			if _, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: params}); err != nil {
				t.Error(err)
			}
		})
	}
	for range 8 {
		<-arrived
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := out.Send(ended, actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: params}); actions.OutcomeOf(err).Outcome != actions.OutcomeRetry {
		t.Errorf("got %v", err)
	}
	close(release)
	group.Wait()
	if most != 8 {
		t.Errorf("%d calls at once", most)
	}
}

// FuzzAnswers holds that nothing a provider says breaks the action, and that what it leaves is of the declared form.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{"", "{}", "[]", "null", `{"data":null}`, `{"data":[]}`, `{"data":{"id":1}}`, `{"data":{"results":[{"id":1,"email":"a@e.com","lists":[7]}]}}`,
		`{"status":"subscribed","id":7}`, `{"errors":[{"detail":5}]}`, `{"errors":{"email":["x"]}}`, `{"id":1e99,"listIds":["x"]}`, `{"title":["x"]}`,
		`{"data":[{"attributes":{"subscriptions":{"email":{"marketing":{"suppression":[{}]}}}}}]}`} {
		f.Add(200, body)
		f.Add(409, body)
	}
	var mu sync.Mutex
	status, body := 0, ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	f.Cleanup(server.Close)
	states := newsletter.Action.Result.Fields()[0].Values
	accounts := map[string]actions.Outlet{}
	for _, provider := range providers() {
		accounts[provider] = open(f, provider, server.URL)
	}
	f.Fuzz(func(t *testing.T, s int, b string) {
		mu.Lock()
		status, body = 200+abs(s)%400, b
		if status == 204 || status == 304 {
			body = ""
		}
		mu.Unlock()
		for _, provider := range providers() {
			out := accounts[provider]
			for _, action := range []string{"subscribe", "unsubscribe", "tag"} {
				params := fmt.Sprintf(`{"email":"a@e.com","list":"7","action":%q,"consent":true}`, action)
				if action == "tag" || action == "subscribe" && hasTags(provider) {
					params = fmt.Sprintf(`{"email":"a@e.com","list":"7","action":%q,"consent":true,"tags":["x"]}`, action)
				}
				result, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 2, Params: json.RawMessage(params)})
				outcome := actions.OutcomeOf(err).Outcome
				if (result != nil) != (outcome == actions.OutcomeOK || outcome == actions.OutcomeSkip) {
					t.Fatalf("%s: %v with %v", provider, result, err)
				}
				if state, _ := result["state"].(string); result != nil && !slices.Contains(states, state) {
					t.Fatalf("%s: state %q", provider, state)
				}
			}
		}
	})
}

func abs(n int) int {
	if n < 0 {
		return -(n + 1)
	}
	return n
}
