package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/engine"
	"shopbell/event"
	"shopbell/rules"
	"shopbell/shape"
	"shopbell/sources"
)

const testToken = "correct horse battery staple"

// fakeEngine takes everything, unless told otherwise, and remembers what it was given.
type fakeEngine struct {
	mu       sync.Mutex
	err      error
	requests []sources.Request
	refused  []*sources.Refusal
	asked    []string
	health   engine.Health
	signal   chan struct{}
}

func (f *fakeEngine) Receive(_ context.Context, source string, r sources.Request) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if source == "panic" {
		panic("at the disco")
	}
	f.requests = append(f.requests, r)
	return f.err
}

func (f *fakeEngine) Refuse(_ context.Context, _ string, _ sources.Request, why *sources.Refusal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refused = append(f.refused, why)
}

func (f *fakeEngine) Retry(_ context.Context, id int64) error  { return f.ask("retry", id) }
func (f *fakeEngine) Replay(_ context.Context, id int64) error { return f.ask("replay", id) }

func (f *fakeEngine) ask(what string, id int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch id {
	case 404:
		return engine.ErrNone
	case 409:
		return &engine.Conflict{Reason: what + " cannot be done now"}
	case 500:
		return errors.New("a secret detail")
	case 503:
		return engine.ErrFull
	}
	f.asked = append(f.asked, what)
	return nil
}

func (f *fakeEngine) Report(_ context.Context, source, _ string, _ int) ([]engine.SourceReport, error) {
	if source != "" && source != "ecwid" {
		return nil, engine.ErrNoSource
	}
	return []engine.SourceReport{{Name: "ecwid", SourceHealth: engine.SourceHealth{LastVerified: time.Unix(1735689600, 0), Quiet: "no webhook since yesterday"},
		Polls: time.Minute, Stores: 2, Credentials: map[sources.CredentialState]int{"dead": 1}, Refusals: map[string]int64{"signature": 3}, Events: 7, Installs: true,
		List: []engine.StoreReport{{Store: "1003", Credential: sources.Credential{State: "dead", Note: "the token is refused: install the app again"}, Polled: time.Unix(1735689600, 0), PollError: "no way"}, {Store: "2044"}}}}, f.err
}

func (f *fakeEngine) Credentials() map[string]map[sources.CredentialState]int {
	return map[string]map[sources.CredentialState]int{"ecwid": {sources.CredentialDead: 2}}
}

func (f *fakeEngine) Revive(_ context.Context, source, store string) error {
	if source != "ecwid" {
		return engine.ErrNoSource
	}
	return f.ask("revive "+store, 1)
}

func (f *fakeEngine) Agree(source, state string) (string, error) {
	if source != "ecwid" {
		return "", engine.ErrNoInstall
	}
	return "https://platform.example/authorize?state=" + state, nil
}

func (f *fakeEngine) Install(_ context.Context, source string, q url.Values) (string, error) {
	if source != "ecwid" {
		return "", engine.ErrNoInstall
	}
	if q.Get("error") != "" {
		return "", errors.New("the merchant did not agree")
	}
	return q.Get("store_id"), f.ask("install "+q.Get("code"), 1)
}

func (f *fakeEngine) Forget(_ context.Context, w engine.Forgetting) (engine.Forgot, error) {
	if w.Person == "" && w.Store == "" {
		return engine.Forgot{}, engine.ErrForgetWhom
	}
	return engine.Forgot{Looked: 3, Events: 2, Runs: 1, Next: 7}, f.ask("forget "+w.Person, 1)
}

func (f *fakeEngine) Suppressions(context.Context) ([]engine.Suppression, error) {
	return []engine.Suppression{{Source: "ecwid", Store: "1003", Channel: "email", Address: "jane@example.com", Why: "550 5.1.1 no such user", Since: time.Unix(1735689600, 0)},
		{Channel: "phone", Why: engine.Forgotten, Since: time.Unix(1735689600, 0)}}, f.err
}

