package sms_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
)

func vonageAccount(url string) string {
	return `{"provider":"vonage","api_key":"abcd1234","api_secret":"hunter2","from":"Bell & Co","api":"` + url + `"}`
}

// parts is an answer of Vonage with these statuses.
func parts(statuses ...string) string {
	var list []string
	for i, s := range statuses {
		list = append(list, fmt.Sprintf(`{"to":"31612345678","message-id":"id-%d","status":"%s","error-text":"words of %s"}`, i, s, s))
	}
	return fmt.Sprintf(`{"message-count":"%d","messages":[%s]}`, len(statuses), strings.Join(list, ","))
}

func TestVonageRequest(t *testing.T) {
	for text, want := range map[string]struct {
		body     string
		encoding string
	}{
		"a & b": {"client-ref=k-1&from=Bell+%26+Co&text=a+%26+b&to=31612345678", "GSM-7"},
		"🔔":     {"client-ref=k-1&from=Bell+%26+Co&text=%F0%9F%94%94&to=31612345678&type=unicode", "UCS-2"},
	} {
		url, requests := serve(t, 200, parts("0", "0"))
		result, err := send(t, vonageAccount(url), `{"to":"+31612345678","text":"`+text+`"}`)
		if wanted := (actions.Result{"id": "id-0", "to": "+31612345678", "segments": 2, "encoding": want.encoding}); err != nil || !reflect.DeepEqual(result, wanted) {
			t.Errorf("got %v, %v", result, err)
		}
		r := <-requests
		user, password, _ := (&http.Request{Header: r.header}).BasicAuth()
		if r.method != "POST" || r.uri != "/sms/json" || r.header.Get("Content-Type") != "application/x-www-form-urlencoded" || r.body != want.body || user != "abcd1234" || password != "hunter2" {
			t.Errorf("got %+v", r)
		}
	}
}

func TestVonageAnswers(t *testing.T) {
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{200, parts("0"), "ok"},
		{200, parts("1"), "retry"},
		{200, parts("5"), "retry"},
		{200, parts("10"), "retry"},
		{200, parts("2"), "request"},
		{200, parts("3"), "request"},
		{200, parts("6"), "request"},
		{200, parts("4"), "account"},
		{200, parts("8"), "account"},
		{200, parts("9"), "account"},
		{200, parts("7"), "recipient"},
		{200, parts("99"), "request"},
		{200, parts("0", "0", "0"), "ok"},
		{200, parts("0", "1"), "unknown"},
		{200, parts("9", "0"), "unknown"},
		{200, parts("1", "1"), "retry"},
		{200, parts("1", "7"), "recipient"},
		{200, parts("7", "9", "1"), "account"},
		{200, `{"message-count":1,"messages":[{"status":0,"message-id":"x"}]}`, "ok"},
		{200, `{"message-count":"2","messages":[{"status":"0","message-id":"x"}]}`, "unknown"},
		{200, `{"message-count":"1","messages":[{"message-id":"x"}]}`, "unknown"},
		{200, `{"message-count":"0","messages":[]}`, "unknown"},
		{200, `{}`, "unknown"},
		{200, `{"messages":[{"status":"0`, "unknown"},
		{200, "<html>", "unknown"},
		{200, "", "unknown"},
		{401, `{"type":"x","title":"Unauthorized"}`, "account"},
		{429, "", "retry"},
		{500, "<html>", "unknown"},
	} {
		url, _ := serve(t, test.status, test.body)
		_, err := send(t, vonageAccount(url), step)
		if got := actionstest.AnswerOf(err); got != outcome(test.want) {
			t.Errorf("%d %s: got %+v (%v), want %s", test.status, test.body, got, err, test.want)
		}
	}
}

func TestVonageWords(t *testing.T) {
	for body, want := range map[string]string{
		parts("9"):           "vonage says 9: the account has no credit left: words of 9",
		parts("0", "1", "0"): "vonage says 1: of the text's 3 parts it took 2 and refused others: words of 1",
		`{"messages":[{"status":"4","error-text":"bad hunter2"}]}`: "vonage says 4: the key or its secret is wrong: bad [secret]",
	} {
		url, _ := serve(t, 200, body)
		if _, err := send(t, vonageAccount(url), step); fmt.Sprint(err) != want {
			t.Errorf("got %v", err)
		}
	}
	if _, ok := actions.ReporterOf(open(t, actions.Env{}, vonageAccount("http://127.0.0.1:1"))); ok {
		t.Error("Vonage reports, though nothing could tell a forged report")
	}
}

func brevoAccount(url string) string {
	return `{"provider":"brevo","api_key":"hunter2","from":"Bell","api":"` + url + `"}`
}

func TestBrevo(t *testing.T) {
	for text, want := range map[string]string{
		`a \"b\" <c>`: `{"sender":"Bell","recipient":"31612345678","content":"a \"b\" <c>","type":"transactional"}`,
		"🔔":           `{"sender":"Bell","recipient":"31612345678","content":"🔔","type":"transactional","unicodeEnabled":true}`,
	} {
		url, requests := serve(t, 201, `{"messageId":1511882900176220}`)
		result, err := send(t, brevoAccount(url), `{"to":"+31612345678","text":"`+text+`"}`)
		if err != nil || result["id"] != "1511882900176220" || result["segments"] != 1 {
			t.Errorf("got %v, %v", result, err)
		}
		r := <-requests
		var got, wanted any
		if json.Unmarshal([]byte(r.body), &got) != nil || json.Unmarshal([]byte(want), &wanted) != nil || !reflect.DeepEqual(got, wanted) {
			t.Errorf("got %s", r.body)
		}
		if r.method != "POST" || r.uri != "/v3/transactionalSMS/send" || r.header.Get("Content-Type") != "application/json" || r.header.Get("Api-Key") != "hunter2" {
			t.Errorf("got %+v", r)
		}
	}
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{201, `{"reference":"x","messageId":1,"smsCount":3}`, "ok"},
		{201, `{"messageId":"17"}`, "ok"},
		{201, `{}`, "unknown"},
		{201, `{"messageId":`, "unknown"},
		{200, "<html>", "unknown"},
		{400, `{"code":"invalid_parameter","message":"Invalid telephone number"}`, "request"},
		{401, `{"code":"unauthorized","message":"Key not found"}`, "account"},
		{402, `{"code":"not_enough_credits","message":"Not enough credits"}`, "account"},
		{403, `{"code":"permission_denied"}`, "account"},
		{500, "", "unknown"},
	} {
		url, _ := serve(t, test.status, test.body)
		_, err := send(t, brevoAccount(url), step)
		if got := actionstest.AnswerOf(err); got != outcome(test.want) {
			t.Errorf("%d %s: got %+v (%v), want %s", test.status, test.body, got, err, test.want)
		}
	}
	url, _ := serve(t, 429, `{"code":"too_many_requests"}`, "X-Sib-Ratelimit-Reset", "33")
	_, err := send(t, brevoAccount(url), step)
	if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomeRetry || got.Wait != 33*time.Second || !strings.Contains(err.Error(), "too_many_requests") {
		t.Errorf("got %+v, %v", got, err)
	}
}
