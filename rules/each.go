package rules

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// maxItems is how many runs one rule may start for one event.
const maxItems = 1_000

// each reads a rule's `each` and gives the vocabularies of its steps and of those of else, in which item is one value of the
// list. The list is made for both, so where there is an else, it cannot rely on the condition.
func (r *reader) each(rule *Rule, fields map[string]*yaml.Node, held, free vocabulary) (then, otherwise vocabulary) {
	n := fields["each"]
	if n == nil {
		return held, free
	}
	v := held
	if fields["else"] != nil {
		v = free
	}
	item := of(anything)
	if x := r.listing(n, v); x != nil {
		rule.each, rule.Each = x.program, document.Resolve(n).Value
		rule.note(x.facts)
		item = x.kind.element()
	}
	return held.withItem(item), free.withItem(item)
}

// withItem gives the vocabulary with item as a name.
func (v vocabulary) withItem(k *kind) vocabulary {
	v.names, v.refused = maps.Clone(v.names), maps.Clone(v.refused)
	delete(v.refused, "item")
	v.names["item"] = k
	return v
}

// listing reads an expression that gives a list.
func (r *reader) listing(n *yaml.Node, v vocabulary) *expression {
	n = document.Resolve(n)
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.wrong(n, "each wants an expression that gives a list", "Write it in one line, such as \"each: order.items\".")
		return nil
	}
	if strings.HasPrefix(strings.TrimSpace(n.Value), "{{") {
		r.wrong(n, "each is an expression already", "Leave {{ and }} out.")
		return nil
	}
	where := r.at(n)
	x := r.expression(n.Value, where, v)
	if x == nil || r.pinned {
		return x
	}
	tell := func(message, hint string, warning bool) {
		r.tell(where.problem(finding{offset: firstOffset(x.node), message: message, hint: hint, warning: warning}))
	}
	switch {
	case x.kind.form == anything:
	case x.kind.form != list:
		tell(fmt.Sprintf("each wants a list, and %s is %s", source(x.node), x.kind.form), "", false)
		return nil
	case x.kind.empty && !v.guards[bare(source(x.node))]:
		tell(fmt.Sprintf("%s can be empty, and then this rule is an error", source(x.node)), fmt.Sprintf("Write %s ?? [] to do nothing then.", source(x.node)), true)
	}
	return x
}

// items gives the values for each of which the rule is carried out; nil for a rule without each.
func (r *Rule) items(env map[string]any) ([]any, error) {
	if r.each == nil {
		return nil, nil
	}
	value, err := r.each.run(env)
	if err != nil {
		return nil, r.blame(r.each, err)
	}
	all, ok := items(value)
	switch {
	case value == nil:
		return nil, r.blame(r.each, errors.New("the list of each is missing from this event; write ?? [] behind it to do nothing then"))
	case !ok:
		return nil, r.blame(r.each, fmt.Errorf("each wants a list, and this is %s", wordFor(value)))
	case len(all) > maxItems:
		return nil, r.blame(r.each, fmt.Errorf("each gives %d items, and %d are the most for one event", len(all), maxItems))
	case all == nil:
		all = []any{}
	}
	return all, nil
}

// Items gives the values for each of which the rule is carried out, in order, as it was when the event was matched. It is nil
// for a rule without each. Its error is for people.
func (r *Rule) Items(in *Input) ([]any, error) {
	if r.each == nil {
		return nil, nil
	}
	return r.items(environment(in, r.noun(in.Event.Source, in.Event.Type), r.envelope))
}
