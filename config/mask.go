package config

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"shopbell/document"
	"shopbell/shape"
)

// secretish are the keys whose values are hidden wherever they stand, also where they are not known.
var secretish = regexp.MustCompile(`(?i)(secret|token|passw|pasw|passphrase|pwd|key|credential|auth|private)`)

var (
	secretLine = regexp.MustCompile(`(?i)((?:secret|token|passw|pasw|passphrase|pwd|key|credential|auth|private)[\w.-]*["']?\s*:\s*)(.*)$`)
	userinfo   = regexp.MustCompile(`(://)[^/\s"'@]+@`)
	anchorName = regexp.MustCompile(`(unknown anchor) '.*?'`)
)

// A masker hides secrets in the lines that problems show.
type masker struct {
	file  *document.File
	spans map[int][]span // by line, from 1
	texts []string       // never shown in a message
}

// A span is a part of a line, in characters from 0; to < 0 means to its end.
type span struct{ from, to int }

// hide marks the text of a scalar. Text that is nothing but references tells nothing and stays.
func (m *masker) hide(n *yaml.Node) {
	n = document.Resolve(n)
	for _, c := range n.Content {
		m.hide(c)
	}
	if n.Kind != yaml.ScalarNode || n.Value == "" || references.MatchString(n.Value) {
		return
	}
	m.texts = append(m.texts, n.Value)
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		m.block(n.Line)
		return
	}
	m.inline(n)
}

// block hides the lines of a | or > value: all that are indented deeper than the line that opens it.
func (m *masker) block(line int) {
	depth := indent(m.file.Line(line))
	for l := line + 1; ; l++ {
		text := m.file.Line(l)
		if text == "" && l-line > 10_000 || strings.TrimSpace(text) != "" && indent(text) <= depth || l > line+10_000 {
			return
		}
		m.add(l, 0, -1)
	}
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// inline hides a plain or quoted value, to its end, or through every line it goes on in.
func (m *masker) inline(n *yaml.Node) {
	line := []rune(m.file.Line(n.Line))
	from := min(max(n.Column-1, 0), len(line))
	rest := line[from:]
	end := -1
	switch {
	case n.Style&yaml.DoubleQuotedStyle != 0:
		end = closing(rest, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		end = closing(rest, '\'')
	case strings.HasPrefix(string(rest), n.Value):
		end = utf8.RuneCountInString(n.Value)
	}
	if end >= 0 {
		m.add(n.Line, from, from+end)
		return
	}
	m.add(n.Line, from, -1)
	for l := n.Line + 1; l <= n.Line+len(n.Value)+1 && m.file.Line(l) != ""; l++ {
		m.add(l, 0, -1)
	}
}

// closing gives the length of a quoted text with its quotes; -1 when it does not end in this line.
func closing(text []rune, quote rune) int {
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && quote == '"':
			i++
		case text[i] == quote && quote == '\'' && i+1 < len(text) && text[i+1] == quote:
			i++
		case text[i] == quote:
			return i + 1
		}
	}
	return -1
}

func (m *masker) add(line, from, to int) { m.spans[line] = append(m.spans[line], span{from, to}) }

// line gives a line of the file as it may be shown: every character of a secret is a star, so that columns stay.
func (m *masker) line(n int) string {
	text := []rune(m.file.Line(n))
	for _, s := range m.spans[n] {
		to := s.to
		if to < 0 || to > len(text) {
			to = len(text)
		}
		for i := s.from; i < to; i++ {
			text[i] = '*'
		}
	}
	return userinfo.ReplaceAllStringFunc(string(text), stars)
}

func stars(found string) string {
	return "://" + strings.Repeat("*", utf8.RuneCountInString(found)-4) + "@"
}

// clean hides secrets in a problem's line and words.
func (m *masker) clean(p document.Problem) document.Problem {
	if p.Line > 0 && p.Source != "" {
		p.Source = m.line(p.Line)
	}
	for _, text := range m.texts {
		if len(text) >= 8 { // a shorter one may be a word of ours; no message repeats a value that is declared secret
			p.Message = strings.ReplaceAll(p.Message, text, "…")
			p.Hint = strings.ReplaceAll(p.Hint, text, "…")
		}
	}
	return p
}

// keys hides the values of all keys that look like holding a secret, known or not.
func (m *masker) keys(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			m.keys(c)
		}
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if secretish.MatchString(k.Value) && document.Resolve(v).Kind == yaml.ScalarNode {
			m.hide(v)
			continue
		}
		m.keys(v)
	}
}

// fields hides what a declaration calls secret, and unknown keys whose names are near to such a field's.
func (m *masker) fields(n *yaml.Node, f *shape.Field, found func(*yaml.Node, []string), path ...string) {
	if f == nil {
		return
	}
	n = document.Resolve(n)
	if f.Secret && n.Kind == yaml.ScalarNode {
		m.hide(n)
		found(n, path)
		return
	}
	switch n.Kind {
	case yaml.SequenceNode:
		for _, c := range n.Content {
			m.fields(c, f.Elem, found, path...)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			k, v := n.Content[i], n.Content[i+1]
			if in := inner(f, k.Value); in != nil {
				m.fields(v, in, found, append(path[:len(path):len(path)], k.Value)...)
			} else if near(k.Value, f.Fields) {
				m.hide(v)
			}
		}
	}
}

func near(key string, fields []shape.Field) bool {
	var names []string
	for _, f := range fields {
		if f.Secret {
			names = append(names, f.Name)
		}
	}
	_, ok := document.Nearest(key, names)
	return ok
}

// cleanSyntax hides secrets in a problem of a file that could not be read as YAML, where nothing is known but the line.
func cleanSyntax(p document.Problem) document.Problem {
	p.Message = anchorName.ReplaceAllString(p.Message, "$1")
	if p.Source == "" || !strings.Contains(p.Source, ":") {
		p.Source = "" // it may be the middle of a text
		return p
	}
	p.Source = secretLine.ReplaceAllStringFunc(p.Source, func(found string) string {
		parts := secretLine.FindStringSubmatch(found)
		if references.MatchString(strings.Trim(parts[2], `"' `)) {
			return found
		}
		return parts[1] + strings.Repeat("*", utf8.RuneCountInString(parts[2]))
	})
	p.Source = userinfo.ReplaceAllStringFunc(p.Source, stars)
	return p
}
