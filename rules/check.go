package rules

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
)

// A vocabulary is every name that an expression may use, and what the checker says of those it may not.
type vocabulary struct {
	names   map[string]*kind
	refused map[string][2]string // names that exist elsewhere: message and hint
	entity  string               // the noun, for suggestions; "" when there is none
	// guards are paths that the rule's condition has compared with nil, so that later expressions need not.
	guards map[string]bool
	number int // of the vocabulary that a rule's condition has, from 1
	// fresh is an event type that says that its subject is new, when the rule listens to no other; "" when it does.
	fresh string
}

// facts are what the rest of the loader wants to know of an expression.
type facts struct {
	data, entity, was, store, steps bool
	envelope                        bool     // it reads the event beyond its data, or the store
	self                            bool     // it reads event.self
	any                             bool     // it uses a name at all
	fields                          []string // of the entity, and of the one before, that it reads
	whole                           bool     // it reads the entity, or the one before, as a whole
}

// A finding is something wrong at a character of an expression, from 0.
type finding struct {
	offset        int
	message, hint string
	warning       bool
}

// examiner holds an expression against a vocabulary. It tells everything that is wrong with it at once.
type examiner struct {
	vocabulary
	functions map[string]*Function
	builtins  map[string]exprFunction
	defined   *definitions // names of the directory; nil for none
	findings  []finding
	facts     facts
	loops     []*kind          // what `.` and `#` mean, innermost last
	lets      map[string]*kind // names that the expression made itself
	negated   bool             // an odd number of `not` stand before what is looked at
	gaps      *[]int           // where literals stand that are gaps of a [blank]; nil when nobody asks
}

func (c *examiner) wrong(at ast.Node, message, hint string) *kind {
	c.findings = append(c.findings, finding{offset: at.Location().From, message: message, hint: hint})
	return of(anything)
}

func (c *examiner) warn(at ast.Node, message, hint string) {
	c.findings = append(c.findings, finding{offset: at.Location().From, message: message, hint: hint, warning: true})
}

// visit checks a node and what is below it, and gives the kind of its value.
func (c *examiner) visit(node ast.Node) *kind {
	switch n := node.(type) {
	case *ast.NilNode:
		return of(nothing)
	case *ast.IntegerNode, *ast.FloatNode:
		return of(number)
	case *ast.BoolNode:
		return of(flag)
	case *ast.StringNode:
		return of(text)
	case *ast.IdentifierNode:
		return c.identifier(n)
	case *ast.UnaryNode:
		return c.unary(n)
	case *ast.BinaryNode:
		return c.binary(n)
	case *ast.ChainNode:
		return c.visit(n.Node).orEmpty()
	case *ast.MemberNode:
		return c.member(n)
	case *ast.SliceNode:
		return c.slice(n)
	case *ast.CallNode:
		return c.call(n)
	case *ast.BuiltinNode:
		return c.builtin(n)
	case *ast.PredicateNode:
		return c.visit(n.Node)
	case *ast.PointerNode:
		return c.pointer(n)
	case *ast.VariableDeclaratorNode:
		return c.let(n)
	case *ast.ConditionalNode:
		return c.conditional(n)
	case *ast.SequenceNode:
		return c.wrong(n, `";" joins nothing here`, `Write "and" between two conditions.`)
	case *ast.ArrayNode:
		return c.array(n)
	case *ast.MapNode:
		for _, pair := range n.Pairs {
			if p, ok := pair.(*ast.PairNode); ok {
				c.visit(p.Key)
				c.visit(p.Value)
			}
		}
		return of(table)
	}
	return c.wrong(node, "this cannot be used in a rule", "")
}

// loopHint tells how a loop speaks of its item.
const loopHint = "In a loop, .name is a field of the item, and # the item itself."

func (c *examiner) identifier(n *ast.IdentifierNode) *kind {
	c.facts.any = true
	if k, ok := c.lets[n.Value]; ok {
		return k
	}
	if k, ok := c.names[n.Value]; ok {
		c.note(n.Value)
		return k
	}
	if len(c.loops) > 0 && slices.Contains([]string{"item", "it", "this"}, n.Value) {
		return c.wrong(n, fmt.Sprintf("unknown name %q", n.Value), loopHint)
	}
	if words, ok := c.refused[n.Value]; ok {
		c.note(n.Value)
		return c.wrong(n, words[0], words[1])
	}
	if c.callable(n.Value) {
		return c.wrong(n, fmt.Sprintf("%s is a function", n.Value), fmt.Sprintf("Write %s(…).", n.Value))
	}
	return c.wrong(n, fmt.Sprintf("unknown name %q", n.Value), c.nearName(n.Value))
}

