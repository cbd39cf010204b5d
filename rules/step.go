package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
)

// compiled is what a rule holds for running it.
type compiled struct {
	enabled   bool
	tags      []string
	stores    []string // that it is limited to; none means every store
	listens   []listen
	need      Need
	envelope  bool     // the condition or a step reads the event beyond its data, or the store
	fields    []string // of the entity, and of the one before, that the condition and the steps read; many rules share them
	whole     bool     // they read the entity, or the one before, as a whole
	self      bool     // the condition asks whether we made the change ourselves
	condition *program
	each      *program
	steps     []compiledStep
	elseSteps []compiledStep
	redirect  map[string]string // by action; "" stands for all that are not named

	place       int         // in its file
	necessities []necessity // of the condition: see [index]
}

func (c *compiled) note(f facts) {
	c.need.Data = c.need.Data || f.data
	c.need.Entity = c.need.Entity || f.entity
	c.need.Profile = c.need.Profile || f.store
	c.envelope = c.envelope || f.envelope
	c.whole = c.whole || f.whole
	if c.fields == nil {
		c.fields = slices.Clip(f.fields)
		return
	}
	for _, field := range f.fields {
		if !slices.Contains(c.fields, field) {
			c.fields = append(c.fields, field)
		}
	}
}

type compiledStep struct {
	condition *program
	params    template
}

func stepKeys() []string { return []string{"id", "if", "account", "marketing", "retry", "on_error"} }

// steps reads a rule's `then` or `else`.
func (r *reader) steps(rule *Rule, n *yaml.Node, key string, then *yaml.Node, v vocabulary) (steps []Step, runs []compiledStep) {
	if then == nil {
		r.lacks(n, key, "Say what to do, as a list of steps below \"then:\".")
		return nil, nil
	}
	then = document.Resolve(then)
	if then.Kind != yaml.SequenceNode || len(then.Content) == 0 {
		r.wrong(then, key+" wants a list of steps", "Write each step as \"- slack: …\" in a line of its own.")
		return nil, nil
	}
	if len(then.Content) > 100 {
		r.wrong(then, fmt.Sprintf("a rule may have 100 steps, and this one has %d", len(then.Content)), "")
		return nil, nil
	}
	ids := r.stepIDs(then)
	done := record(nil)
	for i, item := range then.Content {
		step, run, result := r.step(rule, document.Resolve(item), v.before(i, done, ids))
		steps, runs = append(steps, step), append(runs, run)
		if step.ID == "" {
			continue
		}
		next := &kind{form: object, names: append(slices.Clone(done.names), step.ID), fields: maps.Clone(done.fields)}
		next.fields[step.ID] = result
		done = next
	}
	return steps, runs
}

// before gives the vocabulary of a step: with what the steps before it left, and a word on those that come later.
func (v vocabulary) before(step int, done *kind, ids map[string]int) vocabulary {
	if len(ids) == 0 {
		return v
	}
	v.names, v.refused = maps.Clone(v.names), maps.Clone(v.refused)
	delete(v.refused, "steps")
	v.names["steps"] = done
	for id, at := range ids {
		if at >= step {
			v.refused["steps."+id] = [2]string{fmt.Sprintf("step %q has not been done by then", id), "A step sees only the steps before it."}
		}
	}
	return v
}

// stepIDs gives the place of each step that has an id, and tells of those given twice.
func (r *reader) stepIDs(then *yaml.Node) map[string]int {
	ids := map[string]int{}
	for i, item := range then.Content {
		_, id := document.Find(item, "id")
		if id == nil || id.Kind != yaml.ScalarNode {
			continue
		}
		if _, taken := ids[id.Value]; taken {
			r.wrong(id, fmt.Sprintf("another step of this rule has the id %q", id.Value), "Give each step an id of its own.")
			continue
		}
		ids[id.Value] = i
	}
	return ids
}

// step reads one step, and gives it with the kind of what it leaves.
func (r *reader) step(rule *Rule, n *yaml.Node, v vocabulary) (step Step, run compiledStep, result *kind) {
	result = of(anything)
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		key := *n
		n = &yaml.Node{Kind: yaml.MappingNode, Line: n.Line, Column: n.Column, Content: []*yaml.Node{
			&key, {Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line, Column: n.Column},
		}}
	}
	if n.Kind != yaml.MappingNode {
		r.wrong(n, "a step is an action with its parameters", "Write it as \"- slack: { channel: …, text: … }\".")
		return step, run, result
	}
	key, params := r.action(n)
	r.options(&step, n)
	if _, cond := document.Find(n, "if"); cond != nil {
		if x := r.boolean(cond, "if", v); x != nil {
			run.condition = x.program
			rule.note(x.facts)
			v.guards = guardsIn(x.node, v.guards)
		}
	}
	if key != nil {
		kind := r.world.Actions[key.Value]
		step.Action = kind.Name
		step.Account = r.account(rule, n, key, kind)
		r.marketing(rule, &step, n, kind)
		run.params = r.params(rule, key, params, kind, v)
		result = resultOf(kind)
	}
	return step, run, result
}

func resultOf(k *actions.Kind) *kind {
	if k.Result == nil {
		return record(nil)
	}
	return kindOfFields(k.Result.Fields())
}

// action finds the one key of a step that names an action.
func (r *reader) action(n *yaml.Node) (key, params *yaml.Node) {
	names := func() []string { return slices.Sorted(maps.Keys(r.world.Actions)) }
	unknown := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		switch {
		case slices.Contains(stepKeys(), k.Value):
		case r.world.Actions[k.Value] != nil && key != nil:
			r.wrong(k, fmt.Sprintf("this step has two actions, %s and %s", key.Value, k.Value), fmt.Sprintf("Write \"- %s:\" to begin a step of its own.", k.Value))
		case r.world.Actions[k.Value] != nil:
			key, params = k, n.Content[i+1]
		case slices.Contains(laterKeys(), k.Value):
			unknown = true
			r.wrong(k, later(k.Value), "Leave it out until a later version.")
		default:
			unknown = true
			hint := document.DidYouMean(k.Value, slices.Concat(names(), stepKeys()))
			if hint == "" {
				hint = "Actions are " + orNone(names()) + "."
			}
			if k.Value == "condition" || k.Value == "when" {
				hint = `Did you mean "if"?`
			}
			r.wrong(k, fmt.Sprintf("unknown action %q", k.Value), hint)
		}
	}
	if key == nil && !unknown {
		r.wrong(n, "this step names no action", "Actions are "+orNone(names())+".")
	}
	return key, params
}

var stepID = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// options reads what any step may say.
func (r *reader) options(step *Step, n *yaml.Node) {
	if _, id := document.Find(n, "id"); id != nil {
		switch {
		case id.Kind != yaml.ScalarNode || !stepID.MatchString(id.Value) || len(id.Value) > 60:
			r.wrong(id, "an id is a word of letters, digits and _", "It begins with a letter, such as \"id: key\".")
		case slices.Contains(ownWords(), id.Value):
			r.wrong(id, fmt.Sprintf("%q means something in expressions already", id.Value), "Choose another id.")
		default:
			step.ID = id.Value
		}
	}
	if _, e := document.Find(n, "on_error"); e != nil {
		switch e.Value {
		case "continue":
			step.Continue = true
		case "stop":
		default:
			r.wrong(e, fmt.Sprintf("on_error is stop or continue, not %q", e.Value), document.DidYouMean(e.Value, []string{"stop", "continue"}))
		}
	}
	if _, retry := document.Find(n, "retry"); retry != nil {
		step.Retry = r.retry(document.Resolve(retry))
	}
}
