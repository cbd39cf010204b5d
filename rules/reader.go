package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"shopbell/document"
	"shopbell/event"
)

// reader turns a file into rules. It is used by one goroutine, for one file.
type reader struct {
	world     World
	served    served // stores of the world
	dialect   *dialect
	builtins  map[string]exprFunction
	kinds     map[*event.Schema]*kind // kinds made so far
	directory string
	pinned    bool // a rule of a waiting run: it was checked once, and only has to be made again
	file      *document.File
	problems  []document.Problem
	namings   []naming        // of the rules of the file
	defined   *definitions    // of the directory; read-only
	uses      map[string]bool // names of definitions that the rule at hand uses
	usesAll   map[string]bool // and that the file uses
	ruleName  string          // of the rule at hand

	vocabularies map[string]vocabulary // made so far, by what is listened to

	values    map[string]*yaml.Node // of the keys of the rule at hand
	meant     map[string]bool       // keys of the rule at hand that are there, misspelt
	began     int                   // problems there were before the rule at hand
	stepsRead map[string]bool       // ids that steps of the rule at hand read; "" when they read them all
	deeds     []*deed               // what the rules of the file do
	things    map[thing]bool        // that the rules of the file name, and whether they are there

	beside    *beside           // what lies beside the rule files; nil for nothing
	root      string            // the rules directory, as shown
	sights    sight             // of files that the rules of the file name
	templates map[string]string // that the rule at hand uses, by the name that it gives them

	secretPattern *regexp.Regexp

	blanks   *blanks // of conditions
	cut      cut     // the condition at hand
	gaps     *[]int  // where it has gaps; nil when nobody asks
	settled  bool    // nothing but its event decides of it
	filledIn int     // conditions that were made of blanks

	patterns map[string][]listen // what entries of `when` mean that are right
	scratch  []byte
}

func newReader(w World, stores served, directory string) *reader {
	return &reader{
		world: w, served: stores, dialect: dialects.Get().(*dialect), builtins: builtins(), directory: directory,
		kinds: map[*event.Schema]*kind{}, vocabularies: map[string]vocabulary{}, patterns: map[string][]listen{}, defined: newDefinitions(), values: map[string]*yaml.Node{}, meant: map[string]bool{}, uses: map[string]bool{}, usesAll: map[string]bool{},
		stepsRead: map[string]bool{}, secretPattern: secretPattern(), things: map[thing]bool{}, sights: sight{},
		blanks: &blanks{},
	}
}

// done gives back what was lent to the reader, which is not used any more.
func (r *reader) done() {
	dialects.Put(r.dialect)
	r.dialect = nil
}

// anew gives a reader for another file, with what is the same for all files.
func (r *reader) anew(directory string) *reader {
	return &reader{
		world: r.world, served: r.served, dialect: r.dialect, builtins: r.builtins, directory: directory, stepsRead: map[string]bool{},
		kinds: r.kinds, vocabularies: r.vocabularies, patterns: r.patterns, defined: newDefinitions(), values: map[string]*yaml.Node{}, meant: map[string]bool{}, uses: map[string]bool{}, usesAll: map[string]bool{}, secretPattern: r.secretPattern, things: map[thing]bool{},
		beside: r.beside, root: r.root, sights: sight{},
		blanks: r.blanks, cut: r.cut,
	}
}

func (r *reader) wrong(n *yaml.Node, message, hint string) {
	r.problems = append(r.problems, r.file.At(n, message, hint))
}

func (r *reader) warn(n *yaml.Node, message, hint string) {
	p := r.file.At(n, message, hint)
	p.Warning = true
	r.problems = append(r.problems, p)
}

// read gives the rules of one file, and keeps what is wrong with it.
func (r *reader) read(name string, text []byte) (found []*Rule) {
	file, broken := document.Parse(name, text)
	r.problems = append(r.problems, broken...)
	defer func() {
		for i, n := range r.namings {
			r.namings[i].quiet = slices.ContainsFunc(broken, func(b document.Problem) bool { return b.Line == n.line })
		}
	}()
	if file == nil || file.Root == nil {
		return nil
	}
	r.file = file
	r.besides(broken, func() { found = r.top(file.Root) })
	file.Root = nil // the rules that were made keep the file, to tell of places in it
	return found
}

// defines reads what one file defines; [reader.read] tells what else is wrong with it.
func (r *reader) defines(name string, text []byte) {
	file, broken := document.Parse(name, text)
	if file == nil || file.Root == nil || file.Root.Kind != yaml.MappingNode {
		return
	}
	if _, value := document.Find(file.Root, "define"); value != nil {
		r.file = file
		r.besides(broken, func() { r.define(value) })
	}
}

