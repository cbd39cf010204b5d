package receipt

import (
	"slices"
	"strings"

	"shopbell/locale"
)

// columns are where the numbers of the table end, from the right; tax is 0 without such a column.
type columns struct{ tax, quantity, price, amount float64 }

// columns makes room for the widest number of each.
func (s *setter) columns() columns {
	const gap = 14
	taxed := s.taxed()
	wide := func(label string, text func(Line) string) float64 {
		w := s.wide(label, heading)
		for _, l := range s.d.Lines {
			w = max(w, s.wide(text(l), plain))
		}
		return w + gap
	}
	c := columns{amount: s.width - margin - 6}
	c.price = c.amount - wide(s.w.amount, func(l Line) string { return s.money(l.Amount) })
	c.quantity = c.price - wide(s.w.price, func(l Line) string { return s.price(l.Price) })
	after := c.quantity - wide(s.w.quantity, s.quantity)
	if taxed {
		c.tax = after
	}
	return c
}

// name is how wide the first column is.
func (s *setter) name(c columns) float64 {
	end := c.quantity - s.wide(s.w.quantity, heading)
	if c.tax > 0 {
		end = c.tax - max(s.wide(s.w.tax, heading), 34)
	}
	return max(end-14-margin-6, 90)
}

// taxed tells whether lines have to say their rates: there are several.
func (s *setter) taxed() bool {
	var rates []Rate
	for _, l := range s.d.Lines {
		for _, r := range l.Rates {
			if !slices.Contains(rates, r) {
				rates = append(rates, r)
			}
		}
	}
	return len(rates) > 1
}

func (s *setter) quantity(l Line) string { return locale.Marked(l.Quantity.String(), s.d.Language) }

// rate writes a rate of tax.
func (s *setter) rate(r Rate) string {
	if r == "" {
		return ""
	}
	number := locale.Marked(string(r), s.d.Language)
	switch base, _ := locale.Parts(s.d.Language); base {
	case "de", "fr", "es":
		return number + "\u00a0%"
	}
	return number + "%"
}

// lines is the table of what was bought.
func (s *setter) lines() {
	if len(s.d.Lines) == 0 {
		return
	}
	c := s.columns()
	heads := func() {
		const height = 20.0
		s.box(margin, s.y, s.inner(), height, tint)
		y := s.y + (height-high(heading))/2
		s.left(margin+6, y, s.w.item, heading)
		s.right(c.quantity, y, s.w.quantity, heading)
		s.right(c.price, y, s.w.price, heading)
		s.right(c.amount, y, s.w.amount, heading)
		if c.tax > 0 {
			s.right(c.tax, y, s.w.tax, heading)
		}
		s.y += height + 6
	}
	s.need(80) // the heading with a line
	heads()
	s.head = func() {
		what := strings.Join(some(s.heading(), s.d.Number), " ")
		s.left(margin, s.y, what, small)
		s.right(s.width-margin, s.y, s.w.orderNumber+" "+s.d.Order, small)
		s.y += high(small) + 6
		heads()
	}
	for _, l := range s.d.Lines {
		s.line(l, c)
	}
	s.head = nil
	s.y += 4
}

// line writes one thing, never over the end of a page.
func (s *setter) line(l Line, c columns) {
	width := s.name(c)
	names := s.broken(l.Name, width, plain)
	var details []string
	for _, d := range l.Details {
		details = append(details, s.broken(d, width, small)...)
	}
	if l.SKU != "" {
		details = append(details, s.broken(l.SKU, width, small)...)
	}
	const most = 24 // lines; what nobody can print is cut
	names, details = names[:min(len(names), most)], details[:min(len(details), most)]
	s.need(max(float64(len(names)), 1)*high(plain) + float64(len(details))*high(small) + 9)
	y := s.y
	s.right(c.quantity, y, s.quantity(l), plain)
	s.right(c.price, y, s.price(l.Price), plain)
	s.right(c.amount, y, s.money(l.Amount), plain)
	if c.tax > 0 {
		var rates []string
		for _, r := range l.Rates {
			rates = append(rates, s.rate(r))
		}
		s.right(c.tax, y, strings.Join(slices.Compact(rates), " + "), plain)
	}
	if len(names) == 0 {
		y += high(plain)
	}
	for _, n := range names {
		s.left(margin+6, y, n, plain)
		y += high(plain)
	}
	for _, d := range details {
		s.left(margin+6, y, d, small)
		y += high(small)
	}
	s.y = y + 4
	s.rule(margin, s.y, s.inner(), thin)
	s.y += 5
}
