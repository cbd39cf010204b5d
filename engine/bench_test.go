package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/engine/ledger/sqlite"
	"shopbell/event"
	"shopbell/rules"
	"shopbell/sources"
)

// bench is an engine on a real ledger, between a platform and a provider that the test plays.
type bench struct {
	testing.TB
	*engine.Engine
	ledger   engine.Ledger
	where    string // the file or the database
	opens    func(where string) (engine.Ledger, error)
	source   *platform
	provider *provider
	options  engine.Options
}

const threeRules = `
rules:
  - name: tell
    when: [order.created, order.updated]
    then:
      - probe: { text: "{{ event.subject }} {{ order.v }} was {{ was?.v ?? 'new' }}" }
`

// newBench makes an engine with the given rules on SQLite and starts it. The test's provider answers ok until told otherwise.
func newBench(t testing.TB, ruleFile string, change ...func(*engine.Options)) *bench {
	t.Helper()
	return startBench(t, &bench{where: filepath.Join(t.TempDir(), "ledger.db"), opens: func(where string) (engine.Ledger, error) {
		return sqlite.Open(context.Background(), where, sqlite.Options{Busy: 10 * time.Millisecond})
	}}, ruleFile, change)
}

// startBench makes the rest of a bench that knows its ledger, and starts it.
func startBench(t testing.TB, b *bench, ruleFile string, change []func(*engine.Options)) *bench {
	t.Helper()
	b.TB, b.source, b.provider = t, newPlatform(), newProvider()
	b.open()
	world := rules.World{
		Accounts: map[string]rules.Outlet{"other": {Kind: "fragile"}},
		Sources:  map[string]rules.Origin{"shop": {Kind: "shop", Catalog: catalog(), ReadsBack: true, Stores: []string{"1", "2"}}},
		Actions:  map[string]*actions.Kind{"probe": probe(b.provider, true), "fragile": probe(b.provider, false), "choosy": choosy(b.provider)},
	}
	set := rules.Parse(map[string]string{"rules.yaml": ruleFile}, world)
	if problems, _ := document.Split(set.Problems()); len(problems) > 0 {
		t.Fatal(document.Text(problems))
	}
	b.options = engine.Options{Changes: true, Ledger: b.ledger, World: world, Rules: set, Sources: map[string]sources.Source{"shop": b.source},
		Accounts: map[string]engine.Account{}, Workers: 8, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	for name, kind := range world.Actions {
		outlet, err := kind.Open(actions.Env{Log: b.options.Log}, nil)
		if err != nil {
			t.Fatal(err)
		}
		b.options.Accounts[name] = engine.Account{Kind: kind, Outlet: outlet}
	}
	b.options.Accounts["other"] = b.options.Accounts["fragile"]
	for _, c := range change {
		c(&b.options)
	}
	b.start()
	t.Cleanup(func() { b.stop(); b.ledger.Close() })
	return b
}

func (b *bench) open() {
	b.Helper()
	l, err := b.opens(b.where)
	if err != nil {
		b.Fatal(err)
	}
	b.ledger = l
}

func (b *bench) start() {
	b.Helper()
	b.Engine = engine.New(b.options)
	if err := b.Start(context.Background()); err != nil {
		b.Fatal(err)
	}
}

func (b *bench) stop() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := b.Stop(ctx); err != nil {
		b.Error(err)
	}
}

// gate is what a provider waits at until the test opens it: at the latest when the test ends, for one that fails would else
// wait for ever until its engine has stopped.
func (b *bench) gate() (gate <-chan struct{}, open func()) {
	c := make(chan struct{})
	open = sync.OnceFunc(func() { close(c) })
	b.Cleanup(open)
	return c, open
}

// post has the platform send an event about order/<subject> at value v, and reports how it was received.
func (b *bench) post(id, typ, subject string, v int) error {
	b.source.set(subject, v)
	return b.notify(id, typ, subject)
}

func (b *bench) notify(id, typ, subject string) error {
	body, _ := json.Marshal(map[string]string{"id": id, "type": typ, "subject": subject})
	return b.Receive(context.Background(), "shop", sources.Request{Body: body, Received: time.Now()})
}

