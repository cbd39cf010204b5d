package engine_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"shopbell/engine"
	"shopbell/event"
	"shopbell/sources"
	"shopbell/virtualtime"
)

// A shelf is one store of a market, whose polls find nothing until they are told to.
type shelf struct {
	*market
	*bench
	store string
}

func (s shelf) item(name string) string { return s.store + "." + name }

func (s shelf) alter(name string, edit func(*item)) notice {
	return s.change(s.store, s.item(name), edit)
}
func (s shelf) drop(name string) notice { return s.remove(s.store, s.item(name)) }

func (s shelf) hush(silent bool) {
	s.set(func(m *market) { m.shops[s.store].silent = silent })
	s.untilPolled(s.bench, s.store, 1) // what was under way is over
}

// finds has polls find what there is, more than once.
func (s shelf) finds() {
	s.hush(false)
	s.untilPolled(s.bench, s.store, 1)
	s.worked(s.bench, s.store)
	s.hush(true)
}

// tells delivers webhooks and waits until they have been worked.
func (s shelf) tells(notices ...notice) {
	for _, n := range notices {
		if err := s.deliver(n); err != nil {
			s.Error(err)
		}
		s.worked(s.bench, s.store)
	}
}

// late tells of a change that has been worked already, and looks whether the event says so.
func (s shelf) late(n notice) {
	s.tells(n)
	found, err := s.ledger.Events(context.Background(), engine.EventFilter{ID: n.ID})
	if err != nil || len(found) != 1 || found[0].State != engine.EventUnmatched || found[0].Note == "" {
		s.Errorf("%s: the late webhook is kept as %+v, %v", s.store, found, err)
	}
}

// worked waits until no event of a store is pending and no run due. It looks in the order in which they come.
func (m *market) worked(b *bench, store string) {
	b.until("all of store "+store+" is worked", func() bool {
		pending, err := b.ledger.Events(context.Background(), engine.EventFilter{State: engine.EventPending, Store: store})
		if err != nil || len(pending) > 0 {
			return false
		}
		for _, state := range []engine.RunState{engine.RunDue, engine.RunStarted} {
			for _, u := range b.runs(state) {
				if u.Store == store {
					return false
				}
			}
		}
		return true
	})
}

// eachOrder has webhooks and polls tell of the same changes, and gives what is to come of it.
var eachOrder = map[string]func(s shelf) []string{
	"a lost webhook": func(s shelf) []string {
		s.alter("old", nil)
		s.finds()
		s.finds()
		return []string{"touched old 2"}
	},
	"a late webhook": func(s shelf) []string {
		late := s.alter("old", nil)
		s.finds()
		s.late(late)
		return []string{"touched old 2"}
	},
	"a late webhook whose stamp is a little after the change": func(s shelf) []string {
		late := s.alter("old", nil)
		late.Created = late.Created.Add(4 * time.Second)
		s.finds()
		s.late(late)
		return []string{"touched old 2"}
	},
	"a webhook first": func(s shelf) []string {
		s.tells(s.alter("old", nil))
		s.finds()
		found, err := s.ledger.Events(context.Background(), engine.EventFilter{Store: s.store})
		if len(found) != 1 || err != nil {
			s.Errorf("%d events, want the webhook's only; %v", len(found), err)
		}
		return []string{"touched old 2"}
	},
	"two changes, and the webhook of the second is late": func(s shelf) []string {
		first := s.alter("old", nil)
		s.tells(first)
		second := s.alter("old", nil)
		s.finds()
		s.late(second)
		s.tells(first) // doubled
		return []string{"touched old 2", "touched old 3"}
	},
	"a change after the one that was found": func(s shelf) []string {
		late := s.alter("old", nil)
		s.finds()
		s.tells(s.alter("old", nil))
		s.late(late)
		s.finds()
		return []string{"touched old 2", "touched old 3"}
	},
	"a late webhook that sees the next change": func(s shelf) []string {
		late := s.alter("old", nil)
		s.finds()
		s.alter("old", nil) // its webhook is lost
		s.late(late)
		s.finds()
		return []string{"touched old 2", "touched old 3"}
	},
	"created": func(s shelf) []string {
		late := s.alter("A", nil)
		s.finds()
		s.tells(late)
		early := s.alter("B", nil)
		s.tells(early)
		s.finds()
		s.tells(early)
		return []string{"created A", "created B"}
	},
	"created, and changed at once": func(s shelf) []string {
		s.alter("A", nil)
		s.alter("A", func(i *item) { i.state = "paid" })
		s.finds()
		s.finds()
		return []string{"created A", "paid A"}
	},
	"a late webhook of a creation, which sees the next change": func(s shelf) []string {
		late := s.alter("A", nil)
		s.finds()
		s.alter("A", func(i *item) { i.price = 90 }) // its webhook is lost
		s.late(late)
		s.finds()
		return []string{"created A", "dropped A 100 to 90", "touched A 2"}
	},
	"deleted, and told twice, late": func(s shelf) []string {
		late := s.drop("old")
		s.finds()
		again := late
		again.ID = late.ID + "again"
		s.must(s.deliver(late))
		s.must(s.deliver(again))
		s.worked(s.bench, s.store)
		return []string{"deleted old"}
	},
	"deleted": func(s shelf) []string {
		late := s.drop("old")
		s.finds()
		s.late(late)
		return []string{"deleted old"}
	},
	"deleted, the webhook first": func(s shelf) []string {
		s.tells(s.drop("old"))
		s.finds()
		return []string{"deleted old"}
	},
	"created, which the platform did not know at first": func(s shelf) []string {
		s.alter("lags", nil)
		s.tells(notice{"lags", "item.created", s.store, "item/" + s.item("lags"), time.Now()})
		s.finds()
		return []string{"created lags"}
	},
}

