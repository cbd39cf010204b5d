package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
)

// A content is what one pipeline of a page gives, made ready.
type content struct {
	commands []*parse.CommandNode
	kind     *kind
	whole    bool     // it is everything that the step knows
	paths    []string // that are not nil when the value is true
	maybe    bool     // it can be missing, and the page does not say what then
	failed   bool
}

// pipe gives it as a part of a tree.
func (v content) pipe(at parse.Node) *parse.PipeNode {
	return &parse.PipeNode{NodeType: parse.NodePipe, Pos: at.Position(), Cmds: v.commands}
}

// pressing makes a command of a press's function and its arguments.
func pressing(at parse.Pos, name string, args ...parse.Node) []*parse.CommandNode {
	all := append([]parse.Node{parse.NewIdentifier(name).SetPos(at)}, args...)
	return []*parse.CommandNode{{NodeType: parse.NodeCommand, Pos: at, Args: all}}
}

func counted(n int, at parse.Pos) parse.Node {
	return &parse.NumberNode{NodeType: parse.NodeNumber, Pos: at, IsInt: true, Int64: int64(n), Text: strconv.Itoa(n)}
}

// piece makes a piece of the page, for one place that uses it, and gives its name there.
func (t *typesetter) piece(name string, dot subject, guards map[string]bool) (string, bool) {
	l := t.leaves[name]
	if t.made++; t.made > maxPieces {
		return "", false
	}
	made := fmt.Sprintf("%s#%d", name, t.made)
	outer := t.sheet
	t.sheet, t.open = l.sheet, append(t.open, name)
	defer func() { t.sheet, t.open = outer, t.open[:len(t.open)-1] }()
	tree := l.tree.Copy()
	tree.Name = made
	t.list(tree.Root, &view{dot: dot, vars: map[string]subject{"$": dot}, guards: guards})
	t.page.trees[made] = tree
	return made, true
}

// inside gives the view of what stands in a block: what is declared there means nothing after it.
func (s *view) inside(paths []string) *view {
	inner := &view{dot: s.dot, vars: maps.Clone(s.vars), guards: maps.Clone(s.guards)}
	for _, p := range paths {
		if inner.guards == nil {
			inner.guards = map[string]bool{}
		}
		inner.guards[p] = true
	}
	return inner
}

func (t *typesetter) list(l *parse.ListNode, s *view) {
	if l == nil {
		return
	}
	for _, n := range l.Nodes {
		if t.seen++; t.seen > maxPageNodes {
			if t.seen == maxPageNodes+1 {
				t.wrongAt(t.sheet, int(n.Position()), "the template and what it includes are too large", "")
			}
			return
		}
		switch n := n.(type) {
		case *parse.TextNode:
			t.images(string(n.Text), int(n.Pos))
		case *parse.ActionNode:
			t.action(n, s)
		case *parse.IfNode:
			v := t.asked(n.Pipe, s)
			t.list(n.List, t.declared(n.Pipe, v.subject().present(), s.inside(v.paths)))
			t.list(n.ElseList, t.declared(n.Pipe, v.subject(), s.inside(nil)))
		case *parse.WithNode:
			v := t.asked(n.Pipe, s)
			inner := t.declared(n.Pipe, v.subject().present(), s.inside(v.paths))
			inner.dot = v.subject().present()
			t.list(n.List, inner)
			t.list(n.ElseList, t.declared(n.Pipe, v.subject(), s.inside(nil)))
		case *parse.RangeNode:
			t.each(n, s)
		case *parse.TemplateNode:
			t.include(n, s)
		}
	}
}

func (v content) subject() subject { return subject{whole: v.whole, kind: v.kind} }

// present gives a subject that is not nil.
func (s subject) present() subject {
	if s.kind != nil && s.kind.empty {
		k := *s.kind
		k.empty = false
		s.kind = &k
	}
	return s
}

// asked makes the value of a condition.
func (t *typesetter) asked(p *parse.PipeNode, s *view) content {
	v := t.value(p, s)
	p.Cmds = v.commands
	return v
}

// declared gives a view in which a pipeline's variables have its value.
func (t *typesetter) declared(p *parse.PipeNode, about subject, s *view) *view {
	for _, d := range p.Decl {
		name := d.Ident[0]
		if p.IsAssign { // how often that is done, nobody knows before
			s.vars[name] = subject{kind: of(anything)}
			continue
		}
		if about.whole || !t.assigned(name) {
			s.vars[name] = about
		} else {
			s.vars[name] = subject{kind: of(anything)}
		}
	}
	return s
}

var assignment = regexp.MustCompile(`(\$\w+)\s*=[^=]`)

// assigned tells whether a variable is given another value somewhere in the file.
func (t *typesetter) assigned(name string) bool {
	return slices.ContainsFunc(assignment.FindAllStringSubmatch(t.sheet.text, -1), func(m []string) bool { return m[1] == name })
}