// besides has a file's contents read, and keeps what is wrong with them, but for lines that are not even YAML as it was meant:
// they have one cause, told once.
func (r *reader) besides(broken []document.Problem, read func()) {
	outer := r.problems
	r.problems = nil
	defer func() {
		r.problems = slices.DeleteFunc(r.problems, func(p document.Problem) bool {
			return slices.ContainsFunc(broken, func(b document.Problem) bool { return b.Line == p.Line && b.File == p.File })
		})
		r.problems = append(outer, r.problems...)
	}()
	read()
}

func (r *reader) top(root *yaml.Node) []*Rule {
	if root.Kind != yaml.MappingNode {
		r.wrong(root, "a rule file begins with rules:", "Write \"rules:\" in the first line, and each rule as \"- name: …\" below it.")
		return nil
	}
	var found []*Rule
	told := false // that rules stand in a list
	for i := 0; i+1 < len(root.Content); i += 2 {
		key, value := root.Content[i], document.Resolve(root.Content[i+1])
		switch key.Value {
		case "rules":
			found = r.list(key, value)
		case "define": // read already
		case "tests": // read by [Suite], so that no test can stop a rule
		default:
			hint := document.DidYouMean(key.Value, []string{"rules", "define", "tests"})
			if slices.Contains(ruleKeys(), key.Value) {
				if told {
					continue
				}
				told = true
				hint = "Rules stand in a list below \"rules:\", each beginning with \"- name: …\"."
			}
			r.wrong(key, fmt.Sprintf("unknown key %q", key.Value), hint)
		}
	}
	return found
}

func later(key string) string { return fmt.Sprintf("%q does not work yet in this version", key) }

func (r *reader) list(key, value *yaml.Node) []*Rule {
	if value.Kind == yaml.ScalarNode && value.Tag == "!!null" {
		return nil
	}
	if value.Kind != yaml.SequenceNode {
		r.wrong(value, "rules: wants a list", "Begin each rule with \"- name: …\".")
		return nil
	}
	var found []*Rule
	for i, item := range value.Content {
		if i%100 == 99 && r.hopeless() {
			break // what is wrong with the rest would not be shown
		}
		var next *yaml.Node
		if i+1 < len(value.Content) {
			next = value.Content[i+1]
		}
		if rule := r.rule(document.Resolve(item)); rule != nil {
			if rule.Text = textOf(r.file, item, next); len(r.uses)+len(r.templates) > 0 {
				rule.Text = rewritten(standalone(item, r.usedDefinitions()))
			}
			rule.Revision = revision(rule.Directory, rule.Text)
			found = append(found, rule)
		}
	}
	return found
}

func ruleKeys() []string {
	return []string{"name", "description", "tags", "enabled", "mode", "when", "store", "if", "each", "then", "else", "on_error"}
}

// laterKeys are those of the language that this version does not carry out.
func laterKeys() []string {
	return []string{"wait", "unless", "still", "once", "limit", "digest", "hours", "expires", "schedule"}
}

// meantKeys are words that people write for one of ours.
func meantKey(word string) string {
	switch strings.ToLower(word) {
	case "do", "actions", "action", "steps", "run":
		return "then"
	case "condition", "conditions", "where", "filter":
		return "if"
	case "on", "trigger", "triggers", "event", "events":
		return "when"
	case "stores", "shop":
		return "store"
	case "id", "title", "rule":
		return "name"
	case "disabled", "active":
		return "enabled"
	case "foreach", "for", "items", "loop":
		return "each"
	case "otherwise":
		return "else"
	}
	return ""
}

// fields checks the keys of a rule, and gives the values of those that it may have: until the next rule is read.
func (r *reader) fields(n *yaml.Node) map[string]*yaml.Node {
	fields := r.values
	clear(fields)
	clear(r.meant)
	clear(r.uses)
	r.templates = nil
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case slices.Contains(ruleKeys(), key.Value):
			if fields[key.Value] == nil {
				fields[key.Value] = n.Content[i+1]
			}
		case slices.Contains(laterKeys(), key.Value):
			r.wrong(key, later(key.Value), "Leave it out until a later version.")
		case key.Value == "define" && r.pinned:
			r.define(n.Content[i+1])
		default:
			meant := meantKey(key.Value)
			if near, ok := document.Nearest(key.Value, slices.Concat(ruleKeys(), laterKeys())); ok && meant == "" {
				meant = near
			}
			hint := ""
			if meant != "" {
				hint = fmt.Sprintf("Did you mean %q?", meant)
				r.meant[meant] = true
			}
			if key.Value == "tests" {
				hint = "Tests of rules stand beside \"rules:\", not inside a rule."
			}
			if r.world.Actions[key.Value] != nil {
				hint = fmt.Sprintf("An action is a step: write \"- %s: …\" below \"then:\".", key.Value)
			}
			r.wrong(key, fmt.Sprintf("unknown key %q", key.Value), hint)
		}
	}
	return fields
}