func (c *examiner) note(name string) {
	switch name {
	case "event": // as a whole; a field of it is noted by itself
		c.facts.data, c.facts.envelope = true, true
	case "store":
		c.facts.store, c.facts.envelope = true, true
	case "was": // as event
		c.facts.was, c.facts.entity, c.facts.whole = true, true, true
	case "steps":
		c.facts.steps = true
	case c.entity:
		c.facts.entity, c.facts.whole = true, true
	}
}

func (c *examiner) callable(name string) bool {
	_, ours := c.functions[name]
	_, theirs := c.builtins[name]
	return theirs || ours && name[0] != '$'
}

func (c *examiner) unary(n *ast.UnaryNode) *kind {
	negates := n.Operator == "!" || n.Operator == "not"
	c.negated = c.negated != negates
	k := c.visit(n.Node)
	c.negated = c.negated != negates
	if negates {
		c.unsureFlag(n.Node, k)
		if k.known() && k.form != flag {
			hint := ""
			if b, ok := n.Node.(*ast.BinaryNode); !ok || b.Operator != "in" {
				hint = fmt.Sprintf("To negate a comparison, put it in parentheses: not (%s == …).", source(n.Node))
			}
			return c.wrong(n, fmt.Sprintf("%q wants true or false, and %s is %s", n.Operator, source(n.Node), k.form), hint)
		}
		return of(flag)
	}
	if k.known() && k.form != number && k.form != span {
		return c.wrong(n, fmt.Sprintf("%q wants a number, and %s is %s", n.Operator, source(n.Node), k.form), "")
	}
	return k
}

func (c *examiner) slice(n *ast.SliceNode) *kind {
	k := c.visit(n.Node)
	for _, end := range []ast.Node{n.From, n.To} {
		if end == nil {
			continue
		}
		if e := c.visit(end); e.known() && e.form != number {
			c.wrong(end, fmt.Sprintf("a place in a list is a number, and %s is %s", source(end), e.form), "")
		}
	}
	if k.known() && k.form != list && k.form != text {
		return c.wrong(n, fmt.Sprintf("%s is %s, and has no parts to take", source(n.Node), k.form), "")
	}
	return k
}

func (c *examiner) pointer(n *ast.PointerNode) *kind {
	switch {
	case n.Name == "index":
		return of(number)
	case n.Name == "acc":
		return of(anything)
	case n.Name != "":
		return c.wrong(n, fmt.Sprintf("unknown name %q", "#"+n.Name), "In a loop, # is the item, and #index its place.")
	case len(c.loops) == 0:
		return c.wrong(n, "# means something only inside any(…), filter(…) and the like", "")
	}
	return c.loops[len(c.loops)-1]
}

func (c *examiner) let(n *ast.VariableDeclaratorNode) *kind {
	k := c.visit(n.Value)
	if _, taken := c.names[n.Name]; taken || c.callable(n.Name) || c.lets[n.Name] != nil {
		c.wrong(n, fmt.Sprintf("%q means something already", n.Name), "Choose another name.")
	}
	outer := c.lets
	c.lets = maps.Clone(outer)
	if c.lets == nil {
		c.lets = map[string]*kind{}
	}
	c.lets[n.Name] = k
	defer func() { c.lets = outer }()
	return c.visit(n.Expr)
}

func (c *examiner) conditional(n *ast.ConditionalNode) *kind {
	if k := c.visit(n.Cond); k.known() && k.form != flag {
		c.wrong(n.Cond, fmt.Sprintf("%s is %s, not true or false", source(n.Cond), k.form), "Compare it with something.")
	}
	yes, no := c.visit(n.Exp1), c.visit(n.Exp2)
	switch {
	case yes.form == no.form && yes.form != object:
		if yes.empty || no.empty {
			return of(yes.form).orEmpty()
		}
		return of(yes.form)
	case yes.form == nothing:
		return no.orEmpty()
	case no.form == nothing:
		return yes.orEmpty()
	}
	return of(anything)
}

func (c *examiner) array(n *ast.ArrayNode) *kind {
	var elem *kind
	for i, item := range n.Nodes {
		k := c.visit(item)
		if i == 0 {
			elem = k
		} else if elem.form != k.form || k.form == object {
			elem = of(anything)
		}
	}
	return listOf(elem)
}

// source gives a node as it was written, more or less, short enough for a message.
func source(n ast.Node) string { return ifShort(n.String()) }

func ifShort(s string) string {
	if len(s) > 50 && utf8.RuneCountInString(s) > 50 {
		return "this"
	}
	return s
}

// quoted shows a literal as a merchant writes it.
func quotedText(s string) string {
	if r := []rune(s); len(r) > 40 {
		s = string(r[:40]) + "…"
	}
	return strconv.Quote(s)
}
