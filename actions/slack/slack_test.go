package slack_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/slack"
)

func permanent(b actions.Blame) actions.Answer {
	return actions.Answer{Outcome: actions.OutcomePermanent, Blame: b}
}

// statuses are what answers without one of Slack's words mean, for both ways.
func statuses(notFound, gone actions.Answer) map[int]actions.Answer {
	request, account, retry := permanent(actions.BlameRequest), permanent(actions.BlameAccount), actions.Answer{Outcome: actions.OutcomeRetry}
	return map[int]actions.Answer{
		301: request, 302: request, 307: request, 400: request, 401: account, 403: account, 404: notFound, 405: request, 408: retry,
		409: request, 410: gone, 413: request, 415: request, 422: request, 425: retry, 429: retry,
		500: retry, 502: retry, 503: retry, 504: retry,
	}
}

func TestExamOfBot(t *testing.T) {
	actionstest.Run(t, slack.Action, actionstest.Bench{
		Account: func(address string) string {
			return `{"token":"xoxb-` + actionstest.Secret + `","api":"http://` + address + `/api/"}`
		},
		Params: func(string) string { return `{"channel":"#sales","text":"hello"}` },
		HTTP: &actionstest.HTTP{
			Body:     `{"ok":true,"channel":"C1","ts":"1503435956.000247"}`,
			Statuses: statuses(permanent(actions.BlameRequest), permanent(actions.BlameRequest)),
		},
		Exempt: map[string]string{"same key": "Slack documents no key; a second message does little harm"},
	})
}

func TestExamOfWebhook(t *testing.T) {
	actionstest.Run(t, slack.Action, actionstest.Bench{
		Account: func(address string) string {
			return `{"webhook":"http://` + address + `/services/T1/B1/` + actionstest.Secret + `"}`
		},
		Params: func(string) string { return `{"text":"hello"}` },
		HTTP: &actionstest.HTTP{
			Body:     "ok",
			Statuses: statuses(permanent(actions.BlameAccount), permanent(actions.BlameAccount)),
		},
		Exempt: map[string]string{"same key": "Slack documents no key; a second message does little harm"},
	})
}

// request is what a server got.
type request struct {
	path, authorization, kind string
	body                      string
	form                      map[string]string
}

func serve(t *testing.T, status int, answer string) (url string, requests chan request) {
	t.Helper()
	requests = make(chan request, 4)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := request{path: r.URL.Path, authorization: r.Header.Get("Authorization"), kind: r.Header.Get("Content-Type"), body: string(body), form: map[string]string{}}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		if r.ParseForm() == nil {
			for k := range r.PostForm {
				got.form[k] = r.PostForm.Get(k)
			}
		}
		requests <- got
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

func send(t *testing.T, config, params string) (actions.Result, error) {
	t.Helper()
	out, err := slack.Action.Open(actions.Env{}, json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	return out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(params)})
}

