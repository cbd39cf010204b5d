package rules

import (
	"regexp"
	"strings"

	"shopbell/document"
)

var (
	orElse   = regexp.MustCompile(`(\S+) \?\? (?:"…"|…)`)
	asCalled = regexp.MustCompile(`\bWrite (\w+)\((.*)\)\.$`)
	variable = regexp.MustCompile(`\$\$(\pL)`)
)

// inTemplateWords says what is wrong with an expression as templates write it.
func inTemplateWords(p *document.Problem) {
	p.Message, p.Hint = templateWords(p.Message), templateWords(p.Hint)
	p.Hint = orElse.ReplaceAllString(p.Hint, `(or .$1 "…")`)
	p.Hint = asCalled.ReplaceAllString(p.Hint, "What $1 is given stands after its name, without parentheses and commas: $2.")
}

// templateWords writes names as templates have them.
func templateWords(s string) string {
	s = strings.NewReplacer("?.[", "[", "?.", ".", "$$?.", ".", "$$.", ".", "$$, ", "").Replace(s)
	s = variable.ReplaceAllString(s, "$$$1")
	return strings.ReplaceAll(s, "$$", "the dot")
}
