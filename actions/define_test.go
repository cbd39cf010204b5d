package actions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
)

type account struct {
	Token actions.Secret   `json:"token" jsonschema:"pattern=^xoxb-" jsonschema_description:"Token."`
	Wait  actions.Duration `json:"wait,omitempty" jsonschema_description:"How long."`
}

type params struct {
	Text string `json:"text" jsonschema_description:"What to say." lands:"html"`
	To   string `json:"to,omitempty" jsonschema_description:"Whom to say it."`
}

func (p params) Check() error {
	if p.Text == "never" {
		return errors.New("this text is never sent")
	}
	return nil
}

type result struct {
	ID string `json:"id" jsonschema_description:"Its number."`
}

type sender struct{ calls []actions.Call[params] }

func (s *sender) Send(_ context.Context, call actions.Call[params]) (actions.Result, error) {
	s.calls = append(s.calls, call)
	return actions.Result{"id": "1"}, nil
}

func spec(s *sender) actions.Spec[account, params] {
	return actions.Spec[account, params]{
		Name: "say", Summary: "Say something", Example: `say: { text: hello }`, Result: result{},
		Causes: []string{"order.updated"},
		Open:   func(actions.Env, account) (actions.Sender[params], error) { return s, nil },
	}
}

func TestDefine(t *testing.T) {
	s := &sender{}
	k := actions.Define(spec(s))
	if f, ok := k.Params.Lookup([]string{"text"}); !ok || f.Lands != "html" || !f.Required {
		t.Errorf("text is declared as %+v", f)
	}
	if f, _ := k.Account.Lookup([]string{"token"}); !f.Secret {
		t.Error("the token is not a secret")
	}
	if f, ok := k.Result.Lookup([]string{"id"}); !ok || f.Doc != "Its number." {
		t.Error("the result is not declared")
	}
	out, err := k.Open(actions.Env{}, json.RawMessage(`{"token":"xoxb-1","wait":"30s"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "key", Try: 2, Params: json.RawMessage(`{"text":"hi","to":"x"}`)}); err != nil {
		t.Fatal(err)
	}
	if want := (actions.Call[params]{Key: "key", Try: 2, Params: params{Text: "hi", To: "x"}}); s.calls[0] != want {
		t.Errorf("got %+v", s.calls[0])
	}
}

func TestOutletRefuses(t *testing.T) {
	s := &sender{}
	out, err := actions.Define(spec(s)).Open(actions.Env{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{`{"text":5}`, `{"text":"never"}`, `{`} {
		_, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "key", Try: 1, Params: json.RawMessage(p)})
		if a := actions.OutcomeOf(err); a.Outcome != actions.OutcomePermanent || a.Blame != actions.BlameRequest {
			t.Errorf("%s: %v, %v", p, a, err)
		}
	}
	if len(s.calls) > 0 {
		t.Error("it was sent")
	}
}

func TestOpenRefusesAccount(t *testing.T) {
	k := actions.Define(spec(&sender{}))
	for config, want := range map[string]string{
		`{`:                                   "this is not JSON",
		`{"token":"hunter2"}`:                 "token: want text that begins with xoxb-",
		`{"token":"xoxb-1","tokn":"hunter2"}`: `tokn: unknown key "tokn"`,
		`{"token":"xoxb-1","wait":"30"}`:      "wait: want a length of time, such as 30s, 5m or 1h",
		`{}`:                                  `"token" is missing`,
	} {
		_, err := k.Open(actions.Env{}, json.RawMessage(config))
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v", config, err)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the secret is told", config)
		}
	}
}

// repeats is what a spec may say of each step, by its account.
func repeats(a account, c actions.Call[params]) bool {
	return a.Token == "xoxb-again" || c.Params.Text == "again"
}

func TestRepeats(t *testing.T) {
	open := func(change func(*actions.Spec[account, params]), token string) (*actions.Kind, actions.Outlet) {
		s := spec(&sender{})
		change(&s)
		k := actions.Define(s)
		out, err := k.Open(actions.Env{}, json.RawMessage(`{"token":"`+token+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		return k, out
	}
	never := func(*actions.Spec[account, params]) {}
	always := func(s *actions.Spec[account, params]) { s.Idempotent = true }
	byStep := func(s *actions.Spec[account, params]) { s.Repeats = repeats }
	for _, test := range []struct {
		change             func(*actions.Spec[account, params])
		token, params      string
		want, withoutTheir bool // withoutTheir is what an outlet that is not the kind's own gives
	}{
		{never, "xoxb-again", `{"text":"again"}`, false, false},
		{always, "xoxb-x", `{"text":"hi"}`, true, true},
		{always, "xoxb-x", `{"text":1}`, true, true},
		{byStep, "xoxb-x", `{"text":"hi"}`, false, false},
		{byStep, "xoxb-x", `{"text":"again"}`, true, false},
		{byStep, "xoxb-again", `{"text":"hi"}`, true, false},
		{byStep, "xoxb-again", `{"text":1}`, false, false},
		{byStep, "xoxb-again", ``, false, false},
	} {
		k, out := open(test.change, test.token)
		call := actions.Call[json.RawMessage]{Key: "key", Try: 1, Params: json.RawMessage(test.params)}
		if got := actions.Repeats(k, out, call); got != test.want {
			t.Errorf("token %s, %s: got %v", test.token, test.params, got)
		}
		if got := actions.Repeats(k, nil, call); got != test.withoutTheir {
			t.Errorf("token %s, %s, no outlet: got %v", test.token, test.params, got)
		}
		if actions.Repeats(nil, out, call) {
			t.Error("a kind that is not there may be repeated")
		}
	}
}

func TestDefinePanics(t *testing.T) {
	for name, spoil := range map[string]func(*actions.Spec[account, params]){
		"name":             func(s *actions.Spec[account, params]) { s.Name = "Say It" },
		"no summary":       func(s *actions.Spec[account, params]) { s.Summary = "" },
		"full stop":        func(s *actions.Spec[account, params]) { s.Summary = "Say something." },
		"no example":       func(s *actions.Spec[account, params]) { s.Example = "" },
		"example not YAML": func(s *actions.Spec[account, params]) { s.Example = "say: {" },
		"other example":    func(s *actions.Spec[account, params]) { s.Example = "shout: { text: hello }" },
		"two examples":     func(s *actions.Spec[account, params]) { s.Example = "say: { text: hello }\nif: x" },
		"example misfits":  func(s *actions.Spec[account, params]) { s.Example = "say: { txt: hello }" },
		"example refused":  func(s *actions.Spec[account, params]) { s.Example = "say: { text: never }" },
		"causes":           func(s *actions.Spec[account, params]) { s.Causes = []string{"order"} },
		"said twice":       func(s *actions.Spec[account, params]) { s.Idempotent, s.Repeats = true, repeats },
		"no open":          func(s *actions.Spec[account, params]) { s.Open = nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := spec(&sender{})
			spoil(&s)
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			actions.Define(s)
		})
	}
}

func TestOutcomeOf(t *testing.T) {
	cause := errors.New("cause")
	for _, test := range []struct {
		err  error
		want actions.Answer
	}{
		{nil, actions.Answer{Outcome: actions.OutcomeOK}},
		{actions.Skip("done"), actions.Answer{Outcome: actions.OutcomeSkip}},
		{actions.Permanent(actions.BlameAccount, cause), actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}},
		{fmt.Errorf("more: %w", actions.RetryAfter(time.Minute, cause)), actions.Answer{Outcome: actions.OutcomeRetry, Wait: time.Minute}},
		{actions.Unknown(cause), actions.Answer{Outcome: actions.OutcomeUnknown}},
		{cause, actions.Answer{Outcome: actions.OutcomeRetry}},
		{context.DeadlineExceeded, actions.Answer{Outcome: actions.OutcomeUnknown}},
		{actions.RetryAfter(0, context.Canceled), actions.Answer{Outcome: actions.OutcomeRetry}},
	} {
		if got := actions.OutcomeOf(test.err); got != test.want {
			t.Errorf("%v: got %+v, want %+v", test.err, got, test.want)
		}
	}
}

func TestSecret(t *testing.T) {
	s := actions.Secret("hunter2")
	text, err := json.Marshal(map[string]any{"s": s, "p": &s})
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "s", s, "a", account{Token: s})
	for _, shown := range []string{fmt.Sprint(s), fmt.Sprintf("%v %+v %#v %q %s %x", s, s, s, s, s, s), fmt.Sprintf("%#v", account{Token: s}), string(text), log.String()} {
		if strings.Contains(shown, "hunter2") || strings.Contains(shown, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("told: %s", shown)
		}
	}
	if s.Reveal() != "hunter2" || actions.Secret("").String() != "" {
		t.Error("Reveal or String")
	}
}