// action makes {{ … }}: it shows its value, or keeps it in a variable.
func (t *typesetter) action(n *parse.ActionNode, s *view) {
	written := n.Pipe.String()
	v := t.value(n.Pipe, s)
	if len(n.Pipe.Decl) > 0 {
		n.Pipe.Cmds = v.commands
		t.declared(n.Pipe, v.subject(), s)
		return
	}
	at := n.Pipe.Pos
	if v.whole {
		t.wrongAt(t.sheet, int(at), fmt.Sprintf("%s is everything that is known here, and text is wanted", written), "Name what to show, such as {{ .order.id }}.")
		return
	}
	t.shows(written, v, int(at))
	n.Pipe.Cmds = pressing(at, "_text", counted(t.mark(int(at), written), at), v.pipe(n.Pipe))
}

// shows makes sure that a value can be shown.
func (t *typesetter) shows(written string, v content, at int) {
	if t.pinned || v.failed {
		return
	}
	switch v.kind.form {
	case nothing:
		t.wrongAt(t.sheet, at, "this is always empty", "")
	case list:
		t.wrongAt(t.sheet, at, written+" is a list, and text is wanted here", fmt.Sprintf("Write {{ range %s }}…{{ end }}, or {{ join %s \", \" }}.", written, written))
	case object, table:
		hint := "Name one of its fields."
		if len(v.kind.names) > 0 && !strings.ContainsAny(written, " (|") {
			hint = fmt.Sprintf("Name one of its fields, such as {{ %s.%s }}.", written, v.kind.names[0])
		}
		t.wrongAt(t.sheet, at, written+" is an object, and text is wanted here", hint)
	default:
		if v.maybe {
			p := t.sheet.at(at)
			w := t.sheet.file.Place(p.Line, p.Column, written+" can be empty, and then this step fails", fmt.Sprintf("Write {{ or %s \"…\" }}, or {{ with … }}…{{ end }} around what it is for.", inParentheses(written)))
			w.Warning = true
			t.tell(w)
		}
	}
}

// inParentheses gives a value as one that another function is given.
func inParentheses(written string) string {
	if strings.ContainsAny(written, " |") {
		return "(" + written + ")"
	}
	return written
}

// each makes {{ range }}.
func (t *typesetter) each(n *parse.RangeNode, s *view) {
	written, at := n.Pipe.String(), n.Pipe.Pos
	v := t.value(n.Pipe, s)
	elem := of(anything)
	switch {
	case v.whole:
		t.wrongAt(t.sheet, int(at), "range wants a list, and this is everything that is known here", "Name the list, such as {{ range .order.items }}.")
	case v.failed:
	case v.kind.form == list, v.kind.form == table:
		elem = v.kind.element()
	case v.kind.known():
		t.wrongAt(t.sheet, int(at), fmt.Sprintf("range wants a list, and this is %s", v.kind.form), "")
	}
	n.Pipe.Cmds = pressing(at, "_each", counted(t.mark(int(at), written), at), v.pipe(n.Pipe))
	inner := s.inside(nil)
	inner.dot = subject{kind: elem}
	for i, d := range n.Pipe.Decl {
		k := elem
		if len(n.Pipe.Decl) == 2 && i == 0 {
			k = of(anything) // its number or its key
		}
		inner.vars[d.Ident[0]] = subject{kind: k}
	}
	t.list(n.List, inner)
	none := s.inside(nil)
	for _, d := range n.Pipe.Decl {
		none.vars[d.Ident[0]] = subject{kind: of(nothing)}
	}
	t.list(n.ElseList, none)
}

// include makes {{ template }}.
func (t *typesetter) include(n *parse.TemplateNode, s *view) {
	v := content{kind: of(nothing), commands: []*parse.CommandNode{{NodeType: parse.NodeCommand, Pos: n.Pos, Args: []parse.Node{&parse.NilNode{NodeType: parse.NodeNil, Pos: n.Pos}}}}}
	if n.Pipe != nil {
		v = t.value(n.Pipe, s)
	}
	if !t.included(n.Name, int(n.Pos)) {
		return
	}
	if slices.Contains(t.open, n.Name) {
		t.wrongAt(t.sheet, int(n.Pos), fmt.Sprintf("the template %q includes itself", n.Name), "Use {{ range }} for what is repeated.")
		return
	}
	made, ok := t.piece(n.Name, v.subject(), s.guards)
	if !ok {
		t.wrongAt(t.sheet, int(n.Pos), fmt.Sprintf("more than %d templates are included", maxPieces), "")
		return
	}
	n.Name = made
	pipe := v.pipe(n)
	n.Pipe = pipe
	pipe.Cmds = pressing(n.Pos, "_into", &parse.PipeNode{NodeType: parse.NodePipe, Pos: n.Pos, Cmds: v.commands})
}

