package receipt

import (
	"bytes"
	"fmt"
	"time"

	"codeberg.org/go-pdf/fpdf"
)

// PDF writes the document. The same document and fonts give the same bytes.
func (d *Document) PDF(fonts *Fonts) ([]byte, error) {
	return draw(layOut(d, fonts), fonts, d)
}

// draw writes pages as a PDF.
func draw(pages drawing, fonts *Fonts, d *Document) (pdf []byte, err error) {
	defer func() {
		if r := recover(); r != nil { // on a font that only looks like one
			err = fmt.Errorf("the document cannot be written: %v", r)
		}
	}()
	p := fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: pages.width, Ht: pages.height}})
	p.SetAutoPageBreak(false, 0)
	p.SetMargins(0, 0, 0)
	w := wordsIn(d.Language)
	what := w.receipt
	if !d.State.Receipted() {
		what = w.order
	}
	p.SetTitle(join(what, d.Number), true)
	p.SetSubject(join(w.orderNumber, d.Order), true)
	p.SetAuthor(d.Seller.Name, true)
	p.SetCreator("", true)
	p.SetProducer("Shopbell", true)
	p.SetLang(d.Language)
	p.SetCatalogSort(true)
	made := d.Created.UTC()
	if d.Created.IsZero() {
		made = time.Unix(0, 0).UTC()
	}
	p.SetCreationDate(made)
	p.SetModificationDate(made)
	for _, f := range used(pages, fonts) {
		p.AddUTF8FontFromBytes(f.name, "", bytes.Clone(f.ttf)) // it is not said that nobody writes to them
	}
	for _, marks := range pages.pages {
		p.AddPage()
		for _, m := range marks {
			drawMark(p, m, fonts)
		}
	}
	var out bytes.Buffer
	if err := p.Output(&out); err != nil {
		return nil, fmt.Errorf("the document cannot be written: %w", err)
	}
	return out.Bytes(), nil
}

func join(a, b string) string {
	if b == "" {
		return a
	}
	return a + " " + b
}

// used gives the fonts that pages are written in, in a fixed order.
func used(pages drawing, fonts *Fonts) []*face {
	in := map[*face]bool{}
	for _, marks := range pages.pages {
		for _, m := range marks {
			for _, r := range fonts.runs(m.text, m.style.bold) {
				in[r.face] = true
			}
		}
	}
	var found []*face
	for _, f := range []*face{fonts.regular, fonts.bold, fonts.more} {
		if in[f] {
			found = append(found, f)
		}
	}
	return found
}

func drawMark(p *fpdf.Fpdf, m mark, fonts *Fonts) {
	c := m.style.ink
	switch {
	case m.text != "":
		p.SetTextColor(c.r, c.g, c.b)
		x := m.x
		for _, r := range fonts.runs(m.text, m.style.bold) {
			p.SetFont(r.face.name, "", m.style.size)
			p.Text(x, m.y, r.text)
			for _, letter := range r.text {
				x += r.face.glyph(letter).width * m.style.size / 1000
			}
		}
	case m.h > 0:
		p.SetFillColor(c.r, c.g, c.b)
		p.Rect(m.x, m.y, m.w, m.h, "F")
	default:
		p.SetDrawColor(c.r, c.g, c.b)
		p.SetLineWidth(m.style.size)
		p.Line(m.x, m.y, m.x+m.w, m.y)
	}
}

// tryFont writes a page with a font's letters, so that one that cannot be used is told when it is given.
func tryFont(f *face) error {
	var some []rune
	for r := rune(0x20); r <= lastLetter && len(some) < 64; r++ {
		if at, err := f.font.GlyphIndex(nil, r); err == nil && at != 0 {
			some = append(some, r)
		}
	}
	fonts := &Fonts{regular: f, bold: f}
	page := drawing{width: 500, height: 500, pages: [][]mark{{{x: 10, y: 50, text: string(some), style: plain}}}}
	_, err := draw(page, fonts, &Document{Language: "en"})
	return err
}
