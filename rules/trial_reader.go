package rules

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
)

// The bounds of tests.
const (
	maxGiven    = 100 // events of one test
	maxExpected = 200 // effects of one test
)

// A trialReader reads the tests of one file.
type trialReader struct {
	*reader
	suite   *Suite
	visible []*Rule        // those that a test in this directory sees
	blind   bool           // some of them are broken, so that nobody knows what they are
	names   map[string]int // of the tests of the file, with their lines
	trials  []*Trial
}

// fault keeps a problem whose ID is known.
func (t *trialReader) fault(id string, n *yaml.Node, message, hint string) {
	t.wrong(n, message, hint)
	t.problems[len(t.problems)-1].ID = id
}

// settle finds the rules that the tests of a directory see.
func (t *trialReader) settle(directory string) {
	for _, d := range t.suite.set.directories {
		if d.Name == "" || d.Name == directory {
			t.blind = t.blind || d.Broken
			t.visible = append(t.visible, t.suite.set.loaded[d.Name]...)
		}
	}
}

func (t *trialReader) place(n *yaml.Node) Place { return Place{t.file.Name, n.Line, n.Column} }

func (t *trialReader) list(n *yaml.Node) {
	n = document.Resolve(n)
	if n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.SequenceNode {
		t.fault("test-form", n, "tests: wants a list", "Begin each test with \"- name: …\".")
		return
	}
	for _, item := range n.Content {
		if len(t.problems) > maxProblems {
			return
		}
		t.trial(document.Resolve(item), n.Style&yaml.FlowStyle != 0)
	}
}

func trialKeys() []string {
	return []string{"name", "given", "answers", "expect", "errors", "partial", "exact"}
}

// fields gives the values of a group's keys, and tells of those that it cannot have.
func (t *trialReader) fields(n *yaml.Node, known []string) map[string]*yaml.Node {
	found := map[string]*yaml.Node{}
	t.meant = map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if !slices.Contains(known, key.Value) {
			if near, ok := document.Nearest(key.Value, known); ok {
				t.meant[near] = true
			}
			hint := document.DidYouMean(key.Value, known)
			if hint == "" {
				hint = "There is " + enumerate(known) + "."
			}
			t.fault("unknown-key", key, fmt.Sprintf("unknown key %q", key.Value), hint)
			continue
		}
		if found[key.Value] == nil {
			found[key.Value] = document.Resolve(n.Content[i+1])
		}
	}
	return found
}

func (t *trialReader) trial(n *yaml.Node, inFlow bool) {
	if n.Kind != yaml.MappingNode {
		t.fault("test-form", n, "a test is a group of keys", "Begin it with \"- name: …\".")
		return
	}
	fields := t.fields(n, trialKeys())
	one := &Trial{Directory: t.directory, Place: t.place(n), file: t.file, node: n, inFlow: inFlow || n.Style&yaml.FlowStyle != 0}
	one.below = slices.ContainsFunc(t.visible, func(r *Rule) bool { return r.File == one.Place.File })
	for _, needed := range [][2]string{
		{"name", "Say what the test shows, such as \"name: small orders ring no bell\"."},
		{"given", "Say what happens, such as \"given: { event: order.created, entity: { id: A1, total: 250 } }\"."},
		{"expect", "Say what the rules do then, or \"expect: none\"."},
	} {
		if key := needed[0]; fields[key] == nil && (key != "expect" || fields["errors"] == nil) {
			t.lacks(n, key, needed[1])
		}
	}
	t.name(one, fields["name"])
	one.partial, one.exact = t.flag(fields["partial"], "partial"), t.flag(fields["exact"], "exact")
	if given := fields["given"]; given != nil {
		t.given(one, given)
	}
	t.answers(one, fields["answers"])
	if one.key, one.value = document.Find(n, "expect"); one.value != nil {
		t.expectations(one, fields["expect"])
	}
	if errors := fields["errors"]; errors != nil {
		for _, item := range listOrOne(errors) {
			if item = document.Resolve(item); item.Kind != yaml.ScalarNode || item.Tag == "!!null" || item.Value == "" {
				t.fault("test-form", item, "errors wants a part of the words of each error, as text", "")
				continue
			}
			t.pattern(item)
			one.errors = append(one.errors, said{t.place(item), item.Value})
		}
	}
	t.trials = append(t.trials, one)
}

