package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// What is missing is nil, and the rules for it are these:
//
//   - It is equal to nothing but nil, in no list, and no text contains it or is contained in it: of those, the answer is
//     false. Where the question is turned round (!=, not), the answer is true.
//   - Whether it is more or less than something has no answer, nor whether it is true: that is an error, which is recorded
//     and shown.
//
// So `order.customerGroup == "VIP"` says what it means. The checker tells of every other comparison of a field that can be
// missing, unless the expression says with ??, ?. or `!= nil` that it knows.

// mayMiss warns of a comparison whose answer depends on a field that can be missing.
func (c *examiner) mayMiss(n *ast.BinaryNode, l, r *kind) {
	for _, side := range []struct {
		of   ast.Node
		kind *kind
		with ast.Node
	}{{n.Left, l, n.Right}, {n.Right, r, n.Left}} {
		if side.kind.form == nothing || isNil(side.with) || !c.misses(side.of, side.kind, n.Operator) {
			continue
		}
		shown := source(side.of)
		switch n.Operator {
		case "<", ">", "<=", ">=":
			like, _ := plainConstant(side.with)
			c.warn(side.of, shown+" can be missing, and then this is an error", fmt.Sprintf("Ask %s != nil first, or write (%s ?? %s) to say what a missing one counts as.", shown, shown, emptyLike(like)))
		case "==", "!=":
			c.missesEqual(n, side.of, side.with)
		case "contains", "startsWith", "endsWith", "matches", "in":
			if c.negated && side.of == n.Left && !slices.Contains(valuesIn(n.Right), "nil") {
				c.warn(side.of, shown+" can be missing, and then this is true", saysWhich(shown, `""`))
			}
		}
	}
}

// missesEqual warns of == and != where a missing field could be taken for the other answer.
func (c *examiner) missesEqual(n *ast.BinaryNode, of, with ast.Node) {
	value, known := plainConstant(with)
	if !known {
		return
	}
	if (n.Operator == "!=") != c.negated {
		c.warn(of, source(of)+" can be missing, and then this is true", saysWhich(source(of), emptyLike(value)))
		return
	}
	if value == `""` || value == "0" || value == "false" {
		c.warn(of, source(of)+" can be missing, and then this is false", fmt.Sprintf("Write (%s ?? %s) == %s to count a missing one.", source(of), value, value))
	}
}

func saysWhich(shown, empty string) string {
	return fmt.Sprintf("Write (%s ?? %s) if that is meant; else ask %s != nil, too.", shown, empty, shown)
}

// emptyLike gives a literal of the same kind that stands for nothing.
func emptyLike(value string) string {
	switch {
	case strings.HasPrefix(value, `"`):
		return `""`
	case value == "true" || value == "false":
		return "false"
	}
	return "0"
}

func valuesIn(n ast.Node) []string {
	values, _ := plainConstants(n)
	return values
}

// unsureFlag warns of true or false that can be neither.
func (c *examiner) unsureFlag(n ast.Node, k *kind) {
	if k.form == flag && c.misses(n, k, "") {
		c.warn(n, source(n)+" can be missing, and then this is an error", fmt.Sprintf("Write (%s ?? false).", source(n)))
	}
}

// misses tells whether a value can be missing and nothing in the rule says that it was thought of.
func (c *examiner) misses(n ast.Node, k *kind, operator string) bool {
	if !k.empty || literal(n) {
		return false
	}
	path := bare(source(n))
	if c.guards[path] {
		return false
	}
	chain, optional := n.(*ast.ChainNode)
	if !optional {
		return true
	}
	if slices.Contains([]string{"==", "!=", "in", "contains", "startsWith", "endsWith", "matches"}, operator) {
		return false // ?. says that it may be missing
	}
	for m, ok := chain.Node.(*ast.MemberNode); ok; m, ok = m.Node.(*ast.MemberNode) {
		if m.Optional && !c.guards[bare(source(m.Node))] {
			return true
		}
	}
	return false
}

func isNil(n ast.Node) bool {
	_, ok := n.(*ast.NilNode)
	return ok
}
