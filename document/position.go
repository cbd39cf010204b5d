package document

import (
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// A Position is a place in a file: line and column from 1, the column counted in characters.
type Position struct{ Line, Column int }

// Position gives the place in the file of the character at an offset, from 0 and counted in characters, of a scalar's
// value: through quotes, escapes, folded lines and the indentation of block scalars. An offset at or after the end of
// the value gives the place after its last character. It gives the start of the node where the way cannot be found.
func (f *File) Position(n *yaml.Node, offset int) Position {
	places := f.Positions(n)
	if len(places) == 0 {
		return Position{n.Line, n.Column}
	}
	return places[min(max(offset, 0), len(places)-1)]
}

// Positions gives the place of every character of a scalar's value, and the place after the last one; nil where the
// text of the file does not lead to the value.
func (f *File) Positions(n *yaml.Node) []Position {
	if n.Kind != yaml.ScalarNode || n.Line < 1 || n.Line > len(f.lines) {
		return nil
	}
	s := &scan{file: f, line: n.Line, column: n.Column, text: make([]rune, 0, len(n.Value)), places: make([]Position, 0, len(n.Value)+1)}
	s.skipProperties()
	switch n.Style &^ yaml.TaggedStyle {
	case yaml.DoubleQuotedStyle:
		s.quoted('"')
	case yaml.SingleQuotedStyle:
		s.quoted('\'')
	case yaml.LiteralStyle, yaml.FoldedStyle:
		s.block(n)
	default:
		s.plain(n.Value)
	}
	return s.against(n.Value)
}

// scan walks the raw lines of a scalar and writes down where each character of its value stands.
type scan struct {
	file         *File
	line, column int // of the next character to read
	text         []rune
	places       []Position
	end          Position
}

func (s *scan) put(r rune, line, column int) {
	s.text = append(s.text, r)
	s.places = append(s.places, Position{line, column})
}

// against makes sure that what was read is the value, so that a mistake here can never point to a wrong place.
func (s *scan) against(value string) []Position {
	want := []rune(value)
	if len(want) > len(s.text) || string(s.text[:len(want)]) != value {
		return nil
	}
	if len(want) < len(s.text) {
		s.end = s.places[len(want)]
	}
	return append(s.places[:len(want)], s.end)
}

func (s *scan) runes(line int) []rune { return s.file.runes(line) }

// skipProperties passes an anchor or a tag before the value.
func (s *scan) skipProperties() {
	for {
		line := s.runes(s.line)
		i := s.column - 1
		if i < 0 || i >= len(line) || (line[i] != '&' && line[i] != '!') {
			return
		}
		for i < len(line) && line[i] != ' ' {
			i++
		}
		for i < len(line) && line[i] == ' ' {
			i++
		}
		s.column = i + 1
	}
}

func blank(r rune) bool { return r == ' ' || r == '\t' }

// plain matches an unquoted value against the file; where a line ends, the value has a space or line breaks.
func (s *scan) plain(value string) {
	want := []rune(value)
	line, i := s.runes(s.line), s.column-1
	last := inked(line)
	for k := 0; k < len(want); k++ {
		if i < last {
			s.put(line[i], s.line, i+1)
			i++
			continue
		}
		breaks := 0
		at := Position{s.line, i + 1}
		for {
			s.line++
			breaks++
			if s.line > len(s.file.lines) {
				return
			}
			if line = s.runes(s.line); strings.TrimSpace(string(line)) != "" {
				break
			}
		}
		last = inked(line)
		for i = 0; i < len(line) && blank(line[i]); i++ {
		}
		if breaks == 1 {
			s.put(' ', at.Line, at.Column)
			continue
		}
		for range breaks - 1 {
			s.put('\n', at.Line, at.Column)
		}
		k += breaks - 2
	}
	s.end = Position{s.line, i + 1}
}

// inked gives the length of a line without the blanks at its end.
func inked(line []rune) int {
	n := len(line)
	for n > 0 && blank(line[n-1]) {
		n--
	}
	return n
}

// quoted reads a quoted value up to its closing quote.
func (s *scan) quoted(quote rune) {
	line, i := s.runes(s.line), s.column
	for {
		switch {
		case i >= len(line):
			if line, i = s.fold(); line == nil {
				return
			}
		case quote == '\'' && line[i] == quote && i+1 < len(line) && line[i+1] == quote:
			s.put(quote, s.line, i+1)
			i += 2
		case line[i] == quote:
			s.end = Position{s.line, i + 1}
			return
		case quote == '"' && line[i] == '\\' && i+1 >= len(line):
			s.line++
			line = s.runes(s.line)
			for i = 0; i < len(line) && blank(line[i]); i++ {
			}
		case quote == '"' && line[i] == '\\':
			r, size := escape(line[i+1:])
			s.put(r, s.line, i+1)
			i += 1 + size
		default:
			s.put(line[i], s.line, i+1)
			i++
		}
	}
}

// fold passes a line break inside quotes: the blanks around it go, and it becomes a space, or as many line breaks as
// there are empty lines.
func (s *scan) fold() ([]rune, int) {
	for len(s.text) > 0 && blank(s.text[len(s.text)-1]) && s.places[len(s.places)-1].Line == s.line {
		s.text, s.places = s.text[:len(s.text)-1], s.places[:len(s.places)-1]
	}
	at := Position{s.line, len(s.runes(s.line)) + 1}
	for breaks := 1; ; breaks++ {
		if s.line++; s.line > len(s.file.lines) {
			return nil, 0
		}
		line := s.runes(s.line)
		if strings.TrimSpace(string(line)) == "" {
			continue
		}
		if breaks == 1 {
			s.put(' ', at.Line, at.Column)
		}
		for range breaks - 1 {
			s.put('\n', at.Line, at.Column)
		}
		i := 0
		for i < len(line) && blank(line[i]) {
			i++
		}
		return line, i
	}
}

var escapes = strings.NewReplacer("n", "\n", "t", "\t", "r", "\r", "a", "\a", "b", "\b", "e", "\x1b", "f", "\f", "v", "\v",
	"0", "\x00", "N", "\u0085", "_", "\u00a0", "L", "\u2028", "P", "\u2029")

// escape reads what follows a backslash inside double quotes.
func escape(rest []rune) (r rune, size int) {
	if digits := map[rune]int{'x': 2, 'u': 4, 'U': 8}[rest[0]]; digits > 0 && len(rest) > digits {
		if code, err := strconv.ParseInt(string(rest[1:1+digits]), 16, 32); err == nil {
			return rune(code), 1 + digits
		}
	}
	return []rune(escapes.Replace(string(rest[:1])))[0], 1
}

// block reads a literal or folded block. Folding joins lines, so that only the value itself can tell where a line
// break of the file became a space: the value is matched against the file.
func (s *scan) block(n *yaml.Node) {
	indent := s.indent()
	if indent == 0 {
		return
	}
	want := []rune(n.Value)
	s.line++
	line, i := s.runes(s.line), indent
	for k := 0; k < len(want); {
		switch {
		case i < len(line) && line[i] == want[k]:
			s.put(want[k], s.line, i+1)
			i++
			k++
		case i >= len(line) && (want[k] == '\n' || want[k] == ' '):
			s.put(want[k], s.line, max(len(line), indent)+1)
			k++
			s.nextLine(want, k, indent, &line, &i)
		default:
			return
		}
	}
	s.end = Position{s.line, i + 1}
}

// nextLine goes to the line that the value goes on with. A folded block drops one line break where empty lines follow.
func (s *scan) nextLine(want []rune, k, indent int, line *[]rune, i *int) {
	s.line++
	*line, *i = s.runes(s.line), indent
	for k < len(want) && want[k] != '\n' && len(*line) <= indent && s.line < len(s.file.lines) {
		s.line++
		*line = s.runes(s.line)
	}
}

// indent tells by how many characters the lines of a block are indented: as its first line that is not empty.
func (s *scan) indent() int {
	header := s.runes(s.line)
	for _, r := range header[min(max(s.column-1, 0), len(header)):] {
		if r == '#' {
			break
		}
		if r >= '1' && r <= '9' { // an explicit indentation is counted from the parent's, which the node does not tell
			return 0
		}
	}
	for l := s.line + 1; l <= len(s.file.lines); l++ {
		line := s.runes(l)
		if strings.TrimSpace(string(line)) != "" {
			count := 0
			for count < len(line) && line[count] == ' ' {
				count++
			}
			return count
		}
	}
	return 0
}
