package openconnectors_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/event"
	"shopbell/sources"
	"shopbell/sources/openconnectors"
	"shopbell/sources/openconnectors/openconnectorstest"
)

// world is a simulated platform, a source that is connected to it, and a ledger's memory of ids.
type world struct {
	*testing.T
	mu       sync.Mutex
	clock    time.Time
	form     openconnectorstest.Form
	platform *openconnectorstest.Platform
	source   sources.Source
	cursor   json.RawMessage
	known    map[string]event.Event // by id: what a ledger keeps
	told     int                    // events given by notifications
	found    int                    // events given by polls
	lose     func() bool            // a notification, on its way
	status   int                    // of the answer when not 0
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.clock
}

func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.clock = w.clock.Add(d)
}

// RoundTrip is the way of a notification to the source.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer := func(status int) (*http.Response, error) {
		return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("")), Request: r}, nil
	}
	switch {
	case w.status != 0:
		return answer(w.status)
	case w.lose != nil && w.lose():
		return answer(http.StatusOK) // it looks delivered, and never arrives
	}
	events, err := w.source.Receive(sources.Request{Header: r.Header, Path: strings.TrimPrefix(r.URL.Path, "/webhooks/elements"), Body: body, Received: w.now()})
	if err != nil {
		w.Logf("refused: %v", err)
		return answer(err.(*sources.Refusal).Status) //nolint:errorlint // the contract
	}
	for _, e := range events {
		w.told++
		w.keep(e)
	}
	return answer(http.StatusOK)
}

// keep is the ledger: what has the same id is the same event, and has to say the same.
func (w *world) keep(e event.Event) {
	before, twice := w.known[e.ID]
	if !twice {
		w.known[e.ID] = e
		return
	}
	if before.Store != e.Store || before.Type != e.Type || before.Subject != e.Subject || !before.Created.Equal(e.Created) || w.said(before) != w.said(e) {
		w.Errorf("one id, two events: %s %s %s and %s %s %s", before.Type, before.Subject, before.Data, e.Type, e.Subject, e.Data)
	}
}

// said gives the data of an event, without what the form of notifications leaves out.
func (w *world) said(e event.Event) string {
	if w.form != openconnectorstest.Formula {
		return string(e.Data)
	}
	said, _, _ := strings.Cut(string(e.Data), `,"raw":`)
	return strings.TrimSuffix(said, "}")
}

const polledConfig = `{"signature_key":"k","user":"user-secret","organization":"organization-secret","poll":"5m","api":"%s/elements/api-v2","stores":{"31":{"token":"t31","element":"ecwid"},"shop2":{"instance":32,"token":"t32"}}}`

func newWorld(t *testing.T, o openconnectorstest.Options, config string) *world {
	t.Helper()
	w := &world{T: t, form: o.Form, clock: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), known: map[string]event.Event{}}
	o.Now, o.Transport, o.SignatureKey, o.Callback = w.now, w, "k", "http://shopbell.example/webhooks/elements"
	w.platform = openconnectorstest.New(o)
	w.platform.AddInstance(openconnectorstest.Instance{ID: 31, Token: "t31", Element: "ecwid", Hub: "ecommerce"})
	w.platform.AddInstance(openconnectorstest.Instance{ID: 32, Token: "t32", Element: "shopify", Polled: true})
	api := httptest.NewServer(w.platform)
	t.Cleanup(api.Close)
	if config == "" {
		config = polledConfig
	}
	source, err := openconnectors.OpenAt("elements", fmt.Sprintf(config, api.URL), w.now)
	if err != nil {
		t.Fatal(err)
	}
	w.source = source
	return w
}

// part polls one part of a round of store 31, and checks each found event.
func (w *world) part() (sources.Batch, error) {
	b, err := w.source.(sources.Poller).Poll(w.Context(), sources.Round{Store: "31", Cursor: w.cursor})
	if err != nil {
		return b, err
	}
	for _, f := range b.Found {
		if !f.Event.Polled || f.Seen || f.Entity != nil || f.Event.Source != "elements" || f.Event.Created.IsZero() || f.Event.Received.IsZero() || len(f.Event.Body) == 0 {
			w.Errorf("found %+v", f)
		}
		w.found++
		w.keep(f.Event)
	}
	return b, nil
}

// poll makes a whole round.
func (w *world) poll() int {
	w.Helper()
	before := w.found
	for range 1000 {
		b, err := w.part()
		if err != nil {
			w.Fatal(err)
		}
		w.cursor = b.Cursor
		if !b.More {
			return w.found - before
		}
	}
	w.Fatal("the round has no end")
	return 0
}

func (w *world) deliver() {
	w.Helper()
	if _, err := w.platform.Deliver(w.Context()); err != nil {
		w.Fatal(err)
	}
}

