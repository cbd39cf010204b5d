package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
	"shopbell/shape"
)

// A template is an action's parameters as JSON with holes: parts that follow one another.
type template []part

// A part is JSON as it is, or a hole.
type part struct {
	json []byte // as it is; nil for a hole or a page
	hole *program
	page *page // of a parameter that names a template
	// inside says that the hole stands inside a JSON string.
	inside bool
	takes  string // the parameter's type, as of [shape.Field]
	lands  actions.Landing
	// source is the expression as written, for messages.
	source string
}

// params reads a step's parameters: checked against what the action declares, and compiled.
func (r *reader) params(rule *Rule, key, n *yaml.Node, k *actions.Kind, v vocabulary) template {
	n = document.Resolve(n)
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		n = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: key.Line, Column: key.Column}
	}
	if n.Kind != yaml.MappingNode {
		r.wrong(n, fmt.Sprintf("%s wants a group of parameters", k.Name), "Write it as \""+oneLine(k.Example)+"\".")
		return nil
	}
	if !r.pinned {
		r.fits(key, n, k)
		r.oneBody(n, k)
	}
	b := builder{reader: r, rule: rule, kind: k, vocabulary: v}
	b.value(n, nil)
	b.flush()
	return b.parts
}

func oneLine(example string) string {
	first, _, more := strings.Cut(strings.TrimSpace(example), "\n")
	if more {
		return first + " …"
	}
	return first
}

// fits holds parameters against the action's declaration.
func (r *reader) fits(key, n *yaml.Node, k *actions.Kind) {
	value := document.Value(n)
	faults := k.Params.CheckWithHoles(value, holesOf)
	for _, f := range faults {
		if misspelt(faults, f) {
			continue
		}
		at := document.Locate(n, f.Path, f.OnKey)
		if at == n {
			at = key
		}
		message := f.Message
		if f.OnKey && len(f.Path) == 1 && slices.Contains(laterParams(k.Name), f.Path[0]) {
			r.wrong(at, k.Name+": "+later(f.Path[0]), "Leave it out until a later version.")
			continue
		}
		if len(f.Path) == 0 && strings.HasSuffix(message, " is missing") || f.OnKey && len(f.Path) == 1 {
			message = k.Name + ": " + message
		}
		hint := f.Hint
		if hint == "" && at.Tag == "!!null" && strings.Contains(r.file.Line(at.Line), " #") {
			hint = "YAML takes what follows \" #\" for a comment: put the whole into quotes."
		}
		r.wrong(at, message, hint)
	}
	r.named(key, n, value, k)
	if len(faults) > 0 || k.Check == nil {
		return
	}
	if text, err := json.Marshal(value); err == nil {
		if err := k.Check(text); err != nil {
			r.wrong(key, k.Name+": "+err.Error(), "")
		}
	}
}

// laterParams are parameters of the language that an action does not have in this version.
func laterParams(action string) []string {
	return nil
}

// misspelt tells that a key is missing because it stands there with another spelling, which is a fault of its own.
func misspelt(faults []shape.Fault, missing shape.Fault) bool {
	name, ok := strings.CutSuffix(missing.Message, " is missing")
	return ok && slices.ContainsFunc(faults, func(f shape.Fault) bool {
		return f.OnKey && len(f.Path) == len(missing.Path)+1 && strings.Contains(f.Hint, "Did you mean "+name+"?")
	})
}

// holesOf tells [shape.Shape.CheckWithHoles] what a string is.
func holesOf(s string) shape.Hole {
	pieces, err := split(s)
	switch {
	case err != nil:
		return shape.SomeHole
	case whole(pieces):
		return shape.WholeHole
	case slices.ContainsFunc(pieces, func(p piece) bool { return p.hole }):
		return shape.SomeHole
	}
	return shape.NoHole
}

// maxHoles bounds the pieces of one text: holes, and what is between them.
const maxHoles = 2_000

// builder writes the parts of a template.
type builder struct {
	reader     *reader
	rule       *Rule
	kind       *actions.Kind
	vocabulary vocabulary
	parts      template
	text       []byte // of the part that is not finished yet
}

func (b *builder) flush() {
	if len(b.text) > 0 {
		b.parts = append(b.parts, part{json: b.text})
		b.text = nil
	}
}

func (b *builder) raw(s string) { b.text = append(b.text, s...) }

func (b *builder) value(n *yaml.Node, path []string) {
	n = document.Resolve(n)
	switch n.Kind {
	case yaml.MappingNode:
		b.raw("{")
		for i := 0; i+1 < len(n.Content); i += 2 {
			if i > 0 {
				b.raw(",")
			}
			key := n.Content[i]
			if strings.Contains(key.Value, "{{") {
				b.reader.wrong(key, "a hole {{ … }} can only be in a value, not in a key", "")
			}
			b.text = appendText(b.text, key.Value)
			b.raw(":")
			b.value(n.Content[i+1], append(slices.Clone(path), key.Value))
		}
		b.raw("}")
	case yaml.SequenceNode:
		b.raw("[")
		for i, item := range n.Content {
			if i > 0 {
				b.raw(",")
			}
			b.value(item, append(slices.Clone(path), strconv.Itoa(i)))
		}
		b.raw("]")
	default:
		b.scalar(n, path)
	}
}

