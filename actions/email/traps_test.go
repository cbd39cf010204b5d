package email_test

import (
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/actions/actionstest"
)

// What the library says and what has happened are not the same. Each of these is one trap, seen against a server that does it.

// The library gives an error although the message was taken: sending it again would be sending it twice.
func TestTrapErrorAfterDelivery(t *testing.T) {
	for _, verb := range []string{"QUIT", "RSET", "NOOP"} {
		for _, how := range []string{drop, hang, "451 4.3.0 trouble", "554 5.0.0 trouble"} {
			address := actionstest.Listen(t, scripted(map[string]string{verb: how}))
			result, err := send(t, account(address, `,"timeout":"1s"`), params)
			if err != nil || result["message_id"] == "" {
				t.Errorf("%s %s: got %v, %v", verb, how, result, err)
			}
		}
	}
}

// heard is what a server was told.
type heard struct {
	mu   sync.Mutex
	text string
}

// take gives what was heard since it was asked last.
func (h *heard) take() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	text := h.text
	h.text = ""
	return text
}

// serving is a server that says the usual, and notes what it is told.
func (h *heard) serving(conn net.Conn) { scripted(nil)(&hearing{conn, h}) }

type hearing struct {
	net.Conn
	into *heard
}

// Read implements [net.Conn].
func (r *hearing) Read(p []byte) (int, error) {
	n, err := r.Conn.Read(p)
	r.into.mu.Lock()
	defer r.into.mu.Unlock()
	r.into.text += string(p[:n])
	return n, err
}

// The library's errors are not temporary when the connection breaks, though nothing is more so; only after the final dot is it
// not known what has become of the message.
func TestTrapBrokenConnection(t *testing.T) {
	for at, want := range map[string]actions.Outcome{
		"": actions.OutcomeRetry, "EHLO": actions.OutcomeRetry, "MAIL": actions.OutcomeRetry, "RCPT": actions.OutcomeRetry,
		"DATA": actions.OutcomeRetry, ".": actions.OutcomeUnknown,
	} {
		address := actionstest.Listen(t, scripted(map[string]string{at: drop}))
		_, err := send(t, account(address, ""), params)
		if got := actions.OutcomeOf(err); got.Outcome != want || got.Blame != "" {
			t.Errorf("%q: got %+v (%v), want %s", at, got, err, want)
		}
	}
}

// The library's errors of dialling are of another type than those of sending.
func TestTrapDialling(t *testing.T) {
	for _, address := range []string{actionstest.Nobody(t), "host.invalid:25"} {
		_, err := send(t, account(address, `,"timeout":"5s"`), params)
		if got := actions.OutcomeOf(err); got.Outcome != actions.OutcomeRetry || !strings.Contains(err.Error(), "could not be reached") {
			t.Errorf("%s: got %+v: %v", address, got, err)
		}
	}
}

// The library gives no enhanced code when the server does not advertise that it has them, though it is in its words.
func TestTrapEnhancedCode(t *testing.T) {
	for _, hello := range []string{"250 test", "250-test\r\n250 ENHANCEDSTATUSCODES"} {
		for reply, want := range map[string]actions.Answer{
			"550 5.1.1 no such user": {Outcome: actions.OutcomePermanent, Blame: actions.BlameRecipient, Stop: person("ann@example.com")},
			"550 5.7.1 policy":       {Outcome: actions.OutcomePermanent, Blame: actions.BlameAccount},
			"451 4.7.1 greylisted":   {Outcome: actions.OutcomeRetry, Wait: 5 * time.Minute},
		} {
			address := actionstest.Listen(t, scripted(map[string]string{"EHLO": hello, "RCPT": reply}))
			_, err := send(t, account(address, ""), params)
			if got := actions.OutcomeOf(err); got != want {
				t.Errorf("%s after %q: got %+v, want %+v", reply, hello, got, want)
			}
		}
	}
}

// The library puts line breaks in a subject into a code, refuses them in an address, and names itself in each message.
func TestTrapHeaders(t *testing.T) {
	h := &heard{}
	address := actionstest.Listen(t, h.serving)
	if _, err := send(t, account(address, ""), `{"to":"ann@example.com","subject":"a\r\nBcc: eve@example.com\r\n\r\nRCPT TO:<eve@example.com>","text":"x"}`); err != nil {
		t.Fatal(err)
	}
	got := h.take()
	_, data, _ := strings.Cut(got, "DATA\r\n")
	m, err := netmail.ReadMessage(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if m.Header.Get("Bcc") != "" || m.Header.Get("User-Agent") != "" || m.Header.Get("X-Mailer") != "" || strings.Count(got, "\r\nRCPT TO:") != 1 {
		t.Errorf("got %s", got)
	}
	_, err = send(t, account(address, ""), `{"to":"ann@example.com\r\nRCPT TO:<eve@example.com>","subject":"x","text":"x"}`)
	if answer := actions.OutcomeOf(err); answer.Outcome != actions.OutcomePermanent || h.take() != "" {
		t.Errorf("got %+v: %v, and said %q", answer, err, h.take())
	}
}
