package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"

	"shopbell/document"
)

// binary checks an operator between two values.
func (c *examiner) binary(n *ast.BinaryNode) *kind {
	if id, ok := n.Right.(*ast.IdentifierNode); ok {
		if k := c.forgottenQuotes(n, id); k != nil {
			return k
		}
	}
	l, r := c.visit(n.Left), c.visit(n.Right)
	c.mayMiss(n, l, r)
	switch n.Operator {
	case "==", "!=":
		c.comparable(n, l, r)
		c.gap(n.Left, l, n.Right)
		c.gap(n.Right, r, n.Left)
		c.meant(n.Left, l, n.Right)
		c.meant(n.Right, r, n.Left)
		return of(flag)
	case "<", ">", "<=", ">=":
		if c.comparable(n, l, r) {
			c.gap(n.Left, l, n.Right)
			c.gap(n.Right, r, n.Left)
			c.ordered(n, n.Left, l)
			c.ordered(n, n.Right, r)
		}
		return of(flag)
	case "and", "or", "&&", "||":
		c.condition(n.Left, l)
		c.condition(n.Right, r)
		return of(flag)
	case "in":
		return c.within(n, l, r)
	case "contains", "startsWith", "endsWith", "matches":
		return c.textual(n, l, r)
	case "??":
		if l.form == r.form && l.form != object || r.form == nothing {
			k := *l
			k.empty = r.empty || r.form == nothing
			k.values = nil
			return &k
		}
		if l.form == nothing {
			return r
		}
		return of(anything)
	}
	return c.arithmetic(n, l, r)
}

// forgottenQuotes finds `status == PAID`, where PAID is no name but a value.
func (c *examiner) forgottenQuotes(n *ast.BinaryNode, id *ast.IdentifierNode) *kind {
	_, known := c.names[id.Value]
	_, refused := c.refused[id.Value]
	if known || refused || c.lets[id.Value] != nil || strings.ToUpper(id.Value) != id.Value || c.otherWord(id.Value) != "" || n.Operator != "==" && n.Operator != "!=" {
		return nil
	}
	c.visit(n.Left)
	c.facts.any = true
	c.wrong(id, fmt.Sprintf("unknown name %q", id.Value), fmt.Sprintf("Put text in quotes: %q.", id.Value))
	return of(flag)
}

// comparable makes sure that two values are of one kind.
func (c *examiner) comparable(n *ast.BinaryNode, l, r *kind) bool {
	if !l.known() || !r.known() || l.form == r.form || likeObject(l) && likeObject(r) {
		return true
	}
	at, hint := ast.Node(n), ""
	switch {
	case literal(n.Right):
		at, hint = n.Right, otherWay(n.Right, l)
	case literal(n.Left):
		at, hint = n.Left, otherWay(n.Left, r)
	}
	c.wrong(at, fmt.Sprintf("%s is %s, and %s is %s", written(n.Left), l.form, written(n.Right), r.form), hint)
	return false
}

func likeObject(k *kind) bool { return k.form == object || k.form == table }

// written shows a literal in its quotes, and anything else as its source.
func written(n ast.Node) string {
	if s, ok := n.(*ast.StringNode); ok {
		return quotedText(s.Value)
	}
	return source(n)
}

// otherWay suggests how a literal should be written to be of another kind.
func otherWay(n ast.Node, want *kind) string {
	switch n := n.(type) {
	case *ast.StringNode:
		if _, err := strconv.ParseFloat(n.Value, 64); err == nil && want.form == number {
			return fmt.Sprintf("Write %s without quotes.", n.Value)
		}
		if want.form == flag && (n.Value == "true" || n.Value == "false") {
			return fmt.Sprintf("Write %s without quotes.", n.Value)
		}
		if want.form == moment {
			return fmt.Sprintf("Write date(%q).", n.Value)
		}
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		if want.form == text {
			return fmt.Sprintf("Write %q with quotes.", source(n))
		}
	}
	return ""
}

// meant makes sure that text which a value is compared with is one that it can have.
func (c *examiner) meant(of ast.Node, k *kind, with ast.Node) {
	s, ok := with.(*ast.StringNode)
	if !ok || k.form != text || k.has(s.Value) {
		return
	}
	hint := document.DidYouMean(s.Value, k.values)
	if hint == "" {
		for _, v := range k.values {
			if strings.EqualFold(v, s.Value) {
				hint = fmt.Sprintf("Did you mean %q?", v)
			}
		}
	}
	if hint == "" {
		hint = "It is one of " + enumerateOr(k.values) + "."
	}
	c.wrong(with, fmt.Sprintf("%s is never %s", source(of), quotedText(s.Value)), hint)
}

// enumerateOr lists at most a dozen values.
func enumerateOr(values []string) string {
	const most = 12
	if len(values) > most {
		return strings.Join(values[:most], ", ") + ", …"
	}
	if len(values) < 2 {
		return strings.Join(values, "")
	}
	return strings.Join(values[:len(values)-1], ", ") + " or " + values[len(values)-1]
}

func (c *examiner) ordered(n *ast.BinaryNode, node ast.Node, k *kind) {
	switch k.form {
	case flag, list, object, table, nothing:
		c.wrong(node, fmt.Sprintf("%s is %s, and cannot be compared with %s", source(node), k.form, n.Operator), "")
	}
}

