package receipt

import (
	"strings"

	"shopbell/locale"
)

// totalsWidth is how wide the block of sums is, at the right.
const totalsWidth = 262

// totals adds up before the reader's eyes.
func (s *setter) totals() {
	d := s.d
	net, hasNet := s.net()
	s.need(float64(len(d.Rows)+len(d.Taxes)+len(d.Refunds))*14 + 70)
	s.y += 4
	for _, r := range d.Rows {
		if len(d.Rows) == 1 && r.Amount.Equal(d.Total) {
			break // the total says the same
		}
		s.amountRow(s.label(r), s.money(r.Amount), plain)
	}
	s.y += 3
	s.rule(s.width-margin-totalsWidth, s.y, totalsWidth, thick)
	s.y += 7
	s.amountRow(s.w.total, s.money(d.Total), large)
	for _, t := range d.Taxes {
		if !t.Added {
			s.amountRow(fill(s.w.includes, s.tax(t.Name, t.Rate)), s.money(t.Amount), small)
		}
	}
	if hasNet {
		s.amountRow(s.w.net, s.money(net), small)
	}
	if len(d.Refunds) == 0 {
		return
	}
	s.y += 6
	left := d.Total
	for _, r := range d.Refunds {
		left = left.Plus(r.Amount)
		s.amountRow(s.label(r), s.money(r.Amount), plain)
	}
	s.amountRow(s.w.left, s.money(left), strong)
}

// net gives the total without its taxes, where there are some.
func (s *setter) net() (Amount, bool) {
	net, any := s.d.Total, false
	for _, r := range s.d.Rows {
		if r.Kind == GiftCard {
			return Amount{}, false // pays taxes as well as prices
		}
	}
	for _, t := range s.d.Taxes {
		net, any = net.Minus(t.Amount), any || t.Amount.Sign() != 0
	}
	return net, any
}

// amountRow writes a label and an amount.
func (s *setter) amountRow(label, amount string, st style) {
	right := s.width - margin - 6
	x := s.width - margin - totalsWidth
	parts := s.broken(label, totalsWidth-s.wide(amount, st)-18, st)
	s.need(float64(max(len(parts), 1))*high(st) + 3)
	s.right(right, s.y, amount, st)
	for i, p := range parts {
		if i > 0 {
			s.y += high(st)
		}
		s.left(x, s.y, p, st)
	}
	s.y += high(st) + 2
}

// label says what a row is.
func (s *setter) label(r Row) string {
	named := func(word string) string {
		if r.Name == "" || strings.EqualFold(r.Name, word) {
			return word
		}
		return word + ": " + r.Name
	}
	switch r.Kind {
	case Subtotal:
		return s.w.subtotal
	case Discount:
		return named(s.w.discount)
	case Coupon:
		return strings.TrimSpace(fill(s.w.coupon, r.Name))
	case Shipping:
		return named(s.w.shipping)
	case ShippingDiscount:
		return s.w.shippingDiscount
	case Pickup:
		return named(s.w.pickup)
	case Fee:
		if r.Name != "" {
			return r.Name
		}
		return s.w.fee
	case AddedTax:
		return s.tax(r.Name, r.Rate)
	case GiftCard:
		return s.w.giftCard
	case Rounding:
		return s.w.rounding
	case Refund:
		if !r.On.IsZero() {
			return fill(s.w.refundOn, s.day(r.On))
		}
		return s.w.refund
	}
	return s.w.difference
}

// tax names a tax with its rate, unless its name has it.
func (s *setter) tax(name string, rate Rate) string {
	if name == "" {
		name = s.w.tax
	}
	if rate == "" || strings.Contains(name, "%") {
		return name
	}
	return name + " " + s.rate(rate)
}

// end writes the remarks and the seller's words.
func (s *setter) end() {
	var notes []string
	for _, n := range s.d.Remarks {
		notes = append(notes, s.note(n))
	}
	if s.d.Words != "" {
		s.y += 22
		s.need(3 * high(plain))
		s.flow(s.d.Words, plain)
	}
	if s.lacking() {
		notes = append(notes, s.w.notes[LettersMissing])
	}
	if len(notes) == 0 {
		return
	}
	s.y += 16
	for _, n := range notes {
		s.flow(n, small)
		s.y += 2
	}
}

// flow writes text over the whole width, and on the next page when it has to.
func (s *setter) flow(text string, st style) {
	for _, part := range s.broken(text, s.inner(), st) {
		s.need(high(st))
		s.left(margin, s.y, part, st)
		s.y += high(st)
	}
}

func (s *setter) note(n Note) string {
	var amounts []string
	for _, a := range n.Amounts {
		amounts = append(amounts, locale.Exact(a.rat(), s.d.Currency, s.sign, s.d.Language))
	}
	return fill(s.w.notes[n.Kind], amounts...)
}

// lacking tells whether a letter could not be written so far.
func (s *setter) lacking() bool {
	for _, page := range s.pages {
		for _, m := range page {
			if !strings.Contains(m.text, lacking) && strings.Contains(s.fonts.writable(m.text, m.style.bold), lacking) {
				return true
			}
		}
	}
	return false
}
