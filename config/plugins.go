package config

import (
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/actions/plugin"
)

// plugins reads the folder of plugins, whose kinds an account may be of.
func (r *reader) plugins() {
	load := r.kinds.Plugins
	if load == nil {
		load = func(dir string) *plugin.Set { return plugin.Load(dir, nil, r.kinds.Actions) }
	}
	r.config.Plugged = load(r.config.Plugins)
	r.kinds.Actions = append(slices.Clone(r.kinds.Actions), r.config.Plugged.Kinds()...)
	r.config.Kinds = r.kinds.Actions
}

// broken tells whether the kind of an account is a plugin that cannot be used. The others are not to wait for it.
func (r *reader) broken(n *yaml.Node) bool {
	for _, s := range r.config.Plugged.States() {
		if s.Name == n.Value && !s.InUse {
			r.warn(n, fmt.Sprintf("the plugin %q is broken, so this account is left out", n.Value), "Mend it: shopbell plugin list tells what is wrong.")
			return true
		}
	}
	return false
}

// With gives a copy of a config with other accounts, kinds of action and plugins.
func (c *Config) With(accounts []Account, kinds []*actions.Kind, plugged *plugin.Set) *Config {
	out := *c
	out.Accounts, out.Kinds, out.Plugged = accounts, kinds, plugged
	return &out
}