// logical tells of a pipeline that is not, and, or: whether something is there is asked as templates do it.
func logical(p *parse.PipeNode) bool {
	if len(p.Cmds) != 1 {
		return false
	}
	id, ok := p.Cmds[0].Args[0].(*parse.IdentifierNode)
	return ok && slices.Contains([]string{"and", "or", "not"}, id.Ident)
}

// value makes a pipeline ready.
func (t *typesetter) value(p *parse.PipeNode, s *view) content {
	if len(p.Cmds) == 1 && len(p.Cmds[0].Args) == 1 {
		switch n := p.Cmds[0].Args[0].(type) {
		case *parse.DotNode:
			if s.dot.whole {
				return content{commands: p.Cmds, whole: true, kind: of(anything)}
			}
		case *parse.VariableNode:
			if about := s.vars[n.Ident[0]]; about.whole && len(n.Ident) == 1 {
				return content{commands: p.Cmds, whole: true, kind: of(anything)}
			}
		case *parse.PipeNode:
			return t.value(n, s)
		}
	}
	if logical(p) {
		return t.logic(p, s)
	}
	return t.translated(p, s)
}

// logic makes not, and, or.
func (t *typesetter) logic(p *parse.PipeNode, s *view) content {
	c := p.Cmds[0]
	id := c.Args[0].(*parse.IdentifierNode)
	v := content{kind: of(anything)}
	if len(c.Args) == 1 || id.Ident == "not" && len(c.Args) != 2 {
		t.wrongAt(t.sheet, int(id.Pos), fmt.Sprintf("%s is given nothing, or too much", id.Ident), "Write it before its values: {{ or .order.email \"nobody\" }}.")
		v.failed = true
		return v
	}
	var all []content
	args := []parse.Node{id}
	for _, arg := range c.Args[1:] {
		one, ok := arg.(*parse.PipeNode)
		if !ok {
			one = &parse.PipeNode{NodeType: parse.NodePipe, Pos: arg.Position(), Cmds: []*parse.CommandNode{{NodeType: parse.NodeCommand, Pos: arg.Position(), Args: []parse.Node{arg}}}}
		}
		made := t.value(one, s)
		all, args = append(all, made), append(args, made.pipe(one))
		v.failed = v.failed || made.failed
		if id.Ident == "and" {
			v.paths = append(v.paths, made.paths...)
		}
	}
	v.commands = []*parse.CommandNode{{NodeType: parse.NodeCommand, Pos: id.Pos, Args: args}}
	last := all[len(all)-1]
	switch {
	case id.Ident == "not":
		v.kind = of(flag)
	case !slices.ContainsFunc(all, func(o content) bool { return o.kind.form != last.kind.form }):
		v.kind, v.maybe = &kind{form: last.kind.form, empty: last.kind.empty}, id.Ident == "or" && last.maybe
		if last.kind.form == object || last.kind.form == list || last.kind.form == table {
			v.kind = last.kind
		}
	}
	return v
}

// translated makes an expression of a pipeline.
func (t *typesetter) translated(p *parse.PipeNode, view *view) content {
	s := &script{t: t, view: view}
	s.pipe(p.Cmds)
	v := content{kind: of(anything), failed: true, commands: p.Cmds}
	if s.failed {
		t.failed = true
		return v
	}
	code := s.code.String()
	words := t.v
	if len(s.locals) > 0 || len(view.guards) > 0 {
		words.names, words.guards = maps.Clone(words.names), maps.Clone(words.guards)
		for _, l := range s.locals {
			words.names[l.name] = l.kind
		}
		if words.guards == nil {
			words.guards = map[string]bool{}
		}
		maps.Copy(words.guards, view.guards)
	}
	where := origin{file: t.sheet.file, places: append(s.places, t.sheet.at(int(p.Pos))), defined: t.defined}
	told := len(t.problems)
	x := t.expression(code, where, words)
	for i := told; i < len(t.problems); i++ {
		inTemplateWords(&t.problems[i])
	}
	if x == nil {
		t.failed = true
		return v
	}
	t.rule.note(x.facts)
	x.program.where = where
	b := &gap{program: x.program}
	args := []parse.Node{counted(len(t.page.blanks), p.Pos)}
	for _, l := range s.locals {
		b.locals, args = append(b.locals, l.name), append(args, l.node)
	}
	t.page.blanks = append(t.page.blanks, b)
	v = content{kind: x.kind, commands: pressing(p.Pos, "_blank", args...)}
	v.maybe = x.kind.empty && strings.Contains(code, "?.")
	if strings.Trim(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.?$") == "" {
		v.paths = []string{bare(code)}
	}
	return v
}
