package standard_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/actions/standard"
	"shopbell/shape"
)

// TestHolesArePassedOver holds that an action finds no fault with a text that is not known yet, be all of it a hole or a part: whoever
// looks at parameters when rules are loaded would else refuse good rules.
func TestHolesArePassedOver(t *testing.T) {
	for _, k := range standard.Kinds() {
		steps := []string{k.Example}
		for _, block := range yamlBlocks.FindAllStringSubmatch(k.Doc, -1) {
			steps = append(steps, block[1])
		}
		tried := 0
		for _, step := range steps {
			for _, params := range stepsOf(t, step, k.Name) {
				for _, hole := range []string{"{{ event.id }}", "a {{ event.id }} b"} {
					for i := range texts(params, -1, hole) {
						holed := clone(t, params)
						texts(holed, i, hole)
						if len(k.Params.CheckWithHoles(holed, holesOf)) > 0 || namesAnything(k, holed) {
							continue // a hole is not allowed there
						}
						text, err := json.Marshal(holed)
						if err != nil {
							t.Fatal(err)
						}
						tried++
						if err := k.Check(text); err != nil {
							t.Errorf("%s: %s: %v", k.Name, text, err)
						}
					}
				}
			}
		}
		if tried == 0 && strings.Contains(k.Example, `"`) {
			t.Errorf("%s: nothing was tried", k.Name)
		}
	}
}

// namesAnything tells whether a hole stands where rules allow none, for it would be a name.
func namesAnything(k *actions.Kind, params map[string]any) bool {
	return slices.ContainsFunc(k.Params.Fields(), func(f shape.Field) bool {
		text, err := json.Marshal(params[f.Name])
		_, object := params[f.Name].(map[string]any)
		return err == nil && !object && actions.Landing(f.Lands) == actions.Literal && strings.Contains(string(text), "{{")
	})
}

func holesOf(s string) shape.Hole {
	switch {
	case !strings.Contains(s, "{{"):
		return shape.NoHole
	case strings.HasPrefix(s, "{{") && strings.HasSuffix(s, "}}"):
		return shape.WholeHole
	}
	return shape.SomeHole
}

// stepsOf gives the parameters of each step of an action in YAML, at any depth.
func stepsOf(t *testing.T, text, action string) (found []map[string]any) {
	var all any
	if err := yaml.Unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	var walk func(any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			if params, ok := v[action].(map[string]any); ok && v["kind"] == nil && params["kind"] == nil {
				found = append(found, params)
				return
			}
			for _, item := range v {
				walk(item)
			}
		}
	}
	walk(all)
	return found
}

func clone(t *testing.T, params map[string]any) (same map[string]any) {
	text, err := json.Marshal(params)
	if err == nil {
		err = json.Unmarshal(text, &same)
	}
	if err != nil {
		t.Fatal(err)
	}
	return same
}

// texts counts the texts inside a value, and puts another in place of the one at a place.
func texts(v any, place int, text string) (n int) {
	put := func(old any, set func()) {
		if _, ok := old.(string); ok {
			if n == place {
				set()
			}
			n++
			return
		}
		n += texts(old, place-n, text)
	}
	switch v := v.(type) {
	case []any:
		for i := range v {
			put(v[i], func() { v[i] = text })
		}
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			put(v[name], func() { v[name] = text })
		}
	}
	return n
}
