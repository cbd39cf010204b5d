package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// The bounds of one explanation, beside those of each evaluation.
const (
	maxAsked      = 400 // evaluations
	maxClauseText = 120 // characters of a part of a condition
)

// A branch is a part of a condition that is true or false: parts joined by `and`, `or`, `not` and `? :`, or a leaf.
type branch struct {
	op   string // "and", "or", "not", "?:", or "" for a leaf
	node ast.Node
	kids []*branch
	lets []*ast.VariableDeclaratorNode // around it, the outermost first
}

// branches takes a condition apart down to what is neither and, or, not nor ?:.
func branches(node ast.Node, lets []*ast.VariableDeclaratorNode) *branch {
	b := &branch{node: node, lets: lets}
	switch n := node.(type) {
	case *ast.BinaryNode:
		op := map[string]string{"and": "and", "&&": "and", "or": "or", "||": "or"}[n.Operator]
		if op == "" {
			break
		}
		b.op = op
		for _, side := range []ast.Node{n.Left, n.Right} {
			if k := branches(side, lets); k.op == op {
				b.kids = append(b.kids, k.kids...)
			} else {
				b.kids = append(b.kids, k)
			}
		}
	case *ast.UnaryNode:
		if n.Operator == "!" || n.Operator == "not" {
			b.op, b.kids = "not", []*branch{branches(n.Node, lets)}
		}
	case *ast.ConditionalNode:
		b.op, b.kids = "?:", []*branch{branches(n.Cond, lets), branches(n.Exp1, lets), branches(n.Exp2, lets)}
	case *ast.VariableDeclaratorNode:
		return branches(n.Expr, append(slices.Clone(lets), n))
	}
	return b
}

// asking is one condition being explained for one event.
type asking struct {
	*Explainer
	*taken
	rule    *Rule
	program *program
	env     map[string]any
	beyond  map[*branch]bool // what an evaluation does not come to
	noun    string
	left    int // steps that may still be taken, of all evaluations
	runs    int // evaluations that may still be made
	heard   map[*branch]heard
}

// heard is what a branch gave.
type heard struct {
	Answer
	err *failure
}

func (a *asking) answer(b *branch) Answer {
	if t, ok := a.heard[b]; ok {
		return t.Answer
	}
	return NotAsked
}

// ask asks a branch and everything below it, in the order of an evaluation, and what an evaluation would not come to
// also.
func (a *asking) ask(b *branch) Answer {
	t := heard{Answer: NotAsked}
	switch b.op {
	case "":
		t = a.askLeaf(b)
	case "not":
		switch t.Answer = a.ask(b.kids[0]); t.Answer {
		case Yes:
			t.Answer = No
		case No:
			t.Answer = Yes
		}
	case "?:":
		all := []Answer{a.ask(b.kids[0]), a.ask(b.kids[1]), a.ask(b.kids[2])}
		switch t.Answer = all[0]; t.Answer {
		case Yes:
			t.Answer = all[1]
		case No:
			t.Answer = all[2]
		}
	default:
		settles := map[string]Answer{"and": No, "or": Yes}[b.op]
		t.Answer = map[string]Answer{"and": Yes, "or": No}[b.op]
		settled := false
		for _, k := range b.kids {
			a.beyond[k] = settled || a.beyond[b]
			if got := a.ask(k); !settled && (got == settles || got == Failed || got == NotAsked) {
				t.Answer, settled = got, true
			}
		}
	}
	a.heard[b] = t
	return t.Answer
}

func (a *asking) askLeaf(b *branch) heard {
	value, err := a.value(b.node, b.lets, nil)
	if f, ok := errors.AsType[*failure](err); ok {
		return heard{Failed, f}
	}
	if err != nil {
		return heard{Answer: NotAsked}
	}
	switch value {
	case true:
		return heard{Answer: Yes}
	case false:
		return heard{Answer: No}
	}
	return heard{Failed, &failure{offset: firstOffset(b.node), message: fmt.Sprintf("it is %s, neither true nor false", a.shown("", value))}}
}

// decider finds the smallest branch whose value settled that of b.
func (a *asking) decider(b *branch) *branch {
	answer := a.answer(b)
	switch b.op {
	case "not":
		if k := b.kids[0]; k.op != "" {
			return a.decider(k)
		}
	case "?:":
		switch a.answer(b.kids[0]) {
		case Yes:
			return a.decider(b.kids[1])
		case No:
			return a.decider(b.kids[2])
		}
		return a.decider(b.kids[0])
	case "and", "or":
		if answer == Failed || (b.op == "and") == (answer == No) {
			for _, k := range b.kids {
				if a.answer(k) == answer {
					return a.decider(k)
				}
			}
		}
	}
	return b
}

// away tells how many leaves would have to be otherwise for b to be as wanted, and how many are as they should be on the
// way that has the fewest to go.
func (a *asking) away(b *branch, want bool) (away, holding int) {
	switch {
	case b.op == "not":
		return a.away(b.kids[0], !want)
	case b.op == "?:" || b.op == "":
		if is := a.answer(b); is == Yes && want || is == No && !want {
			return 0, 1
		}
		return 1, 0
	case (b.op == "and") == want: // all of them
		for _, k := range b.kids {
			n, h := a.away(k, want)
			away, holding = away+n, holding+h
		}
		return away, holding
	}
	away = -1
	for _, k := range b.kids {
		if n, h := a.away(k, want); away < 0 || n < away || n == away && h > holding {
			away, holding = n, h
		}
	}
	return away, holding
}

