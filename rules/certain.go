package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
	"gopkg.in/yaml.v3"
)

// constant warns of a condition, or of a part of it joined by `and` or `or`, that is always the same.
func (r *reader) constant(n *yaml.Node, x *expression, v vocabulary) {
	s := &solver{domain: r.domains(v)}
	if r.settled = s.open(x.node); r.settled {
		return
	}
	tell := func(at ast.Node, message, hint string) {
		f := finding{offset: firstOffset(at), message: message, hint: hint, warning: true}
		r.problems = append(r.problems, origin{file: r.file, node: n}.problem(f))
	}
	if answer, clash := s.certain(x.node); answer != unsure {
		at, message, hint := s.told(x.node, answer, clash)
		tell(at, message, hint)
		return
	}
	s.parts(x.node, func(part ast.Node, answer answer) {
		if answer == always {
			tell(part, "this part is always true, so the rest alone decides", "Leave it out.")
			return
		}
		tell(part, "this part is never true, so the rest alone decides", "Leave it out.")
	})
}

// domains tells of a value what it can be: its kind, as the checker knows it.
func (r *reader) domains(v vocabulary) func(ast.Node) *kind {
	return func(n ast.Node) *kind {
		c := examiner{vocabulary: v, functions: r.dialect.functions, builtins: r.builtins}
		return c.visit(n)
	}
}

// told says why a condition is always the same.
func (s *solver) told(node ast.Node, a answer, clash [2]*clause) (at ast.Node, message, hint string) {
	if clash[0] == nil || clash[1] == nil {
		if a == always {
			return node, "this condition is always true", "Leave \"if\" out to act on every event."
		}
		if _, off := node.(*ast.BoolNode); off {
			return node, "this condition is never true", "To switch a rule off, write \"enabled: false\"."
		}
		return node, "this condition is never true", "Look at its values, and at \"and\" and \"or\"."
	}
	first, second := clash[0], clash[1]
	if a == always {
		return second.node, fmt.Sprintf("this condition is always true: %s holds wherever %s does not", source(second.node), source(first.node)), `Did you mean "and"?`
	}
	hint = "Leave one of the two out."
	if first.of != nil && first.op == opIn && second.op == opIn && len(first.values)+len(second.values) == 2 && strings.HasPrefix(second.values[0], `"`) {
		hint = fmt.Sprintf("To allow both, write %s in [%s, %s].", first.shown, first.values[0], second.values[0])
	}
	return second.node, fmt.Sprintf("this condition is never true: %s and %s exclude each other", source(first.node), source(second.node)), hint
}

// An answer is what is known of a condition before there is an event.
type answer int

const (
	unsure answer = iota
	always
	never
)

// A solver finds out whether a condition can only be true, or only false.
type solver struct {
	domain func(ast.Node) *kind
}

// open tells, at less cost than [solver.certain], of most conditions that can be true and can be false, and so can each of
// their parts: those whose clauses are about different values.
func (s *solver) open(node ast.Node) bool {
	var paths []string
	return s.openPart(node, &paths)
}

func (s *solver) openPart(node ast.Node, paths *[]string) bool {
	switch n := node.(type) {
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			return s.openPart(n.Node, paths)
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&", "or", "||":
			return s.openPart(n.Left, paths) && s.openPart(n.Right, paths)
		}
	}
	before := len(*paths)
	switch node.(type) {
	case *ast.BinaryNode, *ast.BoolNode:
	default: // nothing is known of it but that it is true or false
		path := bare(node.String())
		*paths = append(*paths, path)
		return !slices.Contains((*paths)[:before], path) && len(*paths) <= mostWays
	}
	for _, positive := range []bool{true, false} {
		ways, _ := s.ways(node, positive)
		if len(ways) != 1 || len(ways[0]) != 1 {
			return false
		}
		c := ways[0][0]
		if slices.Contains((*paths)[:before], c.path) || c.op != opOdd && !s.scaleOf(c).narrow(c) {
			return false
		}
		*paths = append(*paths, c.path)
	}
	return len(*paths) <= mostWays
}

// certain answers for a whole condition, with the two clauses that make it so, where there are just two.
func (s *solver) certain(node ast.Node) (answer, [2]*clause) {
	if clash, empty := s.impossible(node, true); empty {
		return never, clash
	}
	if clash, empty := s.impossible(node, false); empty {
		return always, clash
	}
	return unsure, [2]*clause{}
}

// parts calls tell for every part of an `and` that is always true, and of an `or` that is never true.
func (s *solver) parts(node ast.Node, tell func(ast.Node, answer)) {
	n, ok := node.(*ast.BinaryNode)
	if !ok {
		return
	}
	idle := always
	switch n.Operator {
	case "and", "&&":
	case "or", "||":
		idle = never
	default:
		return
	}
	for _, side := range []ast.Node{n.Left, n.Right} {
		if answer, _ := s.certain(side); answer == idle {
			tell(side, answer)
			continue
		}
		s.parts(side, tell)
	}
}

