package demo

import (
	"html/template"
	"regexp"
	"strings"
)

// mrkdwn shows Slack's markup as Slack does: bold, italic, struck, code, quotes and links. Emoji codes stay codes.
// Everything that is not markup is escaped.
func mrkdwn(text string) template.HTML {
	var b strings.Builder
	for i, piece := range strings.Split(text, "```") {
		if i%2 == 1 {
			b.WriteString("<pre>" + shown(strings.Trim(piece, "\n")) + "</pre>")
			continue
		}
		lines(&b, piece)
	}
	return template.HTML(b.String())
}

// lines shows text line by line; those that begin with > are quoted.
func lines(b *strings.Builder, text string) {
	for i, line := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteString("<br>")
		}
		if quoted, ok := strings.CutPrefix(line, "&gt;"); ok {
			b.WriteString(`<span class="quoted">` + inline(quoted) + "</span>")
			continue
		}
		b.WriteString(inline(line))
	}
}

// inline shows one line: code first, for nothing inside of it is markup.
func inline(line string) string {
	var b strings.Builder
	pieces := strings.Split(line, "`")
	for i, piece := range pieces {
		switch {
		case i%2 == 1 && i < len(pieces)-1:
			b.WriteString("<code>" + shown(piece) + "</code>")
		case i%2 == 1:
			b.WriteString("`" + links(piece)) // it has no end
		default:
			b.WriteString(links(piece))
		}
	}
	return b.String()
}

// links shows what stands in angle brackets: addresses, people, channels and calls to everybody.
func links(text string) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "<")
		inside, after, closed := strings.Cut(rest, ">")
		if !found || !closed {
			b.WriteString(marks(text))
			return b.String()
		}
		b.WriteString(marks(before) + link(inside))
		text = after
	}
}

func link(inside string) string {
	target, label, _ := strings.Cut(inside, "|")
	if label == "" {
		label = target
	}
	switch {
	case strings.HasPrefix(target, "https://"), strings.HasPrefix(target, "http://"), strings.HasPrefix(target, "mailto:"):
		return `<a href="` + shown(target) + `" rel="noopener noreferrer" target="_blank">` + shown(label) + "</a>"
	case strings.HasPrefix(target, "!"):
		return `<span class="mention">@` + shown(strings.TrimPrefix(label, "!")) + "</span>"
	case strings.HasPrefix(target, "@"), strings.HasPrefix(target, "#"):
		return `<span class="mention">` + shown(target[:1]+strings.TrimLeft(label, "@#")) + "</span>"
	}
	return shown("<" + inside + ">")
}

// marks shows bold, italic and struck text.
func marks(text string) string {
	text = shown(text)
	for _, m := range []struct{ sign, tag string }{{`\*`, "strong"}, {"_", "em"}, {"~", "s"}} {
		// A sign counts only at the edge of a word, so that snake_case and 2*3*4 stay as they are.
		pattern := regexp.MustCompile(`(^|[\s(>])` + m.sign + `([^\s` + m.sign + `](?:[^` + m.sign + `\n]*[^\s` + m.sign + `])?)` + m.sign + `($|[\s).,:;!?<])`)
		text = pattern.ReplaceAllString(text, "$1<"+m.tag+">$2</"+m.tag+">$3")
	}
	return text
}

// shown escapes text for HTML. Slack's own three entities are undone first, for it shows them as characters.
func shown(text string) string {
	return template.HTMLEscapeString(strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(text))
}
