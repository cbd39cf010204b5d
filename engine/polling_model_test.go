package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/engine"
	"shopbell/virtualtime"
)

// TestPollingModel changes items at random, loses 30 % of the webhooks, doubles and delays others, polls now and then, and
// looks whether each rule has fired exactly as often as can be known: two changes between two looks are one.
func TestPollingModel(t *testing.T) {
	seeds := []uint64{1, 2}
	if testing.Short() {
		seeds = seeds[:1]
	}
	for _, seed := range append(seeds, rand.Uint64()) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			virtualtime.Test(t, func(t *testing.T) { newPollingModel(t, seed).run() })
		})
	}
}

// pollingModel is a market with a model of what the engine can know of it.
type pollingModel struct {
	*market
	*bench
	rand  *rand.Rand
	mind  sync.Mutex // of known and want
	known map[string]*knowledge
	want  []string
	came  map[string]bool // webhooks
	late  []notice
	lost  int
	names int
}

// knowledge is what the engine has been told of an item.
type knowledge struct {
	is               *item // as it was last looked at; nil for never, or no more
	created, deleted bool  // was told
	polled           time.Time
}

func newPollingModel(t *testing.T, seed uint64) *pollingModel {
	m := &pollingModel{rand: rand.New(rand.NewPCG(seed, 23)), market: newMarket("1"), known: map[string]*knowledge{}, came: map[string]bool{}}
	m.every = time.Minute
	for range 8 {
		m.alter(m.name())
	}
	time.Sleep(time.Second)
	first := true
	m.polling = func(context.Context, string) error {
		m.look(first)
		first = false
		return nil
	}
	m.bench = m.market.bench(t, newBench, marketRules)
	return m
}

func (m *pollingModel) name() string {
	m.mind.Lock()
	defer m.mind.Unlock()
	m.names++
	name := fmt.Sprintf("I%03d", m.names)
	m.known[name] = &knowledge{}
	return name
}

func (m *pollingModel) alter(name string) notice {
	return m.change("1", name, func(i *item) {
		switch m.rand.IntN(4) {
		case 0:
			i.state = []string{"new", "paid"}[m.rand.IntN(2)]
		case 1:
			i.note = fmt.Sprint(m.rand.IntN(9))
		default:
			i.price = max(1, i.price+m.rand.IntN(21)-10)
		}
	})
}

func (m *pollingModel) run() {
	time.Sleep(time.Minute / 2)
	time.Sleep(100 * time.Microsecond) // never at the same moment as a poll
	for range 250 {
		m.step()
		if m.rand.IntN(3) > 0 {
			time.Sleep(time.Duration(m.rand.IntN(25000)) * time.Millisecond)
		}
		for len(m.late) > 0 && m.rand.IntN(3) == 0 {
			m.deliverLate()
		}
	}
	for len(m.late) > 20 {
		m.deliverLate()
	}
	time.Sleep(5 * time.Minute)
	for len(m.late) > 0 {
		m.deliverLate()
	}
	time.Sleep(5 * time.Minute)
	synctest.Wait()
	m.stop()
	m.sent(m.want...)
	m.checkEnds()
}

// step makes a change, and has its webhook come, or not.
func (m *pollingModel) step() {
	var n notice
	switch d := m.rand.IntN(20); {
	case d < 3:
		n = m.alter(m.name())
	default:
		name := fmt.Sprintf("I%03d", 1+m.rand.IntN(m.names))
		switch {
		case m.shops["1"].items[name].gone:
			return
		case d == 3:
			n = m.remove("1", name)
		default:
			n = m.alter(name)
		}
	}
	switch d := m.rand.IntN(100); {
	case d < 30:
		m.lost++
	case d < 60:
		m.late = append(m.late, n)
	default:
		m.tell(n)
		if d > 85 {
			m.late = append(m.late, n) // doubled
		}
	}
}

func (m *pollingModel) deliverLate() {
	i := m.rand.IntN(len(m.late))
	n := m.late[i]
	m.late = append(m.late[:i], m.late[i+1:]...)
	m.tell(n)
}

// tell delivers a webhook, and works out what comes of it.
func (m *pollingModel) tell(n notice) {
	if !m.came[n.ID] {
		m.came[n.ID] = true
		m.heard(n)
	}
	m.must(m.deliver(n))
	synctest.Wait()
}

func (m *pollingModel) heard(n notice) {
	m.mind.Lock()
	defer m.mind.Unlock()
	name := n.Subject[len("item/"):]
	k, now := m.known[name], m.shops["1"].items[name]
	switch {
	case n.Type == "item.deleted":
		m.gone(k, name)
	case now.gone:
	case n.Type == "item.created" && !k.created:
		m.fires(k, name, now, true)
	case n.Type == "item.updated" && n.Created.After(k.polled):
		m.fires(k, name, now, false)
	}
}

// look is a poll: of what has changed since the last look, once.
func (m *pollingModel) look(first bool) {
	m.mind.Lock()
	defer m.mind.Unlock()
	m.market.mu.Lock()
	defer m.market.mu.Unlock()
	for name, now := range m.shops["1"].items {
		k := m.known[name]
		switch {
		case first:
			m.see(k, now)
			k.created = true
		case now.gone:
			m.gone(k, name)
		case k.is != nil && k.is.v == now.v && k.created:
		case !k.created:
			recorded := k.is == nil || k.is.v != now.v
			m.fires(k, name, now, true)
			k.polled = now.created
			if recorded {
				k.polled = now.updated
			}
		default:
			m.fires(k, name, now, false)
			k.polled = now.updated
		}
	}
}

