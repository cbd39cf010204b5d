package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"shopbell/rules"
	"shopbell/sources/ecwid/ecwidtest"
)

// reloading is a house whose rules post to a sink that refuses what a rule posts first.
type reloading struct {
	*testing.T
	house  *house
	folder string
	store  *ecwidtest.Store
	bodies chan string
	sink   string
}

func newReloading(t *testing.T) *reloading {
	r := &reloading{T: t, folder: t.TempDir(), bodies: make(chan string, 100)}
	var later atomic.Bool
	to := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		if !later.Swap(true) {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		r.bodies <- string(body)
	}))
	t.Cleanup(to.Close)
	var sender *ecwidtest.Sender
	r.store = ecwidtest.New(ecwidtest.Options{Token: "secret_store", Send: func(n ecwidtest.Notice) { sender.Send(n) }})
	api := httptest.NewServer(r.store)
	t.Cleanup(api.Close)
	write(t, r.folder, "shopbell.yaml", fmt.Sprintf(`listen: 127.0.0.1:0
admin: { token: "0123456789abcdef0123" }
http: { allow: [127.0.0.0/8] }
sources:
  ecwid: { kind: ecwid, client_secret: "%s", api: "%s/api/v3", stores: { "1003": { token: "%s" } } }
`, appSecret(t, r.folder), api.URL, reference(t, r.folder, "token", "secret_store")))
	r.sink = to.URL
	write(t, r.folder, "rules/a.yaml", postRule(r.sink, "one"))
	write(t, r.folder, "rules/1003/own.yaml", rule("own"))
	r.house = running(t, r.folder)
	sender = ecwidtest.NewSender(ecwidtest.SenderOptions{URL: r.house.address() + "/webhooks/ecwid", Secret: "abcde123456789"})
	t.Cleanup(func() { _ = sender.Close(t.Context()) })
	return r
}

func postRule(url, word string) string {
	return fmt.Sprintf(`rules:
  - name: post
    when: order.created
    then:
      - http: { url: "%s", body: "%s {{ order.id }}" }
        retry: { tries: 5, first: 1s, max: 1s }
`, url, word)
}

// order places an order and gives its number.
func (r *reloading) order() string {
	id, err := r.store.PlaceOrder(ecwidtest.OrderOptions{})
	if err != nil {
		r.Fatal(err)
	}
	return id
}

// next wants a body at the sink.
func (r *reloading) next(want string) {
	r.Helper()
	select {
	case got := <-r.bodies:
		if got != want {
			r.Errorf("%q was posted, want %q", got, want)
		}
	case <-time.After(20 * time.Second):
		r.Fatalf("%q was never posted", want)
	}
}

