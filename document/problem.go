// Package document reads the YAML files that people write, and points into them when something is wrong.
//
//	file, problems := document.Parse("rules/sales.yaml", text)
//	problems = append(problems, file.At(node, `unknown key "iff"`, `Did you mean "if"?`))
//	fmt.Print(problems[0])
//
//	rules/sales.yaml:4:5: unknown key "iff"
//	 |     iff: order.total > 5
//	 | ....^
//	 Did you mean "if"?
//
// It knows YAML and JSON Schema. It does not know what a rule, an action or a source is.
package document

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Problem is one thing that is wrong, or, when Warning is set, legal and likely wrong, at one place in a file.
type Problem struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1; 0 when the file as a whole is meant
	Column  int    `json:"column"` // from 1, counted in characters; 0 when the file as a whole is meant
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"` // a sentence that says what would be right
	Warning bool   `json:"warning,omitempty"`
	Source  string `json:"source,omitempty"` // the line of the file, without its end; in JSON only while it is not very long
	// ID is the name of this kind of problem, such as "unknown-key": the same whatever the words are. "" where nobody gave one.
	ID string `json:"id,omitempty"`
}

// Error gives the first line of what [Problem.String] gives, so that a Problem can be returned as an error.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	b.WriteString(": ")
	if p.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	return b.String()
}

// String gives the problem as people read it: place, cause, the line, a caret under the place, and the hint. It ends
// with a line break.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Error() + "\n")
	if p.Line > 0 && p.Source != "" {
		line, caret := clip(p.Source, p.Column)
		fmt.Fprintf(&b, " | %s\n | %s^\n", line, strings.Repeat(".", max(caret-1, 0)))
	}
	if p.Hint != "" {
		b.WriteString(" " + p.Hint + "\n")
	}
	return b.String()
}

// clip keeps a very long line short, around the caret, and gives the caret's place in what is left. What cannot be seen
// becomes a space, for it may steer the terminal that shows it.
func clip(line string, column int) (string, int) {
	const width = 160
	from := 0
	if len(line) > longLine { // its end is not looked for
		from = max(0, column-width/2)
	} else if n := utf8.RuneCountInString(line); n > width {
		from = max(0, min(column-width/2, n-width))
	}
	var b strings.Builder
	i := -1
	for _, r := range line {
		if i++; i < from {
			continue
		}
		if i >= from+width {
			break
		}
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String(), column - from
}

// longestSource is the length in bytes of the longest line that a Problem in JSON repeats.
const longestSource = 2_000

// MarshalJSON leaves out a line that is too long to be repeated with each of its problems.
func (p Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	if len(p.Source) > longestSource {
		p.Source = ""
	}
	return json.Marshal(plain(p))
}

// Sort orders problems by file, line, column and message, and drops exact repeats.
func Sort(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(problems)
}

// Split parts problems that stop a file from being used from warnings, keeping the order of each.
func Split(all []Problem) (problems, warnings []Problem) {
	for _, p := range all {
		if p.Warning {
			warnings = append(warnings, p)
		} else {
			problems = append(problems, p)
		}
	}
	return problems, warnings
}

// Text joins the printed form of every problem.
func Text(problems []Problem) string {
	var b strings.Builder
	for _, p := range problems {
		b.WriteString(p.String())
	}
	return b.String()
}
