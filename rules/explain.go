package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// Ignores is the verdict of a rule that is not asked about an event: it does not listen to it. Only explanations give it.
const Ignores Verdict = "ignores"

// An Explanation says why a rule does what it does about an event, in a merchant's words.
type Explanation struct {
	Verdict  Verdict `json:"verdict"`
	Sentence string  `json:"sentence"` // why, with the values that decided
	// Decider is the smallest part of the condition whose value settled it; nil when there was nothing to settle.
	Decider *Clause `json:"decider,omitempty"`
	// Clauses are the parts of the condition that stand between its outermost `and` or `or`, each asked on its own.
	Clauses []Clause `json:"clauses,omitempty"`
	Any     bool     `json:"any,omitempty"` // one clause that holds is enough, for they stand between `or`
	// Near says that the rule would fire if one clause more held, and that some hold.
	Near bool `json:"near,omitempty"`
	// Entity and Profile say that the condition reads the entity or `was`, and the store beyond its id.
	Entity  bool `json:"-"`
	Profile bool `json:"-"`
}

// A Clause is a part of a condition, with what it gave.
type Clause struct {
	Text   string `json:"text"`
	File   string `json:"file"`
	Line   int    `json:"line"`
	Column int    `json:"column"`
	Holds  Answer `json:"holds"`
	Seen   []Seen `json:"seen,omitempty"`
	// Beyond says that an evaluation does not come to it, for what stands before it settles the whole.
	Beyond   bool   `json:"beyond,omitempty"`
	Sentence string `json:"sentence"` // `order.total >= 200 is false: order.total is 149.5`
}

// An Answer is what a part of a condition says.
type Answer string

// The four answers.
const (
	Yes      Answer = "true"
	No       Answer = "false"
	Failed   Answer = "error"     // it could not be worked out
	NotAsked Answer = "not asked" // there was no need to, or it would have taken too long
)

// A Seen is a value that a clause looked at, as people read it: `order.total` is `149.5`.
type Seen struct {
	Text  string `json:"text"`
	Value string `json:"value"`
}

// An Explainer explains what rules do about events. It keeps what it has compiled, so use one for many events. One
// goroutine uses it.
type Explainer struct {
	// NoWas says why there is no `was`, after "was is nil: "; "" means that this was the first reading.
	NoWas string

	dialect *dialect
	taken   map[*program]*taken
	hidden  secretWords
}

// maxTaken is how many conditions an explainer keeps apart.
const maxTaken = 10_000

// NewExplainer makes an explainer.
func NewExplainer() *Explainer {
	return &Explainer{dialect: newDialect(), taken: map[*program]*taken{}, hidden: newSecretWords()}
}

// Explain says why the rule does what it does about an event. The verdict is that of [Rule.Decide], for the same
// evaluator is asked for the whole and for its parts; and like it this is pure.
func (r *Rule) Explain(in *Input) Explanation { return NewExplainer().Explain(r, in) }

// Explain is [Rule.Explain].
func (x *Explainer) Explain(r *Rule, in *Input) Explanation {
	if why := r.deaf(in); why != "" {
		return Explanation{Verdict: Ignores, Sentence: why}
	}
	noun := r.noun(in.Event.Source, in.Event.Type)
	env := environment(in, noun, r.envelope)
	out := Explanation{Verdict: Fires, Sentence: "it has no condition, so it fires on every event that it listens to"}
	if r.condition != nil {
		fires, err := r.decide(r.condition, env)
		switch {
		case err != nil:
			out.Verdict = Errs
		case !fires:
			out.Verdict = Passes
		}
		x.fill(&out, r, r.condition, noun, env, err)
	}
	r.explainBranch(&out, r.verdict(env))
	return out
}

// explainBranch tells what comes after the condition: else, and the list of each.
func (r *Rule) explainBranch(out *Explanation, d Decision) {
	before := out.Verdict
	if before == Errs || before == Passes && len(r.Else) == 0 {
		return
	}
	if out.Verdict = d.Verdict; before == Passes {
		out.Near = false
		out.Sentence += "; so the steps of its else are done"
	}
	switch {
	case r.each == nil:
	case d.Verdict == Errs:
		out.Sentence += "; its each could not be worked out: " + d.Err.Error()
	case d.Verdict == Passes:
		out.Sentence += "; but the list of its each, " + r.Each + ", is empty"
	default:
		out.Sentence += fmt.Sprintf("; for %d %s of its each, %s", len(d.Items), plural(len(d.Items), "item", "items"), r.Each)
	}
}

// Step says why a step of a run was wanted or left out, by the step's own `if`. steps is what earlier steps left.
func (x *Explainer) Step(r *Rule, b Branch, step int, in *Input, steps map[string]any) Explanation {
	all := r.compiledBranch(b.Else)
	if step < 0 || step >= len(all) {
		return Explanation{Verdict: Fires, Sentence: "the step has no condition"}
	}
	why := r.declines(b, step, in)
	if all[step].condition == nil {
		if why != "" {
			return Explanation{Verdict: Passes, Sentence: why, Entity: true}
		}
		return Explanation{Verdict: Fires, Sentence: "the step has no condition"}
	}
	p, noun := all[step].condition, r.noun(in.Event.Source, in.Event.Type)
	env := environment(in, noun, r.envelope)
	env["steps"] = maps.Clone(steps)
	if r.each != nil {
		env["item"] = b.Item
	}
	out := Explanation{Verdict: Passes}
	holds, err := r.decide(p, env)
	switch {
	case err != nil:
		out.Verdict = Errs
	case holds:
		out.Verdict = Fires
	}
	x.fill(&out, r, p, noun, env, err)
	if out.Verdict == Fires && why != "" {
		out.Verdict, out.Entity = Passes, true
		out.Sentence += "; but " + why
	}
	return out
}

