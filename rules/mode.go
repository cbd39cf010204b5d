package rules

import (
	"cmp"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// A Mode says what becomes of the steps of a rule.
type Mode string

// The modes of a rule.
const (
	Live     Mode = "live"     // they are carried out
	Shadow   Mode = "shadow"   // they are rendered, and kept for people to see; nothing is sent
	Redirect Mode = "redirect" // messages go to somebody who wants to see them; what is no message is as in shadow
)

// Redirected gives whom a step of an action writes to instead, in mode [Redirect]; "" for nobody.
func (r *Rule) Redirected(action string) string {
	if to, ok := r.redirect[action]; ok {
		return to
	}
	return r.redirect[""]
}

// mode reads a rule's `mode`.
func (r *reader) mode(rule *Rule, n *yaml.Node) {
	rule.Mode = Live
	if n == nil {
		return
	}
	n = document.Resolve(n)
	words := []string{string(Live), string(Shadow)}
	switch {
	case n.Kind == yaml.MappingNode:
		r.redirect(rule, n)
	case n.Kind == yaml.ScalarNode && slices.Contains(words, n.Value):
		rule.Mode = Mode(n.Value)
	default:
		hint := document.DidYouMean(n.Value, words)
		if n.Value == string(Redirect) || hint == "" {
			hint = "Write live, shadow, or { redirect: me@example.com }."
		}
		r.wrong(n, "mode is live, shadow, or says whom to redirect to", hint)
	}
}

// redirect reads { redirect: me@example.com }, or { redirect: { email: me@example.com, slack: "#test" } }.
func (r *reader) redirect(rule *Rule, n *yaml.Node) {
	key, to := document.Find(n, string(Redirect))
	if key == nil || len(n.Content) != 2 {
		r.wrong(n, "mode is live, shadow, or says whom to redirect to", "Write live, shadow, or { redirect: me@example.com }.")
		return
	}
	rule.Mode, rule.redirect = Redirect, map[string]string{}
	to = document.Resolve(to)
	switch {
	case to.Kind == yaml.ScalarNode && to.Tag != "!!null" && to.Value != "":
		rule.redirect[""] = to.Value
	case to.Kind == yaml.MappingNode && len(to.Content) > 0:
		for i := 0; i+1 < len(to.Content); i += 2 {
			r.redirectAction(rule, to.Content[i], document.Resolve(to.Content[i+1]))
		}
	default:
		r.wrong(to, "redirect wants an address", "Write { redirect: me@example.com }, or one for each action: { redirect: { email: me@example.com, slack: \"#test\" } }.")
		return
	}
	if !r.pinned {
		r.redirectable(rule, to)
	}
}

func (r *reader) redirectAction(rule *Rule, key, to *yaml.Node) {
	kind := r.world.Actions[key.Value]
	switch {
	case kind == nil && !r.pinned:
		r.wrong(key, fmt.Sprintf("unknown action %q", key.Value), document.DidYouMean(key.Value, slices.Sorted(mapsKeys(r.world.Actions))))
	case to.Kind != yaml.ScalarNode || to.Value == "":
		r.wrong(to, "redirect wants an address", "")
	default:
		rule.redirect[key.Value] = to.Value
	}
}

// redirectable warns of messages that cannot go where they are redirected to, and refuses accounts that can write to one place only.
func (r *reader) redirectable(rule *Rule, to *yaml.Node) {
	told := map[string]bool{}
	for _, s := range slices.Concat(rule.Steps, rule.Else) {
		kind := r.world.Actions[s.Action]
		account := cmp.Or(s.Account, s.Action)
		if why := r.world.Accounts[account].Fixed; why != "" && !told["account "+account] {
			told["account "+account] = true
			r.wrong(to, fmt.Sprintf("%s cannot be redirected through the account %s: %s", s.Action, account, why), "Use \"mode: shadow\", or an account that can write to others.")
		}
		if kind == nil || kind.Redirect == nil || told[s.Action] {
			continue
		}
		told[s.Action] = true
		at := rule.Redirected(s.Action)
		if at == "" {
			r.warn(to, fmt.Sprintf("%s has nobody to be redirected to, so it is not sent", s.Action), fmt.Sprintf("Add \"%s: …\" to say where to.", s.Action))
		} else if err := kind.CanRedirect(at); err != nil {
			r.warn(to, fmt.Sprintf("%s cannot be redirected to %q, so it is not sent: %v", s.Action, at, err), fmt.Sprintf("Write { redirect: { %s: … } } to say where to.", s.Action))
		}
	}
}
