package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"shopbell/document"
	"shopbell/engine"
	"shopbell/event"
	"shopbell/rules"
	"shopbell/secret"
	"shopbell/sources"
)

// market plays a platform that can be polled, changed and installed. It hands its webhooks to the test, which delivers, loses,
// doubles and delays them.
type market struct {
	mu      sync.Mutex
	every   time.Duration
	page    int           // items in one batch
	stamp   time.Duration // the resolution of its clock
	mode    sources.Mode
	shops   map[string]*marketShop
	notices int
	edits   []sources.Edit
	polling func(context.Context, string) error // before a store is asked; may wait
	reading func(*event.Event) error            // before an entity is read; may wait
	changed func(sources.Edit) error            // after a change of ours was made
}

// marketShop is one store of a market, and what is known of its credential.
type marketShop struct {
	items  map[string]*item
	last   time.Time // stamp of the latest change
	polls  []time.Time
	inside int // polls at once
	token  secret.Text
	cred   sources.Credential
	lives  []sources.Life
	buried []string
	gone   bool   // the app is not in the store any more
	stops  bool   // the program knows that
	refuse string // this token is refused
	silent bool   // polls find nothing for now
}

type item struct {
	v, price         int
	state, note      string
	created, updated time.Time
	gone             bool
}

// A notice is a webhook on its way.
type notice struct {
	ID, Type, Store, Subject string
	Created                  time.Time
}

func newMarket(stores ...string) *market {
	m := &market{page: 3, stamp: time.Millisecond, mode: sources.Always, shops: map[string]*marketShop{}}
	for _, s := range stores {
		m.shops[s] = newMarketShop("token of " + secret.Text(s))
	}
	return m
}

func newMarketShop(token secret.Text) *marketShop {
	return &marketShop{items: map[string]*item{}, token: token, cred: sources.Credential{State: sources.CredentialUnused}}
}

const marketRules = `
rules:
  - name: created
    when: item.created
    then: [{ probe: { text: "created {{ item.id }}" } }]
  - name: deleted
    when: item.deleted
    then: [{ probe: { text: "deleted {{ event.subject }}" } }]
  - name: touched
    when: item.updated
    then: [{ probe: { text: "touched {{ item.id }} {{ item.v }}" } }]
  - name: paid
    when: [item.created, item.updated]
    if: item.state == "paid" && was?.state != "paid"
    then: [{ probe: { text: "paid {{ item.id }}" } }]
  - name: dropped
    when: item.updated
    if: was != nil && item.price < was.price
    then: [{ probe: { text: "dropped {{ item.id }} {{ was.price }} to {{ item.price }}" } }]
`

func marketCatalog() *event.Catalog {
	thing := event.ObjectOf("an item", event.Must("id", event.Of(event.Text, "its id")), event.Must("v", event.Of(event.Number, "its version")),
		event.Must("price", event.Of(event.Number, "its price")), event.Must("state", event.Of(event.Text, "its state")),
		event.Must("note", event.Of(event.Text, "its note")), event.Must("updated", event.Of(event.Number, "its last change")))
	app := event.ObjectOf("the app", event.Must("id", event.Of(event.Text, "its id")))
	c := &event.Catalog{}
	for name, change := range map[string]event.Change{"created": event.Created, "updated": event.Updated, "deleted": event.Deleted} {
		c.Types = append(c.Types, event.Type{Name: "item." + name, Noun: "item", Change: change, Entity: thing, Readable: true})
	}
	for _, name := range []string{"installed", "uninstalled", "active"} {
		c.Types = append(c.Types, event.Type{Name: "app." + name, Noun: "app", Entity: app, Readable: true})
	}
	return c
}

// bench makes an engine before this market.
func (m *market) bench(t testing.TB, make maker, ruleFile string, change ...func(*engine.Options)) *bench {
	t.Helper()
	return make(t, threeRules, append([]func(*engine.Options){m.serve(t, ruleFile)}, change...)...)
}

func (m *market) serve(t testing.TB, ruleFile string) func(*engine.Options) {
	return func(o *engine.Options) {
		o.Sources = map[string]sources.Source{"shop": m}
		o.World.Sources = map[string]rules.Origin{"shop": {Kind: "shop", Catalog: marketCatalog(), ReadsBack: true, Stores: slices.Collect(maps.Keys(m.shops))}}
		o.Rules = rules.Parse(map[string]string{"rules.yaml": ruleFile}, o.World)
		if problems, _ := document.Split(o.Rules.Problems()); len(problems) > 0 {
			t.Fatal(document.Text(problems))
		}
	}
}

