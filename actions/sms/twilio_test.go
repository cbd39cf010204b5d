package sms_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/sms"
)

const twilioOK = `{"sid":"SM0a1","status":"queued","error_code":null,"error_message":null,"num_segments":"2","to":"+31612345678","from":"+15005550006","price":null,"uri":"/x"}`

// twilioAccount is an account at an address, with more keys.
func twilioAccount(url, more string) string {
	return `{"provider":"twilio","account_sid":"AC1","api":"` + url + `",` + more + `}`
}

const byToken = `"auth_token":"hunter2","from":"+15005550006"`

func TestTwilioRequest(t *testing.T) {
	for _, test := range []struct{ more, callback, body, user, password string }{
		{byToken, "", "Body=hi+%26+bye+%E2%82%AC%0AX&From=%2B15005550006&To=%2B31612345678", "AC1", "hunter2"},
		{byToken, "https://bell.example/c?a=b", "Body=hi+%26+bye+%E2%82%AC%0AX&From=%2B15005550006&StatusCallback=https%3A%2F%2Fbell.example%2Fc%3Fa%3Db&To=%2B31612345678", "AC1", "hunter2"},
		{`"key_sid":"SK1","key_secret":"hunter3","messaging_service":"MG1"`, "https://bell.example/c", "Body=hi+%26+bye+%E2%82%AC%0AX&MessagingServiceSid=MG1&To=%2B31612345678", "SK1", "hunter3"},
	} {
		url, requests := serve(t, 201, twilioOK)
		out := open(t, actions.Env{}, twilioAccount(url+"/", test.more))
		result, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k_1-a", Try: 1, Callback: test.callback, Params: json.RawMessage(`{"to":"06 12345678","country":"NL","text":"\u0000hi & bye €\r\nX "}`)})
		if want := (actions.Result{"id": "SM0a1", "to": "+31612345678", "segments": 2, "encoding": "GSM-7"}); err != nil || !reflect.DeepEqual(result, want) {
			t.Fatalf("got %v, %v", result, err)
		}
		r := <-requests
		user, password, _ := (&http.Request{Header: r.header}).BasicAuth()
		if r.method != "POST" || r.uri != "/2010-04-01/Accounts/AC1/Messages.json" || r.header.Get("Content-Type") != "application/x-www-form-urlencoded" ||
			r.body != test.body || user != test.user || password != test.password {
			t.Errorf("got %+v\nwant %s", r, test.body)
		}
	}
}

// twilioError is an error as Twilio tells it.
func twilioError(status int, code, message string) string {
	return fmt.Sprintf(`{"code":%s,"message":%q,"more_info":"https://www.twilio.com/docs/errors/%s","status":%d}`, code, message, code, status)
}

