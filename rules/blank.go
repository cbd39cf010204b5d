package rules

import (
	"slices"
	"strconv"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm"
	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// A blank is a condition with gaps, which was read and checked once and found right. Conditions that differ from it in nothing but what
// stands in the gaps are filled in: `order.customerGroup == "A"`, `order.customerGroup == "B"`. They are neither parsed nor checked
// again, which is most of the work of a load of 100,000 rules that a merchant's other program wrote.
//
// A gap is a literal of which nothing depends but the answer of an evaluation: one that a plain field is compared with, and the field can
// have any value. `order.paymentStatus == "PAID"` has no gap, for "PAYD" there is a problem.
type blank struct {
	mould       *mould
	constants   []int // by number of the mould's constants, which literal it is
	facts       facts
	kind        *kind
	guards      map[string]bool
	necessities []necessity
	slots       []slot
}

// A slot is a value of a blank's necessities that stands in a gap.
type slot struct{ necessity, equality, value, literal int }

// blanks are those that were made so far, for the readers of one load that use one dialect.
type blanks struct {
	gaps map[string][]bool // by what is around the literals, which of them are gaps; nil when it makes no blank
	made map[string]*blank // by that, and by what the literals are that are no gaps
}

// filled makes a condition of a blank; nil when there is none for it.
func (r *reader) filled(n *yaml.Node, v vocabulary) *expression {
	r.cut.literals = r.cut.literals[:0]
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" || v.number == 0 || r.pinned || len(r.defined.all) > 0 || !r.cut.cut(v.number, n.Value) {
		r.cut.literals = r.cut.literals[:0]
		return nil
	}
	gaps, known := r.blanks.gaps[string(r.cut.key)]
	if !known {
		return nil
	}
	if gaps == nil {
		r.cut.literals = r.cut.literals[:0]
		return nil
	}
	length := len(r.cut.key)
	r.cut.whole(gaps)
	b := r.blanks.made[string(r.cut.key)]
	r.cut.key = r.cut.key[:length]
	if b == nil {
		return nil
	}
	return &expression{kind: b.kind, facts: b.facts, guards: b.guards, necessities: b.needed(r.cut.literals),
		program: &program{code: n.Value, vm: b.program(r.cut.literals), cast: true, machines: r.dialect.machines, where: r.at(n)}}
}

// program makes the program with what stands in the gaps.
func (b *blank) program(literals []writtenLiteral) *vm.Program {
	p := *b.mould.program
	p.Constants = slices.Clone(p.Constants)
	for i, at := range b.mould.filled {
		p.Constants[at] = literals[b.constants[i]].plain
	}
	return &p
}

// needed gives the necessities with what stands in the gaps.
func (b *blank) needed(literals []writtenLiteral) []necessity {
	if len(b.slots) == 0 {
		return b.necessities
	}
	all := slices.Clone(b.necessities)
	last := slot{necessity: -1}
	for _, s := range b.slots {
		n := &all[s.necessity]
		if s.necessity != last.necessity {
			n.either = slices.Clone(n.either)
		}
		e := &n.either[s.equality]
		if s.necessity != last.necessity || s.equality != last.equality {
			e.oneOf = slices.Clone(e.oneOf)
		}
		e.oneOf[s.value] = literals[s.literal].value
		last = s
	}
	return all
}

// treeOf gives the tree of an expression, as written.
func (r *reader) treeOf(x *expression) ast.Node {
	if x.node == nil {
		x.node, _ = r.dialect.parse(x.program.code) // which was read once without an error, but for what stands in its gaps
	}
	return x.node
}

// keepBlank makes a blank of a condition that was cut and then read and checked as ever. right says that there was nothing to tell of it.
func (r *reader) keepBlank(n *yaml.Node, x *expression, free []int, right bool) {
	c := &r.cut
	if len(c.literals) == 0 {
		return
	}
	gaps := make([]bool, len(c.literals))
	for i, l := range c.literals {
		gaps[i] = slices.Contains(free, l.from) && !l.empty()
	}
	known, ok := r.blanks.gaps[string(c.key)]
	if !right || !slices.Contains(gaps, true) || ok && !slices.Equal(known, gaps) {
		if !ok && right {
			share(&r.blanks.gaps, string(c.key), nil)
		}
		return
	}
	b := r.newBlank(n.Value, x, gaps)
	if b == nil {
		share(&r.blanks.gaps, string(c.key), nil)
		return
	}
	share(&r.blanks.gaps, string(c.key), gaps)
	c.whole(gaps)
	share(&r.blanks.made, string(c.key), b)
}

