package cli

import (
	"shopbell/actions/standard"
	"shopbell/config"
	"shopbell/sources"
	"shopbell/sources/ecwid"
)

// kinds lists everything that a config may name. A new platform is one line here.
func kinds() config.Kinds {
	return config.Kinds{
		Sources: []*sources.Kind{ecwid.Kind()},
		Actions: standard.Kinds(),
	}
}
