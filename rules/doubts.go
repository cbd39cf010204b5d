package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/event"
	"shopbell/shape"
)

// doubts warns of what is legal and likely wrong.
func (r *reader) doubts(rule *Rule, fields map[string]*yaml.Node, listens []listen, condition *expression) {
	at := fields["if"]
	if condition != nil {
		r.claim(document.Resolve(at), listens, condition)
	}
	r.overlapping(fields["when"])
	if !r.spoiled() {
		r.unread(fields["then"], fields["else"])
	}
	clear(r.stepsRead)
	r.loops(rule, fields["then"], listens, condition)
	if at != nil && condition == nil || fields["when"] == nil {
		return // the condition has a problem already
	}
	if !r.spoiled() {
		r.together(rule, fields, listens, condition)
	}
	was := condition != nil && condition.facts.was
	if i := slices.IndexFunc(listens, func(l listen) bool { return l.Change == event.Updated && l.entity() }); i >= 0 && !was {
		hint := fmt.Sprintf("Compare with what was, such as became(%s.status, was?.status, \"NEW\").", listens[i].Noun)
		if field := telling(listens[i].Entity); field != nil && len(field.Values) > 0 {
			hint = fmt.Sprintf("Compare with what was, such as became(%s.%s, was?.%s, %q).", listens[i].Noun, field.Name, field.Name, field.Values[0])
		}
		if slices.ContainsFunc(listens, func(l listen) bool { return l.Noun != listens[0].Noun }) {
			hint = "List only the event types that you mean, and give those that change something a rule of their own."
		}
		r.warn(whenNode(fields["when"], listens[i]), fmt.Sprintf("%q happens on every change, so this rule fires again and again", listens[i].Name), hint)
	}
}

// telling finds the first field with a closed list of values, for an example.
func telling(s *event.Schema) *event.Field {
	if s == nil {
		return nil
	}
	for i := range s.Fields {
		if len(s.Fields[i].Values) > 0 {
			return &s.Fields[i]
		}
	}
	return nil
}

// whenNode finds the entry of `when` that means a type.
func whenNode(n *yaml.Node, l listen) *yaml.Node {
	n = document.Resolve(n)
	for _, item := range listOrOne(n) {
		item = document.Resolve(item)
		_, pattern, cut := strings.Cut(item.Value, ":")
		if !cut {
			pattern = item.Value
		}
		if event.Match(pattern, l.Name) || slices.Contains(l.Aliases, pattern) {
			return item
		}
	}
	return n
}

// claim warns of a condition on what a notification says, where the entity itself could be asked.
func (r *reader) claim(n *yaml.Node, listens []listen, x *expression) {
	if !x.facts.data || len(listens) == 0 || slices.ContainsFunc(listens, func(l listen) bool { return l.Noun == "" || !l.Readable }) {
		return
	}
	f := &dataFinder{}
	node := r.treeOf(x)
	ast.Walk(&node, f)
	noun := listens[0].Noun
	message := "event.data is what the notification claims, not what the store confirms"
	hint := fmt.Sprintf("Decide on the %s, which is read back from the store: %s.….", noun, noun)
	if i := slices.IndexFunc(listens, func(l listen) bool { return !l.reads }); i >= 0 {
		message = fmt.Sprintf("event.data is what the notification claims, and the source %s never asks the store", listens[i].source)
		hint = fmt.Sprintf("Write \"attest: needed\" for %s in the config, and decide on the %s: %s.….", listens[i].source, noun, noun)
	}
	r.problems = append(r.problems, r.at(n).problem(finding{offset: f.at, warning: true, message: message, hint: hint}))
}

// recipient warns of a message whose recipient is what a notification says, where the entity itself could be asked.
func (b *builder) recipient(x *expression, where origin, field shape.Field) {
	listens := b.rule.listens
	if !x.facts.data || actions.Landing(field.Lands) != actions.Address || len(listens) == 0 || slices.ContainsFunc(listens, func(l listen) bool { return !l.entity() }) {
		return
	}
	noun := listens[0].Noun
	b.reader.problems = append(b.reader.problems, where.problem(finding{offset: firstOffset(x.node), warning: true,
		message: "the recipient is what the notification claims, not what the store confirms",
		hint:    fmt.Sprintf("Take the address from the %s, which is read back from the store: %s.….", noun, noun)}))
}

