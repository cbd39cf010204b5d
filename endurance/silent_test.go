//go:build linux

package endurance

import (
	"cmp"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/actions/standard"
	"shopbell/sources/ecwid/ecwidtest"
)

// A reach says how the account of a kind of action is written so that all it sends comes to an address of the test, and what a step
// says, if not what the kind's example says.
type reach struct {
	account string // with %[1]s for host:port, %[2]s for the host and %[3]s for the port; "" for none
	step    string // "" means the example
	// The kind sends nothing to the account's address: it changes the store through its source, or nothing leaves at all.
	throughStore, stays bool
}

// reaches has every kind that is declared. One that is not here fails the test.
var reaches = map[string]reach{
	"ecwid":       {account: "{ kind: ecwid }", throughStore: true},
	"email":       {account: "{ kind: email, host: %[2]q, port: %[3]s, tls: none, from: shop@example.com }"},
	"file":        {account: "{ kind: file, folder: . }", stays: true},
	"http":        {account: "{ kind: http, token: sesame }"}, // its example's address is the test's, see [steps]
	"license_key": {stays: true, step: "license_key: { generate: pin }"},
	"log":         {stays: true},
	"newsletter":  {account: "{ kind: newsletter, provider: mailchimp, api_key: 0123456789abcdef-us1, api: \"http://%[1]s\" }"},
	"notify":      {account: "{ kind: notify, service: ntfy, to: shop, token: sesame, api: \"http://%[1]s\" }"},
	"sheet":       {account: "{ kind: sheet, key: " + serviceKey() + ", api: \"http://%[1]s\", token_url: \"http://%[1]s/token\" }"},
	"slack":       {account: "{ kind: slack, token: xoxb-1, api: \"http://%[1]s/api/\" }"},
	"sms":         {account: "{ kind: sms, provider: twilio, account_sid: AC00000000000000000000000000000000, auth_token: sesame, from: \"+15005550006\", api: \"http://%[1]s\" }"},
	"sql":         {account: "{ kind: sql, driver: postgres, url: \"postgres://shop:sesame@%[1]s/shop\", tls: none, tables: [orders] }"},
}

// An ear is an address of which it is known how often it was called.
type ear struct {
	net.Listener
	calls atomic.Int64
}

func newEar(t *testing.T) *ear {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &ear{Listener: l}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			e.calls.Add(1)
			_ = c.Close()
		}
	}()
	return e
}

// A silence is a program with an account and a rule of every kind, among ears.
type silence struct {
	*testing.T
	program *program
	shop    *ecwidtest.Store
	ears    map[string]*ear // by kind

	notices       chan ecwidtest.Notice
	asked, stored atomic.Int64 // calls of the store's API: all, and those that change something
}

func newSilence(t *testing.T) *silence {
	s := &silence{T: t, ears: map[string]*ear{}, notices: make(chan ecwidtest.Notice, 100)}
	s.shop = ecwidtest.New(ecwidtest.Options{Rate: -1, Send: func(n ecwidtest.Notice) { s.notices <- n }})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.asked.Add(1); r.Method != http.MethodGet {
			s.stored.Add(1)
		}
		s.shop.ServeHTTP(w, r)
	}))
	t.Cleanup(api.Close)
	accounts := "accounts:\n"
	for _, k := range standard.Kinds() {
		way, known := reaches[k.Name]
		switch {
		case !known:
			t.Fatalf("it is not said how the account of %s reaches an address of the test: add it to reaches", k.Name)
		case cmp.Or(way.step, k.Example) == "":
			t.Fatalf("%s has no example", k.Name)
		case !way.stays && !way.throughStore:
			s.ears[k.Name] = newEar(t)
		}
		if way.account != "" {
			accounts += "  " + k.Name + ": " + s.placed(way.account, k.Name) + "\n"
		}
	}
	s.program = newProgramWith(t, t.TempDir(), setup{rules: s.rules(""), accounts: accounts, ecwid: fmt.Sprintf("\n    attest: always\n    api: %s/api/v3\n"+
		"    stores: { \"1003\": { token: secret_test } }", api.URL)})
	return s
}

// placed puts a kind's address into a text.
func (s *silence) placed(text, kind string) string {
	if e := s.ears[kind]; e != nil && strings.Contains(text, "%[") {
		host, port, _ := net.SplitHostPort(e.Addr().String())
		return strings.NewReplacer("%[1]s", e.Addr().String(), "%[2]q", host, "%[3]s", port).Replace(text)
	}
	return text
}

var anySite = regexp.MustCompile(`https?://[^/"{} ]+`)

// rules has one rule for each kind, with its example as the step. What comes after the message is in each of them.
func (s *silence) rules(mode string) string {
	var b strings.Builder
	b.WriteString("rules:\n")
	for _, k := range standard.Kinds() {
		step := cmp.Or(reaches[k.Name].step, strings.TrimSpace(k.Example))
		if e := s.ears[k.Name]; e != nil {
			step = anySite.ReplaceAllString(step, "http://"+e.Addr().String())
		}
		fmt.Fprintf(&b, "  - name: use-%s\n    when: order.created\n    if: order.total >= 0\n%s    then:\n      - id: it\n        %s\n", strings.ReplaceAll(k.Name, "_", "-"), mode,
			strings.ReplaceAll(step, "\n", "\n        "))
	}
	return b.String()
}

const inShadow = "    mode: shadow\n"

