package rules

import (
	"bytes"
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// Updated gives the files of failing tests with what happened as what is expected, by name, and says of which tests that
// cannot be written. Whatever else stands in a file, comments too, stays as it is.
func (r *Report) Updated() (files map[string][]byte, kept []string) {
	byFile := map[string][]*Result{}
	for i := range r.Results {
		one := &r.Results[i]
		if one.Passed || !slices.ContainsFunc(one.Findings, func(f Finding) bool { return f.Kind != Failing && f.Kind != Sound }) {
			continue
		}
		switch t := one.trial; {
		case t.value == nil:
			kept = append(kept, fmt.Sprintf("%s:%d: %s expects errors only", t.Place.File, t.Place.Line, t.Name))
		case t.inFlow || t.file.Odd() || t.value.Kind == yaml.AliasNode || t.value.Anchor != "":
			kept = append(kept, fmt.Sprintf("%s:%d: %s is not written line by line, so it has to be updated by hand", t.Place.File, t.Place.Line, t.Name))
		default:
			byFile[t.Place.File] = append(byFile[t.Place.File], one)
		}
	}
	files = map[string][]byte{}
	for name, results := range byFile {
		slices.SortFunc(results, func(a, b *Result) int { return -cmp.Compare(a.trial.key.Line, b.trial.key.Line) })
		old := results[0].trial.file.Text
		text, end := string(old), "\n"
		if strings.Contains(text, "\r\n") {
			end = "\r\n"
		}
		lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
		for _, one := range results { // the last one first, so that the lines of the others stay where they are
			from, to := one.trial.span(lines)
			lines = slices.Concat(lines[:from], one.rewritten(lines[from:to]), lines[to:])
		}
		made := []byte(strings.Join(lines, end))
		if !sameBesides(old, made) {
			kept = append(kept, name+": its tests have to be updated by hand")
			continue
		}
		files[name] = made
	}
	slices.Sort(kept)
	return files, kept
}

// span gives the lines of expect, from 0 and without the last: those that stand further right than it, and a list at its
// place. What follows it, comments too, is not its own.
func (t *Trial) span(lines []string) (from, to int) {
	from = t.key.Line - 1
	to = from + 1
	indent := t.key.Column - 1
	for l := from + 1; l < len(lines); l++ {
		at := indentOf(lines[l])
		rest := strings.TrimSpace(lines[l])
		list := at == indent && t.value.Kind == yaml.SequenceNode && t.value.Column == t.key.Column && (rest == "-" || strings.HasPrefix(rest, "- "))
		switch {
		case rest == "", at <= indent && strings.HasPrefix(rest, "#"):
			continue // its own if something of it follows
		case at <= indent && !list:
			return from, to
		}
		to = l + 1
	}
	return from, to
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// rewritten gives the lines of expect for what happened. Those of expectations that were met stay as they are.
func (r *Result) rewritten(old []string) []string {
	t := r.trial
	before := string([]rune(old[0])[:t.key.Column-1])
	var which []int // effects
	for j := range r.Effects {
		if !t.partial || r.matched[j] >= 0 || r.near[j] >= 0 {
			which = append(which, j)
		}
	}
	if len(which) == 0 {
		return []string{before + "expect: none"}
	}
	blocks := t.blocks(old)
	head, indent := before+"expect:", utf8.RuneCountInString(before)+2
	if blocks != nil {
		head, indent = old[0], t.value.Column-1
	} else if comment := cmp.Or(t.key.LineComment, t.value.LineComment); comment != "" {
		head += " " + comment
	}
	out := []string{head}
	for _, j := range which {
		k := max(r.matched[j], r.near[j])
		if k >= 0 && blocks != nil {
			if r.matched[j] >= 0 {
				out = append(out, blocks[k]...)
				continue
			}
			for _, line := range blocks[k] {
				if rest := strings.TrimSpace(line); rest != "" && !strings.HasPrefix(rest, "#") {
					break
				}
				out = append(out, line)
			}
		}
		var n *yaml.Node
		if e := &r.Effects[j]; k < 0 {
			n = e.node()
		} else {
			n = t.expect[k].refreshed(e, t.exact)
		}
		for line := range strings.Lines(encoded(n)) {
			if line = strings.TrimRight(line, "\n"); line != "" {
				line = strings.Repeat(" ", indent) + line
			}
			out = append(out, line)
		}
	}
	return out
}

// blocks parts the lines of expect into those of each expectation, with the comments above it; nil when they do not stand
// one below the other.
func (t *Trial) blocks(lines []string) [][]string {
	v := t.value
	if v.Kind != yaml.SequenceNode || v.Style&yaml.FlowStyle != 0 {
		return nil
	}
	var starts []int
	for l := 1; l < len(lines); l++ {
		rest := strings.TrimSpace(lines[l])
		if indentOf(lines[l]) == v.Column-1 && (rest == "-" || strings.HasPrefix(rest, "- ")) {
			starts = append(starts, l)
		}
	}
	if len(starts) != len(v.Content) || len(starts) != len(t.expect) {
		return nil
	}
	for i, at := range starts {
		least := 1
		if i > 0 {
			least = starts[i-1] + 1
		}
		for at > least && strings.HasPrefix(strings.TrimSpace(lines[at-1]), "#") {
			at--
		}
		starts[i] = at
	}
	starts[0] = 1
	var out [][]string
	for i, at := range starts {
		end := len(lines)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		out = append(out, lines[at:end])
	}
	return out
}

// encoded writes a node as the only one of a list.
func encoded(n *yaml.Node) string {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{n}}); err != nil {
		return ""
	}
	_ = e.Close() // into memory
	return b.String()
}

