package notify_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/notify"
)

// A stand is one service as a test sees it.
type stand struct {
	account string // with ADDRESS for host:port and SECRET for what must not be told
	good    string // body of the answer to a good request
	status  int    // of that; 0 means 200
}

func stands() map[string]stand {
	return map[string]stand{
		"telegram":         {`{"service":"telegram","token":"123:SECRET","to":"@ops","api":"http://ADDRESS"}`, `{"ok":true,"result":{"message_id":7}}`, 0},
		"telegram by url":  {`{"url":"telegram://123:SECRET@telegram?chats=-100:45&notification=no","api":"http://ADDRESS"}`, `{"ok":true,"result":{"message_id":7}}`, 0},
		"discord":          {`{"url":"https://discord.com/api/webhooks/42/SECRET","api":"http://ADDRESS"}`, `{"id":"99"}`, 0},
		"discord by url":   {`{"url":"discord://SECRET@42?username=Bell&thread_id=5","api":"http://ADDRESS"}`, `{"id":"99"}`, 0},
		"teams":            {`{"service":"teams","url":"http://ADDRESS/workflows/1?sig=SECRET"}`, "", 202},
		"ntfy":             {`{"url":"ntfy://me:SECRET@ADDRESS/shop?scheme=http&tags=bell"}`, `{"id":"n1","event":"message"}`, 0},
		"ntfy by token":    {`{"service":"ntfy","to":"shop","token":"SECRET","api":"http://ADDRESS"}`, `{"id":"n1"}`, 0},
		"pushover":         {`{"service":"pushover","token":"SECRET","to":"uKEY12","api":"http://ADDRESS"}`, `{"status":1,"request":"r-1"}`, 0},
		"gotify":           {`{"url":"gotify://ADDRESS/sub/SECRET?disabletls=yes"}`, `{"id":25}`, 0},
		"mattermost":       {`{"url":"mattermost://bell@ADDRESS/SECRET/shop?disabletls=yes"}`, "ok", 0},
		"mattermost's own": {`{"service":"mattermost","url":"http://ADDRESS/hooks/SECRET"}`, "ok", 0},
		"rocketchat":       {`{"url":"rocketchat://ADDRESS/aaaaaa/SECRET","api":"http://ADDRESS"}`, `{"success":true}`, 0},
		"googlechat":       {`{"url":"https://chat.googleapis.com/v1/spaces/AB/messages?key=k-12345&token=SECRET","api":"http://ADDRESS"}`, `{"name":"spaces/AB/messages/1"}`, 0},
		"zulip":            {`{"service":"zulip","user":"bell@example.com","token":"SECRET","to":"ops","api":"http://ADDRESS"}`, `{"result":"success","id":42}`, 0},
	}
}

func (s stand) config(address, secret string) string {
	return strings.NewReplacer("ADDRESS", address, "SECRET", secret).Replace(s.account)
}

func permanent(b actions.Blame) actions.Answer {
	return actions.Answer{Outcome: actions.OutcomePermanent, Blame: b}
}

// TestExam puts every service through the exam.
func TestExam(t *testing.T) {
	account, request, retry := permanent(actions.BlameAccount), permanent(actions.BlameRequest), actions.Answer{Outcome: actions.OutcomeRetry}
	for name, s := range stands() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exempt := map[string]string{"same key": "no service knows a key; a second notification does little harm"}
			if name == "teams" {
				exempt["faults"] = "its answer of success is empty, so that half of it is all of it"
			}
			actionstest.Run(t, notify.Action, actionstest.Bench{
				Account: func(address string) string { return s.config(address, actionstest.Secret) },
				Params:  func(string) string { return `{"title":"T","text":"hello","link":"https://example.com/"}` },
				HTTP: &actionstest.HTTP{Status: s.status, Body: s.good, Statuses: map[int]actions.Answer{
					301: account, 302: account, 307: account, 400: request, 401: account, 403: account, 404: account, 405: account, 408: retry, 409: request,
					410: account, 413: request, 415: request, 422: request, 425: retry, 429: retry, 500: retry, 502: retry, 503: retry, 504: retry}},
				Exempt: exempt,
			})
		})
	}
}

