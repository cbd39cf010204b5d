package email_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/email"
)

func tested(t *testing.T, config string) (string, error) {
	t.Helper()
	out, err := email.Action.Open(actions.Env{}, json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	tester, ok := actions.TesterOf(out)
	if !ok {
		t.Fatal("an account cannot be tested")
	}
	return tester.Test(t.Context())
}

// TestTest holds that an account is tested up to its password, and that nothing is sent by it.
func TestTest(t *testing.T) {
	port, ca, mails := realServer(t, false)
	config := func(password string) string {
		return fmt.Sprintf(`{"host":"localhost","port":%d,"ca":%q,"username":"shop","password":%q,"from":"shop@example.com"}`, port, ca, password)
	}
	if said, err := tested(t, config("hunter2")); err != nil || said != "localhost takes mail of shop" {
		t.Errorf("got %q, %v", said, err)
	}
	if _, err := tested(t, config("hunter3")); actions.OutcomeOf(err).Blame != actions.BlameAccount {
		t.Errorf("a wrong password: %v", err)
	}
	if _, err := tested(t, account(actionstest.Nobody(t), "")); actions.OutcomeOf(err).Outcome != actions.OutcomeRetry {
		t.Errorf("nobody there: %v", err)
	}
	if len(mails) > 0 {
		t.Error("a message was sent")
	}
}