// impossible tells whether a condition, or its opposite, holds for no value at all.
func (s *solver) impossible(node ast.Node, positive bool) (clash [2]*clause, empty bool) {
	ways, ok := s.ways(node, positive)
	if !ok {
		return clash, false
	}
	for i, way := range ways {
		found, impossible := s.exclusive(way)
		if !impossible {
			return clash, false
		}
		if i == 0 {
			clash = found
		}
	}
	if len(ways) > 1 {
		clash = [2]*clause{}
	}
	return clash, true
}

// mostWays bounds in how many ways a condition may be true for it to be looked into.
const mostWays = 64

// ways lists the ways in which a condition, or its opposite, can be true: each is a list of clauses that hold at once. It
// is not ok when there are too many.
func (s *solver) ways(node ast.Node, positive bool) (all [][]*clause, ok bool) {
	switch n := node.(type) {
	case *ast.BoolNode:
		if n.Value == positive {
			return [][]*clause{{}}, true
		}
		return nil, true
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			all, ok = s.ways(n.Node, !positive)
			if len(all) == 1 && len(all[0]) == 1 {
				all[0][0].node = n
			}
			return all, ok
		}
	case *ast.BinaryNode:
		both := n.Operator == "and" || n.Operator == "&&"
		if !both && n.Operator != "or" && n.Operator != "||" {
			return s.comparison(n, positive), true
		}
		left, okL := s.ways(n.Left, positive)
		right, okR := s.ways(n.Right, positive)
		if !okL || !okR || len(left)*len(right) > mostWays || len(left)+len(right) > mostWays {
			return nil, false
		}
		if both != positive {
			return slices.Concat(left, right), true
		}
		for _, l := range left {
			for _, r := range right {
				all = append(all, slices.Concat(l, r))
			}
		}
		return all, true
	}
	return [][]*clause{{{path: bare(node.String()), op: opIn, values: []string{strconv.FormatBool(positive)}, node: node}}}, true
}

// The forms of a clause.
const (
	opIn    = "in"     // one of the values
	opNotIn = "not in" // none of the values
	opOdd   = "odd"    // something else, about which nothing is known
)

// A clause says of one value what it is, or is not, or how large it is.
type clause struct {
	path   string // the value, without question marks
	shown  string // the value as written
	op     string // one of the forms above, or < <= > >=
	values []string
	number float64 // of < <= > >=
	node   ast.Node
	of     ast.Node // the value
}

// comparison gives the clause of a comparison with literals.
func (s *solver) comparison(n *ast.BinaryNode, positive bool) [][]*clause {
	left, right, op := n.Left, n.Right, n.Operator
	_, isLeft := plainConstant(left)
	value, isRight := plainConstant(right)
	if isLeft && isRight {
		return s.literals(n, positive)
	}
	if isLeft {
		left, right, op = right, left, map[string]string{"<": ">", ">": "<", "<=": ">=", ">=": "<="}[op]
		value, _ = plainConstant(right)
		if op == "" {
			op = n.Operator
		}
	}
	written := left.String()
	c := &clause{path: bare(written), shown: ifShort(written), node: n, of: left, values: []string{value}}
	switch {
	case op == "==" || op == "!=":
		if !isLeft && !isRight {
			return s.sides(n, positive)
		}
		c.op = opIn
		if (op == "==") != positive {
			c.op = opNotIn
		}
	case op == "in" && !isLeft:
		list, ok := plainConstants(right)
		if !ok {
			break
		}
		c.op, c.values = opIn, list
		if !positive {
			c.op = opNotIn
		}
	case (isLeft || isRight) && slices.Contains([]string{"<", "<=", ">", ">="}, op):
		number, err := strconv.ParseFloat(value, 64)
		if err != nil || !positive && s.domain(left).empty { // of what is missing, neither it nor its opposite holds
			break
		}
		if !positive {
			op = map[string]string{"<": ">=", "<=": ">", ">": "<=", ">=": "<"}[op]
		}
		c.op, c.number = op, number
	}
	if c.op == "" {
		c.path, c.op, c.values = bare(n.String()), opIn, []string{strconv.FormatBool(positive)}
		c.of = nil
	}
	return [][]*clause{{c}}
}

// sides is a comparison of two values for being the same.
func (s *solver) sides(n *ast.BinaryNode, positive bool) [][]*clause {
	same := (n.Operator == "==") == positive
	if n.Left.String() == n.Right.String() {
		if same {
			return [][]*clause{{}}
		}
		return nil
	}
	return [][]*clause{{{path: n.Left.String() + " == " + n.Right.String(), op: opIn, values: []string{strconv.FormatBool(same)}, node: n}}}
}

// literals is a comparison of two literals.
func (s *solver) literals(n *ast.BinaryNode, positive bool) [][]*clause {
	a, _ := plainConstant(n.Left)
	b, _ := plainConstant(n.Right)
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	holds := a == b
	switch n.Operator {
	case "==":
	case "!=":
		holds = !holds
	case "<", "<=", ">", ">=":
		if errX != nil || errY != nil {
			return [][]*clause{{{path: n.String(), op: opOdd, node: n}}}
		}
		holds = map[string]bool{"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[n.Operator]
	default:
		return [][]*clause{{{path: n.String(), op: opOdd, node: n}}}
	}
	if holds == positive {
		return [][]*clause{{}}
	}
	return nil
}
