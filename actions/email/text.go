package email

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// textOf makes a plain text of HTML for readers without: the words, links with their addresses, lists with dashes, a
// line for each block. It is given what a rule wrote, and cannot fail.
func textOf(source string) string {
	w := writer{}
	z := html.NewTokenizer(strings.NewReader(source))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return w.done()
		case html.TextToken:
			w.words(string(z.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			w.start(z.Token())
		case html.EndTagToken:
			w.end(z.Token().DataAtom)
		}
	}
}

// writer puts text together.
type writer struct {
	b      strings.Builder
	breaks int    // line breaks due before the next word
	space  bool   // a space is due before the next word
	hidden int    // depth of elements that show nothing
	link   string // address of the link that is open
	mark   int    // where its words begin
}

func (w *writer) words(text string) {
	if w.hidden > 0 || text == "" {
		return
	}
	fields := strings.Fields(text)
	if isSpace(text[0]) {
		w.space = true
	}
	for i, f := range fields {
		if i > 0 {
			w.space = true
		}
		w.put(f)
	}
	if len(fields) > 0 && isSpace(text[len(text)-1]) {
		w.space = true
	}
}

func (w *writer) put(word string) {
	switch {
	case w.b.Len() == 0:
	case w.breaks > 0:
		w.b.WriteString(strings.Repeat("\n", w.breaks))
	case w.space:
		w.b.WriteByte(' ')
	}
	w.breaks, w.space = 0, false
	w.b.WriteString(word)
}

func (w *writer) lines(n int) { w.breaks = max(w.breaks, n) }

func (w *writer) start(t html.Token) {
	switch t.DataAtom {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template:
		if t.Type == html.StartTagToken {
			w.hidden++
		}
	case atom.Br:
		w.breaks = min(w.breaks+1, 2)
	case atom.Hr:
		w.lines(2)
		w.put("---")
		w.lines(2)
	case atom.Li:
		w.lines(1)
		w.put("-")
		w.space = true
	case atom.Td, atom.Th:
		w.space = true
	case atom.A:
		w.link, w.mark = attribute(t, "href"), w.b.Len()
	case atom.Img:
		if alt := attribute(t, "alt"); alt != "" {
			w.words(" " + alt + " ")
		}
	default:
		w.lines(blank(t.DataAtom))
	}
}

func (w *writer) end(tag atom.Atom) {
	switch tag {
	case atom.Script, atom.Style, atom.Head, atom.Title, atom.Template:
		w.hidden = max(w.hidden-1, 0)
	case atom.A:
		shown := w.b.String()[min(w.mark, w.b.Len()):]
		if strings.HasPrefix(w.link, "http") && !strings.Contains(shown, w.link) {
			w.space = true
			w.put("(" + w.link + ")")
		}
		w.link = ""
	case atom.Li:
		w.lines(1)
	default:
		w.lines(blank(tag))
	}
}

func (w *writer) done() string { return w.b.String() + "\n" }

// blank gives how many line breaks part an element from what surrounds it.
func blank(tag atom.Atom) int {
	switch tag {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Ul, atom.Ol, atom.Table, atom.Blockquote, atom.Pre:
		return 2
	case atom.Div, atom.Tr, atom.Section, atom.Header, atom.Footer, atom.Article:
		return 1
	}
	return 0
}

func attribute(t html.Token, name string) string {
	for _, a := range t.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }
