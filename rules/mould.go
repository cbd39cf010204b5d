package rules

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// A mould makes programs of expressions that are the same but for some of their constants, as thousands of rules are that a
// merchant's other program wrote: `order.customerGroup == "A"`, `order.customerGroup == "B"`. They share one program but for
// its constants, which saves most of the time and of the memory of a load.
//
// The places in a shared program are not places in any text: they are numbers of parts, by which [placeOf] finds the place in
// the text of one expression.
type mould struct {
	program *vm.Program // nil for what cannot be made in a mould
	filled  []int       // by number of a constant, where it stands among the program's
}

// made gives the program for an expression's constants.
func (m *mould) made(constants []ast.Node) *vm.Program {
	p := *m.program
	p.Constants = slices.Clone(p.Constants)
	for i, at := range m.filled {
		p.Constants[at] = constantIn(constants[i])
	}
	return &p
}

// constantIn gives what the compiler makes of a literal.
func constantIn(node ast.Node) any {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value
	case *ast.IntegerNode:
		return n.Value
	case *ast.FloatNode:
		return n.Value
	}
	return nil
}

// cast makes the program of a tree in the mould of those like it. It is nil where there can be none.
func (d *dialect) cast(code string, node ast.Node) *vm.Program {
	d.likeness.begin()
	d.likeness.see(node)
	if d.likeness.none || len(d.likeness.constants) == 0 {
		return nil
	}
	m := d.moulds[string(d.likeness.key)]
	if m == nil {
		m = d.newMould(code)
		share(&d.moulds, string(d.likeness.key), m)
	}
	if m.program == nil {
		return nil
	}
	return m.made(d.likeness.constants)
}

// newMould compiles an expression with a mark in the place of each constant, so that they are found in the program.
func (d *dialect) newMould(code string) *mould {
	node, err := d.tree(code)
	if err != nil {
		return &mould{}
	}
	var l likeness
	l.see(node)
	for i, part := range l.parts {
		part.SetLocation(file.Location{From: i, To: i})
	}
	marks := make([]any, len(l.constants))
	for i, constant := range l.constants {
		switch n := constant.(type) {
		case *ast.StringNode:
			n.Value = "\x00" + strconv.Itoa(i) // unlike anything that is not a mark
		case *ast.IntegerNode:
			n.Value = math.MinInt64/2 + i
		case *ast.FloatNode:
			n.Value = -1e300 - 1e285*float64(i)
		}
		marks[i] = constantIn(constant)
	}
	program, err := d.compileTree("", node)
	if err != nil {
		return &mould{} // which is told when it is compiled by itself
	}
	m := &mould{filled: make([]int, len(marks))}
	for i, mark := range marks {
		is := func(v any) bool { return v == mark }
		if m.filled[i] = slices.IndexFunc(program.Constants, is); m.filled[i] < 0 {
			return &mould{}
		}
	}
	m.program = program
	return m
}

// placeOf gives the place in an expression of the part with a number.
func placeOf(node ast.Node, number int) int {
	var l likeness
	l.see(node)
	if number < 0 || number >= len(l.parts) {
		return 0
	}
	return l.parts[number].Location().From
}

// A likeness is what expressions share that one mould is for.
type likeness struct {
	key       []byte
	parts     []ast.Node // in an order that is the same for all of them
	constants []ast.Node // that may differ
	none      bool       // there is a part that is in no mould
}

func (l *likeness) begin() {
	*l = likeness{key: l.key[:0], parts: l.parts[:0], constants: l.constants[:0]}
}

// longestCast is the length in bytes of texts that may differ: [guard] asks whether one is short.
const longestCast = 500

// see adds a part and all that is below it.
func (l *likeness) see(node ast.Node) {
	l.parts = append(l.parts, node)
	switch n := node.(type) {
	case *ast.NilNode:
		l.say('0')
	case *ast.IdentifierNode:
		l.say('i', n.Value)
	case *ast.IntegerNode:
		l.say('n', strconv.Itoa(n.Value))
	case *ast.FloatNode:
		l.say('f', strconv.FormatFloat(n.Value, 'g', -1, 64))
	case *ast.BoolNode:
		l.say('t', strconv.FormatBool(n.Value))
	case *ast.StringNode:
		l.say('s', n.Value)
	case *ast.UnaryNode:
		l.say('u', n.Operator)
		l.see(n.Node)
	case *ast.BinaryNode:
		l.binary(n)
	case *ast.ChainNode:
		l.say('c')
		l.see(n.Node)
	case *ast.MemberNode:
		l.say('m', flags(n.Optional, n.Method))
		l.see(n.Node)
		l.see(n.Property)
	case *ast.CallNode:
		l.say('(', strconv.Itoa(len(n.Arguments)))
		l.see(n.Callee)
		for _, arg := range n.Arguments {
			l.constant(arg)
		}
	case *ast.BuiltinNode:
		l.say('b', n.Name, flags(n.Throws, false), strconv.Itoa(len(n.Arguments)))
		for _, arg := range n.Arguments {
			l.see(arg)
		}
	case *ast.PredicateNode:
		l.say('p')
		l.see(n.Node)
	case *ast.PointerNode:
		l.say('#', n.Name)
	case *ast.ConditionalNode:
		l.say('?', flags(n.Ternary, false))
		l.see(n.Cond)
		l.see(n.Exp1)
		l.see(n.Exp2)
	case *ast.ArrayNode:
		l.say('[', strconv.Itoa(len(n.Nodes)))
		for _, item := range n.Nodes {
			l.see(item)
		}
	default: // what is rare
		l.none = true
	}
}

// flags writes two answers down.
func flags(a, b bool) string { return strconv.FormatBool(a) + strconv.FormatBool(b) }

func (l *likeness) binary(n *ast.BinaryNode) {
	l.say('o', n.Operator)
	switch n.Operator {
	case "==", "!=", "<", "<=", ">", ">=", "startsWith", "endsWith", "contains":
		l.constant(n.Left)
		l.constant(n.Right)
		return
	case "in":
		list, ok := n.Right.(*ast.ArrayNode)
		if !ok {
			break
		}
		l.constant(n.Left)
		l.parts = append(l.parts, list)
		l.say('[', strconv.Itoa(len(list.Nodes)))
		for _, item := range list.Nodes {
			l.constant(item)
		}
		return
	}
	l.see(n.Left)
	l.see(n.Right)
}

// constant adds a part that may differ when it is a literal.
func (l *likeness) constant(node ast.Node) {
	kind := byte(0)
	switch n := node.(type) {
	case *ast.StringNode:
		if len(n.Value) <= longestCast {
			kind = 'S'
		}
	case *ast.IntegerNode:
		kind = 'N'
	case *ast.FloatNode:
		kind = 'F'
	}
	if kind == 0 {
		l.see(node)
		return
	}
	l.say(kind)
	l.parts, l.constants = append(l.parts, node), append(l.constants, node)
}

// say adds to the key. Lengths go before words, so that no two keys are the same by chance.
func (l *likeness) say(kind byte, words ...string) {
	l.key = append(l.key, kind)
	for _, w := range words {
		l.key = binary.AppendUvarint(l.key, uint64(len(w)))
		l.key = append(l.key, w...)
	}
}
