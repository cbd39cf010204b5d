package sms_test

import (
	"strings"
	"testing"

	"shopbell/actions"
)

func TestTwilioTest(t *testing.T) {
	for _, test := range []struct {
		status     int
		body, said string
		want       string
	}{
		{200, `{"status":"active","type":"Full"}`, "the account is active", "ok"},
		{200, `{"status":"active","type":"Trial"}`, "the account is active, and on trial: texts reach verified numbers only", "ok"},
		{200, `{"status":"suspended"}`, "twilio says that the account is suspended", "account"},
		{200, `<html>`, "Twilio", "unknown"},
		{401, `{"code":20003,"message":"Authenticate"}`, "401", "account"},
		{404, `{"code":20404}`, "404", "account"},
		{503, ``, "503", "retry"},
	} {
		url, requests := serve(t, test.status, test.body)
		tester, ok := actions.TesterOf(open(t, actions.Env{}, twilioAccount(url, byToken)))
		if !ok {
			t.Fatal("twilio cannot be tested")
		}
		said, err := tester.Test(t.Context())
		if err != nil {
			said = err.Error()
		}
		if got := actions.OutcomeOf(err); got != outcome(test.want) || !strings.Contains(said, test.said) {
			t.Errorf("%d %s: got %+v, %q", test.status, test.body, got, said)
		}
		if r := <-requests; r.method != "GET" || r.uri != "/2010-04-01/Accounts/AC1.json" || r.body != "" {
			t.Errorf("asked %+v", r)
		}
	}
}