func TestTwilioAnswers(t *testing.T) {
	page := "<html><body>Bad gateway</body></html>"
	for _, test := range []struct {
		status     int
		body, want string
	}{
		{429, twilioError(429, "20429", "Too Many Requests"), "retry"},
		{429, twilioError(429, "21211", "whatever"), "retry"},
		{400, twilioError(400, "21610", "Attempt to send to unsubscribed recipient"), "skip for ever"},
		{400, twilioError(400, "21211", "Invalid 'To' Phone Number"), "recipient"},
		{400, twilioError(400, "21614", "not a mobile"), "recipient"},
		{400, twilioError(400, "21408", "x"), "account"},
		{403, twilioError(403, "21408", "x"), "account"},
		{400, twilioError(400, "21617", "x"), "request"},
		{400, twilioError(400, "21606", "x"), "account"},
		{400, twilioError(400, "21659", "x"), "account"},
		{400, twilioError(400, "21608", "x"), "account"},
		{400, twilioError(400, "30003", "x"), "recipient"},
		{400, twilioError(400, "30005", "x"), "recipient for ever"},
		{400, twilioError(400, "30006", "x"), "recipient for ever"},
		{400, twilioError(400, "30007", "x"), "request"},
		{400, twilioError(400, "30034", "x"), "account"},
		{400, twilioError(400, "30036", "x"), "request"},
		{401, twilioError(401, "20003", "Authenticate"), "account"},
		{403, twilioError(403, "20003", "x"), "account"},
		{404, twilioError(404, "20404", "x"), "account"},
		{400, twilioError(400, "10001", "x"), "account"},
		{400, twilioError(400, "63016", "x"), "request"},
		{400, twilioError(400, "29999", "a code that nobody has heard of"), "request"},
		{400, `{"code":"21211","message":"as text","status":"400"}`, "recipient"},
		{400, page, "request"},
		{401, page, "account"},
		{404, page, "account"},
		{500, twilioError(500, "20500", "Internal Server Error"), "unknown"},
		{503, twilioError(503, "20429", "x"), "unknown"},
		{502, page, "unknown"},
		{503, "", "unknown"},
		{302, "", "account"},
		{200, twilioOK, "ok"},
		{201, twilioOK, "ok"},
		{201, `{"sid":"SM1","status":"accepted","num_segments":0}`, "ok"},
		{201, `{"sid":"SM1"}`, "ok"},
		{201, `{"sid":"SM1","status":"failed","error_code":30006,"error_message":"Landline"}`, "recipient for ever"},
		{201, `{"sid":"SM1","status":"failed","error_code":"21610"}`, "skip for ever"},
		{201, `{"sid":"SM1","status":"undelivered","error_code":null}`, "request"},
		{201, `{"sid":`, "unknown"},
		{201, `{}`, "unknown"},
		{201, `[]`, "unknown"},
		{201, "", "unknown"},
		{200, page, "unknown"},
	} {
		url, _ := serve(t, test.status, test.body)
		_, err := send(t, twilioAccount(url, byToken), step)
		if got := actionstest.AnswerOf(err); got != outcome(test.want) {
			t.Errorf("%d %s: got %+v (%v), want %s", test.status, test.body, got, err, test.want)
		}
	}
}

func TestTwilioWords(t *testing.T) {
	for _, test := range []struct {
		status     int
		body, want string
		wait       time.Duration
	}{
		{400, twilioError(400, "21211", "Invalid 'To' Phone Number"), "twilio says 21211: there is no such number: Invalid 'To' Phone Number", 0},
		{400, twilioError(400, "21610", "unsubscribed"), "twilio says 21610: the recipient replied STOP, and gets nothing until they reply START: unsubscribed", 0},
		{400, twilioError(400, "21611", "queue"), "twilio says 21611: the sender has more waiting than goes out in hours: queue", 30 * time.Minute},
		{400, twilioError(400, "30001", "queue"), "twilio says 30001: it waited too long in the sender's queue: queue", 30 * time.Minute},
		{400, twilioError(400, "20003", "the token hunter2 is wrong"), "twilio says 20003: the account or its token is wrong: the token [secret] is wrong", 0},
		{201, `{}`, "the answer is not one of Twilio's, so that the text may have been sent", 0},
	} {
		url, _ := serve(t, test.status, test.body)
		_, err := send(t, twilioAccount(url, byToken), step)
		if fmt.Sprint(err) != test.want || actions.OutcomeOf(err).Wait != test.wait {
			t.Errorf("got %v, wait %s", err, actions.OutcomeOf(err).Wait)
		}
	}
	url, _ := serve(t, 429, twilioError(429, "20429", "Too Many Requests"), "Retry-After", "9")
	if _, err := send(t, twilioAccount(url, byToken), step); actions.OutcomeOf(err).Wait != 9*time.Second {
		t.Errorf("Retry-After is not obeyed: %v", err)
	}
}

// TestFaults holds that nothing is sent again that may have been sent, and that what cannot have been is.
func TestFaults(t *testing.T) {
	answer := func(text string) func(net.Conn) {
		return func(conn net.Conn) {
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				_, _ = io.WriteString(conn, text)
			}
		}
	}
	reset := func(conn net.Conn) { _ = conn.(*net.TCPConn).SetLinger(0) }
	for name, test := range map[string]struct {
		serve func(net.Conn)
		want  string
	}{
		"closed after the request":  {answer(""), "unknown"},
		"reset after the request":   {func(conn net.Conn) { answer("")(conn); reset(conn) }, "unknown"},
		"rubbish":                   {answer("SMTP ready\r\n\r\n"), "unknown"},
		"an answer that breaks off": {answer("HTTP/1.1 201 Created\r\nContent-Length: 9000\r\n\r\n" + twilioOK), "unknown"},
		"a header that breaks off":  {answer("HTTP/1.1 201 Created\r\nContent-"), "unknown"},
		"another type":              {answer("HTTP/1.1 201 Created\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n" + twilioOK), "ok"},
		"a page":                    {answer("HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>hunter2</html>"), "unknown"},
		"a redirect":                {answer("HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"), "account"},
	} {
		_, err := send(t, twilioAccount("http://"+actionstest.Listen(t, test.serve), byToken), step)
		if got := actionstest.AnswerOf(err); got != outcome(test.want) {
			t.Errorf("%s: got %+v (%v), want %s", name, got, err, test.want)
		}
	}
	if _, err := send(t, twilioAccount("http://"+actionstest.Nobody(t), byToken), step); actions.OutcomeOf(err) != outcome("retry") {
		t.Errorf("nobody there: %v", err)
	}
}