func changes(n, from int) (list []openconnectorstest.Change) {
	for i := range n {
		list = append(list, openconnectorstest.Change{Object: "orders", ID: fmt.Sprint(from + i), Type: "UPDATED"})
	}
	return list
}

func TestTheFirstRoundBeginsNow(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{}, "")
	w.platform.Happen(31, changes(3, 1)...)
	w.pass(time.Hour)
	w.platform.Happen(31, changes(1, 4)...) // in the very second of the round
	if n := w.poll(); n != 0 {
		t.Errorf("the first round found %d", n)
	}
	w.platform.Happen(31, changes(2, 100)...)
	if n := w.poll(); n != 2 {
		t.Errorf("the second round found %d, want 2", n)
	}
	w.pass(5 * time.Minute)
	if n := w.poll(); n != 0 {
		t.Errorf("what was found is found again: %d", n)
	}
}

// TestEveryEventOnce loses three notifications of ten, and delivers some twice: with a poll each event is there, once.
func TestEveryEventOnce(t *testing.T) {
	for _, o := range []openconnectorstest.Options{{}, {OldestFirst: true, PageSize: 7}, {PageSize: 3}, {Slow: true, PageSize: 10}, {Brief: true},
		{Form: openconnectorstest.Formula}, {Form: openconnectorstest.Response, Algorithm: openconnectors.SHA1}} {
		t.Run(fmt.Sprint(o.Form, o.PageSize, o.OldestFirst, o.Slow, o.Brief), func(t *testing.T) {
			w := newWorld(t, o, "")
			random := rand.New(rand.NewPCG(1, 2))
			w.poll()
			lost := 0
			w.lose = func() bool {
				gone := random.IntN(10) < 3
				if gone {
					lost++
				}
				return gone
			}
			happened := 0
			for step := range 60 {
				w.pass(time.Duration(random.IntN(90)) * time.Second)
				n := 1 + random.IntN(4)
				if step%10 == 9 {
					n = 45 // split over three notifications
				}
				w.platform.Happen(31, changes(n, happened)...)
				happened += n
				if random.IntN(2) == 0 {
					w.platform.Advance()
				}
				w.deliver()
				if step%7 == 6 {
					w.poll()
				}
			}
			w.platform.Process()
			w.deliver()
			for range 10 { // an unfinished one is asked for by itself, some at a time
				w.pass(5 * time.Minute)
				w.poll()
			}
			if len(w.known) != happened || lost == 0 || w.told >= happened {
				t.Errorf("%d events happened, %d are known; %d told, %d found, %d notifications lost", happened, len(w.known), w.told, w.found, lost)
			}
			subjects := map[string]bool{}
			for _, e := range w.known {
				subjects[e.Subject] = true
			}
			if len(subjects) != happened {
				t.Errorf("%d subjects of %d", len(subjects), happened)
			}
		})
	}
}

func TestPollingAloneIsAFullMode(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{PageSize: 50}, `{"user":"user-secret","poll":"5m","api":"%s/elements/api-v2","stores":{"31":{"token":"t31"}}}`)
	w.poll()
	for i := range 1200 {
		w.pass(time.Second)
		w.platform.Happen(31, changes(1, i)...)
	}
	if n := w.poll(); n != 1200 {
		t.Errorf("found %d of 1200", n)
	}
	w.pass(time.Minute)
	if n := w.poll(); n != 0 {
		t.Errorf("%d found again", n)
	}
	w.pass(2 * time.Hour)
	w.platform.Happen(31, changes(1, 5000)...)
	w.poll()
	before := len(w.platform.Calls())
	w.pass(5 * time.Minute)
	w.poll()
	if calls := len(w.platform.Calls()) - before; calls > 25 {
		t.Errorf("a quiet round takes %d calls", calls)
	}
	if !strings.HasPrefix(string(w.source.(sources.Poller).Stores()[0]), "31") {
		t.Error("the store is not polled")
	}
}

// TestAListWithoutNotifiedData holds that each event is then asked for once by itself, however many there are.
func TestAListWithoutNotifiedData(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{Brief: true}, "")
	w.poll()
	for i := range 500 {
		w.pass(time.Second)
		w.platform.Happen(31, changes(1, i)...)
	}
	w.platform.Happen(31) // of nothing
	if n := w.poll(); n != 500 {
		t.Errorf("found %d of 500", n)
	}
	asked := map[string]int{}
	for _, call := range w.platform.Calls() {
		if _, id, ok := strings.Cut(call, "/events/"); ok {
			asked[id]++
		}
	}
	for id, n := range asked {
		if n != 1 {
			t.Errorf("%s was asked for %d times", id, n)
		}
	}
	w.pass(time.Minute)
	before := len(w.platform.Calls())
	if n := w.poll(); n != 0 || len(w.platform.Calls())-before > 4 {
		t.Errorf("a quiet round found %d with %d calls", n, len(w.platform.Calls())-before)
	}
}

