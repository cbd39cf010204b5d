package rules

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
)

// account finds the account that a step goes through.
func (r *reader) account(rule *Rule, n, key *yaml.Node, kind *actions.Kind) string {
	_, named := document.Find(n, "account")
	at, name := key, kind.Name
	if named != nil {
		if named.Kind != yaml.ScalarNode || named.Value == "" {
			r.wrong(named, "account wants the name of an account in the config", "")
			return ""
		}
		at, name = named, named.Value
	}
	outlet, ok := r.world.Accounts[name]
	if r.pinned {
		if !ok && named == nil && kind.NoAccount {
			return ""
		}
		return name
	}
	fitting := r.accountsFor(kind.Name)
	switch {
	case !ok && named == nil && kind.NoAccount:
		return ""
	case !ok && named == nil:
		hint := fmt.Sprintf("Add one named %q to accounts: in the config.", kind.Name)
		if len(fitting) > 0 {
			hint = fmt.Sprintf("Name one with account: %s.", enumerateOr(fitting))
		}
		r.wrong(at, fmt.Sprintf("%s needs an account, and there is none named %q", kind.Name, kind.Name), hint)
	case !ok:
		hint := document.DidYouMean(name, fitting)
		if hint == "" {
			hint = "For " + kind.Name + " the config has " + orNone(fitting) + "."
		}
		r.wrong(at, fmt.Sprintf("there is no account %q", name), hint)
	case outlet.Kind != kind.Name:
		r.wrong(at, fmt.Sprintf("the account %q is for %s, not for %s", name, outlet.Kind, kind.Name), "For "+kind.Name+" the config has "+orNone(fitting)+".")
	case len(outlet.Stores) > 0:
		r.allowed(rule, at, name, outlet)
	}
	return name
}

func (r *reader) accountsFor(kind string) []string {
	var names []string
	for name, a := range r.world.Accounts {
		if a.Kind == kind {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// allowed makes sure that every store of the rule may use an account that is not for all.
func (r *reader) allowed(rule *Rule, at *yaml.Node, name string, outlet Outlet) {
	only := enumerate(outlet.Stores)
	if len(rule.stores) == 0 {
		r.wrong(at, fmt.Sprintf("the account %q is for %s %s only, and this rule is for every store", name, plural(len(outlet.Stores), "store", "stores"), only),
			fmt.Sprintf("Add \"store: [%s]\" to the rule.", strings.Join(outlet.Stores, ", ")))
		return
	}
	for _, s := range rule.stores {
		if !slices.Contains(outlet.Stores, s) {
			r.wrong(at, fmt.Sprintf("the store %s may not use the account %q", s, name), fmt.Sprintf("It is for %s %s.", plural(len(outlet.Stores), "store", "stores"), only))
		}
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
