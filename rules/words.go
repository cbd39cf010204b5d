package rules

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
)

// words says in a merchant's words why an evaluation failed. It reads the expression once more, to name the part that
// failed as it was written.
func words(d *dialect, code string, failed *file.Error) string {
	if bound(failed.Prev) {
		text, _, _ := strings.Cut(failed.Prev.Error(), "\n")
		return text
	}
	if strings.Contains(failed.Message, "memory budget exceeded") {
		return "it makes lists that are too long: " + errRoom.Error()
	}
	node, err := d.parse(code)
	if err != nil {
		return failed.Message
	}
	f := &finder{from: failed.From}
	ast.Walk(&node, f)
	switch n := f.found.(type) {
	case *ast.BinaryNode:
		return binaryWords(n, failed)
	case *ast.UnaryNode:
		return emptyWords(n.Node, failed, fmt.Sprintf("%q wants something else", n.Operator))
	case *ast.StringNode:
		if m, ok := f.parent.(*ast.MemberNode); ok {
			return memberWords(m, n.Value, failed)
		}
	case *ast.MemberNode:
		name := ""
		if s, ok := n.Property.(*ast.StringNode); ok {
			name = s.Value
		}
		return memberWords(n, name, failed)
	case *ast.CallNode:
		return callWords(source(n.Callee), n.Arguments, failed)
	case *ast.BuiltinNode:
		return callWords(n.Name, n.Arguments, failed)
	}
	return plainWords(failed)
}

// finder looks for the outermost node at a place that does something.
type finder struct {
	from   int
	found  ast.Node
	parent ast.Node
}

// Visit implements [ast.Visitor].
func (f *finder) Visit(node *ast.Node) {
	n := *node
	if m, ok := n.(*ast.MemberNode); ok && f.found != nil && m.Property == f.found {
		f.parent = m
	}
	if n.Location().From != f.from {
		return
	}
	switch n.(type) {
	case *ast.ChainNode, *ast.PredicateNode, *ast.ConditionalNode:
		return
	}
	f.found = n
}

var typesInError = regexp.MustCompile(`^invalid operation: (\S+) \S+ (\S+)`)

func binaryWords(n *ast.BinaryNode, failed *file.Error) string {
	if m, ok := errors.AsType[*mixed](failed.Prev); ok {
		switch {
		case m.a == nil:
			return missing(n.Left)
		case m.b == nil:
			return missing(n.Right)
		}
		return m.Error()
	}
	if types := typesInError.FindStringSubmatch(failed.Message); types != nil {
		switch "<nil>" {
		case types[1]:
			return missing(n.Left)
		case types[2]:
			return missing(n.Right)
		}
		return fmt.Sprintf("%s and %s cannot be used with %q: they are %s and %s", written(n.Left), written(n.Right), n.Operator,
			wordForType(types[1]), wordForType(types[2]))
	}
	switch n.Operator {
	case "and", "or", "&&", "||":
		return emptyWords(n.Left, failed, written(n.Left)+" is not true or false")
	case "%", "/":
		if strings.Contains(failed.Message, "divide by zero") {
			return fmt.Sprintf("%s is 0, and nothing can be divided by 0", written(n.Right))
		}
	}
	return plainWords(failed)
}

// missing says that a part of an expression is empty, and what to write instead.
func missing(n ast.Node) string {
	return fmt.Sprintf("%s is empty; write %s ?? … to say what to take then", source(n), source(n))
}

func emptyWords(n ast.Node, failed *file.Error, otherwise string) string {
	if strings.Contains(failed.Message, "is nil") || strings.Contains(failed.Message, "<nil>") {
		return missing(n)
	}
	return otherwise
}

func memberWords(m *ast.MemberNode, name string, failed *file.Error) string {
	switch {
	case strings.Contains(failed.Message, "<nil>"):
		if name == "" {
			return missing(m.Node)
		}
		return fmt.Sprintf("%s is empty, so it has no %s; write %s?.%s", source(m.Node), name, source(m.Node), name)
	case strings.HasPrefix(failed.Message, "index out of range"):
		return fmt.Sprintf("%s is shorter than that", source(m.Node))
	case strings.HasPrefix(failed.Message, "cannot fetch"):
		_, kind, _ := strings.Cut(failed.Message, " from ")
		return fmt.Sprintf("%s is %s, and has no %s", source(m.Node), wordForType(kind), name)
	}
	return plainWords(failed)
}

func callWords(name string, args []ast.Node, failed *file.Error) string {
	if e, ok := errors.AsType[*emptyArgument](failed.Prev); ok && e.at < len(args) {
		return missing(args[e.at])
	}
	if errors.Is(failed.Prev, errNothing) && len(args) > 0 {
		return missing(args[0])
	}
	if strings.Contains(failed.Message, "is nil") || strings.Contains(failed.Message, "<nil>") || strings.Contains(failed.Message, "zero Value") {
		for _, a := range args {
			if !literal(a) {
				return missing(a)
			}
		}
	}
	if failed.Prev != nil && !strings.Contains(failed.Message, "interface conversion") && !strings.Contains(failed.Message, "reflect") {
		return failed.Prev.Error()
	}
	if len(args) > 0 {
		return fmt.Sprintf("%s does not work on what %s is", name, source(args[0]))
	}
	return plainWords(failed)
}

// wordForType gives a merchant's word for a type's name in Go.
func wordForType(name string) string {
	switch name {
	case "<nil>":
		return nothing.String()
	case "int", "float64":
		return number.String()
	case "string", "rules.safe":
		return text.String()
	case "bool":
		return flag.String()
	case "map[string]interface":
		return object.String()
	case "time.Time":
		return moment.String()
	case "time.Duration":
		return span.String()
	}
	if strings.HasPrefix(name, "[]") {
		return list.String()
	}
	if strings.HasPrefix(name, "map[") {
		return object.String()
	}
	return "something else"
}

func plainWords(failed *file.Error) string {
	if failed.Prev != nil && !strings.Contains(failed.Message, "interface {}") && !strings.Contains(failed.Message, "reflect") {
		return failed.Prev.Error()
	}
	return "this cannot be worked out with the values of this event"
}
