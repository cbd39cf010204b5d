package slack

import (
	"errors"
	"regexp"
	"slices"

	"shopbell/actions"
)

// place is what Slack takes for a channel: a name with #, a person's @name, or an id.
var place = regexp.MustCompile(`^([#@][^\s,]{1,80}|[CDGUW][A-Z0-9]{6,20})$`)

// redirect posts the message in another channel, and says at its top where it was to be.
func redirect(p Params, to string) (Params, error) {
	if !place.MatchString(to) {
		return p, errors.New("it is not a channel, such as #test or C0123456789")
	}
	meant := "its webhook's channel"
	if p.Channel != "" {
		meant = p.Channel
	}
	banner := "This message was redirected. It is for " + actions.Escape(actions.Slack, meant) + "."
	p.Channel, p.Thread, p.Update = to, "", "" // what it would answer or change is in the other channel
	if p.Text != "" || len(p.Blocks) == 0 {
		p.Text = banner + "\n" + p.Text
	}
	if len(p.Blocks) > 0 {
		block := map[string]any{"type": "context", "elements": []any{map[string]any{"type": "mrkdwn", "text": banner}}}
		p.Blocks = append([]map[string]any{block}, slices.Clone(p.Blocks)[:min(len(p.Blocks), 49)]...)
	}
	return p, nil
}