func (f *fakeEngine) Suppress(_ context.Context, s engine.Suppression) error {
	return f.ask("suppress "+s.Store+" "+s.Address+" "+s.Why, 1)
}

func (f *fakeEngine) Lift(_ context.Context, s engine.Suppression) (bool, error) {
	return s.Address != "nobody@example.com", f.ask("lift "+s.Store+" "+s.Address, 1)
}

func (f *fakeEngine) Leaving(token string) (engine.Suppression, error) {
	if token != "good" {
		return engine.Suppression{}, engine.ErrUnsubscribe
	}
	return engine.Suppression{Address: "<jane@example.com>"}, nil
}

func (f *fakeEngine) Reported(_ context.Context, account, token, path string, n actions.Notice) error {
	switch token {
	case "forged":
		return actions.ErrForged
	case "odd":
		return fmt.Errorf("%w: <script>", actions.ErrUnreadable)
	case "away":
		return engine.ErrAway
	case "good":
		return f.ask(fmt.Sprintf("report %s %s %s", account, path, n.Body), 1)
	}
	return engine.ErrCallback
}

func (f *fakeEngine) Leave(_ context.Context, token string) error {
	if token == "away" {
		return engine.ErrAway
	}
	if token != "good" {
		return engine.ErrUnsubscribe
	}
	return f.ask("leave "+token, 1)
}

// Explain works with the real thing on a real rule and events of its own: its answers are what is held against the contract.
func (f *fakeEngine) Explain(ctx context.Context, q engine.Question) (engine.Story, error) {
	if err := f.ask("explain", 1); err != nil || q.Subject == "order/503" {
		return engine.Story{}, engine.ErrFull
	}
	set, world := explainedRules()
	return engine.Explain(ctx, &fakeLedger{events: sampleEvents(), runs: sampleRuns(), counts: sampleCounts()}, set, world, q)
}

func (f *fakeEngine) Probe(context.Context) {}

func (f *fakeEngine) Health() engine.Health {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.health
}

func (f *fakeEngine) Changes() (<-chan struct{}, func()) { return f.signal, func() {} }

// fakeLedger holds events and runs in memory. Methods that the server must not call are left nil.
type fakeLedger struct {
	engine.Reader
	events []engine.Record
	runs   []engine.Run
	counts []engine.Count
	err    error
}

func (l *fakeLedger) Event(_ context.Context, seq int64) (engine.Record, error) {
	for _, r := range l.events {
		if r.Seq == seq {
			return r, l.err
		}
	}
	return engine.Record{}, engine.ErrNone
}

func (l *fakeLedger) Run(_ context.Context, id int64) (engine.Run, error) {
	for _, r := range l.runs {
		if r.ID == id {
			return r, l.err
		}
	}
	return engine.Run{}, engine.ErrNone
}

func (l *fakeLedger) Events(_ context.Context, f engine.EventFilter) (found []engine.Record, _ error) {
	for _, r := range slices.Backward(l.events) {
		if (f.State == "" || f.State == r.State) && (f.Type == "" || f.Type == r.Type) && (f.ID == "" || f.ID == r.ID) &&
			(f.Before == 0 || r.Seq < f.Before) && len(found) < f.Limit {
			r.Body, r.Data, r.Entity = nil, nil, nil
			found = append(found, r)
		}
	}
	return found, l.err
}

func (l *fakeLedger) Runs(_ context.Context, f engine.RunFilter) (found []engine.Run, _ error) {
	for _, r := range slices.Backward(l.runs) {
		if (f.State == "" || f.State == r.State) && (f.Event == 0 || f.Event == r.Event) &&
			(f.Rule == "" || f.Rule == r.Rule) && (f.Before == 0 || r.ID < f.Before) && len(found) < f.Limit {
			found = append(found, r)
		}
	}
	return found, l.err
}

func (l *fakeLedger) Counts(context.Context, time.Time) ([]engine.Count, error) {
	return l.counts, l.err
}

func (l *fakeLedger) Memo(context.Context, string, string, string) (engine.Memo, error) {
	return engine.Memo{}, engine.ErrNone
}