// rule reads one rule. It is nil when nothing can be made of it; problems say why.
func (r *reader) rule(n *yaml.Node) *Rule {
	if n.Kind != yaml.MappingNode {
		r.wrong(n, "a rule is a group of keys", "Begin it with \"- name: …\".")
		return nil
	}
	r.began = len(r.problems)
	fields := r.fields(n)
	rule := &Rule{Directory: r.directory, File: r.file.Name, Line: n.Line}
	rule.enabled = true
	r.head(rule, n, fields)
	r.ruleName = rule.Name
	listens := r.when(rule, n, fields["when"])
	r.stores(rule, fields["store"])
	vocabulary := r.vocabulary(listens)
	rule.listens = listens
	free := vocabulary
	condition := r.condition(rule, fields["if"], &vocabulary)
	then, otherwise := r.each(rule, fields, vocabulary, free)
	rule.Steps, rule.steps = r.steps(rule, n, "then", fields["then"], then)
	r.otherwise(rule, n, fields, otherwise)
	r.mode(rule, fields["mode"])
	r.onError(rule, fields["on_error"])
	if !r.pinned {
		r.secrets(n)
		r.doubts(rule, fields, listens, condition)
	}
	rule.need.Listens = true
	return rule
}

var ruleName = regexp.MustCompile(`^[^\s/\pC]([^/\pC]*[^\s/\pC])?$`)

// head reads what a rule says of itself.
func (r *reader) head(rule *Rule, n *yaml.Node, fields map[string]*yaml.Node) {
	switch name := fields["name"]; {
	case name == nil:
		r.lacks(n, "name", "Each rule has a name of its own, such as \"name: big-order\".")
	case name.Kind != yaml.ScalarNode || name.Tag == "!!null":
		r.wrong(name, "a name is text", "Put it into quotes.")
	case !ruleName.MatchString(name.Value) || utf8.RuneCountInString(name.Value) > 100:
		r.wrong(name, fmt.Sprintf("%q cannot be a name", name.Value), "Use at most 100 characters, without a slash or a line break.")
	default:
		rule.Name = name.Value
		r.namings = append(r.namings, naming{name: name.Value, line: name.Line, column: name.Column})
	}
	if d := fields["description"]; d != nil {
		if d = document.Resolve(d); d.Kind != yaml.ScalarNode {
			r.wrong(d, "description is text", "")
		} else {
			rule.Description = strings.TrimSpace(d.Value)
		}
	}
	if e := fields["enabled"]; e != nil {
		if on, ok := document.Value(e).(bool); ok {
			rule.enabled = on
		} else {
			hint := ""
			switch e = document.Resolve(e); strings.ToLower(e.Value) {
			case "no", "off", "0", "false", "n":
				hint = "Write false."
			case "yes", "on", "1", "true", "y":
				hint = "Write true."
			}
			r.wrong(e, "enabled is true or false", hint)
		}
	}
	if t := fields["tags"]; t != nil {
		rule.tags = r.words(t, "tags")
	}
}

// lacks says that a rule has no such key, unless it has it by another spelling.
func (r *reader) lacks(n *yaml.Node, key, hint string) {
	if !r.meant[key] {
		r.wrong(n, fmt.Sprintf("%q is missing", key), hint)
	}
}

// words reads text or a list of it; numbers count as text.
func (r *reader) words(n *yaml.Node, key string) []string {
	n = document.Resolve(n)
	var out []string
	for _, item := range listOrOne(n) {
		item = document.Resolve(item)
		if item.Kind != yaml.ScalarNode || item.Tag == "!!null" {
			r.wrong(item, key+" wants text, or a list of it", "")
			continue
		}
		out = append(out, item.Value)
	}
	return out
}

func listOrOne(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.SequenceNode {
		return n.Content
	}
	return []*yaml.Node{n}
}
