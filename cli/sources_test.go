package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/engine"
	"shopbell/engine/ledger/sqlite"
	"shopbell/secret"
	"shopbell/sources/ecwid/ecwidtest"
)

// running starts a house in a folder and gives its address.
func running(t *testing.T, folder string) *house {
	t.Helper()
	p := &program{stdout: io.Discard, stderr: io.Discard, config: filepath.Join(folder, "shopbell.yaml"), named: true}
	c, err := p.load()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	h, err := p.furnish(ctx, c, slog.New(slog.DiscardHandler), nil, nil)
	if err != nil {
		stop()
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- h.run(ctx, nil) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return h
}

const reconcileRules = `rules:
  - name: created
    when: order.created
    then: [{ http: { url: "SINK", body: "created {{ order.id }}" } }]
  - name: paid
    when: [order.created, order.updated]
    if: became(order.paymentStatus, was?.paymentStatus, "PAID")
    then: [{ http: { url: "SINK", body: "paid {{ order.id }}" } }]
  - name: low
    when: product.updated
    if: (product.quantity ?? 99) <= 3 && was != nil && (was.quantity ?? 99) > 3
    then: [{ http: { url: "SINK", body: "low {{ product.id }}" } }]
  - name: gone
    when: order.deleted
    then: [{ http: { url: "SINK", body: "gone {{ event.subject }}" } }]
`

// TestLostWebhooks loses three of ten webhooks of a simulated store, and sends the others doubled and in any order. With
// polling, every rule fires exactly once for each thing that happened all the same.
func TestLostWebhooks(t *testing.T) {
	to := newSink(t)
	folder := t.TempDir()
	var sender *ecwidtest.Sender
	var polls polling
	store := ecwidtest.New(ecwidtest.Options{Token: "secret_store", Rate: 100_000, Send: func(n ecwidtest.Notice) {
		if sender != nil {
			sender.Send(n)
		}
	}})
	api := httptest.NewServer(polls.watch(store))
	t.Cleanup(api.Close)
	write(t, folder, "shopbell.yaml", fmt.Sprintf(`listen: 127.0.0.1:0
admin: { token: "0123456789abcdef0123" }
http: { allow: [127.0.0.0/8] }
sources:
  ecwid: { kind: ecwid, client_secret: "%s", api: "%s/api/v3", poll: 1s, stores: { "1003": { token: "%s" } } }
`, appSecret(t, folder), api.URL, reference(t, folder, "token", "secret_store")))
	write(t, folder, "rules/a.yaml", strings.ReplaceAll(reconcileRules, "SINK", to.URL))
	h := running(t, folder)
	sender = ecwidtest.NewSender(ecwidtest.SenderOptions{URL: h.address() + "/webhooks/ecwid", Secret: "abcde123456789", Parallel: 4, Unordered: true, Doubled: true, Lost: 0.3, Seed: 4})
	t.Cleanup(func() {
		ended, cancel := context.WithCancel(context.Background())
		cancel() // what it would try again some day is of no interest
		_ = sender.Close(ended)
	})
	polls.until(t, 2) // the first sync

	var want []string
	var orders []string
	for i := range 30 {
		id, err := store.PlaceOrder(ecwidtest.OrderOptions{Payment: "AWAITING_PAYMENT", ID: fmt.Sprintf("LOST%d", i)})
		if err != nil {
			break // the products are sold out
		}
		orders = append(orders, id)
		want = append(want, "created "+id, "paid "+id)
	}
	if len(orders) < 10 {
		t.Fatalf("only %d orders could be placed", len(orders))
	}
	for _, id := range orders {
		if err := store.UpdateOrder(id, func(o map[string]any) { o["paymentStatus"] = "PAID" }); err != nil {
			t.Fatal(err)
		}
	}
	low := store.AddProduct(ecwidtest.Product{Name: "Scarce", SKU: "SCARCE", Price: 5, Quantity: 9})
	to.until(t, want)
	polls.until(t, polls.count()+8) // the new product is known from here on
	if err := store.SetQuantity(low, 2); err != nil {
		t.Fatal(err)
	}
	if err := store.DeleteOrder(orders[0]); err != nil {
		t.Fatal(err)
	}
	want = append(want, "low "+low, "gone order/"+orders[0])
	to.until(t, want)
	polls.until(t, polls.count()+8) // what comes late would come now
	for what, n := range to.counts() {
		if n != 1 || !slices.Contains(want, what) && !strings.HasPrefix(what, "low ") {
			t.Errorf("%q came %d times", what, n)
		}
	}
}

const loopRules = `rules:
  - name: ship
    when: order.updated
    if: became(order.paymentStatus, was?.paymentStatus, "PAID")
    then: [{ ecwid: { store: "{{ store.id }}", order: "{{ order.id }}", fulfillment_status: SHIPPED } }]
  - name: every change
    when: order.updated
    then: [{ http: { url: "SINK", body: "changed to {{ order.fulfillmentStatus }}" } }]
  - name: our own
    when: order.updated
    if: event.self
    then: [{ http: { url: "SINK", body: "we made it {{ order.fulfillmentStatus }}" } }]
`

// TestOurOwnChangesDoNotEcho has a rule change an order of a simulated store, which tells of that as of any other change.
func TestOurOwnChangesDoNotEcho(t *testing.T) {
	to := newSink(t)
	l := newTelling(t, to, "ecwid", loopRules)
	store := l.store
	l.tell()
	id, err := store.PlaceOrder(ecwidtest.OrderOptions{Payment: "AWAITING_PAYMENT"})
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range []map[string]any{{"orderComments": "please"}, {"paymentStatus": "PAID"}} {
		if err := store.UpdateOrder(id, func(o map[string]any) { maps.Copy(o, change) }); err != nil {
			t.Fatal(err)
		}
	}
	to.until(t, []string{"changed to AWAITING_PROCESSING", "we made it SHIPPED"})
	if err := store.UpdateOrder(id, func(o map[string]any) { o["fulfillmentStatus"] = "DELIVERED" }); err != nil {
		t.Fatal(err)
	}
	to.until(t, []string{"changed to DELIVERED"})
	got := to.counts()
	if got["we made it SHIPPED"] != 1 || got["changed to SHIPPED"] != 0 || got["we made it DELIVERED"] != 0 || got["changed to DELIVERED"] != 1 {
		t.Errorf("came: %v", got)
	}
}

// TestAMerchantConnectsAStore goes through the installation as a browser does, restarts the program, and has an event read with
// the token that it brought. When the merchant removes the app, no call is made any more.
func TestAMerchantConnectsAStore(t *testing.T) {
	to := newSink(t)
	folder := t.TempDir()
	var sender *ecwidtest.Sender
	store := ecwidtest.New(ecwidtest.Options{})
	platform := ecwidtest.NewPlatform(ecwidtest.PlatformOptions{}, store)
	platform.AddApp(ecwidtest.App{ClientID: "bell", ClientSecret: "abcde123456789", Send: func(n ecwidtest.Notice) {
		if sender != nil {
			sender.Send(n)
		}
	}})
	web := httptest.NewServer(platform)
	t.Cleanup(web.Close)
	write(t, folder, "shopbell.yaml", fmt.Sprintf(`listen: 127.0.0.1:0
admin: { token: "0123456789abcdef0123" }
http: { allow: [127.0.0.0/8] }
sources:
  ecwid: { kind: ecwid, client_id: bell, client_secret: "%s", redirect_url: "https://bell.example.com/install/ecwid", api: "%s/api/v3", oauth: "%s/api/oauth" }
`, appSecret(t, folder), web.URL, web.URL))
	write(t, folder, "rules/a.yaml", strings.ReplaceAll(`rules:
  - name: created
    when: order.created
    then: [{ http: { url: "SINK", body: "created {{ order.id }}" } }]
  - name: removed
    when: application.uninstalled
    then: [{ http: { url: "SINK", body: "removed from {{ event.store }}" } }]
`, "SINK", to.URL))
	t.Run("installed", func(t *testing.T) {
		connect(t, running(t, folder).address())
	})
	for _, file := range []string{"shopbell.db", "shopbell.db-wal"} {
		if raw, err := os.ReadFile(filepath.Join(folder, file)); err == nil && strings.Contains(string(raw), "secret_") {
			t.Errorf("%s holds a token as it is", file)
		}
	}
	h := running(t, folder) // once more: what it knows of the store, it has from the ledger
	sender = ecwidtest.NewSender(ecwidtest.SenderOptions{URL: h.address() + "/webhooks/ecwid", Secret: "abcde123456789"})
	t.Cleanup(func() { _ = sender.Close(context.Background()) })
	id, err := store.PlaceOrder(ecwidtest.OrderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	to.until(t, []string{"created " + id})
	if err := platform.Uninstall("bell", store.ID()); err != nil {
		t.Fatal(err)
	}
	to.until(t, []string{"removed from 1003"})
	reports, err := h.engine.Report(t.Context(), "ecwid", "1003", 1)
	if err != nil || len(reports[0].List) != 1 || reports[0].List[0].Credential.State != "stopped" {
		t.Errorf("after the removal: %+v, %v", reports, err)
	}
}

// connect does what a merchant's browser does at an installation.
func connect(t *testing.T, address string) {
	t.Helper()
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	agree, err := browser.Get(address + "/install/ecwid")
	if err != nil || agree.StatusCode != http.StatusFound {
		t.Fatal(agree, err)
	}
	back, err := browser.Get(agree.Header.Get("Location"))
	if err != nil || back.StatusCode != http.StatusFound {
		t.Fatal(back, err)
	}
	_, query, _ := strings.Cut(back.Header.Get("Location"), "?")
	r, err := http.NewRequest(http.MethodGet, address+"/install/ecwid?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, cookie := range agree.Cookies() {
		r.AddCookie(cookie)
	}
	done, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer done.Body.Close()
	page, err := io.ReadAll(done.Body)
	if err != nil || done.StatusCode != http.StatusOK || !strings.Contains(string(page), "Store 1003 is connected") {
		t.Fatalf("%s: %s", done.Status, page)
	}
}

// polling counts the rounds of polling that a simulated store has answered.
type polling struct {
	mu   sync.Mutex
	n    int
	news chan struct{}
}

func (p *polling) watch(store http.Handler) http.Handler {
	p.news = make(chan struct{}, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		store.ServeHTTP(w, r)
		if strings.HasSuffix(r.URL.Path, "/latest-stats") {
			p.mu.Lock()
			p.n++
			p.mu.Unlock()
			select {
			case p.news <- struct{}{}:
			default:
			}
		}
	})
}

func (p *polling) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

func (p *polling) until(t *testing.T, n int) {
	t.Helper()
	deadline := time.After(60 * time.Second)
	for p.count() < n {
		select {
		case <-p.news:
		case <-deadline:
			t.Fatalf("polled %d times, want %d", p.count(), n)
		}
	}
}

// story tells all events and runs of a house, for a test that failed.
func (h *house) story(t *testing.T) string {
	var b strings.Builder
	events, err := h.ledger.Events(context.Background(), engine.EventFilter{Limit: 100})
	for _, line := range events {
		r, _ := h.ledger.Event(context.Background(), line.Seq)
		fmt.Fprintf(&b, "%d %s %s %s polled %v self %v %q %s\n", r.Seq, r.Type, r.Subject, r.State, r.Polled, r.Self, r.Note, r.Body)
	}
	runs, wrong := h.ledger.Runs(context.Background(), engine.RunFilter{Limit: 100})
	for _, u := range runs {
		fmt.Fprintf(&b, "run %d of event %d, %s: %s %+v\n", u.ID, u.Event, u.Rule, u.State, u.Steps)
	}
	fmt.Fprintln(&b, err, wrong)
	return b.String()
}

func write(t *testing.T, folder, name, text string) {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// reference puts a secret into a file, and gives what the config says in its place.
func reference(t *testing.T, folder, name, text string) string {
	t.Helper()
	write(t, folder, name, text)
	return "${file:" + name + "}"
}

func appSecret(t *testing.T, folder string) string {
	t.Helper()
	return reference(t, folder, "app-secret", "abcde123456789")
}

// TestFiftyThousandInstalledStores starts with as many stores in the ledger, each with a sealed token of its own, and looks
// with which token each is read.
func TestFiftyThousandInstalledStores(t *testing.T) {
	stores := 50_000
	if raceDetected {
		stores = 5_000
	}
	folder := t.TempDir()
	var mu sync.Mutex
	asked := map[string]string{}
	news := make(chan struct{}, 100)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		store, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v3/"), "/")
		mu.Lock()
		asked[store] = r.Header.Get("Authorization")
		mu.Unlock()
		_, _ = io.WriteString(w, `{"id":"A","internalId":7,"paymentStatus":"PAID"}`)
		news <- struct{}{}
	}))
	t.Cleanup(api.Close)
	install(t, filepath.Join(folder, "shopbell.db"), stores)
	write(t, folder, "shopbell.yaml", fmt.Sprintf(`listen: 127.0.0.1:0
admin: { token: "0123456789abcdef0123" }
encryption: { key: "%s" }
sources:
  ecwid: { kind: ecwid, client_id: app, client_secret: "%s", redirect_url: "https://bell.example.com/install/ecwid", api: "%s/api/v3" }
`, reference(t, folder, "key", "a key for fifty thousand"), appSecret(t, folder), api.URL))
	write(t, folder, "rules/a.yaml", "rules:\n  - name: a\n    when: order.created\n    if: order.paymentStatus == \"PAID\"\n    then: [{ log: { message: x } }]\n")
	began := time.Now()
	h := running(t, folder)
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	t.Logf("started with %d stores after %v, with %d MB in use", stores, time.Since(began).Round(time.Millisecond), memory.Sys>>20)
	some := []int{0, 1, 777, stores / 2, stores - 1}
	for _, i := range some {
		n := ecwidtest.Notice{ID: fmt.Sprintf("event-%d", i), Created: time.Now().Unix(), Store: int64(100_000 + i), Type: "order.created", Entity: 7, Data: map[string]any{"orderId": "A"}}
		r, err := http.NewRequest(http.MethodPost, h.address()+"/webhooks/ecwid", strings.NewReader(string(ecwidtest.Notification(n))))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = ecwidtest.Headers(n, "abcde123456789")
		answer, err := http.DefaultClient.Do(r)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatal(answer, err)
		}
		answer.Body.Close()
	}
	for range some {
		select {
		case <-news:
		case <-time.After(30 * time.Second):
			t.Fatal("not every store was read")
		}
	}
	for _, i := range some {
		if got, want := asked[storeID(i)], "Bearer "+storeToken(i); got != want {
			t.Errorf("store %s was asked with %q, want %q", storeID(i), got, want)
		}
	}
}

func storeID(i int) string    { return fmt.Sprint(100_000 + i) }
func storeToken(i int) string { return fmt.Sprintf("secret_of_%d", i) }

// install writes what installations leave in a ledger.
func install(t *testing.T, path string, stores int) {
	t.Helper()
	box, err := secret.NewBox("a key for fifty thousand")
	if err != nil {
		t.Fatal(err)
	}
	l, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var changes []engine.Change
	for i := range stores {
		value, err := json.Marshal(map[string]any{"life": "installed", "at": time.Now(), "token": box.Seal(secret.Text(storeToken(i)), "ecwid/"+storeID(i))})
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes, &engine.Put{Memo: engine.Memo{Source: "ecwid", Store: storeID(i), Name: "connection/life", Value: value}})
	}
	for batch := range slices.Chunk(changes, 5000) {
		if err := l.Commit(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
}