func (l *fakeLedger) Revision(_ context.Context, hash string) (engine.Revision, error) {
	if hash == "" {
		return engine.Revision{}, engine.ErrNone
	}
	return engine.Revision{Hash: hash, Name: "big-order", Text: bigOrder}, nil
}

const bigOrder = `name: big-order
description: Tell sales about big orders as soon as they are paid.
when: [order.created, order.updated]
if: order.paymentStatus == "PAID" && was?.paymentStatus != "PAID" && order.total >= 200
then:
  - slack:
      channel: "#sales"
      text: "{{ order.id }}: {{ money(order.total) }} from {{ order.email }}"
`

// bench is a server over fakes.
type bench struct {
	*Server
	engine *fakeEngine
	ledger *fakeLedger
	reload error
}

func newBench(t testing.TB, extra ...Page) *bench {
	t.Helper()
	b := &bench{
		engine: &fakeEngine{signal: make(chan struct{}, 1), health: sampleHealth()},
		ledger: &fakeLedger{events: sampleEvents(), runs: sampleRuns(), counts: sampleCounts()},
	}
	b.Server = New(Options{
		Engine: b.engine, Ledger: b.ledger, Token: testToken, Version: "0.1", Rules: sampleRules,
		Reload:  func(context.Context) error { return b.reload },
		Metrics: prometheus.NewRegistry(),
		Sources: []Source{{"ecwid", "ecwid", sources.Always, []string{"1003", "2044"}, nil}, {"billing", "signed", sources.Never, nil, nil}},
		Accounts: func() []Account {
			return []Account{{"email", "email", nil, ""}, {"slack", "slack", nil, ""}, {"newsletter", "newsletter", []string{"1003"}, ""}}
		},
		Actions: []*actions.Kind{{Name: "log", Summary: "Write one line", Example: "log: { message: hi }", NoAccount: true,
			Params: shape.Of(new(struct {
				Message string `json:"message" jsonschema:"description=What to write."`
			}))}},
		Extra: extra,
	})
	return b
}

// call makes one request and gives the answer with its body read.
func (b *bench) call(t testing.TB, method, path, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	text, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(text)
}

// signedIn gives the header of a signed-in browser.
func (b *bench) signedIn() []string {
	session := b.keys.session(time.Now())
	return []string{"Cookie", b.keys.cookie + "=" + session, "Content-Type", "application/x-www-form-urlencoded"}
}

func (b *bench) formField(header []string) string {
	_, session, _ := strings.Cut(header[1], "=")
	return "csrf=" + b.keys.formToken(session)
}

func sampleHealth() engine.Health {
	now := time.Now()
	return engine.Health{
		Started: now.Add(-50 * time.Hour), Queued: 3, Working: 2, LastAccepted: now.Add(-12 * time.Second), LastSent: now.Add(-40 * time.Second),
		Sources: map[string]engine.SourceHealth{"ecwid": {Quiet: "no webhook since noon", PollLag: 90 * time.Second, LastVerified: now.Add(-12 * time.Second), LastRefusal: now.Add(-3 * time.Hour),
			RefusalReason: "the signature does not fit the notification", LastAttestError: "the store's API answered 503", AttestErrorAt: now.Add(-2 * time.Hour)}},
		Accounts: map[string]engine.AccountHealth{
			"email": {LastOK: now.Add(-40 * time.Second)},
			"slack": {LastOK: now.Add(-6 * time.Hour), LastError: "slack answered invalid_auth", ErrorAt: now.Add(-11 * time.Minute)},
		},
	}
}