// newBlank makes a blank of a condition; nil when something else than its answer may depend on a gap.
func (r *reader) newBlank(code string, x *expression, gaps []bool) *blank {
	d, literals := r.dialect, r.cut.literals
	d.likeness.begin()
	d.likeness.see(x.node)
	m := d.moulds[string(d.likeness.key)]
	if d.likeness.none || m == nil || m.program == nil || !x.program.cast {
		return nil
	}
	b := &blank{mould: m, facts: x.facts, kind: x.kind, guards: x.guards}
	for _, constant := range d.likeness.constants {
		i := slices.IndexFunc(literals, func(l writtenLiteral) bool { return l.from == constant.Location().From })
		if i < 0 || constantIn(constant) != literals[i].plain {
			return nil
		}
		b.constants = append(b.constants, i)
	}
	for i, gap := range gaps {
		if gap && !slices.Contains(b.constants, i) {
			return nil
		}
	}
	marked, err := d.tree(code)
	if err != nil {
		return nil
	}
	marks := markGaps(marked, literals, gaps)
	if !sameKeys(guardsIn(marked, nil), guardsIn(x.node, nil)) {
		return nil
	}
	b.necessities = necessitiesOf(marked)
	for i, n := range b.necessities {
		for j, e := range n.either {
			for k, v := range e.oneOf {
				if at := slices.Index(marks, v); at >= 0 && gaps[at] {
					b.slots = append(b.slots, slot{i, j, k, at})
				}
			}
		}
	}
	return b
}

// markGaps puts a value into each gap that is nowhere else, and gives those values; of other literals, none.
func markGaps(node ast.Node, literals []writtenLiteral, gaps []bool) []value {
	marks := make([]value, len(literals))
	mark := visiting(func(n ast.Node) {
		for i, l := range literals {
			if !gaps[i] || n.Location().From != l.from {
				continue
			}
			switch n := n.(type) {
			case *ast.StringNode:
				n.Value = "\x00" + strconv.Itoa(i)
				marks[i] = value{form: text, text: n.Value}
			case *ast.IntegerNode:
				n.Value = 4e9 + i // more than a literal can be
				marks[i] = value{form: number, number: float64(n.Value)}
			case *ast.FloatNode:
				n.Value = 5e9 + float64(i)
				marks[i] = value{form: number, number: n.Value}
			}
		}
	})
	ast.Walk(&node, mark)
	return marks
}

type visiting func(ast.Node)

// Visit implements [ast.Visitor].
func (v visiting) Visit(node *ast.Node) { v(*node) }

func sameKeys(a, b map[string]bool) bool {
	if len(a) != len(b) {
		return false
	}
	for key := range a {
		if !b[key] {
			return false
		}
	}
	return true
}

// gap notes that nothing depends on a literal but the answer of a comparison: it is compared with a field, which can have any value.
func (c *examiner) gap(with ast.Node, k *kind, literal ast.Node) {
	switch literal.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode:
		if c.gaps != nil && len(k.values) == 0 && isPath(with) {
			*c.gaps = append(*c.gaps, literal.Location().From)
		}
	}
}

// isPath tells whether an expression is a name, or fields of one.
func isPath(node ast.Node) bool {
	for {
		switch n := node.(type) {
		case *ast.IdentifierNode, *ast.PointerNode:
			return true
		case *ast.ChainNode:
			node = n.Node
		case *ast.MemberNode:
			if _, ok := n.Property.(*ast.StringNode); !ok {
				return false
			}
			node = n.Node
		default:
			return false
		}
	}
}

// readCondition reads a condition, by its blank where it has one.
func (r *reader) readCondition(n *yaml.Node, v vocabulary) *expression {
	n = document.Resolve(n)
	if x := r.filled(n, v); x != nil {
		r.filledIn++
		return x
	}
	var free []int
	before := len(r.problems)
	if len(r.cut.literals) > 0 {
		r.gaps = &free
	}
	x := r.boolean(n, "if", v)
	r.gaps = nil
	if x == nil {
		return nil
	}
	x.necessities, x.guards = necessitiesOf(x.node), guardsIn(x.node, v.guards)
	r.keepBlank(n, x, free, r.settled && len(r.problems) == before)
	return x
}
