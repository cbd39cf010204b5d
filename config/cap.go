package config

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/document"
	"shopbell/shape"
)

// A Cap bounds how many messages one person gets of a store within a day; the zero value is none.
type Cap struct {
	PerDay int
	Except []string // addresses, and domains with an @ before them
}

// maxBudget is the most that an account's budget may be. What needs more needs none.
const maxBudget = 1_000_000

// cap reads how many messages a person gets. That the values fit the declaration has been told by then.
func (r *reader) cap(root *yaml.Node) (c Cap) {
	_, n := document.Find(root, "recipients")
	if n == nil {
		return c
	}
	if _, per := document.Find(n, "per_day"); per != nil && !r.exp.failed[per] {
		c.PerDay, _ = document.Value(per).(int)
	}
	_, except := document.Find(n, "except")
	if except == nil || except.Kind != yaml.SequenceNode {
		return c
	}
	for _, x := range except.Content {
		if !isText(x) || r.exp.failed[x] {
			continue
		}
		if address := strings.TrimSpace(x.Value); strings.HasPrefix(address, "+") || strings.Contains(address, "@") {
			c.Except = append(c.Except, address)
			continue
		}
		r.problem(x, fmt.Sprintf("%q is not an address", x.Value), "Write owner@example.com, @example.com for a whole domain, or a number such as +31612345678.")
	}
	if c.PerDay == 0 {
		r.warn(except, "except without per_day does nothing", "Say per_day: 10, or leave it out.")
	}
	return c
}

// budget reads how much of an account each store may use up on a day; 0 when it does not say.
func (r *reader) budget(account *yaml.Node) int {
	k, n := document.Find(account, "budget")
	if k == nil || r.exp.failed[n] {
		return 0
	}
	r.exp.retype(n, &shape.Field{Type: "number"})
	count, ok := document.Value(n).(int)
	if ok && count >= 1 && count <= maxBudget {
		return count
	}
	hint := "Write how many messages each store may send on a day, or leave the key out."
	if isText(n) && onlyHow.MatchString(n.Value) {
		hint = "Write it without quotes."
	}
	r.problem(n, fmt.Sprintf("want a whole number from 1 to %d", maxBudget), hint)
	return 0
}
