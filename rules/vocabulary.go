package rules

import (
	"fmt"
	"slices"

	"shopbell/event"
)

// vocabulary gives the names that expressions of a rule on these event types may use. Most rules listen to what others
// listen to, so what was found is kept: its maps must not be changed.
func (r *reader) vocabulary(listens []listen) vocabulary {
	key := r.scratch[:0]
	for _, l := range listens {
		key = append(append(append(append(key, l.source...), ':'), l.Name...), ' ')
	}
	r.scratch = key
	v, ok := r.vocabularies[string(key)]
	if !ok {
		v = r.newVocabulary(listens)
		v.number = len(r.vocabularies) + 1
		r.vocabularies[string(key)] = v
	}
	return v
}

func (r *reader) newVocabulary(listens []listen) vocabulary {
	v := vocabulary{names: map[string]*kind{}, refused: map[string][2]string{}, guards: map[string]bool{}}
	v.names["event"] = r.eventKind(listens)
	names := append([]string{"id"}, profileKeys()...)
	kinds := make([]*kind, len(names))
	for i := range kinds {
		kinds[i] = of(text)
	}
	v.names["store"] = record(names, kinds...)
	v.refused["digest"] = [2]string{later("digest"), ""}
	v.refused["item"] = [2]string{"item has no meaning here", "A rule with \"each: order.items\" does its steps for each item of that list."}
	v.refused["steps"] = [2]string{"steps has nothing here", "A step sees the steps before it by their id, as in steps.key.value."}
	r.entity(&v, listens)
	return v
}

// entity puts the noun and `was` into the vocabulary, or says why they are not there.
func (r *reader) entity(v *vocabulary, listens []listen) {
	for _, s := range r.world.Sources {
		if s.Catalog == nil {
			continue
		}
		for i := range s.Catalog.Types {
			if noun := s.Catalog.Types[i].Noun; noun != "" && len(listens) > 0 {
				v.refused[noun] = [2]string{fmt.Sprintf("%q tells nothing of %s", listens[0].Name, article(noun)), tellsOf(listens[0])}
			}
		}
	}
	v.refused["was"] = [2]string{"was is not known for the events of this rule", ""}
	if len(listens) == 0 {
		// The event types are a problem already; what the rule says of entities cannot be held against anything.
		for noun := range v.refused {
			v.names[noun] = of(anything)
		}
		r.assume(v)
		return
	}
	if i := slices.IndexFunc(listens, func(l listen) bool { return l.Noun == "" || l.Noun != listens[0].Noun }); i >= 0 {
		r.split(v, listens, listens[i])
		return
	}
	noun := listens[0].Noun
	var whole *kind
	for _, l := range listens {
		whole = merge(whole, r.kindOf(l.Entity))
	}
	delete(v.refused, "was")
	v.entity = noun
	v.names["was"] = whole.orEmpty()
	if !slices.ContainsFunc(listens, func(l listen) bool { return l.Change != event.Created }) {
		v.fresh, v.names["was"] = listens[0].Name, whole // what is wrong with it is told once
	}
	if i := slices.IndexFunc(listens, func(l listen) bool { return !l.entity() }); i >= 0 {
		r.claimed(v, noun, listens[i], len(listens) > 1)
		return
	}
	delete(v.refused, noun)
	v.names[noun] = whole
}

// tellsOf suggests the noun of an event type, for one that it does not have.
func tellsOf(l listen) string {
	if l.Noun == "" {
		return ""
	}
	return fmt.Sprintf("It is about %s: write %s.….", article(l.Noun), l.Noun)
}

// assume makes every noun of every catalog mean anything.
func (r *reader) assume(v *vocabulary) {
	for _, s := range r.world.Sources {
		if s.Catalog != nil {
			for i := range s.Catalog.Types {
				if noun := s.Catalog.Types[i].Noun; noun != "" {
					v.names[noun] = of(anything)
				}
			}
		}
	}
	v.names["was"] = of(anything)
}

