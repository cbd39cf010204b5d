package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
)

// A thing is something of the operator's that a step names. It comes and goes beside the rule files.
type thing struct{ sort, name string }

// has tells whether a thing is there. Where nobody knows, it is.
func (w World) has(t thing) bool { return w.Things == nil || slices.Contains(w.Things(t.sort), t.name) }

// still tells whether things are there, or not there, as they were.
func (w World) still(things map[thing]bool) bool {
	for t, there := range things {
		if w.has(t) != there {
			return false
		}
	}
	return true
}

// remembered asks for each sort of thing once, so that all rules of a load see the same.
func remembered(things func(string) []string) func(string) []string {
	var mu sync.Mutex
	known := map[string][]string{}
	return func(sort string) []string {
		mu.Lock()
		defer mu.Unlock()
		names, ok := known[sort]
		if !ok {
			names = things(sort)
			known[sort] = names
		}
		return names
	}
}

// named makes sure that the things which a step names are there.
func (r *reader) named(key, n *yaml.Node, value any, k *actions.Kind) {
	if k.Names == nil || r.world.Things == nil {
		return
	}
	for _, name := range namesIn(k, value) {
		t := thing{name.Sort, name.Name}
		r.things[t] = r.world.has(t)
		if r.things[t] {
			continue
		}
		at := document.Locate(n, []string{name.Param}, false)
		if at == n {
			at = key
		}
		hint := document.DidYouMean(t.name, r.world.Things(t.sort))
		if hint == "" {
			hint = name.Hint
		}
		r.wrong(at, fmt.Sprintf("there is no %s %q", t.sort, t.name), hint)
	}
}

// namesIn gives the things that parameters name, as far as these are known.
func namesIn(k *actions.Kind, value any) []actions.Name {
	text, err := json.Marshal(value)
	if err != nil {
		return nil
	}
	return k.Names(text)
}
