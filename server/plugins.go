package server

import (
	"slices"

	"shopbell/actions"
	"shopbell/document"
)

// PluginForm is how a plugin is.
type PluginForm struct {
	Name     string             `json:"name"`
	Revision string             `json:"revision"` // of its files as they are
	InUse    bool               `json:"in_use"`   // some version of it is: an earlier one when there are problems
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
		return PluginForm{p.Name, p.Revision, p.Kind != nil, append([]document.Problem{}, p.Problems...)}
	}).Items
}
