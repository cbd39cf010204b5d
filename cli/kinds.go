package cli

import (
	"shopbell/actions/standard"
	"shopbell/config"
	"shopbell/sources"
	"shopbell/sources/cloudcart"
	"shopbell/sources/ecwid"
	"shopbell/sources/openconnectors"
	"shopbell/sources/signed"
)

// kinds lists everything that a config may name. A new platform is one line here.
func kinds() config.Kinds {
	return config.Kinds{
		Sources: []*sources.Kind{ecwid.Kind(), cloudcart.Kind(), openconnectors.Kind(), signed.Kind()},
		Actions: standard.Kinds(),
	}
}
