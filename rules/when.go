package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/document"
	"shopbell/event"
)

// A listen is one event type of one source that a rule listens to.
type listen struct {
	source string
	reads  bool // the source reads entities back
	open   bool // Name is a pattern for types that the source's catalog does not list
	*event.Type
}

// means tells whether an event type of a source is listened to.
func (l listen) means(source, typ string) bool {
	return l.source == source && (l.Name == typ || l.open && event.Match(l.Name, typ))
}

// entity tells whether rules see the entity behind this type.
func (l listen) entity() bool { return l.Noun != "" && l.reads && l.Readable }

// when reads the event types that a rule listens to.
func (r *reader) when(rule *Rule, n, value *yaml.Node) []listen {
	if value == nil {
		r.lacks(n, "when", "Say which events the rule listens to, such as \"when: order.created\".")
		return nil
	}
	value = document.Resolve(value)
	if value.Kind == yaml.MappingNode {
		if k, _ := document.Find(value, "schedule"); k != nil {
			r.wrong(k, later("schedule"), "")
			return nil
		}
	}
	var found []listen
	seen := map[string]bool{}
	for _, item := range listOrOne(value) {
		item = document.Resolve(item)
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			r.wrong(item, "when wants event types", "Write one, such as order.created, or a list of them.")
			continue
		}
		rule.When = append(rule.When, item.Value)
		all := r.pattern(item)
		if value.Kind == yaml.ScalarNode {
			return all // none of which is there twice
		}
		for _, l := range all {
			if key := l.source + ":" + l.Name; !seen[key] {
				seen[key] = true
				found = append(found, l)
			}
		}
	}
	if value.Kind == yaml.SequenceNode && len(value.Content) == 0 {
		r.wrong(value, "when lists no event type", "")
	}
	return found
}

// pattern finds the event types that one entry of `when` means. They must not be changed: many rules have them.
func (r *reader) pattern(n *yaml.Node) []listen {
	found, known := r.patterns[n.Value]
	if !known {
		before := len(r.problems)
		if found = r.newPattern(n); len(r.problems) == before {
			share(&r.patterns, n.Value, found)
		}
	}
	return found
}

func (r *reader) newPattern(n *yaml.Node) []listen {
	names := slices.Sorted(maps.Keys(r.world.Sources))
	pattern, named := n.Value, false
	if source, rest, ok := strings.Cut(n.Value, ":"); ok {
		if _, known := r.world.Sources[source]; !known {
			hint := document.DidYouMean(source, names)
			if hint == "" {
				hint = "The config has " + orNone(names) + "."
			}
			r.wrong(n, fmt.Sprintf("unknown source %q", source), hint)
			return nil
		}
		names, pattern, named = []string{source}, rest, true
	}
	var found []listen
	var known []string
	for _, name := range names {
		from := r.world.Sources[name]
		if from.Catalog == nil {
			continue
		}
		known = append(known, from.Catalog.Names()...)
		for _, t := range from.Catalog.Matching(pattern) {
			found = append(found, listen{source: name, reads: from.ReadsBack, Type: t})
		}
	}
	if meant := slices.DeleteFunc(slices.Clone(found), func(l listen) bool { return l.source != r.world.Default }); !named && len(meant) > 0 {
		return meant
	}
	if named || r.world.Default == "" && (len(found) > 0 || !isLike(pattern, known)) {
		found = append(found, r.unlisted(names, pattern, len(found) > 0)...)
	}
	if len(found) == 0 {
		r.unknownType(n, pattern, known)
	}
	return found
}

// isLike tells whether a name that no catalog lists is like one that some catalog does: nearly the same, or about the same
// thing. Then it is more likely a mistake than the name of an unlisted type, which can be meant by naming its source.
func isLike(pattern string, known []string) bool {
	if _, near := document.Nearest(pattern, known); near {
		return true
	}
	noun, _, _ := strings.Cut(pattern, ".")
	return slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, noun+".") })
}

// unlisted finds the sources whose catalogs do not list every type. A name that is listed somewhere means what is listed.
func (r *reader) unlisted(names []string, pattern string, listed bool) (found []listen) {
	wild := pattern == "*" || strings.HasSuffix(pattern, ".*")
	if listed && !wild || pattern == "" || strings.ContainsAny(pattern, " :") || strings.Contains(strings.TrimSuffix(pattern, "*"), "*") || strings.HasSuffix(pattern, "*") && !wild {
		return nil
	}
	for _, name := range names {
		from := r.world.Sources[name]
		if from.Catalog == nil || from.Catalog.Any == nil {
			continue
		}
		t := *from.Catalog.Any
		t.Name = pattern
		found = append(found, listen{source: name, reads: from.ReadsBack, open: true, Type: &t})
	}
	return found
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return enumerate(names)
}