func (m *pollingModel) gone(k *knowledge, name string) {
	if !k.deleted {
		m.want = append(m.want, "deleted item/"+name)
	}
	k.is, k.deleted = nil, true
}

// fires works out what rules do about an item as it is now.
func (m *pollingModel) fires(k *knowledge, name string, now *item, created bool) {
	if created {
		m.want = append(m.want, "created item/"+name)
		k.created = true
	} else {
		m.want = append(m.want, fmt.Sprintf("touched item/%s %d", name, now.v))
		if k.is != nil && now.price < k.is.price {
			m.want = append(m.want, fmt.Sprintf("dropped item/%s %d to %d", name, k.is.price, now.price))
		}
	}
	if now.state == "paid" && (k.is == nil || k.is.state != "paid") {
		m.want = append(m.want, "paid item/"+name)
	}
	m.see(k, now)
}

func (m *pollingModel) see(k *knowledge, now *item) {
	is := *now
	k.is = &is
}

// checkEnds looks at what needs no model: every item that came was told of once, every one that went too, and the ledger knows
// each as it is.
func (m *pollingModel) checkEnds() {
	times := map[string]int{}
	for _, text := range m.provider.texts() {
		times[text]++
	}
	created, gone := 0, 0
	for name, i := range m.shops["1"].items {
		subject := "item/" + name
		if n := times["deleted "+subject]; i.gone && n != 1 || !i.gone && n != 0 {
			m.Errorf("%s was told %d times to be deleted", name, n)
		}
		entity, _, err := m.ledger.Snapshot(context.Background(), "shop", "1", subject)
		m.must(err)
		if i.gone {
			gone++
			continue
		}
		if string(entity) != string(i.entity(subject)) {
			m.Errorf("%s is known as %s, want %s", name, entity, i.entity(subject))
		}
		if i.created.After(m.polls("1")[0]) {
			created++
			if n := times["created "+subject]; n != 1 {
				m.Errorf("%s was told %d times to be created", name, n)
			}
		}
	}
	if created < 5 || gone < 2 || m.lost < 40 || len(m.events(engine.EventPlanned)) < 100 {
		m.Errorf("%d created, %d gone, %d webhooks lost: the model shows nothing", created, gone, m.lost)
	}
}

// TestSharedPollingModel is a rougher model for two nodes on one PostgreSQL, in real time: webhooks are lost, doubled, late and out
// of order, come to both nodes, and at the same moment as polls. How often a rule fires has bounds that hold for any order of looks.
func TestSharedPollingModel(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	m := &pollingModel{rand: rand.New(rand.NewPCG(seed, 29)), market: newMarket("1"), known: map[string]*knowledge{}}
	m.every = time.Second
	m.bench = m.market.bench(t, newNode, marketRules)
	other := m.another(threeRules, m.serve(t, marketRules))
	m.untilPolled(m.bench, "1", 1)
	changes := map[string]int{}
	var late []notice
	pace := time.NewTicker(40 * time.Millisecond)
	defer pace.Stop()
	for range 300 {
		<-pace.C
		name := fmt.Sprint("A", m.rand.IntN(15))
		if changes[name]++; changes[name] > 1 && changes[name]%9 == 0 {
			name = fmt.Sprint(name, "-", changes[name]) // now and then one that comes and goes
			late = append(late, m.change("1", name, nil), m.remove("1", name))
			continue
		}
		n := m.change("1", name, func(i *item) { i.price -= changes[name] % 2 }) // falls, or stays
		if d := m.rand.IntN(10); d < 3 {
			continue // is lost
		} else if late = append(late, n); d < 5 {
			late = append(late, n)
		}
		for len(late) > 0 && m.rand.IntN(3) > 0 {
			i := m.rand.IntN(len(late))
			m.must([]*bench{m.bench, other}[m.rand.IntN(2)].deliver(late[i]))
			late = append(late[:i], late[i+1:]...)
		}
	}
	m.untilPolled(m.bench, "1", 3)
	for _, n := range late {
		m.must(other.deliver(n))
	}
	m.untilPolled(m.bench, "1", 3)
	m.worked(m.bench, "1")
	m.checkBounds()
}

// checkBounds looks at what was told of each item: created and deleted once, its last price, and no more changes than there were.
func (m *pollingModel) checkBounds() {
	created, deleted, touched, dropped, last := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for _, text := range m.provider.texts() {
		var what, name string
		var a, b int
		_, _ = fmt.Sscanf(text, "%s %s %d to %d", &what, &name, &a, &b)
		switch what {
		case "created":
			created[name]++
		case "deleted":
			deleted[name]++
		case "touched":
			touched[name]++
		case "dropped":
			dropped[name] += a - b
			last[name] = b
		}
	}
	for name, i := range m.shops["1"].items {
		id := "item/" + name
		if i.gone {
			if created[id] > 1 || deleted[id] != 1 {
				m.Errorf("%s was told %d times to be created, %d times to be deleted", name, created[id], deleted[id])
			}
			continue
		}
		if created[id] != 1 || deleted[id] != 0 {
			m.Errorf("%s was told %d times to be created, %d times to be deleted", name, created[id], deleted[id])
		}
		if n := touched[id]; n < 1 || n > i.v-1 {
			m.Errorf("%s was changed %d times, and told %d times", name, i.v-1, n)
		}
		// What the price has fallen by, all in all, is told but for what it fell before it was seen first; and never told twice.
		if last[id] != i.price || dropped[id] > 100-i.price {
			m.Errorf("%s has come down to %d: last told %d, and %d in all", name, i.price, last[id], dropped[id])
		}
	}
}
