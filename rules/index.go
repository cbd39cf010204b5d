package rules

import (
	"slices"
	"strconv"
	"strings"
)

// An index finds, among rules on one event type, those that an event has to be held against. It is read-only once made.
//
// A rule whose condition has a [necessity] stands in lookups, by the values that its equalities wait for; an event is
// looked up in each by what it has there. What is found is then evaluated as ever, so that the index only ever passes
// over conditions of which it knows that they would give false, and would not fail.
type index struct {
	rules   []*Rule // in order, as all lists of rules here
	always  []*Rule // that every event is held against
	lookups []*lookup
}

// A lookup finds rules by the values of one trail.
type lookup struct {
	trail   *trail
	given   []given           // or else every rule of it may be told of
	texts   map[string]span32 // ranges of its waiting rules
	others  map[value]span32
	waiting []*Rule // by value
	all     []*Rule
}

// span32 is a range of the waiting rules of a lookup.
type span32 struct{ from, to int32 }

// wantsFalse says that a rule is to be told of events also when its condition is false.
func (r *Rule) wantsFalse() bool { return len(r.Else) > 0 }

func newIndex(rules []*Rule) *index {
	x := &index{rules: rules}
	c := crowdsOf(rules)
	drafts := map[string]*draft{}
	for _, r := range rules {
		if r.condition == nil || r.wantsFalse() || len(r.necessities) == 0 {
			x.always = append(x.always, r)
			continue
		}
		n := c.best(r.necessities)
		key := n.givenKey()
		for i := range n.either {
			e := &n.either[i]
			at := e.trail.key + key
			d := drafts[at]
			if d == nil {
				d = &draft{lookup: &lookup{trail: e.trail, given: n.given}, texts: map[string]int32{}, others: map[value]int32{}}
				drafts[at] = d
				x.lookups = append(x.lookups, d.lookup)
			}
			d.put(e, r)
		}
	}
	for _, d := range drafts {
		d.finish()
	}
	return x
}

// givenKey tells which necessities may share a lookup: those of which the same is given.
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

// A draft is a lookup that is being built: first numbers of values, then rules by value.
type draft struct {
	lookup *lookup
	texts  map[string]int32
	others map[value]int32
	values []int32 // numbers of values
	rules  []*Rule // of each of them, who waits for it
	counts []int32 // by number
}

func (d *draft) put(e *equality, r *Rule) {
	d.lookup.all = append(d.lookup.all, r)
	for i, v := range e.oneOf {
		if !slices.Contains(e.oneOf[:i], v) {
			d.values, d.rules = append(d.values, d.number(v)), append(d.rules, r)
		}
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
	t.waiting = make([]*Rule, len(d.rules))
	for i, n := range d.values {
		t.waiting[spans[n].to] = d.rules[i]
		spans[n].to++
	}
	t.texts, t.others = make(map[string]span32, len(d.texts)), make(map[value]span32, len(d.others))
	for v, n := range d.texts {
		t.texts[v] = spans[n]
	}
	for v, n := range d.others {
		t.others[v] = spans[n]
	}
}

// crowds counts, by trail and value, the rules that wait for it. It is nil where no rule has a choice.
type crowds map[string]map[value]int

func crowdsOf(rules []*Rule) crowds {
	if !slices.ContainsFunc(rules, func(r *Rule) bool { return len(r.necessities) > 1 }) {
		return nil
	}
	c := crowds{}
	for _, r := range rules {
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

// find adds to found, list by list, the rules that an event has to be held against, beside those that always are.
func (x *index) find(env map[string]any, found []*Rule) []*Rule {
	for _, t := range x.lookups {
		before := len(found)
		sure := t.sure(env) && t.trail.values(env, func(v any) bool {
			key, some, ok := valueOf(v)
			if some {
				found = append(found, t.of(key)...)
			}
			return ok
		})
		if !sure {
			found = append(found[:before], t.all...)
		}
	}
	return found
}

func (t *lookup) sure(env map[string]any) bool {
	for i := range t.given {
		if !t.given[i].holds(env) {
			return false
		}
	}
	return true
}

func (t *lookup) of(v value) []*Rule {
	var s span32
	if v.form == text {
		s = t.texts[v.text]
	} else {
		s = t.others[v]
	}
	return t.waiting[s.from:s.to]
}
