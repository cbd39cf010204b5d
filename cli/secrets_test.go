package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"shopbell/engine/ledger/postgres/postgrestest"
	"shopbell/freeport"
	"shopbell/sources/ecwid/ecwidtest"
)

const wrongConfig = `
listen: ${env:LISTEN}
database: "${env:DATABASE}"
url: http://127.0.0.1:1
admin: { token: "${env:ADMIN}" }
encryption: { key: "${env:SEAL}" }
http: { allow: ["127.0.0.0/8"] }
sources:
  ecwid:
    kind: ecwid
    client_secret: "${env:CLIENT_SECRET}"
    api: ${env:STORE_API}
    stores: { "1003": { token: "${env:TOKEN}" } }
accounts:
`

// A leak is a run of the program in which each account is wrong, and all that it says.
type leak struct {
	*testing.T
	dir, address string
	env          []string
	liar         *liar
	store        *ecwidtest.Store
	storeLies    atomic.Bool
	program      *process
	stdout       bytes.Buffer
	runs, events int
	secrets      map[string]string // where each is from
	told         map[string]string // all that was said, by where
}

// TestNoSecret has the real program send through accounts of every kind, whose providers refuse them and repeat the secrets in
// all spellings, and looks for those in all that it says and keeps.
func TestNoSecret(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { findLeaks(t, "shopbell.db", nil) })
	t.Run("postgresql", func(t *testing.T) {
		address := postgrestest.Start(t).Database(t)
		findLeaks(t, address, func(l *leak) { l.dump(address) })
	})
}

func findLeaks(t *testing.T, database string, dump func(*leak)) {
	l := &leak{T: t, dir: t.TempDir(), secrets: map[string]string{}, told: map[string]string{}}
	l.open(database)
	for _, m := range moods() {
		l.happen(m)
	}
	l.lie()
	l.readAPI()
	if dump != nil {
		dump(l)
	} else { // what is read from another ledger is shown in the same way
		l.readPages()
		l.commands()
		l.files("while it runs")
	}
	if err := l.program.stop(); err != nil {
		t.Error(err)
	}
	l.files("after the end")
	l.told["standard error"], l.told["standard output"] = l.program.log(), l.stdout.String()
	l.search()
}

// open starts the program, with a rule for each account.
func (l *leak) open(database string) {
	listen, err := freeport.Address()
	if err != nil {
		l.Fatal(err)
	}
	l.address = "http://" + listen
	l.liar = &liar{knows: map[string][]string{}}
	l.liar.mood.Store(&mood{200, false, false})
	providers := httptest.NewServer(l.liar)
	l.Cleanup(providers.Close)
	port := l.liar.openMail(l.T)
	own := map[string]string{"ADMIN": "adm1n/of+the=<&>test", "SEAL": "s3al/of+the=<&>test", "CLIENT_SECRET": "cl1ent/of+the=<&>test", "TOKEN": "st0re-of-the-test"}
	sender := ecwidtest.NewSender(ecwidtest.SenderOptions{URL: l.address + "/webhooks/ecwid", Secret: own["CLIENT_SECRET"]})
	l.Cleanup(func() { _ = sender.Close(context.Background()) })
	l.store = ecwidtest.New(ecwidtest.Options{Token: own["TOKEN"], Send: sender.Send})
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.storeLies.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = fmt.Fprintf(w, "%v %s", spellings(own["TOKEN"]), r.Header)
			return
		}
		l.store.ServeHTTP(w, r)
	}))
	l.Cleanup(api.Close)

	config, rules := wrongConfig, "rules:\n"
	l.env = append(os.Environ(), "LISTEN="+listen, "DATABASE="+database, "STORE_API="+api.URL+"/api/v3")
	for name, secret := range own {
		l.env = append(l.env, name+"="+secret)
		l.secrets[secret] = name
	}
	for _, a := range wrongAccounts() {
		l.liar.knows[a.name] = a.secrets()
		for _, secret := range a.secrets() {
			l.secrets[secret] = a.name
		}
		l.env = append(l.env, a.environment(providers.URL)...)
		config += a.write(providers.URL, port)
		rules += fmt.Sprintf("  - name: %s\n    when: order.created\n    then:\n      - %s\n        account: %s\n        retry: { tries: 1 }\n        on_error: continue\n      - log: { message: done }\n",
			a.name, strings.ReplaceAll(a.step, "LIAR", providers.URL+"/"+a.name), a.name)
	}
	for name, text := range map[string]string{"shopbell.yaml": config, "rules/wrong.yaml": rules} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(l.dir, name)), 0o755); err != nil {
			l.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(l.dir, name), []byte(text), 0o600); err != nil {
			l.Fatal(err)
		}
	}
	command := l.command("serve", "--log", "json")
	command.Stdout = &l.stdout
	if l.program, err = launch(command); err != nil {
		l.Fatal(err)
	}
	l.Cleanup(l.program.kill)
	if _, err := l.program.wait(regexp.MustCompile(`"msg":"ready"`)); err != nil {
		l.Fatal(err)
	}
}

