package receipt

import (
	"bytes"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Fonts are what documents are written with. They are read-only, and many goroutines may use them.
type Fonts struct {
	regular, bold *face
	more          *face // the operator's; nil for none
}

// A face is one font.
type face struct {
	name   string
	ttf    []byte
	font   *sfnt.Font
	mu     sync.Mutex
	buffer sfnt.Buffer
	glyphs map[rune]glyph
	widths [0x7F]float64 // of ASCII letters, which most texts are made of
}

// A glyph is what a font has for a letter.
type glyph struct {
	there bool
	width float64 // in thousandths of the size
}

// Standard gives the fonts that are always there: Go's, which have Latin, Greek and Cyrillic letters.
func Standard() *Fonts { return standard() }

var standard = sync.OnceValue(func() *Fonts {
	regular, err := newFace("regular", goregular.TTF)
	bold, err2 := newFace("bold", gobold.TTF)
	if err := errors.Join(err, err2); err != nil {
		panic(err) // they are part of the program
	}
	return &Fonts{regular: regular, bold: bold}
})

// maxFont bounds a font, in bytes.
const maxFont = 32 << 20

// WithFont gives the standard fonts with one more, a TrueType font, for letters that they lack.
func WithFont(ttf []byte) (*Fonts, error) {
	switch {
	case len(ttf) > maxFont:
		return nil, fmt.Errorf("the font has more than %d MB", maxFont>>20)
	case bytes.HasPrefix(ttf, []byte("OTTO")):
		return nil, errors.New("the font has PostScript outlines (an .otf); it must be a TrueType font (.ttf)")
	case bytes.HasPrefix(ttf, []byte("ttcf")):
		return nil, errors.New("it is a collection of fonts (.ttc); it must be one TrueType font (.ttf)")
	}
	more, err := newFace("more", ttf)
	if err == nil {
		err = tryFont(more)
	}
	if err != nil {
		return nil, fmt.Errorf("it is no TrueType font that can be used: %w", err)
	}
	s := standard()
	return &Fonts{regular: s.regular, bold: s.bold, more: more}, nil
}

func newFace(name string, ttf []byte) (*face, error) {
	f, err := sfnt.Parse(ttf)
	if err != nil {
		return nil, err
	}
	made := &face{name: name, ttf: ttf, font: f, glyphs: map[rune]glyph{}}
	for r := range made.widths {
		made.widths[r] = made.glyph(rune(r)).width
	}
	return made, nil
}

// lastLetter is the last that the PDF's fonts are addressed by; what is beyond are emoji, old scripts and rare ideographs.
const lastLetter = 0xFFFF

// glyph looks a letter up.
func (f *face) glyph(r rune) glyph {
	f.mu.Lock()
	defer f.mu.Unlock()
	g, known := f.glyphs[r]
	if known {
		return g
	}
	if at, err := f.font.GlyphIndex(&f.buffer, r); err == nil && at != 0 && r <= lastLetter {
		width, err := f.font.GlyphAdvance(&f.buffer, at, fixed.I(1000), font.HintingNone)
		g = glyph{there: err == nil, width: float64(width) / 64}
	}
	if len(f.glyphs) < 1<<16 {
		f.glyphs[r] = g
	}
	return g
}

// main gives the font of most letters, which has all of ASCII.
func (f *Fonts) main(bold bool) *face {
	if bold {
		return f.bold
	}
	return f.regular
}

// isASCII tells of a text that can be written as it is.
func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7F {
			return false
		}
	}
	return true
}

// faceOf gives the font that a letter is written in; nil when there is none.
func (f *Fonts) faceOf(r rune, bold bool) *face {
	main := f.main(bold)
	switch {
	case main.glyph(r).there:
		return main
	case f.more != nil && f.more.glyph(r).there:
		return f.more
	}
	return nil
}

// has tells whether all letters of a text can be written.
func (f *Fonts) has(text string, bold bool) bool {
	for _, r := range text {
		if f.faceOf(r, bold) == nil {
			return false
		}
	}
	return true
}
