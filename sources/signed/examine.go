package signed

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"shopbell/document"
)

// maxInserted is how long, in bytes, a text may be that replace or join puts in many places.
const maxInserted = 20

// examine finds the first thing that an expression must not do, and notes which names it reads. Its error is a
// [*file.Error]. Names of headers are put into lower case, as they are in the environment.
func examine(node ast.Node, names []string, uses map[string]bool) error {
	e := examiner{names: names, own: map[string]bool{}, uses: uses}
	ast.Walk(&node, &declarations{e.own})
	ast.Walk(&node, &e)
	if e.wrong != nil {
		return e.wrong
	}
	return nil
}

// declarations gathers what an expression names itself, with let.
type declarations struct{ own map[string]bool }

// Visit implements [ast.Visitor].
func (d *declarations) Visit(node *ast.Node) {
	if n, ok := (*node).(*ast.VariableDeclaratorNode); ok {
		d.own[n.Name] = true
	}
}

type examiner struct {
	names []string
	own   map[string]bool
	uses  map[string]bool
	wrong *file.Error
}

func (e *examiner) fail(n ast.Node, format string, args ...any) {
	if e.wrong == nil || n.Location().From < e.wrong.From {
		e.wrong = &file.Error{Location: n.Location(), Message: fmt.Sprintf(format, args...)}
	}
}

// Visit implements [ast.Visitor].
func (e *examiner) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		e.name(n)
	case *ast.MemberNode:
		lowerHeader(n)
	case *ast.CallNode:
		e.call(n)
	case *ast.BuiltinNode:
		e.builtin(n)
	case *ast.BinaryNode:
		if n.Operator == ".." {
			e.fail(n, "a range (..) cannot be used here")
		}
		if _, constant := n.Right.(*ast.StringNode); n.Operator == "matches" && !constant {
			e.fail(n, "what follows matches must be text in quotes")
		}
	}
}

func (e *examiner) name(n *ast.IdentifierNode) {
	if e.own[n.Value] {
		return
	}
	if slices.Contains(e.names, n.Value) {
		e.uses[n.Value] = true
		return
	}
	if n.Value == "false" || n.Value == "true" {
		return
	}
	hint := document.DidYouMean(n.Value, e.names)
	if hint == "" {
		hint = "There is " + strings.Join(e.names, ", ") + "; a fixed text stands in quotes, a header as in headers[\"x-topic\"]."
	}
	e.fail(n, "unknown name %q (%s)", n.Value, hint)
}

// lowerHeader lets headers be written in any case.
func lowerHeader(n *ast.MemberNode) {
	on, ok := n.Node.(*ast.IdentifierNode)
	name, constant := n.Property.(*ast.StringNode)
	if ok && constant && on.Value == "headers" {
		name.Value = strings.ToLower(name.Value)
	}
}

func (e *examiner) call(n *ast.CallNode) {
	if callee, ok := n.Callee.(*ast.IdentifierNode); ok {
		if e.wrong != nil && e.wrong.From == callee.Location().From {
			e.wrong = nil // it was taken for a name
		}
		e.fail(callee, "there is no function %q here (%s)", callee.Value, orElse(document.DidYouMean(callee.Value, functions()), "see docs/sources/signed.md for those there are"))
		return
	}
	e.fail(n, "this is no function")
}

// builtin holds that a text which is put in many places is short: the result could fill the memory.
func (e *examiner) builtin(n *ast.BuiltinNode) {
	inserted := map[string]int{"replace": 2, "join": 1}
	at, ok := inserted[n.Name]
	if !ok || len(n.Arguments) <= at {
		return
	}
	if text, constant := n.Arguments[at].(*ast.StringNode); !constant || len(text.Value) > maxInserted {
		e.fail(n.Arguments[at], "%s wants text in quotes here, at most %d bytes of it", n.Name, maxInserted)
	}
}
