package email_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/email"
)

func person(address string) actions.Recipient {
	return actions.Recipient{Channel: actions.Mail, Address: address}
}

func TestReaches(t *testing.T) {
	for params, want := range map[string][]actions.Recipient{
		`{"to":"Jane <Jane@Example.com>"}`:                            {person("jane@example.com")},
		`{"to":"a@b.example, c@d.example","cc":["a@b.example"]}`:      {person("a@b.example"), person("c@d.example")},
		`{"to":"a@b.example","cc":"c@d.example","bcc":"e@f.example"}`: {person("a@b.example"), person("c@d.example"), person("e@f.example")},
		`{"to":"no address","cc":"c@d.example"}`:                      {person("c@d.example")},
		`{"to":"a@bücher.example"}`:                                   {person("a@xn--bcher-kva.example")},
		`{"to":""}`:                                                   nil,
		`{"to":7}`:                                                    nil,
	} {
		if got := email.Action.Reaches(json.RawMessage(params)); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", params, got, want)
		}
	}
}

func TestSpare(t *testing.T) {
	for _, test := range []struct{ params, want string }{
		{`{"to":"gone@b.example"}`, ""},
		{`{"to":"gone@b.example","cc":"c@d.example"}`, ""},
		{`{"to":"GONE@b.example, \"J, D\" <a@b.example>","cc":["gone@b.example","c@d.example"]}`, `"J, D" <a@b.example>;<c@d.example>`},
		{`{"to":"a@b.example"}`, "<a@b.example>;"},
	} {
		got, left := email.Action.Spare(json.RawMessage(test.params), []actions.Recipient{person("gone@b.example")})
		if left != (test.want != "") {
			t.Errorf("%s: somebody is left: %v", test.params, left)
		}
		if !left {
			continue
		}
		var p email.Params
		if err := json.Unmarshal(got, &p); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%s;%s", strings.Join(p.To, ","), strings.Join(p.CC, ",")); got != test.want {
			t.Errorf("%s: got %s, want %s", test.params, got, test.want)
		}
	}
}

// TestNobodyBlamed holds that of several recipients none is taken for gone where the server does not say which one is.
func TestNobodyBlamed(t *testing.T) {
	for at, reply := range map[string]string{"RCPT": "550 5.1.1 no such user", ".": "550 5.1.1 one of them"} {
		address := actionstest.Listen(t, scripted(map[string]string{at: reply}))
		_, err := send(t, account(address, ""), `{"to":"jane@example.com, joe@example.com","subject":"s","text":"t"}`)
		if got := actions.OutcomeOf(err); got.Stop != (actions.Recipient{}) || got.Outcome != actions.OutcomePermanent {
			t.Errorf("%s %s: got %+v (%v)", at, reply, got, err)
		}
	}
}
