package rules

import (
	"slices"
	"sync"
)

// mostOpen bounds how many unlisted event types are remembered; what is beyond is found anew each time.
const mostOpen = 4096

// open finds the rules on event types that no catalog lists: by patterns, when a type is first met.
type open struct {
	rules map[string][]opening // by source, in the order of the set
	met   sync.Map             // listenKey → *listeners, nil for none
	mu    sync.Mutex
	n     int // of met
}

// An opening is a rule that listens to a pattern.
type opening struct {
	listen
	rule *Rule
}

// opens tells whether some rule listens to types that no catalog lists.
func opens(rules []*Rule) bool {
	return slices.ContainsFunc(rules, func(r *Rule) bool { return slices.ContainsFunc(r.listens, func(l listen) bool { return l.open }) })
}

// add puts rules on the lists of their sources.
func (o *open) add(rules []*Rule) {
	for _, r := range rules {
		for _, l := range r.listens {
			if l.open && r.enabled {
				o.rules[l.source] = append(o.rules[l.source], opening{l, r})
			}
		}
	}
}

// listeners gives the rules on an event type; nil for none.
func (s *Set) listeners(source, typ string) *listeners {
	key := listenKey{source, typ}
	if l := s.listening[key]; l != nil {
		return l
	}
	candidates := s.open.rules[source]
	if len(candidates) == 0 {
		return nil
	}
	if l, ok := s.open.met.Load(key); ok {
		return l.(*listeners)
	}
	l := among(candidates, source, typ)
	s.open.mu.Lock()
	defer s.open.mu.Unlock()
	if s.open.n < mostOpen {
		s.open.n++
		s.open.met.Store(key, l)
	}
	return l
}

func among(candidates []opening, source, typ string) *listeners {
	c := &change{came: map[string][]*Rule{}}
	var last *Rule
	for _, o := range candidates {
		if o.rule == last || !o.means(source, typ) {
			continue
		}
		if last == nil {
			c.listen = o.listen
		}
		last = o.rule
		addTo(c.came, o.rule)
	}
	if last == nil {
		return nil
	}
	return (*listeners)(nil).with(c)
}