// notifyStore is notify of another store.
func (b *bench) notifyStore(id, typ, subject, store string) error {
	body, _ := json.Marshal(map[string]string{"id": id, "type": typ, "subject": subject, "store": store})
	return b.Receive(context.Background(), "shop", sources.Request{Body: body, Received: time.Now()})
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// until waits until the ledger is as it should be, looking again whenever it has changed, by another node perhaps.
func (b *bench) until(what string, is func() bool) {
	b.Helper()
	changed, stop := b.Changes()
	defer stop()
	var others <-chan time.Time
	if _, shared := b.ledger.(engine.Shared); shared {
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		others = tick.C
	}
	deadline := time.After(4 * time.Minute)
	for !is() {
		select {
		case <-changed:
		case <-others:
		case <-deadline:
			b.Fatalf("never: %s%s", what, b.jobs())
		}
	}
}

func (b *bench) runs(s engine.RunState) []engine.Run {
	b.Helper()
	found, err := b.ledger.Runs(context.Background(), engine.RunFilter{State: s, Limit: 500})
	b.must(err)
	return found
}

func (b *bench) events(s engine.EventState) []engine.Record {
	b.Helper()
	found, err := b.ledger.Events(context.Background(), engine.EventFilter{State: s, Limit: 500})
	b.must(err)
	return found
}

func (b *bench) untilRuns(s engine.RunState, n int) []engine.Run {
	b.Helper()
	var found []engine.Run
	b.until(fmt.Sprintf("%d runs %s", n, s), func() bool { found = b.runs(s); return len(found) == n })
	return found
}

func (b *bench) untilEvents(s engine.EventState, n int) []engine.Record {
	b.Helper()
	var found []engine.Record
	b.until(fmt.Sprintf("%d events %s", n, s), func() bool { found = b.events(s); return len(found) == n })
	return found
}

func catalog() *event.Catalog {
	order := event.ObjectOf("an order", event.Must("id", event.Of(event.Text, "its id")), event.Must("v", event.Of(event.Number, "its version")))
	return &event.Catalog{Types: []event.Type{
		{Name: "order.created", Noun: "order", Change: event.Created, Entity: order, Readable: true},
		{Name: "order.updated", Noun: "order", Change: event.Updated, Entity: order, Readable: true},
		{Name: "order.deleted", Noun: "order", Change: event.Deleted, Entity: order, Readable: true},
	}}
}

// platform plays a store platform: its notifications name a subject, and it knows every subject's value.
type platform struct {
	mu      sync.Mutex
	values  map[string]int
	fail    func(*event.Event) error // of Attest; may wait
	asked   int
	mode    sources.Mode
	profile error // of Profile
}

func newPlatform() *platform { return &platform{values: map[string]int{}, mode: sources.Always} }

func (p *platform) set(subject string, v int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.values[subject] = v
}

func (p *platform) failing(f func(*event.Event) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = f
}

func (p *platform) hiding(profile error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.profile = profile
}

// Receive implements [sources.Source]: the body names the event.
func (p *platform) Receive(r sources.Request) ([]event.Event, error) {
	var n struct{ ID, Type, Subject, Store string }
	if err := json.Unmarshal(r.Body, &n); err != nil || n.ID == "" {
		return nil, sources.Refuse(400, "parse", "the body is not a notification")
	}
	if n.Store == "" {
		n.Store = "1"
	}
	return []event.Event{{Source: "shop", Store: n.Store, ID: n.ID, Type: n.Type, Subject: "order/" + n.Subject, Received: r.Received, Body: r.Body}}, nil
}

// Attest implements [sources.Source].
func (p *platform) Attest(ctx context.Context, e *event.Event) (sources.Reading, error) {
	p.mu.Lock()
	p.asked++
	fail := p.fail
	v, there := p.values[strings.TrimPrefix(e.Subject, "order/")]
	p.mu.Unlock()
	if fail != nil {
		if err := fail(e); err != nil {
			return sources.Reading{}, err
		}
	}
	if !there {
		return sources.Reading{}, sources.Unconfirmed("there is no such order")
	}
	return sources.Reading{Entity: json.RawMessage(fmt.Sprintf(`{"id":%q,"v":%d}`, e.Subject, v))}, ctx.Err()
}

// Profile implements [sources.Source].
func (p *platform) Profile(context.Context, string) (event.Store, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.profile != nil {
		return event.Store{}, p.profile
	}
	return event.Store{ID: "1", Currency: "EUR", Language: "en"}, nil
}

// Serves implements [sources.Source].
func (p *platform) Serves(store string) bool { return store == "1" || store == "2" }

// Mode implements [sources.Source].
func (p *platform) Mode() sources.Mode { return p.mode }

// provider plays what actions send to.
type provider struct {
	mu     sync.Mutex
	calls  []call
	answer func(context.Context, call) error
}

type call struct {
	key, text string
	leave     string // the address for unsubscribing
	tell      string // the address for reports
	try       int
	at        time.Time
}

func newProvider() *provider { return &provider{} }

func (p *provider) answering(f func(context.Context, call) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = f
}

func (p *provider) texts() (texts []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		texts = append(texts, c.text)
	}
	return texts
}

