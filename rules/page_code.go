package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"

	"shopbell/document"
)

// A subject is what a dot or a variable of a page stands for: everything that a step knows, or one value.
type subject struct {
	whole bool
	kind  *kind
}

// A view is what names mean at one place of a page.
type view struct {
	dot    subject
	vars   map[string]subject // by name, with its $
	guards map[string]bool    // paths that are not nil here
}

// dotName is the name of the dot in a script, and what names of variables begin with there. No merchant can write it.
const dotName = "$$"

// A script is a value of a page, translated into an expression of rules. Each of its characters knows from where it comes.
type script struct {
	t      *typesetter
	view   *view
	code   strings.Builder
	places []document.Position
	locals []local
	failed bool
}

// A local is a value that the page gives to an expression.
type local struct {
	name string
	node parse.Node
	kind *kind
}

// say appends a part of the template that begins at a byte of it.
func (s *script) say(code string, at int) {
	from := s.t.sheet.at(at)
	for i := range []rune(code) {
		s.places = append(s.places, document.Position{Line: from.Line, Column: from.Column + i})
	}
	s.code.WriteString(code)
}

// put appends what has no letters of its own there.
func (s *script) put(code string, at int) {
	from := s.t.sheet.at(at)
	for range []rune(code) {
		s.places = append(s.places, from)
	}
	s.code.WriteString(code)
}

func (s *script) wrong(at parse.Pos, message, hint string) {
	s.failed = true
	s.t.wrongAt(s.t.sheet, int(at), message, hint)
}

// local gives the name of a value that the page hands over.
func (s *script) local(name string, node parse.Node, k *kind) string {
	if !slices.ContainsFunc(s.locals, func(l local) bool { return l.name == name }) {
		s.locals = append(s.locals, local{name, node, k})
	}
	return name
}

// pipe translates commands, of which each is the first value of the next, as | is in rules.
func (s *script) pipe(commands []*parse.CommandNode) {
	last := commands[len(commands)-1]
	if len(commands) == 1 {
		s.command(last, nil)
		return
	}
	s.command(last, func() { s.pipe(commands[:len(commands)-1]) })
}

// command translates one command. piped, if any, says what stands before it.
func (s *script) command(c *parse.CommandNode, piped func()) {
	head := c.Args[0]
	if id, ok := head.(*parse.IdentifierNode); ok {
		s.call(id, c.Args[1:], piped)
		return
	}
	if piped != nil || len(c.Args) > 1 {
		s.wrong(head.Position(), fmt.Sprintf("%s is no function, so it cannot be given anything", head), "A function stands first: {{ money .order.total }}.")
		return
	}
	s.operand(head)
}

// comparisons are the functions of templates that are signs, or words between two values, in rules.
var comparisons = [...][2]string{{"eq", "=="}, {"ne", "!="}, {"lt", "<"}, {"le", "<="}, {"gt", ">"}, {"ge", ">="},
	{"in", "in"}, {"contains", "contains"}, {"startsWith", "startsWith"}, {"endsWith", "endsWith"}, {"matches", "matches"}}

func (s *script) call(id *parse.IdentifierNode, args []parse.Node, piped func()) {
	at := int(id.Pos)
	given := make([]func(), 0, len(args)+1)
	if piped != nil {
		given = append(given, piped)
	}
	for _, arg := range args {
		given = append(given, func() { s.operand(arg) })
	}
	for _, c := range comparisons {
		if c[0] == id.Ident {
			s.compare(id, c[1], given)
			return
		}
	}
	if id.Ident == "index" && len(given) > 1 {
		given[0]()
		for _, key := range given[1:] {
			s.put("?.[", at)
			key()
			s.put("]", at)
		}
		return
	}
	if hint := s.foreign(id.Ident); hint != "" {
		s.wrong(id.Pos, fmt.Sprintf("there is no %q in a template", id.Ident), hint)
		return
	}
	s.say(id.Ident, at)
	s.put("(", at)
	for i, value := range given {
		if i > 0 {
			s.put(", ", at)
		}
		value()
	}
	s.put(")", at)
}

// foreign says what to write in place of a function that is not for templates; "" for all others.
func (s *script) foreign(name string) string {
	switch name {
	case "printf", "print", "println":
		return "Write text and values one after the other, outside of the braces."
	case "urlquery":
		return "Write url."
	case "js", "call", "slice":
		return "All that a template shows is escaped by itself."
	}
	if k := s.t.v.names[name]; k != nil {
		return fmt.Sprintf("Write .%s, with a dot before it.", name)
	}
	if f, ours := s.t.builtins[name]; ours && f.loop && name != "count" && name != "sum" {
		return "Go through a list with {{ range }}, and choose with {{ if }} in it."
	}
	return ""
}