func TestEachChangeIsWorkedOnce(t *testing.T) { onEachLedger(t, eachChangeIsWorkedOnce) }

func eachChangeIsWorkedOnce(t *testing.T, newBench maker) {
	t.Parallel()
	m := newMarket(slices.Collect(maps.Keys(eachOrder))...)
	m.every = time.Second
	m.reading = func(e *event.Event) error {
		if e.ID == "lags" {
			return sources.Unconfirmed("404: the list lags behind")
		}
		return nil
	}
	for name := range eachOrder {
		m.change(name, name+".old", nil)
	}
	b := m.bench(t, newBench, marketRules)
	var cases sync.WaitGroup
	for name, test := range eachOrder {
		cases.Go(func() {
			s := shelf{m, b, name}
			s.hush(true)
			want := test(s)
			var got []string
			for _, text := range b.provider.texts() {
				if strings.Contains(text, "item/"+name+".") {
					got = append(got, strings.Replace(text, "item/"+name+".", "", 1))
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%s: sent %q, want %q", name, got, want)
			}
		})
	}
	cases.Wait()
}

func TestWebhookAndPollAtOnce(t *testing.T) { onEachLedger(t, webhookAndPollAtOnce) }

// webhookAndPollAtOnce has every change told by both within a moment, many times.
func webhookAndPollAtOnce(t *testing.T, newBench maker) {
	t.Parallel()
	const items, rounds = 12, 4
	m := newMarket("1")
	m.every, m.page = time.Second, 100
	b := m.bench(t, newBench, marketRules)
	m.untilPolled(b, "1", 1)
	var late []notice
	var mu sync.Mutex
	m.set(func(m *market) {
		m.polling = func(context.Context, string) error {
			mu.Lock()
			now := late
			late = nil
			mu.Unlock()
			go func() { // one after the other, so that they come while the poll is worked
				for _, n := range now {
					if err := b.deliver(n); err != nil {
						t.Error(err)
					}
				}
			}()
			return nil
		}
	})
	var want []string
	for round := range rounds {
		var sent []notice
		for i := range items {
			name := fmt.Sprint("A", i)
			switch round {
			case 0:
				want = append(want, "created item/"+name)
			case rounds - 1:
				want = append(want, "deleted item/"+name)
				sent = append(sent, m.remove("1", name))
				continue
			default:
				want = append(want, fmt.Sprint("touched item/", name, " ", round+1), fmt.Sprintf("dropped item/%s %d to %d", name, 101-round, 100-round))
			}
			sent = append(sent, m.change("1", name, func(i *item) { i.price = 100 - round }))
		}
		mu.Lock()
		late = sent
		mu.Unlock()
		m.untilPolled(b, "1", 2)
		b.until("all webhooks have come", func() bool { return m.came(b, sent) })
		m.worked(b, "1")
	}
	b.sent(want...)
}

func (m *market) came(b *bench, sent []notice) bool {
	for _, n := range sent {
		if found, err := b.ledger.Events(context.Background(), engine.EventFilter{ID: n.ID}); err != nil || len(found) == 0 {
			return false
		}
	}
	return true
}

func TestWhatWasThereFillsTheSnapshots(t *testing.T) {
	onEachLedger(t, whatWasThereFillsTheSnapshots)
}

func whatWasThereFillsTheSnapshots(t *testing.T, newBench maker) {
	t.Parallel()
	m := polled()
	for i := range 10 {
		m.change("1", fmt.Sprint("B", i), func(i *item) { i.state, i.price = "paid", 70 })
	}
	begun, free := make(chan struct{}, 100), make(chan struct{})
	m.polling = func(ctx context.Context, _ string) error {
		select {
		case begun <- struct{}{}:
		default:
		}
		select {
		case <-free:
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	b := m.bench(t, newBench, marketRules)
	<-begun
	b.must(b.deliver(m.change("1", "old", func(i *item) { i.price = 50 }))) // known before it sees anything
	m.worked(b, "1")
	m.change("1", "old", func(i *item) { i.price = 60 })
	close(free)
	// The snapshot of the old one is that of its webhook, not of the first look, so there is something to be found.
	b.untilRuns(engine.RunDone, 2)
	b.sent("touched item/old 2", "touched item/old 3")
	if n := len(b.events("")); n != 2 {
		t.Errorf("%d events are listed, want two", n)
	}
	seen := b.events(engine.EventSeen)
	if len(seen) != 11 {
		t.Errorf("%d entities are kept as seen, want 11", len(seen))
	}
	m.change("1", "B3", func(i *item) { i.price = 65 })
	b.must(b.deliver(m.change("1", "B4", func(i *item) { i.price = 64 })))
	m.change("1", "old", func(i *item) { i.price = 40 })
	m.untilPolled(b, "1", 2)
	b.untilRuns(engine.RunDone, 8) // all that is to be sent, however long the machine takes
	m.worked(b, "1")
	b.sent("touched item/old 2", "touched item/old 3", "touched item/old 4", "dropped item/old 60 to 40",
		"touched item/B3 2", "dropped item/B3 70 to 65", "touched item/B4 2", "dropped item/B4 70 to 64")
}

// TestTwoChangesInOneSecond has a platform whose clock tells seconds: a change that a poll cannot tell from the one before.
func TestTwoChangesInOneSecond(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		m := polled()
		m.every, m.stamp = 10*time.Minute, time.Second
		b := m.bench(t, newBench, marketRules)
		time.Sleep(10*time.Minute - 500*time.Millisecond)
		late := m.change("1", "old", func(i *item) { i.price = 90 })
		for len(m.polls("1")) < 2 {
			time.Sleep(10 * time.Millisecond)
		}
		synctest.Wait()
		b.sent("touched item/old 2", "dropped item/old 100 to 90")
		next := m.change("1", "old", func(i *item) { i.price = 80 })
		m.set(func(m *market) { m.shops["1"].items["old"].updated = late.Created }) // within the same second
		next.Created = late.Created
		b.must(b.deliver(late))
		b.must(b.deliver(next))
		synctest.Wait()
		b.sent("touched item/old 2", "dropped item/old 100 to 90", "touched item/old 3", "dropped item/old 90 to 80")
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		b.sent("touched item/old 2", "dropped item/old 100 to 90", "touched item/old 3", "dropped item/old 90 to 80")
		b.stop()
	})
}

const plainRules = `
rules:
  - name: plain
    when: [item.created, item.updated, item.deleted]
    then: [{ probe: { text: "{{ event.type }} {{ event.subject }}" } }]
`

// TestModeNeededPollsToo has rules that read no entity, before a platform whose entities are read only where they are needed.
func TestModeNeededPollsToo(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		m := polled()
		m.every, m.mode = 10*time.Minute, sources.Needed
		b := m.bench(t, newBench, plainRules)
		time.Sleep(time.Minute)
		late := []notice{m.change("1", "old", nil), m.change("1", "A", nil)}
		time.Sleep(10 * time.Minute)
		late = append(late, m.remove("1", "A"))
		time.Sleep(10 * time.Minute)
		for _, n := range late {
			b.must(b.deliver(n))
		}
		synctest.Wait()
		b.sent("item.created item/A", "item.deleted item/A", "item.updated item/old")
		b.must(b.deliver(m.change("1", "old", nil)))
		time.Sleep(30 * time.Minute)
		b.sent("item.created item/A", "item.deleted item/A", "item.updated item/old", "item.updated item/old")
		b.stop()
	})
}

// TestWhatNoRuleWantsIsNotKept has polls find what no rule listens to.
func TestWhatNoRuleWantsIsNotKept(t *testing.T) {
	virtualtime.Test(t, func(t *testing.T) {
		m := polled()
		m.every = time.Minute
		b := m.bench(t, newBench, strings.Split(marketRules, "  - name: deleted")[0])
		time.Sleep(90 * time.Second)
		m.change("1", "old", nil)
		m.change("1", "A", nil)
		time.Sleep(5 * time.Minute)
		b.sent("created item/A")
		if got := b.events(""); len(got) != 1 {
			t.Errorf("%d events are kept", len(got))
		}
		b.stop()
	})
}
