package rules

import (
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// condition reads a rule's `if`.
func (r *reader) condition(rule *Rule, n *yaml.Node, vocabulary *vocabulary) *expression {
	if n == nil {
		return nil
	}
	x := r.readCondition(n, *vocabulary)
	if x == nil {
		return nil
	}
	rule.Condition = document.Resolve(n).Value
	rule.condition = x.program
	rule.note(x.facts)
	rule.self = x.facts.self
	rule.necessities = x.necessities
	vocabulary.guards = x.guards
	return x
}

// boolean reads an expression that gives true or false.
func (r *reader) boolean(n *yaml.Node, key string, vocabulary vocabulary) *expression {
	n = document.Resolve(n)
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		r.wrong(n, key+" wants an expression", "Write it in one line, such as \""+key+": order.total > 100\", and quote it when it holds a {, a # or a \": \".")
		return nil
	}
	if strings.HasPrefix(strings.TrimSpace(n.Value), "{{") {
		r.wrong(n, key+" is an expression already", "Leave {{ and }} out.")
		return nil
	}
	where := r.at(n)
	x := r.expression(n.Value, where, vocabulary)
	if x == nil {
		return nil
	}
	if x.kind.known() && x.kind.form != flag || x.kind.form == nothing {
		c := examiner{}
		c.condition(x.node, x.kind)
		for _, f := range c.findings {
			f.offset = firstOffset(x.node)
			r.problems = append(r.problems, where.problem(f))
		}
		return nil
	}
	if !r.pinned {
		r.unsure(x, where, vocabulary)
		r.constant(n, x, vocabulary)
	}
	return x
}
