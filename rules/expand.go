package rules

import (
	"errors"
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"
)

// parse reads an expression with what its names stand for. An error is of the expression itself, or a [*misuse].
// expanded says that there were such names; else the tree is shared, and must not be changed.
func (r *reader) parse(code string) (node ast.Node, expanded bool, err error) {
	node, err = r.dialect.parse(code)
	if err != nil || !r.defined.isUsedIn(node) {
		return node, false, err
	}
	if node, err = r.dialect.tree(code); err != nil {
		return nil, true, err
	}
	node, err = r.dialect.expand(node, r.defined, func(name string) { r.uses[name], r.usesAll[name] = true, true })
	return node, true, err
}

// compile makes a program of an expression that was parsed without an error.
func (r *reader) compile(code string, parsed ast.Node, expanded bool) (made *vm.Program, cast bool, err error) {
	if !expanded {
		return r.dialect.compile(code, parsed)
	}
	node, _, err := r.parse(code) // the compiler changes its tree
	if err != nil {
		return nil, false, err
	}
	made, err = r.dialect.compileTree(code, node)
	return made, false, err
}

// isUsedIn tells whether an expression has a name that is defined, or gives one of its own such a name.
func (l *definitions) isUsedIn(node ast.Node) bool {
	if len(l.all) == 0 {
		return false
	}
	m := mentions{l, false}
	ast.Walk(&node, &m)
	return m.found
}

type mentions struct {
	*definitions
	found bool
}

// Visit implements [ast.Visitor].
func (m *mentions) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		m.found = m.found || m.byName[n.Value] != nil
	case *ast.VariableDeclaratorNode:
		m.found = m.found || m.byName[n.Name] != nil
	}
}

// expand puts what names stand for in their place; used is told of each.
func (d *dialect) expand(node ast.Node, defined *definitions, used func(name string)) (ast.Node, error) {
	w := &writer{dialect: d, defined: defined, used: used, left: maxNodes}
	node = w.expand(node)
	return node, w.err
}

// A misuse is what is wrong with a use of a definition.
type misuse struct{ finding }

func (w *misuse) Error() string { return w.message }

// A writer writes definitions out in the expressions that use them.
type writer struct {
	dialect *dialect
	defined *definitions
	used    func(name string)
	open    []*definition // being written out
	left    int           // parts that may still be added
	err     error
}

func (w *writer) expand(node ast.Node) ast.Node {
	ast.Walk(&node, w)
	return node
}

// Visit implements [ast.Visitor]. Children are visited before their parents, and what is put in is not visited.
func (w *writer) Visit(node *ast.Node) {
	if let, ok := (*node).(*ast.VariableDeclaratorNode); ok && w.defined.byName[let.Name] != nil {
		w.fail(let, fmt.Sprintf("%q is defined already", let.Name), "Choose another name.")
		return
	}
	name, ok := (*node).(*ast.IdentifierNode)
	if !ok || w.err != nil {
		return
	}
	d := w.defined.byName[name.Value]
	if d == nil {
		return
	}
	if slices.Contains(w.open, d) {
		w.fail(name, fmt.Sprintf("%q stands for itself here", d.name), "A definition cannot use itself, not through another one either.")
		return
	}
	w.used(d.name)
	if d.broken {
		w.err = errBroken
		return
	}
	*node = w.write(d, name)
}

// errBroken says that a definition has a problem, which has been told.
var errBroken = errors.New("a definition has a problem")

func (w *writer) fail(at ast.Node, message, hint string) {
	if w.err == nil {
		w.err = &misuse{finding{offset: at.Location().From, message: message, hint: hint}}
	}
}

// write gives what stands for a name. Expressions are changed when they are compiled, so each use has parts of its own.
func (w *writer) write(d *definition, at ast.Node) ast.Node {
	if d.isList {
		list := &ast.ArrayNode{Nodes: make([]ast.Node, len(d.list))}
		for i, value := range d.list {
			list.Nodes[i] = copied(value)
		}
		list.SetLocation(at.Location())
		return list
	}
	node, err := w.dialect.tree(d.code)
	if err != nil {
		w.err = errBroken
		return at
	}
	if w.left -= len(walked(node)); w.left < 0 {
		w.fail(at, fmt.Sprintf("with what %q stands for, this is too long", d.name), "Use fewer definitions in one expression.")
		return at
	}
	ast.Walk(&node, moved(definedAt*(d.place+1)))
	w.open = append(w.open, d)
	node = w.expand(node)
	w.open = w.open[:len(w.open)-1]
	return node
}

// copied gives a constant of its own.
func copied(node ast.Node) ast.Node {
	switch n := node.(type) {
	case *ast.StringNode:
		c := *n
		return &c
	case *ast.BoolNode:
		c := *n
		return &c
	case *ast.IntegerNode:
		c := *n
		return &c
	case *ast.FloatNode:
		c := *n
		return &c
	}
	return node
}

// moved moves the places of an expression's parts.
type moved int

// Visit implements [ast.Visitor].
func (m moved) Visit(node *ast.Node) {
	at := (*node).Location()
	(*node).SetLocation(file.Location{From: at.From + int(m), To: at.To + int(m)})
}
