package plugin_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/plugin"
)

const (
	signing  = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	previous = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

// service makes a plugin of an address.
func service(t testing.TB, url string) *plugin.Plugin {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "act/action.yaml", strings.ReplaceAll(manifest, "NAME", "act")+"timeout: 3s\nidempotent: true\nurl: "+url+"\n")
	return load(t, dir, nil).Find("act")
}

// TestServiceExam has a plugin that is a service sit the exam of every action that speaks HTTP.
func TestServiceExam(t *testing.T) {
	permanent := func(b actions.Blame) actions.Answer {
		return actions.Answer{Outcome: actions.OutcomePermanent, Blame: b}
	}
	request, account, retry := permanent(actions.BlameRequest), permanent(actions.BlameAccount), actions.Answer{Outcome: actions.OutcomeRetry}
	kind := *service(t, "http://127.0.0.1:1/").Kind
	kind.Open = func(env actions.Env, config json.RawMessage) (actions.Outlet, error) {
		var account map[string]string
		if err := json.Unmarshal(config, &account); err != nil {
			return nil, err
		}
		at := account["at"]
		delete(account, "at")
		config, err := json.Marshal(account)
		if err != nil {
			return nil, err
		}
		return service(t, "http://"+at+"/").Kind.Open(env, config)
	}
	actionstest.Run(t, &kind, actionstest.Bench{
		Account: func(address string) string {
			return `{"at":"` + address + `","api_key":"` + actionstest.Secret + `","signing_secret":"` + signing + `"}`
		},
		Params: func(string) string { return `{"text":"hello"}` },
		HTTP: &actionstest.HTTP{
			Body: `{"outcome":"ok","output":{"said":"x"}}`,
			Statuses: map[int]actions.Answer{
				204: {Outcome: actions.OutcomeUnknown}, // there is no answer in it
				301: request, 302: request, 307: request, 400: request, 401: account, 402: account, 403: account, 404: request, 405: request,
				408: retry, 409: request, 410: request, 413: request, 415: request, 422: request, 425: retry, 429: retry,
				500: retry, 502: retry, 503: retry, 504: retry,
			},
			Identity: func(r *http.Request, _ []byte) string { return r.Header.Get("webhook-id") },
		},
	})
}

// TestServiceSigned has the reference library verify what a service gets, with either secret.
func TestServiceSigned(t *testing.T) {
	type got struct {
		header http.Header
		body   string
	}
	requests := make(chan got, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- got{r.Header, string(body)}
		_, _ = io.WriteString(w, `{"outcome":"ok","output":{"id":9007199254740993}}`)
	}))
	defer s.Close()
	act := &stage{plugin: service(t, s.URL+"/hook?x=1"), log: new(record)}
	act.open(t, `{"signing_secret":"`+signing+`","previous_signing_secret":"`+previous+`","api_key":"`+secretKey+`"}`)
	if said := act.send(t, `{"text":"é"}`); said.result["id"] != 9007199254740993 {
		t.Fatalf("got %+v", said)
	}
	r := <-requests
	for _, secret := range []string{signing, previous} {
		wh, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := wh.Verify([]byte(r.body), r.header); err != nil {
			t.Error(err)
		}
	}
	var q map[string]any
	if err := json.Unmarshal([]byte(r.body), &q); err != nil || !strings.HasPrefix(r.body, `{"protocol":1,`) {
		t.Errorf("got %s", r.body)
	}
	if secrets, _ := q["secrets"].(map[string]any); len(secrets) != 1 || secrets["api_key"] != secretKey {
		t.Errorf("its secrets are %v", secrets)
	}
	if r.header.Get("webhook-id") != "key-1" || r.header.Get("Content-Type") != "application/json" {
		t.Errorf("got %v", r.header)
	}
}

// TestServiceGuarded holds that a service in a private network is not asked unless the operator allows it.
func TestServiceGuarded(t *testing.T) {
	asked := false
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer s.Close()
	out, err := service(t, s.URL).Kind.Open(actions.Env{Log: slog.New(slog.DiscardHandler)}, json.RawMessage(`{"signing_secret":"`+signing+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(`{}`)})
	if a := actions.OutcomeOf(err); a.Outcome != actions.OutcomePermanent || asked || !strings.Contains(err.Error(), "private address") {
		t.Errorf("got %+v, %v", a, err)
	}
}

func TestServiceAccount(t *testing.T) {
	k := service(t, "https://example.com").Kind
	if k.NoAccount {
		t.Error("it works without an account, so without a signature")
	}
	for config, want := range map[string]string{
		`{}`:                           `"signing_secret" is missing`,
		`{"signing_secret":"x"}`:       "signing_secret: want text that begins with whsec_",
		`{"signing_secret":"whsec_!"}`: "signing_secret: a signing secret is whsec_ and then base64",
	} {
		if _, err := k.Open(actions.Env{}, json.RawMessage(config)); err == nil || err.Error() != want {
			t.Errorf("%s: got %v", config, err)
		}
	}
}