func (p *provider) got() []call {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]call(nil), p.calls...)
}

type probeParams struct {
	Text string `json:"text" jsonschema_description:"What to say."`
}

type probeAccount struct{}

// Send implements [actions.Sender].
func (p *provider) Send(ctx context.Context, c actions.Call[probeParams]) (actions.Result, error) {
	p.mu.Lock()
	k := call{c.Key, c.Params.Text, c.Unsubscribe, c.Callback, c.Try, time.Now()}
	p.calls = append(p.calls, k)
	answer := p.answer
	p.mu.Unlock()
	if answer != nil {
		if err := answer(ctx, k); err != nil {
			return nil, err
		}
	}
	return actions.Result{"said": c.Params.Text}, nil
}

// Report implements [actions.Reporter]: the body is a state, with why nobody is to write there any more after a colon.
func (p *provider) Report(n actions.Notice) (actions.Report, error) {
	state, stop, _ := strings.Cut(string(n.Body), ": ")
	switch {
	case !strings.HasPrefix(n.URL, "https://bell.example/callbacks/"):
		return actions.Report{}, fmt.Errorf("called at %s", n.URL)
	case state == "forged":
		return actions.Report{}, actions.ErrForged
	case state == "":
		return actions.Report{}, errors.New("no state")
	}
	return actions.Report{State: state, Final: state != "sent", Stop: stop}, nil
}

type probeResult struct {
	Said string `json:"said" jsonschema_description:"What was said."`
}

func probe(p *provider, idempotent bool) *actions.Kind {
	s := probing(p, map[bool]string{true: "probe", false: "fragile"}[idempotent])
	s.Idempotent = idempotent
	return actions.Define(s)
}

// choosy is a probe of which some steps may be repeated.
func choosy(p *provider) *actions.Kind {
	s := probing(p, "choosy")
	s.Repeats = func(_ probeAccount, c actions.Call[probeParams]) bool {
		return strings.HasPrefix(c.Params.Text, "again")
	}
	return actions.Define(s)
}

func probing(p *provider, name string) actions.Spec[probeAccount, probeParams] {
	return actions.Spec[probeAccount, probeParams]{
		Name: name, Summary: "Say something to the test", Example: name + `: { text: hello }`, NoAccount: true,
		Result: probeResult{},
		Redirect: func(p probeParams, to string) (probeParams, error) {
			if !strings.Contains(to, "@") {
				return p, errors.New("it is nobody")
			}
			return probeParams{"to " + to + ": " + p.Text}, nil
		},
		Target: func(c actions.Call[probeParams]) string {
			_, host, _ := strings.Cut(c.Params.Text, " via ")
			return host
		},
		Reaches: func(p probeParams) []actions.Recipient { return addressed(p.Text) },
		Spare: func(p probeParams, some []actions.Recipient) (probeParams, bool) {
			for _, r := range some {
				p.Text = strings.ReplaceAll(p.Text, r.Address, "nobody")
			}
			return p, len(addressed(p.Text)) > 0
		},
		Open: func(actions.Env, probeAccount) (actions.Sender[probeParams], error) { return p, nil },
	}
}

// addressed gives whom a text reaches: every word with an @.
func addressed(text string) (all []actions.Recipient) {
	for _, word := range strings.Fields(text) {
		if strings.Contains(word, "@") {
			all = append(all, actions.Recipient{Channel: actions.Mail, Address: word})
		}
	}
	return all
}
