package rules

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"
)

// The bounds of what is shown of values.
const (
	maxSeen      = 6  // values of one clause
	maxShownText = 80 // characters of a text
	maxShownList = 5  // values of a list
)

// seen gives the values that a leaf looked at.
func (a *asking) seen(b *branch) []Seen {
	l := looking{asking: a, lets: b.lets}
	l.into(b.node)
	return l.found
}

// looking gathers the values behind one leaf.
type looking struct {
	*asking
	lets  []*ast.VariableDeclaratorNode
	found []Seen
}

func (l *looking) add(text, value string) {
	s := Seen{cutText(text, maxClauseText), value}
	if len(l.found) < maxSeen && !slices.ContainsFunc(l.found, func(f Seen) bool { return f.Text == s.Text }) {
		l.found = append(l.found, s)
	}
}

// into looks at what an operator or a function was given.
func (l *looking) into(node ast.Node) {
	switch n := node.(type) {
	case *ast.BinaryNode:
		l.at(n.Left)
		l.at(n.Right)
	case *ast.UnaryNode:
		l.at(n.Node)
	case *ast.BuiltinNode:
		if list, body, ok := loop(n); ok {
			l.round(list, body)
			return
		}
		for _, arg := range n.Arguments {
			l.at(arg)
		}
	case *ast.CallNode:
		for _, arg := range n.Arguments {
			l.at(arg)
		}
	case *ast.ConditionalNode:
		l.into(n.Cond)
		l.into(n.Exp1)
		l.into(n.Exp2)
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode:
		l.at(n)
	}
}

// at tells the value of a part, and of what it is made of.
func (l *looking) at(node ast.Node) {
	switch n := node.(type) {
	case *ast.NilNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.StringNode:
		return
	case *ast.ArrayNode:
		for _, item := range n.Nodes {
			l.at(item)
		}
		return
	case *ast.IdentifierNode, *ast.MemberNode, *ast.ChainNode:
		l.path(n)
		return
	case *ast.BinaryNode:
		if n.Operator == "??" { // what stands before it says more than what came of it
			l.at(n.Left)
			l.at(n.Right)
			return
		}
	}
	value, err := l.value(node, l.lets, nil)
	if err == nil {
		l.add(node.String(), l.shown("", value))
	}
	l.into(node)
}

// path tells the value of a field, or which part of the way to it is not there.
func (l *looking) path(node ast.Node) {
	value, err := l.value(node, l.lets, nil)
	if err == nil && value != nil {
		l.add(node.String(), l.shown(fieldName(node), value))
		return
	}
	var owner any
	for _, step := range fieldsTo(node) {
		value, err := l.value(step, l.lets, nil)
		if err != nil {
			return
		}
		if value == nil {
			l.add(step.String(), l.absence(step, owner))
			return
		}
		owner = value
	}
}

// fieldsTo gives the fields on the way to a field, the outermost first: of order.person?.name that is order, order.person and
// the whole.
func fieldsTo(node ast.Node) (steps []ast.Node) {
	for {
		switch n := node.(type) {
		case *ast.ChainNode:
			node = n.Node
			continue
		case *ast.MemberNode:
			steps = append(steps, n)
			node = n.Node
			continue
		}
		steps = append(steps, node)
		slices.Reverse(steps)
		return steps
	}
}

// absence says of a value that is nil why it is.
func (l *looking) absence(node ast.Node, owner any) string {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		switch {
		case n.Value == "was" && l.NoWas != "":
			return "nil: " + l.NoWas
		case n.Value == "was":
			return "nil: the first time this " + cmp.Or(l.noun, "subject") + " was read"
		case slices.ContainsFunc(l.lets, func(let *ast.VariableDeclaratorNode) bool { return let.Name == n.Value }):
			return "nil"
		}
		return "nil: there is nothing that was read back"
	case *ast.MemberNode:
		object, isObject := owner.(map[string]any)
		if key, ok := n.Property.(*ast.StringNode); ok && isObject {
			if _, there := object[key.Value]; !there {
				return "missing"
			}
		}
	}
	return "nil"
}

func fieldName(node ast.Node) string {
	if c, ok := node.(*ast.ChainNode); ok {
		node = c.Node
	}
	if m, ok := node.(*ast.MemberNode); ok {
		if s, ok := m.Property.(*ast.StringNode); ok {
			return s.Value
		}
	}
	return ""
}