// clause tells of a branch.
func (a *asking) clause(b *branch) Clause {
	c := Clause{Text: clauseText(b.node), Holds: a.answer(b), Beyond: a.beyond[b]}
	offset := firstOffset(b.node)
	failed := a.failureIn(b)
	if c.Holds == Failed && failed != nil {
		offset = max(offset, failed.offset)
	}
	c.File, c.Line, c.Column = a.program.where.locate(offset)
	if b.op == "" || b.op == "not" && b.kids[0].op == "" {
		leaf := b
		if b.op == "not" {
			leaf = b.kids[0]
		}
		c.Seen = a.seen(leaf)
	}
	c.Sentence = a.sentence(b, c, failed)
	return c
}

func (a *asking) failureIn(b *branch) *failure {
	if f := a.heard[b].err; f != nil {
		return f
	}
	for _, k := range b.kids {
		if a.answer(k) == Failed {
			return a.failureIn(k)
		}
	}
	return nil
}

func (a *asking) sentence(b *branch, c Clause, failed *failure) string {
	var why []string
	switch {
	case c.Holds == NotAsked:
		return c.Text + " was not asked: that would have taken too long"
	case c.Holds == Failed && failed != nil:
		why = []string{failed.message}
		for _, s := range c.Seen { // what the words of the failure do not tell: why there is no `was`
			if _, more, ok := strings.Cut(s.Value, "nil: "); ok && s.Text == "was" {
				why = append(why, more)
			}
		}
		if c.Beyond {
			return c.Text + " is not asked then: " + strings.Join(why, "; ")
		}
		return c.Text + " cannot be worked out: " + strings.Join(why, "; ")
	case b.op == "and", b.op == "or":
		joined := map[string]string{"and": "all of it holds", "or": "nothing of it holds"}
		if b.op == "and" && c.Holds == Yes || b.op == "or" && c.Holds == No {
			for _, k := range b.kids {
				why = append(why, a.clause(k).Sentence)
			}
			return joined[b.op] + ": " + strings.Join(why, "; ")
		}
		return a.clause(a.decider(b)).Sentence
	case b.op != "" && len(c.Seen) == 0 && a.decider(b) != b:
		return c.Text + " is " + string(c.Holds) + ": " + a.clause(a.decider(b)).Sentence
	}
	for _, s := range c.Seen {
		why = append(why, s.Text+" is "+s.Value)
	}
	text := c.Text + " is " + string(c.Holds)
	if len(why) > 0 {
		text += ": " + strings.Join(why, "; ")
	}
	return text
}

// clauseText shows a part of a condition, cut when it is long.
func clauseText(n ast.Node) string {
	text := n.String()
	if not, ok := n.(*ast.UnaryNode); ok && not.Operator == "not" {
		if b, ok := not.Node.(*ast.BinaryNode); ok && slices.Contains(append(between(), "in"), b.Operator) {
			text = strings.Replace(b.String(), " "+b.Operator+" ", " not "+b.Operator+" ", 1)
		}
	}
	return cutText(text, maxClauseText)
}

func cutText(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

var errNotAsked = errors.New("this was not asked")

// value evaluates a part of the condition, as it stands, with the variables around it. over, when it is not nil, is a
// list for each of whose items it is evaluated: the value is a list then. The error is a [*failure], or says that it
// could not be asked.
func (a *asking) value(node ast.Node, lets []*ast.VariableDeclaratorNode, over ast.Node) (any, error) {
	p, err := a.compiled(node, lets, over)
	if err != nil || a.runs <= 0 || a.left <= 0 {
		return nil, errNotAsked
	}
	a.runs--
	value, err := p.run(a.env)
	if s, ok := a.env[scopeName].(*scope); ok {
		a.left -= maxSteps - max(s.left, 0)
	}
	return value, err
}

// compiled gives the program of a part of the condition. Compiling changes a tree, so each part is compiled of one of its
// own.
func (a *asking) compiled(node ast.Node, lets []*ast.VariableDeclaratorNode, over ast.Node) (*program, error) {
	key := fmt.Sprint(a.places[node])
	if over != nil {
		key += fmt.Sprint(" ", a.places[over])
	}
	if p, ok := a.programs[key]; ok {
		if p == nil {
			return nil, errNotAsked
		}
		return p, nil
	}
	a.programs[key] = nil
	tree, err := a.read(a.program)
	if err != nil {
		return nil, errNotAsked
	}
	fresh := walked(tree)
	part := fresh[a.places[node]]
	if over != nil {
		list := fresh[a.places[over]]
		body := at(&ast.PredicateNode{Node: part}, part)
		part = at(&ast.BuiltinNode{Name: "map", Arguments: []ast.Node{list, body}}, list)
	}
	for _, let := range slices.Backward(lets) {
		own := fresh[a.places[let]].(*ast.VariableDeclaratorNode)
		own.Expr = part
		part = own
	}
	compiled, err := a.dialect.compileTree(a.code, part)
	if err != nil {
		return nil, errNotAsked
	}
	p := &program{code: a.code, vm: compiled, machines: a.program.machines, where: a.program.where}
	a.programs[key] = p
	return p, nil
}
