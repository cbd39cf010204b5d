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
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/slack"
)

// TestUpdate holds what goes on the wire when an earlier message is changed: the blocks that it had are taken away.
func TestUpdate(t *testing.T) {
	for params, want := range map[string]map[string]string{
		`{"channel":"C1","update":"1503435956.000247","text":"paid"}`: {"token": "xoxb-1", "channel": "C1", "ts": "1503435956.000247", "text": "paid", "blocks": "[]"},
		`{"channel":"C1","update":"1.2","text":"paid","blocks":[{"type":"divider"}]}`: {"token": "xoxb-1", "channel": "C1", "ts": "1.2", "text": "paid",
			"blocks": `[{"type":"divider"}]`},
	} {
		url, requests := serve(t, 200, `{"ok":true,"channel":"C1","ts":"1503435956.000247","text":"paid"}`)
		result, err := send(t, `{"token":"xoxb-1","api":"`+url+`/api/"}`, params)
		if err != nil || !reflect.DeepEqual(result, actions.Result{"ts": "1503435956.000247", "channel": "C1"}) {
			t.Fatalf("got %v, %v", result, err)
		}
		if r := <-requests; r.path != "/api/chat.update" || !reflect.DeepEqual(r.form, want) {
			t.Errorf("got %s %v, want %v", r.path, r.form, want)
		}
	}
}

// TestEveryCodeIsSorted holds the whole table, with a code for each row, through both ways.
func TestEveryCodeIsSorted(t *testing.T) {
	retry, unknown := actions.Answer{Outcome: actions.OutcomeRetry}, actions.Answer{Outcome: actions.OutcomeUnknown}
	account, request := permanent(actions.BlameAccount), permanent(actions.BlameRequest)
	want := map[string]actions.Answer{
		"ratelimited": retry, "rate_limited": retry, "request_timeout": retry, "service_unavailable": retry, "team_added_to_org": retry,
		"org_login_required": retry, "rollup_error": retry, "internal_error": unknown, "fatal_error": unknown,
		"channel_not_found": account, "not_in_channel": account, "is_archived": account, "channel_is_archived": account, "restricted_action*": account,
		"action_prohibited": account, "posting_to_general_channel_denied": account, "ekm_access_denied": account, "invalid_auth": account,
		"not_authed": account, "invalid_token": account, "no_service*": account, "no_team": account, "account_inactive": account,
		"token_revoked": account, "token_expired": account, "missing_scope": account, "no_permission": account, "accesslimited": account,
		"access_denied": account, "msg_too_long": request, "no_text": request, "invalid_blocks*": request, "invalid_payload": request,
		"message_not_found": request, "cant_update_message": request, "edit_window_closed": request, "thread_not_found": request,
		"user_not_found": request, "too_many_attachments": request, "invalid_*": request, "missing_post_type": request,
	}
	code := ""
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/") {
			fmt.Fprintf(w, `{"ok":false,"error":%q}`, code)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, code)
	}))
	defer s.Close()
	for _, row := range slack.Codes() {
		code = strings.Replace(row, "*", "_of_some_sort", 1)
		for config, params := range map[string]string{
			`{"token":"xoxb-1","api":"` + s.URL + `/api/"}`: `{"channel":"C1","text":"x"}`,
			`{"webhook":"` + s.URL + `/x"}`:                 `{"text":"x"}`,
		} {
			_, err := send(t, config, params)
			if got := actionstest.AnswerOf(err); got != want[row] {
				t.Errorf("%s: got %+v (%v), want %+v", code, got, err, want[row])
			}
		}
		delete(want, row)
	}
	for row := range want {
		t.Errorf("there is no verdict on %s", row)
	}
}

