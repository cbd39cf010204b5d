package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// judge holds what happened against what the test expects.
func (r *trialRun) judge(out *Result) {
	t := r.trial
	out.matched, out.near = make([]int, len(r.effects)), make([]int, len(r.effects))
	for i := range out.matched {
		out.matched[i], out.near[i] = -1, -1
	}
	met := make([]bool, len(t.expect))
	if t.value != nil { // else the test is about errors only
		for _, pair := range align(len(t.expect), len(r.effects), func(i, j int) bool { return len(r.held(i, j)) == 0 }) {
			met[pair[0]], out.matched[pair[1]] = true, pair[0]
		}
		r.differing(out, met)
	}
	r.judgeErrors(out)
}

// held compares an effect with an expectation. No mismatch means that it is the one expected.
func (r *trialRun) held(want, got int) []mismatch {
	w, g := &r.trial.expect[want], &r.effects[got]
	found := []mismatch{}
	if !r.kin(want, got) {
		return append(found, mismatch{})
	}
	if w.mode != "" && w.mode != g.Mode {
		found = append(found, mismatch{[]string{"mode"}, string(w.mode), string(g.Mode)})
	}
	if w.hasItem {
		found = append(found, mismatches(w.item, g.Item, r.trial.exact, []string{"item"})...)
	}
	var params any = w.params
	if w.params == nil {
		params = map[string]any{}
	}
	return append(found, mismatches(params, g.value, r.trial.exact, []string{w.action})...)
}

// kin tells whether an effect is of the rule and the action that an expectation names.
func (r *trialRun) kin(want, got int) bool {
	w, g := &r.trial.expect[want], &r.effects[got]
	return w.action == g.Action && (w.rule == "" || slices.Contains(w.rules, g.rule))
}

// differing tells of what is not as expected: first of the expectations, in their order, then of what nobody expected.
func (r *trialRun) differing(out *Result, met []bool) {
	for i := range r.trial.expect {
		if met[i] {
			continue
		}
		w := &r.trial.expect[i]
		near := -1
		for j := range r.effects {
			if out.matched[j] < 0 && out.near[j] < 0 && r.kin(i, j) {
				near = j
				break
			}
		}
		f := Finding{Kind: Missing, Rule: w.rule, Action: w.action, Expected: &w.place}
		if near < 0 {
			f.Lines, f.Why = []DiffLine{{"-", w.text()}}, r.why(w)
			out.Findings = append(out.Findings, f)
			continue
		}
		g := &r.effects[near]
		out.near[near] = i
		f.Kind, f.Rule, f.Found = Differs, g.Rule, &g.Place
		for _, m := range r.held(i, near) {
			f.Lines = append(f.Lines, m.lines()...)
		}
		if len(f.Lines) == 0 {
			f.Lines = []DiffLine{{" ", w.text()}}
			f.Why = []string{"it happened, but not in this order"}
		}
		out.Findings = append(out.Findings, f)
	}
	for j := range r.effects {
		if g := &r.effects[j]; out.matched[j] < 0 && out.near[j] < 0 && !r.trial.partial {
			f := Finding{Kind: Extra, Rule: g.Rule, Action: g.Action, Found: &g.Place, Lines: []DiffLine{{"+", g.Action + " " + g.text()}}}
			f.Why = append(f.Why, r.cause(g))
			out.Findings = append(out.Findings, f)
		}
	}
}

// cause says why a rule did what nobody expected.
func (r *trialRun) cause(g *Effect) string {
	in := r.trial.inputs[g.Event-1]
	return fmt.Sprintf("on event %d, %s: %s", g.Event, in.Event.Type, r.explainer.Explain(g.rule, in).Sentence)
}

// text gives an expectation on one line.
func (w *expectation) text() string {
	words := []string{}
	if w.rule != "" {
		words = append(words, "rule "+w.rule+":")
	}
	words = append(words, w.action)
	if len(w.params) > 0 {
		words = append(words, asJSON(w.params))
	}
	if w.hasItem {
		words = append(words, "for item "+asJSON(w.item))
	}
	return strings.Join(words, " ")
}