// env allows what is private, for the tests' services are.
func env() actions.Env {
	return actions.Env{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
}

func open(t testing.TB, config string) actions.Outlet {
	t.Helper()
	out, err := notify.Action.Open(env(), json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func send(t testing.TB, config, params string) (actions.Result, error) {
	t.Helper()
	return open(t, config).Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(params)})
}

// scripted answers every request the same, and keeps what it got as one text.
func scripted(t testing.TB, status int, body string) (address string, got *string) {
	got = new(string)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		*got = r.Method + " " + r.URL.RequestURI() + "\n"
		for _, key := range []string{"Authorization", "X-Gotify-Key", "Cache", "Content-Type"} {
			if value := r.Header.Get(key); value != "" {
				*got += key + ": " + value + "\n"
			}
		}
		*got += string(content)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://"), got
}

// rich is a step with everything, and words that mean harm.
const rich = `{"title":"Order *7*","text":"@everyone <!channel> [x](https://evil.example) **b**\nsee https://a.example/b_c_d","priority":"urgent","link":"https://shop.example/o/7"}`

// TestWire holds, byte for byte, what each service is sent.
func TestWire(t *testing.T) {
	const zw = "\u200b"
	for name, want := range map[string]string{
		"telegram": "POST /bot123:sesame77/sendMessage\nContent-Type: application/json\n" +
			`{"chat_id":"@ops","text":"Order *7*\n@` + zw + `everyone <!channel> [x](https://evil.example) **b**\nsee https://a.example/b_c_d\nhttps://shop.example/o/7","entities":[{"type":"bold","offset":0,"length":9}]}`,
		"telegram by url": "POST /bot123:sesame77/sendMessage\nContent-Type: application/json\n" +
			`{"chat_id":"-100","message_thread_id":45,"text":"Order *7*\n@` + zw + `everyone <!channel> [x](https://evil.example) **b**\nsee https://a.example/b_c_d\nhttps://shop.example/o/7","entities":[{"type":"bold","offset":0,"length":9}],"disable_notification":true}`,
		"discord": "POST /api/webhooks/42/sesame77?wait=true\nContent-Type: application/json\n" +
			`{"content":"**Order \\*7\\***\n@everyone \\<!channel\\> \\[x\\](https://evil.example) \\*\\*b\\*\\*\nsee https://a.example/b_c_d\nhttps://shop.example/o/7","allowed_mentions":{"parse":[]}}`,
		"discord by url": "POST /api/webhooks/42/sesame77?thread_id=5&wait=true\nContent-Type: application/json\n" +
			`{"content":"**Order \\*7\\***\n@everyone \\<!channel\\> \\[x\\](https://evil.example) \\*\\*b\\*\\*\nsee https://a.example/b_c_d\nhttps://shop.example/o/7","username":"Bell","allowed_mentions":{"parse":[]}}`,
		"teams": "POST /workflows/1?sig=sesame77\nContent-Type: application/json\n" +
			`{"attachments":[{"content":{"type":"AdaptiveCard","$schema":"http://adaptivecards.io/schemas/adaptive-card.json","version":"1.4","body":[` +
			`{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"Order *7*","weight":"Bolder","color":"Attention"}]},` +
			`{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"@everyone <!channel> [x](https://evil.example) **b**"}]},` +
			`{"type":"RichTextBlock","inlines":[{"type":"TextRun","text":"see https://a.example/b_c_d"}]}],` +
			`"actions":[{"type":"Action.OpenUrl","title":"Open","url":"https://shop.example/o/7"}]},"contentType":"application/vnd.microsoft.card.adaptive"}],"type":"message"}`,
		"ntfy": "POST /\nAuthorization: Basic bWU6c2VzYW1lNzc=\nContent-Type: application/json\n" +
			`{"topic":"shop","message":"@everyone <!channel> [x](https://evil.example) **b**\nsee https://a.example/b_c_d","title":"Order *7*","priority":5,"click":"https://shop.example/o/7","tags":["bell"]}`,
		"ntfy by token": "POST /\nAuthorization: Bearer sesame77\nContent-Type: application/json\n" +
			`{"topic":"shop","message":"@everyone <!channel> [x](https://evil.example) **b**\nsee https://a.example/b_c_d","title":"Order *7*","priority":5,"click":"https://shop.example/o/7"}`,
		"pushover": "POST /1/messages.json\nContent-Type: application/x-www-form-urlencoded\n" +
			`expire=3600&message=%40everyone+%3C%21channel%3E+%5Bx%5D%28https%3A%2F%2Fevil.example%29+%2A%2Ab%2A%2A%0Asee+https%3A%2F%2Fa.example%2Fb_c_d&priority=2&retry=60&title=Order+%2A7%2A&token=sesame77&url=https%3A%2F%2Fshop.example%2Fo%2F7&user=uKEY12`,
		"gotify": "POST /sub/message\nX-Gotify-Key: sesame77\nContent-Type: application/json\n" +
			`{"message":"@everyone <!channel> [x](https://evil.example) **b**\nsee https://a.example/b_c_d","title":"Order *7*","priority":10,"extras":{"client::notification":{"click":{"url":"https://shop.example/o/7"}}}}`,
		"mattermost": "POST /hooks/sesame77\nContent-Type: application/json\n" +
			`{"text":"**Order \\*7\\***\n@` + zw + `everyone \\<!channel\\> \\[x\\](https://evil.example) \\*\\*b\\*\\*\nsee https://a.example/b_c_d\nhttps://shop.example/o/7","username":"bell","channel":"shop"}`,
		"mattermost's own": "POST /hooks/sesame77\nContent-Type: application/json\n" +
			`{"text":"**Order \\*7\\***\n@` + zw + `everyone \\<!channel\\> \\[x\\](https://evil.example) \\*\\*b\\*\\*\nsee https://a.example/b_c_d\nhttps://shop.example/o/7"}`,
		"rocketchat": "POST /hooks/aaaaaa/sesame77\nContent-Type: application/json\n" +
			`{"text":"*Order *7**\n@` + zw + `everyone <!channel> [x]` + zw + `(https://evil.example) **b**\nsee https://a.example/b_c_d\nhttps://shop.example/o/7"}`,
		"googlechat": "POST /v1/spaces/AB/messages?key=k-12345&token=sesame77\nContent-Type: application/json\n" +
			`{"text":"*Order *7**\n@everyone <` + zw + `!channel> [x](https://evil.example) **b**\nsee https://a.example/b_c_d\nhttps://shop.example/o/7"}`,
		"zulip": "POST /api/v1/messages\nAuthorization: Basic YmVsbEBleGFtcGxlLmNvbTpzZXNhbWU3Nw==\nContent-Type: application/x-www-form-urlencoded\n" +
			`content=%2A%2AOrder+%5C%2A7%5C%2A%2A%2A%0A%40everyone+%3C%21channel%3E+%5C%5Bx%5C%5D%28https%3A%2F%2Fevil.example%29+%5C%2A%5C%2Ab%5C%2A%5C%2A%0Asee+https%3A%2F%2Fa.example%2Fb_c_d%0Ahttps%3A%2F%2Fshop.example%2Fo%2F7&to=ops&topic=Shopbell&type=stream`,
	} {
		s := stands()[name]
		address, got := scripted(t, max(s.status, 200), s.good)
		if _, err := send(t, s.config(address, "sesame77"), rich); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if *got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, *got, want)
		}
	}
}

