package notify_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/notify"
)

// TestVerdicts holds what the services' own words mean.
func TestVerdicts(t *testing.T) {
	account, request, unknown := permanent(actions.BlameAccount), permanent(actions.BlameRequest), actions.Answer{Outcome: actions.OutcomeUnknown}
	wait := func(d time.Duration) actions.Answer { return actions.Answer{Outcome: actions.OutcomeRetry, Wait: d} }
	for _, test := range []struct {
		service string
		status  int
		body    string
		want    actions.Answer
	}{
		{"telegram", 429, `{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 5","parameters":{"retry_after":5}}`, wait(5 * time.Second)},
		{"telegram", 400, `{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}`, account},
		{"telegram", 400, `{"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-100}}`, account},
		{"telegram", 400, `{"ok":false,"error_code":400,"description":"Bad Request: message text is empty"}`, request},
		{"telegram", 403, `{"ok":false,"error_code":403,"description":"Forbidden: bot was kicked from the group chat"}`, account},
		{"telegram", 401, `{"ok":false,"error_code":401,"description":"Unauthorized"}`, account},
		{"telegram", 200, `{"ok":false}`, unknown},
		{"telegram", 200, `<html>`, unknown},
		{"discord", 429, `{"message":"You are being rate limited.","retry_after":0.5,"global":false}`, wait(500 * time.Millisecond)},
		{"discord", 404, `{"message":"Unknown Webhook","code":10015}`, account},
		{"discord", 401, `{"message":"Invalid Webhook Token","code":50027}`, account},
		{"discord", 400, `{"message":"Cannot send an empty message","code":50006}`, request},
		{"discord", 204, "", actions.Answer{Outcome: actions.OutcomeOK}},
		{"discord", 200, "", unknown},
		{"teams", 200, "1", actions.Answer{Outcome: actions.OutcomeOK}},
		{"teams", 200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429 with ContextId x", wait(0)},
		{"teams", 200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 404", account},
		{"teams", 200, "<html>sign in</html>", unknown},
		{"ntfy", 403, `{"code":40301,"http":403,"error":"forbidden"}`, account},
		{"ntfy", 400, `{"code":40024,"http":400,"error":"invalid request"}`, request},
		{"ntfy", 429, `{"code":42901,"http":429,"error":"limit reached"}`, wait(0)},
		{"ntfy", 200, "ok", unknown},
		{"pushover", 400, `{"token":"invalid","errors":["application token is invalid"],"status":0,"request":"r"}`, account},
		{"pushover", 400, `{"user":"invalid","errors":["user identifier is not a valid user"],"status":0,"request":"r"}`, account},
		{"pushover", 400, `{"message":"cannot be blank","errors":["message cannot be blank"],"status":0,"request":"r"}`, request},
		{"pushover", 200, `{"status":0}`, unknown},
		{"gotify", 401, `{"error":"Unauthorized","errorCode":401,"errorDescription":"you need to provide a valid access token"}`, account},
		{"gotify", 200, `<html>`, unknown},
		{"mattermost", 400, `{"id":"web.incoming_webhook.invalid.app_error","message":"Invalid webhook."}`, account},
		{"mattermost", 400, `{"id":"web.incoming_webhook.parse.app_error","message":"Unable to parse incoming data."}`, request},
		{"mattermost", 200, `<html>`, unknown},
		{"rocketchat", 400, `{"success":false,"error":"invalid-channel"}`, account},
		{"rocketchat", 404, `{"success":false,"error":"Invalid integration id or token provided."}`, account},
		{"rocketchat", 200, `{"success":false}`, unknown},
		{"googlechat", 404, `{"error":{"code":404,"status":"NOT_FOUND"}}`, account},
		{"googlechat", 400, `{"error":{"code":400,"message":"Message cannot be empty."}}`, request},
		{"googlechat", 200, ``, unknown},
		{"zulip", 400, `{"result":"error","code":"STREAM_DOES_NOT_EXIST","msg":"Channel 'ops' does not exist"}`, account},
		{"zulip", 400, `{"result":"error","code":"BAD_REQUEST","msg":"Message must not be empty"}`, request},
		{"zulip", 429, `{"result":"error","code":"RATE_LIMIT_HIT","retry-after":28.5}`, wait(28*time.Second + 500*time.Millisecond)},
		{"zulip", 200, `{"result":"error"}`, unknown},
	} {
		s := stands()[test.service]
		address, _ := scripted(t, test.status, test.body)
		_, err := send(t, s.config(address, "sesame77"), `{"text":"x"}`)
		if got := actionstest.AnswerOf(err); got != test.want {
			t.Errorf("%s %d %s: got %+v (%v), want %+v", test.service, test.status, test.body, got, err, test.want)
		}
	}
}

// TestPushoverTellsWhenTheMonthIsOver holds that its own header is heeded.
func TestPushoverTellsWhenTheMonthIsOver(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Limit-App-Reset", "4102444800")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer s.Close()
	_, err := send(t, stands()["pushover"].config(strings.TrimPrefix(s.URL, "http://"), "sesame77"), `{"text":"x"}`)
	if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomeRetry || got.Wait != 24*time.Hour {
		t.Errorf("got %+v", got)
	}
}

// TestCut holds that what is longer than a service takes is cut to what it takes, mark-up and all.
func TestCut(t *testing.T) {
	long, _ := json.Marshal(map[string]string{"title": strings.Repeat("t*", 150), "text": strings.Repeat("*é😀", 9000), "link": "https://example.com/"})
	for name, most := range map[string]int{"telegram": 4096, "discord": 2000, "ntfy": 4096, "pushover": 1024, "googlechat": 4096, "zulip": 10_000, "rocketchat": 5000, "teams": 20_000} {
		s := stands()[name]
		var text string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			var m map[string]any
			if json.Unmarshal(body, &m) == nil {
				for _, key := range []string{"text", "content", "message"} {
					if found, ok := m[key].(string); ok {
						text = found
					}
				}
			} else {
				r.Body = io.NopCloser(strings.NewReader(string(body)))
				text = r.PostFormValue("message") + r.PostFormValue("content")
			}
			w.WriteHeader(max(s.status, 200))
			_, _ = io.WriteString(w, s.good)
		}))
		got, err := send(t, s.config(strings.TrimPrefix(server.URL, "http://"), "sesame77"), string(long))
		server.Close()
		if err != nil || got["cut"] != true {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
		size := len([]rune(text))
		if name == "ntfy" || name == "googlechat" {
			size = len(text)
		}
		if name != "teams" && (size > most || size < most/2 || !strings.Contains(text, "…") || strings.Contains(text, `\…`)) {
			t.Errorf("%s: %d of %d: …%s", name, size, most, text[max(0, len(text)-60):])
		}
	}
}