func (l *leak) command(args ...string) *exec.Cmd {
	c := exec.Command(builtProgram(l.T), args...)
	c.Dir, c.Env = l.dir, l.env
	return c
}

// happen places an order while the providers are in a mood, and waits until each account's step has ended.
func (l *leak) happen(m mood) {
	l.liar.mood.Store(&m)
	l.reload()
	if _, err := l.store.PlaceOrder(ecwidtest.OrderOptions{}); err != nil {
		l.Fatal(err)
	}
	l.events++
	l.runs += len(wrongAccounts())
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(40 * time.Second); l.ended() < l.runs; {
		select {
		case <-tick.C:
		case <-late:
			l.Fatalf("%d of %d runs have ended with %+v:\n%s", l.ended(), l.runs, m, l.program.log())
		}
	}
}

// reload has accounts tried again that were found to be broken.
func (l *leak) reload() {
	r, err := http.NewRequest(http.MethodPost, l.address+"/api/v1/reload", nil)
	if err != nil {
		l.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer adm1n/of+the=<&>test")
	l.answered(http.DefaultClient.Do(r))
}

// lie places an order that the store does not tell of: it repeats its token instead. That is waited for.
func (l *leak) lie() {
	l.storeLies.Store(true)
	if _, err := l.store.PlaceOrder(ecwidtest.OrderOptions{}); err != nil {
		l.Fatal(err)
	}
	l.events++
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(40 * time.Second); !strings.Contains(l.get("/api/v1/status"), "last_attest_error"); {
		select {
		case <-tick.C:
		case <-late:
			l.Fatalf("the store's failure is not told:\n%s", l.program.log())
		}
	}
}

// ended counts the runs that go no further.
func (l *leak) ended() (n int) {
	var list struct{ Items []struct{ State string } }
	if err := json.Unmarshal([]byte(l.get("/api/v1/runs?limit=500")), &list); err != nil {
		l.Fatal(err)
	}
	for _, run := range list.Items {
		if run.State == "done" || run.State == "dead" || run.State == "held" {
			n++
		}
	}
	return n
}

// get asks the API.
func (l *leak) get(path string) string {
	r, err := http.NewRequestWithContext(l.Context(), http.MethodGet, l.address+path, nil)
	if err != nil {
		l.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+"adm1n/of+the=<&>test")
	return l.answered(http.DefaultClient.Do(r))
}

// answered gives an answer as it came, head and body.
func (l *leak) answered(a *http.Response, err error) string {
	if err != nil {
		l.Fatal(err)
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		l.Fatal(err)
	}
	return string(body)
}

// readAPI reads every address of the API that can be read, for every event and run.
func (l *leak) readAPI() {
	var contract struct{ Paths map[string]map[string]any }
	if err := json.Unmarshal([]byte(l.get("/api/v1/openapi.json")), &contract); err != nil {
		l.Fatal(err)
	}
	numbers := map[string]int{"{seq}": l.events, "{id}": l.runs}
	for path, methods := range contract.Paths {
		if methods["get"] == nil {
			continue
		}
		path = "/api/v1" + strings.ReplaceAll(path, "{source}", "ecwid")
		hole := regexp.MustCompile(`\{\w+\}`).FindString(path)
		if hole == "" {
			l.told[path] = l.get(path)
		}
		for n := 1; n <= numbers[hole]; n++ {
			at := strings.Replace(path, hole, fmt.Sprint(n), 1)
			l.told[at] = l.get(at)
		}
	}
	for n := 1; n <= l.events; n++ {
		at := fmt.Sprint("/api/v1/explain?event=", n)
		l.told[at] = l.get(at)
	}
	for _, path := range []string{"/metrics", "/healthz", "/readyz"} {
		l.told[path] = l.get(path)
	}
	if len(l.told) < l.runs+2*l.events {
		l.Errorf("only %d answers of the API", len(l.told))
	}
}

var link = regexp.MustCompile(`(?:href|src|action)="(/[^"]*)"`)

// readPages signs in and reads every page that another one leads to.
func (l *leak) readPages() {
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, Timeout: 10 * time.Second}
	l.answered(browser.PostForm(l.address+"/login", url.Values{"token": {"adm1n/of+the=<&>test"}}))
	left := []string{"/"}
	for seen := 0; len(left) > 0 && seen < 600; seen++ {
		path := left[0]
		left = left[1:]
		text := l.answered(browser.Get(l.address + path))
		l.told["page "+path] = text
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			next := html.UnescapeString(found[1])
			if l.told["page "+next] == "" && !slices.Contains(left, next) && !strings.HasPrefix(next, "/log") && !strings.HasPrefix(next, "/live") {
				left = append(left, next)
			}
		}
	}
	if !strings.Contains(l.told["page /runs/1"], "</html>") || !strings.Contains(l.told["page /health"], "mailchimp") {
		l.Errorf("the pages of runs and of accounts were not found: %q", slices.Sorted(maps.Keys(l.told)))
	}
}

