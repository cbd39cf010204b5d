package rules

import (
	"bytes"
	"errors"
	"fmt"
	markup "html/template"
	"io"
	"strings"

	"shopbell/actions"
	"shopbell/document"
)

// A press fills a page. One goroutine uses it at a time.
type press struct {
	page   *page
	rule   *Rule
	made   *markup.Template
	env    map[string]any
	scope  *scope // nil for a proof
	failed error  // the first error, with its place
}

// everything is what a page begins with: its values come from the step, not from here.
type everything struct{}

var (
	errProof    = errors.New("this is a proof")
	errPageText = errors.New("what the template says is larger than 1 MB")
)

// newPress makes a press. html/template changes the trees when it finds how to escape what they show, so each has its own.
func (p *page) newPress() (*press, error) {
	m := &press{page: p}
	made := markup.New(p.root).Funcs(markup.FuncMap{"_blank": m.gap, "_text": m.text, "_each": m.each, "_into": m.into})
	for name, tree := range p.trees {
		if _, err := made.AddParseTree(name, tree.Copy()); err != nil {
			return nil, err
		}
	}
	m.made = made
	return m, nil
}

// proof finds what is wrong with the HTML around the values: there are places where nothing can be put safely.
func (t *typesetter) proof(first *sheet) *document.Problem {
	m, err := t.page.newPress()
	if err == nil {
		err = m.made.ExecuteTemplate(io.Discard, t.page.root, everything{})
	}
	if wrong, ok := errors.AsType[*markup.Error](err); ok {
		s, line := first, max(wrong.Line, 1)
		name, _, _ := strings.Cut(wrong.Name, "#")
		if l, known := t.leaves[name]; known {
			s = l.sheet
		}
		p := s.file.Place(line, 1, "nothing can be put here safely: "+escapeWords(wrong.Description), "Put values into text and into attributes in quotes.")
		return &p
	}
	if err != nil && !errors.Is(err, errProof) {
		return &document.Problem{File: first.file.Name, Line: 1, Column: 1, Message: "the template cannot be used: " + pieceNames(err.Error())}
	}
	t.page.presses.Put(m)
	return nil
}

// escapeWords leaves out how html/template writes its own state.
func escapeWords(s string) string {
	s, _, _ = strings.Cut(pieceNames(s), ": {state")
	return s
}

// pieceNames takes the numbers out of names of pieces.
func pieceNames(s string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(s, "#")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		s = strings.TrimLeft(after, "0123456789")
	}
}

// fill gives what the page says in an environment. The error is for people, with file, line and column.
func (p *page) fill(r *Rule, env map[string]any) (string, error) {
	m, _ := p.presses.Get().(*press)
	if m == nil {
		var err error
		if m, err = p.newPress(); err != nil {
			return "", err
		}
	}
	m.rule, m.env, m.failed = r, env, nil
	m.scope, _ = env[scopeName].(*scope)
	var out paper
	err := m.made.ExecuteTemplate(&out, p.root, everything{})
	if err == nil {
		m.rule, m.env, m.scope = nil, nil, nil
		p.presses.Put(m) // and from now on it is another's; one that failed is not used again
		return out.text.String(), nil
	}
	switch {
	case m.failed != nil:
		return "", m.failed
	case errors.Is(err, errPageText):
		return "", fmt.Errorf("%s: %w", p.file(), errPageText)
	}
	return "", errors.New(templateWords(pieceNames(strings.TrimPrefix(err.Error(), "template: "))))
}

// file names the page for people.
func (p *page) file() string { return p.trees[p.root].ParseName }

// paper takes what a page says, up to a bound.
type paper struct{ text bytes.Buffer }

// Write implements [io.Writer].
func (p *paper) Write(b []byte) (int, error) {
	if p.text.Len()+len(b) > maxText {
		return 0, errPageText
	}
	return p.text.Write(b)
}

// fail keeps the first error.
func (m *press) fail(err error) error {
	if m.failed == nil {
		m.failed = err
	}
	return err
}

// at puts a place before an error.
func (m *press) at(mark int, err error) error {
	name, line, column := m.page.marks[mark].where.locate(0)
	return m.fail(fmt.Errorf("%s:%d:%d: %w", name, line, column, err))
}

// pay takes steps from what all expressions of a step may take together.
func (m *press) pay(steps int) error {
	if m.scope == nil {
		return errProof
	}
	if m.scope.purse -= steps; m.scope.purse < 0 {
		return m.fail(fmt.Errorf("%s: %w", m.page.file(), errSteps))
	}
	return nil
}

// gap evaluates an expression.
func (m *press) gap(n int, locals ...any) (any, error) {
	if err := m.pay(20); err != nil { // to come here takes as long
		return nil, err
	}
	b := m.page.blanks[n]
	for i, name := range b.locals {
		m.env[name] = locals[i]
	}
	v, err := b.program.run(m.env)
	if err != nil {
		located := m.rule.blame(b.program, err)
		return nil, m.fail(errors.New(orElse.ReplaceAllString(templateWords(located.Error()), `(or .$1 "…")`)))
	}
	return v, nil
}

// text shows a value.
func (m *press) text(mark int, v any) (any, error) {
	if err := m.pay(20); err != nil {
		return nil, err
	}
	t, err := plainText(v)
	if errors.Is(err, errNothing) {
		written := m.page.marks[mark].source
		return nil, m.at(mark, fmt.Errorf("%s is empty; write {{ or %s \"…\" }} to say what to put there, or {{ with … }} around it", written, inParentheses(written)))
	}
	if err != nil {
		return nil, m.at(mark, fmt.Errorf("%s: %w", m.page.marks[mark].source, err))
	}
	if err := m.pay(len(t) / 8); err != nil {
		return nil, err
	}
	if settled(v, actions.HTML) {
		return markup.HTML(t), nil //nolint:gosec // the rule vouches for it, or it is escaped already
	}
	return t, nil
}

// each gives what {{ range }} goes through.
func (m *press) each(mark int, v any) (any, error) {
	if err := m.pay(4 * length(v)); err != nil {
		return nil, err
	}
	if object, ok := v.(map[string]any); ok {
		return object, nil
	}
	if list, ok := items(v); ok || v == nil {
		return list, nil
	}
	return nil, m.at(mark, fmt.Errorf("%s is %s, and range wants a list", m.page.marks[mark].source, wordFor(v)))
}

// into gives a piece what it is about.
func (m *press) into(v any) (any, error) { return v, m.pay(20) }
