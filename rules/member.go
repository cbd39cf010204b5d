package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"shopbell/document"
)

// member checks a.b and a["b"].
func (c *examiner) member(n *ast.MemberNode) *kind {
	name, named := n.Property.(*ast.StringNode)
	if !named {
		return c.indexed(n, c.visit(n.Node))
	}
	base := c.owner(n.Node, name.Value)
	switch base.form {
	case object:
		return c.field(n, base, name.Value)
	case table:
		c.mayBeEmpty(n, base)
		return base.element().orEmpty()
	case anything, nothing:
		return of(anything)
	case list:
		inside := ""
		if e := base.element(); e.form == object && e.fields[name.Value] != nil {
			inside = fmt.Sprintf("Write any(%s, .%s == …), or map(%s, .%s).", source(n.Node), name.Value, source(n.Node), name.Value)
		}
		return c.wrong(n.Property, fmt.Sprintf("%s is a list, and has no %s of its own", source(n.Node), name.Value), orLength(n, name.Value, inside))
	}
	hint := ""
	if base.form == text {
		hint = orLength(n, name.Value, hint)
	}
	return c.wrong(n.Property, fmt.Sprintf("%s is %s, and has no %q", source(n.Node), base.form, name.Value), hint)
}

// orLength suggests len for what other languages call so.
func orLength(n *ast.MemberNode, name, hint string) string {
	if slices.Contains([]string{"length", "size", "count"}, name) {
		return fmt.Sprintf("Write len(%s).", source(n.Node))
	}
	return hint
}

// owner gives the kind of what a field is read from. Of what rules have from the event, the field that is read is noted, rather than
// the whole.
func (c *examiner) owner(n ast.Node, field string) *kind {
	id, ok := n.(*ast.IdentifierNode)
	if !ok || c.lets[id.Value] != nil || c.names[id.Value] == nil || !slices.Contains([]string{"event", "store", "was", c.entity}, id.Value) {
		return c.visit(n)
	}
	c.facts.any = true
	switch {
	case id.Value == "was" || id.Value == c.entity:
		c.facts.entity, c.facts.was = true, c.facts.was || id.Value == "was"
		if !slices.Contains(c.facts.fields, field) {
			c.facts.fields = append(c.facts.fields, field)
		}
	case id.Value == "event" && field == "data":
		c.facts.data = true
	case id.Value == "event":
		c.facts.envelope = true
		c.facts.self = c.facts.self || field == "self"
	default:
		c.facts.envelope = true
		c.facts.store = c.facts.store || field != "id"
	}
	return c.names[id.Value]
}

func (c *examiner) field(n *ast.MemberNode, base *kind, name string) *kind {
	c.mayBeEmpty(n, base)
	if k, ok := base.fields[name]; ok {
		return k
	}
	if base.open {
		if near, ok := document.Nearest(name, base.names); ok {
			c.warn(n.Property, fmt.Sprintf("%s has no %q that is known here", source(n.Node), name), fmt.Sprintf("Did you mean %q?", near))
		}
		return of(anything)
	}
	if words, ok := c.refused[source(n.Node)+"."+name]; ok {
		return c.wrong(n.Property, words[0], words[1])
	}
	hint := document.DidYouMean(name, base.names)
	if hint == "" && len(base.names) > 0 && len(base.names) <= 12 {
		hint = fmt.Sprintf("It has %s.", enumerate(base.names))
	}
	owner := source(n.Node)
	if p, ok := n.Node.(*ast.PointerNode); ok && p.Name == "" {
		owner = "the item of this loop"
	}
	return c.wrong(n.Property, fmt.Sprintf("%s has no %q", owner, name), hint)
}

// mayBeEmpty warns of a.b where a is nil in ordinary cases and nothing in the rule looks after that.
func (c *examiner) mayBeEmpty(n *ast.MemberNode, base *kind) {
	path := source(n.Node)
	if !base.empty || n.Optional || c.guards[bare(path)] || len(c.loops) > 0 && strings.HasPrefix(path, "#") {
		return
	}
	name := ""
	if s, ok := n.Property.(*ast.StringNode); ok {
		name = s.Value
	}
	why := "can be empty"
	if path == "was" {
		why = "is empty until the second event"
	}
	c.warn(n.Node, fmt.Sprintf("%s %s, and then this rule is an error", path, why),
		fmt.Sprintf("Write %s?.%s, or ask %s != nil first.", path, name, path))
}

// bare takes the question marks out of a path: was?.a and was.a are one place.
func bare(path string) string { return strings.ReplaceAll(path, "?.", ".") }

func (c *examiner) indexed(n *ast.MemberNode, base *kind) *kind {
	index := c.visit(n.Property)
	switch base.form {
	case list:
		if index.known() && index.form != number {
			return c.wrong(n.Property, fmt.Sprintf("a place in a list is a number, and %s is %s", source(n.Property), index.form), "")
		}
		return base.element().orEmpty()
	case table:
		return base.element().orEmpty()
	case anything, object, nothing:
		return of(anything)
	case text:
		return of(text)
	}
	return c.wrong(n.Property, fmt.Sprintf("%s is %s, and has no parts", source(n.Node), base.form), "")
}

// methods are what a time can be asked for.
func methods(name string) form {
	switch {
	case slices.Contains([]string{"Year", "Day", "Hour", "Minute", "Second", "YearDay", "Unix"}, name):
		return number
	case name == "Format":
		return text
	case slices.Contains([]string{"Before", "After", "Equal", "IsZero"}, name):
		return flag
	case name == "Sub":
		return span
	case slices.Contains([]string{"Hours", "Minutes", "Seconds"}, name):
		return number
	}
	return anything
}

