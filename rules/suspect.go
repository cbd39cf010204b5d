package rules

import (
	"fmt"

	"github.com/expr-lang/expr/ast"
)

// suspect warns of what is legal and likely wrong in any expression, and notes which steps it reads.
func (r *reader) suspect(node ast.Node, where origin, v vocabulary) {
	s := &suspecting{reads: r.stepsRead, was: -1}
	ast.Walk(&node, s)
	if s.whole > 0 {
		r.stepsRead[""] = true
	}
	if s.was >= 0 && v.fresh != "" {
		r.problems = append(r.problems, where.problem(finding{offset: s.was, warning: true,
			message: fmt.Sprintf("was is always empty here: with %q, the %s is new", v.fresh, v.entity), hint: "Leave it out, or listen to changes, too."}))
	}
}

// suspecting looks through an expression.
type suspecting struct {
	reads map[string]bool // ids of steps
	whole int             // how often steps is read beyond that
	was   int             // where was is read first; -1 for nowhere
}

// Visit implements [ast.Visitor]. Children are visited before their parents.
func (s *suspecting) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		switch {
		case n.Value == "steps":
			s.whole++
		case n.Value == "was" && (s.was < 0 || n.Location().From < s.was):
			s.was = n.Location().From
		}
	case *ast.MemberNode:
		id, ok := n.Node.(*ast.IdentifierNode)
		name, named := n.Property.(*ast.StringNode)
		if ok && named && id.Value == "steps" {
			s.whole--
			s.reads[name.Value] = true
		}
	}
}

// unsure warns of a condition that is a field which can be missing, and nothing else.
func (r *reader) unsure(x *expression, where origin, v vocabulary) {
	c := examiner{vocabulary: v}
	c.guards = guardsIn(x.node, v.guards)
	c.unsureFlag(x.node, x.kind)
	for _, f := range c.findings {
		r.problems = append(r.problems, where.problem(f))
	}
}
