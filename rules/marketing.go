package rules

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
)

// marketing reads a step's own word on what it is for: true, or where consent comes from.
func (r *reader) marketing(rule *Rule, step *Step, n *yaml.Node, kind *actions.Kind) {
	key, value := document.Find(n, "marketing")
	if value == nil {
		return
	}
	value = document.Resolve(value)
	switch {
	case value.Kind == yaml.ScalarNode && value.Tag == "!!bool":
		step.Marketing = value.Value == "true"
	case value.Kind == yaml.MappingNode:
		if !r.consent(step, value) {
			return
		}
	default:
		r.wrong(value, "marketing is true or false", `Or say where consent comes from: marketing: { consent: "asked on the order form" }`)
		return
	}
	if step.Marketing && kind.Reaches == nil {
		r.wrong(key, fmt.Sprintf("%s reaches nobody who could want no marketing", kind.Name), "Leave marketing out.")
		return
	}
	if !step.Marketing || step.Consent != "" {
		return
	}
	for _, l := range rule.listens {
		if l.Consent == "" || !l.entity() {
			r.wrong(key, fmt.Sprintf("%s does not tell whether the person accepts marketing", l.Name),
				`Say where consent comes from, or why none is needed: marketing: { consent: "…" }`)
			return
		}
	}
	for _, l := range rule.listens {
		rule.note(facts{entity: true, fields: []string{l.Consent}})
	}
}

// consent reads where consent comes from.
func (r *reader) consent(step *Step, n *yaml.Node) bool {
	_, why := document.Find(n, "consent")
	if why == nil || len(n.Content) != 2 {
		r.wrong(n, "marketing with more to say has the key consent, and nothing else", `Write marketing: { consent: "asked on the order form" }`)
		return false
	}
	text := strings.TrimSpace(why.Value)
	if why.Kind != yaml.ScalarNode || len(text) < 10 {
		r.wrong(why, "consent says, in some words, where it comes from or why none is needed", `Such as "asked on the order form".`)
		return false
	}
	step.Marketing, step.Consent = true, text
	return true
}

// declines says why a step is not for the person of an event; "" when it may be.
func (r *Rule) declines(b Branch, step int, in *Input) string {
	def := r.Branch(b.Else)[step]
	if !def.Marketing || def.Consent != "" {
		return ""
	}
	for _, l := range r.listens {
		if !l.means(in.Event.Source, in.Event.Type) {
			continue
		}
		if in.Entity == nil {
			return fmt.Sprintf("it is not known whether the person accepts marketing: the %s is gone", l.Noun)
		}
		if accepts, told := in.Entity[l.Consent].(bool); told && !accepts {
			return fmt.Sprintf("the person does not accept marketing: %s.%s is false", l.Noun, l.Consent)
		}
	}
	return ""
}
