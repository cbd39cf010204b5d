package rules

import (
	"errors"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/checker"
	"github.com/expr-lang/expr/compiler"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
)

// The bounds of one expression, and of one evaluation of it.
const (
	maxNodes  = 1_000   // parts of one expression
	maxValues = 150_000 // values in the lists and objects that an evaluation makes
	maxSteps  = 420_000 // steps of an evaluation, at some 50 ns each
	maxText   = 1 << 20 // bytes of a text that an evaluation makes
)

// A dialect is expr as rules know it: without its clock, with our functions, and compiled for values whose types are
// not known until they are there, so that nil meets no instruction made for a number or a text. One goroutine uses it.
type dialect struct {
	config    *conf.Config
	functions map[string]*Function
	parser    parser.Parser
	machines  *sync.Pool // of *vm.VM, shared by all programs of the dialect

	// Many rules say the same in places: "{{ order.id }}".
	trees    map[string]ast.Node
	programs map[string]*vm.Program
	moulds   map[string]*mould
	likeness likeness // of the expression at hand
}

// dialects are lent to loads, and to what reads an expression again that failed: to make one takes longer than to read most
// files. A dialect knows nothing of the world, so what one load made of an expression is right in another.
var dialects = sync.Pool{New: func() any { return newDialect() }}

// mostShared bounds how many expressions a dialect remembers at once.
const mostShared = 2_000

// share puts something made of an expression where it is found again.
func share[T any](all *map[string]T, code string, made T) {
	if len(*all) >= mostShared || *all == nil {
		*all = map[string]T{}
	}
	(*all)[code] = made
}

func newDialect() *dialect {
	d := &dialect{config: conf.CreateNew(), functions: map[string]*Function{}, machines: &sync.Pool{New: newMachine}}
	d.config.WithEnv(map[string]any{})
	d.config.Strict = false
	d.config.Optimize = true // of jumps only: the passes that rewrite the tree are not ours
	d.config.MaxNodes = maxNodes
	for _, name := range []string{"now", "timezone"} {
		d.config.Disabled[name] = true
		delete(d.config.Builtins, name)
	}
	for _, f := range append(Functions(), hidden()...) {
		d.functions[f.Name] = &f
		d.config.Functions[f.Name] = &builtin.Function{Name: f.Name, Func: f.bridge()}
	}
	return d
}

func newMachine() any { return &vm.VM{MemoryBudget: maxValues} }

// parse reads an expression; its error is a [*file.Error]. The tree may be shared, and must not be changed.
func (d *dialect) parse(code string) (ast.Node, error) {
	if tree, ok := d.trees[code]; ok {
		return tree, nil
	}
	tree, err := d.tree(code)
	if err == nil {
		share(&d.trees, code, tree)
	}
	return tree, err
}

// tree reads an expression into a tree of its own.
func (d *dialect) tree(code string) (ast.Node, error) {
	if utf8.RuneCountInString(code) > maxCode {
		return nil, errCode
	}
	if nesting(code) > maxBrackets {
		return nil, errBrackets
	}
	// The parser counts nodes over its life, and bounds them.
	d.parser = parser.Parser{}
	oneLine, breaks := joinLines(code)
	tree, err := d.parser.Parse(oneLine, d.config)
	if err != nil {
		if at, ok := errors.AsType[*file.Error](err); ok && breaks != "" {
			at.Message = strings.ReplaceAll(at.Message, breaks, "\n")
		}
		return nil, err
	}
	if breaks != "" {
		ast.Walk(&tree.Node, lineBreaks(breaks))
	}
	return tree.Node, nil
}

// compile makes a program of an expression that was parsed without an error. cast says that it was made in a [mould].
func (d *dialect) compile(code string, parsed ast.Node) (made *vm.Program, cast bool, err error) {
	if made, ok := d.programs[code]; ok {
		return made, false, nil
	}
	if made := d.cast(code, parsed); made != nil {
		return made, true, nil
	}
	node, err := d.tree(code)
	if err != nil {
		return nil, false, err
	}
	made, err = d.compileTree(code, node)
	if err == nil {
		share(&d.programs, code, made)
	}
	return made, false, err
}

// compileTree makes a program of a tree, which it changes.
func (d *dialect) compileTree(code string, node ast.Node) (*vm.Program, error) {
	// A program keeps the root of its tree. It needs nothing of it, so the root is one that can let go of the rest.
	root := &ast.SequenceNode{Nodes: []ast.Node{guard(node)}}
	defer func() { root.Nodes = nil }()
	tree := &parser.Tree{Node: root, Source: file.NewSource(code)}
	d.config.Expect = reflect.Invalid
	if _, err := checker.Check(tree, d.config); err != nil {
		return nil, err
	}
	return compiler.Compile(tree, d.config)
}

// A program is one compiled expression. Many goroutines may run it at once.
type program struct {
	code     string
	vm       *vm.Program
	machines *sync.Pool
	where    origin // of the code
	cast     bool   // its places are numbers of parts: see [mould]
}

// run evaluates the program. Its error is a [*failure].
func (p *program) run(env map[string]any) (any, error) {
	s, _ := env[scopeName].(*scope)
	if s != nil {
		s.begin()
		defer s.end()
	}
	machine := p.machines.Get().(*vm.VM)
	value, err := machine.Run(p.vm, env)
	if err != nil {
		// A machine that panicked is not used again.
		return nil, p.explain(err, env)
	}
	p.machines.Put(machine)
	if s != nil {
		switch value.(type) {
		case []any, map[string]any: // who takes it goes through it
			if err := s.weigh(value, 16); err != nil {
				return nil, &failure{message: err.Error()}
			}
		}
	}
	return value, nil
}

// A failure is an expression that could not be evaluated, in a merchant's words.
type failure struct {
	offset  int
	message string
}

func (f *failure) Error() string { return f.message }

func (p *program) explain(err error, env map[string]any) error {
	var at *file.Error
	if !errors.As(err, &at) {
		return &failure{message: brief(err.Error())}
	}
	d := dialects.Get().(*dialect)
	defer dialects.Put(d)
	told := *at
	if p.cast {
		told.From = 0
		if node, err := d.parse(p.code); err == nil {
			told.From = placeOf(node, at.From)
		}
	}
	offset := told.From
	code, from := p.where.codeAt(p.code, offset)
	told.From = from
	return &failure{offset: offset, message: brief(words(d, code, &told))}
}

// brief cuts a message that repeats a long text.
func brief(message string) string {
	const most = 500
	if runes := []rune(message[:min(len(message), 4*most)]); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return message
}