// call makes a request with the token, and gives status and body.
func (r *reloading) call(method, path string) (int, string) {
	r.Helper()
	q, err := http.NewRequestWithContext(r.Context(), method, r.house.address()+path, nil)
	if err != nil {
		r.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer 0123456789abcdef0123")
	answer, err := http.DefaultClient.Do(q)
	if err != nil {
		r.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		r.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// metrics wants lines of /metrics, each a pattern.
func (r *reloading) metrics(want ...string) {
	r.Helper()
	_, text := r.call("GET", "/metrics")
	for _, line := range want {
		if !regexp.MustCompile("(?m)^" + line + "$").MatchString(text) {
			r.Errorf("/metrics has no line %s; it has\n%s", line, strings.Join(regexp.MustCompile(`(?m)^shopbell_rules.*`).FindAllString(text, -1), "\n"))
		}
	}
}

// TestReload holds that a run which waits goes on with the rule that began it, that new events meet the new rule, and that
// the answer and the metrics tell how it went.
func TestReload(t *testing.T) {
	r := newReloading(t)
	r.metrics(`shopbell_rules 2`, `shopbell_rules_last_reload_successful 1`, `shopbell_rules_info\{revision="`+r.house.keeper.set().Revision()+`"\} 1`,
		`shopbell_rules_last_reload_success_timestamp_seconds 1\.\d+e\+09`, `shopbell_rules_reloads_total\{result="success"\} 1`)
	early := r.order()
	r.next("one " + early) // refused: it waits
	write(t, r.folder, "rules/a.yaml", postRule(r.sink, "two"))
	if status, body := r.call("POST", "/api/v1/reload"); status != 200 || !strings.Contains(body, `"broken":false`) {
		t.Errorf("a reload answers %d %s", status, body)
	}
	late := r.order()
	got := map[string]bool{<-r.bodies: true, <-r.bodies: true}
	if !got["one "+early] || !got["two "+late] {
		t.Errorf("after the reload came %v", got)
	}

	write(t, r.folder, "rules/1003/own.yaml", "rules:\n  - nam: own\n  - name: x\n    whn: y\n")
	status, body := r.call("POST", "/api/v1/reload")
	var answer struct {
		Error       struct{ Message, Hint string }
		Directories []struct {
			Name     string
			Rules    int
			Problems []struct {
				File    string
				Message string
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 422 || len(answer.Directories) != 1 ||
		answer.Directories[0].Name != "1003" || answer.Directories[0].Rules != 1 || len(answer.Directories[0].Problems) != 1 ||
		!strings.Contains(answer.Error.Message, "own.yaml:2:") || strings.Contains(answer.Error.Hint, "not changed") {
		t.Errorf("with a broken directory it answers %d %s (%v)", status, body, err)
	}
	r.metrics(`shopbell_rules 2`, `shopbell_rules_last_reload_successful 0`, `shopbell_rules_directories\{state="broken"\} 1`,
		`shopbell_rules_directory_broken\{directory="1003"\} 1`, `shopbell_rules_problems\{severity="problem"\} [1-9]`,
		`shopbell_rules_reloads_total\{result="failure"\} [1-9]`)

	write(t, r.folder, "rules/1003/own.yaml", rule("own"))
	if status, body := r.call("POST", "/api/v1/reload"); status != 200 {
		t.Errorf("mended, it answers %d %s", status, body)
	}
	r.metrics(`shopbell_rules_last_reload_successful 1`, `shopbell_rules_directories\{state="broken"\} 0`, `shopbell_rules_directories\{state="good"\} 2`)
}

// TestOnlyWhatChangedIsLogged holds that a log is not filled with what it has been told already, nor by ten thousand
// folders that break at once.
func TestOnlyWhatChangedIsLogged(t *testing.T) {
	files := map[string]string{}
	for i := range 300 {
		files[fmt.Sprintf("%d/own.yaml", i)] = strings.ReplaceAll(rule("own"), "when", "whn")
	}
	f := keeping(t, filepath.Join(t.TempDir(), "rules"), files)
	const words = "level=ERROR"
	if n := f.lines.count(words); n != maxProblemsLogged+1 || f.lines.count("more problems in rule files\" more=") != 1 {
		t.Fatalf("%d lines tell of 300 folders", n)
	}
	f.write(f.path("7/own.yaml"), strings.ReplaceAll(rule("own"), "then", "thn"))
	f.write(f.path("8/own.yaml"), rule("good"))
	f.refresh(nil)
	s := <-f.swaps
	if got := names(s); len(got) != 1 || got[0] != "8/good" {
		t.Errorf("in use are %q", got)
	}
	if n := f.lines.count(words) - maxProblemsLogged - 1; n < 1 || n > 3 || f.lines.count("7/own.yaml") < 1 {
		t.Errorf("%d lines more", n)
	}
	if n := f.lines.count(`changed="7, 8"`); n != 1 {
		t.Errorf("%d lines tell what has changed:\n%s", n, strings.Join(f.lines.all[len(f.lines.all)-3:], ""))
	}
	f.refresh(nil)
	if err := f.reload(t.Context()); err == nil || !strings.Contains(err.Error(), "0/own.yaml") {
		t.Errorf("a reload of broken folders says %v", err)
	}
	if n := f.lines.count("rules reloaded"); n != 2 {
		t.Errorf("%d reloads are told, want the change and the one that was asked for", n)
	}
}

// TestNobodyWaitsForAReading holds that the rules can be asked for while they are read.
func TestNobodyWaitsForAReading(t *testing.T) {
	f := keeping(t, filepath.Join(t.TempDir(), "rules"), map[string]string{"a.yaml": rule("a")})
	asked := false
	f.use = func(*rules.Set) {
		asked = len(f.rulebook().Rules()) == 1 && f.reloaded().OK
	}
	if err := f.reload(t.Context()); err != nil || !asked {
		t.Errorf("the rules could not be asked for while a reload went on (%v)", err)
	}
}
