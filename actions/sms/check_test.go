package sms_test

import (
	"strings"
	"testing"

	"shopbell/actions"
)

// TestTests holds what each provider is asked to tell whether an account works, and what is made of its answers.
func TestTests(t *testing.T) {
	twilio := func(url string) string { return twilioAccount(url, byToken) }
	brevo := func(url string) string {
		return `{"provider":"brevo","api_key":"hunter2","from":"Bell","api":"` + url + `"}`
	}
	for _, test := range []struct {
		account    func(url string) string
		uri        string
		header     [2]string
		status     int
		body, said string
		want       string
	}{
		{twilio, "/2010-04-01/Accounts/AC1.json", [2]string{}, 200, `{"status":"active","type":"Full"}`, "the account is active", "ok"},
		{twilio, "/2010-04-01/Accounts/AC1.json", [2]string{}, 200, `{"status":"active","type":"Trial"}`, "the account is active, and on trial: texts reach verified numbers only", "ok"},
		{twilio, "/2010-04-01/Accounts/AC1.json", [2]string{}, 200, `{"status":"suspended"}`, "twilio says that the account is suspended", "account"},
		{twilio, "/2010-04-01/Accounts/AC1.json", [2]string{}, 200, `<html>`, "not one of Twilio's", "account"},
		{twilio, "/2010-04-01/Accounts/AC1.json", [2]string{}, 401, `{"code":20003,"message":"Authenticate"}`, "401", "account"},
		{twilio, "/2010-04-01/Accounts/AC1.json", [2]string{}, 404, `{"code":20404}`, "404", "account"},
		{twilio, "/2010-04-01/Accounts/AC1.json", [2]string{}, 503, ``, "503", "retry"},
		{vonageAccount, "/account/get-balance", [2]string{"Authorization", "Basic YWJjZDEyMzQ6aHVudGVyMg=="}, 200, `{"value":10.28,"autoReload":false}`, "a balance of EUR 10.28", "ok"},
		{vonageAccount, "/account/get-balance", [2]string{}, 200, `{"value":0}`, "no credit", "account"},
		{vonageAccount, "/account/get-balance", [2]string{}, 200, `{}`, "not one of Vonage's", "account"},
		{vonageAccount, "/account/get-balance", [2]string{}, 401, `{"error-code":"401"}`, "401", "account"},
		{vonageAccount, "/account/get-balance", [2]string{}, 503, ``, "503", "retry"},
		{brevo, "/v3/account", [2]string{"Api-Key", "hunter2"}, 200, `{"email":"x","plan":[{"type":"free","credits":300},{"type":"sms","credits":12.5}]}`, "credit for 12.5 texts", "ok"},
		{brevo, "/v3/account", [2]string{}, 200, `{"email":"x","plan":[{"type":"sms","credits":0}]}`, "no credit", "account"},
		{brevo, "/v3/account", [2]string{}, 200, `{"email":"x"}`, "Brevo knows the key", "ok"},
		{brevo, "/v3/account", [2]string{}, 200, `[]`, "not one of Brevo's", "account"},
		{brevo, "/v3/account", [2]string{}, 401, `{"code":"unauthorized"}`, "401", "account"},
	} {
		url, requests := serve(t, test.status, test.body)
		tester, ok := actions.TesterOf(open(t, actions.Env{}, test.account(url)))
		if !ok {
			t.Fatalf("%s: there is no test", test.uri)
		}
		said, err := tester.Test(t.Context())
		if err != nil {
			said = err.Error()
		}
		if got := actions.OutcomeOf(err); got != outcome(test.want) || !strings.Contains(said, test.said) || strings.Contains(said, "hunter2") {
			t.Errorf("%d %s: got %+v, %q", test.status, test.body, got, said)
		}
		r := <-requests
		if r.method != "GET" || r.uri != test.uri || r.body != "" || test.header[0] != "" && r.header.Get(test.header[0]) != test.header[1] {
			t.Errorf("asked %+v", r)
		}
	}
	url, _ := serve(t, 200, "")
	if _, ok := actions.TesterOf(open(t, actions.Env{}, `{"provider":"http","url":"`+url+`","json":{"to":"{to}","text":"{text}"}}`)); ok {
		t.Error("nothing is known of a gateway that could be asked")
	}
}
