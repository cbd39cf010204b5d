//go:build linux

package endurance

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/engine/ledger/postgres/postgrestest"
	"shopbell/sources/ecwid/ecwidtest"
)

// What one token may do: what Ecwid allows, and what all nodes together take of it.
const (
	ecwidsMinute = 600
	wholeRate    = 500.0 / 60 // a second
	wholeBurst   = 60
	waitingCalls = 8 // of each node: they have their turn already, and may have been held up on their way
)

// A till is an Ecwid of two stores, each with a token. Each node calls it at an address of its own, so that it knows who called.
type till struct {
	*testing.T
	database    string
	busy, quiet *counter
	nodes       []*program

	mu      sync.Mutex
	calls   []tillCall
	slowest time.Duration // until an event of the quiet store was read back
}

// A counter is one of the stores.
type counter struct {
	*ecwidtest.Store
	id      string
	notices chan ecwidtest.Notice
}

type tillCall struct {
	at             time.Time
	node           int
	store, product string
	refused        bool // with 429
}

func newTill(t *testing.T) *till {
	return &till{T: t, database: postgrestest.Start(t).Database(t), busy: newCounter("1003"), quiet: newCounter("1004")}
}

func newCounter(id string) *counter {
	c := &counter{id: id, notices: make(chan ecwidtest.Notice, 1)}
	c.Store = ecwidtest.New(ecwidtest.Options{StoreID: id, Token: "secret_" + id, Empty: true, Send: func(n ecwidtest.Notice) { c.notices <- n }})
	return c
}

// notice makes a product, and gives its id and the notification of it.
func (c *counter) notice() (id string, body []byte, signature string) {
	id = c.AddProduct(ecwidtest.Product{SKU: "B", Name: "Bell"})
	n := <-c.notices
	return id, ecwidtest.Notification(n), sign(n.Created, n.ID)
}

const tillRule = `
rules:
  - name: note
    when: product.created
    then:
      - log: { message: "{{ product.id }}" }
`

// open starts one node more.
func (l *till) open() {
	l.Helper()
	n := len(l.nodes)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { l.answer(n, w, r) }))
	l.Cleanup(api.Close)
	p := newProgramWith(l.T, l.TempDir(), setup{database: l.database, rules: tillRule, ecwid: fmt.Sprintf("\n    attest: always\n    api: %s/api/v3\n"+
		"    stores: { \"1003\": { token: secret_1003 }, \"1004\": { token: secret_1004 } }", api.URL)})
	p.start()
	l.nodes = append(l.nodes, p)
}

func (l *till) answer(node int, w http.ResponseWriter, r *http.Request) {
	c := tillCall{at: time.Now(), node: node}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/api/v3/"), "/")
	if c.store = parts[0]; len(parts) == 3 {
		c.product = parts[2]
	}
	store := l.busy
	if c.store == l.quiet.id {
		store = l.quiet
	}
	seen := &statusWriter{ResponseWriter: w}
	store.ServeHTTP(seen, r)
	c.refused = seen.status == http.StatusTooManyRequests
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, c)
}

// A statusWriter remembers the status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// since gives the calls of a store after a moment.
func (l *till) since(store string, after time.Time) (calls []tillCall) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.calls {
		if c.store == store && c.at.After(after) {
			calls = append(calls, c)
		}
	}
	return calls
}

// deliver sends a notification to any node that lives.
func (l *till) deliver(body []byte, signature string) {
	for end := time.Now().Add(20 * time.Second); ; {
		if p := l.nodes[rand.IntN(len(l.nodes))]; p.cmd != nil {
			if status, _ := p.send(body, signature); status == http.StatusOK {
				return
			}
		}
		if time.Now().After(end) {
			l.Error("no node takes an event")
			return
		}
	}
}

// pile sends n events of as many products of the busy store.
func (l *till) pile(n int) {
	var senders sync.WaitGroup
	work := make(chan func())
	for range 16 {
		senders.Go(func() {
			for send := range work {
				send()
			}
		})
	}
	for range n {
		_, body, signature := l.busy.notice()
		work <- func() { l.deliver(body, signature) }
	}
	close(work)
	senders.Wait()
}

