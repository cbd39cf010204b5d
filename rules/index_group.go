package rules

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// A group is the rules on one event type that are for one store, or those for every store. It is read-only: rules that
// come and go with a reload make another one, which shares the index of the first until too much of it is outdated.
type group struct {
	tally
	base  *index
	gone  map[*Rule]bool // rules of base that are no more
	fresh *index         // rules that are not in base
}

// A tally counts the rules of a group, and those that want to know something.
type tally struct {
	rules, data, entity, profile int
	envelope                     int // that read the event beyond its data, or the store
}

// count adds a rule, or takes it away when by is -1.
func (t *tally) count(r *Rule, by int) {
	t.rules += by
	for _, c := range []struct {
		n     *int
		wants bool
	}{{&t.data, r.need.Data}, {&t.entity, r.need.Entity}, {&t.profile, r.need.Profile}, {&t.envelope, r.envelope}} {
		if c.wants {
			*c.n += by
		}
	}
}

func (t *tally) need() Need {
	return Need{Listens: t.rules > 0, Data: t.data > 0, Entity: t.entity > 0, Profile: t.profile > 0}
}

// and gives what either wants to know.
func (n Need) and(o Need) Need {
	return Need{Listens: n.Listens || o.Listens, Data: n.Data || o.Data, Entity: n.Entity || o.Entity, Profile: n.Profile || o.Profile}
}

// newGroup makes a group of rules in order.
func newGroup(rules []*Rule) *group {
	g := &group{base: newIndex(rules), fresh: newIndex(nil)}
	for _, r := range rules {
		g.count(r, 1)
	}
	return g
}

// few tells whether so many rules of so many are better kept beside an index than put into it.
func few(n, of int) bool { return n <= 64+of/16 }

// with gives the group after rules came and went.
func (g *group) with(came, went []*Rule) *group {
	next := &group{tally: g.tally, base: g.base, gone: map[*Rule]bool{}}
	maps.Copy(next.gone, g.gone)
	fresh := slices.Clone(g.fresh.rules)
	for _, r := range went {
		next.count(r, -1)
		if i := slices.Index(fresh, r); i >= 0 {
			fresh = slices.Delete(fresh, i, i+1)
		} else {
			next.gone[r] = true
		}
	}
	for _, r := range came {
		next.count(r, 1)
	}
	fresh = append(fresh, came...)
	slices.SortFunc(fresh, inOrder)
	if few(len(fresh)+len(next.gone), len(g.base.rules)) {
		next.fresh = newIndex(fresh)
		return next
	}
	left := slices.DeleteFunc(slices.Clone(g.base.rules), func(r *Rule) bool { return next.gone[r] })
	return newGroup(merged(left, fresh))
}

// inOrder compares rules of a set by directory, file and place in it.
func inOrder(a, b *Rule) int {
	return cmp.Or(strings.Compare(a.Directory, b.Directory), strings.Compare(a.File, b.File), cmp.Compare(a.place, b.place))
}

// merged makes one list in order of two.
func merged(a, b []*Rule) []*Rule {
	if len(a) == 0 {
		return b
	}
	if len(b) == 0 {
		return a
	}
	all := make([]*Rule, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if inOrder(a[0], b[0]) <= 0 {
			all, a = append(all, a[0]), a[1:]
		} else {
			all, b = append(all, b[0]), b[1:]
		}
	}
	return append(append(all, a...), b...)
}

// candidates gives the rules of groups, in order, that an event has to be held against.
func candidates(groups []*group, env map[string]any) []*Rule {
	var found, always []*Rule
	for _, g := range groups {
		from := len(found)
		found = g.base.find(env, found)
		lasting := g.base.always
		if len(g.gone) > 0 {
			is := func(r *Rule) bool { return g.gone[r] }
			found = append(found[:from], slices.DeleteFunc(found[from:], is)...)
			lasting = slices.DeleteFunc(slices.Clone(lasting), is)
		}
		found = g.fresh.find(env, found)
		always = merged(always, merged(lasting, g.fresh.always))
	}
	slices.SortFunc(found, inOrder)
	return merged(slices.Compact(found), always)
}

// indexed tells whether rules of the group are found by what the event has.
func (g *group) indexed() bool { return len(g.base.lookups)+len(g.fresh.lookups) > 0 }
