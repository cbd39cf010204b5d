package rules

import (
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// runStripTags is the function stripTags.
func runStripTags(s *scope, args []any) (any, error) {
	source := args[0].(string)
	if err := s.spend(80 + 2*len(source)); err != nil {
		return nil, err
	}
	var b strings.Builder
	inside := "" // the element whose text nobody sees
	for tokens := html.NewTokenizer(strings.NewReader(source)); ; {
		kind := tokens.Next()
		if kind == html.ErrorToken {
			return tidy(b.String()), nil
		}
		if kind == html.TextToken {
			if inside == "" {
				b.WriteString(oneLined(string(tokens.Text())))
			}
			continue
		}
		tag, _ := tokens.TagName()
		switch name := string(tag); {
		case name == inside && kind == html.EndTagToken:
			inside = ""
		case inside == "" && kind == html.StartTagToken && (name == "script" || name == "style"):
			inside = name
		case standsAlone(name):
			b.WriteByte('\n')
		}
	}
}

// standsAlone tells of elements that stand on lines of their own.
func standsAlone(name string) bool {
	return slices.Contains([]string{
		"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "hr", "section", "article", "pre",
	}, name)
}

// oneLined makes spaces of line breaks, as HTML does.
func oneLined(t string) string {
	return strings.NewReplacer("\n", " ", "\r", " ").Replace(t)
}

func white(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' }

// tidy leaves no empty lines, and no space at either end of a line.
func tidy(t string) string {
	var lines []string
	for line := range strings.SplitSeq(t, "\n") {
		if line = strings.Join(strings.FieldsFunc(line, white), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}