const told = "https://bell.example/callbacks/sms?key=k_1-a"

// notice makes a call as Twilio makes it.
func notice(token, address, signedAddress string, form url.Values) actions.Notice {
	return actions.Notice{URL: address, Header: http.Header{"X-Twilio-Signature": {sms.Sign(token, signedAddress, form)}}, Body: []byte(form.Encode())}
}

func reporter(t testing.TB, more string) actions.Reporter {
	t.Helper()
	r, ok := actions.ReporterOf(open(t, actions.Env{}, twilioAccount("http://127.0.0.1:1", more)))
	if !ok {
		t.Fatal("twilio reports nothing")
	}
	return r
}

func TestReports(t *testing.T) {
	r := reporter(t, byToken)
	for _, test := range []struct {
		status, code string
		want         actions.Report
	}{
		{"queued", "", actions.Report{State: "sent", Note: "twilio has it in its queue"}},
		{"accepted", "", actions.Report{State: "sent", Note: "twilio has it, and chooses the sender"}},
		{"scheduled", "", actions.Report{State: "sent", Note: "twilio has it, and sends it later"}},
		{"sending", "", actions.Report{State: "sent", Note: "twilio is handing it to the network"}},
		{"sent", "", actions.Report{State: "sent"}},
		{"delivered", "", actions.Report{State: "delivered", Final: true}},
		{"delivered", "0", actions.Report{State: "delivered", Final: true}},
		{"read", "", actions.Report{State: "delivered", Final: true, Note: "it was read"}},
		{"partially_delivered", "", actions.Report{State: "undelivered", Final: true, Note: "only a part of it arrived"}},
		{"canceled", "", actions.Report{State: "failed", Final: true, Note: "it was cancelled"}},
		{"undelivered", "30003", actions.Report{State: "undelivered", Final: true, Note: "twilio says 30003: the phone is switched off or out of reach"}},
		{"undelivered", "30005", actions.Report{State: "undelivered", Final: true, Note: "twilio says 30005: nobody has that number", Stop: "nobody has that number"}},
		{"undelivered", "30006", actions.Report{State: "undelivered", Final: true, Note: "twilio says 30006: it is a landline, or its network takes no texts", Stop: "a landline, or a network that takes no texts"}},
		{"undelivered", "30007", actions.Report{State: "undelivered", Final: true, Note: "twilio says 30007: it was filtered out as spam"}},
		{"failed", "21610", actions.Report{State: "failed", Final: true, Note: "twilio says 21610: the recipient replied STOP, and gets nothing until they reply START", Stop: "replied STOP"}},
		{"failed", "30001", actions.Report{State: "failed", Final: true, Note: "twilio says 30001: it waited too long in the sender's queue"}},
		{"failed", "39999", actions.Report{State: "failed", Final: true, Note: "twilio says 39999"}},
	} {
		form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {test.status}, "To": {"+31612345678"}, "Empty": {""}}
		if test.code != "" {
			form.Set("ErrorCode", test.code)
		}
		if got, err := r.Report(notice("hunter2", told, told, form)); err != nil || got != test.want {
			t.Errorf("%s %s: got %+v, %v", test.status, test.code, got, err)
		}
	}
}