// commands runs those that tell of what happened, and tests every account in every mood.
func (l *leak) commands() {
	list := [][]string{{"accounts"}, {"check"}, {"runs", "--limit", "500"}, {"runs", "--json", "--limit", "500"}, {"events"}, {"status"}, {"status", "--json"},
		{"sources"}, {"recipients"}, {"actions"}, {"record", "1"}, {"events", "1"}, {"explain", "--event", "1"}, {"explain", "--event", "2", "--json"}}
	for _, a := range wrongAccounts() {
		list = append(list, []string{"accounts", "test", a.name})
	}
	for n := 1; n <= l.runs; n += l.runs / 8 {
		list = append(list, []string{"runs", fmt.Sprint(n)})
	}
	for i, args := range list {
		m := moods()[i%len(moods())]
		l.liar.mood.Store(&m)
		text, _ := l.command(args...).CombinedOutput() // an account that does not work is a failure
		if len(text) == 0 {
			l.Errorf("%v says nothing", args)
		}
		l.told["shopbell "+strings.Join(args, " ")] = string(text)
	}
}

// files reads all that the program keeps.
func (l *leak) files(when string) {
	err := filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		l.told[path+" "+when] = string(text)
		return err
	})
	if err != nil {
		l.Error(err)
	}
}

// dump reads every row of every table of a database.
func (l *leak) dump(address string) {
	ctx := l.Context()
	c, err := pgx.Connect(ctx, address)
	if err != nil {
		l.Fatal(err)
	}
	defer c.Close(ctx)
	rows, _ := c.Query(ctx, `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 3 {
		l.Fatalf("%d tables: %v", len(tables), err)
	}
	for _, table := range tables {
		rows, _ := c.Query(ctx, "SELECT t::text FROM "+table+" t")
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			l.Fatal(err)
		}
		l.told["table "+table] = strings.Join(lines, "\n")
	}
}

// search looks for every spelling of every secret in all that was said.
func (l *leak) search() {
	type spelling struct{ form, of string }
	begins := map[string][]spelling{} // by their first letters, so that each place is read once
	const letters = 8
	var second [1 << 16]bool
	for secret, of := range l.secrets {
		for _, form := range spellings(secret) {
			begins[form[:letters]] = append(begins[form[:letters]], spelling{form, of})
			second[int(form[0])<<8|int(form[1])] = true
		}
	}
	size, hidden := 0, 0
	for where, text := range l.told {
		size += len(text)
		hidden += strings.Count(text, "[secret]")
		for at := 0; at+letters <= len(text); at++ {
			if !second[int(text[at])<<8|int(text[at+1])] {
				continue
			}
			for _, s := range begins[text[at:at+letters]] {
				if strings.HasPrefix(text[at:], s.form) {
					l.Errorf("%s tells a secret of %s: %q", where, s.of, text[max(0, at-100):min(len(text), at+len(s.form)+40)])
				}
			}
		}
	}
	// Where nothing had to be hidden, nothing was tried.
	if l.Logf("%d places, %d bytes, %d times hidden", len(l.told), size, hidden); hidden < l.runs {
		l.Errorf("only %d secrets were put out of sight, in %d runs", hidden, l.runs)
	}
}