func asJSON(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// mostWhy is how many reasons are told of one finding.
const mostWhy = 4

// why says, for an effect that did not happen, what the rules that could have made it said.
func (r *trialRun) why(w *expectation) []string {
	var words []string
	rules := w.rules
	if w.rule == "" {
		for _, rule := range r.set.rules {
			if r.trial.sees(rule) && rule.does(w.action) && slices.ContainsFunc(r.trial.inputs, func(in *Input) bool { return rule.Hears(in.Event.Source, in.Event.Type) }) {
				rules = append(rules, rule)
			}
		}
		if len(rules) == 0 {
			words = append(words, r.nobody(w.action))
		}
	}
	for _, rule := range rules {
		for i, in := range r.trial.inputs {
			if x := r.explainer.Explain(rule, in); x.Verdict != Fires && x.Verdict != Otherwise {
				words = append(words, fmt.Sprintf("rule %s did not fire on event %d, %s: %s", rule.ID(), i+1, in.Event.Type, x.Sentence))
			}
		}
		if slices.Contains(r.acted, rule.ID()) {
			words = append(words, fmt.Sprintf("rule %s has acted for this subject already: it acts once for each", rule.ID()))
		}
		for _, l := range r.left {
			if l.rule == rule && l.action == w.action {
				words = append(words, fmt.Sprintf("rule %s left the step out: %s", rule.ID(), l.why))
			}
		}
		for _, e := range r.errors {
			if e.rule == rule && e.step {
				words = append(words, e.words())
			}
		}
	}
	if len(words) == 0 {
		words = append(words, "each "+w.action+" that was done is expected elsewhere in the test")
	}
	if len(words) > mostWhy {
		words = append(words[:mostWhy:mostWhy], fmt.Sprintf("and %d more reasons", len(words)-mostWhy))
	}
	return words
}

// nobody says that no rule could have done an action, and, where one of another file could, how the test would be about that.
func (r *trialRun) nobody(action string) string {
	words := "no rule that listens to these events has a step " + action
	if !r.trial.below {
		return words
	}
	words = "no rule of " + r.trial.Place.File + " that listens to these events has a step " + action
	for _, rule := range r.set.rules {
		if (rule.Directory == "" || rule.Directory == r.trial.Directory) && rule.does(action) {
			return fmt.Sprintf("%s; rule %s of %s has: a test below rules is about those of its file, and those that it names with rule:", words, rule.ID(), rule.File)
		}
	}
	return words
}

// judgeErrors holds the errors of rules against those that the test expects.
func (r *trialRun) judgeErrors(out *Result) {
	expected := make([]bool, len(r.errors))
	for _, w := range r.trial.errors {
		i := slices.IndexFunc(r.errors, func(e mishap) bool { return strings.Contains(e.words(), w.text) || fitsText(w.text, e.words()) })
		for i >= 0 && expected[i] {
			next := slices.IndexFunc(r.errors[i+1:], func(e mishap) bool { return strings.Contains(e.words(), w.text) || fitsText(w.text, e.words()) })
			if next < 0 {
				i = -1
				break
			}
			i += next + 1
		}
		if i < 0 {
			out.Findings = append(out.Findings, Finding{Kind: Sound, Expected: &w.place, Lines: []DiffLine{{"-", w.text}}})
			continue
		}
		expected[i] = true
	}
	for i, e := range r.errors {
		if expected[i] || r.trial.partial {
			continue
		}
		f := Finding{Kind: Failing, Rule: e.rule.ID(), Found: &Place{File: e.rule.File, Line: e.rule.Line}, Lines: []DiffLine{{"+", e.words()}}}
		if in := r.trial.inputs[e.event]; in.Entity == nil && e.rule.need.Entity {
			f.Why = []string{fmt.Sprintf("the rule reads the entity, and event %d of the test gives none: add \"entity:\"", e.event+1)}
		}
		out.Findings = append(out.Findings, f)
	}
}
