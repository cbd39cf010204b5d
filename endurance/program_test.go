//go:build linux

package endurance

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"shopbell/engine/ledger/postgres/postgrestest"
	"shopbell/freeport"
)

var built = flag.String("program", "", "a program that is built already, to test that")

// binary builds the program once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	if *built != "" {
		return filepath.Abs(*built)
	}
	dir, err := os.MkdirTemp("", "shopbell-endurance")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "shopbell")
	build := exec.Command("go", "build", "-o", path, "..")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is handed out
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	beDeaf()
	code := m.Run()
	postgrestest.StopShared()
	if path, err := binary(); err == nil && *built == "" {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// program is a Shopbell in a folder of its own.
type program struct {
	*testing.T
	dir, address string
	database     string // an address whose password no log may tell; "" for a file
	cmd          *exec.Cmd
	ended        chan struct{}
	log          *os.File
}

const secret, token = "endurance-secret", "endurance-admin-token"

const ruleFile = `
rules:
  - name: tell
    when: order.created
    if: event.data.total > 100
    then:
      - http: { url: "%s/", json: { order: "{{ event.data.orderId }}" } }
`

// A setup is what a program is told.
type setup struct {
	rules    string
	database string // "" means a file
	ecwid    string // what is said of the source; "" means that nothing is read back
	accounts string // "" means none
}

func telling(sink string) setup { return setup{rules: fmt.Sprintf(ruleFile, sink)} }

const claims = `
    attest: never
    stores: { "1003": { token: none } }`

func newProgram(t *testing.T, dir, sink string) *program {
	t.Helper()
	return newProgramWith(t, dir, telling(sink))
}

func newProgramWith(t *testing.T, dir string, s setup) *program {
	t.Helper()
	p := &program{T: t, dir: dir, address: freeAddress(t), database: s.database}
	p.write("rules/tell.yaml", s.rules)
	p.write("shopbell.yaml", fmt.Sprintf(`
listen: %s
database: %q
rules: rules
admin: { token: %s }
http: { allow: ["127.0.0.0/8"] }
sources:
  ecwid:
    kind: ecwid
    client_secret: %s%s
%s
`, p.address, cmp.Or(s.database, "data/shopbell.db"), token, secret, cmp.Or(s.ecwid, claims), s.accounts))
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	p.log = log
	t.Cleanup(func() {
		p.kill()
		_ = log.Close()
		p.checkLog()
	})
	return p
}

// checkLog holds that the log tells no password, and shows its end when the test has failed.
func (p *program) checkLog() {
	text := p.logged()
	if u, err := url.Parse(p.database); err == nil && u.User != nil {
		if password, _ := u.User.Password(); strings.Contains(text, ":"+password+"@") {
			p.Error("the log tells the password of the database")
		}
	}
	if p.Failed() {
		p.Logf("the log of the program at %s ends:\n%s", p.address, text[max(0, len(text)-4000):])
	}
}

// logged gives what the program has said.
func (p *program) logged() string {
	text, err := os.ReadFile(p.log.Name())
	if err != nil {
		p.Error(err)
	}
	return string(text)
}

func (p *program) write(name, text string) {
	p.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		p.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		p.Fatal(err)
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// start starts the program, and tells how long it took until it was ready.
func (p *program) start() time.Duration {
	p.Helper()
	p.launch()
	return p.await(30 * time.Second)
}

// launch starts the program, and does not wait.
func (p *program) launch() {
	p.Helper()
	path, err := binary()
	if err != nil {
		p.Fatal(err)
	}
	cmd := exec.Command(path, "serve")
	cmd.Dir, cmd.Stderr, cmd.Stdout = p.dir, p.log, p.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		p.Fatal(err)
	}
	ended := make(chan struct{})
	p.cmd, p.ended = cmd, ended
	go func() { _ = cmd.Wait(); close(ended) }()
}

// await waits until the program is ready, and tells how long that took.
func (p *program) await(most time.Duration) time.Duration {
	p.Helper()
	for began := time.Now(); time.Since(began) < most; {
		if status, _ := p.readyz(); status == http.StatusOK {
			return time.Since(began)
		}
		select {
		case <-p.ended:
			p.Fatal("the program ended at its start")
		case <-time.After(2 * time.Millisecond):
		}
	}
	p.Fatalf("the program was not ready within %v", most)
	return 0
}

// readyz asks whether events are taken. 0 means that there was no answer.
func (p *program) readyz() (status int, text string) {
	answer, err := client.Get("http://" + p.address + "/readyz")
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	said, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(said)
}

// kill ends the program at once, wherever it is.
func (p *program) kill() {
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	p.cmd = nil
}

// notification gives the n-th event, as Ecwid would send it.
func notification(n int) (body []byte, signature string) {
	created, id := int64(1735689600+n), fmt.Sprintf("ev-%d", n)
	body = fmt.Appendf(nil, `{"eventId":%q,"eventCreated":%d,"storeId":1003,"entityId":%d,"eventType":"order.created","data":{"orderId":"ord-%d","total":%d}}`, id, created, n, n, 100+n%2)
	return body, sign(created, id)
}

func sign(created int64, id string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "%d.%s", created, id)
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

var client = &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}

// post sends the n-th event once. 0 means that there was no answer.
func (p *program) post(n int) (status int, header http.Header) {
	return p.send(notification(n))
}

// send sends a notification once. 0 means that there was no answer.
func (p *program) send(body []byte, signature string) (status int, header http.Header) {
	r, err := http.NewRequest(http.MethodPost, "http://"+p.address+"/webhooks/ecwid", bytes.NewReader(body))
	if err != nil {
		p.Error(err)
		return 0, nil
	}
	r.Header.Set("X-Ecwid-Webhook-Signature", signature)
	answer, err := client.Do(r)
	if err != nil {
		return 0, nil
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
	return answer.StatusCode, answer.Header
}

// get asks the program's API.
func (p *program) get(path string, into any) (took time.Duration) {
	p.Helper()
	r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://"+p.address+path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	began := time.Now()
	answer, err := client.Do(r)
	if err != nil {
		p.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	took = time.Since(began)
	if err != nil || answer.StatusCode != http.StatusOK {
		p.Fatalf("%s answered %d %s %v", path, answer.StatusCode, text, err)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			p.Fatal(err)
		}
	}
	return took
}

// sink counts what arrives, by idempotency key and by order.
type sink struct {
	*httptest.Server
	mu     sync.Mutex
	byKey  map[string]int
	orders map[string]int
	total  int
	down   bool
}

func newSink(t *testing.T) *sink {
	s := &sink{byKey: map[string]int{}, orders: map[string]int{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var said struct{ Order string }
		text, _ := io.ReadAll(r.Body)
		if json.Unmarshal(text, &said) != nil {
			return // cut off by a kill: it has not arrived
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.down {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		s.byKey[r.Header.Get("webhook-id")]++
		s.orders[strings.TrimPrefix(said.Order, "ord-")]++
		s.total++
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *sink) setDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

func (s *sink) distinct() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.orders)
}

// wait waits until n distinct orders have arrived.
func (s *sink) wait(t *testing.T, n int, most time.Duration) {
	t.Helper()
	for end := time.Now().Add(most); s.distinct() < n; {
		if time.Now().After(end) {
			t.Fatalf("%d of %d orders arrived within %v", s.distinct(), n, most)
		}
		<-time.After(5 * time.Millisecond)
	}
}
