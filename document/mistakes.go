package document

import (
	"fmt"
	"regexp"
	"slices"
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
	for _, m := range mistakes() {
		if !slices.ContainsFunc(m.says, func(words string) bool { return strings.Contains(message, words) }) {
			continue
		}
		p.Message, p.Hint = m.message, m.hint
		if m.find == nil {
			return at(line)
		}
		if l, column := m.find(f, line); l > 0 {
			p = at(l)
			p.Column = max(column, p.Column)
			return p
		}
		if !m.sure {
			return at(line)
		}
	}
	return at(line)
}

// A mistake is what people write that is not YAML, known by the words of the library.
type mistake struct {
	says          []string
	message, hint string
	// find gives the place where it was made, at or after a line; zeros when it does not find it, or only the line.
	find func(f *File, from int) (line, column int)
	sure bool // it is this mistake only when it is found
}

func mistakes() []mistake {
	return []mistake{
		{says: []string{"mapping values are not allowed"}, message: `a second ": " on one line`,
			hint: "Put the value into quotes, or start a new line before the second key.", find: (*File).secondColon},
		{says: []string{"did not find expected key", "did not find expected '-' indicator"}, message: "this line does not fit the lines around it",
			hint: "Check that lines of one list or one group start in the same column, and that quotes are closed.",
			find: func(f *File, from int) (int, int) { return f.oddIndent(from), 0 }, sure: true},
		{says: []string{"did not find expected key", "did not find expected '-' indicator"}, message: `"]" or "}" closes what was never opened`,
			find: (*File).unopened, sure: true},
		{says: []string{"did not find expected key", "did not find expected '-' indicator"}, message: "this line does not fit the lines around it",
			hint: "Check that lines of one list or one group start in the same column, and that quotes are closed."},
		{says: []string{"did not find expected ',' or"}, message: "a comma is missing between two values",
			hint: "Between { and }, and between [ and ], values have commas between them.", find: by(commaless), sure: true},
		{says: []string{"found unexpected end of stream", "found unexpected document indicator", "did not find expected ',' or", "did not find expected node content"},
			message: "a quote or bracket is opened and never closed", find: (*File).unclosed, sure: true},
		{says: []string{"did not find expected ',' or"}, message: "a comma is missing between two values",
			hint: `Between { and }, and between [ and ], values have commas between them, and one with ": " in it is in quotes.`, find: by(flow)},
		{says: []string{"found unexpected end of stream", "found unexpected document indicator"}, message: "a quote or bracket is opened and never closed"},
		{says: []string{"did not find expected node content"}, message: "a value is missing, or cannot begin like this",
			hint: "Put the value into quotes, and check that every [ and { is closed."},
		{says: []string{"unknown escape character"}, message: `"\" means something special inside double quotes`,
			hint: `Write "\\" for one backslash, or put the value into single quotes.`, find: by(oddEscape)},
		{says: []string{"cannot start any token", "directive"}, message: "a value cannot start with this character", hint: "Put the value into quotes.", find: by(reserved)},
		{says: []string{"unknown anchor", "did not find expected alphabetic or numeric character"}, message: "YAML takes what follows * or & for a name",
			hint: "Put a value that begins with * or & into quotes.", find: by(nameless)},
		{says: []string{"tag"}, message: `YAML takes what follows "!" for a tag`, hint: `Put the whole value into quotes, or write "not " for "!".`, find: by(tagged)},
		{says: []string{"block sequence entries are not allowed"}, message: "a list begins on a line of its own",
			hint: `Write "when: [order.created]", or each item as "- …" in a line of its own.`, find: by(dashed)},
		{says: []string{"could not find expected ':'"}, message: `a ":" is missing`, hint: `Write each key with a colon and its value, such as "when: order.created".`},
		{says: []string{"did not find expected comment or line break"}, message: `the text of a block begins on the line after "|" or ">"`,
			hint: "Put it into the next line, further to the right.", find: by(blockHead)},
		{says: []string{"exceeded max"}, message: fmt.Sprintf("nested deeper than %d levels", MaxLevel)},
		{says: []string{"control characters are not allowed"}, message: "a character that cannot be seen", hint: "Take it out: it may have come with text that was copied.", find: by(unseen)},
	}
}

func by(pattern *regexp.Regexp) func(*File, int) (int, int) {
	return func(f *File, from int) (int, int) {
		if line, column := f.find(from, pattern); line > 0 {
			return line, column
		}
		return f.find(1, pattern)
	}
}

// What the mistakes look like; the group is where the caret goes.
var (
	reserved  = regexp.MustCompile("(?:^\\s*|[:,\\[{-]\\s+|[\\[{])([@`%])")
	nameless  = regexp.MustCompile(`(?:[:,\[{-]\s+|[\[{])([*&])`)
	tagged    = regexp.MustCompile(`(?:[:,\[{-]\s+|[\[{])(!)`)
	dashed    = regexp.MustCompile(`[\w"']:\s+(- )`)
	blockHead = regexp.MustCompile(`:\s+[|>][+-]?\d?\s+([^\s#])`)
	unseen    = regexp.MustCompile(`([\x00-\x08\x0b\x0c\x0e-\x1f\x7f])`)
	flow      = regexp.MustCompile(`([\[{])`)
	commaless = regexp.MustCompile(`[{\[].*["'\]}]\s+([\w"'-]+:\s)`)
	oddEscape = regexp.MustCompile(`"(?:[^"\\]|\\[0abtnvfreN_LPxuU "/\\])*(\\)`)
)

// comment finds a comment after a value.
var comment = regexp.MustCompile(`^([^"']*?(?:"[^"]*"[^"']*?|'[^']*'[^"']*?)*) #.*$`)

// brackets reads a line: the place of a quote or of the last bracket that it does not close, and of the first bracket that
// closes none; zeros for none.
func brackets(line string) (open, closing int) {
	quote, opened := 0, []int{}
	runes := []rune(comment.ReplaceAllString(line, "$1"))
	for i, r := range runes {
		switch {
		case quote > 0:
			if r == runes[quote-1] && (r == '\'' || runes[i-1] != '\\') {
				quote = 0
			}
		case (r == '"' || r == '\'') && (i == 0 || strings.ContainsRune(" \t[{,", runes[i-1])):
			quote = i + 1
		case r == '[' || r == '{':
			opened = append(opened, i+1)
		case (r == ']' || r == '}') && len(opened) > 0:
			opened = opened[:len(opened)-1]
		case (r == ']' || r == '}') && closing == 0:
			closing = i + 1
		}
	}
	switch {
	case quote > 0:
		open = quote
	case len(opened) > 0:
		open = opened[len(opened)-1]
	}
	return open, closing
}

// unclosed finds the first line, from one on, with a quote or a bracket that the line does not close.
func (f *File) unclosed(from int) (line, column int) {
	for l := max(from, 1); l <= len(f.lines); l++ {
		if open, _ := brackets(f.lines[l-1]); open > 0 {
			return l, open
		}
	}
	return 0, 0
}

// unopened finds the first line, from one on, with a bracket that closes none, as long as no line leaves one open.
func (f *File) unopened(from int) (line, column int) {
	for l := max(from, 1); l <= len(f.lines); l++ {
		open, closing := brackets(f.lines[l-1])
		if open > 0 {
			break
		}
		if closing > 0 {
			return l, closing
		}
	}
	return 0, 0
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

func (f *File) secondColon(line int) (l, column int) { return line, secondColon(f.Line(line)) }

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
