// Package plugin makes kinds of action of what operators put into a folder, in any language:
//
//	set := plugin.Load("plugins", nil, standard.Kinds())
//	for _, p := range set.InUse() {
//		outlet, err := p.Kind.Open(env, account)   // and then it is an action like any other
//	}
//	set = plugin.Load("plugins", set, standard.Kinds())  // after a change: what is broken now stays as it was
//
// Each has a folder with an action.yaml, and is a program that is run once for each step (one JSON on its standard input, one
// on its standard output), a program that is kept running (one JSON a line), or a service that is asked over HTTP. The protocol
// is in docs/plugins.md, its schemas are [Schema].
//
// A plugin gets what its step needs and nothing else: no event, no environment, no secret that it does not name. Whatever it
// does, it costs one failed try. It is no sandbox: a plugin can do what the user of this program can.
package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"

	"shopbell/actions"
	"shopbell/document"
)

// Protocol is the version of what is said to plugins and by them.
const Protocol = 1

// manifestName is the file that declares a plugin.
const manifestName = "action.yaml"

// A Plugin is one that can be used. It is safe for use by many goroutines at once.
type Plugin struct {
	Name string
	Kind *actions.Kind
	// Rate is how many calls a second go through each account of it, and Concurrency how many calls of it there are at once; a Rate
	// of 0 means no limit.
	Rate        float64
	Concurrency int

	dir      string
	text     []byte // of action.yaml
	manifest *Manifest
	way      way
	desk     *desk
}

// Mode tells how it is reached: "once" for a program that is run for each request, "lines" for one that is kept running, "url" for a
// service.
func (p *Plugin) Mode() string {
	switch {
	case p.manifest.URL != "":
		return "url"
	case p.manifest.Mode != "":
		return p.manifest.Mode
	}
	return "once"
}

// Pinned tells whether no other program than the one of a hash is run.
func (p *Plugin) Pinned() bool { return p.manifest.SHA256 != "" }

// A way carries one request to a plugin and gives what came back. Its errors are of the classes of package actions.
type way interface {
	exchange(trip) ([]byte, error)
	// renew has the next request meet the files as they are now.
	renew()
	// close ends what runs, after what is under way.
	close()
}

// A State is how one folder of plugins does.
type State struct {
	Name    string
	Summary string // "" while no version of it could be used
	// Revision is a hash over the plugin's files as they were read last, 16 hex digits.
	Revision string
	InUse    bool               // some version of it is: this one, or an earlier one when there are problems
	Problems []document.Problem // of its files as they are; warnings too
}

// Broken tells whether the files as they are cannot be used.
func (s State) Broken() bool {
	stop, _ := document.Split(s.Problems)
	return len(stop) > 0
}

// revision gives what stands for the content of files.
func revision(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:8]) }

// DryRun tells whether the plugin says that it can do everything but the effect.
func (p *Plugin) DryRun() bool { return p.manifest.DryRun }

// File gives the path of the file that declares the plugin.
func (p *Plugin) File() string { return filepath.Join(p.dir, manifestName) }
