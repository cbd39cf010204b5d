package signed

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

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
	maxCode   = 4_000   // characters of one expression
	maxNodes  = 500     // parts of one expression
	maxValues = 200_000 // values in the lists and objects that an evaluation makes
	maxSteps  = 500_000 // steps of an evaluation, at some 50 ns each
)

// functions are those of expr that take time and memory in proportion to what they are given, ask no clock and read no
// file. Those that could do more are bounded by [rein].
func functions() []string {
	return []string{"all", "none", "any", "one", "filter", "map", "find", "count", "len", "type", "abs", "ceil", "floor", "round", "int", "float",
		"string", "trim", "trimPrefix", "trimSuffix", "upper", "lower", "split", "replace", "join", "indexOf", "lastIndexOf",
		"hasPrefix", "hasSuffix", "max", "min", "toJSON", "fromJSON", "toBase64", "fromBase64", "first", "last", "get", "take", "keys", "values", "concat"}
}

// An expression is one that was checked and compiled. Many goroutines may run it at once.
type expression struct {
	key     string // of the config, for errors
	code    string
	program *vm.Program
	path    []string        // when it is nothing but a path such as body.data.object: its names; nil otherwise
	uses    map[string]bool // the names that it reads
}

// compile makes an expression that may use some names. The error says where the mistake is.
func compile(key, code string, names ...string) (x *expression, err error) {
	defer func() {
		if p := recover(); p != nil {
			x, err = nil, fmt.Errorf("%s: %s is nothing that can be evaluated", key, clip(code, 80))
		}
	}()
	if len(code) > maxCode {
		return nil, fmt.Errorf("%s: the expression is longer than %d characters", key, maxCode)
	}
	config := language()
	read := parser.Parser{} // it counts nodes over its life
	tree, err := read.Parse(code, config)
	if err != nil {
		return nil, misplaced(key, code, err)
	}
	x = &expression{key: key, code: code, uses: map[string]bool{}}
	if err := examine(tree.Node, names, x.uses); err != nil {
		return nil, misplaced(key, code, err)
	}
	x.path = pathOf(tree.Node)
	tree.Node = rein(tree.Node)
	if _, err := checker.Check(tree, config); err != nil {
		return nil, misplaced(key, code, err)
	}
	if x.program, err = compiler.Compile(tree, config); err != nil {
		return nil, misplaced(key, code, err)
	}
	return x, nil
}

// language is expr with few functions, for values whose types are not known until they are there.
func language() *conf.Config {
	c := conf.CreateNew()
	c.WithEnv(map[string]any{})
	c.Strict, c.MaxNodes, c.Expect = false, maxNodes, reflect.Invalid
	allowed := map[string]bool{}
	for _, name := range functions() {
		allowed[name] = true
	}
	for name := range c.Builtins {
		if !allowed[name] {
			c.Disabled[name] = true
			delete(c.Builtins, name)
		}
	}
	for _, f := range reins() {
		c.Functions[f.Name] = &builtin.Function{Name: f.Name, Func: f.Func}
	}
	return c
}

// misplaced says in one line what is wrong with an expression, and where.
func misplaced(key, code string, err error) error {
	at, ok := errors.AsType[*file.Error](err)
	if !ok {
		return fmt.Errorf("%s: %w", key, err)
	}
	line, column := 1, 1
	for i, c := range []rune(code) {
		if i >= at.From {
			break
		}
		column++
		if c == '\n' {
			line, column = line+1, 1
		}
	}
	message := strings.NewReplacer("interface {}", "anything", "map[string]anything", "an object").Replace(at.Message)
	place := fmt.Sprintf("character %d", column)
	if line > 1 {
		place = fmt.Sprintf("line %d, character %d", line, column)
	}
	return fmt.Errorf("%s: %s, at %s of %s", key, message, place, clip(code, 80))
}

// run evaluates the expression on an environment, which only this goroutine uses. An error says that there is no value; a
// nil value says that what was looked for is not there.
func (x *expression) run(env map[string]any) (any, error) {
	if x.path != nil {
		return x.walk(env)
	}
	return x.evaluate(env)
}

// walk follows a path, which most expressions are, as evaluate would.
func (x *expression) walk(env map[string]any) (any, error) {
	value := env[x.path[0]]
	for _, name := range x.path[1:] {
		switch v := value.(type) {
		case nil:
			return nil, nil
		case map[string]any:
			value = v[name]
		default:
			return nil, fmt.Errorf("%s: what %s stands behind in %s is no object", x.key, name, clip(x.code, 80))
		}
	}
	return value, nil
}

func (x *expression) evaluate(env map[string]any) (value any, err error) {
	defer func() {
		if p := recover(); p != nil {
			value, err = nil, fmt.Errorf("%s: the expression broke down", x.key)
		}
	}()
	env[allowanceName] = &allowance{left: maxSteps}
	machine := vm.VM{MemoryBudget: maxValues}
	value, err = machine.Run(x.program, env)
	if err != nil {
		return nil, misplaced(x.key, x.code, err)
	}
	return value, nil
}

// pathOf gives the names of an expression that is nothing but a path.
func pathOf(node ast.Node) []string {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return []string{n.Value}
	case *ast.ChainNode:
		return pathOf(n.Node)
	case *ast.MemberNode:
		name, ok := n.Property.(*ast.StringNode)
		path := pathOf(n.Node)
		if !ok || n.Method || path == nil {
			return nil
		}
		return append(path, name.Value)
	}
	return nil
}

// clip shortens text for a message, and keeps it on one line.
func clip(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}