func (s *script) compare(id *parse.IdentifierNode, sign string, given []func()) {
	if len(given) < 2 || len(given) > 2 && sign != "==" {
		s.wrong(id.Pos, fmt.Sprintf("%s wants two values, and has %d", id.Ident, len(given)), fmt.Sprintf("Write {{ if %s .order.total 100 }}.", id.Ident))
		return
	}
	s.put("(", int(id.Pos))
	for i, other := range given[1:] {
		if i > 0 {
			s.put(" or ", int(id.Pos))
		}
		given[0]()
		s.put(" "+sign+" ", int(id.Pos))
		other()
	}
	s.put(")", int(id.Pos))
}

// operand translates one value.
func (s *script) operand(n parse.Node) {
	at := int(n.Position())
	switch n := n.(type) {
	case *parse.DotNode:
		s.subject(n, s.view.dot, dotName, at)
	case *parse.FieldNode:
		s.path(&parse.DotNode{NodeType: parse.NodeDot, Pos: n.Pos}, s.view.dot, dotName, n.Ident, pathStart(at, len(n.Ident[0])+1, len(n.Ident) > 1))
	case *parse.VariableNode:
		s.variable(n, at)
	case *parse.ChainNode:
		s.chain(n, at)
	case *parse.IdentifierNode:
		s.call(n, nil, nil)
	case *parse.StringNode:
		s.put(strconv.Quote(n.Text), at)
	case *parse.NumberNode:
		s.number(n, at)
	case *parse.BoolNode:
		s.put(strconv.FormatBool(n.True), at)
	case *parse.NilNode:
		s.put("nil", at)
	case *parse.PipeNode:
		s.inner(n, at)
	default:
		s.wrong(n.Position(), "this cannot be used in a template", "")
	}
}

// pathStart gives where a path begins: the parser tells where its second part does, if there is one.
func pathStart(at, first int, more bool) int {
	if more {
		return at - first
	}
	return at
}

// inner translates what stands in parentheses.
func (s *script) inner(n *parse.PipeNode, at int) {
	if logical(n) {
		v := s.t.value(n, s.view)
		s.failed = s.failed || v.failed
		s.put(s.local(fmt.Sprint(dotName, len(s.locals)), v.pipe(n), v.kind), at)
		return
	}
	s.put("(", at)
	s.pipe(n.Cmds)
	s.put(")", at)
}

func (s *script) number(n *parse.NumberNode, at int) {
	switch {
	case n.IsInt:
		s.put(strconv.FormatInt(n.Int64, 10), at)
	case n.IsFloat:
		s.put(strconv.FormatFloat(n.Float64, 'f', -1, 64), at)
	default:
		s.wrong(n.Pos, "this number cannot be used here", "")
	}
}

// subject translates a dot or a variable by itself.
func (s *script) subject(node parse.Node, about subject, name string, at int) {
	if about.whole {
		s.wrong(parse.Pos(at), fmt.Sprintf("%s is everything that is known here, and one value is wanted", node), "Name it, such as .order.id or .store.name.")
		return
	}
	s.put(s.local(name, node, about.kind), at)
}

func (s *script) variable(n *parse.VariableNode, at int) {
	about, bare := s.view.vars[n.Ident[0]], &parse.VariableNode{NodeType: parse.NodeVariable, Pos: n.Pos, Ident: n.Ident[:1]}
	name := dotName + n.Ident[0][1:]
	if n.Ident[0] == "$" {
		name = dotName + "_"
	}
	if len(n.Ident) == 1 {
		s.subject(bare, about, name, at)
		return
	}
	s.path(bare, about, name, n.Ident[1:], at)
}

// path translates fields of a dot or a variable. What may be nil on the way is asked with ?., so that what is not there is nil.
func (s *script) path(node parse.Node, about subject, name string, fields []string, at int) {
	from := s.code.Len()
	k := about.kind
	if about.whole {
		at++ // the dot
		s.say(fields[0], at)
		at += len(fields[0])
		if k = s.t.v.names[fields[0]]; k == nil {
			k = of(anything)
		}
		fields = fields[1:]
	} else {
		s.put(s.local(name, node, k), at)
	}
	for _, field := range fields {
		sign := "."
		guarded := s.view.guards[bare(s.code.String()[from:])] || s.t.v.guards[bare(s.code.String()[from:])]
		if k == nil || k.form != object || k.empty && !guarded {
			sign = "?."
		}
		s.put(sign, at)
		at++
		s.say(field, at)
		at += len(field)
		k = fieldOf(k, field)
	}
}

// fieldOf gives the kind of a field, as far as it is known.
func fieldOf(k *kind, field string) *kind {
	switch {
	case k == nil:
		return nil
	case k.form == object:
		return k.fields[field]
	case k.form == table:
		return k.element().orEmpty()
	}
	return nil
}

func (s *script) chain(n *parse.ChainNode, at int) {
	if id, ok := n.Node.(*parse.IdentifierNode); ok && s.t.v.names[id.Ident] != nil {
		s.wrong(id.Pos, fmt.Sprintf("there is no %q in a template", id.Ident), fmt.Sprintf("Write .%s.%s, with a dot before it.", id.Ident, strings.Join(n.Field, ".")))
		return
	}
	s.operand(n.Node)
	for _, field := range n.Field {
		s.put("?.", at)
		at++
		s.say(field, at)
		at += len(field)
	}
}
