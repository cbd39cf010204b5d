package cli

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/rogpeppe/go-internal/testscript"

	"shopbell/sources/ecwid/ecwidtest"
)

// TestSent runs the stories of testdata/sent: the real program gets signed events, and what goes out arrives somewhere. Beside the
// commands of [TestScripts] there are
//
//	sent PATTERN          wait until something went out that matches; with ! nothing of it went out so far
//	sent -count N PATTERN and want that it was so many times
//	until PATTERN ARGS…   run shopbell ARGS until its output matches
//	report STATUS [CODE]  Twilio tells what became of the last text; with ! its call is forged, and must be refused
//	pay ORDER             the order is paid now
//	golive FILE           the rules of a recipe are no longer in shadow
//
// In the files of a story SINK, SLACK and MAILPORT stand for where requests, Slack's and mails go to; SINK/refuse takes none, and SINK/locked wants the-right-token. $PAID and $UNPAID are orders
// of two bells and a licence, for 219.80 before shipping.
func TestSent(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/sent", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: setupSent,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start": startCommand, "logged": loggedCommand, "halt": stopCommand, "hangup": hangupCommand, "exits": exitsCommand,
			"sent": sentCommand, "until": untilCommand, "pay": payCommand, "report": reportCommand, "golive": goLiveCommand,
		},
	})
}

type (
	outsideKey struct{}
	storeKey   struct{}
)

// An outside is all that the program can send to: it keeps a line for each thing that arrives.
type outside struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{}
	tell  string // where the sender of the last text wants to hear of it
}

func (o *outside) arrived(line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, line)
	close(o.more)
	o.more = make(chan struct{})
}

// matching gives what has arrived and fits, and a signal for more.
func (o *outside) matching(pattern *regexp.Regexp) (found []string, more <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, line := range o.lines {
		if pattern.MatchString(line) {
			found = append(found, line)
		}
	}
	return found, o.more
}

func (o *outside) all() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.lines, "\n")
}

// ServeHTTP is any system, and Slack's API.
func (o *outside) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/api/chat.postMessage" {
		r.Body = io.NopCloser(bytes.NewReader(body))
		o.arrived(fmt.Sprintf("slack %s %s: %s", r.FormValue("channel"), r.FormValue("thread_ts"), r.FormValue("text")))
		_, _ = io.WriteString(w, `{"ok":true,"channel":"C024BE91L","ts":"1700000000.000100","message":{"text":"x"}}`)
		return
	}
	if strings.HasSuffix(r.URL.Path, "/Messages.json") {
		r.Body = io.NopCloser(bytes.NewReader(body))
		o.callback(r.FormValue("StatusCallback"))
		o.arrived(fmt.Sprintf("sms to %s: %s", r.FormValue("To"), r.FormValue("Body")))
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"sid":"SM1","status":"queued","num_segments":"1"}`)
		return
	}
	o.arrived(fmt.Sprintf("http %s %s %s", r.Method, r.URL.Path, body))
	switch {
	case r.URL.Path == "/refuse":
		w.WriteHeader(http.StatusUnprocessableEntity)
	case r.URL.Path == "/locked" && r.Header.Get("Authorization") != "Bearer the-right-token":
		w.WriteHeader(http.StatusUnauthorized)
	}
	_, _ = io.WriteString(w, `{"number": 17}`)
}

// letterbox is a connection of a sender of mail.
type letterbox struct{ *outside }

func (l letterbox) Mail(string, *smtp.MailOptions) error { return nil }
func (l letterbox) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (l letterbox) Reset()                               {}
func (l letterbox) Logout() error                        { return nil }

func (l letterbox) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body := io.Reader(m.Body)
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	l.arrived(fmt.Sprintf("mail to %s: %s\n%s", m.Header.Get("To"), subject, text))
	return err
}

func setupSent(e *testscript.Env) error {
	if err := setup(e); err != nil {
		return err
	}
	o := &outside{more: make(chan struct{})}
	web := httptest.NewServer(o)
	e.Defer(web.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	post := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return letterbox{o}, nil }))
	post.Domain = "127.0.0.1"
	go func() { _ = post.Serve(l) }()
	e.Defer(func() { _ = post.Close() })
	e.Values[outsideKey{}] = o
	if err := furnishStore(e); err != nil {
		return err
	}
	places := strings.NewReplacer("SINK", web.URL, "SLACK", web.URL+"/api/", "MAILPORT", strconv.Itoa(l.Addr().(*net.TCPAddr).Port))
	return filepath.WalkDir(e.WorkDir, func(path string, d os.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(path, []byte(places.Replace(string(text))), 0o600)
	})
}

// furnishStore makes the store of a story: the one of the other scripts does not sell licences.
func furnishStore(e *testscript.Env) error {
	store := ecwidtest.New(ecwidtest.Options{Token: "secret_scripts", Seed: 7})
	products := store.Keys("products")
	lines := []ecwidtest.Line{{Product: products[0], Quantity: 2}, {Product: products[5], Quantity: 1}}
	for name, payment := range map[string]string{"PAID": "PAID", "UNPAID": "AWAITING_PAYMENT"} {
		order, err := store.PlaceOrder(ecwidtest.OrderOptions{Lines: lines, Payment: payment, ID: name + "1"})
		if err != nil {
			return err
		}
		e.Setenv(name, order)
	}
	api := httptest.NewServer(store)
	e.Defer(api.Close)
	e.Setenv("STORE_API", api.URL+"/api/v3")
	e.Values[storeKey{}] = store
	return nil
}

func payCommand(ts *testscript.TestScript, _ bool, args []string) {
	store := ts.Value(storeKey{}).(*ecwidtest.Store)
	ts.Check(store.UpdateOrder(args[0], func(o map[string]any) { o["paymentStatus"] = "PAID" }))
}

func sentCommand(ts *testscript.TestScript, neg bool, args []string) {
	want := 0
	if len(args) == 3 && args[0] == "-count" {
		n, err := strconv.Atoi(args[1])
		ts.Check(err)
		want, args = n, args[2:]
	}
	if len(args) != 1 {
		ts.Fatalf("usage: sent [-count N] PATTERN")
	}
	o, pattern := ts.Value(outsideKey{}).(*outside), regexp.MustCompile("(?s)"+args[0])
	for late := time.After(20 * time.Second); ; {
		found, more := o.matching(pattern)
		switch {
		case neg && len(found) == 0, !neg && len(found) > 0 && (want == 0 || len(found) == want):
			return
		case neg || want > 0 && len(found) > want:
			ts.Fatalf("%d of it went out: %q", len(found), found)
		}
		select {
		case <-more:
		case <-late:
			ts.Fatalf("nothing like %s went out, or not so often, but:\n%s\nthe log:\n%s", args[0], o.all(), background(ts).log())
		}
	}
}

// untilCommand runs the program again and again: what it tells is on disk, and no log line says when.
func untilCommand(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) < 2 {
		ts.Fatalf("usage: until PATTERN ARGS…")
	}
	pattern := regexp.MustCompile("(?m)" + args[0])
	for late := time.Now().Add(time.Minute); time.Now().Before(late); {
		ts.Check(ts.Exec("shopbell", args[1:]...))
		if pattern.MatchString(ts.ReadFile("stdout")) {
			return
		}
	}
	ts.Fatalf("it never said %s, but:\n%s", args[0], ts.ReadFile("stdout"))
}

func goLiveCommand(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, inShadow) {
		ts.Fatalf("%s is not in shadow", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, inShadow, "")), 0o600))
}
