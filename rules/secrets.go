package rules

import (
	"regexp"
	"strings"
	"sync"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// secretForms are texts that give access to something. They belong into the config, as ${env:NAME}.
func secretForms() []secretForm {
	return []secretForm{
		{"a Slack token", `xox[abeoprs]-[A-Za-z0-9-]{8,}`},
		{"a Slack webhook address", `hooks\.slack\.com/services/[A-Za-z0-9]+/`},
		{"a Stripe key", `[sr]k_(?:live|test)_[A-Za-z0-9]{8,}`},
		{"a webhook secret", `whsec_[A-Za-z0-9+/=]{8,}`},
		{"an AWS key", `AKIA[0-9A-Z]{12,}`},
		{"a private key", `-----BEGIN [A-Z ]*PRIVATE KEY`},
		{"a store's secret token", `\bsecret_[A-Za-z0-9]{16,}`},
		{"a Twilio key", `\b(?:SK|AC)[0-9a-f]{32}\b`},
		{"a SendGrid key", `\bSG\.[A-Za-z0-9_-]{16,}\.`},
		{"a Brevo key", `\bxkeysib-[0-9a-f]{16,}`},
		{"a GitHub token", `\bgh[pousr]_[A-Za-z0-9]{20,}`},
		{"a Mailchimp key", `\b[0-9a-f]{32}-us[0-9]{1,2}\b`},
		{"a bearer token", `(?i)\bbearer [A-Za-z0-9._~+/-]{16,}`},
	}
}

// shortestSecret is the length in bytes of the shortest text that any form fits.
const shortestSecret = 12

type secretForm struct{ what, pattern string }

// secretPattern finds any of the forms; its groups are in the order of [secretForms].
var secretPattern = sync.OnceValue(func() *regexp.Regexp {
	var alternatives []string
	for _, f := range secretForms() {
		alternatives = append(alternatives, "("+f.pattern+")")
	}
	return regexp.MustCompile(strings.Join(alternatives, "|"))
})

// maySecret tells, faster than the pattern, that a text holds what each form of secret has somewhere.
func maySecret(text string) bool {
	for _, mark := range []string{"xox", "hooks.slack", "k_live_", "k_test_", "whsec_", "AKIA", "PRIVATE KEY", "secret_", "SG.", "xkeysib-"} {
		if strings.Contains(text, mark) {
			return true
		}
	}
	return strings.Contains(text, "gh") && strings.Contains(text, "_") || // a GitHub token
		hexDigits(text) >= 32 || // a Twilio or a Mailchimp key
		strings.ContainsAny(text, "bB") && strings.ContainsRune(text, ' ') && strings.Contains(strings.ToLower(text), "bearer ")
}

// hexDigits gives the most digits that follow one another.
func hexDigits(text string) int {
	longest, n := 0, 0
	for i := range len(text) {
		if c := text[i]; c >= '0' && c <= '9' || c >= 'a' && c <= 'f' {
			n++
			longest = max(longest, n)
			continue
		}
		n = 0
	}
	return longest
}

// secrets refuses literal secrets anywhere in a rule. The problem shows neither the secret nor its line.
func (r *reader) secrets(n *yaml.Node) {
	if n.Kind == yaml.AliasNode {
		return
	}
	if n.Kind == yaml.ScalarNode && len(n.Value) >= shortestSecret && maySecret(n.Value) {
		if m := r.secretPattern.FindStringSubmatchIndex(n.Value); m != nil {
			what := ""
			for i, f := range secretForms() {
				if m[2*i+2] >= 0 {
					what = f.what
				}
			}
			at := r.file.Position(n, len([]rune(n.Value[:m[0]])))
			r.problems = append(r.problems, document.Problem{
				File: r.file.Name, Line: at.Line, Column: at.Column, Message: "this is " + what + ", and a rule must not hold one",
				Hint: "Put it into an account in the config, as \"${env:NAME}\", and change the secret: it has been in a file.",
			})
		}
	}
	for _, c := range n.Content {
		r.secrets(c)
	}
}
