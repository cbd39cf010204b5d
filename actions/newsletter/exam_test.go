package newsletter_test

import (
	"fmt"
	"io"
	"net"
	"testing"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/newsletter"
)

func permanent(b actions.Blame) actions.Answer {
	return actions.Answer{Outcome: actions.OutcomePermanent, Blame: b}
}

var (
	retry     = actions.Answer{Outcome: actions.OutcomeRetry}
	unknown   = actions.Answer{Outcome: actions.OutcomeUnknown}
	skip      = actions.Answer{Outcome: actions.OutcomeSkip}
	ok        = actions.Answer{Outcome: actions.OutcomeOK}
	recipient = permanent(actions.BlameRecipient)
	request   = permanent(actions.BlameRequest)
	account   = permanent(actions.BlameAccount)
)

// statuses are what answers without a word mean, with what differs for a provider.
func statuses(differs map[int]actions.Answer) map[int]actions.Answer {
	all := map[int]actions.Answer{
		301: request, 302: request, 307: request, 400: request, 401: account, 402: account, 403: account, 404: account, 405: request, 408: retry,
		409: request, 410: request, 413: request, 415: request, 422: request, 425: retry, 429: retry,
		500: retry, 502: retry, 503: retry, 504: retry,
	}
	for status, answer := range differs {
		all[status] = answer
	}
	return all
}

// liar answers every request with a failure of its provider's form, in which all that it was sent is repeated.
func liar(status int, form string) func(net.Conn) {
	return func(conn net.Conn) {
		sent := make([]byte, 8192)
		for {
			n, err := conn.Read(sent)
			if err != nil {
				return
			}
			said := fmt.Sprintf(form, sent[:n])
			_, _ = io.WriteString(conn, fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s", status, len(said), said))
		}
	}
}

func TestExam(t *testing.T) {
	const keyless = "the provider knows a person by the address, and no key"
	for _, test := range []struct {
		provider, more, params string
		good                   string
		differs                map[int]actions.Answer
		lies                   string
	}{
		{"mailchimp", "", `{"email":"a@example.com","list":"abc"}`, `{"id":"1","status":"subscribed"}`,
			map[int]actions.Answer{403: retry, 426: account}, `{"title":"Invalid Resource","detail":%q}`},
		{"brevo", `,"confirm_template":1,"confirm_url":"https://example.com"`, `{"email":"a@example.com","list":2}`, `{"id":7}`,
			nil, `{"code":"invalid_parameter","message":%q}`},
		{"klaviyo", "", `{"email":"a@example.com","list":"Y6nRLr","consent":true}`, `{"data":[]}`,
			map[int]actions.Answer{409: recipient, 410: account}, `{"errors":[{"code":"x","title":"t","detail":%q}]}`},
		{"mailerlite", "", `{"email":"a@example.com","list":"31","tags":["32"]}`, `{"data":{"id":"1","status":"active"}}`,
			map[int]actions.Answer{404: request}, `{"message":%q}`},
		{"listmonk", `,"username":"bell"`, `{"email":"a@example.com","list":1}`, `{"data":{"id":1}}`,
			map[int]actions.Answer{409: recipient}, `{"message":%q}`},
	} {
		t.Run(test.provider, func(t *testing.T) {
			t.Parallel() // most of the time is waiting for who hangs
			actionstest.Run(t, newsletter.Action, actionstest.Bench{
				Account: func(address string) string {
					return fmt.Sprintf(`{"provider":%q,"api_key":%q,"api":"http://%s"%s}`, test.provider, actionstest.Secret, address, test.more)
				},
				Params: func(string) string { return test.params },
				HTTP:   &actionstest.HTTP{Body: test.good, Statuses: statuses(test.differs), Lost: actions.OutcomeRetry, Rubbish: actions.OutcomeRetry},
				Liars: map[string]func(net.Conn){
					"repeats in its own form":        liar(400, test.lies),
					"repeats in its own form, final": liar(401, test.lies),
				},
				Exempt: map[string]string{"same key": keyless},
			})
		})
	}
}