// loop tells whether a function goes through a list with an expression for each item.
func loop(n *ast.BuiltinNode) (list, body ast.Node, ok bool) {
	if len(n.Arguments) < 2 {
		return nil, nil, false
	}
	p, ok := n.Arguments[1].(*ast.PredicateNode)
	if !ok {
		return nil, nil, false
	}
	return n.Arguments[0], p.Node, true
}

// round tells how many items there were, and why each was taken or not.
func (l *looking) round(list, body ast.Node) {
	value, err := l.value(list, l.lets, nil)
	all, isList := items(value)
	if err != nil || !isList {
		l.at(list)
		return
	}
	if l.add(list.String(), itemWords(len(all))); len(all) == 0 {
		return
	}
	b := branches(body, nil)
	kids := []*branch{b}
	if b.op == "and" || b.op == "or" {
		kids = b.kids
	}
	for _, k := range kids {
		if len(kids) > 1 {
			l.share(list, k.node, len(all))
		}
		l.each(list, k.node)
	}
}

func itemWords(n int) string {
	switch n {
	case 0:
		return "an empty list"
	case 1:
		return "a list of 1"
	}
	return fmt.Sprintf("a list of %d", n)
}

// share tells for how many items a part of the expression holds.
func (l *looking) share(list, node ast.Node, of int) {
	value, err := l.value(node, l.lets, list)
	all, ok := items(value)
	if err != nil || !ok {
		return
	}
	held := 0
	for _, v := range all {
		if v == true {
			held++
		}
	}
	word := strconv.Itoa(held)
	if held == 0 {
		word = "none"
	}
	l.add(node.String(), fmt.Sprintf("true for %s of %d", word, of))
}

// each tells the values of the fields that an expression reads of each item.
func (l *looking) each(list, node ast.Node) {
	for _, n := range outermost(node) {
		value, err := l.value(n, l.lets, list)
		all, ok := items(value)
		if err != nil || !ok {
			continue
		}
		words := make([]string, 0, maxShownList+1)
		for i, v := range all {
			if i == maxShownList {
				words = append(words, "…")
				break
			}
			words = append(words, l.shown(fieldName(n), v))
		}
		l.add(n.String(), strings.Join(words, ", "))
	}
}

// outermost gives the fields of the item that an expression reads: of .a.b > 1 that is .a.b.
func outermost(node ast.Node) (found []ast.Node) {
	switch n := node.(type) {
	case *ast.PointerNode:
		return []ast.Node{n}
	case *ast.MemberNode, *ast.ChainNode:
		if _, ok := fieldsTo(n)[0].(*ast.PointerNode); ok {
			return []ast.Node{n}
		}
	case *ast.BinaryNode:
		return append(outermost(n.Left), outermost(n.Right)...)
	case *ast.UnaryNode:
		return outermost(n.Node)
	case *ast.CallNode:
		for _, arg := range n.Arguments {
			found = append(found, outermost(arg)...)
		}
	case *ast.BuiltinNode:
		if list, _, ok := loop(n); ok {
			return outermost(list)
		}
		for _, arg := range n.Arguments {
			found = append(found, outermost(arg)...)
		}
	}
	return found
}

// secretWords finds what must not be shown.
type secretWords struct{ value, name *regexp.Regexp }

func newSecretWords() secretWords {
	return secretWords{secretPattern(), regexp.MustCompile(`(?i)passw|secret|token|api_?key|credential|private_?key`)}
}

// shown gives a value as people read it, cut when it is long. name is that of the field it stands in, if any.
func (x *Explainer) shown(name string, v any) string {
	if name != "" && v != nil && x.hidden.name.MatchString(name) {
		return "not shown: it may be a secret"
	}
	switch v := v.(type) {
	case nil:
		return "nil"
	case safe:
		return x.shown(name, v.text)
	case string:
		if x.hidden.value.MatchString(v) {
			return "not shown: it looks like a secret"
		}
		return strconv.Quote(cutText(v, maxShownText))
	case bool:
		return strconv.FormatBool(v)
	case int:
		return strconv.Itoa(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.Format(time.RFC3339)
	case map[string]any:
		return "an object"
	}
	if n, ok := numeric(v); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	if d, ok := v.(time.Duration); ok {
		return d.String()
	}
	list, ok := items(v)
	if !ok {
		return "something else"
	}
	if len(list) == 0 || len(list) > maxShownList || slices.ContainsFunc(list, func(v any) bool { return wordOfValue(v) == "object" || wordOfValue(v) == "list" }) {
		return itemWords(len(list))
	}
	words := make([]string, len(list))
	for i, item := range list {
		words[i] = x.shown("", item)
	}
	return cutText("["+strings.Join(words, ", ")+"]", 2*maxShownText)
}
