package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"gopkg.in/yaml.v3"

	"shopbell/document"
	"shopbell/event"
)

// doubts warns of what is legal and likely wrong.
func (r *reader) doubts(rule *Rule, fields map[string]*yaml.Node, listens []listen, condition *expression) {
	at := fields["if"]
	if condition != nil {
		r.constant(document.Resolve(at), condition)
		r.claim(document.Resolve(at), listens, condition)
	}
	if at != nil && condition == nil || fields["when"] == nil {
		return // the condition has a problem already
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

// constant warns of a condition, or of a side of `and` or `or`, that is always the same.
func (r *reader) constant(n *yaml.Node, x *expression) {
	answer := certain(x.node)
	where := r.at(n)
	if answer != unsure {
		message, hint := "this condition is always true", "Leave \"if\" out to act on every event."
		if answer == never {
			message, hint = "this condition is never true, so the rule never fires", "To switch a rule off, write \"enabled: false\"."
		}
		r.problems = append(r.problems, where.problem(finding{offset: firstOffset(x.node), message: message, hint: hint, warning: true}))
	}
}

// An answer is what is known of a condition before there is an event.
type answer int

const (
	unsure answer = iota
	always
	never
)

// certain tells whether a condition can only be true, or only false.
func certain(node ast.Node) answer {
	switch n := node.(type) {
	case *ast.BoolNode:
		if n.Value {
			return always
		}
		return never
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			return [...]answer{unsure, never, always}[certain(n.Node)]
		}
	case *ast.BinaryNode:
		l, r := certain(n.Left), certain(n.Right)
		switch n.Operator {
		case "and", "&&":
			if l == never || r == never || opposed(n.Left, n.Right) {
				return never
			}
			if l == always && r == always {
				return always
			}
		case "or", "||":
			if l == always || r == always {
				return always
			}
			if l == never && r == never {
				return never
			}
		case "==", "!=":
			return sameSides(n)
		}
	}
	return unsure
}

// sameSides answers a comparison of two literals, or of a value with itself.
func sameSides(n *ast.BinaryNode) answer {
	if literal(n.Left) != literal(n.Right) {
		return unsure
	}
	same := n.Left.String() == n.Right.String()
	if !literal(n.Left) && !same {
		return unsure
	}
	if same == (n.Operator == "==") {
		return always
	}
	return never
}

// opposed finds `a == "X" and a == "Y"`.
func opposed(l, r ast.Node) bool {
	x, ok1 := l.(*ast.BinaryNode)
	y, ok2 := r.(*ast.BinaryNode)
	return ok1 && ok2 && x.Operator == "==" && y.Operator == "==" && literal(x.Right) && literal(y.Right) && !literal(x.Left) &&
		x.Left.String() == y.Left.String() && x.Right.String() != y.Right.String()
}

// claim warns of a condition on what a notification says, where the entity itself could be asked.
func (r *reader) claim(n *yaml.Node, listens []listen, x *expression) {
	if !x.facts.data || len(listens) == 0 || slices.ContainsFunc(listens, func(l listen) bool { return !l.entity() }) {
		return
	}
	f := &dataFinder{}
	node := x.node
	ast.Walk(&node, f)
	noun := listens[0].Noun
	r.problems = append(r.problems, r.at(n).problem(finding{
		offset: f.at, warning: true,
		message: "event.data is what the notification claims, not what the store confirms",
		hint:    fmt.Sprintf("Decide on the %s, which is read back from the store: %s.….", noun, noun),
	}))
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