func TestResult(t *testing.T) {
	for name, want := range map[string]actions.Result{
		"telegram": {"id": "7"}, "discord": {"id": "99"}, "teams": {}, "ntfy": {"id": "n1"}, "pushover": {"id": "r-1"}, "gotify": {"id": "25"},
		"mattermost": {}, "rocketchat": {}, "googlechat": {"id": "spaces/AB/messages/1"}, "zulip": {"id": "42"},
	} {
		s := stands()[name]
		address, _ := scripted(t, max(s.status, 200), s.good)
		got, err := send(t, s.config(address, "sesame77"), `{"text":"x"}`)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for config, want := range map[string]string{
		`{}`:                        "want url, or service with token and to",
		`{"url":"hunter2-hunter2"}`: "url is not an address of a service: see the table of `shopbell actions notify`",
		`{"url":"telegram://hunter2@telegram?chats=a"}`:          "url is not one of Telegram's: it is telegram://TOKEN@telegram?chats=CHAT, and a token is 12345:ABC…",
		`{"url":"telegram://1:hunter2@telegram?chats=a,b"}`:      "url names several chats: an account is for one, so that it is known whether a message has arrived",
		`{"url":"https://example.com/hunter2"}`:                  "url does not say which service it is: add `service`, such as teams or mattermost",
		`{"url":"https://example.com/hunter2","service":"ntfy"}`: "ntfy is not reached by a webhook's URL: see the table of `shopbell actions notify`",
		`{"url":"ntfy://hunter2@ntfy.sh/x","service":"gotify"}`:  "service is gotify, and url is an address of ntfy",
		`{"url":"ntfy://ntfy.sh/x","token":"hunter2"}`:           "want either url, or service with token and to",
		`{"service":"pushover","token":"hunter2"}`:               "to is missing: pushover needs token, to",
		`{"service":"discord","token":"hunter2"}`:                "url is missing: discord is reached by the URL of a webhook",
		`{"url":"teams://a@b/c/d/e?host=hunter2"}`:               "url is that of a connector, which Microsoft has taken away: make a workflow for the channel, and give its https URL with `service: teams`",
		`{"url":"gotify://h/hunter2?insecureskipverify=yes"}`:    "insecureskipverify is not heeded: who listens in would have the token",
		`{"service":"ntfy","to":"x","api":"hunter2"}`:            "api is not an http or https URL, such as https://ntfy.example.com",
	} {
		if _, err := notify.Action.Open(env(), json.RawMessage(config)); fmt.Sprint(err) != want {
			t.Errorf("%s: got %v", config, err)
		}
	}
}

// TestPrivateAddressesAreRefused holds that an account reaches no private network unless the operator says so.
func TestPrivateAddressesAreRefused(t *testing.T) {
	out, err := notify.Action.Open(actions.Env{}, json.RawMessage(`{"service":"ntfy","to":"x","api":"http://127.0.0.1:1"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{"text":"x"}`)})
	if actions.OutcomeOf(err) != permanent(actions.BlameAccount) || !strings.Contains(err.Error(), "private address") {
		t.Errorf("got %+v: %v", actions.OutcomeOf(err), err)
	}
}

func TestItGoesNowhereElse(t *testing.T) {
	if why := actions.FixedTo(open(t, `{"service":"ntfy","to":"x"}`)); why == "" {
		t.Error("it says that it can be redirected")
	}
	if _, err := notify.Action.Redirect(json.RawMessage(`{"text":"x"}`), "me@example.com"); err == nil {
		t.Error("it can be redirected")
	}
}
