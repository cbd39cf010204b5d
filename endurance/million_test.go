//go:build linux

package endurance

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/engine"
	"shopbell/engine/ledger/sqlite"
	"shopbell/event"
	"shopbell/sources/ecwid/ecwidtest"
)

var million = flag.Bool("million", false, "a million events instead of a fiftieth of them")

// TestMillion fills a ledger with events as Ecwid stores make them: half of them orders that a rule acted on, half of them
// products; every one read back whole. It measures what that takes on disk and in memory, how soon the server is ready
// with it, and how long each list of the API takes.
func TestMillion(t *testing.T) {
	n := 20_000
	if *million {
		n = 1_000_000
	}
	target := newSink(t)
	p := newProgram(t, t.TempDir(), target.URL)
	path := filepath.Join(p.dir, "data", "shopbell.db")
	fillLedger(t, path, n)
	size := int64(0)
	for _, suffix := range []string{"", "-wal"} {
		if info, err := os.Stat(path + suffix); err == nil {
			size += info.Size()
		}
	}
	if each := size / int64(n); each > 2048 {
		t.Errorf("an event takes %d bytes on disk, more than 2 KB", each)
	}
	ready := p.start()
	if ready > 500*time.Millisecond {
		t.Errorf("ready after %v, more than 0.5 s", ready)
	}
	slowest, of := time.Duration(0), ""
	for _, list := range lists(n) {
		p.get(list, nil) // the first look reads the disk
		best := time.Hour
		for range 3 {
			best = min(best, p.get(list, nil))
		}
		if best > slowest {
			slowest, of = best, list
		}
		if best > 50*time.Millisecond {
			t.Errorf("%s takes %v, more than 50 ms", list, best)
		}
	}
	for i := range 2000 {
		if status, _ := p.post(n + i); status != 200 {
			t.Fatalf("an event was answered %d", status)
		}
	}
	resident := p.resident()
	if resident > 150<<20 {
		t.Errorf("%d MB resident, more than 150", resident>>20)
	}
	t.Logf("%d events: %d bytes each on disk, ready after %v, slowest list %v (%s), %d MB resident",
		n, size/int64(n), ready.Round(time.Millisecond), slowest.Round(time.Millisecond), of, resident>>20)
}

func lists(n int) []string {
	list := []string{"/api/v1/events", fmt.Sprintf("/api/v1/events?before=%d&limit=200", n/2), "/api/v1/runs", fmt.Sprintf("/api/v1/runs?before=%d", n/4),
		"/api/v1/stats", "/api/v1/events/7", "/api/v1/runs/7"}
	for _, filter := range []string{"state=planned", "state=unmatched", "state=unconfirmed", "state=refused", "state=failed", "state=pending",
		"type=order.created", "type=product.updated", "type=review.created", "store=1003", "store=77", "source=ecwid", "subject=order/K10", "id=e10",
		"subject=order/none", "store=77&type=review.created", "state=unconfirmed&type=review.created"} {
		list = append(list, "/api/v1/events?"+filter)
	}
	for _, filter := range []string{"state=done", "state=due", "state=started", "state=dead", "state=held", "rule=tell", "rule=rare", "event=10"} {
		list = append(list, "/api/v1/runs?"+filter)
	}
	return list
}