func sampleEvents() []engine.Record {
	now := time.Now()
	body := json.RawMessage(`{"eventId":"5b0c6d0e-2f6b-4f1e-9a56-7e0c7f0b1a11","eventCreated":1735689600,"storeId":1003,"entityId":516483487,"eventType":"order.created","data":{"orderId":"K8XTQ","newPaymentStatus":"PAID","newFulfillmentStatus":"AWAITING_PROCESSING"}}`)
	entity := json.RawMessage(`{"id":"K8XTQ","total":248.5,"paymentStatus":"PAID","email":"jane@example.com","items":[{"sku":"SW-1","name":"Walnut desk organiser","price":124.25,"quantity":2}],"shippingPerson":{"name":"Jane Doe","city":"Zürich"},"customFields":null,"hidden":false}`)
	record := func(seq int64, typ, subject string, state engine.EventState, note string, ago time.Duration) engine.Record {
		return engine.Record{
			Seq: seq, State: state, Note: note, Tries: 1,
			Event: event.Event{
				Source: "ecwid", Store: "1003", ID: "5b0c6d0e-2f6b-4f1e-9a56-7e0c7f0b1a11", Type: typ, Subject: subject,
				Created: now.Add(-ago - time.Second), Received: now.Add(-ago), Body: body,
			},
		}
	}
	list := []engine.Record{
		record(1, "profile.updated", "profile", engine.EventUnmatched, "no rule listens to profile.updated", 49*time.Hour),
		record(2, "order.created", "order/A1B2C", engine.EventPlanned, "", 26*time.Hour),
		record(3, "?", "", engine.EventRefused, "the header X-Ecwid-Webhook-Signature is missing, so nobody knows who sent this", 3*time.Hour),
		record(4, "unfinished_order.created", "cart/320AB5DE-5EA6-4419-A4CF-0B04D2913190", engine.EventPlanned, "", 50*time.Minute),
		record(5, "order.updated", "order/ZZZZZ", engine.EventUnconfirmed, "the store has no order ZZZZZ", 40*time.Minute),
		record(6, "product.updated", "product/692730761", engine.EventPending, "the store's API answered 503; it is tried again", 21*time.Minute),
		record(7, "customer.created", "customer/177737165", engine.EventFailed, "the store's token was refused for a whole day", 12*time.Minute),
		record(8, "order.updated", "order/K8XTQ", engine.EventPlanned, "", 40*time.Second),
		record(9, "order.created", "order/K8XTQ", engine.EventPlanned, "", 12*time.Second),
	}
	list[5].Tries, list[5].Due = 4, now.Add(7*time.Minute)
	for _, i := range []int{1, 3, 7, 8} {
		list[i].Entity = entity
	}
	list[2].Body = json.RawMessage(`"not json <script>alert(1)</script>"`)
	return list
}

func sampleRuns() []engine.Run {
	now := time.Now()
	slack := engine.Step{Action: "slack", Account: "slack", Outcome: actions.OutcomeOK, Params: json.RawMessage(`{"channel":"#sales","text":"K8XTQ: €248.50 from Jane Doe"}`),
		Result: actions.Result{"ts": "1735689600.000100"}, Tries: []engine.Try{{At: now.Add(-11 * time.Second), Took: 38 * time.Millisecond, Outcome: actions.OutcomeOK}}}
	mail := engine.Step{ID: "thanks", Action: "email", Account: "email", Outcome: actions.OutcomeOK, Params: json.RawMessage(`{"to":"jane@example.com","subject":"Thank you, Jane","text":"Your order K8XTQ is on its way."}`),
		Tries: []engine.Try{{At: now.Add(-10 * time.Second), Took: 120 * time.Millisecond, Outcome: actions.OutcomeOK}}}
	dead := slack
	dead.Outcome, dead.Blame, dead.Note, dead.Result = actions.OutcomePermanent, actions.BlameAccount, "slack answered invalid_auth: the bot token is wrong or was revoked", nil
	dead.Tries = []engine.Try{
		{At: now.Add(-26 * time.Hour), Took: 10 * time.Second, Outcome: actions.OutcomeRetry, Note: "slack did not answer within 10 s"},
		{At: now.Add(-25 * time.Hour), Took: 45 * time.Millisecond, Outcome: actions.OutcomePermanent, Note: "slack answered invalid_auth: the bot token is wrong or was revoked"},
	}
	held := mail
	held.Outcome, held.Note = actions.OutcomeUnknown, "the mail server hung up after the message was written; it may have arrived"
	waiting := engine.Step{Action: "email", Account: "email", Outcome: actions.OutcomeRetry, Note: "the mail server answered 451 greylisted, try later",
		Tries: []engine.Try{{At: now.Add(-time.Minute), Took: 300 * time.Millisecond, Outcome: actions.OutcomeRetry, Note: "451 greylisted, try later"}}}
	run := func(id, event int64, rule string, state engine.RunState, ago time.Duration, steps ...engine.Step) engine.Run {
		return engine.Run{ID: id, Event: event, Rule: rule, Revision: "9f86d081884c7d65", State: state, Created: now.Add(-ago), Updated: now.Add(-ago + time.Second),
			Due: now.Add(9 * time.Minute), Steps: steps, Step: max(0, len(steps)-1), Tries: 1}
	}
	return []engine.Run{
		run(1, 2, "big-order", engine.RunDead, 26*time.Hour, dead),
		run(2, 4, "recover-cart", engine.RunHeld, 45*time.Minute, held),
		run(3, 8, "order-paid", engine.RunDue, 40*time.Second, waiting),
		run(4, 9, "big-order", engine.RunDone, 12*time.Second, slack, mail),
		run(5, 9, "1003/thank-you", engine.RunDone, 11*time.Second, engine.Step{Action: "log", Skipped: true}, mail),
	}
}

