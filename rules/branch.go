package rules

import (
	"fmt"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// A Branch is what of a rule is carried out for one event: its steps, or those of its else, for one item.
type Branch struct {
	Else bool
	Item any // of [Rule.Items]; nil for a rule without each
}

// Branch gives the steps of a branch. It must not be changed.
func (r *Rule) Branch(otherwise bool) []Step {
	if otherwise {
		return r.Else
	}
	return r.Steps
}

func (r *Rule) compiledBranch(otherwise bool) []compiledStep {
	if otherwise {
		return r.elseSteps
	}
	return r.steps
}

// otherwise reads a rule's `else`.
func (r *reader) otherwise(rule *Rule, n *yaml.Node, fields map[string]*yaml.Node, v vocabulary) {
	at := fields["else"]
	if at == nil {
		return
	}
	if fields["if"] == nil {
		r.wrong(at, "else is for when \"if\" is false, and this rule has no \"if\"", "Put these steps below \"then:\", or add a condition.")
		return
	}
	rule.Else, rule.elseSteps = r.steps(rule, n, "else", at, v)
}

// onError reads a rule's `on_error`.
func (r *reader) onError(rule *Rule, n *yaml.Node) {
	if n == nil {
		return
	}
	switch n = document.Resolve(n); n.Value {
	case "stop":
		rule.StopsOnError = true
	case "skip":
	default:
		hint := document.DidYouMean(n.Value, []string{"skip", "stop"})
		if n.Value == "continue" {
			hint = "Did you mean \"skip\"? A step has stop and continue, a rule skip and stop."
		}
		r.wrong(n, fmt.Sprintf("on_error of a rule is skip or stop, not %q", n.Value), hint)
	}
}