// deaf says why a rule is not asked about an event; "" when it is.
func (r *Rule) deaf(in *Input) string {
	e := in.Event
	switch {
	case !slices.ContainsFunc(r.listens, func(l listen) bool { return l.means(e.Source, e.Type) }):
		return fmt.Sprintf("it does not listen to %s of source %s: its when is %s", e.Type, e.Source, strings.Join(r.When, ", "))
	case len(r.stores) > 0 && !slices.Contains(r.stores, e.Store):
		return "it is a rule of store " + enumerate(r.stores) + ", not of store " + e.Store
	case !r.enabled:
		return "it is not enabled"
	case e.Self && !r.self:
		return "the event tells of nothing but a change that we made ourselves, and such a change sets off only rules whose condition reads event.self"
	}
	return ""
}

// Hears tells whether the rule listens to an event type of a source, for whatever store, whether it is enabled or not.
func (r *Rule) Hears(source, typ string) bool {
	return slices.ContainsFunc(r.listens, func(l listen) bool { return l.means(source, typ) })
}

// fill tells of a condition, of whose evaluation the verdict is known.
func (x *Explainer) fill(out *Explanation, r *Rule, p *program, noun string, env map[string]any, failed error) {
	taken := x.takeApart(p)
	if taken == nil {
		out.Sentence = verdictWords(out.Verdict, failed)
		return
	}
	out.Entity, out.Profile = taken.entity, taken.profile
	a := &asking{Explainer: x, taken: taken, rule: r, program: p, env: env, noun: noun, left: 4 * maxSteps, runs: maxAsked,
		heard: map[*branch]heard{}, beyond: map[*branch]bool{}}
	root := taken.root
	a.ask(root)
	if a.answer(root) != answerOf(out.Verdict) { // the bounds of an explanation were passed, or something else than the condition failed
		out.Sentence = verdictWords(out.Verdict, failed)
		return
	}
	out.Any = root.op == "or"
	tops := []*branch{root}
	if root.op == "or" || root.op == "and" {
		tops = root.kids
	}
	for _, b := range tops {
		out.Clauses = append(out.Clauses, a.clause(b))
	}
	decider := a.decider(root)
	c := a.clause(decider)
	out.Decider = &c
	away, holding := a.away(root, true)
	out.Near = out.Verdict == Passes && away == 1 && holding > 0
	out.Sentence = c.Sentence
	if out.Verdict != Errs && (c.Holds == Yes) != (out.Verdict == Fires) {
		out.Sentence += ", and the rule wants that not to be so"
	}
}

func answerOf(v Verdict) Answer {
	switch v {
	case Fires:
		return Yes
	case Errs:
		return Failed
	}
	return No
}

// verdictWords tells of a condition that could not be taken apart.
func verdictWords(v Verdict, failed error) string {
	switch v {
	case Fires:
		return "its condition holds"
	case Errs:
		return "it could not be worked out: " + failed.Error()
	}
	return "its condition is false"
}

// A taken is a condition taken apart, with the programs that its parts were compiled to so far.
type taken struct {
	code            string
	root            *branch
	places          map[ast.Node]int // in the order of a walk, which is the same whenever the code is read
	programs        map[string]*program
	entity, profile bool
}

// takeApart reads a condition once more, for the tree that was compiled has been changed by that. It is nil when that
// fails, which it did not when the rule was loaded.
func (x *Explainer) takeApart(p *program) *taken {
	if t, ok := x.taken[p]; ok {
		return t
	}
	node, err := x.read(p)
	if err != nil {
		return nil
	}
	t := &taken{code: p.code, places: map[ast.Node]int{}, programs: map[string]*program{}}
	for i, n := range walked(node) {
		t.places[n] = i
		switch n := n.(type) {
		case *ast.IdentifierNode:
			t.profile = t.profile || n.Value == "store"
			t.entity = t.entity || n.Value != "store" && n.Value != "event" && n.Value != "steps" && x.dialect.functions[n.Value] == nil
		case *ast.CallNode:
			f := x.dialect.functions[callee(n)]
			t.profile = t.profile || f != nil && f.reads
		}
	}
	t.root = branches(node, nil)
	if len(x.taken) >= maxTaken {
		clear(x.taken)
	}
	x.taken[p] = t
	return t
}

// read reads a program's code, with what its names stand for.
func (x *Explainer) read(p *program) (ast.Node, error) {
	node, err := x.dialect.tree(p.code)
	if err != nil || p.where.defined == nil {
		return node, err
	}
	return x.dialect.expand(node, p.where.defined, func(string) {})
}

func callee(n *ast.CallNode) string {
	if id, ok := n.Callee.(*ast.IdentifierNode); ok {
		return id.Value
	}
	return ""
}

// walked lists all parts of an expression.
func walked(node ast.Node) walk {
	var w walk
	ast.Walk(&node, &w)
	return w
}

type walk []ast.Node

// Visit implements [ast.Visitor].
func (w *walk) Visit(node *ast.Node) { *w = append(*w, *node) }