// marks sits the exam.
func marks(t *testing.T, c *plugin.Candidate) map[string]string {
	t.Helper()
	bad := map[string]string{}
	if err := c.Examine(t.Context(), func(m plugin.Mark) {
		if m.Err != nil {
			bad[m.Part] = m.Err.Error()
		}
	}); err != nil {
		t.Fatal(err)
	}
	return bad
}

// TestExamOfServices holds that the exam passes a service that does right, and finds one that trusts everybody.
func TestExamOfServices(t *testing.T) {
	env := actions.Env{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	answer := func(w http.ResponseWriter, r *http.Request) {
		var q plugin.Request
		if json.NewDecoder(r.Body).Decode(&q) != nil || q.Protocol != 1 {
			_, _ = io.WriteString(w, `{"outcome":"permanent"}`)
			return
		}
		_, _ = io.WriteString(w, `{"outcome":"ok"}`)
	}
	right := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		wh, err := standardwebhooks.NewWebhook(signing)
		if err != nil || wh.Verify(body, r.Header) != nil {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		answer(w, r)
	}))
	defer right.Close()
	if bad := marks(t, &plugin.Candidate{Plugin: service(t, right.URL), Env: env}); len(bad) > 0 {
		t.Errorf("a good service: %v", bad)
	}
	trusting := httptest.NewServer(http.HandlerFunc(answer))
	defer trusting.Close()
	bad := marks(t, &plugin.Candidate{Plugin: service(t, trusting.URL), Env: env})
	if len(bad) != 2 || bad["another signature"] == "" || bad["an old signature"] == "" {
		t.Errorf("a service that trusts everybody: %v", bad)
	}
}

// TestExamFinds is what the exam says of programs that do wrong: each is found by the part that is about it.
func TestExamFinds(t *testing.T) {
	const take = `request=$(cat); case $request in '{"protocol":1,'*'}') ;; *) exit 1;; esac; `
	const ok = `echo '{"outcome":"ok","output":{"said":"x"}}'`
	for _, test := range []struct{ name, more, script, part, words string }{
		{"good", "", take + ok, "", ""},
		{"good, lines", "mode: lines\n", `while read -r line; do case $line in '{"protocol":1,'*'}') ;; *) exit 1;; esac; ` + readID + `; echo "{\"id\":\"$id\",\"outcome\":\"ok\"}"; done`, "", ""},
		{"never ok", "", `exit 1`, "a good request", "the outcome is retry: act: exit code 1"},
		{"another each time", "idempotent: true\n", take + `echo "{\"outcome\":\"ok\",\"output\":{\"id\":$$}}"`, "the same key again", "says that it is idempotent"},
		{"strict", "", take + `case $request in *later*) exit 1;; esac; ` + ok, "keys of a later version", "exit code 1"},
		{"small", "", take + `[ ${#request} -lt 9999 ] || exit 1; ` + ok, "a long request", "exit code 1"},
		{"one at a time", "", take + `mkdir lock || exit 1; sleep 0.3; rmdir lock; ` + ok, "many at once", "with 8 at once"},
		{"hasty", "", `request=$(dd bs=65536 count=1 2>/dev/null); case $request in '{"protocol":1,'*'}') ;; *) exit 1;; esac; ` + ok, "a slow drip", "it printed nothing"},
		{"trusting", "", `cat > /dev/null; ` + ok, "rubbish", "it answers ok to"},
		{"talkative", "", take + `printf '%s' "$request" >&2; ` + ok, "no secret told", "it prints a secret"},
		{"locked", "", `mkdir lock || exit 1; ` + take + ok + `; rmdir lock`, "killed, and the next one", "exit code 1"},
		{"stubborn", "", `trap '' TERM; ` + take + ok, "told to end", "has to be killed"},
		{"parent", "", take + `sleep 300 >/dev/null 2>&1 </dev/null & ` + ok, "nothing left behind", "1 processes that it started go on"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := play(t, test.more, sh+test.script+"\n")
			begun := time.Now()
			bad := marks(t, &plugin.Candidate{Plugin: s.plugin, Account: json.RawMessage(`{"api_key":"` + secretKey + `"}`)})
			if test.part == "" && len(bad) > 0 || !strings.Contains(bad[test.part], test.words) || test.part != "" && bad[test.part] == "" {
				t.Errorf("after %s: %v", time.Since(begun), bad)
			}
		})
	}
}
