package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/engine"
	"shopbell/engine/ledger/postgres/postgrestest"
	"shopbell/engine/ledger/sqlite"
	"shopbell/event"
	"shopbell/freeport"
	"shopbell/sources/ecwid/ecwidtest"
)

const movingConfig = `
listen: ${env:LISTEN}
database: "%s"
admin: { token: admin-token-of-the-test }
http: { allow: ["127.0.0.0/8"] }
sources:
  ecwid:
    kind: ecwid
    client_secret: ${env:SECRET}
    api: ${env:STORE_API}
    stores: { "1003": { token: "${env:TOKEN}" } }
`

const movingRules = `
rules:
  - name: tell
    when: order.created
    then:
      - http: { url: "${SINK}/{{ order.orderComments }}", body: "{{ order.id }}" }
        retry: { tries: 12, first: 2s, max: 3s }
  - name: then-tell
    when: order.created
    if: order.orderComments == "hang"
    then:
      - http: { url: "${SINK}/after", body: "{{ order.id }}" }
`

// A receiver is where steps go, with what arrived: "path order", each with the keys it came with.
type receiver struct {
	*httptest.Server
	sick     atomic.Bool // then /hang does not answer and /fail fails
	arrivals chan string
	mu       sync.Mutex
	keys     map[string][]string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{arrivals: make(chan string, 1000), keys: map[string][]string{}}
	r.sick.Store(true)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		order, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		what := strings.TrimPrefix(q.URL.Path, "/") + " " + string(order)
		r.keys[what] = append(r.keys[what], q.Header.Get("webhook-id"))
		r.mu.Unlock()
		r.arrivals <- what
		switch sick := r.sick.Load(); {
		case sick && q.URL.Path == "/hang":
			<-q.Context().Done()
		case sick && q.URL.Path == "/fail":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// next waits for so many arrivals.
func (r *receiver) next(t *testing.T, n int) {
	t.Helper()
	late := time.After(time.Minute)
	for range n {
		select {
		case <-r.arrivals:
		case <-late:
			t.Fatalf("only some of %d requests came; so far %v", n, r.keys)
		}
	}
}

// A removal is a shop whose ledger moves.
type removal struct {
	*testing.T
	dir     string
	env     []string
	store   *ecwidtest.Store
	sink    *receiver
	apiDown atomic.Bool
	server  *process
}

func newRemoval(t *testing.T) *removal {
	m := &removal{T: t, dir: t.TempDir(), sink: newReceiver(t)}
	listen, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	sender := ecwidtest.NewSender(ecwidtest.SenderOptions{URL: "http://" + listen + "/webhooks/ecwid", Secret: partsSecret})
	t.Cleanup(func() { _ = sender.Close(context.Background()) })
	m.store = ecwidtest.New(ecwidtest.Options{Token: partsToken, Send: sender.Send})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if m.apiDown.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		m.store.ServeHTTP(w, q)
	}))
	t.Cleanup(api.Close)
	url := postgrestest.Start(t).Database(t)
	m.env = append(os.Environ(), "LISTEN="+listen, "SECRET="+partsSecret, "TOKEN="+partsToken, "STORE_API="+api.URL+"/api/v3", "DATABASE="+url)
	for name, text := range map[string]string{"file.yaml": fmt.Sprintf(movingConfig, "file.db"), "shared.yaml": fmt.Sprintf(movingConfig, "${env:DATABASE}"),
		"back.yaml": fmt.Sprintf(movingConfig, "back.db"), "rules/tell.yaml": strings.ReplaceAll(movingRules, "${SINK}", m.sink.URL)} {
		path := filepath.Join(m.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if m.server != nil {
			m.server.kill()
		}
	})
	return m
}

func (m *removal) serve(config string) {
	m.Helper()
	command := exec.Command(builtProgram(m.T), "serve", "-c", config)
	command.Dir, command.Env = m.dir, m.env
	var err error
	if m.server, err = launch(command); err != nil {
		m.Fatal(err)
	}
	if _, err := m.server.wait(regexp.MustCompile(`msg=ready`)); err != nil {
		m.Fatal(err)
	}
}

// run runs a command that must go well, and gives what it prints.
func (m *removal) run(args ...string) string {
	m.Helper()
	command := exec.Command(builtProgram(m.T), args...)
	command.Dir, command.Env = m.dir, m.env
	var wrong strings.Builder
	command.Stderr = &wrong
	out, err := command.Output()
	if err != nil {
		m.Fatalf("%v: %v\n%s%s", args, err, out, wrong.String())
	}
	return string(out)
}

