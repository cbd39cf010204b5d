package rules

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// A given is what has to be so that a part of a condition cannot fail: that a trail leads to values, all of one form.
//
// The index may pass over a condition only where its evaluation would not have failed, for a failure is told. It would
// have failed also where it would have passed the bounds on steps and values: so texts and lists must be short enough
// that all loops of a condition together stay well within.
type given struct {
	trail  *trail
	form   form // see [given.holds]
	weight int  // of a list: most steps that one item takes
}

// Forms of a given, beside flag, number, text and list.
const (
	readable        form = -1 - iota // anything that the index knows
	single                           // no list and no object
	listOrNothing                    // a list, or nil
	numberOrNothing                  // a number, or nil
)

const (
	shortText  = 4096         // bytes of a text that functions may look into
	loopWeight = maxSteps / 8 // steps that one loop may take
)

// holds tells whether it is so for an event.
func (g *given) holds(env map[string]any) bool {
	steps := 0
	return g.trail.values(env, func(v any) bool {
		if g.weight > 0 {
			items, ok := v.([]any)
			steps += len(items) * g.weight
			return (ok || v == nil && g.form == listOrNothing) && steps <= loopWeight
		}
		key, some, ok := valueOf(v)
		switch g.form {
		case readable:
			return ok
		case single:
			return ok && some && len(key.text) <= shortText // which may be compared with another as long
		case numberOrNothing:
			return some && (key.form == number || key.form == nothing)
		case text:
			return some && key.form == text && len(key.text) <= shortText
		}
		return some && key.form == g.form
	})
}

func together(a, b []given) []given {
	all := slices.Clone(a)
	for _, g := range b {
		i := slices.IndexFunc(all, func(x given) bool { return x.trail.key == g.trail.key && x.form == g.form })
		switch {
		case i < 0:
			all = append(all, g)
		case g.weight > 0:
			all[i].weight += g.weight
		}
	}
	return all
}

// weightOf bounds the steps that one round of a loop takes, and the values that it makes.
func weightOf(condition ast.Node) int {
	w := heft(8)
	ast.Walk(&condition, &w)
	return int(w)
}

type heft int

// Visit implements [ast.Visitor]. What [guard] adds to a node counts for at most eight, and for twelve to a function.
func (w *heft) Visit(node *ast.Node) {
	*w += 8
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		*w += shortText / 256 // of two texts
		if n.Operator == "contains" {
			*w += shortText / 32
		}
	case *ast.StringNode:
		*w += heft(len(n.Value) / 256)
	case *ast.CallNode:
		*w += 40 + 2*shortText/256
	case *ast.BuiltinNode:
		*w += 40 + shortText/16
	}
}

// sureFlag gives what has to be so that an expression gives true or false, and does not fail; false when nobody can tell.
func sureFlag(node ast.Node, within *trail) ([]given, bool) {
	switch n := node.(type) {
	case *ast.BoolNode:
		return nil, true
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			return sureFlag(n.Node, within)
		}
		return nil, false
	case *ast.BinaryNode:
		return sureBinary(n, within)
	case *ast.CallNode:
		return sureCall(n, within)
	case *ast.BuiltinNode:
		if !slices.Contains([]string{"any", "all", "none", "one"}, n.Name) {
			return nil, false
		}
		condition, items, looped := loopOf(n, within)
		if condition == nil {
			return nil, false
		}
		inner, ok := sureFlag(condition, items)
		return together([]given{looped}, inner), ok
	}
	if p := trailTo(node, within); p != nil {
		return []given{{trail: p, form: flag}}, true
	}
	return nil, false
}

// sureBinary is sureFlag of an operator.
func sureBinary(n *ast.BinaryNode, within *trail) ([]given, bool) {
	switch n.Operator {
	case "and", "&&", "or", "||":
		return sureBoth(sureFlag, n.Left, n.Right, within)
	case "==", "!=":
		if _, ok := constantOf(n.Right); ok {
			return sureValue(n.Left, within)
		}
		if _, ok := constantOf(n.Left); ok {
			return sureValue(n.Right, within)
		}
		return sureBoth(sureSingle, n.Left, n.Right, within)
	case "<", ">", "<=", ">=":
		if g, ok := sureBoth(sureNumber, n.Left, n.Right, within); ok {
			return g, true
		}
		return sureBoth(sureText, n.Left, n.Right, within)
	case "contains", "startsWith", "endsWith":
		return sureBoth(sureText, n.Left, n.Right, within)
	case "in":
		if _, ok := constantsOf(n.Right); ok {
			return sureSingle(n.Left, within)
		}
		v, constant := constantOf(n.Left)
		if p := trailTo(n.Right, within); p != nil && constant {
			return []given{{trail: p, form: listOrNothing, weight: 2 + len(v.text)/256}}, true
		}
	}
	return nil, false
}

func sureBoth(sure func(ast.Node, *trail) ([]given, bool), left, right ast.Node, within *trail) ([]given, bool) {
	l, ok := sure(left, within)
	if !ok {
		return nil, false
	}
	r, ok := sure(right, within)
	all := together(l, r)
	return all, ok && len(all) <= mostGivens
}

func sureCall(n *ast.CallNode, within *trail) (all []given, ok bool) {
	name, ok := n.Callee.(*ast.IdentifierNode)
	if !ok || name.Value != "became" && name.Value != "changed" {
		return nil, false
	}
	for _, arg := range n.Arguments {
		g, ok := sureSingle(arg, within)
		if !ok {
			return nil, false
		}
		all = together(all, g)
	}
	return all, true
}

// sureValue is for an expression that may give anything.
func sureValue(node ast.Node, within *trail) ([]given, bool) { return sureForm(node, within, readable) }

// sureSingle is for one that gives neither a list nor an object.
func sureSingle(node ast.Node, within *trail) ([]given, bool) { return sureForm(node, within, single) }

// sureText is for one that gives a short text.
func sureText(node ast.Node, within *trail) ([]given, bool) {
	if n, ok := node.(*ast.StringNode); ok {
		return nil, len(n.Value) <= shortText
	}
	return sureForm(node, within, text)
}

func sureForm(node ast.Node, within *trail, want form) ([]given, bool) {
	if v, ok := constantOf(node); ok {
		return nil, want == readable || want == single || v.form == want
	}
	if n, ok := node.(*ast.BinaryNode); ok && n.Operator == "??" && (want == readable || want == single) {
		if _, constant := constantOf(n.Right); !constant {
			return nil, false
		}
		node = n.Left
	}
	if p := trailTo(node, within); p != nil {
		return []given{{trail: p, form: want}}, true
	}
	return nil, false
}

// sureNumber is for an expression that gives a number.
func sureNumber(node ast.Node, within *trail) ([]given, bool) {
	switch n := node.(type) {
	case *ast.BinaryNode:
		switch n.Operator {
		case "+", "-", "*", "/":
			return sureBoth(sureNumber, n.Left, n.Right, within)
		case "??":
			p := trailTo(n.Left, within)
			if v, ok := constantOf(n.Right); ok && v.form == number && p != nil {
				return []given{{trail: p, form: numberOrNothing}}, true
			}
			return nil, false
		}
	case *ast.BuiltinNode:
		if p := trailTo(n.Arguments[0], within); n.Name == "len" && len(n.Arguments) == 1 && p != nil {
			return []given{{trail: p, form: list, weight: 1}}, true
		}
	}
	return sureForm(node, within, number)
}
