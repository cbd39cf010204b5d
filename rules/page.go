package rules

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/template/parse"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"shopbell/actions"
	"shopbell/document"
)

// A page is a template of HTML with all that it includes, for one step: checked, and ready to be filled. It is written as
// html/template has it, but each value in it is an expression of rules, translated: `money .order.total` is
// `money(order.total)`, is checked as that and evaluated as that, within the same bounds. Many goroutines may fill it at once.
type page struct {
	root    string                 // name of the tree to begin with
	trees   map[string]*parse.Tree // with calls of [press] in place of what a merchant wrote
	blanks  []*gap
	marks   []mark
	presses sync.Pool // of *press
}

// A gap is one expression of a page.
type gap struct {
	program *program
	locals  []string // names that it reads beside those of the step, in the order in which they are given
}

// A mark is a place of a page where something can go wrong.
type mark struct {
	where  origin
	source string // as written, for messages
}

// A sheet is one file of a page.
type sheet struct {
	file   *document.File
	text   string
	starts []int // where its lines begin, in bytes
}

func newSheet(name, text string) *sheet {
	s := &sheet{file: document.Plain(name, text), text: text, starts: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			s.starts = append(s.starts, i+1)
		}
	}
	return s
}

// at gives the place of a byte.
func (s *sheet) at(offset int) document.Position {
	offset = min(max(offset, 0), len(s.text))
	line, exact := slices.BinarySearch(s.starts, offset)
	if !exact {
		line--
	}
	return document.Position{Line: line + 1, Column: utf8.RuneCountInString(s.text[s.starts[line]:offset]) + 1}
}

// A leaf is a named piece of a page: a file, or what {{ define }} names.
type leaf struct {
	tree  *parse.Tree
	sheet *sheet
}

// typesetter makes one page.
type typesetter struct {
	*reader
	rule   *Rule
	v      vocabulary
	page   *page
	named  *yaml.Node // where the rule names the template
	leaves map[string]leaf
	sheet  *sheet   // at hand
	open   []string // pieces that are being made, outermost last
	size   int      // of the texts so far
	made   int      // pieces so far
	seen   int      // nodes so far
	failed bool
}

// The bounds of one page.
const (
	maxPieces    = 500    // pieces, each counted as often as it is used
	maxPageNodes = 50_000 // parts of all of them
)

// setPage makes the page of a template that a rule names. It is nil when that cannot be; problems say why.
func (r *reader) setPage(rule *Rule, n *yaml.Node, name string, v vocabulary) *page {
	t := &typesetter{reader: r, rule: rule, v: v, page: &page{}, named: n, leaves: map[string]leaf{}}
	t.page.trees = map[string]*parse.Tree{}
	told := len(r.problems)
	if !t.take(name, name, func(message, hint string) { r.wrong(n, message, hint) }) {
		return nil
	}
	first, known := t.leaves[name]
	if !known || parse.IsEmptyTree(first.tree.Root) {
		r.wrong(n, fmt.Sprintf("the template %q says nothing", name), "What {{ define }} names is shown only where {{ template }} says so.")
		return nil
	}
	root, ok := t.piece(name, subject{whole: true}, nil)
	r.problems = append(r.problems[:told:told], distinct(r.problems[:told], r.problems[told:])...)
	if !ok || t.failed {
		return nil
	}
	t.page.root = root
	if p := t.proof(first.sheet); p != nil {
		r.problems = append(r.problems, *p)
		return nil
	}
	return t.page
}

// distinct leaves out problems that were told before: what is wrong with a template shows in each rule that uses it.
func distinct(before, found []document.Problem) []document.Problem {
	var all []document.Problem
	for _, p := range found {
		same := func(q document.Problem) bool { return sameProblem(p, q) }
		if !slices.ContainsFunc(before, same) && !slices.ContainsFunc(all, same) {
			all = append(all, p)
		}
	}
	return all
}

