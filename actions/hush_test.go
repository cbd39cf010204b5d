package actions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
)

// deep is an account with secrets wherever they may stand.
type deep struct {
	Token   actions.Secret            `json:"token" jsonschema_description:"Token."`
	More    []actions.Secret          `json:"more" jsonschema_description:"More."`
	Headers map[string]actions.Secret `json:"headers" jsonschema_description:"Headers."`
	Inner   *struct {
		Key actions.Secret `json:"key" jsonschema_description:"Key."`
	} `json:"inner" jsonschema_description:"Inside."`
	Name string `json:"name" jsonschema_description:"No secret."`
}

// A parrot is a sender that says what it is told to.
type parrot struct {
	result actions.Result
	err    error
}

func (p *parrot) Send(context.Context, actions.Call[params]) (actions.Result, error) {
	return p.result, p.err
}

func (p *parrot) Test(context.Context) (string, error) { return fmt.Sprint(p.result), p.err }

const deepAccount = `{"token":"s3cret<token>","more":["s3cret-first","s3cret-second"],"headers":{"X-Key":"s3cret-header"},"inner":{"key":"s3cret-inner"},"name":"no-s3cret-name"}`

func parroting(t *testing.T, p *parrot) actions.Outlet {
	t.Helper()
	kind := actions.Define(actions.Spec[deep, params]{Name: "say", Summary: "Say something", Example: `say: { text: hello }`,
		Open: func(actions.Env, deep) (actions.Sender[params], error) { return p, nil }})
	out, err := kind.Open(actions.Env{}, json.RawMessage(deepAccount))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestNoSecretGoesOut holds that a kind which forgets to hide its account's secrets tells none, wherever its declaration has them,
// and that what is no secret stays.
func TestNoSecretGoesOut(t *testing.T) {
	p := &parrot{
		result: actions.Result{"text": "is s3cret-first", "s3cret-inner": []any{"s3cret-second", 7, map[string]any{"deep": "no-s3cret-name"}}, "list": []string{"s3cret-header"}},
		err:    actions.Permanent(actions.BlameAccount, errors.New(`says {"token":"s3cret\u003ctoken\u003e"} and 7333637265742d696e6e6572`)),
	}
	want := actions.Result{"text": "is [secret]", "[secret]": []any{"[secret]", 7, map[string]any{"deep": "no-s3cret-name"}}, "list": []string{"[secret]"}}
	out := parroting(t, p)
	result, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Params: json.RawMessage(`{"text":"x"}`)})
	if !reflect.DeepEqual(result, want) {
		t.Errorf("got %v", result)
	}
	if err.Error() != `says {"token":"[secret]"} and [secret]` || actions.OutcomeOf(err) != (actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}) {
		t.Errorf("got %v, %+v", err, actions.OutcomeOf(err))
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		if strings.Contains(fmt.Sprintf("%v %#v", inner, inner), "s3cret") {
			t.Errorf("what it wraps tells: %v", inner)
		}
	}
	tester, _ := actions.TesterOf(out)
	if said, err := tester.Test(t.Context()); strings.Contains(said+err.Error(), "s3cret-f") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("a test says %s, %v", said, err)
	}
}

// TestHidingKeepsTheClass holds that an error means the same when a secret was hidden in it.
func TestHidingKeepsTheClass(t *testing.T) {
	who := actions.Recipient{Channel: actions.Mail, Address: "ann@example.com"}
	for _, err := range []error{
		actions.Skip("s3cret-first"), actions.RetryAfter(7*time.Second, errors.New("s3cret-first")), actions.Unknown(errors.New("s3cret-first")),
		actions.Gone(who, errors.New("s3cret-first")), actions.Declined(who, "s3cret-first"), errors.New("s3cret-first"),
		fmt.Errorf("s3cret-first: %w", context.DeadlineExceeded), fmt.Errorf("s3cret-first: %w", actions.Unknown(errors.New("x"))),
	} {
		_, got := parroting(t, &parrot{err: err}).Send(t.Context(), actions.Call[json.RawMessage]{Params: json.RawMessage(`{"text":"x"}`)})
		if actions.OutcomeOf(got) != actions.OutcomeOf(err) || strings.Contains(got.Error(), "s3cret") {
			t.Errorf("%v becomes %v, %+v", err, got, actions.OutcomeOf(got))
		}
	}
	plain := errors.New("no secret in it")
	if _, got := parroting(t, &parrot{err: plain}).Send(t.Context(), actions.Call[json.RawMessage]{Params: json.RawMessage(`{"text":"x"}`)}); got != plain {
		t.Errorf("an error without a secret becomes %v", got)
	}
}
