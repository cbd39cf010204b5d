package notify

import (
	"regexp"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The bounds of what is beside the text.
const (
	maxTitle = 200  // characters
	maxLink  = 1000 // bytes
)

// A message is what goes to a service.
type message struct {
	title, text string // plain, and within bounds
	whole       string // both, and the link, as one text of the service's mark-up
	link        string
	priority    string
	cut         bool
}

// A style is how a service takes text.
type style struct {
	most   int // of what size counts; what is longer is cut off
	bytes  bool
	plain  func(string) string // makes text mean nothing but itself; nil when it does already
	mark   string              // around a title that is a line of the text
	titled bool                // the title has a place of its own
	linked bool                // the link has a place of its own
}

// size counts as services do: in bytes, or in units of UTF-16, which is never less than characters.
func (s *style) size(text string) int {
	if s.bytes {
		return len(text)
	}
	n := 0
	for _, r := range text {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}

// write lays a step's words out for a service.
func (s *style) write(p Params) message {
	plain := s.plain
	if plain == nil {
		plain = func(text string) string { return text }
	}
	m := message{link: p.Link, priority: p.Priority}
	m.title, _ = cutTo(strings.TrimSpace(clean(p.Title)), maxTitle, utf8.RuneCountInString)
	head, tail := "", ""
	if m.title != "" && !s.titled {
		head = s.mark + plain(m.title) + s.mark + "\n"
	}
	if m.link != "" && !s.linked {
		tail = "\n" + m.link
	}
	room := s.most - s.size(head) - s.size(tail)
	m.text, m.cut = cutTo(clean(p.Text), room, func(text string) int { return s.size(plain(text)) })
	m.whole = head + plain(m.text) + tail
	return m
}

// clean takes out what no service shows: control characters, and what is not UTF-8.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

// cutTo cuts text so that what size gives for it, and for the … at its end, is within bounds.
func cutTo(text string, most int, size func(string) int) (string, bool) {
	if size(text) <= most {
		return text, false
	}
	runes := []rune(text)
	n := sort.Search(len(runes), func(n int) bool { return size(string(runes[:n])+"…") > most })
	return string(runes[:max(n-1, 0)]) + "…", true
}

// address finds what is shown as a link by itself, and must be left as it is.
var address = regexp.MustCompile(`https?://[^\s<>\[\]()` + "`" + `*|\\]+`)

// around gives text with change done to all but addresses.
func around(text string, change func(string) string) string {
	var b strings.Builder
	at := 0
	for _, found := range address.FindAllStringIndex(text, -1) {
		b.WriteString(change(text[at:found[0]]))
		b.WriteString(text[found[0]:found[1]])
		at = found[1]
	}
	b.WriteString(change(text[at:]))
	return b.String()
}

// lineStarts are what begins a heading, a quote or a list.
var lineStarts = regexp.MustCompile(`(?m)^(\s*)([#>+-]|\d+[.)])`)

// escaped puts a backslash before each of the marks.
func escaped(text, marks string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(marks, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// markdown makes text plain where a backslash takes a mark its meaning.
func markdown(text string) string {
	return around(text, func(part string) string {
		part = escaped(part, "\\*_~`|[]<>")
		return lineStarts.ReplaceAllStringFunc(part, func(start string) string {
			last := len(start) - 1
			if start[last] == '>' {
				return start // has its backslash already
			}
			return start[:last] + `\` + start[last:]
		})
	})
}

// nothing is a space of no width: what is before and after it belong together no more.
const nothing = "\u200b"

// quiet makes every @ ring nobody. One that stands behind a letter or digit is part of an e-mail address; the letters are those that the
// services know for letters there.
func quiet(text string) string {
	return around(text, func(part string) string {
		var b strings.Builder
		before := ' '
		for i, r := range part {
			b.WriteRune(r)
			if next, _ := utf8.DecodeRuneInString(part[i+utf8.RuneLen(r):]); r == '@' && !wordly(before) && next != utf8.RuneError && !unicode.IsSpace(next) {
				b.WriteString(nothing)
			}
			before = r
		}
		return b.String()
	})
}

func wordly(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '_'
}
