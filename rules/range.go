package rules

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// plainConstant writes a literal so that the same values are the same text: text in quotes, numbers without. It is not ok for
// anything that is not known before there is an event.
func plainConstant(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.NilNode:
		return "nil", true
	case *ast.BoolNode:
		return strconv.FormatBool(n.Value), true
	case *ast.StringNode:
		return strconv.Quote(n.Value), true
	case *ast.IntegerNode:
		return strconv.FormatFloat(float64(n.Value), 'g', -1, 64), true
	case *ast.FloatNode:
		return strconv.FormatFloat(n.Value, 'g', -1, 64), true
	case *ast.UnaryNode:
		if text, ok := plainConstant(n.Node); ok && n.Operator == "-" && !strings.HasPrefix(text, "-") {
			if _, err := strconv.ParseFloat(text, 64); err == nil {
				return "-" + text, true
			}
		}
	}
	return "", false
}

// plainConstants gives the values of a list of literals.
func plainConstants(n ast.Node) ([]string, bool) {
	list, ok := n.(*ast.ArrayNode)
	if !ok {
		return nil, false
	}
	values := make([]string, 0, len(list.Nodes))
	for _, item := range list.Nodes {
		value, ok := plainConstant(item)
		if !ok {
			return nil, false
		}
		values = append(values, value)
	}
	return values, true
}

// A scale is what clauses leave of one value: which it can be, or how large.
type scale struct {
	closed    bool     // it can be nothing but what is allowed
	allowed   []string // as [plainConstant] writes them
	excluded  []string // that it cannot be
	low, high float64
	open      [2]bool // low, or high, is not reached
	last      *clause // that narrowed it
}

// exclusive tells whether clauses cannot hold at once, and which two of them exclude each other.
func (s *solver) exclusive(way []*clause) ([2]*clause, bool) {
	if len(way) == 1 {
		only := way[0]
		return [2]*clause{nil, only}, only.op != opOdd && !s.scaleOf(only).narrow(only)
	}
	scales := map[string]*scale{}
	for _, c := range way {
		if c.op == opOdd {
			continue
		}
		at := scales[c.path]
		if at == nil {
			at = s.scaleOf(c)
			scales[c.path] = at
		}
		if !at.narrow(c) {
			return [2]*clause{at.last, c}, true
		}
		at.last = c
	}
	return [2]*clause{}, false
}

// scaleOf gives what a value can be before any clause.
func (s *solver) scaleOf(c *clause) *scale {
	at := &scale{low: math.Inf(-1), high: math.Inf(1)}
	if c.of == nil {
		return at
	}
	if b, ok := c.of.(*ast.BuiltinNode); ok && b.Name == "len" {
		at.low = 0
	}
	k := s.domain(c.of)
	if len(k.values) == 0 || k.form != text {
		return at
	}
	at.closed = true
	for _, v := range k.values {
		at.allowed = append(at.allowed, strconv.Quote(v))
	}
	if k.empty || strings.Contains(c.shown, "?.") {
		at.allowed = append(at.allowed, "nil")
	}
	return at
}

// narrow takes away what a clause excludes, and tells whether anything is left.
func (s *scale) narrow(c *clause) bool {
	switch c.op {
	case opIn:
		if !s.closed {
			s.closed, s.allowed = true, slices.DeleteFunc(slices.Clone(c.values), func(v string) bool { return !s.holds(v) || slices.Contains(s.excluded, v) })
			break
		}
		s.allowed = slices.DeleteFunc(slices.Clone(s.allowed), func(v string) bool { return !slices.Contains(c.values, v) })
	case opNotIn:
		if s.low == s.high && slices.Contains(c.values, strconv.FormatFloat(s.low, 'g', -1, 64)) {
			return false
		}
		s.excluded = append(s.excluded, c.values...)
		if s.closed {
			s.allowed = slices.DeleteFunc(slices.Clone(s.allowed), func(v string) bool { return slices.Contains(c.values, v) })
		}
	default:
		s.bound(c)
		if s.low > s.high || s.low == s.high && (s.open[0] || s.open[1]) {
			return false
		}
		if s.closed {
			s.allowed = slices.DeleteFunc(slices.Clone(s.allowed), func(v string) bool { return !s.holds(v) })
		}
	}
	return !s.closed || len(s.allowed) > 0
}

func (s *scale) bound(c *clause) {
	switch c.op {
	case "<", "<=":
		if c.number < s.high || c.number == s.high && c.op == "<" {
			s.high, s.open[1] = c.number, c.op == "<"
		}
	case ">", ">=":
		if c.number > s.low || c.number == s.low && c.op == ">" {
			s.low, s.open[0] = c.number, c.op == ">"
		}
	}
}

// holds tells whether a value is within the bounds; one that is no number is, as long as there are none.
func (s *scale) holds(value string) bool {
	x, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return math.IsInf(s.low, -1) && math.IsInf(s.high, 1)
	}
	return (x > s.low || x == s.low && !s.open[0]) && (x < s.high || x == s.high && !s.open[1])
}
