package rules

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
)

// A deed is what one rule does, to be held against what the others of its directory do.
type deed struct {
	rule   *Rule
	key    uint64           // of all that it does
	node   ast.Node         // of the condition, where it writes to somebody; nil when there is none
	gates  string           // what of the condition holds only once
	at     document.Problem // the place of its name
	writes []letter
}

// A letter is a message of a rule to somebody whom the event names.
type letter struct {
	at   document.Problem // the place of the recipient
	to   string
	keys []string // event type, action and recipient
}

// The bounds of what is compared.
const (
	mostCompared = 20    // earlier rules that write to the same person
	mostTogether = 5_000 // rules of a directory
)

// together notes what a rule does. What others do for the same event is told when all files are there.
func (r *reader) together(rule *Rule, fields map[string]*yaml.Node, listens []listen, condition *expression) {
	then := document.Resolve(fields["then"])
	if then == nil || then.Kind != yaml.SequenceNode || !rule.enabled || rule.Name == "" {
		return
	}
	d := &deed{rule: rule, key: r.fingerprint(rule, fields), at: r.file.At(fields["name"], "", "")}
	for _, step := range then.Content {
		step = document.Resolve(step)
		if _, own := document.Find(step, "if"); own != nil {
			continue
		}
		for i := 0; i+1 < len(step.Content); i += 2 {
			if kind := r.world.Actions[step.Content[i].Value]; kind != nil {
				r.writesTo(d, kind, step.Content[i+1], listens)
			}
		}
	}
	if condition != nil && len(d.writes) > 0 {
		d.node = r.treeOf(condition)
		d.gates = gatesIn(d.node)
	}
	r.deeds = append(r.deeds, d)
}

// writesTo notes to whom a step writes.
func (r *reader) writesTo(d *deed, kind *actions.Kind, params *yaml.Node, listens []listen) {
	_, to := document.Find(params, "to")
	if to = document.Resolve(to); to == nil || to.Kind != yaml.ScalarNode || !strings.Contains(to.Value, "{{") {
		return // an address that is always the same is one of the store's own people
	}
	l := letter{at: r.file.At(to, "", ""), to: to.Value}
	person := strings.Join(strings.Fields(to.Value), "")
	for _, listens := range listens {
		l.keys = append(l.keys, listens.source+":"+listens.Name+"\x00"+kind.Name+"\x00"+person)
	}
	d.writes = append(d.writes, l)
}

// together warns of rules that do what another rule of the directory does, for the same event.
func (p *loadingPart) together() {
	if len(p.rules) > mostTogether || len(p.rules) < 2 {
		return
	}
	whole, writers, named := map[uint64]*deed{}, map[string][]*deed{}, map[string]bool{}
	for _, f := range p.files {
		if f.reading == nil {
			continue
		}
		for _, d := range f.reading.deeds {
			if named[d.rule.Name] {
				continue // which is told already
			}
			named[d.rule.Name] = true
			if same := whole[d.key]; same != nil {
				p.warn(d.at, fmt.Sprintf("the rule %q does the same", same.rule.Name), fmt.Sprintf("It is in %s, line %d: leave one of them out, or both act.", same.rule.File, same.rule.Line))
				continue
			}
			whole[d.key] = d
			for i := range d.writes {
				p.writeTwice(d, &d.writes[i], writers)
			}
		}
	}
}

func (p *loadingPart) warn(at document.Problem, message, hint string) {
	if len(p.problems) >= maxProblems {
		return
	}
	at.Warning, at.Message, at.Hint = true, message, hint
	p.problems = append(p.problems, at)
}

// writeTwice warns when an earlier rule writes to the same person for the same event.
func (p *loadingPart) writeTwice(d *deed, l *letter, writers map[string][]*deed) {
	told := false
	for _, key := range l.keys {
		earlier := writers[key]
		for _, b := range earlier[:min(len(earlier), mostCompared)] {
			if !told && b != d && meet(d, b) {
				told = true
				p.warn(l.at, fmt.Sprintf("the rule %q writes to %s too, for the same event", b.rule.Name, l.to),
					fmt.Sprintf("It is in %s, line %d. Make one rule of the two, or let their conditions exclude each other.", b.rule.File, b.rule.Line))
			}
		}
		if len(earlier) < mostCompared && !slices.Contains(earlier, d) {
			writers[key] = append(earlier, d)
		}
	}
}

// meet tells whether two rules can fire on one event: for a store that both are for, with conditions that do not exclude
// each other. Rules that wait for different changes are taken not to meet.
func meet(a, b *deed) bool {
	if x, y := a.rule.stores, b.rule.stores; len(x) > 0 && len(y) > 0 && !slices.ContainsFunc(x, func(s string) bool { return slices.Contains(y, s) }) {
		return false
	}
	if a.node == nil || b.node == nil {
		return true
	}
	if a.gates != b.gates && a.gates != "" && b.gates != "" {
		return false
	}
	s := &solver{domain: func(ast.Node) *kind { return of(anything) }}
	_, impossible := s.impossible(&ast.BinaryNode{Operator: "and", Left: a.node, Right: b.node}, true)
	return !impossible
}

// gatesIn writes down what of a condition compares with was: such a condition holds when something changes.
func gatesIn(node ast.Node) string {
	g := &gates{}
	ast.Walk(&node, g)
	slices.Sort(g.found)
	return strings.Join(slices.Compact(g.found), "\x00")
}

type gates struct{ found []string }

// Visit implements [ast.Visitor].
func (g *gates) Visit(node *ast.Node) {
	var parts []ast.Node
	switch n := (*node).(type) {
	case *ast.CallNode:
		parts = n.Arguments
	case *ast.BinaryNode:
		if n.Operator == "and" || n.Operator == "or" || n.Operator == "&&" || n.Operator == "||" {
			return
		}
		parts = []ast.Node{n.Left, n.Right}
	}
	for _, part := range parts {
		if text := bare(part.String()); text == "was" || strings.HasPrefix(text, "was.") {
			g.found = append(g.found, bare((*node).String()))
		}
	}
}

// fingerprint hashes all that a rule does, without its name.
func (r *reader) fingerprint(rule *Rule, fields map[string]*yaml.Node) uint64 {
	b := r.scratch[:0]
	for _, list := range [][]string{rule.When, rule.stores} {
		if len(list) > 1 {
			list = slices.Sorted(slices.Values(list))
		}
		for _, word := range list {
			b = append(append(b, word...), 0)
		}
		b = append(b, 0)
	}
	for _, key := range []string{"if", "each", "then", "else", "mode"} {
		if n := fields[key]; n != nil {
			b = appendNode(append(b, key...), n)
		}
	}
	r.scratch = b
	h := fnv.New64a()
	_, _ = h.Write(b) // a hash never fails
	return h.Sum64()
}

// appendNode writes down what a node says.
func appendNode(b []byte, n *yaml.Node) []byte {
	n = document.Resolve(n)
	b = append(binary.LittleEndian.AppendUint32(append(b, byte(n.Kind)), uint32(len(n.Value))), n.Value...)
	for _, c := range n.Content {
		b = appendNode(b, c)
	}
	return append(b, ';')
}