func TestTooLongIsNotSent(t *testing.T) {
	url, requests := serve(t, 200, `{"ok":true,"channel":"C1","ts":"1.2"}`)
	for _, config := range []string{`{"token":"xoxb-1","api":"` + url + `/api/"}`, `{"webhook":"` + url + `/x"}`} {
		for n, want := range map[int]string{40_001: "the text has 40001 characters, and Slack takes at most 40000"} {
			params, channel := strings.Repeat("é", n), `"channel":"C1",`
			if strings.Contains(config, "webhook") {
				channel = ""
			}
			_, err := send(t, config, `{`+channel+`"text":"`+params+`"}`)
			if got := actions.OutcomeOf(err); got != permanent(actions.BlameRequest) || err.Error() != want {
				t.Errorf("%d characters: %+v %v", n, got, err)
			}
		}
	}
	if len(requests) > 0 {
		t.Error("it was sent")
	}
	if _, err := send(t, `{"token":"xoxb-1","api":"`+url+`/api/"}`, `{"channel":"C1","text":"`+strings.Repeat("é", 40_000)+`"}`); err != nil {
		t.Errorf("40,000 characters: %v", err)
	}
}

// TestRetryAfterIsObeyed holds that a wait that Slack asks for is told, also when it comes with 200, and that the channel is left
// alone for as long.
func TestRetryAfterIsObeyed(t *testing.T) {
	for status, body := range map[int]string{429: "", 200: `{"ok":false,"error":"ratelimited"}`} {
		calls := 0
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.Header().Set("Retry-After", "30")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}))
		defer s.Close()
		out, err := slack.Action.Open(actions.Env{}, json.RawMessage(`{"token":"xoxb-1","api":"`+s.URL+`/api/"}`))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 2 {
			_, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: fmt.Sprint(i), Try: 1, Params: json.RawMessage(`{"channel":"C1","text":"x"}`)})
			if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomeRetry || got.Wait < 25*time.Second || got.Wait > 30*time.Second {
				t.Errorf("%d, %d: got %+v: %v", status, i, got, err)
			}
		}
		if calls != 1 {
			t.Errorf("%d: Slack was asked %d times", status, calls)
		}
	}
}

func TestChecksOfUpdate(t *testing.T) {
	for params, want := range map[string]string{
		`{"channel":"C0123","update":"1.2","text":"x"}`:                              "",
		`{"channel":"{{ steps.a.channel }}","update":"{{ steps.a.ts }}","text":"x"}`: "",
		`{"channel":"#sales","update":"1.2","text":"x"}`:                             `update needs the id of the channel, such as {{ steps.first.channel }}; "#sales" is not one`,
		`{"channel":"C0123","update":"1.2","thread":"1.2","text":"x"}`:               "update and thread are both given: a message that is changed stays where it is",
		`{"channel":"C0123","update":"1.2"}`:                                         "text or blocks is missing: a message says something",
	} {
		got := ""
		if err := slack.Action.Check(json.RawMessage(params)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %q", params, got)
		}
	}
	_, err := send(t, `{"webhook":"http://127.0.0.1:1/x"}`, `{"update":"1.2","text":"x"}`)
	if actions.OutcomeOf(err) != permanent(actions.BlameRequest) || !strings.Contains(err.Error(), "bot's token") {
		t.Errorf("a webhook: %v", err)
	}
	redirected, err := slack.Action.Redirect(json.RawMessage(`{"channel":"C0123","update":"1.2","text":"x"}`), "#test")
	if err != nil || strings.Contains(string(redirected), "update") {
		t.Errorf("redirected: %s, %v", redirected, err)
	}
}

// TestWhatIsWrongWithOneChannel holds that it counts for no other.
func TestWhatIsWrongWithOneChannel(t *testing.T) {
	for code, part := range map[string]bool{"channel_not_found": true, "restricted_action_threads": true, "is_archived": true, "invalid_auth": false, "missing_scope": false} {
		url, _ := serve(t, 200, `{"ok":false,"error":"`+code+`"}`)
		_, err := send(t, `{"token":"xoxb-1","api":"`+url+`/api/"}`, `{"channel":"C1","text":"x"}`)
		if got := actions.OutcomeOf(err); got.Blame != actions.BlameAccount || (got.Part != "") != part {
			t.Errorf("%s: %+v", code, got)
		}
	}
}
