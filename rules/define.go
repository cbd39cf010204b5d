package rules

import (
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// The bounds of what one directory defines.
const (
	maxDefined = 1_000  // names
	maxListed  = 10_000 // values of all lists together
)

// definitions are the conditions and lists that the files of one directory name for its rules:
//
//	define:
//	  conditions:
//	    paid: order.paymentStatus == "PAID"
//	  lists:
//	    wholesale: [anna@example.com, ben@example.com]
//
// An expression that says paid means what stands there, as if it were written in its place. So it is checked for each rule
// that uses it, against the events of that rule, and what is wrong is told where it is defined.
type definitions struct {
	byName map[string]*definition
	all    []*definition
	values int    // in lists
	sum    string // of the files that define something: where it changes, all rules of the directory are made anew
}

// A definition is one name and what stands for it.
type definition struct {
	name   string
	place  int // in definitions.all
	key    *yaml.Node
	value  *yaml.Node
	file   string
	code   string // of a condition
	where  origin // of a condition's code
	list   []ast.Node
	isList bool
	broken bool // it is a problem already
}

func newDefinitions() *definitions { return &definitions{byName: map[string]*definition{}} }

// Places of characters in a definition are told from those in an expression that uses it: they begin at a multiple of
// definedAt. No expression is that long.
const definedAt = 1 << 24

// spot gives the origin of a character of an expression, and its place there.
func (o origin) spot(offset int) (origin, int) {
	if offset < definedAt || o.defined == nil {
		return o, offset
	}
	d := o.defined.all[offset/definedAt-1]
	if d.isList {
		return origin{file: d.where.file, node: document.Resolve(d.value.Content[offset%definedAt])}, 0
	}
	return d.where, offset % definedAt
}

// codeAt gives the code in which a character of an expression stands, and its place there.
func (o origin) codeAt(code string, offset int) (string, int) {
	if offset < definedAt || o.defined == nil {
		return code, offset
	}
	d := o.defined.all[offset/definedAt-1]
	return d.code, offset % definedAt
}

// define reads the definitions of one file.
func (r *reader) define(n *yaml.Node) {
	n = document.Resolve(n)
	if n.Kind != yaml.MappingNode {
		r.wrong(n, "define wants conditions: and lists:", "Write \"conditions:\" below it, and each as \"name: expression\" below that.")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], document.Resolve(n.Content[i+1])
		switch key.Value {
		case "conditions", "lists":
			if value.Kind != yaml.MappingNode {
				r.wrong(value, key.Value+" wants a group of names", "Write each as \"name: …\" in a line of its own.")
				continue
			}
			for j := 0; j+1 < len(value.Content); j += 2 {
				r.defineOne(value.Content[j], document.Resolve(value.Content[j+1]), key.Value == "lists")
			}
		case "templates":
			if r.pinned {
				r.keptTemplates(value)
				continue
			}
			r.wrong(key, "a template is a file beside the rules", "Write \"template: \" and its name in a step.")
		default:
			r.wrong(key, fmt.Sprintf("unknown key %q", key.Value), document.DidYouMean(key.Value, []string{"conditions", "lists"}))
		}
	}
}

var definedName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func (r *reader) defineOne(key, value *yaml.Node, isList bool) {
	d := &definition{name: key.Value, key: key, value: value, file: r.file.Name, isList: isList, place: len(r.defined.all)}
	switch {
	case len(r.defined.all) >= maxDefined:
		if len(r.defined.all) == maxDefined {
			r.wrong(key, fmt.Sprintf("a directory may define %d names; this one has more", maxDefined), "")
		}
		return
	case !definedName.MatchString(key.Value) || len(key.Value) > 60:
		r.wrong(key, fmt.Sprintf("%q cannot be a name in expressions", key.Value), "Use letters, digits and _, such as big_order.")
		return
	case r.meansSomething(key.Value):
		r.wrong(key, fmt.Sprintf("%q means something in expressions already", key.Value), "Choose another name.")
		return
	case r.defined.byName[key.Value] != nil:
		before := r.defined.byName[key.Value]
		r.wrong(key, fmt.Sprintf("%q is defined already", key.Value), fmt.Sprintf("It is in %s, line %d.", before.file, before.key.Line))
		return
	}
	r.defined.byName[key.Value] = d
	r.defined.all = append(r.defined.all, d)
	if isList {
		d.broken = !r.defineList(d)
	} else {
		d.broken = !r.defineCondition(d)
	}
}

// meansSomething tells of names that expressions have of themselves.
func (r *reader) meansSomething(name string) bool {
	if slices.Contains(slices.Concat(ownWords(), []string{"event", "store", "was", "item", "steps", "digest"}), name) || r.dialect.functions[name] != nil || r.builtins[name].most > 0 {
		return true
	}
	for _, s := range r.world.Sources {
		if s.Catalog == nil {
			continue
		}
		for i := range s.Catalog.Types {
			if s.Catalog.Types[i].Noun == name {
				return true
			}
		}
	}
	return false
}

// ownWords are those of the language itself.
func ownWords() []string {
	return []string{"nil", "true", "false", "in", "not", "and", "or", "let", "if", "else", "matches", "contains", "startsWith", "endsWith"}
}