// deliver brings a webhook.
func (b *bench) deliver(n notice) error {
	body, _ := json.Marshal(n)
	return b.Receive(context.Background(), "shop", sources.Request{Body: body, Received: time.Now()})
}

// change makes an item, or changes it, and gives the webhook that tells of it.
func (m *market) change(store, name string, edit func(*item)) notice {
	m.mu.Lock()
	defer m.mu.Unlock()
	shop := m.shops[store]
	at, typ := shop.tick(m.stamp), "item.updated"
	i := shop.items[name]
	if i == nil || i.gone {
		i, typ = &item{created: at, price: 100, state: "new"}, "item.created"
		shop.items[name] = i
	}
	i.v++
	i.updated = at
	if edit != nil {
		edit(i)
	}
	return m.notice(typ, store, name, at)
}

func (m *market) remove(store, name string) notice {
	m.mu.Lock()
	defer m.mu.Unlock()
	shop := m.shops[store]
	i := shop.items[name]
	i.gone, i.updated = true, shop.tick(m.stamp)
	return m.notice("item.deleted", store, name, i.updated)
}

func (m *market) notice(typ, store, name string, at time.Time) notice {
	m.notices++
	return notice{fmt.Sprintf("w%d", m.notices), typ, store, "item/" + name, at}
}

// tick gives the stamp of a change. A clock that tells milliseconds gives each its own.
func (s *marketShop) tick(stamp time.Duration) time.Time {
	at := time.Now().UTC().Truncate(stamp)
	if stamp < time.Second && !at.After(s.last) {
		at = s.last.Add(stamp)
	}
	s.last = at
	return at
}

func (m *market) set(change func(*market)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change(m)
}

// polls tells when a store was asked.
func (m *market) polls(store string) []time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.shops[store].polls)
}

// untilPolled waits until a store was asked so many times more, from the beginning.
func (m *market) untilPolled(b *bench, store string, n int) {
	b.Helper()
	from := len(m.polls(store))
	b.until(fmt.Sprintf("polled %d times more", n), func() bool { return len(m.polls(store)) > from+n })
}

// Receive implements [sources.Source].
func (m *market) Receive(r sources.Request) ([]event.Event, error) {
	var n notice
	if err := json.Unmarshal(r.Body, &n); err != nil {
		return nil, sources.Refuse(400, "parse", "the body is not a notification")
	}
	return []event.Event{{Source: "shop", Store: n.Store, ID: n.ID, Type: n.Type, Subject: n.Subject, Created: n.Created, Received: r.Received, Body: r.Body}}, nil
}

