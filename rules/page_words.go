package rules

import (
	"fmt"
	"html"
	"net/url"
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

var cid = regexp.MustCompile(`\bcid:([^"'\s<>()]+)`)

// images makes sure that the images which a template carries are there.
func (t *typesetter) images(text string, at int) {
	if t.pinned {
		return
	}
	for _, m := range cid.FindAllStringSubmatchIndex(text, -1) {
		name := html.UnescapeString(text[m[2]:m[3]])
		if plain, err := url.PathUnescape(name); err == nil {
			name = plain
		}
		there, err := t.hasBeside(name)
		if err != nil {
			t.wrongAt(t.sheet, at+m[2], err.Error(), "")
		} else if !there {
			t.wrongAt(t.sheet, at+m[2], fmt.Sprintf("there is no image %q", name), t.nearFile(name, "It is a file beside the rule files, or in a folder templates there."))
		}
	}
}
