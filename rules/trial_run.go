package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"shopbell/event"
)

// A trialRun is one test while it runs: what the rules did so far.
type trialRun struct {
	trial     *Trial
	set       *Set
	explainer *Explainer
	coverage  *coverage

	done    map[string]bool // rules that act once, by what they have acted for
	acted   []string        // ids of rules that would have acted again, and why not
	left    []leaving
	effects []Effect
	errors  []mishap
}

// maxEffects is how many steps of one test are held against what it expects.
const maxEffects = 5_000

// A mishap is an error of a rule.
type mishap struct {
	rule  *Rule
	event int
	step  bool // of a step, and not of the condition
	text  string
}

// A leaving is a step that was left out by its own condition.
type leaving struct {
	rule   *Rule
	action string
	why    string
}

// result runs the test and holds what happened against what it expects.
func (r *trialRun) result() Result {
	for i, in := range r.trial.inputs {
		r.event(i, in)
	}
	out := Result{Name: r.trial.Name, Directory: r.trial.Directory, Place: r.trial.Place, Effects: r.effects, trial: r.trial}
	for _, e := range r.errors {
		out.Errors = append(out.Errors, e.words())
	}
	if out.Effects == nil {
		out.Effects = []Effect{}
	}
	r.judge(&out)
	out.Passed = len(out.Findings) == 0
	return out
}

func (m mishap) words() string { return "rule " + m.rule.ID() + ": " + m.text }

// event has the rules look at one event, as the engine does.
func (r *trialRun) event(place int, in *Input) {
	for _, rule := range r.set.rules {
		if r.trial.sees(rule) && rule.enabled && rule.Hears(in.Event.Source, in.Event.Type) {
			r.coverage.asked(rule, in)
		}
	}
	decisions := slices.DeleteFunc(r.set.Match(in), func(d Decision) bool { return !r.trial.sees(d.Rule) })
	aside := false // the event is put aside whole
	for _, d := range decisions {
		if d.Verdict == Errs {
			aside = aside || d.Rule.StopsOnError
			r.failed(d.Rule, place, false, d.Err)
		}
	}
	if aside {
		return
	}
	for _, d := range decisions {
		if d.Verdict == Errs || r.again(d, in.Event) {
			continue
		}
		items := d.Items
		if items == nil {
			items = []any{nil}
		}
		for _, item := range items {
			r.steps(d.Rule, Branch{Else: d.Verdict == Otherwise, Item: item}, place, in)
		}
	}
}

// again tells whether a rule that acts once has acted already.
func (r *trialRun) again(d Decision, e *event.Event) bool {
	if !d.Once || e.Subject == "" {
		return false
	}
	key := strings.Join([]string{d.Rule.ID(), e.Source, e.Store, e.Type, e.Subject}, "\x00")
	if r.done[key] {
		r.acted = append(r.acted, d.Rule.ID())
		return true
	}
	r.done[key] = true
	return false
}

func (r *trialRun) failed(rule *Rule, place int, step bool, err error) {
	r.errors = append(r.errors, mishap{rule, place, step, err.Error()})
}

// steps carries out a branch of a rule. What an action would have left is what the test says, or a stand-in.
func (r *trialRun) steps(rule *Rule, b Branch, place int, in *Input) {
	left := map[string]any{}
	for i, step := range rule.Branch(b.Else) {
		if len(r.effects) >= maxEffects {
			if len(r.effects) == maxEffects && len(r.errors) == 0 {
				r.failed(rule, place, true, fmt.Errorf("%s:%d: more than %d steps are done in this test", rule.File, rule.Line, maxEffects))
			}
			return
		}
		rendering, err := rule.Render(b, i, in, left)
		var result map[string]any
		switch {
		case err == nil && rendering.Skip:
			r.left = append(r.left, leaving{rule, step.Action, r.explainer.Step(rule, b, i, in, left).Sentence})
		case err == nil:
			effect := Effect{Rule: rule.ID(), Place: Place{File: rule.File, Line: rule.Line}, Event: place + 1, Else: b.Else, Step: i + 1, ID: step.ID,
				Action: step.Action, Mode: rule.Mode, Item: b.Item, Params: rendering.Params, rule: rule}
			if err = r.goesOut(&effect, step); err == nil {
				r.effects = append(r.effects, effect)
				result = r.answer(step)
			}
		}
		if err != nil {
			r.failed(rule, place, true, err)
			if !step.Continue {
				return
			}
		}
		if step.ID != "" {
			left[step.ID] = result
		}
	}
}

// goesOut gives a step the parameters with which it would go out. Its error is what the action itself would say of them.
func (r *trialRun) goesOut(e *Effect, step Step) error {
	kind := r.set.world.Actions[step.Action]
	switch {
	case e.Mode == Shadow:
		e.Note = "shadow: it would not have been sent"
	case e.Mode == Redirect:
		to := e.rule.Redirected(step.Action)
		if kind == nil || kind.Redirect == nil || to == "" {
			e.Note = "redirected to nobody: it would not have been sent"
			break
		}
		params, err := kind.Redirect(e.Params, to)
		if err != nil {
			e.Note = fmt.Sprintf("it would not have been sent: it cannot go to %q: %v", to, err)
			break
		}
		e.Params = params
	}
	if kind != nil && kind.Check != nil && e.Note == "" {
		if err := kind.Check(e.Params); err != nil {
			return fmt.Errorf("%s:%d: step %d, %s: %w", e.Place.File, e.Place.Line, e.Step, step.Action, err)
		}
	}
	value, err := event.DecodeObject(e.Params)
	if err != nil {
		return fmt.Errorf("%s:%d: step %d, %s: %w", e.Place.File, e.Place.Line, e.Step, step.Action, err)
	}
	e.value = value
	return nil
}

// answer gives what an action leaves, as the test says: for the step, or else for every step of its kind.
func (r *trialRun) answer(step Step) map[string]any {
	kind := r.set.world.Actions[step.Action]
	if kind == nil {
		return nil
	}
	left := map[string]any(kind.StandIn(step.ID))
	for _, name := range []string{step.Action, step.ID} {
		if given := r.trial.answers[name]; given != nil && name != "" {
			if left == nil {
				left = map[string]any{}
			}
			maps.Copy(left, given)
		}
	}
	return left
}

// mostText is how much of one text is shown where an effect stands on a line, in characters: a mail made of a template is
// many pages.
const mostText = 400

// text gives a value on one line, as JSON.
func (e *Effect) text() string {
	shown := maps.Clone(e.value)
	for name, value := range shown {
		if text, ok := value.(string); ok {
			if long := []rune(text); len(long) > mostText {
				shown[name] = string(long[:mostText]) + "…"
			}
		}
	}
	return asJSON(shown)
}
