package document

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// refine says the commonest mistakes in plain words, at the place where they were made.
func (f *File) refine(p Problem, line int, message string) Problem {
	at := func(l int) Problem {
		p.Line, p.Source = l, f.Line(l)
		p.Column = utf8.RuneCountInString(p.Source) - utf8.RuneCountInString(strings.TrimLeft(p.Source, " \t")) + 1
		return p
	}
	if tab := f.tabIndent(); tab > 0 {
		p.Message, p.Hint = "a tab at the start of a line", "YAML wants spaces: use two for each level."
		return at(tab)
	}
	if l, column := f.afterQuote(line); l > 0 && !strings.Contains(message, "mapping values") {
		p.Message, p.Hint = "something follows the closing quote", `Put quotes of the other kind around the whole value, as in '"A" in order.tags'.`
		p = at(l)
		p.Column = column
		return p
	}
	if l, column := f.bareHash(line); l > 0 && strings.Contains(message, "did not find expected") {
		p.Message, p.Hint = "YAML takes what follows # for a comment", `Put a value that begins with # into quotes, such as "#sales".`
		p = at(l)
		p.Column = column
		return p
	}
	switch {
	case strings.Contains(message, "mapping values are not allowed"):
		p.Message, p.Hint = `a second ": " on one line`, "Put the value into quotes, or start a new line before the second key."
		p = at(line)
		if column := secondColon(p.Source); column > 0 {
			p.Column = column
		}
		return p
	case strings.Contains(message, "did not find expected key"), strings.Contains(message, "did not find expected '-' indicator"):
		p.Message, p.Hint = "this line does not fit the lines around it", "Check that lines of one list or one group start in the same column, and that quotes are closed."
		if odd := f.oddIndent(line); odd > 0 {
			return at(odd)
		}
	case strings.Contains(message, "found unexpected end of stream"), strings.Contains(message, "found unexpected document indicator"):
		p.Message, p.Hint = "a quote or bracket is opened and never closed", ""
	case strings.Contains(message, "did not find expected node content"):
		p.Message, p.Hint = "a value is missing, or cannot begin like this", "Put the value into quotes, and check that every [ and { is closed."
	case strings.Contains(message, "cannot start any token"):
		p.Message, p.Hint = "a value cannot start with this character", "Put the value into quotes."
	}
	return at(line)
}

// quotedValue finds `key: "value" more`, which YAML cannot read: the value ends with its quote.
var quotedValue = regexp.MustCompile(`^\s*(?:- +)*[\w-]+:\s+(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')\s+([^\s#])`)

func (f *File) afterQuote(from int) (line, column int) {
	return f.find(from, quotedValue)
}

// hashValue finds `key: #value` between { and }, where a comment swallows the closing bracket.
var hashValue = regexp.MustCompile(`\{[^"'#]*[\w-]+:\s+(#)`)

func (f *File) bareHash(from int) (line, column int) {
	return f.find(from, hashValue)
}

// find gives the place of a pattern's group in the first line, from one on, that has it; zeros when none has.
func (f *File) find(from int, pattern *regexp.Regexp) (line, column int) {
	for i := max(from-1, 0); i < len(f.lines); i++ {
		if m := pattern.FindStringSubmatchIndex(f.lines[i]); m != nil {
			return i + 1, utf8.RuneCountInString(f.lines[i][:m[2]]) + 1
		}
	}
	return 0, 0
}

func (f *File) tabIndent() int {
	for i, line := range f.lines {
		if rest := strings.TrimLeft(line, " "); strings.HasPrefix(rest, "\t") && strings.TrimSpace(rest) != "" {
			return i + 1
		}
	}
	return 0
}

// secondColon finds the second ": " of a line, outside of quotes; 0 when there is none.
func secondColon(line string) int {
	quote, colons := rune(0), 0
	runes := []rune(line)
	for i, r := range runes {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case (r == '"' || r == '\'') && (i == 0 || runes[i-1] == ' '):
			quote = r
		case r == ':' && i+1 < len(runes) && runes[i+1] == ' ':
			if colons++; colons == 2 {
				return i + 1
			}
		}
	}
	return 0
}

// oddIndent finds the first line, at or after one that the YAML library names, that goes back to a column where nothing
// begins: the library names the line where the group around it began. It is 0 when there is none.
func (f *File) oddIndent(from int) int {
	var open []int // columns at which the groups around a line begin
	for i, line := range f.lines {
		rest := strings.TrimLeft(line, " ")
		if rest == "" || rest[0] == '#' {
			continue
		}
		column := len(line) - len(rest)
		for len(open) > 0 && open[len(open)-1] > column {
			open = open[:len(open)-1]
			if i+1 >= from && (len(open) == 0 || open[len(open)-1] < column) {
				return i + 1
			}
		}
		if len(open) == 0 || open[len(open)-1] < column {
			open = append(open, column)
		}
		for strings.HasPrefix(rest, "- ") {
			rest = strings.TrimLeft(rest[2:], " ")
			open = append(open, len(line)-len(rest))
		}
	}
	return 0
}