// call checks a call of one of our functions, and of what is not a function.
func (c *examiner) call(n *ast.CallNode) *kind {
	switch callee := n.Callee.(type) {
	case *ast.IdentifierNode:
		return c.callNamed(n, callee.Value)
	case *ast.MemberNode:
		owner := c.visit(callee.Node)
		args := c.visitAll(n.Arguments)
		name := ""
		if s, ok := callee.Property.(*ast.StringNode); ok {
			name = s.Value
		}
		if gives := methods(name); gives != anything && (owner.form == moment || owner.form == span) {
			return of(gives)
		}
		hint := ""
		if c.callable(name) {
			hint = fmt.Sprintf("Write %s(%s%s).", name, source(callee.Node), strings.Repeat(", …", min(len(args), 1)))
		}
		for _, word := range between() {
			if strings.EqualFold(name, word) && len(args) == 1 {
				hint = fmt.Sprintf("Write %s %s %s.", source(callee.Node), word, written(n.Arguments[0]))
			}
		}
		switch strings.ToLower(name) {
		case "tolowercase", "tolower":
			hint = fmt.Sprintf("Write lower(%s).", source(callee.Node))
		case "touppercase", "toupper":
			hint = fmt.Sprintf("Write upper(%s).", source(callee.Node))
		}
		return c.wrong(callee.Property, fmt.Sprintf("%s has no function %q", source(callee.Node), name), hint)
	}
	c.visitAll(n.Arguments)
	return c.wrong(n, "this is not a function", "")
}

func (c *examiner) visitAll(nodes []ast.Node) []*kind {
	kinds := make([]*kind, len(nodes))
	for i, n := range nodes {
		kinds[i] = c.visit(n)
	}
	return kinds
}

func (c *examiner) callNamed(n *ast.CallNode, name string) *kind {
	args := c.visitAll(n.Arguments)
	f, ok := c.functions[name]
	if !ok || name[0] == '$' {
		if name == "now" {
			return c.wrong(n, "a rule cannot ask for the time of day, so that it says the same when it is asked again",
				"Use event.created or event.received.")
		}
		var known []string
		for k := range c.functions {
			known = append(known, k)
		}
		for k := range c.builtins {
			known = append(known, k)
		}
		slices.Sort(known)
		return c.wrong(n, fmt.Sprintf("unknown function %q", name), document.DidYouMean(name, known))
	}
	if f.reads {
		c.facts.store = true
	}
	if c.arguments(n, name, f.Signature, n.Arguments, args, f.least, f.most, f.params) {
		if name == "became" {
			c.meant(n.Arguments[0], args[0], n.Arguments[2])
		}
		c.asWritten(f, n.Arguments, args)
	}
	return f.kind(args)
}

// arguments checks how many arguments a function is given, and of what kind.
func (c *examiner) arguments(at ast.Node, name, signature string, nodes []ast.Node, kinds []*kind, least, most int, params []form) bool {
	hint := ""
	if signature != "" {
		hint = fmt.Sprintf("Write %s.", signature)
	}
	if len(kinds) < least || len(kinds) > most {
		want := fmt.Sprint(least)
		if most >= 100 {
			want = "at least " + want
		} else if most > least {
			want = fmt.Sprintf("%d to %d", least, most)
		}
		values := "values"
		if most == 1 {
			values = "value"
		}
		c.wrong(at, fmt.Sprintf("%s wants %s %s in its parentheses, and has %d", name, want, values, len(kinds)), hint)
		return false
	}
	fine := true
	for i, k := range kinds {
		want := params[min(i, len(params)-1)]
		if want == anything || !k.known() || k.form == want || want == list && k.form == table || want == table && k.form == object {
			continue
		}
		if want == table {
			want = object // the word for it
		}
		c.wrong(nodes[i], fmt.Sprintf("%s wants %s here, and %s is %s", name, want, source(nodes[i]), k.form), hint)
		fine = false
	}
	return fine
}

// builtin checks a call of a function of expr.
func (c *examiner) builtin(n *ast.BuiltinNode) *kind {
	f, ok := c.builtins[n.Name]
	if !ok {
		c.visitAll(n.Arguments)
		return c.wrong(n, fmt.Sprintf("unknown function %q", n.Name), "")
	}
	kinds := make([]*kind, len(n.Arguments))
	for i, arg := range n.Arguments {
		if _, predicate := arg.(*ast.PredicateNode); predicate && i > 0 {
			c.loops = append(c.loops, itemKind(kinds[0]))
			kinds[i] = c.visit(arg)
			c.loops = c.loops[:len(c.loops)-1]
			continue
		}
		kinds[i] = c.visit(arg)
	}
	if !c.arguments(n, n.Name, "", n.Arguments, kinds, f.least, f.most, f.params) {
		return of(anything)
	}
	if f.loop && slices.Contains([]string{"all", "none", "any", "one", "filter", "find", "findLast", "findIndex", "findLastIndex", "count"}, n.Name) &&
		len(kinds) > 1 && kinds[1].known() && kinds[1].form != flag {
		c.wrong(n.Arguments[1], fmt.Sprintf("%s wants a condition here, and this is %s", n.Name, kinds[1].form), "Compare it with something, as in .quantity > 1.")
	}
	if n.Name == "len" && kinds[0].known() && !slices.Contains([]form{list, text, table, object}, kinds[0].form) {
		c.wrong(n.Arguments[0], fmt.Sprintf("len wants a list or text, and %s is %s", source(n.Arguments[0]), kinds[0].form), "")
	}
	return f.gives(kinds)
}

// itemKind gives what # means in a loop over a value.
func itemKind(over *kind) *kind {
	if over.form == list {
		return over.element()
	}
	return of(anything)
}
