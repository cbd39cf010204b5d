package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// A mood is how the liar answers.
type mood struct {
	status int
	form   bool // in a form that every provider's failures are read from; else as plain text
	more   bool // and then something that nobody has asked for
}

// moods has what the kinds sort differently.
func moods() []mood {
	return []mood{{200, true, false}, {200, false, false}, {302, false, false}, {400, true, false}, {401, false, false}, {403, false, true}, {422, true, false},
		{429, true, false}, {500, false, false}}
}

// A liar is every provider at once. It knows the secrets of the account that a request is of, and repeats them in all spellings,
// another one first each time.
type liar struct {
	mood  atomic.Pointer[mood]
	turn  atomic.Int64
	knows map[string][]string // the secrets of each account
}

// said is what it says of an account's secrets. The beginning of it is what people are shown.
func (l *liar) said(account string) string {
	var all []string
	for _, secret := range l.knows[account] {
		all = append(all, spellings(secret)...)
	}
	if len(all) == 0 {
		return "nothing"
	}
	first := int(l.turn.Add(1)) * 5 % len(all)
	return strings.Join(append(append([]string{}, all[first:]...), all[:first]...), " ")
}

// ServeHTTP implements [http.Handler]. The first part of the path is the account's name.
func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	account, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if rest == "good-token" {
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": goodToken(account), "expires_in": 3600})
		return
	}
	m, said := l.mood.Load(), l.said(account)
	if m.more {
		goOn(w, m.status, said)
		return
	}
	for _, name := range []string{"X-Request-Id", "Www-Authenticate", "Retry-After", "X-Sib-Ratelimit-Reset", "Set-Cookie"} {
		w.Header().Set(name, said)
	}
	w.Header().Set("Location", "http://127.0.0.1:1/"+strings.ReplaceAll(said, " ", "/"))
	if !m.form {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(m.status)
		_, _ = fmt.Fprintf(w, "%s %s %v %s", said, r.RequestURI, r.Header, body)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(m.status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"ok": false, "error": said, "error_description": said, "error_message": said, "needed": said, "provided": said,
		"response_metadata": map[string]any{"messages": []string{said}},
		"code":              said, "message": said, "title": said, "detail": said, "sid": said, "id": said, "status": "failed", "error_code": said,
		"messages": []any{map[string]string{"status": "4", "error-text": said, "message-id": said}}, "message-count": 1, "messageId": said,
		"errors": []any{map[string]any{"code": said, "title": said, "detail": said, "field": said, "message": said, "source": map[string]string{"pointer": said}}},
		"data":   said,
	})
}

// goOn answers, and goes on when all has been said.
func goOn(w http.ResponseWriter, status int, said string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 200 %s\r\n\r\n%s", status, said, said)
	_, _ = io.Copy(io.Discard, conn)
}

// serveMail is a mail server that repeats the password: when it is told it, or afterwards.
func (l *liar) serveMail(conn net.Conn) {
	defer conn.Close()
	say := func(code int) { _, _ = fmt.Fprintf(conn, "%d 5.7.8 %s\r\n", code, l.said("mail")) }
	_, _ = io.WriteString(conn, "220 liar ESMTP\r\n")
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		switch verb, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " "); {
		case verb == "EHLO":
			_, _ = io.WriteString(conn, "250-liar\r\n250 AUTH PLAIN LOGIN\r\n")
		case verb == "AUTH" && l.mood.Load().form:
			_, _ = io.WriteString(conn, "235 2.7.0 fine\r\n")
		case verb == "AUTH" && l.mood.Load().status >= 500:
			say(454)
		case verb == "AUTH":
			say(535)
		case verb == "QUIT":
			return
		default:
			say(550)
		}
	}
}

func (l *liar) openMail(t *testing.T) (port string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go l.serveMail(conn)
		}
	}()
	_, port, _ = net.SplitHostPort(listener.Addr().String())
	return port
}
