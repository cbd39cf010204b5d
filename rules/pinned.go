package rules

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"shopbell/document"
)

// Compile makes a rule again from its text, for a run that waits: with [Rule.Text] and [Rule.Directory] as they were.
// The rule is not checked against the world once more, so an account or a store that has gone since is no error here;
// an action that has gone is.
func Compile(text, directory string, w World) (*Rule, error) {
	r := newReader(w, nil, directory)
	defer r.done()
	r.pinned = true
	file, broken := document.Parse("a rule of "+placeName(directory)+" as it was", []byte(text))
	if len(broken) > 0 {
		return nil, broken[0]
	}
	if file.Root == nil {
		return nil, errors.New("the rule has no text")
	}
	r.file = file
	rule := r.rule(document.Resolve(file.Root))
	// Types, sources and stores may have gone since; what cannot be run is what matters.
	if i := slices.IndexFunc(r.problems, func(p document.Problem) bool { return !p.Warning && !gone(p) }); i >= 0 {
		return nil, r.problems[i]
	}
	if rule == nil {
		return nil, errors.New("this is not a rule")
	}
	rule.Text, rule.Revision = text, revision(directory, text)
	return rule, nil
}

// gone tells of a problem that does not keep a pinned rule from being run.
func gone(p document.Problem) bool {
	return strings.HasPrefix(p.Message, "unknown event type ") || strings.HasPrefix(p.Message, "unknown source ") || strings.HasPrefix(p.Message, "no source sends ")
}

func placeName(directory string) string {
	if directory == "" {
		return "all stores"
	}
	return fmt.Sprintf("store %s", directory)
}

// textOf gives the text of a rule in a file, as it was written, moved to the left margin. next is the rule after it,
// or nil. A rule that uses what stands elsewhere in the file, or that is written in one line with others, is written
// out anew.
func textOf(f *document.File, item, next *yaml.Node) string {
	if f.Odd() || shares(item) || item.Style&yaml.FlowStyle != 0 || next != nil && next.Line <= item.Line {
		return rewritten(item)
	}
	end, ended := f.Lines()
	if next != nil {
		end, ended = next.Line-1, true
	} else {
		end = lastLine(f, item, end)
	}
	var text strings.Builder
	text.Grow(100 * (end - item.Line + 1))
	for l := item.Line; l <= end; l++ {
		line := f.Line(l)
		if l == item.Line {
			text.WriteString(afterCharacters(line, item.Column-1))
		} else {
			blanks := len(line) - len(strings.TrimLeft(line, " "))
			text.WriteByte('\n')
			text.WriteString(line[min(item.Column-1, blanks):])
		}
	}
	if ended {
		text.WriteByte('\n')
	}
	return strings.Clone(text.String())
}

// afterCharacters gives a line without so many characters at its beginning.
func afterCharacters(line string, n int) string {
	for at := range line {
		if n == 0 {
			return line[at:]
		}
		n--
	}
	return ""
}

// lastLine finds where the last rule of a file ends: before the first line that stands further left than the rule.
func lastLine(f *document.File, item *yaml.Node, end int) int {
	from := deepest(item)
	for l := from + 1; l <= end; l++ {
		line := f.Line(l)
		trimmed := strings.TrimLeft(line, " ")
		if trimmed != "" && len(line)-len(trimmed) < item.Column-1 {
			return l - 1
		}
	}
	return end
}

// deepest gives the last line on which something inside a node begins.
func deepest(n *yaml.Node) int {
	line := n.Line
	for _, c := range n.Content {
		line = max(line, deepest(c))
	}
	return line
}

// shares tells whether a node uses an anchor or an alias.
func shares(n *yaml.Node) bool {
	return n.Kind == yaml.AliasNode || n.Anchor != "" || slices.ContainsFunc(n.Content, shares)
}

// standalone gives a rule as a group of keys, with what it uses of its directory's definitions.
func standalone(item, defined *yaml.Node) *yaml.Node {
	n := plainNode(item)
	n.Style &^= yaml.FlowStyle
	n.Content = append(n.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: "define"}, defined)
	return n
}

func rewritten(n *yaml.Node) string {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(plainNode(n)); err != nil {
		return ""
	}
	return b.String()
}

// plainNode copies a node with its aliases written out.
func plainNode(n *yaml.Node) *yaml.Node {
	n = document.Resolve(n)
	c := *n
	if c.Kind == yaml.ScalarNode && c.Tag == "!!str" {
		c.Style = yaml.DoubleQuotedStyle // the library does not keep every line break of a block
	}
	c.Anchor, c.HeadComment, c.LineComment, c.FootComment = "", "", "", ""
	c.Content = make([]*yaml.Node, len(n.Content))
	for i := range n.Content {
		c.Content[i] = plainNode(n.Content[i])
	}
	return &c
}
