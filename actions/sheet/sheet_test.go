package sheet_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/sheet"
)

const id = "1AbCdEfGhIjKlMnOpQrStUvWxYz"

func TestExam(t *testing.T) {
	// What gives tokens is another server than the one under exam.
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"access_token":"`+actionstest.Secret+`","expires_in":3599}`)
	}))
	defer tokens.Close()
	account := func(address, tokenURL string) string {
		text, _ := json.Marshal(map[string]string{"key": keyFile(t, map[string]string{"private_key_id": actionstest.Secret}), "api": "http://" + address, "token_url": tokenURL})
		return string(text)
	}
	permanent := func(b actions.Blame) actions.Answer {
		return actions.Answer{Outcome: actions.OutcomePermanent, Blame: b}
	}
	request, ofAccount := permanent(actions.BlameRequest), permanent(actions.BlameAccount)
	retry, unknown := actions.Answer{Outcome: actions.OutcomeRetry}, actions.Answer{Outcome: actions.OutcomeUnknown}
	bench := actionstest.Bench{
		Account: func(address string) string { return account(address, tokens.URL) },
		Params:  func(string) string { return `{"spreadsheet":"` + id + `","row":[1]}` },
		HTTP: &actionstest.HTTP{
			Body: `{"updates":{"updatedRange":"Orders!A7:D7"}}`,
			Statuses: map[int]actions.Answer{
				301: request, 302: request, 307: request, 400: request, 401: ofAccount, 403: ofAccount, 404: request, 405: request, 408: retry, 409: request, 410: request,
				413: request, 415: request, 422: request, 425: retry, 429: retry, 500: unknown, 502: unknown, 503: unknown, 504: unknown,
			},
			Identity: func(_ *http.Request, body []byte) string { return string(body) },
		},
	}
	actionstest.Run(t, sheet.Action, bench)

	// And what gives tokens sits it, too.
	t.Run("tokens", func(t *testing.T) {
		bench.Account = func(address string) string { return account("127.0.0.1:1", "http://"+address) }
		bench.Exempt = map[string]string{"statuses": "in TestTokens", "same key": "a token has none",
			"faults": "whatever goes wrong with a token, nothing has been sent: it is tried again, in TestTokens"}
		actionstest.Run(t, sheet.Action, bench)
	})
}

func send(t testing.TB, out actions.Outlet, try int, key, params string) (actions.Result, error) {
	return out.Send(t.Context(), actions.Call[json.RawMessage]{Key: key, Try: try, Params: json.RawMessage(params)})
}

// TestExample carries out the documented example.
func TestExample(t *testing.T) {
	var step map[string]any
	text := strings.NewReplacer(`"{{ order.id }}"`, "K8XTQ", `"{{ order.total }}"`, "12.5", `"{{ order.email }}"`, "jane@example.com").Replace(sheet.Action.Example)
	if err := yaml.Unmarshal([]byte(text), &step); err != nil {
		t.Fatal(err)
	}
	params, err := json.Marshal(step["sheet"])
	if err != nil {
		t.Fatal(err)
	}
	g := newGoogle(t)
	if got, err := send(t, g.outlet(), 1, "key-1", string(params)); err != nil || got["added"] != true {
		t.Errorf("got %v, %v", got, err)
	}
	if want := `{"values":[["key-1","K8XTQ",12.5,"jane@example.com"]]}`; !strings.HasSuffix(g.requests[0], want) {
		t.Errorf("got %s", g.requests[0])
	}
}

// TestRequests compares what goes on the wire.
func TestRequests(t *testing.T) {
	const append = ":append?valueInputOption=RAW&insertDataOption=INSERT_ROWS "
	for name, test := range map[string]struct{ params, want string }{
		"first sheet": {`{"spreadsheet":"` + id + `","row":["a"]}`, "POST /v4/spreadsheets/" + id + "/values/A1" + append + `{"values":[["key-1","a"]]}`},
		"an address": {`{"spreadsheet":"https://docs.google.com/spreadsheets/d/` + id + `/edit#gid=0","sheet":"Orders","row":["a"]}`,
			"POST /v4/spreadsheets/" + id + "/values/%27Orders%27%21A1" + append + `{"values":[["key-1","a"]]}`},
		"a sheet's odd name": {`{"spreadsheet":"` + id + `","sheet":"Joe's/2026 ?#%","row":["a"]}`,
			"POST /v4/spreadsheets/" + id + "/values/%27Joe%27%27s%2F2026%20%3F%23%25%27%21A1" + append + `{"values":[["key-1","a"]]}`},
		"types": {`{"spreadsheet":"` + id + `","row":["=IMPORTXML(\"x\")",12.50,12345678901234567890,true,null,["a",{"b":1}],"<b>& żółć"]}`,
			"POST /v4/spreadsheets/" + id + "/values/A1" + append + `{"values":[["key-1","=IMPORTXML(\"x\")",12.50,12345678901234567890,true,"","[\"a\",{\"b\":1}]","<b>& żółć"]]}`},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGoogle(t)
			g.answer = func(_ http.ResponseWriter, r *http.Request) bool {
				if kind := r.Header.Get("Content-Type"); kind != "application/json" {
					t.Errorf("the body is %q", kind)
				}
				return false
			}
			got, err := send(t, g.outlet(), 1, "key-1", test.params)
			if err != nil || got["range"] != "Orders!A2:C2" || got["added"] != true {
				t.Errorf("got %v, %v", got, err)
			}
			if !slices.Equal(g.requests, []string{test.want}) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(g.requests, "\n"), test.want)
			}
		})
	}
}

// TestLost holds that a row whose answer was lost is found, and not added again, by the process that lost it and by another.
func TestLost(t *testing.T) {
	const params = `{"spreadsheet":"` + id + `","sheet":"Orders","row":["a"]}`
	for name, rows := range map[string]int{"a small sheet": 1, "a large one": 12_000} {
		for _, again := range []string{"by the same", "by another", "by hand"} {
			t.Run(name+", "+again, func(t *testing.T) {
				g := newGoogle(t)
				for i := range rows {
					g.rows = append(g.rows, fmt.Sprint("old-", i))
				}
				out := g.outlet()
				g.with(func() { g.lose = true })
				if _, err := send(t, out, 1, "key-1", params); actions.OutcomeOf(err).Outcome != actions.OutcomeUnknown {
					t.Fatalf("got %v", err)
				}
				g.with(func() { g.lose, g.rows = false, append(g.rows, "later", "", "and later") })
				try := 2
				switch again {
				case "by another":
					out = g.outlet()
				case "by hand":
					try = 1
				}
				want := fmt.Sprintf("'Orders'!A%d", rows+2)
				if got, err := send(t, out, try, "key-1", params); err != nil || got["range"] != want || got["added"] != false {
					t.Errorf("got %v, %v, want %s", got, err, want)
				}
				// A step that was refused before it was written is added.
				if got, err := send(t, out, 2, "key-2", params); err != nil || got["added"] != true {
					t.Errorf("got %v, %v", got, err)
				}
				seen := 0
				g.with(func() {
					for _, row := range g.rows {
						if row == "key-1" || row == "key-2" {
							seen++
						}
					}
				})
				if seen != 2 {
					t.Errorf("there are %d rows of two steps", seen)
				}
			})
		}
	}
}

// TestLooking holds what it means that nobody can tell whether the row is there: the step is tried again, and nothing is added.
func TestLooking(t *testing.T) {
	for name, test := range map[string]struct {
		status int
		body   string
		want   actions.Outcome
	}{
		"trouble": {500, "", actions.OutcomeRetry}, "a limit": {429, "", actions.OutcomeRetry}, "rubbish": {200, "<html>", actions.OutcomeRetry},
		"no such sheet": {200, `{"sheets":[]}`, actions.OutcomePermanent}, "not shared": {403, "", actions.OutcomePermanent},
	} {
		g := newGoogle(t)
		g.answer = func(w http.ResponseWriter, r *http.Request) bool {
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.body)
			return true
		}
		_, err := send(t, g.outlet(), 2, "key-1", `{"spreadsheet":"`+id+`","sheet":"Orders","row":["a"]}`)
		if got := actions.OutcomeOf(err); got.Outcome != test.want || len(g.rows) != 1 || len(g.requests) != 1 {
			t.Errorf("%s: got %+v (%v) after %q", name, got, err, g.requests)
		}
	}
}

// TestErrors holds what Google's own words for errors mean.
func TestErrors(t *testing.T) {
	for body, test := range map[string]struct {
		status int
		want   actions.Answer
		says   string
	}{
		`{"error":{"code":403,"message":"The caller does not have permission","status":"PERMISSION_DENIED"}}`: {403,
			actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}, "The caller does not have permission; share the spreadsheet with " + email},
		`{"error":{"code":403,"message":"Quota exceeded","errors":[{"reason":"userRateLimitExceeded"}]}}`:    {403, actions.Answer{Outcome: actions.OutcomeRetry}, "Quota exceeded"},
		`{"error":{"code":403,"message":"Quota","status":"X","details":[{"reason":"RATE_LIMIT_EXCEEDED"}]}}`: {403, actions.Answer{Outcome: actions.OutcomeRetry}, "Quota"},
		`{"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED"}}`:                    {429, actions.Answer{Outcome: actions.OutcomeRetry}, "Quota exceeded"},
		`{"error":{"code":400,"message":"Unable to parse range: Ordres!A1","status":"INVALID_ARGUMENT"}}`: {400,
			actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest}, "Unable to parse range"},
		`{"error":{"code":404,"message":"Requested entity was not found.","status":"NOT_FOUND"}}`: {404,
			actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest}, "between /d/ and /edit"},
	} {
		g := newGoogle(t)
		g.answer = func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, body)
			return true
		}
		_, err := send(t, g.outlet(), 1, "key-1", `{"spreadsheet":"`+id+`","row":["a"]}`)
		if got := actions.OutcomeOf(err); got != test.want || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: got %+v: %v", body, got, err)
		}
	}
}

// TestTokens holds that one token serves many steps, and is replaced when it is not taken any more.
func TestTokens(t *testing.T) {
	const params = `{"spreadsheet":"` + id + `","row":["a"]}`
	g := newGoogle(t)
	out := g.outlet()
	for i := range 3 {
		if _, err := send(t, out, 1, fmt.Sprint("key-", i), params); err != nil {
			t.Fatal(err)
		}
	}
	if g.tokens != 1 {
		t.Errorf("three steps took %d tokens", g.tokens)
	}
	g.answer = func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(401); return true }
	if _, err := send(t, out, 1, "key-3", params); actions.OutcomeOf(err).Outcome != actions.OutcomeRetry {
		t.Errorf("a token that was taken before: %v", err)
	}
	if _, err := send(t, out, 1, "key-4", params); actions.OutcomeOf(err).Blame != actions.BlameAccount {
		t.Errorf("a new token: %v", err)
	}
	g.answer = nil
	if _, err := send(t, out, 1, "key-5", params); err != nil || g.tokens != 3 {
		t.Errorf("%d tokens, %v", g.tokens, err)
	}

	for status, want := range map[int]string{200: "retry", 301: "account", 400: "account", 401: "account", 403: "account", 404: "account", 429: "retry", 500: "retry", 503: "retry"} {
		tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		_, err := send(t, open(t, map[string]string{"key": keyFile(t, nil), "token_url": tokens.URL, "api": g.URL}), 1, "key-6", params)
		tokens.Close()
		if a := actions.OutcomeOf(err); string(a.Blame) != want && string(a.Outcome) != want {
			t.Errorf("%d: got %+v (%v), want %s", status, a, err, want)
		}
	}
}

func TestAccount(t *testing.T) {
	for name, account := range map[string]map[string]string{
		"no JSON":       {"key": "-----BEGIN"},
		"another type":  {"key": keyFile(t, map[string]string{"type": "authorized_user"})},
		"no e-mail":     {"key": keyFile(t, map[string]string{"client_email": ""})},
		"no PEM":        {"key": keyFile(t, map[string]string{"private_key": "hush-hush"})},
		"no RSA":        {"key": keyFile(t, map[string]string{"private_key": "-----BEGIN PRIVATE KEY-----\naHVzaC1odXNo\n-----END PRIVATE KEY-----\n"})},
		"no API":        {"key": keyFile(t, nil), "api": "ftp://x"},
		"no token's":    {"key": keyFile(t, map[string]string{"token_uri": "x"})},
		"no token's at": {"key": keyFile(t, nil), "token_url": "/token"},
	} {
		text, _ := json.Marshal(account)
		if _, err := sheet.Action.Open(actions.Env{}, text); err == nil || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "aHVz") {
			t.Errorf("%s: %v", name, err)
		}
	}
	g := newGoogle(t)
	tester, _ := actions.TesterOf(g.outlet())
	if said, err := tester.Test(t.Context()); err != nil || !strings.Contains(said, email) || len(g.requests) > 0 {
		t.Errorf("%q, %v", said, err)
	}
	for params, says := range map[string]string{
		`{"spreadsheet":"my orders","row":[1]}`:                                      "between /d/ and /edit",
		`{"spreadsheet":"https://example.com/x","row":[1]}`:                          "between /d/ and /edit",
		`{"spreadsheet":"` + id + `","row":["` + strings.Repeat("x", 50_001) + `"]}`: "longer than",
	} {
		if _, err := send(t, g.outlet(), 1, "key-1", params); err == nil || !strings.Contains(err.Error(), says) || len(g.requests) > 0 {
			t.Errorf("%.60s: %v", params, err)
		}
	}
}
