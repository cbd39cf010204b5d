// Package oracle_test holds the sms action against Twilio's own client, which is slow to compile and so has a package of its own.
package oracle_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	twilio "github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"shopbell/actions"
	"shopbell/actions/sms"
)

// request is what Twilio got.
type request struct{ method, path, kind, authorization, body string }

// serve plays Twilio.
func serve(t *testing.T, status int, answer string) (address string, requests chan request) {
	t.Helper()
	requests = make(chan request, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		requests <- request{r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("Authorization"), string(body)}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL, requests
}

// elsewhere sends what is for Twilio to another address: the client's own is fixed.
type elsewhere struct{ host string }

// RoundTrip implements [http.RoundTripper].
func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", e.host
	return http.DefaultTransport.RoundTrip(r)
}

const answer = `{"sid":"SM1","status":"queued","num_segments":"1","error_code":null}`

// TestRequest holds that the action's requests are those of Twilio's client, byte for byte.
func TestRequest(t *testing.T) {
	address, requests := serve(t, 201, answer)
	target, _ := url.Parse(address)
	const text = "Zoë's order = 5 & 6 + 7 €\n🔔 ~*'()%"
	for name, test := range map[string]struct {
		account        string
		user, password string
		set            func(*api.CreateMessageParams)
	}{
		"token and number": {`"auth_token":"hunter2","from":"+14155552671"`, "AC1", "hunter2", func(p *api.CreateMessageParams) {
			p.SetFrom("+14155552671").SetStatusCallback("https://bell.example/c/sms?key=k_1-a")
		}},
		"key and service": {`"key_sid":"SK1","key_secret":"hunter3","messaging_service":"MG1"`, "SK1", "hunter3", func(p *api.CreateMessageParams) {
			p.SetMessagingServiceSid("MG1")
		}},
	} {
		client := &twilio.Client{Credentials: twilio.NewCredentials(test.user, test.password), HTTPClient: &http.Client{Transport: elsewhere{target.Host}}}
		client.SetAccountSid("AC1")
		params := new(api.CreateMessageParams).SetTo("+31612345678").SetBody(text)
		test.set(params)
		if _, err := api.NewApiServiceWithClient(client).CreateMessage(params); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := <-requests

		out, err := sms.Action.Open(actions.Env{}, json.RawMessage(`{"provider":"twilio","account_sid":"AC1","api":"`+address+`",`+test.account+`}`))
		if err != nil {
			t.Fatal(err)
		}
		step, _ := json.Marshal(map[string]string{"to": "+31612345678", "text": text})
		if _, err := out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "k_1-a", Try: 1, Callback: "https://bell.example/c/sms?key=k_1-a", Params: step}); err != nil {
			t.Fatal(err)
		}
		if got := <-requests; got != want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, want)
		}
	}
}

// TestSignatures holds that the action and Twilio's client believe the same calls.
func TestSignatures(t *testing.T) {
	out, err := sms.Action.Open(actions.Env{}, json.RawMessage(`{"provider":"twilio","account_sid":"AC1","auth_token":"12345","from":"x"}`))
	if err != nil {
		t.Fatal(err)
	}
	reporter, _ := actions.ReporterOf(out)
	validator := twilio.NewRequestValidator("12345")
	const (
		address = "https://bell.example/c/sms?key=k&x=%20y"
		body    = "MessageSid=SM1&MessageStatus=delivered&To=%2B31612345678&Empty=&Twice=b&Twice=a"
		fields  = "Empty" + "MessageSidSM1" + "MessageStatusdelivered" + "To+31612345678" + "Twiceb"
	)
	believed := 0
	for _, told := range []string{address, strings.Replace(address, "example", "example:443", 1), strings.Replace(address, "example", "example:8443", 1), "http" + address[5:]} {
		for _, signed := range []string{
			address + fields, strings.Replace(address, "example", "example:443", 1) + fields, strings.Replace(address, "example", "example:80", 1) + fields,
			"http" + address[5:] + fields, strings.Replace("http"+address[5:], "example", "example:80", 1) + fields, address, address + fields + "x", "https://bell.example/c/sms" + fields,
		} {
			mac := hmac.New(sha1.New, []byte("12345"))
			mac.Write([]byte(signed))
			signature := base64.StdEncoding.EncodeToString(mac.Sum(nil))
			_, err := reporter.Report(actions.Notice{URL: told, Header: http.Header{"X-Twilio-Signature": {signature}}, Body: []byte(body)})
			if want := validator.ValidateBody(told, []byte(body), signature); want != (err == nil) {
				t.Errorf("%s, signed as %s: Twilio's client says %t, and the action %v", told, signed, want, err)
			} else if want {
				believed++
			}
		}
	}
	if believed < 6 {
		t.Errorf("only %d calls were believed", believed)
	}
}
