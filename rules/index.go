package rules

import (
	"slices"
	"strconv"
	"strings"
)

// A group is rules on one event type: those of one store, or those of every store. Their places tell the order.
//
// A rule whose condition has a [necessity] stands in lookups, by the values that its equalities wait for; an event is
// looked up in each by what it has there. What is found is then evaluated as ever, so that the index only ever
// passes over conditions of which it knows that they would give false, and would not fail.
type group struct {
	need     Need
	envelope bool // some rule reads the event beyond its data, or the store
	rules    []indexed
	always   []int32 // places of the rules that every event is held against
	lookups  []*lookup
}

// indexed is a rule at its place.
type indexed struct {
	*Rule
	place int32
}

// A lookup finds rules by the values of one trail.
type lookup struct {
	trail  *trail
	given  []given           // or else every rule of it may be told of
	texts  map[string]span32 // ranges of its places
	others map[value]span32
	places []int32
	all    []int32 // in order
}

// span32 is a range of the places of a lookup.
type span32 struct{ from, to int32 }

// add puts a rule on the list, and what it wants to know with it.
func (g *group) add(r *Rule, place int32) {
	g.rules = append(g.rules, indexed{r, place})
	g.envelope = g.envelope || r.envelope
	g.need = g.need.and(r.need)
	g.need.Listens = true
}

// and gives what either wants to know.
func (n Need) and(o Need) Need {
	return Need{Listens: n.Listens || o.Listens, Data: n.Data || o.Data, Entity: n.Entity || o.Entity, Profile: n.Profile || o.Profile}
}

// wantsFalse says that a rule is to be told of events also when its condition is false.
func (r *Rule) wantsFalse() bool { return len(r.Else) > 0 }

// seal builds the lookups, once all rules are there.
func (g *group) seal() {
	crowds := g.crowds()
	drafts := map[string]*draft{}
	for _, r := range g.rules {
		if r.condition == nil || r.wantsFalse() || len(r.necessities) == 0 {
			g.always = append(g.always, r.place)
			continue
		}
		n := crowds.best(r.necessities)
		key := n.givenKey()
		for i := range n.either {
			e := &n.either[i]
			at := e.trail.key + key
			d := drafts[at]
			if d == nil {
				d = &draft{lookup: &lookup{trail: e.trail, given: n.given}, texts: map[string]int32{}, others: map[value]int32{}}
				drafts[at] = d
				g.lookups = append(g.lookups, d.lookup)
			}
			d.put(e, r.place)
		}
	}
	for _, d := range drafts {
		d.finish()
	}
	g.rules = nil
}

// givenKey tells which givens may share a lookup. Of lists the longest weight counts, so they are told apart by it.
func (n *necessity) givenKey() string {
	if len(n.given) == 0 {
		return ""
	}
	var b strings.Builder
	for _, g := range n.given {
		b.WriteByte('\n')
		b.WriteString(g.trail.key)
		b.WriteByte('\t')
		b.WriteString(strconv.Itoa(int(g.form)))
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(g.weight))
	}
	return b.String()
}

// A draft is a lookup that is being built: first numbers of values, then places by value.
type draft struct {
	lookup *lookup
	texts  map[string]int32
	others map[value]int32
	values []int32 // of each place, the number of its value
	counts []int32 // by number
}

func (d *draft) put(e *equality, place int32) {
	t := d.lookup
	for i, v := range e.oneOf {
		if slices.Contains(e.oneOf[:i], v) {
			continue
		}
		d.values, t.all = append(d.values, d.number(v)), append(t.all, place)
	}
}

func (d *draft) number(v value) int32 {
	next := int32(len(d.counts))
	n := next
	if v.form == text {
		if old, ok := d.texts[v.text]; ok {
			n = old
		} else {
			d.texts[v.text] = n
		}
	} else if old, ok := d.others[v]; ok {
		n = old
	} else {
		d.others[v] = n
	}
	if n == next {
		d.counts = append(d.counts, 0)
	}
	d.counts[n]++
	return n
}

func (d *draft) finish() {
	t := d.lookup
	spans := make([]span32, len(d.counts))
	at := int32(0)
	for n, count := range d.counts {
		spans[n] = span32{at, at}
		at += count
	}
	t.places = make([]int32, len(t.all))
	for i, n := range d.values {
		t.places[spans[n].to] = t.all[i]
		spans[n].to++
	}
	t.texts, t.others = make(map[string]span32, len(d.texts)), make(map[value]span32, len(d.others))
	for v, n := range d.texts {
		t.texts[v] = spans[n]
	}
	for v, n := range d.others {
		t.others[v] = spans[n]
	}
	t.all = slices.Compact(t.all)
}

// crowds counts, by trail and value, the rules that wait for it. It is nil where no rule has a choice.
type crowds map[string]map[value]int

func (g *group) crowds() crowds {
	if !slices.ContainsFunc(g.rules, func(r indexed) bool { return len(r.necessities) > 1 }) {
		return nil
	}
	c := crowds{}
	for _, r := range g.rules {
		for _, n := range r.necessities {
			for _, e := range n.either {
				of := c[e.trail.key]
				if of == nil {
					of = map[value]int{}
					c[e.trail.key] = of
				}
				for _, v := range e.oneOf {
					of[v]++
				}
			}
		}
	}
	return c
}

// best chooses the necessity that a rule shares with the fewest rules: of `paid and sku == "X"` it is the sku, where
// thousands of rules wait for paid orders.
func (c crowds) best(all []necessity) *necessity {
	if len(all) == 1 {
		return &all[0]
	}
	best, fewest := 0, -1
	for i, n := range all {
		crowd := 0
		for _, e := range n.either {
			for _, v := range e.oneOf {
				crowd += c[e.trail.key][v]
			}
		}
		if fewest < 0 || crowd < fewest {
			best, fewest = i, crowd
		}
	}
	return &all[best]
}

// find adds to places those of the rules that an event has to be held against, list by list, each in order. How many
// lists there were is told.
func (g *group) find(env map[string]any, places []int32) ([]int32, int) {
	lists := 0
	add := func(more []int32) {
		if len(more) > 0 {
			lists++
			places = append(places, more...)
		}
	}
	add(g.always)
	for _, t := range g.lookups {
		if !t.sure(env) {
			add(t.all)
			continue
		}
		before := len(places)
		was := lists
		known := t.trail.values(env, func(v any) bool {
			key, some, ok := valueOf(v)
			if some {
				add(t.of(key))
			}
			return ok
		})
		if !known {
			places, lists = places[:before], was
			add(t.all)
		}
	}
	return places, lists
}

func (t *lookup) sure(env map[string]any) bool {
	for i := range t.given {
		if !t.given[i].holds(env) {
			return false
		}
	}
	return true
}

func (t *lookup) of(v value) []int32 {
	var s span32
	if v.form == text {
		s = t.texts[v.text]
	} else {
		s = t.others[v]
	}
	return t.places[s.from:s.to]
}

// candidates gives, in order, the places of the rules that an event has to be held against. env may be nil when no rule
// has a condition.
func (l *listeners) candidates(own *group, env map[string]any) []int32 {
	if own == nil && len(l.every.lookups) == 0 {
		return l.every.always
	}
	places, lists := l.every.find(env, nil)
	if own != nil {
		var more int
		places, more = own.find(env, places)
		lists += more
	}
	if lists > 1 {
		slices.Sort(places)
		places = slices.Compact(places)
	}
	return places
}
