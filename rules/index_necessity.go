package rules

import (
	"slices"

	"github.com/expr-lang/expr/ast"
)

// The bounds of what the index remembers of one condition. What is beyond is not used: the rule is evaluated more often
// than it must be, and never less.
const (
	mostNecessities = 6
	mostEqualities  = 8
	mostGivens      = 16
	mostLoops       = 4 // of one necessity: see [given]
)

// A necessity is one way to know that a condition is false without evaluating it: when all that is given holds, and none
// of the equalities does, then its evaluation would give false, and would not fail. A condition may have several; each
// of them is enough.
type necessity struct {
	either []equality
	given  []given
}

// An equality says that some value of a trail is one of these.
type equality struct {
	trail *trail
	oneOf []value
}

// necessitiesOf finds what has to hold for a whole condition to be true or to fail: none of a condition that may take half
// of its steps without a loop, for its loops may take the other half.
func necessitiesOf(condition ast.Node) []necessity {
	if weightOf(condition) > maxSteps/2 {
		return nil
	}
	return necessities(condition, nil)
}

// necessities finds what has to hold for a condition to be true or to fail. within is the way to the items of the loops
// around it.
func necessities(node ast.Node, within *trail) []necessity {
	var found []necessity
	switch n := node.(type) {
	case *ast.BinaryNode:
		switch n.Operator {
		case "and", "&&":
			found = ofBoth(n, within)
		case "or", "||":
			found = ofEither(n, within)
		case "==":
			found = ofEqual(n.Left, n.Right, within)
			if found == nil {
				found = ofEqual(n.Right, n.Left, within)
			}
		case "in":
			found = ofIn(n, within)
		}
	case *ast.CallNode:
		found = ofBecame(n, within)
	case *ast.BuiltinNode:
		found = ofLoop(n, within)
	}
	found = slices.DeleteFunc(found, func(n necessity) bool { return !n.fits() })
	return found[:min(len(found), mostNecessities)]
}

func (n necessity) fits() bool {
	loops := 0
	for _, g := range n.given {
		if g.weight > 0 {
			loops++
		}
	}
	return len(n.either) <= mostEqualities && len(n.given) <= mostGivens && loops <= mostLoops
}

// ofBoth: `and` stops at the first false side. What stands right of a side counts only when that side cannot fail.
func ofBoth(n *ast.BinaryNode, within *trail) []necessity {
	var found []necessity
	var before []given
	for _, side := range sides(n) {
		for _, x := range necessities(side, within) {
			found = append(found, necessity{x.either, together(before, x.given)})
		}
		g, sure := sureFlag(side, within)
		before = together(before, g)
		if !sure || len(before) > mostGivens || len(found) >= mostNecessities {
			break
		}
	}
	return found
}

// sides gives what a chain of `and` joins, in order.
func sides(n *ast.BinaryNode) []ast.Node {
	back := []ast.Node{n.Right}
	node := n.Left
	for {
		left, ok := node.(*ast.BinaryNode)
		if !ok || left.Operator != "and" && left.Operator != "&&" {
			break
		}
		back = append(back, left.Right)
		node = left.Left
	}
	back = append(back, node)
	slices.Reverse(back)
	return back
}

// ofEither: `or` is false when both sides are.
func ofEither(n *ast.BinaryNode, within *trail) []necessity {
	var found []necessity
	right := necessities(n.Right, within)
	for _, x := range necessities(n.Left, within) {
		for _, y := range right {
			found = append(found, necessity{alternatives(x.either, y.either), together(x.given, y.given)})
		}
	}
	return found
}

// alternatives joins equalities; those of one trail become one.
func alternatives(a, b []equality) []equality {
	all := slices.Clone(a)
	for _, e := range b {
		i := slices.IndexFunc(all, func(x equality) bool { return x.trail.key == e.trail.key })
		if i < 0 {
			all = append(all, e)
			continue
		}
		all[i].oneOf = slices.Concat(all[i].oneOf, e.oneOf)
	}
	return all
}

// ofEqual: of `order.customerGroup == "VIP"`, and of `(order.customerGroup ?? "none") == "VIP"`.
func ofEqual(side, constant ast.Node, within *trail) []necessity {
	v, ok := constantOf(constant)
	if !ok {
		return nil
	}
	oneOf := []value{v}
	if n, ok := side.(*ast.BinaryNode); ok && n.Operator == "??" {
		instead, ok := constantOf(n.Right)
		if !ok {
			return nil
		}
		if side = n.Left; instead == v {
			oneOf = append(oneOf, value{form: nothing})
		}
	}
	p := trailTo(side, within)
	if p == nil {
		return nil
	}
	return []necessity{{either: []equality{{p, oneOf}}}}
}

// ofIn: of `order.customerGroup in ["VIP", "Staff"]`, and of `"red" in order.tags`.
func ofIn(n *ast.BinaryNode, within *trail) []necessity {
	if oneOf, ok := constantsOf(n.Right); ok {
		if p := trailTo(n.Left, within); p != nil {
			return []necessity{{either: []equality{{p, oneOf}}}}
		}
		return nil
	}
	v, ok := constantOf(n.Left)
	p := trailTo(n.Right, within)
	if !ok || p == nil {
		return nil
	}
	return []necessity{{
		either: []equality{{p.and(trailStep{each: true, lenient: true}), []value{v}}},
		given:  []given{{trail: p, form: listOrNothing, weight: 2 + len(v.text)/256}},
	}}
}

// ofBecame: of `became(order.paymentStatus, was?.paymentStatus, "PAID")` its first value, when its second can be had.
func ofBecame(n *ast.CallNode, within *trail) []necessity {
	if name, ok := n.Callee.(*ast.IdentifierNode); !ok || name.Value != "became" || len(n.Arguments) != 3 {
		return nil
	}
	v, ok := constantOf(n.Arguments[2])
	before, sure := sureValue(n.Arguments[1], within)
	p := trailTo(n.Arguments[0], within)
	if !ok || !sure || p == nil {
		return nil
	}
	return []necessity{{either: []equality{{p, []value{v}}}, given: before}}
}

// ofLoop: any and one are false when their condition is false of every item.
func ofLoop(n *ast.BuiltinNode, within *trail) []necessity {
	if n.Name != "any" && n.Name != "one" {
		return nil
	}
	condition, items, looped := loopOf(n, within)
	if condition == nil {
		return nil
	}
	var found []necessity
	for _, inner := range necessities(condition, items) {
		found = append(found, necessity{inner.either, together([]given{looped}, inner.given)})
	}
	return found
}

// loopOf gives the condition of a loop, the way to its items, and that there is a list of them which is not too long for
// the bounds of an evaluation.
func loopOf(n *ast.BuiltinNode, within *trail) (condition ast.Node, items *trail, looped given) {
	if len(n.Arguments) != 2 {
		return nil, nil, given{}
	}
	predicate, ok := n.Arguments[1].(*ast.PredicateNode)
	over := trailTo(n.Arguments[0], within)
	if !ok || over == nil {
		return nil, nil, given{}
	}
	return predicate.Node, over.and(trailStep{each: true}), given{trail: over, form: list, weight: weightOf(predicate.Node)}
}