func (m *removal) order(comments string, n int) {
	m.Helper()
	for range n {
		if _, err := m.store.PlaceOrder(ecwidtest.OrderOptions{Comments: comments}); err != nil {
			m.Fatal(err)
		}
	}
}

// lists gives all events and runs of a ledger as the API shows them. How a run that was cut off is written differs by ledger.
func (m *removal) lists(config string) (list []string) {
	m.Helper()
	for _, what := range []string{"events", "runs"} {
		var form struct{ Items []map[string]any }
		text := m.run(what, "--json", "--limit", "500", "-c", config)
		if err := json.Unmarshal([]byte(text), &form.Items); err != nil {
			if err = json.Unmarshal([]byte(text), &form); err != nil {
				m.Fatalf("%v: %s", err, text)
			}
		}
		for _, item := range form.Items {
			if item["state"] == "started" {
				item["state"] = "due"
			}
			if item["due"] == item["updated"] {
				delete(item, "due")
			}
			line, _ := json.Marshal(item)
			list = append(list, what+" "+string(line))
		}
	}
	if len(list) < 10 {
		m.Fatalf("only %d lines: %v", len(list), list)
	}
	return list
}

// patience is how long work may take to be done: a node looks for what it was not told of every two minutes.
const patience = 150 * time.Second