func TestReportsRefused(t *testing.T) {
	r := reporter(t, byToken)
	form := url.Values{"MessageStatus": {"delivered"}}
	changed := notice("hunter2", told, told, form)
	changed.Body = []byte("MessageStatus=failed")
	bare := notice("hunter2", told, told, form)
	bare.Header = nil
	garbled := notice("hunter2", told, told, form)
	garbled.Header = http.Header{"X-Twilio-Signature": {"%%%"}}
	for name, n := range map[string]actions.Notice{
		"another token": notice("hunter3", told, told, form), "another key": notice("hunter2", told+"x", told, form),
		"changed": changed, "unsigned": bare, "garbled": garbled, "nothing": {}, "empty signature": {URL: told, Header: http.Header{"X-Twilio-Signature": {""}}},
	} {
		if got, err := r.Report(n); err != actions.ErrForged || got != (actions.Report{}) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	if _, err := reporter(t, `"key_sid":"SK1","key_secret":"hunter2","from":"x"`).Report(notice("", told, told, form)); err != actions.ErrForged {
		t.Errorf("an account without a token believes what is signed with none: %v", err)
	}
	for want, n := range map[string]actions.Notice{
		`the call has no status of a message that was sent, but "received"`: notice("hunter2", told, told, url.Values{"MessageStatus": {"received"}}),
		`the call has no status of a message that was sent, but ""`:         notice("hunter2", told, told, url.Values{"SmsSid": {"x"}}),
		"the call is not a web form":                                        {URL: told, Body: []byte("%zz")},
	} {
		if _, err := r.Report(n); fmt.Sprint(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestSignedAddresses holds that a port which goes without saying may be signed or not.
func TestSignedAddresses(t *testing.T) {
	r := reporter(t, byToken)
	form := url.Values{"MessageStatus": {"delivered"}, "B": {"2", "1"}}
	for _, test := range []struct {
		told, signed string
		ok           bool
	}{
		{told, strings.Replace(told, "example", "example:443", 1), true},
		{strings.Replace(told, "example", "example:443", 1), told, true},
		{"http://bell.example/c?key=k", "http://bell.example:80/c?key=k", true},
		{"https://bell.example:8443/c?key=k", "https://bell.example/c?key=k", true},
		{"https://[::1]:8443/c?key=k", "https://[::1]/c?key=k", true},
		{told, strings.Replace(told, "example", "example:8443", 1), false},
		{told, strings.Replace(told, "https", "http", 1), false},
	} {
		if _, err := r.Report(notice("hunter2", test.told, test.signed, form)); (err == nil) != test.ok {
			t.Errorf("%s signed as %s: %v", test.told, test.signed, err)
		}
	}
}

// FuzzReport holds that nothing is believed without a signature, and that what is signed is read without a panic.
func FuzzReport(f *testing.F) {
	f.Add(told, []byte("MessageStatus=delivered&ErrorCode=30003"))
	f.Add("https://[::1]:1/?key=a&key=b", []byte("A=1&A=2;&%"))
	f.Add("://", []byte("\xff"))
	r := reporter(f, byToken)
	f.Fuzz(func(t *testing.T, address string, body []byte) {
		if _, err := r.Report(actions.Notice{URL: address, Body: body}); err == nil {
			t.Fatal("an unsigned call is believed")
		}
		form, err := url.ParseQuery(string(body))
		if err != nil {
			return
		}
		signed := actions.Notice{URL: address, Header: http.Header{"X-Twilio-Signature": {sms.Sign("hunter2", address, form)}}, Body: body}
		if got, err := r.Report(signed); err == nil && got.State == "" {
			t.Fatalf("got %+v", got)
		}
	})
}

// TestTwilioParts holds that what is wrong with some texts of an account does not count for all.
func TestTwilioParts(t *testing.T) {
	for code, part := range map[string]bool{"21408": true, "21606": true, "21608": true, "30034": true, "20003": false, "10001": false} {
		url, _ := serve(t, 400, twilioError(400, code, "x"))
		_, err := send(t, twilioAccount(url, byToken), step)
		if got := actions.OutcomeOf(err); got.Blame != actions.BlameAccount || (got.Part != "") != part {
			t.Errorf("%s: %+v", code, got)
		}
	}
	url, _ := serve(t, 429, twilioError(429, "20429", "x"))
	if _, err := send(t, twilioAccount(url, byToken), step); !actions.OutcomeOf(err).Pause {
		t.Errorf("429: %v: the account does not rest", err)
	}
}
