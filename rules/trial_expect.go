package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/document"
	"shopbell/shape"
)

func expectKeys() []string { return []string{"rule", "item", "mode"} }

// expectations reads what a test wants to happen.
func (t *trialReader) expectations(one *Trial, n *yaml.Node) {
	switch {
	case n.Kind == yaml.ScalarNode && n.Value == "none":
		return
	case n.Kind == yaml.ScalarNode && t.world.Actions[n.Value] == nil:
		t.fault("test-form", n, "expect wants none, or a list of what happens", "Write each as \"- slack: { channel: …, text: … }\".")
		return
	case len(listOrOne(n)) > maxExpected:
		t.fault("test-form", n, fmt.Sprintf("a test may expect %d steps; this one expects more", maxExpected), "")
		return
	}
	for _, item := range listOrOne(n) {
		item = document.Resolve(item)
		switch {
		case item.Kind == yaml.ScalarNode && t.world.Actions[item.Value] != nil:
			one.expect = append(one.expect, expectation{place: t.place(item), node: item, action: item.Value})
		case item.Kind == yaml.ScalarNode && item.Tag != "!!null":
			t.unknownAction(item)
		case item.Kind != yaml.MappingNode:
			t.fault("test-form", item, "what is expected is an action, with its parameters", "Write it as \"- slack: { channel: …, text: … }\".")
		default:
			t.expectation(one, item)
		}
	}
}

func (t *trialReader) expectation(one *Trial, n *yaml.Node) {
	e := expectation{place: t.place(n), node: n}
	var action *yaml.Node
	unknown := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], document.Resolve(n.Content[i+1])
		switch {
		case key.Value == "rule":
			t.ruleOf(&e, value)
		case key.Value == "item":
			e.hasItem, e.item = true, document.Value(value)
			t.patterns(value)
		case key.Value == "mode":
			if e.mode = Mode(value.Value); !slices.Contains([]Mode{Live, Shadow, Redirect}, e.mode) {
				t.fault("test-form", value, "mode is live, shadow or redirect here", document.DidYouMean(value.Value, []string{"live", "shadow", "redirect"}))
			}
		case t.world.Actions[key.Value] == nil:
			unknown = true
			t.unknownAction(key)
		case action != nil:
			t.fault("test-form", key, fmt.Sprintf("this has two actions, %s and %s", action.Value, key.Value), "Begin another one with \"- \".")
		default:
			action, e.action = key, key.Value
			t.params(&e, value)
		}
	}
	if action == nil {
		if !unknown {
			t.fault("test-form", n, "this names no action", "Actions are "+orNone(slices.Sorted(mapsKeys(t.world.Actions)))+".")
		}
		return
	}
	if e.rule != "" && len(e.rules) > 0 && !slices.ContainsFunc(e.rules, func(r *Rule) bool { return r.does(e.action) }) {
		t.fault("test-expect", action, fmt.Sprintf("the rule %s has no step %s", e.rule, e.action), "")
	}
	one.expect = append(one.expect, e)
}

// does tells whether some step of a rule is of an action.
func (r *Rule) does(action string) bool {
	return slices.ContainsFunc(slices.Concat(r.Steps, r.Else), func(s Step) bool { return s.Action == action })
}

func (t *trialReader) unknownAction(n *yaml.Node) {
	names := slices.Sorted(mapsKeys(t.world.Actions))
	hint := document.DidYouMean(n.Value, slices.Concat(names, expectKeys()))
	if hint == "" {
		hint = "Actions are " + orNone(names) + "."
	}
	t.fault("unknown-action", n, fmt.Sprintf("unknown action %q", n.Value), hint)
}

// ruleOf finds the rule that an expectation names: by its id, or by its name among the rules of the directory and the top.
func (t *trialReader) ruleOf(e *expectation, n *yaml.Node) {
	e.rule = n.Value
	var names []string
	for _, r := range t.visible {
		names = append(names, r.Name)
		if r.ID() == n.Value || r.Name == n.Value {
			e.rules = append(e.rules, r)
		}
	}
	if len(e.rules) == 0 && !t.blind {
		hint := document.DidYouMean(n.Value, names)
		if hint == "" && len(names) <= 10 {
			hint = "There is " + orNone(names) + "."
		}
		t.fault("unknown-rule", n, fmt.Sprintf("unknown rule %q", n.Value), hint)
	}
}

