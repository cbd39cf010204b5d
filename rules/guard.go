package rules

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// scopeName is the name under which an evaluation carries its [scope]. No merchant can write it.
const scopeName = "$"

// guard rewrites a parsed expression so that no evaluation can go on for long: every round of a loop, every text that
// grows and every value that a function walks through is counted, and the evaluation fails when it was too much.
func guard(node ast.Node) ast.Node {
	ast.Walk(&node, guarding{})
	return node
}

type guarding struct{}

// Visit implements [ast.Visitor]. Children are visited before their parents.
func (guarding) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		guardBinary(node, n)
	case *ast.CallNode:
		if _, ok := n.Callee.(*ast.IdentifierNode); ok {
			n.Arguments = append([]ast.Node{at(&ast.IdentifierNode{Value: scopeName}, n)}, n.Arguments...)
		}
	case *ast.BuiltinNode:
		guardBuiltin(n)
	}
}

func guardBinary(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "+":
		replace(node, "$add", n.Left, n.Right)
	case "in":
		replace(node, "$in", n.Left, n.Right)
	case "==", "!=":
		if literal(n.Left) && !marks(n.Right) || literal(n.Right) && !marks(n.Left) {
			return
		}
		replace(node, "$equal", n.Left, n.Right)
		if n.Operator == "!=" {
			*node = at(&ast.UnaryNode{Operator: "!", Node: *node}, n)
		}
	case "matches", "contains":
		n.Left = call("$weigh", n.Left, n.Left, at(&ast.IntegerNode{Value: map[string]int{"matches": 1, "contains": 64}[n.Operator]}, n))
	}
}

// cheap lists the builtin functions that look at one value of a list only.
func cheap(name string) bool {
	return slices.Contains([]string{"len", "first", "last", "get", "type", "take"}, name)
}

func guardBuiltin(n *ast.BuiltinNode) {
	loops := false
	for _, arg := range n.Arguments {
		if p, ok := arg.(*ast.PredicateNode); ok {
			loops = true
			weight := 1 + count(p.Node)
			if n.Name == "sortBy" || n.Name == "groupBy" {
				weight += 20
			}
			tick := call("$tick", p, at(&ast.IntegerNode{Value: weight}, p))
			p.Node = at(&ast.SequenceNode{Nodes: []ast.Node{tick, p.Node}}, p)
		}
	}
	if n.Name == "get" && len(n.Arguments) == 2 && !literal(n.Arguments[1]) {
		n.Arguments[1] = call("$given", n.Arguments[1], n.Arguments[1], at(&ast.IntegerNode{Value: 16}, n))
	}
	if loops || cheap(n.Name) {
		return
	}
	share := 16
	if n.Name == "sort" {
		share = 1
	}
	for i, arg := range n.Arguments {
		if !literal(arg) {
			n.Arguments[i] = call(weighing(n.Name), arg, arg, at(&ast.IntegerNode{Value: share}, arg))
		}
	}
}

// weighing names the function that weighs an argument of a builtin. Of nothing, expr would make an empty list of some
// and nil of others, without a word.
func weighing(builtin string) string {
	if slices.Contains([]string{"sort", "max", "min", "mean", "median"}, builtin) {
		return "$given"
	}
	return "$weigh"
}

// replace puts a call of one of our functions in a node's place.
func replace(node *ast.Node, name string, args ...ast.Node) {
	*node = call(name, *node, args...)
}

func call(name string, where ast.Node, args ...ast.Node) ast.Node {
	args = append([]ast.Node{at(&ast.IdentifierNode{Value: scopeName}, where)}, args...)
	return at(&ast.CallNode{Callee: at(&ast.IdentifierNode{Value: name}, where), Arguments: args}, where)
}

func at(node, where ast.Node) ast.Node {
	node.SetLocation(where.Location())
	return node
}

func literal(node ast.Node) bool {
	switch node.(type) {
	case *ast.NilNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode:
		return true
	}
	return false
}

// marks tells of a part that may give text marked as [safe], which only our own comparison knows to be text.
func marks(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.CallNode:
		name, ok := n.Callee.(*ast.IdentifierNode)
		return ok && name.Value[0] != '$'
	case *ast.ConditionalNode, *ast.IdentifierNode, *ast.VariableDeclaratorNode:
		return true
	}
	return false
}

type counting int

// Visit implements [ast.Visitor].
func (c *counting) Visit(*ast.Node) { *c++ }

// count tells of how many parts an expression is made.
func count(node ast.Node) int {
	var c counting
	ast.Walk(&node, &c)
	return int(c)
}
