package receipt

import (
	"strings"
	"unicode/utf8"
)

// What is drawn, in points from the top left of a page.

// A drawing is a document laid out on pages.
type drawing struct {
	width, height float64 // of every page
	pages         [][]mark
}

// A mark is one thing on a page: text at its baseline, a line, or a filled box.
type mark struct {
	x, y  float64
	text  string // as it is read; "" for a line or a box
	style style
	w, h  float64 // of a line (h is 0) or a box
}

// A style is how text, a line or a box looks.
type style struct {
	size float64 // in points; the width of a line
	bold bool
	ink  ink
}

// An ink is a colour.
type ink struct{ r, g, b int }

// The colours of a receipt. They can be told apart in black and white too.
var (
	black  = ink{28, 30, 33}
	grey   = ink{104, 110, 117}
	accent = ink{21, 84, 96}
	tint   = ink{238, 243, 244}
	hair   = ink{205, 211, 214}
)

// The styles of a receipt.
var (
	plain   = style{size: 9.5, ink: black}
	strong  = style{size: 9.5, bold: true, ink: black}
	small   = style{size: 8, ink: grey}
	heading = style{size: 8, bold: true, ink: accent}
	title   = style{size: 21, bold: true, ink: accent}
	shop    = style{size: 15, bold: true, ink: black}
	large   = style{size: 12.5, bold: true, ink: accent}
	thin    = style{size: 0.6, ink: hair}
	thick   = style{size: 1.2, ink: accent}
)

const (
	margin  = 51.0 // of a page, at the sides
	top     = 51.0
	bottom  = 62.0 // holds the foot
	leading = 1.36 // height of a line of text, in its sizes
)

// A sheet is a page that is being filled, from the top.
type sheet struct {
	fonts *Fonts
	drawing
	y    float64
	head func() // repeats what stands at the top of a page that goes on; nil for nothing
}

func (s *sheet) inner() float64 { return s.width - 2*margin }

func (s *sheet) put(m mark) {
	last := len(s.pages) - 1
	s.pages[last] = append(s.pages[last], m)
}

// turn begins a page.
func (s *sheet) turn() {
	s.pages = append(s.pages, nil)
	s.y = top
	if s.head != nil && len(s.pages) > 1 {
		s.head()
	}
}

// need begins a page when there is no more room for so much.
func (s *sheet) need(height float64) {
	if s.y+height > s.height-bottom {
		s.turn()
	}
}

// left writes a text from x, right one that ends there. y is where the line of text begins, at its top.
func (s *sheet) left(x, y float64, text string, st style) {
	if text != "" {
		s.put(mark{x: x, y: y + st.size, text: text, style: st})
	}
}

func (s *sheet) right(x, y float64, text string, st style) {
	s.left(x-s.wide(text, st), y, text, st)
}

func (s *sheet) rule(x, y, w float64, st style) { s.put(mark{x: x, y: y, w: w, style: st}) }

func (s *sheet) box(x, y, w, h float64, of ink) {
	s.put(mark{x: x, y: y, w: w, h: h, style: style{ink: of}})
}

func (s *sheet) wide(text string, st style) float64 {
	return s.fonts.width(text, st.bold) * st.size / 1000
}

func high(st style) float64 { return st.size * leading }

// block writes lines of text below each other, each broken where it is too long, and gives the y below.
func (s *sheet) block(x, y, width float64, st style, lines ...string) float64 {
	for _, line := range lines {
		for _, part := range s.broken(line, width, st) {
			s.left(x, y, part, st)
			y += high(st)
		}
	}
	return y
}

// broken breaks a line between words, and a word that is too long anywhere.
func (s *sheet) broken(line string, width float64, st style) []string {
	width = max(width, 4*st.size) // for one letter at least, wherever it goes then
	var lines []string
	now := ""
	for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return r == ' ' }) {
		longer := word
		if now != "" {
			longer = now + " " + word
		}
		if s.wide(longer, st) <= width {
			now = longer
			continue
		}
		if now != "" {
			lines = append(lines, now)
		}
		for now = word; now != "" && s.wide(now, st) > width; {
			n := s.fitting(now, width, st)
			lines = append(lines, now[:n])
			now = now[n:]
		}
	}
	if now != "" {
		lines = append(lines, now)
	}
	return lines
}

// fitting gives how many bytes of a word fit, at least its first letter.
func (s *sheet) fitting(word string, width float64, st style) int {
	_, n := utf8.DecodeRuneInString(word)
	for n < len(word) {
		_, more := utf8.DecodeRuneInString(word[n:])
		if s.wide(word[:n+more], st) > width {
			break
		}
		n += more
	}
	return n
}