// TestMoreThanCanBeRemembered has the platform stand still for hours, with more unfinished events than are remembered.
func TestMoreThanCanBeRemembered(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{Slow: true}, "")
	w.poll()
	for i := range 1100 {
		w.pass(10 * time.Second)
		w.platform.Happen(31, changes(1, i)...)
		if i%300 == 0 {
			w.poll()
		}
	}
	if n := w.poll(); n != 0 || len(w.known) != 0 {
		t.Errorf("%d were found unfinished", len(w.known))
	}
	w.platform.Process()
	for range 25 {
		w.pass(5 * time.Minute)
		w.poll()
	}
	if len(w.known) != 1100 {
		t.Errorf("%d of 1100 are known", len(w.known))
	}
}

func TestTheRoundGoesOnAfterACrash(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{PageSize: 2}, "")
	w.poll()
	for i := range 50 {
		w.pass(time.Second)
		w.platform.Happen(31, changes(1, i)...)
	}
	kept := w.cursor
	for parts := 0; ; parts++ {
		b, err := w.part()
		if err != nil {
			t.Fatal(err)
		}
		if parts%2 == 1 { // every second batch is lost, with its cursor
			kept, w.cursor = b.Cursor, b.Cursor
			if !b.More {
				break
			}
		} else {
			w.cursor = kept
		}
		w.platform.Happen(31, changes(1, 1000+parts)...) // the list grows while it is read
		if parts > 200 {
			t.Fatal("the round has no end")
		}
	}
	w.poll()
	if happened := len(w.platform.Events(31)); len(w.known) != happened {
		t.Errorf("%d of %d are known", len(w.known), happened)
	}
}

func TestAPageTokenThatIsOver(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{PageSize: 2}, "")
	w.poll()
	w.platform.Happen(31)
	for i := range 40 {
		w.pass(time.Second)
		w.platform.Happen(31, changes(1, i)...)
	}
	b, err := w.part()
	if err != nil || !b.More {
		t.Fatal(b.More, err)
	}
	w.cursor = json.RawMessage(strings.Replace(string(b.Cursor), `"token":"evt`, `"token":"old`, 1))
	if string(w.cursor) == string(b.Cursor) {
		t.Fatalf("no token in %s", b.Cursor)
	}
	w.poll()
	if len(w.known) != 40 {
		t.Errorf("%d of 40 are known", len(w.known))
	}
}

func TestAnEventOfTheFutureHidesNothing(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{}, "")
	w.poll()
	w.pass(100 * time.Hour)
	w.platform.Happen(31, changes(1, 1)...)
	w.pass(-100 * time.Hour)
	if n := w.poll(); n != 1 {
		t.Fatalf("found %d", n)
	}
	w.pass(2 * time.Hour)
	w.platform.Happen(31, changes(1, 2)...)
	if n := w.poll(); n < 1 {
		t.Error("an event of now is hidden by one of the future")
	}
	if len(w.known) != 2 {
		t.Errorf("%d are known", len(w.known))
	}
}

func TestNobodyListens(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{}, "")
	w.poll()
	w.platform.Happen(31, openconnectorstest.Change{Object: "orders", ID: "1", Type: "CREATED"}, openconnectorstest.Change{Object: "products", ID: "2", Type: "CREATED"})
	b, err := w.source.(sources.Poller).Poll(t.Context(), sources.Round{Store: "31", Cursor: w.cursor, Wants: func(typ string) bool { return typ == "product.created" }})
	if err != nil || len(b.Found) != 1 || b.Found[0].Event.Subject != "product/2" {
		t.Errorf("%+v %v", b, err)
	}
}

func TestOrderNotificationsByWebhookAndPollAreTheSame(t *testing.T) {
	w := newWorld(t, openconnectorstest.Options{}, "")
	w.poll()
	w.platform.HappenOrder(31, openconnectorstest.OrderNotification{Owner: "1003", Order: "516483487", Payment: "QUEUED", Fulfillment: "NEW"})
	w.pass(time.Minute)
	w.platform.HappenOrder(31, openconnectorstest.OrderNotification{Owner: "1003", Order: "516483487", Payment: "ACCEPTED", OldPayment: "QUEUED", Fulfillment: "SHIPPED", OldFulfillment: "NEW"})
	w.deliver()
	if n := w.poll(); n != 2 || len(w.known) != 2 { // keep compares what they say
		t.Errorf("found %d, known %d", n, len(w.known))
	}
	for _, e := range w.known {
		if e.Type == "order.updated" && !strings.Contains(string(e.Data), `"newPaymentStatus":"PAID","oldPaymentStatus":"QUEUED"`) {
			t.Errorf("data is %s", e.Data)
		}
	}
}
