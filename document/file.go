package document

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// The bounds of a file. What passes them is refused with a problem.
const (
	MaxBytes = 4 << 20 // size of one file in bytes
	MaxNodes = 500_000 // keys, values and list items of one file, each alias counted as often as it is used
	MaxLevel = 64      // depth of nesting
)

// A File is one parsed YAML file. It is read-only once parsed.
type File struct {
	Name  string     // as shown to people
	Text  []byte     // as read
	Root  *yaml.Node // the first document's value; nil when the file holds nothing
	lines []string
	odd   bool // some line ends with neither \n nor \r\n
	// long holds the characters of lines that are long, so that a place in one of them is found without counting from its
	// beginning: else the cost of many places in one line would grow with the square of its length.
	long map[int][]rune
}

// splitLines parts text at every line break that YAML knows, so that our lines are the library's. odd says that there
// are others than \n and \r\n.
func splitLines(text string) (lines []string, odd bool) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	const others = "\r\u0085\u2028\u2029"
	if odd = utf8.ValidString(text) && strings.ContainsAny(text, others); odd {
		text = strings.Map(func(r rune) rune {
			if strings.ContainsRune(others, r) {
				return '\n'
			}
			return r
		}, text)
	}
	return strings.Split(text, "\n"), odd
}

// Parse reads one YAML document strictly: duplicate keys, keys that are not text, a second document, more aliases or
// nesting than the bounds allow, and text that is not UTF-8 are problems. All that can be told at once is told; when a
// problem is found, the file is nil only if nothing of it could be read.
func Parse(name string, text []byte) (*File, []Problem) {
	f := &File{Name: name, Text: text}
	if len(text) > MaxBytes {
		return nil, []Problem{{File: name, Message: fmt.Sprintf("the file has %d bytes, more than the %d allowed", len(text), MaxBytes)}}
	}
	f.lines, f.odd = splitLines(string(text))
	if p, ok := f.notUTF8(); ok {
		return nil, []Problem{p}
	}
	f.keepLong()
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	var doc yaml.Node
	if err := decoder.Decode(&doc); err != nil {
		if err.Error() == "EOF" {
			return f, nil
		}
		return nil, []Problem{f.syntax(err)}
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil && len(second.Content) > 0 {
		return nil, []Problem{f.At(second.Content[0], "a second YAML document in one file", "Remove the line with --- or use two files.")}
	} else if err != nil && err.Error() != "EOF" {
		return nil, []Problem{f.syntax(err)}
	}
	if len(doc.Content) == 0 {
		return f, nil
	}
	f.Root = doc.Content[0]
	w := walker{file: f, left: MaxNodes}
	w.walk(f.Root, 0)
	if w.fatal {
		return nil, Sort(w.problems)
	}
	return f, Sort(w.problems)
}

// longLine is the length in bytes of a line that is kept as characters, too.
const longLine = 4_000

func (f *File) keepLong() {
	for i, line := range f.lines {
		if len(line) > longLine {
			if f.long == nil {
				f.long = map[int][]rune{}
			}
			f.long[i+1] = []rune(line)
		}
	}
}

// runes gives the characters of line n, from 1. They must not be changed.
func (f *File) runes(n int) []rune {
	if long, ok := f.long[n]; ok {
		return long
	}
	return []rune(f.Line(n))
}

// After gives at most so many characters of a line from a place on.
func (f *File) After(p Position, most int) string {
	line := f.runes(p.Line)
	from := min(max(p.Column-1, 0), len(line))
	return string(line[from:min(from+most, len(line))])
}

func (f *File) notUTF8() (Problem, bool) {
	for i, line := range f.lines {
		if !utf8.ValidString(line) {
			return Problem{File: f.Name, Line: i + 1, Column: 1, Message: "the line is not UTF-8 text",
				Hint: "Save the file as UTF-8."}, true
		}
	}
	return Problem{}, false
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\s*)?(?:line (\d+): )?(.*)$`)

// syntax turns an error of the YAML library, which knows a line at most, into a Problem.
func (f *File) syntax(err error) Problem {
	m := yamlLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	if m == nil {
		return Problem{File: f.Name, Message: "this is not YAML: " + err.Error()}
	}
	line, _ := strconv.Atoi(m[1])
	p := Problem{File: f.Name, Message: "this is not YAML: " + m[2]}
	if line == 0 {
		line = 1
	}
	line = min(line, len(f.lines))
	return f.refine(p, line, m[2])
}

// Line gives line n, from 1, without its end; "" when there is no such line.
func (f *File) Line(n int) string {
	if n < 1 || n > len(f.lines) {
		return ""
	}
	return f.lines[n-1]
}

// Lines tells how many lines the file has, and whether the last one ends with a line break.
func (f *File) Lines() (n int, ended bool) {
	if n = len(f.lines); n > 1 && f.lines[n-1] == "" {
		return n - 1, true
	}
	return n, false
}

// Odd tells whether some line of the file ends with neither \n nor \r\n, so that its lines joined by \n are not its text.
func (f *File) Odd() bool { return f.odd }

// At makes a Problem at the start of a node.
func (f *File) At(n *yaml.Node, message, hint string) Problem {
	return f.Place(n.Line, n.Column, message, hint)
}

// Place makes a Problem at a line and column, both from 1. The YAML library counts columns in characters, and so do we.
func (f *File) Place(line, column int, message, hint string) Problem {
	return Problem{File: f.Name, Line: line, Column: column, Message: message, Hint: hint, Source: f.Line(line)}
}

// walker checks what the YAML library lets pass.
type walker struct {
	file     *File
	left     int
	fatal    bool
	problems []Problem
}

func (w *walker) stop(n *yaml.Node, message, hint string) {
	if !w.fatal {
		w.problems = append(w.problems, w.file.At(n, message, hint))
	}
	w.fatal = true
}

func (w *walker) walk(n *yaml.Node, level int) {
	if w.left--; w.left < 0 {
		w.stop(n, fmt.Sprintf("the file has more than %d values, counting what its aliases repeat", MaxNodes), "")
	}
	if level > MaxLevel {
		w.stop(n, fmt.Sprintf("nested deeper than %d levels", MaxLevel), "")
	}
	if w.fatal {
		return
	}
	if n.Style&yaml.TaggedStyle != 0 && strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!") {
		w.problems = append(w.problems, w.file.At(n, `YAML takes what follows "!" for a tag`, `Put the whole value into quotes, or write "not " for "!".`))
	}
	switch n.Kind {
	case yaml.AliasNode:
		w.walk(n.Alias, level+1)
		return
	case yaml.MappingNode:
		w.keys(n)
	}
	for _, c := range n.Content {
		w.walk(c, level+1)
	}
}

func (w *walker) keys(n *yaml.Node) {
	seen := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		switch {
		case k.Kind == yaml.MappingNode && strings.HasPrefix(strings.TrimSpace(w.rest(k)), "{"):
			w.problems = append(w.problems, w.file.At(k, "a value that begins with {{ must be in quotes", `Write "{{ … }}" with quotes around it.`))
		case k.Kind != yaml.ScalarNode:
			w.problems = append(w.problems, w.file.At(k, "a key must be text", ""))
		case k.Tag == "!!merge":
			w.problems = append(w.problems, w.file.At(k, "merge keys (<<) are not supported", "Write the keys out."))
		case seen[k.Value] > 0:
			w.problems = append(w.problems, w.file.At(k, fmt.Sprintf("%q is given twice", k.Value), fmt.Sprintf("It was first given in line %d.", seen[k.Value])))
		default:
			seen[k.Value] = k.Line
		}
	}
}

func (w *walker) rest(n *yaml.Node) string {
	return w.file.After(Position{n.Line, n.Column}, 10)
}
