package rules

import (
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/expr-lang/expr/ast"

	"shopbell/event"
)

// calling finds the first call of a function in a tree.
type calling struct {
	name string
	node ast.Node
	args *[]ast.Node
}

func (c *calling) Visit(n *ast.Node) {
	switch x := (*n).(type) {
	case *ast.CallNode:
		if id, ok := x.Callee.(*ast.IdentifierNode); ok && id.Value == c.name {
			c.node, c.args = x, &x.Arguments
		}
	case *ast.BuiltinNode:
		if x.Name == c.name {
			c.node, c.args = x, &x.Arguments
		}
	}
}

// callOf runs the call of a function in an example, after a change of its arguments.
func callOf(t *testing.T, name, code string, change func(args *[]ast.Node)) (any, error) {
	t.Helper()
	d := newDialect()
	node, err := d.tree(code)
	if err != nil {
		t.Fatal(err)
	}
	c := &calling{name: name}
	ast.Walk(&node, c)
	if c.args == nil {
		t.Fatalf("%s does not call %s", code, name)
	}
	change(c.args)
	compiled, err := d.compileTree(code, c.node)
	if err != nil {
		t.Fatalf("%s: %v", code, err)
	}
	p := &program{code: code, vm: compiled, machines: d.machines}
	shop := event.Store{Currency: "EUR", Timezone: "Europe/Berlin", Language: "en", Country: "DE"}
	return p.run(map[string]any{scopeName: &scope{store: shop}, "was": nil})
}

// TestNil gives every function nil in the place of each argument of each example, and holds that it does what
// docs/functions.md says.
func TestNil(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range append(Functions(), Builtins()...) {
		names := f.arguments()
		for _, e := range f.Examples {
			count := 0
			_, _ = callOf(t, f.Name, e.Code, func(args *[]ast.Node) { count = len(*args) })
			for i := range count {
				loop, bare, was := false, false, ""
				got, err := callOf(t, f.Name, e.Code, func(args *[]ast.Node) {
					_, loop = (*args)[i].(*ast.PredicateNode)
					_, bare = (*args)[i].(*ast.NilNode)
					was = source((*args)[i])
					if !loop && !bare {
						(*args)[i] = &ast.IdentifierNode{Value: "was"} // which is nil
					}
				})
				if loop {
					continue
				}
				name := names[min(i, len(names)-1)]
				if f.Name == "plural" && count == 3 && i == 2 {
					name = "many"
				}
				says := ""
				for _, n := range f.Nils() {
					if slices.Contains(n.Arguments, name) {
						says = n.Gives
					}
				}
				seen[f.Name+" "+name] = true
				without, errWithout := callOf(t, f.Name, e.Code, func(args *[]ast.Node) {
					if says == "as if left out" {
						*args = (*args)[:i]
					}
				})
				switch fine := says == "an error" && err != nil || says == "nil" && got == nil && err == nil ||
					says == "as if left out" && (i < count-1 || reflect.DeepEqual(got, without) && (err == nil) == (errWithout == nil)) ||
					says == "a value like others" && (err == nil || f.Name == "reduce"); {
				case !fine:
					t.Errorf("%s with nil for %s: %#v, %v; documented as %q", e.Code, name, got, err, says)
				case says == "an error" && f.params != nil:
					var failed *failure
					if !errors.As(err, &failed) || failed.message != was+" is empty; write "+was+" ?? … to say what to take then" {
						t.Errorf("%s with nil for %s: the error does not say what is empty: %v", e.Code, name, err)
					}
				}
			}
		}
		for i, name := range names {
			if !seen[f.Name+" "+name] && name != "condition" && name != "expression" {
				t.Errorf("%s: no example has its argument %d, %s", f.Name, i+1, name)
			}
		}
	}
}

// Every function of expr that rules have is documented, and no other.
func TestBuiltinsAreDocumented(t *testing.T) {
	known := builtins()
	ours := newDialect().functions
	for _, f := range Builtins() {
		b, ok := known[f.Name]
		if !ok || ours[f.Name] != nil {
			t.Errorf("%s is documented as one of expr's, and rules do not have it", f.Name)
		}
		if n := len(f.arguments()); n < b.least || n > b.most {
			t.Errorf("%s is documented with %d arguments, and has %d to %d", f.Name, n, b.least, b.most)
		}
		delete(known, f.Name)
	}
	for name := range known {
		if ours[name] == nil {
			t.Errorf("%s is not documented", name)
		}
	}
}
