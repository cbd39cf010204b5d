package email_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
	"shopbell/actions/email"
)

const params = `{"to":"ann@example.com","subject":"hello","text":"hello"}`

func TestExam(t *testing.T) {
	login := `,"username":"shop","password":"` + actionstest.Secret + `"`
	echo := func(code string) func(net.Conn) {
		return scripted(map[string]string{"AUTH": code + " you said " + actionstest.Secret})
	}
	actionstest.Run(t, email.Action, actionstest.Bench{
		Account: func(address string) string { return account(address, login) },
		Params:  func(string) string { return params },
		Liars: map[string]func(net.Conn){
			"repeats with 535": echo("535"),
			"repeats with 454": echo("454"),
			"repeats later":    scripted(map[string]string{"RCPT": "550 you said " + actionstest.Secret}),
		},
		Exempt: map[string]string{
			"statuses": "SMTP has replies, see TestReplies",
			"same key": "SMTP knows no key; the Message-ID holds it, see TestMessage",
		},
	})
}

func send(t *testing.T, config, params string) (actions.Result, error) {
	t.Helper()
	out, err := email.Action.Open(actions.Env{}, json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	return out.Send(t.Context(), actions.Call[json.RawMessage]{Key: "run-7-0", Try: 1, Params: json.RawMessage(params)})
}

// TestReplies holds what each refusal means, wherever in a session it comes. The enhanced code counts although the
// server does not advertise it.
func TestReplies(t *testing.T) {
	retry := actions.Answer{Outcome: actions.OutcomeRetry}
	later := actions.Answer{Outcome: actions.OutcomeRetry, Wait: 5 * time.Minute}
	recipient := actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameRecipient}
	gone := recipient
	gone.Stop = actions.Recipient{Channel: actions.Mail, Address: "ann@example.com"}
	request := actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameRequest}
	account_ := actions.Answer{Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount}
	for _, test := range []struct {
		at, reply string
		want      actions.Answer
	}{
		{"", "421 busy", retry},
		{"", "554 no service here", account_},
		{"EHLO", "421 busy", retry},
		{"AUTH", "454 4.7.0 not now", retry},
		{"AUTH", "535 5.7.8 wrong", account_},
		{"AUTH", "534 5.7.9 stronger", account_},
		{"AUTH", "530 5.7.0 TLS first", account_},
		{"AUTH", "538 encrypt", account_},
		{"MAIL", "421 4.3.2 going down", retry},
		{"MAIL", "451 try later", retry},
		{"MAIL", "530 5.7.0 sign in", account_},
		{"MAIL", "550 5.1.8 bad sender", account_},
		{"MAIL", "553 not your address", account_},
		{"MAIL", "552 5.3.4 too big", request},
		{"RCPT", "450 4.2.1 mailbox busy", retry},
		{"RCPT", "451 4.7.1 greylisted", later},
		{"RCPT", "450 4.7.1 greylisted", later},
		{"RCPT", "452 4.2.2 mailbox full", retry},
		{"RCPT", "550 5.1.1 no such user", gone},
		{"RCPT", "550 5.1.10 no such domain", gone},
		{"RCPT", "550 5.2.1 disabled", gone},
		{"RCPT", "550 no such user", recipient},
		{"RCPT", "551 not here", gone},
		{"RCPT", "553 no", gone},
		{"RCPT", "552 5.2.2 full", recipient},
		{"RCPT", "554 5.7.1 relay access denied", account_},
		{"RCPT", "550 5.7.26 not authenticated", account_},
		{"DATA", "451 later", retry},
		{"DATA", "554 no valid recipients", request},
		{".", "451 4.3.0 later", retry},
		{".", "452 4.3.1 disk full", retry},
		{".", "550 5.7.1 spam", account_},
		{".", "552 5.2.3 too big", request},
		{".", "552 5.2.2 full", recipient},
		{".", "554 5.6.0 bad content", request},
		{".", "550 5.1.1 no such user", gone},
		{".", "554 no", request},
	} {
		t.Run(test.at+" "+test.reply, func(t *testing.T) {
			address := actionstest.Listen(t, scripted(map[string]string{test.at: test.reply}))
			_, err := send(t, account(address, `,"username":"shop","password":"hunter2"`), params)
			if got := actions.OutcomeOf(err); got != test.want {
				t.Errorf("got %+v (%v), want %+v", got, err, test.want)
			} else if want := "127.0.0.1 says " + test.reply; err.Error() != want {
				t.Errorf("got %q, want %q", err, want)
			}
		})
	}
}