// Attest implements [sources.Source].
func (m *market) Attest(ctx context.Context, e *event.Event) (sources.Reading, error) {
	m.mu.Lock()
	before := m.reading
	m.mu.Unlock()
	if before != nil {
		if err := before(e); err != nil {
			return sources.Reading{}, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	shop := m.shops[e.Store]
	if strings.HasPrefix(e.Type, "app.") {
		return sources.Reading{Entity: json.RawMessage(`{"id":"app"}`), Gone: shop.gone}, ctx.Err()
	}
	if err := shop.call(); err != nil {
		return sources.Reading{}, err
	}
	i := shop.items[strings.TrimPrefix(e.Subject, "item/")]
	there := i != nil && !i.gone
	switch {
	case e.Type == "item.deleted" && !there:
		return sources.Reading{Gone: true}, ctx.Err()
	case !there || e.Type == "item.deleted":
		return sources.Reading{}, sources.Unconfirmed("it is not as the event says")
	}
	return sources.Reading{Entity: i.entity(e.Subject)}, ctx.Err()
}

func (i *item) entity(id string) json.RawMessage {
	return fmt.Appendf(nil, `{"id":%q,"v":%d,"price":%d,"state":%q,"note":%q,"updated":%d}`, id, i.v, i.price, i.state, i.note, i.updated.UnixMilli())
}

// call uses the store's credential.
func (s *marketShop) call() error {
	if s.cred.State == sources.CredentialDead || s.refuse != "" && s.refuse == s.token.Reveal() {
		if s.cred.State != sources.CredentialDead {
			s.cred = sources.Credential{State: sources.CredentialDead, Since: time.Now(), Note: "install the app again"}
		}
		return sources.Denied(errors.New("403: the token is dead"))
	}
	s.cred.State = sources.CredentialOK
	return nil
}

// Profile implements [sources.Source].
func (m *market) Profile(_ context.Context, store string) (event.Store, error) {
	return event.Store{ID: store}, nil
}

// Serves implements [sources.Source].
func (m *market) Serves(store string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.shops[store] != nil
}

// Mode implements [sources.Source].
func (m *market) Mode() sources.Mode { return m.mode }

// Every implements [sources.Poller].
func (m *market) Every() time.Duration { return m.every }

// Stores implements [sources.Poller].
func (m *market) Stores() (stores []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, s := range m.shops {
		if !s.stops && s.cred.State != sources.CredentialDead {
			stores = append(stores, name)
		}
	}
	return stores
}

// marketCursor is how far a store was polled: what changed since a little before Since is to come, and, within a round, what has
// a name after After. First is when the first round began.
type marketCursor struct {
	First, Since, Until time.Time
	After               string
}

// overlap has every change found by several polls: its stamp may be older than the list in which it is seen first.
const overlap = 3 * time.Second

// Poll implements [sources.Poller].
func (m *market) Poll(ctx context.Context, r sources.Round) (sources.Batch, error) {
	m.mu.Lock()
	shop, before := m.shops[r.Store], m.polling
	shop.polls = append(shop.polls, time.Now())
	shop.inside++
	m.mu.Unlock()
	defer m.set(func(*market) { shop.inside-- })
	if before != nil {
		if err := before(ctx, r.Store); err != nil {
			return sources.Batch{}, err
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := shop.call(); err != nil {
		return sources.Batch{}, err
	}
	if shop.silent && r.Cursor != nil {
		return sources.Batch{Cursor: r.Cursor}, nil
	}
	return shop.list(r, m.page)
}

func (s *marketShop) list(r sources.Round, page int) (sources.Batch, error) {
	var c marketCursor
	if r.Cursor != nil {
		if err := json.Unmarshal(r.Cursor, &c); err != nil {
			return sources.Batch{}, err
		}
	}
	if c.Until.IsZero() {
		c.Until = time.Now().UTC()
	}
	var batch sources.Batch
	for n, name := range slices.Sorted(maps.Keys(s.items)) {
		i := s.items[name]
		if name <= c.After || i.updated.Before(c.Since.Add(-overlap)) || i.updated.After(c.Until) {
			continue
		}
		if n%page == page-1 {
			batch.More = true
		}
		batch.Found = append(batch.Found, i.found(r.Store, name, c)...)
		if c.After = name; batch.More {
			break
		}
	}
	if !batch.More {
		c = marketCursor{First: c.First, Since: c.Until}
		if c.First.IsZero() {
			c.First = c.Since
		}
	}
	batch.Cursor, _ = json.Marshal(c)
	return batch, nil
}

// found tells what became of an item since the last round.
func (i *item) found(store, name string, c marketCursor) []sources.Found {
	found := func(typ string, at time.Time) sources.Found {
		f := sources.Found{Event: event.Event{Source: "shop", Store: store, ID: fmt.Sprintf("poll:%s:%s:%d", name, typ, at.UnixMilli()), Type: "item." + typ,
			Subject: "item/" + name, Created: at}}
		if !i.gone {
			f.Entity = i.entity("item/" + name)
		}
		return f
	}
	switch {
	case i.gone && !i.updated.After(c.First), i.gone && c.First.IsZero():
		return nil
	case c.First.IsZero():
		f := found("updated", i.updated)
		f.Seen, f.Event.ID = true, "seen:"+name
		return []sources.Found{f}
	case i.gone:
		return []sources.Found{found("deleted", i.updated)}
	case !i.created.After(c.First) || i.created.Before(c.Since.Add(-overlap)):
		return []sources.Found{found("updated", i.updated)}
	case i.created.Equal(i.updated):
		return []sources.Found{found("created", i.created)}
	}
	return []sources.Found{found("created", i.created), found("updated", i.updated)}
}

// Version implements [sources.Poller].
func (m *market) Version(_ string, entity json.RawMessage) time.Time {
	var i struct{ Updated int64 }
	if json.Unmarshal(entity, &i) != nil || i.Updated == 0 {
		return time.Time{}
	}
	return time.UnixMilli(i.Updated).UTC()
}
