package rules

import (
	"maps"
	"slices"
)

// build finds out which rules listen to what. Where most rules are those of the previous set, most of its work is kept.
func (s *Set) build(previous *Set) {
	s.open.rules = map[string][]opening{}
	s.listening = map[listenKey]*listeners{}
	came, went := s.rules, []*Rule(nil)
	if previous != nil {
		came, went = difference(previous.rules, s.rules)
		if few(len(came)+len(went), len(s.rules)) {
			s.listening = maps.Clone(previous.listening)
		} else {
			came, went = s.rules, nil
		}
	}
	if opens(came) || opens(went) || previous != nil && len(previous.open.rules) > 0 {
		s.open.add(s.rules)
	}
	for key, c := range changesOf(came, went) {
		if at := s.listening[key].with(c); len(at.stores) > 0 || at.every.rules > 0 {
			s.listening[key] = at
		} else {
			delete(s.listening, key)
		}
	}
}

// difference tells which rules are in the second list only, and which in the first only. Lists of two loads begin and
// end alike, mostly.
func difference(before, now []*Rule) (came, went []*Rule) {
	for len(before) > 0 && len(now) > 0 && before[0] == now[0] {
		before, now = before[1:], now[1:]
	}
	for len(before) > 0 && len(now) > 0 && before[len(before)-1] == now[len(now)-1] {
		before, now = before[:len(before)-1], now[:len(now)-1]
	}
	return without(now, before), without(before, now)
}

func without(list, others []*Rule) []*Rule {
	if len(others) == 0 {
		return list
	}
	other := make(map[*Rule]bool, len(others))
	for _, r := range others {
		other[r] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(r *Rule) bool { return other[r] })
}

// A change is rules that came to one event type, by store, and those that went; "" stands for every store.
type change struct {
	listen     listen
	came, went map[string][]*Rule
}

// changesOf sorts rules by what they listen to.
func changesOf(came, went []*Rule) map[listenKey]*change {
	all := map[listenKey]*change{}
	sort := func(rules []*Rule, into func(c *change) map[string][]*Rule) {
		for _, r := range rules {
			if !r.enabled {
				continue
			}
			for _, l := range r.listens {
				if l.open {
					continue
				}
				key := listenKey{l.source, l.Name}
				if all[key] == nil {
					all[key] = &change{listen: l, came: map[string][]*Rule{}, went: map[string][]*Rule{}}
				}
				addTo(into(all[key]), r)
			}
		}
	}
	sort(came, func(c *change) map[string][]*Rule { return c.came })
	sort(went, func(c *change) map[string][]*Rule { return c.went })
	return all
}

// addTo puts a rule on the lists of its stores.
func addTo(lists map[string][]*Rule, r *Rule) {
	if len(r.stores) == 0 {
		lists[""] = append(lists[""], r)
	}
	for i, store := range r.stores {
		if !slices.Contains(r.stores[:i], store) {
			lists[store] = append(lists[store], r)
		}
	}
}

// with gives the listeners after a change. They may be nil before.
func (l *listeners) with(c *change) *listeners {
	next := &listeners{noun: c.listen.Noun, change: c.listen.Change, every: newGroup(nil), stores: map[string]*group{}}
	if l != nil {
		next.noun, next.change, next.every, next.stores = l.noun, l.change, l.every, maps.Clone(l.stores)
	}
	stores := slices.Collect(maps.Keys(c.came))
	for store := range c.went {
		if _, twice := c.came[store]; !twice {
			stores = append(stores, store)
		}
	}
	for _, store := range stores {
		if store == "" {
			next.every = next.every.with(c.came[""], c.went[""])
			continue
		}
		own := next.stores[store]
		if own == nil {
			own = newGroup(nil)
		}
		if own = own.with(c.came[store], c.went[store]); own.rules > 0 {
			next.stores[store] = own
		} else {
			delete(next.stores, store)
		}
	}
	return next
}
