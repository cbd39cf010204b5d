package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// An origin is where in a file an expression stands: in a scalar, after so many of its characters.
type origin struct {
	file    *document.File
	node    *yaml.Node
	offset  int
	places  []document.Position // of the scalar's characters, where they were asked for before
	defined *definitions        // that the expression may use; nil for none
}

// at gives the origin of an expression that is the whole of a scalar.
func (r *reader) at(n *yaml.Node) origin { return origin{file: r.file, node: n, defined: r.defined} }

// locate gives file, line and column of a character of the expression, be it in a definition that it uses.
func (o origin) locate(offset int) (name string, line, column int) {
	o, offset = o.spot(offset)
	line, column = o.position(offset)
	return o.file.Name, line, column
}

// position gives line and column of a character of the expression.
func (o origin) position(offset int) (line, column int) {
	if i := o.offset + offset; i >= 0 && i < len(o.places) {
		return o.places[i].Line, o.places[i].Column
	}
	if o.node == nil { // of a template: all its places are there
		last := o.places[len(o.places)-1]
		return last.Line, last.Column
	}
	p := o.file.Position(o.node, o.offset+offset)
	return p.Line, p.Column
}

// at gives the same origin for another character of the scalar.
func (o origin) at(offset int) origin {
	o.offset = offset
	return o
}

// problem makes a problem out of a finding.
func (o origin) problem(f finding) document.Problem {
	o, f.offset = o.spot(f.offset)
	line, column := o.position(f.offset)
	p := o.file.Place(line, column, f.message, f.hint)
	p.Warning = f.warning
	return p
}

// cutOff says of an expression that cannot be read that YAML took its rest for a comment, where it did.
func (o origin) cutOff(f finding) finding {
	if o.node == nil || o.node.Style != 0 {
		return f
	}
	end := o.file.Position(o.node, len([]rune(o.node.Value)))
	if strings.HasPrefix(strings.TrimLeft(o.file.After(end, 100), " "), "#") {
		f.hint = "YAML takes what follows \" #\" for a comment: put the whole into quotes."
	}
	return f
}

// An expression is one that was read and checked.
type expression struct {
	program *program
	kind    *kind
	facts   facts
	node    ast.Node // as written; the program has a tree of its own. See [reader.treeOf] for a condition's

	// Of a condition:
	necessities []necessity
	guards      map[string]bool // paths that it compares with nil
}

// expression reads, checks and compiles code. It is nil when the code cannot be run.
func (r *reader) expression(code string, where origin, vocabulary vocabulary) *expression {
	tell := func(f finding) { r.tell(r.usedBy(where.problem(f), f)) }
	node, expanded, err := r.parse(code)
	if err != nil {
		r.unreadable(code, where, err)
		return nil
	}
	x := &expression{kind: of(anything), node: node}
	if !r.pinned {
		c := examiner{vocabulary: vocabulary, functions: r.dialect.functions, builtins: r.builtins, defined: r.defined, gaps: r.gaps}
		c.guards = guardsIn(node, vocabulary.guards)
		x.kind = c.visit(node)
		x.facts = c.facts
		wrong := false
		for _, f := range c.findings {
			tell(f)
			wrong = wrong || !f.warning
		}
		if wrong {
			return nil
		}
		r.suspect(node, where, vocabulary)
	} else {
		x.facts = r.factsOf(node, vocabulary)
	}
	compiled, cast, err := r.compile(code, node, expanded)
	if err != nil {
		f := finding{message: "this cannot be used in a rule: " + err.Error()}
		if at, ok := errors.AsType[*file.Error](err); ok {
			f = finding{offset: at.From, message: "this cannot be used in a rule: " + at.Message}
		}
		tell(f)
		return nil
	}
	x.program = &program{code: code, vm: compiled, cast: cast, machines: r.dialect.machines,
		where: origin{file: where.file, node: where.node, offset: where.offset, defined: where.defined}}
	return x
}

// unreadable tells of an expression that cannot be read.
func (r *reader) unreadable(code string, where origin, err error) {
	if w, ok := errors.AsType[*misuse](err); ok {
		r.tell(where.problem(w.finding))
	} else if at, ok := errors.AsType[*file.Error](err); ok {
		r.tell(where.problem(where.cutOff(syntax(code, at))))
	} else if !errors.Is(err, errBroken) {
		r.tell(where.problem(finding{message: err.Error()}))
	}
}

// tell keeps a problem. What is wrong with a definition shows at each rule that uses it, and is told once, of the first.
func (r *reader) tell(p document.Problem) {
	if len(r.defined.all) == 0 || !slices.ContainsFunc(r.problems, func(q document.Problem) bool { return sameProblem(p, q) }) {
		r.problems = append(r.problems, p)
	}
}

// usedBy adds to a problem with a definition by which rule it is used.
func (r *reader) usedBy(p document.Problem, f finding) document.Problem {
	if f.offset >= definedAt && r.ruleName != "" {
		p.Hint = strings.TrimSpace(p.Hint + fmt.Sprintf(" The rule %q uses it.", r.ruleName))
	}
	return p
}

// factsOf gathers the facts of an expression without checking it: a pinned run's rule was checked when it started.
func (r *reader) factsOf(node ast.Node, vocabulary vocabulary) facts {
	c := examiner{vocabulary: vocabulary, functions: r.dialect.functions, builtins: r.builtins}
	c.visit(node)
	return c.facts
}

// guardsIn gives the paths that an expression compares with nil, beside those that are known already.
func guardsIn(node ast.Node, known map[string]bool) map[string]bool {
	g := guards{}
	for path := range known {
		g[path] = true
	}
	ast.Walk(&node, g)
	g.proven(node)
	return g
}

// proven adds what is not nil when a condition holds: of `a?.b == "X" and …`, that is a.
func (g guards) proven(node ast.Node) {
	n, ok := node.(*ast.BinaryNode)
	if !ok {
		return
	}
	if n.Operator == "and" || n.Operator == "&&" {
		g.proven(n.Left)
		g.proven(n.Right)
		return
	}
	_, empty := n.Right.(*ast.NilNode)
	if !empty && literal(n.Right) && n.Operator != "!=" || empty && n.Operator == "!=" {
		g.owners(n.Left)
	}
}

// owners adds what stands before each ?. on the way to a field.
func (g guards) owners(node ast.Node) {
	switch n := node.(type) {
	case *ast.ChainNode:
		g.owners(n.Node)
	case *ast.MemberNode:
		if n.Optional {
			g[bare(source(n.Node))] = true
		}
		g.owners(n.Node)
	}
}

type guards map[string]bool

// Visit implements [ast.Visitor].
func (g guards) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.BinaryNode)
	if !ok || n.Operator != "==" && n.Operator != "!=" {
		return
	}
	for _, pair := range [][2]ast.Node{{n.Left, n.Right}, {n.Right, n.Left}} {
		if _, ok := pair[1].(*ast.NilNode); ok {
			g[bare(source(pair[0]))] = true
		}
	}
}