func (t *trialReader) name(one *Trial, name *yaml.Node) {
	switch {
	case name == nil:
	case name.Kind != yaml.ScalarNode || name.Tag == "!!null" || strings.TrimSpace(name.Value) == "":
		t.fault("test-form", name, "the name of a test is text", "")
	case t.names[name.Value] > 0:
		t.fault("test-name", name, fmt.Sprintf("a test named %q exists already", name.Value), fmt.Sprintf("It is in line %d of this file.", t.names[name.Value]))
	default:
		one.Name = name.Value
		t.names[name.Value] = name.Line
	}
}

func (t *trialReader) flag(n *yaml.Node, key string) bool {
	if n == nil {
		return false
	}
	on, ok := document.Value(n).(bool)
	if !ok {
		t.fault("test-form", n, key+" is true or false", "")
	}
	return on
}

// answers reads the results of actions that are replaced.
func (t *trialReader) answers(one *Trial, n *yaml.Node) {
	if n == nil || n.Tag == "!!null" {
		return
	}
	if n.Kind != yaml.MappingNode {
		t.fault("test-form", n, "answers wants a group of results", "Write each as \"id: { … }\", by the id of a step or the name of an action.")
		return
	}
	one.answers = map[string]map[string]any{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], document.Resolve(n.Content[i+1])
		kinds, ids := t.answering(key.Value)
		switch {
		case len(kinds) == 0 && !t.blind:
			hint := document.DidYouMean(key.Value, append(ids, slices.Sorted(mapsKeys(t.world.Actions))...))
			t.fault("test-answer", key, fmt.Sprintf("no step has the id %q, and no action this name", key.Value), hint)
		case value.Kind != yaml.MappingNode:
			t.fault("test-answer", value, "an answer is a group of what the action leaves", "")
		default:
			one.answers[key.Value], _ = document.Value(value).(map[string]any)
			t.answer(key, value, kinds)
		}
	}
}

// answering finds the kinds of action that a key of answers is for, and lists the ids of steps that there are.
func (t *trialReader) answering(name string) (kinds []*actions.Kind, ids []string) {
	if k := t.world.Actions[name]; k != nil {
		kinds = append(kinds, k)
	}
	for _, r := range t.visible {
		for _, s := range slices.Concat(r.Steps, r.Else) {
			if s.ID == "" {
				continue
			}
			ids = append(ids, s.ID)
			if k := t.world.Actions[s.Action]; s.ID == name && k != nil {
				kinds = append(kinds, k)
			}
		}
	}
	return kinds, ids
}

// answer holds what an answer says against what the actions leave.
func (t *trialReader) answer(key, value *yaml.Node, kinds []*actions.Kind) {
	var names []string
	for _, k := range kinds {
		if k.Result != nil {
			for _, f := range k.Result.Fields() {
				names = append(names, f.Name)
			}
		}
	}
	if len(names) == 0 && len(kinds) > 0 {
		t.fault("test-answer", key, fmt.Sprintf("%s leaves nothing for later steps", kinds[0].Name), "Leave it out.")
		return
	}
	for i := 0; i+1 < len(value.Content); i += 2 {
		if field := value.Content[i]; len(kinds) > 0 && !slices.Contains(names, field.Value) {
			hint := document.DidYouMean(field.Value, names)
			if hint == "" {
				hint = "It leaves " + enumerate(names) + "."
			}
			t.fault("test-answer", field, fmt.Sprintf("%s leaves no %q", kinds[0].Name, field.Value), hint)
		}
	}
}

// trialMistakes are those of tests. Who finds one says its ID.
func trialMistakes() []Mistake {
	return []Mistake{
		mistake("test-form", "A test, or a part of it, is not written as one."),
		mistake("test-name", "Two tests of a file have one name."),
		mistake("test-event", "A test gives something that is not one event type of one source."),
		mistake("test-entity", "A test gives an entity where rules see none."),
		mistake("test-answer", "A test answers for a step that is not there, or with what its action does not leave."),
		mistake("test-expect", "A test expects of a rule what it never does."),
		mistake("test-pattern", "What stands between slashes is no regular expression."),
		mistake("unknown-rule", "A test names a rule that it does not see."),
		doubt("test-field", "A test gives a field that is likely misspelt."),
	}
}