// params reads the parameters that an expectation compares.
func (t *trialReader) params(e *expectation, n *yaml.Node) {
	if n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		t.fault("test-form", n, fmt.Sprintf("%s wants a group of parameters", e.action), "")
		return
	}
	t.known(e.action, n, t.world.Actions[e.action].Params, nil)
	t.patterns(n)
	e.params, _ = document.Value(n).(map[string]any)
}

// known tells of parameters that the action does not have.
func (t *trialReader) known(action string, n *yaml.Node, s *shape.Shape, path []string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], document.Resolve(n.Content[i+1])
		at := append(slices.Clone(path), key.Value)
		if _, ok := s.Lookup(at); !ok {
			owner, _ := s.Lookup(path)
			var names []string
			for _, f := range owner.Fields {
				names = append(names, f.Name)
			}
			hint := document.DidYouMean(key.Value, names)
			if hint == "" && len(names) > 0 {
				hint = "There is " + enumerate(names) + "."
			}
			t.fault("parameter", key, fmt.Sprintf("%s has no parameter %q", strings.Join(append([]string{action}, path...), "."), key.Value), hint)
			continue
		}
		if value.Kind == yaml.MappingNode {
			t.known(action, value, s, at)
		}
	}
}

// patterns tells of texts between slashes that are no regular expressions.
func (t *trialReader) patterns(n *yaml.Node) {
	if n = document.Resolve(n); n.Kind == yaml.ScalarNode {
		t.pattern(n)
		return
	}
	for i, c := range n.Content {
		if n.Kind == yaml.SequenceNode || i%2 == 1 {
			t.patterns(c)
		}
	}
}

func (t *trialReader) pattern(n *yaml.Node) {
	if text, ok := slashed(n.Value); ok && n.Tag == "!!str" {
		if _, err := regexp.Compile(text); err != nil {
			t.fault("test-pattern", n, "the text between the slashes is no regular expression", "To compare with the text itself, put a \\ before what means something special.")
		}
	}
}

// slashed gives what stands between the slashes of /…/.
func slashed(text string) (string, bool) {
	if len(text) < 3 || text[0] != '/' || text[len(text)-1] != '/' {
		return "", false
	}
	return text[1 : len(text)-1], true
}

// A mismatch is a place where what happened is not what was expected. nil on a side means that there is nothing.
type mismatch struct {
	path      []string
	want, got any
}

// mismatches holds a value against what is expected of it. Of an object only the keys that are expected are compared,
// unless whole is set; lists are compared whole.
func mismatches(want, got any, whole bool, path []string) []mismatch {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			break
		}
		var found []mismatch
		for _, key := range slices.Sorted(mapsKeys(want)) {
			at := append(slices.Clone(path), key)
			if value, there := object[key]; there || want[key] == nil {
				found = append(found, mismatches(want[key], value, whole, at)...)
			} else {
				found = append(found, mismatch{at, want[key], nil})
			}
		}
		for _, key := range slices.Sorted(mapsKeys(object)) {
			if _, expected := want[key]; !expected && whole {
				found = append(found, mismatch{append(slices.Clone(path), key), nil, object[key]})
			}
		}
		return found
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			break
		}
		for i := range want {
			if len(mismatches(want[i], list[i], true, nil)) > 0 {
				return []mismatch{{path, want, got}}
			}
		}
		return nil
	case string:
		if text, ok := got.(string); ok && fitsText(want, text) {
			return nil
		}
	default:
		if want == got || sameNumber(want, got) {
			return nil
		}
	}
	return []mismatch{{path, want, got}}
}

func sameNumber(a, b any) bool {
	x, ok := number64(a)
	y, also := number64(b)
	return ok && also && x == y
}

func number64(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case int64:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// fitsText tells whether a text is the one expected, or what a pattern between slashes asks for.
func fitsText(want, got string) bool {
	if want == got {
		return true
	}
	pattern, ok := slashed(want)
	if !ok {
		return false
	}
	r, err := regexp.Compile(pattern)
	return err == nil && r.MatchString(got)
}