func (r *reader) unknownType(n *yaml.Node, pattern string, known []string) {
	slices.Sort(known)
	known = slices.Compact(known)
	hint := document.DidYouMean(pattern, known)
	noun, _, dotted := strings.Cut(pattern, ".")
	if hint == "" && dotted {
		hint = r.typesOf(noun, pattern)
	}
	if hint == "" && dotted {
		var kin, nouns []string
		for _, k := range known {
			if strings.HasPrefix(k, noun+".") {
				kin = append(kin, k)
			}
			other, _, _ := strings.Cut(k, ".")
			nouns = append(nouns, other)
		}
		if near, ok := document.Nearest(noun, nouns); ok && len(kin) == 0 {
			hint = fmt.Sprintf("Did you mean %q?", near+strings.TrimPrefix(pattern, noun))
		}
		if len(kin) > 0 {
			hint = "There is " + enumerateOr(kin) + "."
		}
	}
	if hint == "" && slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, pattern+".") }) {
		hint = fmt.Sprintf("For every event of an %s, write %q.", pattern, pattern+".*")
		if !strings.ContainsRune("aeiou", rune(pattern[0])) {
			hint = fmt.Sprintf("For every event of a %s, write %q.", pattern, pattern+".*")
		}
	}
	switch {
	case hint != "":
	case strings.Contains(pattern, "*"):
		hint = `A pattern is "order.*", with the star at its end, or "*".`
	case len(known) <= 6:
		hint = "There is " + enumerateOr(known) + "."
	}
	message := fmt.Sprintf("unknown event type %q", pattern)
	if len(known) == 0 {
		message, hint = fmt.Sprintf("no source sends %q", pattern), "The config has no source with event types."
	}
	r.wrong(n, message, hint)
}

// typesOf suggests the event types of an entity that are not called as it is: those of a cart.
func (r *reader) typesOf(noun, pattern string) string {
	var types []string
	for _, s := range r.world.Sources {
		if s.Catalog == nil {
			continue
		}
		for _, t := range s.Catalog.Types {
			own, _, _ := strings.Cut(t.Name, ".")
			if t.Noun != noun || own == noun {
				continue
			}
			if strings.TrimPrefix(t.Name, own) == strings.TrimPrefix(pattern, noun) {
				return fmt.Sprintf("Did you mean %q?", t.Name)
			}
			types = append(types, t.Name)
		}
	}
	if len(types) == 0 {
		return ""
	}
	slices.Sort(types)
	return "There is " + enumerateOr(slices.Compact(types)) + "."
}

// stores reads a rule's `store`, and what its directory says.
func (r *reader) stores(rule *Rule, n *yaml.Node) {
	if r.directory != "" {
		rule.stores = []string{r.directory}
	}
	if n == nil {
		return
	}
	if n = document.Resolve(n); n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		r.wrong(n, "store lists no store", "Leave store out to act for every store.")
	}
	var named []string
	for _, item := range listOrOne(n) {
		item = document.Resolve(item)
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" || item.Value == "" {
			r.wrong(item, "store wants the id of a store, or a list of them", "")
			continue
		}
		named = append(named, item.Value)
		switch {
		case r.pinned:
		case r.directory != "" && item.Value != r.directory:
			r.wrong(item, fmt.Sprintf("rules in the directory %s are for that store only", r.directory), "Move the rule to the top directory, or leave store out.")
		case !r.served.has(item.Value):
			hint := document.DidYouMean(item.Value, r.world.stores())
			if hint == "" {
				hint = "The config has " + orNone(r.world.stores()) + "."
			}
			r.wrong(item, fmt.Sprintf("no source has a store %q", item.Value), hint)
		}
	}
	if r.directory == "" {
		rule.stores = named
	}
}

// stores lists the ids of all configured stores.
func (w World) stores() []string {
	var ids []string
	for _, s := range w.Sources {
		ids = append(ids, s.Stores...)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// served are the stores that some source has; nil when they may be any.
type served map[string]bool

func (s served) has(store string) bool { return s == nil || s[store] }

// served gives the stores that some source has. A source that lists no stores may have any.
func (w World) served() served {
	all := served{}
	for _, s := range w.Sources {
		if len(s.Stores) == 0 {
			return nil
		}
		for _, store := range s.Stores {
			all[store] = true
		}
	}
	return all
}