func (r *reader) defineCondition(d *definition) bool {
	if d.value.Kind != yaml.ScalarNode || d.value.Tag == "!!null" {
		r.wrong(d.value, d.name+" wants an expression", "Write it in one line, such as \"paid: order.paymentStatus == \\\"PAID\\\"\".")
		return false
	}
	d.code, d.where = d.value.Value, r.at(d.value)
	d.where.defined = nil
	if len(d.code) >= definedAt {
		r.wrong(d.value, "this expression is too long", "")
		return false
	}
	if _, err := r.dialect.parse(d.code); err != nil {
		r.unreadable(d.code, d.where, err)
		return false
	}
	return true
}

func (r *reader) defineList(d *definition) bool {
	if d.value.Kind != yaml.SequenceNode {
		r.wrong(d.value, d.name+" wants a list of values", "Write it as \""+d.name+": [a, b]\", or each value as \"- …\" in a line of its own.")
		return false
	}
	for i, n := range d.value.Content {
		if r.defined.values++; r.defined.values > maxListed {
			r.wrong(n, fmt.Sprintf("the lists of a directory may hold %d values together; these hold more", maxListed), "")
			return false
		}
		value := literalOf(n)
		if value == nil {
			r.wrong(n, "a list that is defined holds text, numbers, and true or false", "")
			return false
		}
		value.SetLocation(file.Location{From: definedAt*(d.place+1) + i})
		d.list = append(d.list, value)
	}
	d.where = r.at(d.value)
	d.where.defined = nil
	return true
}

// literalOf gives a scalar as a part of an expression; nil for what is none.
func literalOf(n *yaml.Node) ast.Node {
	switch v := document.Value(n).(type) {
	case string:
		return &ast.StringNode{Value: v}
	case bool:
		return &ast.BoolNode{Value: v}
	case int:
		return &ast.IntegerNode{Value: v}
	case int64:
		return &ast.IntegerNode{Value: int(v)}
	case float64:
		return &ast.FloatNode{Value: v}
	}
	return nil
}

// define reads what the files of a directory define, before their rules are read.
func (p *loadingPart) define(l *loading) *definitions {
	var r *reader
	var words []string
	for _, f := range p.files {
		if f.refused != "" || !f.defines {
			continue
		}
		if r == nil {
			r = l.crew.reader(p.directory)
		}
		r.defines(f.name, f.text)
		words = append(words, f.name, string(f.text))
	}
	if r == nil {
		return newDefinitions()
	}
	p.problems = append(p.problems, r.problems...)
	defined := r.defined
	defined.sum = digest(words...)
	l.crew.rest(r)
	return defined
}

// examine tells of definitions that nobody uses, once all files are read.
func (p *loadingPart) examine(l *loading, d *definitions) {
	if len(d.all) == 0 {
		return
	}
	used := map[string]bool{}
	for _, f := range p.files {
		if f.reading != nil {
			for _, name := range f.reading.uses {
				used[name] = true
			}
		}
	}
	r := l.crew.reader(p.directory)
	r.defined = d
	r.examineDefinitions(used)
	p.problems = append(p.problems, r.problems...)
	l.crew.rest(r)
	// What is wrong with a definition shows in each file that uses it, and is told once.
	p.problems = slices.CompactFunc(document.Sort(p.problems), sameProblem)
}

func sameProblem(a, b document.Problem) bool {
	return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Message == b.Message
}

// examineDefinitions tells of definitions that nobody uses. What they say is held against anything that it may be about.
func (r *reader) examineDefinitions(used map[string]bool) {
	for _, d := range r.defined.all {
		if used[d.name] || d.broken {
			continue
		}
		r.file, r.ruleName = d.where.file, ""
		r.warn(d.key, fmt.Sprintf("%q is defined and never used", d.name), "")
		if !d.isList {
			if x := r.expression(d.code, d.where, r.vocabulary(nil)); x != nil && x.kind.known() && x.kind.form != flag {
				r.wrong(d.value, fmt.Sprintf("%s is %s, not true or false", d.name, x.kind.form), "")
			}
		}
	}
}

// used gives what the expressions of the rule at hand have used, as a rule that stands alone says it; nil for nothing.
func (r *reader) usedDefinitions() *yaml.Node {
	if len(r.uses)+len(r.templates) == 0 {
		return nil
	}
	conditions, lists := &yaml.Node{Kind: yaml.MappingNode}, &yaml.Node{Kind: yaml.MappingNode}
	for _, name := range slices.Sorted(maps.Keys(r.uses)) {
		d := r.defined.byName[name]
		into := conditions
		if d.isList {
			into = lists
		}
		into.Content = append(into.Content, plainNode(d.key), plainNode(d.value))
	}
	all := &yaml.Node{Kind: yaml.MappingNode}
	for _, part := range []struct {
		key  string
		node *yaml.Node
	}{{"conditions", conditions}, {"lists", lists}} {
		if len(part.node.Content) > 0 {
			all.Content = append(all.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: part.key}, part.node)
		}
	}
	if len(r.templates) > 0 {
		all.Content = append(all.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "templates"}, r.usedTemplates())
	}
	return all
}