// condition makes sure that a part joined by `and` or `or` is true or false.
func (c *examiner) condition(n ast.Node, k *kind) {
	if k.form == flag || k.form == anything {
		c.unsureFlag(n, k)
		return
	}
	hint := fmt.Sprintf("Compare it with something, as in %s == ….", source(n))
	switch k.form {
	case number:
		hint = fmt.Sprintf("Compare it with something, as in %s > 0.", source(n))
	case nothing, list, object, table:
		hint = ""
	case text:
		if literal(n) {
			hint = "To allow several values, write order.status in [\"A\", \"B\"], with the name of what you compare."
		}
	}
	c.wrong(n, fmt.Sprintf("%s is %s, not true or false", written(n), k.form), hint)
}

func (c *examiner) within(n *ast.BinaryNode, l, r *kind) *kind {
	if items, ok := n.Right.(*ast.ArrayNode); ok {
		for _, item := range items.Nodes {
			if k := c.kindOfLiteral(item); k != nil && l.known() && k.form != l.form {
				c.wrong(item, fmt.Sprintf("%s is %s, and %s is %s", written(n.Left), l.form, written(item), k.form), otherWay(item, l))
				continue
			}
			c.gap(n.Left, l, item)
			c.meant(n.Left, l, item)
		}
		return of(flag)
	}
	switch {
	case r.form == text:
		return c.wrong(n, fmt.Sprintf("%s is text, not a list", source(n.Right)), fmt.Sprintf("Write %s contains %s.", source(n.Right), written(n.Left)))
	case r.known() && r.form != list && !likeObject(r):
		return c.wrong(n, fmt.Sprintf("%s is %s, not a list", source(n.Right), r.form), "")
	case r.form == list && l.known() && r.element().known() && l.form != r.element().form:
		return c.wrong(n, fmt.Sprintf("%s is %s, and %s is a list of %s", written(n.Left), l.form, source(n.Right), severalOf(r.element().form)), inList(n.Right, r, n.Left))
	}
	c.meant(n.Right, r.element(), n.Left)
	return of(flag)
}

// inList tells how to look for a value in a list.
func inList(in ast.Node, k *kind, value ast.Node) string {
	if k.element().form != object {
		if k.element().form != text && k.element().form != anything {
			return ""
		}
		return fmt.Sprintf("Write %s in %s.", written(value), source(in))
	}
	for _, name := range append([]string{"name"}, k.element().names...) {
		if f := k.element().fields[name]; f != nil && f.form == text {
			return fmt.Sprintf("Write any(%s, .%s == %s), with the field that you mean.", source(in), name, written(value))
		}
	}
	return ""
}

// severalOf gives the word for many values of a form.
func severalOf(f form) string {
	switch f {
	case number:
		return "numbers"
	case text:
		return "texts"
	case object, table:
		return "objects"
	case list:
		return "lists"
	}
	return f.String()
}

// kindOfLiteral gives the kind of a literal, and nil for anything else.
func (c *examiner) kindOfLiteral(n ast.Node) *kind {
	switch n.(type) {
	case *ast.StringNode:
		return of(text)
	case *ast.IntegerNode, *ast.FloatNode:
		return of(number)
	case *ast.BoolNode:
		return of(flag)
	}
	return nil
}

func (c *examiner) textual(n *ast.BinaryNode, l, r *kind) *kind {
	switch {
	case l.form == list:
		return c.wrong(n, fmt.Sprintf("%s is a list, and %q looks into text", source(n.Left), n.Operator), inList(n.Left, l, n.Right))
	case l.known() && l.form != text:
		return c.wrong(n, fmt.Sprintf("%q looks into text, and %s is %s", n.Operator, written(n.Left), l.form), fmt.Sprintf("Write string(%s).", source(n.Left)))
	case r.known() && r.form != text:
		return c.wrong(n.Right, fmt.Sprintf("%q wants text on its right, and %s is %s", n.Operator, source(n.Right), r.form), "")
	}
	if s, ok := n.Right.(*ast.StringNode); ok && n.Operator == "matches" {
		if patternSize(s.Value) > maxPattern {
			return c.wrong(n.Right, errPattern.Error(), "")
		}
		if _, err := regexp.Compile(s.Value); err != nil {
			return c.wrong(n.Right, "this pattern cannot be read: "+strings.TrimPrefix(err.Error(), "error parsing regexp: "), "")
		}
	}
	return of(flag)
}

// arithmetic checks + - * / % ** ^ and ..
func (c *examiner) arithmetic(n *ast.BinaryNode, l, r *kind) *kind {
	times := l.form == moment || l.form == span || r.form == moment || r.form == span
	switch {
	case n.Operator == "..":
		c.numeric(n, n.Left, l)
		c.numeric(n, n.Right, r)
		return listOf(of(number))
	case times:
		if n.Operator == "-" && l.form == moment && r.form == moment {
			return of(span)
		}
		if l.form == moment || r.form == moment {
			return of(moment)
		}
		return of(span)
	case n.Operator == "+" && (l.form == text || r.form == text):
		if l.form == text && r.form == text {
			return of(text)
		}
		for _, side := range []struct {
			n ast.Node
			k *kind
		}{{n.Left, l}, {n.Right, r}} {
			if side.k.form != text && side.k.form != anything {
				return c.wrong(side.n, fmt.Sprintf("%s is %s, and text can only be joined with text", source(side.n), side.k.form), fmt.Sprintf("Write string(%s).", source(side.n)))
			}
		}
		return of(text)
	}
	if n.Operator == "+" && (l.form == anything || r.form == anything) {
		return of(anything)
	}
	c.numeric(n, n.Left, l)
	c.numeric(n, n.Right, r)
	return of(number)
}

func (c *examiner) numeric(n *ast.BinaryNode, side ast.Node, k *kind) {
	if k.form != number && k.form != anything {
		c.wrong(side, fmt.Sprintf("%q wants numbers, and %s is %s", n.Operator, written(side), k.form), "")
	}
}
