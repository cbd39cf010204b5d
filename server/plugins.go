package server

import (
	"slices"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/engine"
)

// PluginForm is how a plugin is.
type PluginForm struct {
	Name     string             `json:"name"`
	Revision string             `json:"revision"`       // of its files as they are
	InUse    bool               `json:"in_use"`         // some version of it is: an earlier one when there are problems
	Mode     string             `json:"mode,omitempty"` // once, lines or url; "" when no version of it is in use
	Pinned   bool               `json:"pinned"`         // to a hash of its program
	Problems []document.Problem `json:"problems"`
}

func (s *Server) plugins() []Plugin {
	if s.Plugins == nil {
		return nil
	}
	return s.Plugins()
}

// allActions lists the kinds of action, those of plugins too.
func (s *Server) allActions() []*actions.Kind {
	all := slices.Clone(s.Actions)
	for _, p := range s.plugins() {
		if p.Kind != nil {
			all = append(all, p.Kind)
		}
	}
	return all
}

func (s *Server) pluginForms() []PluginForm {
	return listed(s.plugins(), 0, nil, func(p Plugin) PluginForm {
		return PluginForm{p.Name, p.Revision, p.Kind != nil, p.Mode, p.Pinned, append([]document.Problem{}, p.Problems...)}
	}).Items
}

// pluginRow is a plugin as the page of health shows it.
type pluginRow struct {
	Plugin
	Runs    string // how it is reached, for people
	State   mark
	Trouble []document.Problem // warnings are not among them
}

func (s *Server) pluginRows() []pluginRow {
	return listed(s.plugins(), 0, nil, func(p Plugin) pluginRow {
		row := pluginRow{Plugin: p, State: mark{"in use", "good"}}
		row.Trouble, _ = document.Split(p.Problems)
		switch {
		case len(row.Trouble) > 0 && p.Kind != nil:
			row.State = mark{"an earlier version is in use", "warn"}
		case p.Kind == nil:
			row.State = mark{"broken", "bad"}
		}
		switch p.Mode {
		case "once":
			row.Runs = "a program, run for each step"
		case "lines":
			row.Runs = "a program that is kept running"
		case "url":
			row.Runs = "a service"
		}
		return row
	}).Items
}

// accounts lists the accounts as they are now: those of the config, and kinds that need none, once something went through them.
func (s *Server) accounts(h engine.Health) []Account {
	var list []Account
	if s.Accounts != nil {
		list = slices.Clone(s.Accounts())
	}
	given := map[string]bool{}
	for _, a := range list {
		given[a.Name] = true
	}
	for _, k := range s.allActions() {
		if _, used := h.Accounts[k.Name]; used && k.NoAccount && !given[k.Name] {
			list = append(list, Account{Name: k.Name, Kind: k.Name})
		}
	}
	return list
}