// TestTests holds that accounts can be tried, where the service has something harmless to ask.
func TestTests(t *testing.T) {
	for name, test := range map[string]struct{ asked, answer, said string }{
		"telegram": {"GET /bot123:sesame77/getMe\n", `{"ok":true,"result":{"username":"bell_bot"}}`, "is the bot @bell_bot"},
		"discord":  {"GET /api/webhooks/42/sesame77\n", `{"name":"Bell","channel_id":"1"}`, "is the webhook Bell"},
		"ntfy":     {"GET /shop/auth\nAuthorization: Basic bWU6c2VzYW1lNzc=\n", `{"success":true}`, "may use the topic"},
		"pushover": {"POST /1/users/validate.json\nContent-Type: application/x-www-form-urlencoded\ntoken=sesame77&user=uKEY12", `{"status":1}`, "knows the app and the user"},
		"gotify":   {"GET /sub/version\n", `{"version":"2.6.1","commit":"x"}`, "a Gotify of version 2.6.1 is there; whether it takes the token is told by a message only"},
		"zulip":    {"GET /api/v1/users/me\nAuthorization: Basic YmVsbEBleGFtcGxlLmNvbTpzZXNhbWU3Nw==\n", `{"result":"success","full_name":"Bell"}`, "is the bot Bell"},
	} {
		address, got := scripted(t, 200, test.answer)
		tester, ok := actions.TesterOf(open(t, stands()[name].config(address, "sesame77")))
		if !ok {
			t.Errorf("%s cannot be tested", name)
			continue
		}
		if said, err := tester.Test(t.Context()); err != nil || said != test.said || *got != test.asked {
			t.Errorf("%s: asked %q, got %q, %v", name, *got, said, err)
		}
		address, _ = scripted(t, 401, "sesame77")
		tester, _ = actions.TesterOf(open(t, stands()[name].config(address, "sesame77")))
		if _, err := tester.Test(t.Context()); actions.OutcomeOf(err) != permanent(actions.BlameAccount) || strings.Contains(err.Error(), "sesame77") {
			t.Errorf("%s refused: %v", name, err)
		}
	}
	for _, name := range []string{"teams", "mattermost", "googlechat", "rocketchat"} {
		if _, ok := actions.TesterOf(open(t, stands()[name].config("127.0.0.1:1", "sesame77"))); ok {
			t.Errorf("%s says that it can be tested", name)
		}
	}
}

// examples are addresses that errors give as such.
var examples = []string{"https://chat.googleapis.com/v1/spaces/ID/messages?key=…&token=…"}

// FuzzURL holds that no address brings the program down or is told in an error, whatever the library says of it.
func FuzzURL(f *testing.F) {
	for _, s := range stands() {
		var a notify.Account
		_ = json.Unmarshal([]byte(s.config("127.0.0.1:1", "sesame77")), &a)
		f.Add(a.URL.Reveal(), a.Service)
	}
	f.Add("telegram://1:%zz@telegram", "")
	f.Add("ntfy://u:p@h/t?priority=secretpriority", "")
	f.Add("discord://t@id/raw?color=zz", "")
	f.Fuzz(func(t *testing.T, url, service string) {
		config, err := json.Marshal(map[string]string{"url": url, "service": service})
		if err != nil || service == "" {
			config, _ = json.Marshal(map[string]string{"url": url})
		}
		_, err = notify.Action.Open(env(), config)
		if err == nil || len(url) < 9 || strings.Contains("telegram://TOKEN@telegram?chats=CHAT ntfy://USER:PASSWORD@HOST/TOPIC https://discord.com/api/webhooks/ID/TOKEN", url) {
			return
		}
		// What an error gives as an example is told whatever the address is.
		if _, other := notify.Action.Open(env(), []byte(`{"url":"https://unlike.example/any/other"}`)); strings.Contains(fmt.Sprint(other), url) || strings.Contains(strings.Join(examples, " "), url) {
			return
		}
		if strings.Contains(err.Error(), url) {
			t.Errorf("the address is told: %v", err)
		}
	})
}