// TestDrops holds what is known when the connection is lost, or the server falls silent, at each point of a session.
func TestDrops(t *testing.T) {
	for _, test := range []struct {
		at   string
		want actions.Outcome
	}{
		{"", actions.OutcomeRetry}, {"EHLO", actions.OutcomeRetry}, {"AUTH", actions.OutcomeRetry}, {"MAIL", actions.OutcomeRetry},
		{"RCPT", actions.OutcomeRetry}, {"DATA", actions.OutcomeRetry}, {".", actions.OutcomeUnknown}, {"QUIT", actions.OutcomeOK},
	} {
		for _, how := range []string{drop, hang, "rubbish", "2", "999 what"} {
			if how == "999 what" && test.at == "QUIT" {
				how = "500 what"
			}
			t.Run(test.at+" "+how, func(t *testing.T) {
				address := actionstest.Listen(t, scripted(map[string]string{test.at: how}))
				begun := time.Now()
				timeout := "400ms"
				_, err := send(t, account(address, `,"username":"shop","password":"hunter2","timeout":"`+timeout+`"`), params)
				if got := actions.OutcomeOf(err); got.Outcome != test.want {
					t.Errorf("got %+v: %v", got, err)
				}
				if took := time.Since(begun); took > 4*time.Second {
					t.Errorf("it took %s", took)
				}
			})
		}
	}
}

// TestContextEnds holds that a hanging server is left when the context ends, whatever the account's time.
func TestContextEnds(t *testing.T) {
	for at, want := range map[string]actions.Outcome{"": actions.OutcomeRetry, "RCPT": actions.OutcomeRetry, ".": actions.OutcomeUnknown, "QUIT": actions.OutcomeOK} {
		address := actionstest.Listen(t, scripted(map[string]string{at: hang}))
		out, err := email.Action.Open(actions.Env{}, json.RawMessage(account(address, "")))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		begun := time.Now()
		_, err = out.Send(ctx, actions.Call[json.RawMessage]{Key: "k", Try: 1, Params: json.RawMessage(params)})
		cancel()
		if got := actions.OutcomeOf(err); got.Outcome != want || time.Since(begun) > 4*time.Second {
			t.Errorf("%q: got %+v after %s: %v", at, got, time.Since(begun), err)
		}
	}
}

// TestMismatch holds what is the account's fault although no server said so.
func TestMismatch(t *testing.T) {
	plain := scripted(map[string]string{"EHLO": "250 test"})
	realPort, ca, _ := realServer(t, false)
	_, otherCA := certificate(t)
	host, port, _ := net.SplitHostPort(actionstest.Listen(t, plain))
	for _, test := range []struct{ name, config, want string }{
		{"no STARTTLS", `{"host":"` + host + `","port":` + port + `,"from":"a@example.com"}`, "127.0.0.1 offers no STARTTLS; see the account's tls"},
		{"no AUTH", `{"host":"` + host + `","port":` + port + `,"tls":"none","username":"u","password":"p","from":"a@example.com"}`, "127.0.0.1 offers no way to sign in that is known here"},
		{"no TLS", `{"host":"` + host + `","port":` + port + `,"tls":"tls","from":"a@example.com"}`, "127.0.0.1 does not speak TLS there; see the account's tls and port"},
		{"not trusted", fmt.Sprintf(`{"host":"127.0.0.1","port":%d,"from":"a@example.com"}`, realPort), "127.0.0.1 has a certificate that is not trusted"},
		{"other authority", fmt.Sprintf(`{"host":"127.0.0.1","port":%d,"from":"a@example.com","ca":%q}`, realPort, otherCA), "127.0.0.1 has a certificate that is not trusted"},
		{"wrong password", fmt.Sprintf(`{"host":"127.0.0.1","port":%d,"from":"a@example.com","ca":%q,"username":"shop","password":"hunter3"}`, realPort, ca), "127.0.0.1 says 535 5.7.8 Authentication failed"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := send(t, test.config, params)
			got := actions.OutcomeOf(err)
			if got.Outcome != actions.OutcomePermanent || got.Blame != actions.BlameAccount || err.Error() != test.want {
				t.Errorf("got %+v: %v", got, err)
			}
		})
	}
}