func (b *builder) scalar(n *yaml.Node, path []string) {
	value := document.Value(n)
	s, ok := value.(string)
	if !ok {
		text, err := json.Marshal(value)
		if err != nil {
			text = []byte("null")
		}
		b.text = append(b.text, text...)
		return
	}
	pieces, problem := split(s)
	where := b.reader.at(n)
	if len(pieces) > 10 {
		where.places = b.reader.file.Positions(n) // once for all the holes
	}
	if len(pieces) > maxHoles {
		b.reader.wrong(n, fmt.Sprintf("there are more than %d holes in this text", maxHoles/2), "")
		return
	}
	if problem != nil {
		b.reader.problems = append(b.reader.problems, where.problem(
			finding{offset: problem.at, message: problem.message, hint: problem.hint}))
		return
	}
	field, known := b.kind.Params.Lookup(path)
	if !known {
		field.Type = "anything"
	}
	if b.file(n, s, pieces, field) {
		return
	}
	if whole(pieces) {
		b.hole(where, pieces[0], field, false)
		return
	}
	if !b.reader.pinned {
		b.lookalikes(s, pieces, where)
	}
	b.raw(`"`)
	for _, p := range pieces {
		if p.hole {
			b.hole(where, p, field, true)
			continue
		}
		b.text = appendInside(b.text, p.text)
	}
	b.raw(`"`)
}

func (b *builder) hole(where origin, p piece, field shape.Field, inside bool) {
	where = where.at(p.at)
	x := b.reader.expression(p.code, where, b.vocabulary)
	if x == nil {
		return
	}
	b.rule.note(x.facts)
	if !b.reader.pinned {
		if actions.Landing(field.Lands) == actions.Literal && field.Type != "anything" {
			b.reader.problems = append(b.reader.problems, where.problem(finding{message: field.Name + " stands in the rule as it is: a hole cannot fill it"}))
		}
		b.recipient(x, where, field)
		b.fitting(x, p, where, field, inside)
	}
	b.flush()
	b.parts = append(b.parts, part{hole: x.program, inside: inside, takes: field.Type, lands: actions.Landing(field.Lands), source: p.code})
}

// fitting makes sure that what a hole gives can go where it stands.
func (b *builder) fitting(x *expression, p piece, where origin, field shape.Field, inside bool) {
	tell := func(message, hint string, warning bool) {
		b.reader.problems = append(b.reader.problems, where.problem(finding{offset: firstOffset(x.node), message: message, hint: hint, warning: warning}))
	}
	takes := strings.Split(field.Type, " or ")
	if field.Type == "true or false" {
		takes = []string{field.Type}
	}
	word := wordOfForm(x.kind.form)
	scalar := word == "text" || word == "number" || word == "true or false" || x.kind.form == moment || x.kind.form == span
	asText := inside || slices.Contains(takes, "text")
	switch {
	case x.kind.form == anything:
	case x.kind.form == nothing:
		tell("this is always empty", "", false)
	case !inside && (field.Type == "anything" || slices.Contains(takes, word)):
	case asText && scalar:
	case asText && x.kind.form == list:
		tell(fmt.Sprintf("%s is a list, and text is wanted here", source(x.node)), fmt.Sprintf("Write join(%s, \", \"), or map(…) before it to pick a field.", source(x.node)), false)
	case asText:
		tell(fmt.Sprintf("%s is an object, and text is wanted here", source(x.node)), fieldHint(x), false)
	default:
		tell(fmt.Sprintf("%s wants %s, and %s is %s", field.Name, withArticle(field.Type), source(x.node), x.kind.form), "", false)
	}
	if x.kind.empty && strings.Contains(p.code, "?.") && !strings.Contains(p.code, "??") && (inside || field.Type != "anything") {
		tell(fmt.Sprintf("%s can be empty, and then this step fails", source(x.node)), fmt.Sprintf("Write %s ?? \"…\" to say what to put there.", p.code), true)
	}
}

func fieldHint(x *expression) string {
	if len(x.kind.names) == 0 {
		return "Name one of its fields."
	}
	return fmt.Sprintf("Name one of its fields, such as %s.%s.", source(x.node), x.kind.names[0])
}

func withArticle(word string) string {
	switch word {
	case "number", "list":
		return "a " + word
	case "object":
		return "an object"
	}
	return word
}

// wordOfForm gives the word of [shape.Field.Type] for a form.
func wordOfForm(f form) string {
	switch f {
	case flag:
		return "true or false"
	case number:
		return "number"
	case text:
		return "text"
	case list:
		return "list"
	case object, table:
		return "object"
	}
	return "anything"
}