// take reads a file and the pieces that it names. Those that are there already stay: what a page defines counts before what
// its layout does.
func (t *typesetter) take(name, file string, tell func(message, hint string)) bool {
	where, text, err := t.template(file)
	switch {
	case errors.Is(err, actions.ErrNoFile):
		tell(fmt.Sprintf("there is no template %q", file), t.nearTemplate(file))
		return false
	case err != nil:
		tell(err.Error(), "")
		return false
	case !utf8.ValidString(text):
		tell(fmt.Sprintf("the template %q is not UTF-8 text", file), "Save the file as UTF-8.")
		return false
	}
	if t.size += len(text); t.size > maxTemplates {
		tell(fmt.Sprintf("the template and what it includes are larger than %d MB together", maxTemplates>>20), "")
		return false
	}
	if t.templates == nil {
		t.templates = map[string]string{}
	}
	t.templates[file] = text
	s := newSheet(where, strings.ReplaceAll(text, "\r\n", "\n"))
	tree, set := parse.New(name), map[string]*parse.Tree{}
	tree.Mode = parse.SkipFuncCheck // each name is checked with its place
	if _, err := tree.Parse(s.text, "", "", set); err != nil {
		t.tell(unreadablePage(s, err))
		return false
	}
	for name, tree := range set {
		if _, taken := t.leaves[name]; !taken {
			t.leaves[name] = leaf{tree, s}
		}
	}
	return true
}

// usedTemplates gives the templates that the rule at hand uses, as a rule that stands alone says it.
func (r *reader) usedTemplates() *yaml.Node {
	all := &yaml.Node{Kind: yaml.MappingNode}
	for _, name := range slices.Sorted(maps.Keys(r.templates)) {
		all.Content = append(all.Content, quotedNode(name), quotedNode(r.templates[name]))
	}
	return all
}

func quotedNode(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Style: yaml.DoubleQuotedStyle, Value: text}
}

// keptTemplates takes the templates of a waiting run's rule.
func (r *reader) keptTemplates(n *yaml.Node) {
	r.templates = map[string]string{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		r.templates[n.Content[i].Value] = n.Content[i+1].Value
	}
}

// template gives the text of a template, for a waiting run as it was when the run began.
func (t *typesetter) template(name string) (where, text string, err error) {
	if t.pinned {
		text, known := t.templates[name]
		if !known {
			return "", "", actions.ErrNoFile
		}
		return name + " as it was", text, nil
	}
	where, text, err = t.besideText(name)
	return t.shownBeside(where), text, err
}

// included finds the piece that {{ template }} names: one that is defined, else a file, else one of the layouts.
func (t *typesetter) included(name string, at int) bool {
	if _, known := t.leaves[name]; known {
		return true
	}
	file := name
	if !strings.Contains(name, ".") {
		file = "layouts/" + name + ".html"
	}
	here := t.sheet
	return t.take(name, file, func(message, hint string) {
		known := make([]string, 0, len(t.leaves))
		for k := range t.leaves {
			known = append(known, k)
		}
		if near := document.DidYouMean(name, known); near != "" {
			hint = near
		}
		t.wrongAt(here, at, message, hint)
	})
}

func (t *typesetter) wrongAt(s *sheet, at int, message, hint string) {
	t.failed = true
	p := s.at(at)
	t.tell(s.file.Place(p.Line, p.Column, message, hint))
}

// mark notes a place.
func (t *typesetter) mark(at int, source string) int {
	t.page.marks = append(t.page.marks, mark{origin{file: t.sheet.file, places: []document.Position{t.sheet.at(at)}}, source})
	return len(t.page.marks) - 1
}

var pageError = regexp.MustCompile(`^template: .*?:(\d+):(?:\d+:)? (.*)$`)

// unreadablePage says why a template cannot be read.
func unreadablePage(s *sheet, err error) document.Problem {
	m := pageError.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	if m == nil {
		return document.Problem{File: s.file.Name, Message: "the template cannot be read: " + err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	column := max(1, utf8.RuneCountInString(s.file.Line(line)[:max(0, strings.Index(s.file.Line(line), "{{"))])+1)
	message, hint := "this is no template: "+m[2], ""
	switch {
	case strings.Contains(message, `unexpected "(" in operand`), strings.Contains(message, `unexpected "," in`):
		hint = "What a function is given stands after its name, without parentheses and commas: {{ money .order.total }}."
	case strings.Contains(message, "unexpected EOF"):
		message, hint = "the file ends, and something in it is not closed", "Write {{ end }} after {{ if }}, {{ with }}, {{ range }}, {{ define }} and {{ block }}."
	case strings.Contains(message, "unexpected {{end}}"):
		message, hint = "{{ end }} closes nothing here", ""
	case strings.Contains(message, "bad character"), strings.Contains(message, "unrecognized character"):
		hint = "In a template, compare with eq, ne, lt, gt: {{ if gt .order.total 100 }}."
	case strings.Contains(message, "undefined variable"):
		hint = "Give it a value first: {{ $total := .order.total }}."
	}
	return s.file.Place(line, column, message, hint)
}
