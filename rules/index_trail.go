package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// A trail is a way from a name of an expression to values of an event: order.customerGroup, or order.items and of each
// its sku.
type trail struct {
	key   string // two trails with one key are one way
	root  string // name in the environment
	steps []trailStep
}

// A trailStep is one step of a trail.
type trailStep struct {
	field    string
	optional bool // what is empty before it makes the value empty, as ?. does
	each     bool // it goes to each item of a list, rather than to a field
	lenient  bool // of each: an empty value is a list without items
}

// trailTo gives the trail that an expression is, and nil when it is none. within is the way to the items of the loops
// around it; nil outside of loops.
func trailTo(node ast.Node, within *trail) *trail {
	chain, chained := node.(*ast.ChainNode)
	if chained {
		node = chain.Node
	}
	var back []trailStep // from the end of the way to its beginning
	for {
		switch n := node.(type) {
		case *ast.MemberNode:
			name, ok := n.Property.(*ast.StringNode)
			if !ok || n.Method || n.Optional && !chained {
				return nil
			}
			back = append(back, trailStep{field: name.Value, optional: n.Optional})
			node = n.Node
			continue
		case *ast.PointerNode:
			if n.Name != "" || within == nil {
				return nil
			}
			return within.and(reversed(back)...)
		case *ast.IdentifierNode:
			return (&trail{key: n.Value, root: n.Value}).and(reversed(back)...)
		}
		return nil
	}
}

func reversed(back []trailStep) []trailStep {
	slices.Reverse(back)
	return back
}

// and gives a longer trail.
func (p *trail) and(steps ...trailStep) *trail {
	var key strings.Builder
	key.WriteString(p.key)
	for _, s := range steps {
		switch {
		case s.each && s.lenient:
			key.WriteString("[*?]")
		case s.each:
			key.WriteString("[*]")
		case s.optional:
			key.WriteString("?.")
		default:
			key.WriteString(".")
		}
		if strings.ContainsAny(s.field, ".[?") { // a field's name may hold any character
			key.WriteString(strconv.Quote(s.field))
			continue
		}
		key.WriteString(s.field)
	}
	return &trail{key: key.String(), root: p.root, steps: append(p.steps[:len(p.steps):len(p.steps)], steps...)}
}

// values calls found with every value to which the trail leads, until it says no. The answer is false when it did, and
// when an expression that goes this way could fail, or could see something else than we do.
func (p *trail) values(env map[string]any, found func(any) bool) bool {
	root, ok := env[p.root]
	return ok && follow(root, p.steps, found)
}

func follow(v any, steps []trailStep, found func(any) bool) bool {
	for i := 0; i < len(steps); i++ {
		s := steps[i]
		switch {
		case s.each:
			if v == nil && s.lenient {
				return true
			}
			list, ok := v.([]any)
			if !ok {
				return false
			}
			for _, item := range list {
				if !follow(item, steps[i+1:], found) {
					return false
				}
			}
			return true
		case v == nil && s.optional:
			for i+1 < len(steps) && !steps[i+1].each {
				i++
			}
		default:
			object, ok := v.(map[string]any)
			if !ok || object == nil {
				return false
			}
			v = object[s.field]
		}
	}
	return found(v)
}

// A value is a text, a number, true, false or nil by which the index finds rules. Equal values of expressions are equal
// here; unequal ones may be equal here, such as two whole numbers beyond 2^53.
type value struct {
	form   form // nothing, flag, number or text
	number float64
	text   string
}

// valueOf gives the value for what is in an event. It is none for an object or a list, which equals no value. The answer
// is false for what is not known from JSON.
func valueOf(v any) (key value, some, ok bool) {
	switch v := v.(type) {
	case nil:
		return value{form: nothing}, true, true
	case string:
		return value{form: text, text: v}, true, true
	case bool:
		return flagValue(v), true, true
	case int:
		return value{form: number, number: float64(v)}, true, true
	case float64:
		return value{form: number, number: v}, true, true
	case map[string]any:
		return value{}, false, v != nil
	case []any:
		return value{}, false, v != nil
	}
	return value{}, false, false
}

func flagValue(on bool) value {
	if on {
		return value{form: flag, number: 1}
	}
	return value{form: flag}
}

// constantOf gives the value that an expression always has; false when it is not a constant.
func constantOf(node ast.Node) (value, bool) {
	switch n := node.(type) {
	case *ast.NilNode:
		return value{form: nothing}, true
	case *ast.StringNode:
		return value{form: text, text: n.Value}, true
	case *ast.BoolNode:
		return flagValue(n.Value), true
	case *ast.IntegerNode:
		return value{form: number, number: float64(n.Value)}, true
	case *ast.FloatNode:
		return value{form: number, number: n.Value}, true
	case *ast.UnaryNode:
		if v, ok := constantOf(n.Node); ok && v.form == number && (n.Operator == "-" || n.Operator == "+") {
			if n.Operator == "-" {
				v.number = -v.number
			}
			return v, true
		}
	}
	return value{}, false
}

// constantsOf gives the values of a list that is written out.
func constantsOf(node ast.Node) ([]value, bool) {
	list, ok := node.(*ast.ArrayNode)
	if !ok {
		return nil, false
	}
	values := make([]value, len(list.Nodes))
	for i, n := range list.Nodes {
		if values[i], ok = constantOf(n); !ok {
			return nil, false
		}
	}
	return values, true
}