// until waits until a state of a list is empty, or not.
func (m *removal) until(what, state, config string, none bool) {
	m.Helper()
	late := time.After(patience)
	for {
		text := m.run(what, "--state", state, "-c", config)
		if strings.HasPrefix(text, "no ") == none {
			return
		}
		select {
		case <-late:
			m.Fatalf("%s are still so:\n%s", what, text)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// TestMovingHouse kills a busy server, moves its ledger into PostgreSQL, works on, and moves back: everything is done, nothing
// twice but what was cut off, and lists stay the same.
func TestMovingHouse(t *testing.T) {
	m := newRemoval(t)
	m.serve("file.yaml")
	m.order("fine", 8)
	m.order("fail", 2)
	m.order("hang", 1)
	m.sink.next(t, 11)
	m.until("runs", "started", "file.yaml", false)
	m.apiDown.Store(true)
	m.order("late", 3)
	for end := time.After(patience); strings.Count(m.run("events", "--state", "pending", "-c", "file.yaml"), "order.created") < 3; {
		select {
		case <-end:
			t.Fatal("the events that wait for the store did not come")
		case <-time.After(20 * time.Millisecond):
		}
	}
	m.server.kill()

	m.run("ledger", "check", "-c", "file.yaml")
	if out := m.run("ledger", "copy", "file.yaml", "shared.yaml", "--verify"); !strings.Contains(out, "runs started") || !strings.Contains(out, "events pending") {
		t.Errorf("the copy was of nothing under way:\n%s", out)
	}
	m.run("ledger", "check", "-c", "shared.yaml")
	m.same("file.yaml", "shared.yaml")

	m.sink.sick.Store(false)
	m.apiDown.Store(false)
	m.serve("shared.yaml")
	m.order("fine", 40)
	for range 8 { // beside a server that works
		m.run("ledger", "check", "-c", "shared.yaml")
	}
	m.run("ledger", "check", "--repair", "-c", "shared.yaml")
	if text, err := m.try("ledger", "copy", "shared.yaml", "other.db"); err == nil || !strings.Contains(text, "servers work on the database") {
		t.Errorf("a ledger moves although a server works on it: %v\n%s", err, text)
	}
	m.settle("shared.yaml")
	m.run("ledger", "check", "-c", "shared.yaml")
	if err := m.server.stop(); err != nil {
		t.Fatalf("%v:\n%s", err, m.server.log())
	}
	m.run("ledger", "copy", "shared.yaml", "back.yaml", "--verify")
	m.run("ledger", "check", "-c", "back.yaml")
	m.same("shared.yaml", "back.yaml")
	m.serve("back.yaml")
	m.order("fine", 1)
	m.settle("back.yaml")
	if err := m.server.stop(); err != nil {
		t.Fatalf("%v:\n%s", err, m.server.log())
	}
	m.checkArrivals()
}

func (m *removal) settle(config string) {
	m.Helper()
	m.until("events", "pending", config, true)
	m.until("runs", "due", config, true)
	m.until("runs", "started", config, true)
	m.until("runs", "due", config, true)
}

func (m *removal) same(a, b string) {
	m.Helper()
	x, y := m.lists(a), m.lists(b)
	for i := range x {
		if i >= len(y) || x[i] != y[i] {
			m.Fatalf("%s and %s differ at line %d of %d and %d:\n%s\n%s", a, b, i, len(x), len(y), x[i], y[min(i, len(y)-1)])
		}
	}
}

// checkArrivals wants every order once, and more often only what had been refused or cut off: by the same key.
func (m *removal) checkArrivals() {
	m.Helper()
	m.sink.mu.Lock()
	defer m.sink.mu.Unlock()
	of := map[string]int{}
	for what, keys := range m.sink.keys {
		path, _, _ := strings.Cut(what, " ")
		of[path]++
		for _, key := range keys {
			if key != keys[0] || key == "" {
				m.Errorf("%s came with the keys %v", what, keys)
			}
		}
		if (path == "fine" || path == "late" || path == "after") && len(keys) != 1 || path == "hang" && len(keys) != 2 || path == "fail" && len(keys) < 2 {
			m.Errorf("%s came %d times", what, len(keys))
		}
	}
	if of["fine"] != 49 || of["late"] != 3 || of["hang"] != 1 || of["fail"] != 2 || of["after"] != 1 {
		m.Errorf("orders that arrived: %v", of)
	}
}

// TestMovingKilled kills the copy itself with SIGKILL, and has the same command go on.
func TestMovingKilled(t *testing.T) {
	m := newRemoval(t)
	m.fill("file.db", 20_000)
	for _, way := range [][2]string{{"file.yaml", "shared.yaml"}, {"shared.yaml", "back.yaml"}} {
		for _, share := range []string{"20", "60"} {
			command := exec.Command(builtProgram(t), "ledger", "copy", way[0], way[1])
			command.Dir, command.Env = m.dir, m.env
			copying, err := launch(command)
			if err != nil {
				t.Fatal(err)
			}
			_, err = copying.wait(regexp.MustCompile(`^[0-9]+ of 30000 events and runs \(` + share + `%\)$`))
			copying.kill()
			if err != nil {
				t.Fatal(err)
			}
		}
		if text, err := m.try("serve", "-c", way[1]); err == nil || !strings.Contains(text, "half a copy") {
			t.Errorf("a server starts on half a copy: %v %s", err, text)
		}
		if out := m.run("ledger", "copy", way[0], way[1], "--verify"); !strings.HasPrefix(out, "carried the rest of ") || !strings.Contains(out, "10000  runs due") {
			t.Errorf("the copy did not go on:\n%s", out)
		}
		m.run("ledger", "check", "-c", way[1])
	}
}

// fill makes a ledger of many events, every other with a run that is due.
func (m *removal) fill(name string, n int) {
	m.Helper()
	l, err := sqlite.Open(m.Context(), filepath.Join(m.dir, name), sqlite.Options{})
	if err != nil {
		m.Fatal(err)
	}
	now := time.Now()
	revision := &engine.Revision{Hash: "rev", Name: "tell", Text: "name: tell"}
	var changes []engine.Change
	for i := range n {
		a := &engine.Accept{Record: &engine.Record{State: engine.EventUnmatched, Event: event.Event{Source: "ecwid", Store: "1003", ID: fmt.Sprint("e", i),
			Type: "order.created", Subject: fmt.Sprint("order/", i), Created: now, Received: now, Body: json.RawMessage(`{"eventId":"e"}`)}}}
		if i%2 == 0 {
			a.Record.State = engine.EventPlanned
			a.Runs = []*engine.NewRun{{Revision: revision, Run: &engine.Run{Rule: "tell", Revision: "rev", State: engine.RunDue, Outlet: "http", Due: now, Created: now, Updated: now}}}
		}
		changes = append(changes, a)
	}
	if err := errors.Join(l.Commit(m.Context(), changes), l.Close()); err != nil {
		m.Fatal(err)
	}
}

// try runs a command and gives what it says, and how it ends.
func (m *removal) try(args ...string) (string, error) {
	m.Helper()
	command := exec.Command(builtProgram(m.T), args...)
	command.Dir, command.Env = m.dir, m.env
	out, err := command.CombinedOutput()
	return string(out), err
}