func sampleCounts() (counts []engine.Count) {
	today := time.Now().UTC().Truncate(24 * time.Hour)
	for i := range plotDays {
		n := int64(900 + (i*i*397)%1100)
		day := today.AddDate(0, 0, -i)
		for what, n := range map[string]int64{
			"event.planned": n, "event.unmatched": n / 3, "event.refused": 2, "event.duplicate": 17, "run.done": n * 9 / 10, "run.dead": 1,
		} {
			counts = append(counts, engine.Count{Day: day, Source: "ecwid", Store: "1003", What: what, N: n})
		}
	}
	return counts
}

// fakeRules is a [Rulebook].
type fakeRules struct {
	rules       []*rules.Rule
	directories []rules.Directory
}

func (f fakeRules) Rules() []*rules.Rule           { return f.rules }
func (f fakeRules) Directories() []rules.Directory { return f.directories }

func (f fakeRules) Folders() []rules.Folder {
	var list []rules.Folder
	for _, d := range f.directories {
		problems, _ := document.Split(d.Problems)
		list = append(list, rules.Folder{Directory: d.Name, Revision: d.Revision, Rules: d.Rules, Problems: len(problems)})
	}
	return list
}

func sampleRules() Rulebook {
	rule := func(dir, name, doc, action string) *rules.Rule {
		return &rules.Rule{Directory: dir, Name: name, Revision: "9f86d081884c7d65", Text: bigOrder, File: "rules/" + dir + "orders.yaml", Line: 3,
			Description: doc, When: []string{"order.created", "order.updated"}, Condition: "order.total >= 200", Steps: []rules.Step{{Action: action, Account: action}}}
	}
	return fakeRules{
		rules: []*rules.Rule{
			rule("", "big-order", "Tell sales about big orders as soon as they are paid.", "slack"),
			rule("", "order-paid", "Thank the customer.", "email"), rule("1003", "thank-you", "", "email"),
		},
		directories: []rules.Directory{
			{Name: "", Revision: "ab", Rules: 2, Problems: []document.Problem{{File: "rules/orders.yaml", Line: 9, Column: 5, Message: "fires on every change of an order",
				Hint: "Compare with was, so that it fires once.", Warning: true, Source: "    when: order.updated"}}},
			{Name: "1003", Revision: "cd", Rules: 1},
			{Name: "2044", Revision: "ef", Broken: true, Problems: []document.Problem{{File: "rules/2044/sales.yaml", Line: 4, Column: 9,
				Message: `the order has no field "totl"`, Hint: `Did you mean "total"?`, Source: `    if: order.totl >= 200 && order.paymentStatus == "PAID"`}}},
		},
	}
}