// resident gives the program's memory in bytes, as the operating system counts it.
func (p *program) resident() int64 {
	p.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		if os.Getenv("SHOPBELL_REQUIRE_ALL") != "" {
			p.Fatalf("SHOPBELL_REQUIRE_ALL is set, and the memory of a program cannot be read: %v", err)
		}
		p.Skipf("the memory of a program cannot be read here: %v", err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	kilobytes, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	if err != nil {
		p.Fatal(err)
	}
	return kilobytes << 10
}

func fillLedger(t *testing.T, path string, n int) {
	t.Helper()
	ledger, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	orders, products := samples(t)
	const batch = 1000
	for from := 0; from < n; from += batch {
		changes := make([]engine.Change, 0, 2*batch)
		for i := from; i < from+batch; i++ {
			changes = append(changes, filled(i, orders[i%len(orders)], products[i%len(products)])...)
		}
		if err := ledger.Commit(t.Context(), changes); err != nil {
			t.Fatal(err)
		}
	}
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
}

// filled gives the changes that the i-th event of a busy year made.
func filled(i int, order, product string) []engine.Change {
	at := time.Now().Add(-time.Hour)
	id := fmt.Sprintf("%08x-2f6b-4f1e-9a56-%012x", uint32(i)*2654435761, i)
	if i%100_000 == 10 {
		id = fmt.Sprint("e", i)
	}
	r := &engine.Record{State: engine.EventPending, Due: at, Event: event.Event{Source: "ecwid", Store: "1003", ID: id, Received: at, Created: at}}
	name := fmt.Sprint("K", i)
	if i%2 == 1 {
		r.Type, r.Subject = "product.updated", fmt.Sprint("product/", 692730761+i)
		r.Body = fmt.Appendf(nil, `{"eventId":%q,"eventCreated":%d,"storeId":1003,"entityId":%d,"eventType":"product.updated"}`, id, at.Unix(), 692730761+i)
	} else {
		r.Type, r.Subject = "order.created", "order/"+name
		r.Data = fmt.Appendf(nil, `{"orderId":%q,"newPaymentStatus":"PAID","newFulfillmentStatus":"AWAITING_PROCESSING"}`, name)
		r.Body = fmt.Appendf(nil, `{"eventId":%q,"eventCreated":%d,"storeId":1003,"entityId":%d,"eventType":"order.created","data":%s}`, id, at.Unix(), 516483487+i, r.Data)
	}
	if i%50_000 == 49_999 {
		r.Store, r.Type = "77", "review.created"
	}
	plan := *r
	plan.State, plan.Entity = engine.EventUnmatched, json.RawMessage(unique(product, i))
	if i%50_000 == 49_998 {
		plan.State = engine.EventUnconfirmed
	}
	p := &engine.Plan{Record: &plan}
	if i%2 == 0 {
		plan.State, plan.Entity = engine.EventPlanned, json.RawMessage(unique(order, i))
		p.Runs = []*engine.NewRun{filledRun(i, at)}
	}
	accept := &engine.Accept{Record: r}
	plan.Seq = int64(i + 1)
	return []engine.Change{accept, p}
}

func filledRun(i int, at time.Time) *engine.NewRun {
	rule, state, note := "tell", engine.RunDone, ""
	if i%50_000 == 48_000 {
		rule, state, note = "rare", engine.RunDead, "550 5.1.1 no such mailbox"
	}
	return &engine.NewRun{
		Run: &engine.Run{Rule: rule, Revision: "rev-" + rule, State: state, Step: 1, Created: at, Updated: at, Steps: []engine.Step{{
			Action: "email", Account: "email", Outcome: actions.OutcomeOK, Note: note, Result: actions.Result{"message_id": fmt.Sprintf("<sb_%d@example.com>", i)},
			Params: json.RawMessage(fmt.Sprintf(`{"to":"customer%d@example.com","subject":"Thank you for your order K%d","text":"Dear customer %d, your order of 118 EUR has arrived. We send it to Main St 1 in Berlin."}`, i, i, i)),
			Tries:  []engine.Try{{At: at, Took: 83 * time.Millisecond, Outcome: actions.OutcomeOK}},
		}}},
		Revision: &engine.Revision{Hash: "rev-" + rule, Name: rule, Text: "name: " + rule},
	}
}

// samples gives entities as a store's API gives them.
func samples(t *testing.T) (orders, products []string) {
	t.Helper()
	store := ecwidtest.New(ecwidtest.Options{Token: "secret_test", Rate: -1, Seed: 1})
	for range 100 {
		if _, err := store.PlaceOrder(ecwidtest.OrderOptions{}); err != nil {
			break // sold out
		}
	}
	get := func(collection string) (texts []string) {
		r := httptest.NewRequest(http.MethodGet, "/api/v3/1003/"+collection+"?limit=100", nil)
		r.Header.Set("Authorization", "Bearer secret_test")
		answer := httptest.NewRecorder()
		store.ServeHTTP(answer, r)
		var page struct{ Items []json.RawMessage }
		if err := json.Unmarshal(answer.Body.Bytes(), &page); err != nil || len(page.Items) == 0 {
			t.Fatalf("no %s: %s %v", collection, answer.Body, err)
		}
		for _, item := range page.Items {
			texts = append(texts, string(item))
		}
		return texts
	}
	return get("orders"), get("products")
}

var digits = regexp.MustCompile(`\d{6,}`)

// unique makes one entity differ from the others as real ones do: in its ids and times, and in who it is about.
func unique(entity string, i int) string {
	n := uint64(i)
	entity = digits.ReplaceAllStringFunc(entity, func(was string) string {
		n = n*6364136223846793005 + 1442695040888963407
		return fmt.Sprintf("1%0*d", len(was)-1, n>>20)[:len(was)]
	})
	return strings.Replace(entity, "@", fmt.Sprintf(".%x@", i), 3)
}