func TestBot(t *testing.T) {
	for _, slash := range []string{"", "/"} {
		url, requests := serve(t, 200, `{"ok":true,"channel":"C1","ts":"1503435956.000247"}`)
		result, err := send(t, `{"token":"xoxb-1","api":"`+url+`/api`+slash+`"}`,
			`{"channel":"#sales","text":"R&amp;B <https://example.com|x>","thread":"1.2","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"&lt;!channel&gt;"},"new_key":[1.5]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if want := (actions.Result{"ts": "1503435956.000247", "channel": "C1"}); !reflect.DeepEqual(result, want) {
			t.Errorf("got %v", result)
		}
		r := <-requests
		if r.path != "/api/chat.postMessage" || r.authorization != "Bearer xoxb-1" {
			t.Errorf("got %+v", r)
		}
		want := map[string]string{"token": "xoxb-1", "channel": "#sales", "text": "R&amp;B <https://example.com|x>", "thread_ts": "1.2"}
		var blocks any
		if err := json.Unmarshal([]byte(r.form["blocks"]), &blocks); err != nil {
			t.Fatal(err)
		}
		delete(r.form, "blocks")
		if !reflect.DeepEqual(r.form, want) {
			t.Errorf("got %v", r.form)
		}
		wantBlocks := []any{map[string]any{"type": "section", "new_key": []any{1.5}, "text": map[string]any{"type": "mrkdwn", "text": "&lt;!channel&gt;"}}}
		if !reflect.DeepEqual(blocks, wantBlocks) {
			t.Errorf("got %v", blocks)
		}
	}
}

func TestWebhook(t *testing.T) {
	url, requests := serve(t, 200, "ok")
	if _, err := send(t, `{"webhook":"`+url+`/services/T/B/X"}`, `{"text":"hi","thread":"1.2","blocks":[{"type":"divider"}]}`); err != nil {
		t.Fatal(err)
	}
	r := <-requests
	if want := `{"text":"hi","blocks":[{"type":"divider"}],"thread_ts":"1.2"}`; r.body != want || r.path != "/services/T/B/X" || r.kind != "application/json" {
		t.Errorf("got %+v", r)
	}
}

// TestWords holds what each of Slack's words means.
func TestWords(t *testing.T) {
	for outcome, words := range map[actions.Answer]string{
		{Outcome: actions.OutcomeRetry}:   "ratelimited rate_limited request_timeout service_unavailable team_added_to_org org_login_required",
		{Outcome: actions.OutcomeUnknown}: "fatal_error internal_error",
		permanent(actions.BlameAccount): "channel_not_found not_in_channel is_archived restricted_action restricted_action_read_only_channel ekm_access_denied " +
			"invalid_auth not_authed account_inactive token_revoked token_expired missing_scope no_permission accesslimited access_denied",
		permanent(actions.BlameRequest): "msg_too_long no_text too_many_attachments invalid_blocks invalid_blocks_format invalid_arguments invalid_arg_name " +
			"invalid_charset invalid_form_data invalid_post_type missing_post_type never_heard_of",
	} {
		for word := range strings.FieldsSeq(words) {
			url, _ := serve(t, 200, `{"ok":false,"error":"`+word+`"}`)
			_, err := send(t, `{"token":"xoxb-1","api":"`+url+`/api/"}`, `{"channel":"C1","text":"x"}`)
			if got := actionstest.AnswerOf(err); got != outcome {
				t.Errorf("%s: got %+v (%v), want %+v", word, got, err, outcome)
			} else if !strings.HasPrefix(err.Error(), "slack says "+word) {
				t.Errorf("%s: got %v", word, err)
			}
		}
	}
}

func TestWordsOfWebhook(t *testing.T) {
	for _, test := range []struct {
		status int
		body   string
		want   actions.Answer
	}{
		{400, "invalid_payload", permanent(actions.BlameRequest)},
		{400, "user_not_found", permanent(actions.BlameRequest)},
		{400, "no_text", permanent(actions.BlameRequest)},
		{403, "action_prohibited", permanent(actions.BlameAccount)},
		{403, "invalid_token", permanent(actions.BlameAccount)},
		{404, "channel_not_found", permanent(actions.BlameAccount)},
		{404, "no_service", permanent(actions.BlameAccount)},
		{404, "no_team", permanent(actions.BlameAccount)},
		{410, "channel_is_archived", permanent(actions.BlameAccount)},
		{500, "rollup_error", actions.Answer{Outcome: actions.OutcomeRetry}},
		{200, "<html>", actions.Answer{Outcome: actions.OutcomeUnknown}},
		{200, "", actions.Answer{Outcome: actions.OutcomeUnknown}},
	} {
		url, _ := serve(t, test.status, test.body)
		_, err := send(t, `{"webhook":"`+url+`/x"}`, `{"text":"x"}`)
		if got := actionstest.AnswerOf(err); got != test.want {
			t.Errorf("%d %s: got %+v (%v)", test.status, test.body, got, err)
		} else if test.status != 200 && !strings.Contains(err.Error(), test.body) {
			t.Errorf("%s: got %v", test.body, err)
		}
	}
}

// TestNotSlack holds that an answer of 200 that is not Slack's leaves the outcome open.
func TestNotSlack(t *testing.T) {
	for _, body := range []string{"", "{}", "<html>hello</html>", `{"ok":true}`, `{"ok":`, `[]`, `{"ok":false}`} {
		url, _ := serve(t, 200, body)
		_, err := send(t, `{"token":"xoxb-1","api":"`+url+`/api/"}`, `{"channel":"C1","text":"x"}`)
		if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomeUnknown {
			t.Errorf("%q: got %+v (%v)", body, got, err)
		}
	}
}

func TestDetails(t *testing.T) {
	for body, want := range map[string]string{
		`{"ok":false,"error":"missing_scope","needed":"chat:write","provided":"users:read"}`:                "slack says missing_scope: the app lacks a scope; it needs chat:write: needed chat:write, provided users:read",
		`{"ok":false,"error":"invalid_blocks","response_metadata":{"messages":["[ERROR] no text [json]"]}}`: "slack says invalid_blocks: the blocks are not as Slack wants them: [ERROR] no text [json]",
	} {
		url, _ := serve(t, 200, body)
		_, err := send(t, `{"token":"xoxb-1","api":"`+url+`/api/"}`, `{"channel":"C1","text":"x"}`)
		if err == nil || err.Error() != want {
			t.Errorf("got %v", err)
		}
	}
}

func TestRefusedUnsent(t *testing.T) {
	url, requests := serve(t, 200, "ok")
	for _, test := range []struct{ config, params, want string }{
		{`{"token":"xoxb-1","api":"URL/api/"}`, `{"text":"x"}`, "channel is missing: a bot token posts to the channel that the step names"},
		{`{"webhook":"URL/x"}`, `{"text":"x","channel":"#x"}`, "channel is given, but the channel of an incoming webhook is fixed"},
		{`{"webhook":"URL/x"}`, `{}`, "text or blocks is missing: a message says something"},
	} {
		_, err := send(t, strings.ReplaceAll(test.config, "URL", url), test.params)
		if got := actions.OutcomeOf(err); got != permanent(actions.BlameRequest) || err.Error() != test.want {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	if len(requests) > 0 {
		t.Error("it was sent")
	}
}

func TestOpenRefuses(t *testing.T) {
	for config, want := range map[string]string{
		`{}`: "want either token or webhook",
		`{"token":"hunter2","webhook":"https://example.com"}`: "want either token or webhook",
		`{"webhook":"hunter2"}`:                               "webhook is not an http or https URL",
		`{"token":"hunter2","api":"slack.com"}`:               "api is not an http or https URL",
	} {
		if _, err := slack.Action.Open(actions.Env{}, json.RawMessage(config)); fmt.Sprint(err) != want {
			t.Errorf("%s: got %v", config, err)
		}
	}
}

// TestBotTest holds that a token can be tested without a message, and that a webhook does not pretend to.
func TestBotTest(t *testing.T) {
	answer := `{"ok":true,"team":"Tea & Co","user":"shopbell"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/auth.test" {
			t.Errorf("asked %s", r.URL.Path)
		}
		_, _ = io.WriteString(w, answer)
	}))
	defer server.Close()
	open := func(config string) actions.Outlet {
		out, err := slack.Action.Open(actions.Env{}, json.RawMessage(config))
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	tester, ok := actions.TesterOf(open(`{"token":"xoxb-1","api":"` + server.URL + `/api/"}`))
	if !ok {
		t.Fatal("a bot cannot be tested")
	}
	if said, err := tester.Test(t.Context()); err != nil || said != "posts as shopbell in Tea & Co" {
		t.Errorf("got %q, %v", said, err)
	}
	answer = `{"ok":false,"error":"invalid_auth"}`
	if _, err := tester.Test(t.Context()); actions.OutcomeOf(err) != permanent(actions.BlameAccount) {
		t.Errorf("a wrong token: %v", err)
	}
	if _, ok := actions.TesterOf(open(`{"webhook":"` + server.URL + `/services/T/B/X"}`)); ok {
		t.Error("a webhook says that it can be tested")
	}
}