// TestMessage reads back what a real server got, through STARTTLS and through TLS, with AUTH.
func TestMessage(t *testing.T) {
	for _, way := range []string{"starttls", "tls"} {
		t.Run(way, func(t *testing.T) {
			port, ca, mails := realServer(t, way == "tls")
			config := fmt.Sprintf(`{"host":"localhost","port":%d,"tls":%q,"ca":%q,"username":"shop","password":"hunter2","from":"Łódź Shop <shop@example.com>","reply_to":"help@example.com"}`, port, way, ca)
			result, err := send(t, config, `{"to":["Ann Żak <ann@example.com>","bob@bücher.example"],"cc":"carl@example.com, dora@example.com","bcc":"eve@example.com",
				"subject":"Zamówienie 7 — dziękujemy 🛎","text":"Cześć!\n.\nEnd","html":"<p>Cześć <b>Ann</b></p>"}`)
			if err != nil {
				t.Fatal(err)
			}
			if result["message_id"] != "run-7-0@example.com" {
				t.Errorf("got %v", result)
			}
			m := <-mails
			want := []string{"ann@example.com", "bob@xn--bcher-kva.example", "carl@example.com", "dora@example.com", "eve@example.com"}
			if !m.tls || m.user != "shop" || m.from != "shop@example.com" || !slices.Equal(m.to, want) {
				t.Errorf("got %+v", m)
			}
			readBack(t, m.text)
		})
	}
}

