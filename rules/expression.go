package rules

import (
	"errors"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// An origin is where in a file an expression stands: in a scalar, after so many of its characters.
type origin struct {
	file   *document.File
	node   *yaml.Node
	offset int
	places []document.Position // of the scalar's characters, where they were asked for before
}

// position gives line and column of a character of the expression.
func (o origin) position(offset int) (line, column int) {
	if i := o.offset + offset; i >= 0 && i < len(o.places) {
		return o.places[i].Line, o.places[i].Column
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
	line, column := o.position(f.offset)
	p := o.file.Place(line, column, f.message, f.hint)
	p.Warning = f.warning
	return p
}

// cutOff says of an expression that cannot be read that YAML took its rest for a comment, where it did.
func (o origin) cutOff(f finding) finding {
	if o.node.Style != 0 {
		return f
	}
	end := o.file.Position(o.node, len([]rune(o.node.Value)))
	rest := []rune(o.file.Line(end.Line))
	if strings.HasPrefix(strings.TrimLeft(string(rest[min(end.Column-1, len(rest)):]), " "), "#") {
		f.hint = "YAML takes what follows \" #\" for a comment: put the whole into quotes."
	}
	return f
}

// An expression is one that was read and checked.
type expression struct {
	program *program
	kind    *kind
	facts   facts
	node    ast.Node // as written; the program has a tree of its own
}

// expression reads, checks and compiles code. It is nil when the code cannot be run.
func (r *reader) expression(code string, where origin, vocabulary vocabulary) *expression {
	tell := func(f finding) { r.problems = append(r.problems, where.problem(f)) }
	node, err := r.dialect.parse(code)
	if err != nil {
		if at, ok := errors.AsType[*file.Error](err); ok {
			tell(where.cutOff(syntax(code, at)))
		} else {
			tell(finding{message: err.Error()})
		}
		return nil
	}
	x := &expression{kind: of(anything), node: node}
	if !r.pinned {
		c := examiner{vocabulary: vocabulary, functions: r.dialect.functions, builtins: r.builtins}
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
	} else {
		x.facts = r.factsOf(node, vocabulary)
	}
	if again, err := r.dialect.parse(code); err == nil { // compiling changes the tree
		compiled, err := r.dialect.compile(code, again)
		if err != nil {
			f := finding{message: "this cannot be used in a rule: " + err.Error()}
			if at, ok := errors.AsType[*file.Error](err); ok {
				f = finding{offset: at.From, message: "this cannot be used in a rule: " + at.Message}
			}
			tell(f)
			return nil
		}
		x.program = &program{code: code, vm: compiled, machines: r.dialect.machines, place: origin{file: where.file, node: where.node, offset: where.offset}.position}
	}
	return x
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
