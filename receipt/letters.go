package receipt

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// A run is text in one font, in the order in which it is seen.
type run struct {
	face *face
	text string
}

// lacking stands for letters that cannot be written at all.
const lacking = "[…]"

// writable brings a text into letters that there are fonts for. It keeps what it can, writes the rest in Latin letters, leaves pictures
// out, and puts [[lacking]] for what is left.
func (f *Fonts) writable(text string, bold bool) string {
	if isASCII(text) {
		return text
	}
	text = norm.NFC.String(strings.Map(showing, text))
	if f.has(text, bold) && !needsForms(text) && !strings.ContainsFunc(text, unshaped) {
		return text
	}
	if needsForms(text) {
		text = f.joined(text, bold)
	}
	var b strings.Builder
	var letters []rune // in a row that have to be written in others
	flush := func() {
		if len(letters) > 0 {
			f.putInstead(&b, letters, bold)
			letters = letters[:0]
		}
	}
	for _, r := range text {
		switch {
		case f.faceOf(r, bold) != nil && !unshaped(r):
			flush()
			b.WriteRune(r)
		case r == 0xA0 || r == 0x202F:
			flush()
			b.WriteRune(0xA0)
		case unicode.Is(unicode.Zs, r):
			flush()
			b.WriteByte(' ')
		case r == noJoin, unicode.Is(unicode.So, r), unicode.Is(unicode.Sk, r), unicode.Is(unicode.Me, r), 0xFE00 <= r && r <= 0xFE0F:
			// has no letters, such as an emoji
		default:
			letters = append(letters, r)
		}
	}
	flush()
	return strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == ' ' }), " ")
}

// noJoin keeps two letters apart that would be joined.
const noJoin = '\u200c'

// showing leaves out what does not show by itself, such as what would turn the line around.
func showing(r rune) rune {
	if r == unicode.ReplacementChar || r != noJoin && unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) {
		return -1
	}
	return r
}

// putInstead writes letters that no font has in others, as many as there are others for.
func (f *Fonts) putInstead(b *strings.Builder, letters []rune, bold bool) {
	for len(letters) > 0 {
		other, n := f.instead(letters, bold)
		switch {
		case other != "":
			b.WriteString(other)
		case n == 1 && unicode.IsMark(letters[0]) || n == 1 && unicode.IsSymbol(letters[0]):
			// of a letter that was written without it, or a picture
		case !strings.HasSuffix(strings.TrimSpace(b.String()), lacking):
			b.WriteString(lacking)
		}
		letters = letters[n:]
	}
}

// instead gives what is written for the first of some letters, and for how many of them; "" for nothing.
func (f *Fonts) instead(letters []rune, bold bool) (other string, n int) {
	if other = bare(letters[:1]); other != "" && !unshaped(letters[0]) && f.has(other, bold) {
		return other, 1
	}
	for n < len(letters) {
		if _, ok := latinOf(letters[n]); !ok {
			break
		}
		n++
	}
	if n == 0 {
		return "", 1
	}
	return latin(letters[:n]), n
}

// bare takes the marks off letters, and other clothes such as those of full-width digits: ễ is e.
func bare(letters []rune) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(string(letters)) {
		if !unicode.IsMark(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// unshaped tells of scripts whose letters change places and forms in ways that nothing here knows: a font is not enough for them.
func unshaped(r rune) bool {
	return 0x0900 <= r && r <= 0x0DFF || 0x0F00 <= r && r <= 0x109F || 0x1780 <= r && r <= 0x18AF || 0x0700 <= r && r <= 0x08FF
}

// runs gives a text as it is drawn.
func (f *Fonts) runs(text string, bold bool) []run {
	switch {
	case text == "":
		return nil
	case isASCII(text):
		return []run{{f.main(bold), text}}
	}
	var found []run
	var b strings.Builder
	var now *face
	flush := func() {
		if b.Len() > 0 {
			found = append(found, run{now, b.String()})
			b.Reset()
		}
	}
	for _, r := range seen(f.writable(text, bold)) {
		face := f.faceOf(r, bold)
		if face == nil {
			continue
		}
		if face != now {
			flush()
			now = face
		}
		b.WriteRune(r)
	}
	flush()
	return found
}

// width gives how wide a text is, in thousandths of its size.
func (f *Fonts) width(text string, bold bool) float64 {
	wide := 0.0
	if isASCII(text) {
		widths := &f.main(bold).widths
		for i := range len(text) {
			wide += widths[text[i]]
		}
		return wide
	}
	for _, run := range f.runs(text, bold) {
		for _, r := range run.text {
			wide += run.face.glyph(r).width
		}
	}
	return wide
}
