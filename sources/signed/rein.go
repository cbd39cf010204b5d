package signed

import (
	"errors"

	"github.com/expr-lang/expr/ast"
)

// allowanceName is the name under which an evaluation carries its [allowance]. No operator can write it.
const allowanceName = "$"

// An allowance is what one evaluation may still do, in steps.
type allowance struct{ left int }

var errTooMuch = errors.New("this takes too long on what was sent")

func (a *allowance) spend(steps int) error {
	if a.left -= steps; a.left < 0 {
		return errTooMuch
	}
	return nil
}

// weigh spends what walking through a value costs.
func (a *allowance) weigh(v any) error {
	switch v := v.(type) {
	case string:
		return a.spend(1 + len(v)/16)
	case []any:
		for _, item := range v {
			if err := a.weigh(item); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, item := range v {
			if err := a.weigh(item); err != nil {
				return err
			}
		}
	}
	return a.spend(1)
}

// rein rewrites a checked expression so that no evaluation can go on for long, and so that what is not there is nothing
// instead of an error: every round of a loop is counted, every value that is walked through is weighed, every dot is ?. .
func rein(node ast.Node) ast.Node {
	ast.Walk(&node, reining{})
	return node
}

type reining struct{}

// Visit implements [ast.Visitor]. Children are visited before their parents.
func (reining) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.MemberNode:
		n.Optional = true
		*node = at(&ast.ChainNode{Node: n}, n)
	case *ast.BinaryNode:
		switch n.Operator {
		case "+", "==", "!=", "in", "not in", "matches", "contains", "startsWith", "endsWith":
			n.Left, n.Right = weighed(n.Left), weighed(n.Right)
		}
	case *ast.BuiltinNode:
		reinBuiltin(n)
	}
}

func reinBuiltin(n *ast.BuiltinNode) {
	loops := false
	for _, arg := range n.Arguments {
		if p, ok := arg.(*ast.PredicateNode); ok {
			loops = true
			tick := call("$tick", p)
			p.Node = at(&ast.SequenceNode{Nodes: []ast.Node{tick, p.Node}}, p)
		}
	}
	switch n.Name {
	case "len", "first", "last", "get", "type", "take":
		return
	}
	for i := range n.Arguments {
		if !loops {
			n.Arguments[i] = weighed(n.Arguments[i])
		}
	}
}

// weighed has a value weighed before it is used. Constants stay as they are: the compiler may need them.
func weighed(n ast.Node) ast.Node {
	switch n.(type) {
	case *ast.NilNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode, *ast.ConstantNode:
		return n
	}
	return call("$weigh", n, n)
}

func call(name string, where ast.Node, args ...ast.Node) ast.Node {
	args = append([]ast.Node{at(&ast.IdentifierNode{Value: allowanceName}, where)}, args...)
	return at(&ast.CallNode{Callee: at(&ast.IdentifierNode{Value: name}, where), Arguments: args}, where)
}

func at(node, where ast.Node) ast.Node {
	node.SetLocation(where.Location())
	return node
}

// A rider is a function that [rein] puts into expressions.
type rider struct {
	Name string
	Func func(args ...any) (any, error)
}

func reins() []rider {
	return []rider{
		{"$tick", func(args ...any) (any, error) { return nil, args[0].(*allowance).spend(10) }},
		{"$weigh", func(args ...any) (any, error) { return args[1], args[0].(*allowance).weigh(args[1]) }},
	}
}
