package rules

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// lookalike finds what other template languages call a hole: ${order.id}, {order.id}, {% if order.total %}, <%= order.id %>.
var lookalike = regexp.MustCompile(`(?:\$\{|#\{|<%=?|\{%|\{)\s*(?:(?:if|for \w+ in|unless)\s+)?([A-Za-z_]\w*)\??\.[A-Za-z_]\w*`)

// lookalikes warns of text that was meant to be a hole, and would reach a customer as it is written.
func (b *builder) lookalikes(s string, pieces []piece, where origin) {
	if strings.Contains(s, `\{{`) { // whoever writes that knows what a hole is
		return
	}
	for _, p := range pieces {
		if p.hole {
			continue
		}
		m := lookalike.FindStringSubmatchIndex(p.text)
		if m == nil || b.vocabulary.names[p.text[m[2]:m[3]]] == nil {
			continue
		}
		path := p.text[m[2]:m[1]]
		b.reader.problems = append(b.reader.problems, where.at(p.at).problem(finding{
			offset: utf8.RuneCountInString(p.text[:m[0]]), warning: true,
			message: "this is no hole, and is sent as it is written", hint: fmt.Sprintf("Write {{ %s }}.", path)}))
		return
	}
}