func textNode(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

// node writes an effect as an expectation.
func (e *Effect) node() *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{textNode("rule"), textNode(e.Rule)}}
	return with(n, e.Action, e.params())
}

func with(n *yaml.Node, key string, value *yaml.Node) *yaml.Node {
	n.Content = append(n.Content, textNode(key), value)
	return n
}

// params gives the parameters of an effect in the order of its rule.
func (e *Effect) params() *yaml.Node {
	var doc yaml.Node
	if yaml.Unmarshal(e.Params, &doc) != nil || len(doc.Content) == 0 { // JSON is YAML
		return nodeOf(e.value)
	}
	unstyled(doc.Content[0])
	return doc.Content[0]
}

func unstyled(n *yaml.Node) {
	n.Style = 0
	if len(n.Content) == 0 && n.Kind != yaml.ScalarNode {
		n.Style = yaml.FlowStyle
	}
	for _, c := range n.Content {
		unstyled(c)
	}
}

func nodeOf(v any) *yaml.Node {
	var n yaml.Node
	if err := n.Encode(v); err != nil {
		return textNode(fmt.Sprint(v))
	}
	return &n
}

// refreshed writes an expectation anew, with what happened where it is different.
func (w *expectation) refreshed(e *Effect, whole bool) *yaml.Node {
	if w.node.Kind != yaml.MappingNode {
		return e.node()
	}
	footless(w.node)
	n := &yaml.Node{Kind: yaml.MappingNode, Style: w.node.Style}
	for i := 0; i+1 < len(w.node.Content); i += 2 {
		key, value := *w.node.Content[i], w.node.Content[i+1]
		if i == 0 {
			key.HeadComment = "" // it stands above already
		}
		switch key.Value {
		case "mode":
			value = refresh(value, string(w.mode), string(e.Mode), false)
		case "item":
			value = refresh(value, w.item, e.Item, whole)
		case w.action:
			var params any = w.params
			if w.params == nil {
				params = map[string]any{}
			}
			if whole && len(w.params) == 0 {
				value = e.params()
			} else {
				value = refresh(value, params, e.value, whole)
			}
		}
		n.Content = append(n.Content, &key, value)
	}
	return n
}

// footless takes away comments that stand below the whole of something, for they stay where they are, and puts those between
// two keys above the second, or a line would be left free before it.
func footless(n *yaml.Node) {
	n.FootComment = ""
	for i := 0; n.Kind == yaml.MappingNode && i+3 < len(n.Content); i += 2 {
		key, next := n.Content[i], n.Content[i+2]
		if next.HeadComment == "" {
			next.HeadComment, key.FootComment = key.FootComment, ""
		}
	}
	for _, c := range n.Content[max(len(n.Content)-2, 0):] { // of a group, the last key and its value
		footless(c)
	}
}

// refresh writes a value anew where it is not what was expected.
func refresh(n *yaml.Node, want, got any, whole bool) *yaml.Node {
	if len(mismatches(want, got, whole, nil)) == 0 {
		return n
	}
	object, ok := got.(map[string]any)
	expected, also := want.(map[string]any)
	resolved := document.Resolve(n)
	if !ok || !also || resolved.Kind != yaml.MappingNode {
		made := nodeOf(got)
		made.LineComment = n.LineComment
		if quotes := n.Style & (yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle); made.Kind == yaml.ScalarNode && made.Tag == "!!str" && made.Style == 0 {
			made.Style = quotes
		}
		return made
	}
	made := &yaml.Node{Kind: yaml.MappingNode, Style: resolved.Style, LineComment: resolved.LineComment}
	for i := 0; i+1 < len(resolved.Content); i += 2 {
		key, value := resolved.Content[i], resolved.Content[i+1]
		now, there := object[key.Value]
		if there || expected[key.Value] == nil {
			made.Content = append(made.Content, key, refresh(value, expected[key.Value], now, whole))
		}
	}
	for _, key := range slices.Sorted(mapsKeys(object)) {
		if _, known := expected[key]; whole && !known {
			made = with(made, key, nodeOf(object[key]))
		}
	}
	return made
}

// sameBesides tells whether two files say the same, but for what tests expect.
func sameBesides(a, b []byte) bool {
	x, y := besides(a), besides(b)
	return x != nil && reflect.DeepEqual(x, y)
}

func besides(text []byte) map[string]any {
	file, problems := document.Parse("", text)
	if len(problems) > 0 || file == nil || file.Root == nil {
		return nil
	}
	root, _ := document.Value(file.Root).(map[string]any)
	tests, _ := root["tests"].([]any)
	for _, t := range tests {
		if one, ok := t.(map[string]any); ok {
			delete(one, "expect")
		}
	}
	return root
}