// order places an order in the shop, and has the program hear of it.
func (s *silence) order() {
	s.Helper()
	if _, err := s.shop.PlaceOrder(ecwidtest.OrderOptions{}); err != nil {
		s.Fatal(err)
	}
	for {
		n := <-s.notices
		if status, _ := s.program.send(ecwidtest.Notification(n), sign(n.Created, n.ID)); status != http.StatusOK {
			s.Fatalf("an event was answered %d", status)
		}
		if n.Type == "order.created" {
			return
		}
	}
}

// shadowed waits until each kind has a step that was carried out as a shadow.
func (s *silence) shadowed() {
	s.Helper()
	missing := func() (names []string) {
		var page struct {
			Items []struct {
				State string
				Steps []struct{ Action, Mode string }
			}
		}
		s.program.get("/api/v1/runs?limit=500", &page)
		seen := map[string]bool{}
		for _, run := range page.Items {
			for _, step := range run.Steps {
				seen[step.Action] = seen[step.Action] || step.Mode == "shadow" && run.State == "done"
			}
		}
		for _, k := range standard.Kinds() {
			if !seen[k.Name] {
				names = append(names, k.Name)
			}
		}
		return names
	}
	for end := time.Now().Add(30 * time.Second); len(missing()) > 0; <-time.After(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("no step was carried out as a shadow of: %q\n%s", missing(), s.program.open())
		}
	}
}

// silent holds that nobody was called.
func (s *silence) silent(after string) {
	s.Helper()
	for kind, e := range s.ears {
		if n := e.calls.Load(); n > 0 {
			s.Errorf("after %s, %s has called %d times", after, kind, n)
		}
	}
	if n := s.stored.Load(); n > 0 {
		s.Errorf("after %s, the store was changed %d times", after, n)
	}
}

// heard waits until everybody was called.
func (s *silence) heard() {
	s.Helper()
	missing := func() (names []string) {
		for kind, e := range s.ears {
			if e.calls.Load() == 0 {
				names = append(names, kind)
			}
		}
		if s.stored.Load() == 0 {
			names = append(names, "the store")
		}
		return names
	}
	for end := time.Now().Add(30 * time.Second); len(missing()) > 0; <-time.After(20 * time.Millisecond) {
		if time.Now().After(end) {
			s.Fatalf("the same rules, live, have not reached: %q\n%s", missing(), s.program.open())
		}
	}
}

// command is one of the program's, in its folder.
func (s *silence) command(args ...string) *exec.Cmd {
	s.Helper()
	path, err := binary()
	if err != nil {
		s.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = s.program.dir
	return cmd
}

func (s *silence) output(cmd *exec.Cmd) (stdout, stderr string, err error) {
	var out, said strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &said
	err = cmd.Run()
	return out.String(), said.String(), err
}

// failed tells whether a command could not do what it is for: it ends with 1 when there is a difference, or a test fails.
func failed(cmd *exec.Cmd, err error) bool { return err != nil && cmd.ProcessState.ExitCode() != 1 }

// run runs a command in the program's folder.
func (s *silence) run(args ...string) (stdout string) {
	s.Helper()
	cmd := s.command(args...)
	out, said, err := s.output(cmd)
	if failed(cmd, err) {
		s.Fatalf("shopbell %q: %v\n%s%s", args, err, out, said)
	}
	return out
}

// offline are the commands that look at rules and events, and what each must have said, as proof that it has looked.
func (s *silence) offline() []struct{ args, says string } {
	return []struct{ args, says string }{
		{"check", "rule"},
		{"record 1", "order.created"},
		{"record 1 --out rules/one_test.yaml", "one_test.yaml"},
		{"test rules", "order.created"},
		{"test --update rules", "passed"},
		{"explain --event 1", "use-http"},
		{"explain --recipient customer@example.com", ""},
		{"backtest --rules new --since all", "use-http"},
	}
}

// TestNothingLeaves holds that shadow, check, record, test, explain and backtest call nobody, with a rule and an account of every kind
// of action, and that the same rules, live, call everybody: for the same event.
func TestNothingLeaves(t *testing.T) {
	t.Parallel()
	s := newSilence(t)
	s.program.write("rules/tell.yaml", s.rules(inShadow))
	s.program.start()
	s.order()
	s.shadowed()
	s.silent("shadow")
	s.program.kill()

	s.program.write("rules/tell.yaml", s.rules(""))
	s.program.write("new/tell.yaml", strings.ReplaceAll(s.rules(""), "order.total >= 0", "order.total >= -1"))
	asked := s.asked.Load()
	for _, c := range s.offline() {
		out := s.run(strings.Fields(c.args)...)
		if !strings.Contains(out, c.says) {
			t.Errorf("shopbell %s has not looked:\n%s", c.args, out)
		}
		s.silent(c.args)
		if now := s.asked.Load(); now != asked {
			t.Errorf("shopbell %s has asked the store %d times", c.args, now-asked)
			asked = now
		}
	}

	expected, err := os.ReadFile(filepath.Join(s.program.dir, "rules/one_test.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range standard.Kinds() {
		if !strings.Contains(string(expected), k.Name+":") {
			t.Errorf("shopbell test has not seen a step of %s:\n%s", k.Name, expected)
		}
	}

	s.program.start()
	if out := s.run("events", "replay", "1"); !strings.Contains(out, "again") {
		t.Errorf("the event is not replayed: %s", out)
	}
	s.heard()
}