// split says that the event types of a rule do not share an entity.
func (r *reader) split(v *vocabulary, listens []listen, odd listen) {
	const hint = "Make two rules of it, so that each listens to one kind of thing."
	for _, l := range listens {
		if l.Noun == "" {
			continue
		}
		other := odd
		if l.Noun == odd.Noun {
			other = listens[0]
		}
		v.refused[l.Noun] = [2]string{fmt.Sprintf("%q, to which this rule listens too, tells nothing of %s", other.Name, article(l.Noun)), hint}
	}
	v.refused["was"] = [2]string{"was means one thing only when all events of the rule are about one kind of thing", hint}
	if odd.Noun == "" && len(listens) == 1 {
		v.refused["was"] = [2]string{fmt.Sprintf("%q has no entity, so there is nothing that was", odd.Name), "Use event.data."}
	}
}

// claimed says that rules on an event type do not see the entity: it is gone, or nobody reads it back.
func (r *reader) claimed(v *vocabulary, noun string, l listen, others bool) {
	if l.reads && l.Change == event.Deleted {
		hint := fmt.Sprintf("Use was, which is the %s as it was before, or event.data.", noun)
		if others {
			hint = fmt.Sprintf("Use was, or list the event types without %q.", l.Name)
		}
		v.refused[noun] = [2]string{fmt.Sprintf("%s is not known here: with %q, the %s is gone", noun, l.Name, noun), hint}
		return
	}
	why := fmt.Sprintf("the source %s does not read %s back", l.source, article(noun))
	if l.reads {
		why = fmt.Sprintf("with %q, the %s cannot be read back from the store", l.Name, noun)
	}
	hint := "Use event.data, which is what the notification says."
	if others {
		hint += fmt.Sprintf(" Or leave %q to another rule.", l.Name)
	}
	v.refused[noun] = [2]string{fmt.Sprintf("%s is not known here: %s", noun, why), hint}
	v.refused["was"] = [2]string{"was is not known here: " + why, hint}
	delete(v.names, "was")
}

func article(noun string) string {
	if noun != "" && slices.Contains([]byte("aeiou"), noun[0]) {
		return "an " + noun
	}
	return "a " + noun
}

// eventKind gives the kind of `event`.
func (r *reader) eventKind(listens []listen) *kind {
	types := of(text)
	var data *kind
	known := true
	for _, l := range listens {
		if !slices.Contains(types.values, l.Name) {
			types.values = append(types.values, l.Name)
		}
		if l.Data == nil {
			known = false
			continue
		}
		data = merge(data, r.kindOf(l.Data))
	}
	if data == nil || !known {
		data = of(anything)
	}
	return record([]string{"id", "type", "source", "store", "subject", "created", "received", "polled", "stale", "self", "data"},
		of(text), types, of(text), of(text), of(text), of(moment), of(moment), of(flag), of(flag), of(flag), opened(data))
}

// opened gives a kind whose objects may have more fields than are known, because platforms add some.
func opened(k *kind) *kind {
	if k.form != object {
		return k
	}
	open := *k
	open.open = true
	open.fields = make(map[string]*kind, len(k.fields))
	for name, f := range k.fields {
		open.fields[name] = opened(f)
	}
	return &open
}

func (r *reader) kindOf(s *event.Schema) *kind {
	k, ok := r.kinds[s]
	if !ok {
		k = kindOf(s)
		r.kinds[s] = k
	}
	return k
}

// merge gives the kind of a value that is of one kind or the other. A field that only one of them has may be empty.
func merge(a, b *kind) *kind {
	switch {
	case a == nil || a == b:
		return b
	case a.form != b.form:
		return of(anything)
	}
	m := &kind{form: a.form, empty: a.empty || b.empty, open: a.open || b.open}
	if len(a.values) > 0 && len(b.values) > 0 {
		m.values = slices.Compact(slices.Sorted(slices.Values(slices.Concat(a.values, b.values))))
	}
	if a.elem != nil && b.elem != nil {
		m.elem = merge(a.elem, b.elem)
	}
	if a.form != object {
		return m
	}
	m.fields = map[string]*kind{}
	for _, name := range slices.Concat(a.names, b.names) {
		x, y := a.fields[name], b.fields[name]
		switch {
		case m.fields[name] != nil:
			continue
		case x == nil:
			m.fields[name] = y.orEmpty()
		case y == nil:
			m.fields[name] = x.orEmpty()
		default:
			m.fields[name] = merge(x, y)
		}
		m.names = append(m.names, name)
	}
	return m
}
