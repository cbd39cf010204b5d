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
		if _, ok := n.Callee.(*ast.IdentifierNode); !ok {
			guardMethod(n)
		} else {
			n.Arguments = append([]ast.Node{at(&ast.IdentifierNode{Value: scopeName}, n)}, n.Arguments...)
		}
	case *ast.BuiltinNode:
		guardBuiltin(node, n)
	case *ast.MemberNode:
		guardMember(n)
	}
}

func guardBinary(node *ast.Node, n *ast.BinaryNode) {
	switch n.Operator {
	case "+":
		replace(node, "$add", n.Left, n.Right)
	case "in":
		replace(node, "$in", n.Left, n.Right)
	case "==", "!=":
		if short(n.Left) && !marks(n.Right) || short(n.Right) && !marks(n.Left) {
			return
		}
		replace(node, "$equal", n.Left, n.Right)
		if n.Operator == "!=" {
			*node = at(&ast.UnaryNode{Operator: "!", Node: *node}, n)
		}
	case "<", "<=", ">", ">=", "startsWith", "endsWith":
		if !short(n.Left) && !short(n.Right) { // each costs at most the shorter of the two
			n.Left = hefted(n.Left, 256)
		}
	case "contains": // of what nearly is in it everywhere, two bytes take a nanosecond each
		n.Left = hefted(n.Left, 32)
	case "matches":
		if pattern, ok := n.Right.(*ast.StringNode); ok {
			n.Left = call("$pattern", n.Left, n.Left, wholeNumber(patternSize(pattern.Value), n))
			return
		}
		replace(node, "$matches", n.Left, n.Right)
	}
}

// dear tells of functions that do more than look at one value: [prices] has what they cost.
func dear(name string) bool {
	return slices.Contains([]string{
		"trim", "trimPrefix", "trimSuffix", "hasPrefix", "hasSuffix", "indexOf", "lastIndexOf", "upper", "lower", "toBase64", "fromBase64",
		"split", "splitAfter", "fromJSON", "toJSON", "int", "float", "duration", "max", "min", "mean", "median", "sort",
		"concat", "flatten", "reverse", "fromPairs", "len", "get",
	}, name)
}

func guardBuiltin(node *ast.Node, n *ast.BuiltinNode) {
	loops := false
	for _, arg := range n.Arguments {
		if p, ok := arg.(*ast.PredicateNode); ok {
			loops = true
			weight, room := max(4, 1+count(p.Node)), literals(p.Node)
			switch n.Name {
			case "sortBy":
				weight, room = weight+25, room+64
				p.Node = hefted(p.Node, 8)
			case "groupBy":
				weight, room = weight+25, room+200
				p.Node = hefted(p.Node, 32)
			}
			tick := call("$tick", p, wholeNumber(weight, p), wholeNumber(room, p))
			p.Node = at(&ast.SequenceNode{Nodes: []ast.Node{tick, p.Node}}, p)
		}
	}
	switch {
	case loops:
	case n.Name == "sum" || n.Name == "count":
		n.Arguments[0] = call("$weigh", n.Arguments[0], n.Arguments[0], wholeNumber(16, n))
	case dear(n.Name):
		replace(node, "$"+n.Name, n.Arguments...)
	}
}

// guardMethod has what a time is asked for counted: time.Format("…") goes through its text.
func guardMethod(n *ast.CallNode) {
	for i, arg := range n.Arguments {
		if !literal(arg) {
			n.Arguments[i] = hefted(arg, 1)
		}
	}
}

// guardMember has a key that is asked for counted: a long one takes long to look up.
func guardMember(n *ast.MemberNode) {
	switch n.Property.(type) {
	case *ast.StringNode, *ast.IntegerNode:
		return
	}
	n.Property = hefted(n.Property, 64)
}

func hefted(node ast.Node, share int) ast.Node {
	return call("$heft", node, node, wholeNumber(share, node))
}

func wholeNumber(n int, where ast.Node) ast.Node { return at(&ast.IntegerNode{Value: n}, where) }

// short tells of a literal that is not a long text.
func short(node ast.Node) bool {
	if s, ok := node.(*ast.StringNode); ok {
		return len(s.Value) <= 1000
	}
	return literal(node)
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

type making int

// Visit implements [ast.Visitor].
func (m *making) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.MapNode:
		*m += making(64 + 320*((len(n.Pairs)+7)/8))
	case *ast.ArrayNode:
		*m += making(24 + 16*len(n.Nodes))
	}
}

// literals tells how many bytes the lists and objects take that an expression makes each time.
func literals(node ast.Node) int {
	var m making
	ast.Walk(&node, &m)
	return int(m)
}

type counting int

// Visit implements [ast.Visitor].
func (c *counting) Visit(node *ast.Node) {
	*c++
	switch n := (*node).(type) {
	case *ast.SliceNode, *ast.BuiltinNode, *ast.ArrayNode:
		*c += 2
	case *ast.MapNode:
		*c += 6
	case *ast.StringNode:
		*c += counting(len(n.Value) / 256) // it may be a key, which is hashed
	case *ast.CallNode:
		*c += 2
		if _, ours := n.Callee.(*ast.IdentifierNode); !ours {
			*c += 30 // a method, found by its name each time
			for _, arg := range n.Arguments {
				if s, ok := arg.(*ast.StringNode); ok {
					*c += counting(len(s.Value) / 2) // a layout, which is gone through
				}
			}
		}
	case *ast.BinaryNode:
		if n.Operator == "**" || n.Operator == "^" {
			*c += 3
		}
	}
}

// count tells of how many parts an expression is made.
func count(node ast.Node) int {
	var c counting
	ast.Walk(&node, &c)
	return int(c)
}
