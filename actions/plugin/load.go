package plugin

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"shopbell/actions"
	"shopbell/document"
)

// A Set is the plugins of one folder, at one time. It is read-only.
type Set struct {
	dir    string
	byName map[string]*Plugin // in use
	states []State            // by name
}

// Load reads all plugins of a folder; there are none when it is not there. A plugin that is broken stays as it is in the set before,
// which may be nil; one whose action.yaml is as it was stays the same, with its program started anew when its files changed. Taken are
// kinds whose names no plugin may have.
func Load(dir string, before *Set, taken []*actions.Kind) *Set {
	s := &Set{dir: dir, byName: map[string]*Plugin{}}
	if before == nil {
		before = &Set{}
	}
	root, err := filepath.Abs(dir)
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return s
	}
	entries, rerr := os.ReadDir(dir)
	if err = errors.Join(err, rerr); err != nil {
		// That a folder cannot be read now says nothing of what is in it.
		return &Set{dir: dir, byName: before.byName, states: append(slices.Clone(before.states), State{Name: "", Problems: []document.Problem{{File: dir, Message: "the folder of plugins cannot be read: " + reason(rerr)}}})}
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if info, err := os.Stat(path); err != nil || !info.IsDir() {
			continue
		}
		s.add(root, e.Name(), before, taken)
	}
	return s
}

// add reads one plugin.
func (s *Set) add(root, name string, before *Set, taken []*actions.Kind) {
	state := State{Name: name}
	was := before.byName[name]
	now, problems := read(root, s.dir, name, taken, was, &state)
	state.Problems = problems
	if now == nil {
		now = was
	}
	if now != nil {
		state.InUse, state.Summary = true, now.Kind.Summary
		s.byName[name] = now
		if now == was && before.state(name).Revision != state.Revision {
			now.way.renew()
		}
	}
	s.states = append(s.states, state)
}

// read reads one plugin; nil when there is a problem.
func read(root, dir, name string, taken []*actions.Kind, was *Plugin, state *State) (*Plugin, []document.Problem) {
	path := filepath.Join(dir, name, manifestName)
	whole := func(at, message, hint string) []document.Problem {
		return []document.Problem{{File: at, Message: message, Hint: hint}}
	}
	folder, err := inside(root, filepath.Join(root, name))
	if err != nil {
		return nil, whole(filepath.Join(dir, name), err.Error(), "Put the plugin itself there.")
	}
	sum, problems := look(folder, filepath.Join(dir, name))
	state.Revision = revision(sum)
	if len(problems) > 0 {
		return nil, problems
	}
	text, err := os.ReadFile(filepath.Join(folder, manifestName))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, whole(path, "the file is not there", "Every plugin has one. Write a whole plugin with: shopbell plugin new NAME")
	case err != nil:
		return nil, whole(path, "the file cannot be read: "+reason(err), "")
	}
	if slices.ContainsFunc(taken, func(k *actions.Kind) bool { return k.Name == name }) {
		return nil, whole(path, fmt.Sprintf("there is an action %q already, which comes with Shopbell", name), "Choose another name.")
	}
	d, problems := parse(path, name, text)
	if d == nil {
		return nil, problems
	}
	if len(d.manifest.Run) > 0 {
		if p, wrong := runnable(d, folder, path); wrong {
			return nil, append(problems, p)
		}
	}
	if was != nil && bytes.Equal(was.text, text) && was.dir == folder {
		return was, problems
	}
	return assemble(d, folder, text), problems
}

// assemble makes a plugin of what it declares.
func assemble(d *declared, folder string, text []byte) *Plugin {
	m := d.manifest
	hidden := new(veil)
	p := &Plugin{Name: m.Name, Rate: m.rate(), Concurrency: m.atOnce(), dir: folder, text: text, manifest: m,
		desk: &desk{name: m.Name, declared: d, slots: make(chan struct{}, m.atOnce()), secrets: hidden}}
	g := &program{name: m.Name, dir: folder, argv: m.Run, pin: m.SHA256, veil: hidden}
	switch {
	case m.URL != "":
		u, _ := serviceURL(m.URL) // it was read before
		p.way = &service{name: m.Name, url: u}
	case m.Mode == "lines":
		p.way = &lines{program: g}
	default:
		p.way = &once{program: g}
	}
	p.Kind = p.kind(d)
	return p
}

// InUse lists the plugins that can be used, by name.
func (s *Set) InUse() []*Plugin {
	var all []*Plugin
	for _, state := range s.states {
		if p := s.byName[state.Name]; p != nil {
			all = append(all, p)
		}
	}
	return all
}

// Kinds lists their kinds of action.
func (s *Set) Kinds() []*actions.Kind {
	var all []*actions.Kind
	for _, p := range s.InUse() {
		all = append(all, p.Kind)
	}
	return all
}

// Find gives the plugin of a name; nil when none can be used.
func (s *Set) Find(name string) *Plugin { return s.byName[name] }

// States lists how each folder does, by name.
func (s *Set) States() []State { return s.states }

func (s *Set) state(name string) State {
	for _, state := range s.states {
		if state.Name == name {
			return state
		}
	}
	return State{}
}

// Problems lists what is wrong with the files as they are, and what is likely wrong.
func (s *Set) Problems() []document.Problem {
	var all []document.Problem
	for _, state := range s.states {
		all = append(all, state.Problems...)
	}
	return document.Sort(all)
}

// Same tells whether two sets come of the same files, with the same problems.
func (s *Set) Same(o *Set) bool {
	return slices.EqualFunc(s.states, o.states, func(a, b State) bool {
		return a.Name == b.Name && a.Revision == b.Revision && slices.Equal(a.Problems, b.Problems)
	})
}

// Close ends what runs of this set and not of the next one, which may be nil, after what is under way has come to its end.
func (s *Set) Close(next *Set) {
	for name, p := range s.byName {
		if next == nil || next.byName[name] != p {
			p.way.close()
		}
	}
}

// stampless are folders that say nothing of what a plugin is.
func stampless(name string) bool {
	return strings.HasPrefix(name, ".") || name == "__pycache__"
}

// sumOf is what stands for a set of files.
type sumOf = [sha256.Size]byte