func readBack(t *testing.T, text string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	decode := func(name string) string {
		s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get(name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return s
	}
	for name, want := range map[string]string{
		"Subject": "Zamówienie 7 — dziękujemy 🛎", "From": `"Łódź Shop" <shop@example.com>`, "Message-Id": "<run-7-0@example.com>",
		"Auto-Submitted": "auto-generated", "Reply-To": "<help@example.com>", "Bcc": "", "X-Mailer": "", "User-Agent": "",
	} {
		if got := decode(name); strings.ReplaceAll(got, `"`, "") != strings.ReplaceAll(want, `"`, "") {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	if at, err := m.Header.Date(); err != nil || time.Since(at) > time.Minute {
		t.Errorf("Date: %v, %v", at, err)
	}
	if strings.Contains(text, "eve@") {
		t.Error("the blind copy shows")
	}
	kind, values, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("got %s, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, values["boundary"])
	for _, want := range []struct{ kind, body string }{{"text/plain; charset=UTF-8", "Cześć!\r\n.\r\nEnd"}, {"text/html; charset=UTF-8", "<p>Cześć <b>Ann</b></p>"}} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
			if body, err = io.ReadAll(quotedprintable.NewReader(bytes.NewReader(body))); err != nil {
				t.Fatal(err)
			}
		}
		got := strings.ReplaceAll(strings.ReplaceAll(strings.TrimRight(string(body), "\r\n"), "\r\n", "\n"), "\n", "\r\n")
		if p.Header.Get("Content-Type") != want.kind || got != want.body {
			t.Errorf("got %s %q, want %s %q", p.Header.Get("Content-Type"), got, want.kind, want.body)
		}
	}
}

// TestHTMLOnly holds that a text is made when there is none.
func TestHTMLOnly(t *testing.T) {
	port, ca, mails := realServer(t, false)
	config := fmt.Sprintf(`{"host":"localhost","port":%d,"ca":%q,"username":"shop","password":"hunter2","from":"shop@example.com"}`, port, ca)
	if _, err := send(t, config, `{"to":"ann@example.com","subject":"x","html":"<h1>Hello</h1><p>Pay <a href=\"https://example.com/p\">here</a></p>"}`); err != nil {
		t.Fatal(err)
	}
	if m := <-mails; !strings.Contains(m.text, "Hello\r\n\r\nPay here (https://example.com/p)") || !strings.Contains(m.text, "text/html") {
		t.Errorf("got %s", m.text)
	}
}

// TestInjection holds that nothing from a rule or a customer adds a header, a recipient or a command.
func TestInjection(t *testing.T) {
	port, ca, mails := realServer(t, false)
	config := fmt.Sprintf(`{"host":"localhost","port":%d,"ca":%q,"username":"shop","password":"hunter2","from":"shop@example.com"}`, port, ca)
	if _, err := send(t, config, `{"to":"\"A\\\" B\" <ann@example.com>","subject":"a\r\nBcc: eve@example.com\r\n\r\nbody","text":"x\r\n.\r\nMAIL FROM:<eve@example.com>\r\n"}`); err != nil {
		t.Fatal(err)
	}
	m := <-mails
	if !slices.Equal(m.to, []string{"ann@example.com"}) || len(mails) > 0 {
		t.Errorf("got %v", m.to)
	}
	read, err := netmail.ReadMessage(strings.NewReader(m.text))
	if err != nil || read.Header.Get("Bcc") != "" || read.Header.Get("Subject") == "" {
		t.Errorf("got %v, %v", read.Header, err)
	}
	for _, to := range []string{"ann@example.com\r\nRCPT TO:<eve@example.com>", "ann@example.com> SIZE=1", "ann", "ann@", "@example.com", "ann@exam ple.com", "\x00ann@example.com"} {
		text, err := json.Marshal(map[string]any{"to": []string{to + " {{"}, "subject": "x", "text": "x"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = send(t, config, string(text))
		if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomePermanent {
			t.Errorf("%q: got %+v, %v", to, got, err)
		}
	}
	if len(mails) > 0 {
		t.Error("a message was sent")
	}
}

// TestOneRefused holds that nobody gets a message of which one recipient is refused, and that it is known which.
func TestOneRefused(t *testing.T) {
	port, ca, mails := realServer(t, false)
	config := fmt.Sprintf(`{"host":"localhost","port":%d,"ca":%q,"username":"shop","password":"hunter2","from":"shop@example.com"}`, port, ca)
	_, err := send(t, config, `{"to":["nobody@example.com","ann@example.com"],"subject":"x","text":"x"}`)
	if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomePermanent || got.Blame != actions.BlameRecipient || got.Stop != person("nobody@example.com") {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(mails) > 0 {
		t.Error("a message was sent")
	}
}

func TestRefusedUnsent(t *testing.T) {
	for params, want := range map[string]actions.Blame{
		`{"to":"","subject":"x","text":"x"}`:                actions.BlameRecipient,
		`{"to":[],"subject":"x","text":"x"}`:                actions.BlameRecipient,
		`{"to":[""],"cc":"a@b.c","subject":"x","text":"x"}`: actions.BlameRecipient,
		`{"to":"a@example.com","subject":"x"}`:              actions.BlameRequest,
		`{"to":"a@example.com","subject":"x","text":"x","bcc":["` + strings.Repeat(`a@b.c","`, 100) + `a@b.c"]}`: actions.BlameRequest,
	} {
		_, err := send(t, account("127.0.0.1:1", ""), params)
		if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomePermanent || got.Blame != want {
			t.Errorf("%.80s: got %+v, %v", params, got, err)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	for config, want := range map[string]string{
		`{"host":"h","from":"nobody"}`:                     `from: "nobody" is not an e-mail address`,
		`{"host":"h","from":"a@b.c","reply_to":"x y"}`:     `reply_to: "x y" is not an e-mail address`,
		`{"host":"h","from":"a@b.c","password":"hunter2"}`: "password is given without username",
		`{"host":"h","from":"a@b.c","ca":"none.pem"}`:      "ca: open none.pem: no such file or directory",
		`{"host":"h","from":"a@b.c","ca":"email_test.go"}`: "ca: email_test.go holds no PEM certificate",
		`{"host":"h\r\n","from":"a@b.c"}`:                  "host: this does not have the form that is wanted",
	} {
		if _, err := email.Action.Open(actions.Env{}, json.RawMessage(config)); fmt.Sprint(err) != want {
			t.Errorf("%s: got %v", config, err)
		}
	}
}

// TestUnsubscribeHeaders holds what a mail program needs for its own button (RFC 8058), on messages that have it and no others.
func TestUnsubscribeHeaders(t *testing.T) {
	port, ca, mails := realServer(t, false)
	config := fmt.Sprintf(`{"host":"localhost","port":%d,"ca":%q,"username":"shop","password":"hunter2","from":"shop@example.com"}`, port, ca)
	out, err := email.Action.Open(actions.Env{}, json.RawMessage(config))
	if err != nil {
		t.Fatal(err)
	}
	address := "https://bell.example.com/unsubscribe/" + strings.Repeat("x", 250)
	for _, address := range []string{address, ""} {
		call := actions.Call[json.RawMessage]{Key: "k", Try: 1, Unsubscribe: address, Params: json.RawMessage(params)}
		if _, err := out.Send(t.Context(), call); err != nil {
			t.Fatal(err)
		}
		m, err := netmail.ReadMessage(strings.NewReader((<-mails).text))
		if err != nil {
			t.Fatal(err)
		}
		want, click := "", ""
		if address != "" {
			want, click = "<"+address+">", "List-Unsubscribe=One-Click"
		}
		if got := strings.TrimSpace(m.Header.Get("List-Unsubscribe")); got != want || m.Header.Get("List-Unsubscribe-Post") != click {
			t.Errorf("got %q and %q, want %q and %q", got, m.Header.Get("List-Unsubscribe-Post"), want, click)
		}
	}
}