// overlapping warns of event types that another entry of `when` means already.
func (r *reader) overlapping(when *yaml.Node) {
	if when == nil {
		return
	}
	items := listOrOne(document.Resolve(when))
	if len(items) > 100 {
		return
	}
	for i, item := range items {
		item = document.Resolve(item)
		for j, other := range items {
			other = document.Resolve(other)
			if i == j || item.Value == other.Value && i < j || !covers(other.Value, item.Value) {
				continue
			}
			message := fmt.Sprintf("%q is meant by %q already", item.Value, other.Value)
			if item.Value == other.Value {
				message = fmt.Sprintf("%q is named twice", item.Value)
			}
			r.warn(item, message, "Name each event type once.")
			break
		}
	}
}

// covers tells whether a pattern of `when` means all that another one means.
func covers(pattern, other string) bool {
	source, name, named := strings.Cut(pattern, ":")
	if !named {
		name = pattern
	}
	source2, name2, named2 := strings.Cut(other, ":")
	if !named2 {
		name2 = other
	}
	return named == named2 && (!named || source == source2) && event.Match(name, name2)
}

// unread warns of steps with an id under which nobody looks.
func (r *reader) unread(lists ...*yaml.Node) {
	read := r.stepsRead
	for _, list := range lists {
		if list == nil || read[""] {
			continue
		}
		for _, step := range listOrOne(document.Resolve(list)) {
			if _, id := document.Find(step, "id"); id != nil && stepID.MatchString(id.Value) && !read[id.Value] {
				r.warn(id, fmt.Sprintf("no later step reads steps.%s", id.Value), "Leave the id out, or use what the step leaves.")
			}
		}
	}
}

// spoiled tells whether something is wrong with the rule at hand, so that not all of it was read.
func (r *reader) spoiled() bool {
	return slices.ContainsFunc(r.problems[r.began:], func(p document.Problem) bool { return !p.Warning })
}

// hopeless tells whether there are more problems than are shown, warnings left out.
func (r *reader) hopeless() bool {
	if len(r.problems) <= maxProblems {
		return false
	}
	stop := 0
	for i := range r.problems {
		if !r.problems[i].Warning {
			stop++
		}
	}
	return stop > maxProblems
}

// loops warns of a step that causes the event that starts its rule. What we change ourselves fires only rules that ask for
// event.self.
func (r *reader) loops(rule *Rule, then *yaml.Node, listens []listen, condition *expression) {
	if then == nil || condition == nil || !condition.facts.self || refusesOwn(r.treeOf(condition)) {
		return
	}
	for _, step := range listOrOne(document.Resolve(then)) {
		for i, s := 0, document.Resolve(step); i+1 < len(s.Content); i += 2 {
			kind := r.world.Actions[s.Content[i].Value]
			if kind == nil {
				continue
			}
			causes := func(l listen) bool {
				param := kind.CausedBy[l.Name]
				return slices.Contains(kind.Causes, l.Name) && (param == "" || has(document.Resolve(s.Content[i+1]), param))
			}
			if i2 := slices.IndexFunc(listens, causes); i2 >= 0 {
				r.warn(s.Content[i], fmt.Sprintf("%s causes %q, which starts this rule again", kind.Name, listens[i2].Name),
					"Leave event.self out of the condition, so that what the rule does itself starts nothing, or let the condition end when it is done.")
			}
		}
	}
}

// has tells whether a mapping has a key.
func has(mapping *yaml.Node, key string) bool {
	k, _ := document.Find(mapping, key)
	return k != nil
}

// refusesOwn tells whether a condition holds for no event that we caused ourselves.
func refusesOwn(node ast.Node) bool {
	s := &solver{domain: func(ast.Node) *kind { return of(anything) }}
	ways, ok := s.ways(node, true)
	return ok && !slices.ContainsFunc(ways, func(way []*clause) bool {
		_, impossible := s.exclusive(append([]*clause{{path: "event.self", op: opIn, values: []string{"true"}}}, way...))
		return !impossible
	})
}

// dataFinder finds the first place where event.data is read.
type dataFinder struct {
	at    int
	found bool
}

// Visit implements [ast.Visitor].
func (f *dataFinder) Visit(node *ast.Node) {
	if m, ok := (*node).(*ast.MemberNode); ok && !f.found && source(m) == "event.data" {
		f.at, f.found = m.Node.Location().From, true
	}
}

// firstOffset gives the place of the first character of an expression, as far as its parts tell.
func firstOffset(node ast.Node) int {
	f := first(node.Location().From)
	ast.Walk(&node, &f)
	return int(f)
}

type first int

// Visit implements [ast.Visitor].
func (f *first) Visit(node *ast.Node) { *f = min(*f, first((*node).Location().From)) }
