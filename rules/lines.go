package rules

import (
	"strings"

	"github.com/expr-lang/expr/ast"
)

// joinLines puts a character that the code does not have in place of each line break between quotes, which expr does not
// read: YAML makes one of the \n in "{{ join(names, '\n') }}" before anybody else sees it. One character stands for one,
// so that places stay what they are. It gives that character, or "" when there is nothing to replace.
func joinLines(code string) (joined, breaks string) {
	if !strings.Contains(code, "\n") {
		return code, ""
	}
	mark := rune(0xE000) // of the private use area
	for strings.ContainsRune(code, mark) {
		mark++
	}
	runes := []rune(code)
	for i := 0; i < len(runes); i++ {
		switch {
		case runes[i] == '"' || runes[i] == '\'':
			end := closing(runes, i)
			for j := i; j < end && runes[end] == runes[i]; j++ {
				if runes[j] == '\n' {
					runes[j], breaks = mark, string(mark)
				}
			}
			i = end
		case runes[i] == '`':
			for i++; i < len(runes) && runes[i] != '`'; i++ {
			}
		case runes[i] == '/' && i+1 < len(runes) && (runes[i+1] == '/' || runes[i+1] == '*'):
			i = comment(runes, i)
		}
	}
	if breaks == "" {
		return code, ""
	}
	return string(runes), breaks
}

// comment gives the place of the last character of the comment that begins at i.
func comment(runes []rune, i int) int {
	block := runes[i+1] == '*'
	for i += 2; i < len(runes); i++ {
		if !block && runes[i] == '\n' || block && runes[i] == '/' && runes[i-1] == '*' {
			return i
		}
	}
	return i
}

// lineBreaks puts line breaks back into texts.
type lineBreaks string

// Visit implements [ast.Visitor].
func (b lineBreaks) Visit(node *ast.Node) {
	if s, ok := (*node).(*ast.StringNode); ok {
		s.Value = strings.ReplaceAll(s.Value, string(b), "\n")
	}
}