// until watches, some seconds at a time, how many calls a second each node makes with the busy token, until that is as expected.
func (l *till) until(what string, most time.Duration, expected func(each []float64, sum float64) bool) {
	l.Helper()
	began := time.Now()
	for {
		each, sum := l.watch(4 * time.Second)
		took := time.Since(began).Round(100 * time.Millisecond)
		switch {
		case expected(each, sum):
			l.Logf("%s after %v: %.2f calls a second of %.2f; each node %.2f", what, took, sum, wholeRate, each)
			return
		case time.Since(began) > most:
			l.Fatalf("not %s after %v: %.2f calls a second of %.2f; each node %.2f", what, took, sum, wholeRate, each)
		}
	}
}

// watch counts for a while. Events of the quiet store, sent meanwhile, must be read back at once.
func (l *till) watch(while time.Duration) (each []float64, sum float64) {
	l.Helper()
	began := time.Now()
	for time.Since(began) < while {
		l.askQuiet()
		<-time.After(500 * time.Millisecond)
	}
	took := time.Since(began).Seconds()
	each = make([]float64, len(l.nodes))
	for _, c := range l.since(l.busy.id, began) {
		each[c.node] += 1 / took
		sum += 1 / took
	}
	return each, sum
}

// askQuiet has an event of the other store, whose token has nothing else to do.
func (l *till) askQuiet() {
	l.Helper()
	id, body, signature := l.quiet.notice()
	sent := time.Now()
	l.deliver(body, signature)
	for !slices.ContainsFunc(l.since(l.quiet.id, sent), func(c tillCall) bool { return c.product == id }) {
		if time.Since(sent) > 5*time.Second {
			l.Fatal("an event of the other token was not read back within 5 s: it waits behind the backlog of the first")
		}
		<-time.After(10 * time.Millisecond)
	}
	l.slowest = max(l.slowest, time.Since(sent))
}

// most gives the most calls with a token in any time so long.
func most(calls []tillCall, long time.Duration) (most int) {
	slices.SortFunc(calls, func(a, b tillCall) int { return a.at.Compare(b.at) })
	first := 0
	for i := range calls {
		for calls[i].at.Sub(calls[first].at) >= long {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// TestOneTokenOfManyNodes has a backlog with one token that three nodes would read back far faster than they may, while one of them
// is killed and another comes. Together they never call more than one bucket allows, and hardly less; and another token is not
// held up by it.
func TestOneTokenOfManyNodes(t *testing.T) {
	t.Parallel()
	l := newTill(t)
	for range 3 {
		l.open()
	}
	l.pile(700)
	l.until("at equal parts", 20*time.Second, func(each []float64, sum float64) bool {
		return sum > 0.7*wholeRate && slices.Min(each) > 0.7*wholeRate/3 && slices.Max(each) < 1.25*wholeRate/3
	})
	killed := l.nodes[1]
	killed.kill()
	l.open()
	l.until("of use is the one that came", 15*time.Second, func(each []float64, _ float64) bool { return each[3] > 0.6*wholeRate/4 })
	l.until("with the part of the dead one", time.Minute, func(each []float64, sum float64) bool {
		living := slices.Delete(slices.Clone(each), 1, 2)
		return sum > 0.86*wholeRate && slices.Min(living) > 1.1*wholeRate/4
	})
	calls := l.since(l.busy.id, time.Time{})
	if slices.ContainsFunc(calls, func(c tillCall) bool { return c.refused }) {
		t.Error("Ecwid answered 429")
	}
	for _, long := range []time.Duration{time.Second, 10 * time.Second, time.Minute} {
		n, bound := most(calls, long), min(ecwidsMinute, wholeBurst+int(wholeRate*long.Seconds())+waitingCalls*len(l.nodes))
		t.Logf("at most %d calls within any %v", n, long)
		if n > bound {
			t.Errorf("%d calls within %v, of at most %d", n, long, bound)
		}
	}
	t.Logf("%d calls; an event of another token was read back within %v", len(calls), l.slowest.Round(time.Millisecond))
}
