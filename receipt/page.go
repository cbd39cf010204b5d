package receipt

import (
	"slices"
	"strings"
	"time"

	"shopbell/locale"
)

// A setter sets a document on pages.
type setter struct {
	sheet
	d    *Document
	w    *words
	sign string // of the currency, or its code where a font lacks the sign
}

// layOut sets a document on pages.
func layOut(d *Document, fonts *Fonts) drawing {
	s := &setter{d: d, w: wordsIn(d.Language), sign: locale.Symbol(d.Currency, d.Language)}
	s.fonts = fonts
	if !fonts.has(s.sign, false) || !fonts.has(s.sign, true) {
		s.sign = d.Currency
	}
	s.width, s.height = 595.28, 841.89 // A4
	if slices.Contains([]string{"US", "CA", "MX", "PH", "CL", "CO", "PR"}, d.Seller.Country) {
		s.width, s.height = 612, 792 // Letter
	}
	s.turn()
	s.front()
	s.parties()
	s.lines()
	s.totals()
	s.end()
	s.feet()
	return s.drawing
}

// heading is what the document calls itself.
func (s *setter) heading() string {
	if s.d.State.Receipted() {
		return s.w.receipt
	}
	return s.w.order
}

// front says who sells and what this is.
func (s *setter) front() {
	d, half := s.d, s.inner()/2-12
	began := s.y
	seller := d.Seller
	y := s.y
	if seller.Name != "" {
		y = s.block(margin, y, half, shop, seller.Name) + 3
	}
	y = s.block(margin, y, half, small, s.sellerLines()...)

	right := s.width - margin
	s.right(right, began-3, s.heading(), title)
	below := began + high(title) + 6
	for _, row := range s.facts() {
		below = s.fact(below, half, row[0], row[1])
	}
	s.y = max(y, below) + 12
	s.rule(margin, s.y, s.inner(), thick)
	s.y += 16
}

func (s *setter) sellerLines() []string {
	seller := s.d.Seller
	lines := slices.Clone(seller.Lines)
	lines = append(lines, some(seller.Phone, seller.Email, bareURL(seller.URL))...)
	if seller.TaxID != "" {
		lines = append(lines, s.w.taxID+": "+seller.TaxID)
	}
	if seller.Registration != "" {
		lines = append(lines, s.w.registration+": "+seller.Registration)
	}
	return lines
}

func bareURL(url string) string {
	_, rest, ok := strings.Cut(url, "://")
	if !ok {
		rest = url
	}
	return strings.TrimSuffix(rest, "/")
}

// facts are what identifies the receipt, each with its label.
func (s *setter) facts() [][2]string {
	d := s.d
	var rows [][2]string
	switch {
	case d.Number != "":
		rows = append(rows, [2]string{s.w.number, d.Number})
	case d.State.Receipted():
		rows = append(rows, [2]string{s.w.number, s.w.draft})
	}
	if !d.Created.IsZero() {
		rows = append(rows, [2]string{s.w.date, s.day(d.Created)})
	}
	rows = append(rows, [2]string{s.w.orderNumber, d.Order})
	paid := d.Method
	if state := s.w.states[d.State]; paid != "" && state != "" {
		paid += " (" + state + ")"
	} else if paid == "" {
		paid = state
	}
	if paid != "" {
		rows = append(rows, [2]string{s.w.payment, paid})
	}
	return rows
}

// fact writes a label and what it is about, at the right.
func (s *setter) fact(y, width float64, label, text string) float64 {
	right := s.width - margin
	room := width - s.wide(label, small) - 8
	if room < 60 || s.wide(text, strong) > room {
		room = width // on lines of its own
		s.right(right, y+1, label, small)
		y += high(small)
	} else {
		s.left(right-width, y+1, label, small)
	}
	for _, part := range s.broken(text, room, strong) {
		s.right(right, y, part, strong)
		y += high(strong)
	}
	return y + 1
}

// parties says who buys and who gets it.
func (s *setter) parties() {
	began, below := s.y, s.y
	half := s.inner()/2 - 12
	for i, p := range []struct {
		label string
		party Party
	}{{s.w.billedTo, s.d.Buyer}, {s.w.deliveredTo, s.d.Recipient}} {
		lines := slices.Clone(p.party.Lines)
		lines = append(lines, some(p.party.Email)...)
		if p.party.TaxID != "" {
			lines = append(lines, s.w.taxID+": "+p.party.TaxID)
		}
		if len(lines) == 0 || i == 1 && slices.Equal(p.party.Lines, s.d.Buyer.Lines) {
			continue
		}
		x := margin + float64(i)*(half+24)
		s.left(x, began, p.label, heading)
		below = max(below, s.block(x, began+high(heading)+2, half, plain, lines...))
	}
	if below > began {
		s.y = below + 16
	}
}

// feet writes at the bottom of every page who sells, and which page it is.
func (s *setter) feet() {
	pages := len(s.pages)
	for i := range s.pages {
		y := s.height - bottom + 22
		var here []mark
		add := func(m mark) { here = append(here, m) }
		add(mark{x: margin, y: y, w: s.inner(), style: thin})
		page := fill(s.w.page, locale.Marked(written(i+1), s.d.Language), locale.Marked(written(pages), s.d.Language))
		wide := s.wide(page, small)
		add(mark{x: s.width - margin - wide, y: y + 6 + small.size, text: page, style: small})
		x := margin // the name apart from the rest: it may be one that is written from the right
		if parts := s.broken(s.d.Seller.Name, s.inner()/2, small); len(parts) > 0 {
			add(mark{x: x, y: y + 6 + small.size, text: parts[0], style: small})
			x += s.wide(parts[0], small) + 12
		}
		add(mark{x: x, y: y + 6 + small.size, text: strings.TrimSpace(s.heading() + " " + s.d.Number), style: small})
		s.pages[i] = append(s.pages[i], here...)
	}
}

func (s *setter) day(t time.Time) string {
	c := locale.CalendarOf(s.d.Language)
	return c.Format(t, c.Layout())
}

// money writes an amount of the document's currency.
func (s *setter) money(a Amount) string {
	return locale.Exact(a.rat(), s.d.Currency, s.sign, s.d.Language)
}

// price writes an amount that may have more digits than the currency has coins.
func (s *setter) price(a Amount) string {
	if a.Equal(a.Rounded(locale.Decimals(s.d.Currency))) {
		return s.money(a)
	}
	return locale.Marked(a.Rounded(4).String(), s.d.Language)
}

// fill puts texts into a sentence, one for each %s.
func fill(sentence string, texts ...string) string {
	for _, t := range texts {
		sentence = strings.Replace(sentence, "%s", t, 1)
	}
	return sentence
}
