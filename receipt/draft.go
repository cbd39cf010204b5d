package receipt

import (
	"slices"
	"time"
)

// A draft is a document while it is read: what a platform says, before it is added up.
type draft struct {
	doc    Document
	zone   *time.Location
	digits int // of the currency

	subtotal    Amount
	hasSubtotal bool
	reductions  []Row // below zero
	charges     []Row
	credits     []Row // paid otherwise, below zero: what a gift card paid
	taxes       []Tax
	tax         Amount // all taxes, as the store says
	hasTax      bool
	total       Amount
	hasTotal    bool
	refunded    Amount
	hasRefunded bool

	// What platforms say in more than one way. Of each the first counts with which the rows add up; if none does, the first.
	included []bool   // the prices hold the taxes
	more     []Amount // was taken off besides the reductions
	moreName string   // of the coupon that did
	shipping []Amount // was taken off the shipping
}

// reduce notes what was taken off, given above zero.
func (d *draft) reduce(kind RowKind, name string, a Amount) {
	if a.Sign() != 0 {
		d.reductions = append(d.reductions, Row{Kind: kind, Name: name, Amount: a.Negative()})
	}
}

// charge notes what was added. Shipping is told of also when it is free.
func (d *draft) charge(kind RowKind, name string, a Amount) {
	if a.Sign() != 0 || kind == Shipping || kind == Pickup {
		d.charges = append(d.charges, Row{Kind: kind, Name: name, Amount: a})
	}
}

// settle adds up.
func (d *draft) settle() *Document {
	doc := &d.doc
	d.addLines()
	d.gatherTaxes()
	best := d.choose()
	if best.more.Sign() != 0 {
		kind := Discount
		if d.moreName != "" {
			kind = Coupon
		}
		d.reduce(kind, d.moreName, best.more)
	}
	if best.shipping.Sign() != 0 {
		d.reduce(ShippingDiscount, "", best.shipping)
	}
	rows := slices.Concat([]Row{{Kind: Subtotal, Amount: d.subtotal}}, d.reductions, d.charges)
	for i, t := range d.taxes {
		t.Added = d.added(t, best.included)
		d.taxes[i] = t
		if t.Added && (t.Amount.Sign() != 0 || t.Rate != "") { // a rate of 0 is told too
			rows = append(rows, Row{Kind: AddedTax, Name: t.Name, Rate: t.Rate, Amount: t.Amount})
		}
	}
	rows = append(rows, d.credits...)
	shown := Amount{}
	for i := range rows {
		rows[i].Amount = rows[i].Amount.Rounded(d.digits)
		shown = shown.Plus(rows[i].Amount)
	}
	doc.Rows, doc.Total = rows, shown
	if d.hasTotal {
		d.compare(shown)
	}
	for _, t := range d.taxes {
		t.Amount = t.Amount.Rounded(d.digits)
		if t.Amount.Sign() != 0 || t.Rate != "" {
			doc.Taxes = append(doc.Taxes, t)
		}
	}
	d.payBack()
	if doc.Currency == "" {
		d.remark(CurrencyUnknown)
	}
	return doc
}

// addLines holds the subtotal against the lines.
func (d *draft) addLines() {
	lines := Amount{}
	for i, l := range d.doc.Lines {
		d.doc.Lines[i].Amount = l.Amount.Rounded(d.digits)
		lines = lines.Plus(l.Amount)
	}
	switch {
	case !d.hasSubtotal:
		d.subtotal = lines
	case len(d.doc.Lines) > 0 && !lines.near(d.subtotal, len(d.doc.Lines), d.digits):
		d.remark(LinesDiffer, lines.Rounded(d.digits), d.subtotal.Rounded(d.digits))
	}
}

// gatherTaxes joins taxes of one name and rate, and holds them against the store's own sum of taxes.
func (d *draft) gatherTaxes() {
	var joined []Tax
	all := Amount{}
	for _, t := range d.taxes {
		all = all.Plus(t.Amount)
		at := slices.IndexFunc(joined, func(j Tax) bool { return j.Name == t.Name && j.Rate == t.Rate && j.Added == t.Added })
		if at < 0 {
			joined = append(joined, t)
			continue
		}
		joined[at].Amount = joined[at].Amount.Plus(t.Amount)
	}
	switch {
	case !d.hasTax || len(joined) > 0 && all.near(d.tax, len(d.taxes), d.digits):
		d.taxes = joined
	case all.Sign() == 0:
		d.taxes = []Tax{{Amount: d.tax, Added: len(joined) > 0 && joined[0].Added}}
		if len(joined) == 1 {
			d.taxes[0].Name, d.taxes[0].Rate = joined[0].Name, joined[0].Rate
		}
	default:
		d.remark(TaxesDiffer, all.Rounded(d.digits), d.tax.Rounded(d.digits))
		d.taxes = []Tax{{Amount: d.tax, Added: joined[0].Added}}
	}
}

// A reading is one way to understand what the platform says.
type reading struct {
	included       bool
	more, shipping Amount
}

// choose finds the reading with which the rows add up.
func (d *draft) choose() reading {
	var all []reading
	for _, included := range atLeast(d.included, true) {
		for _, shipping := range atLeast(d.shipping, Amount{}) {
			for _, more := range atLeast(d.more, Amount{}) {
				all = append(all, reading{included, more, shipping})
			}
		}
	}
	for _, r := range all {
		if d.hasTotal && d.come(r).near(d.total, d.parts(), d.digits) {
			return r
		}
	}
	return all[0]
}

func atLeast[T any](some []T, one T) []T {
	if len(some) == 0 {
		return []T{one}
	}
	return some
}

// parts is how many numbers were rounded on the way to the total.
func (d *draft) parts() int {
	return 1 + len(d.reductions) + len(d.charges) + len(d.taxes) + len(d.credits)
}

// come gives what the rows come to in a reading.
func (d *draft) come(r reading) Amount {
	a := d.subtotal.Minus(r.more).Minus(r.shipping)
	for _, row := range slices.Concat(d.reductions, d.charges, d.credits) {
		a = a.Plus(row.Amount)
	}
	for _, t := range d.taxes {
		if d.added(t, r.included) {
			a = a.Plus(t.Amount)
		}
	}
	return a
}

// added tells whether a tax comes on top of the prices: as it says itself, or as all prices do.
func (d *draft) added(t Tax, included bool) bool { return t.Added || !included }

// compare tells of what parts the rows from the store's total, which is what the buyer paid.
func (d *draft) compare(shown Amount) {
	total := d.total.Rounded(d.digits)
	d.doc.Total = total
	rest := total.Minus(shown)
	switch {
	case rest.Sign() == 0:
	case shown.near(total, d.parts(), d.digits):
		d.doc.Rows = append(d.doc.Rows, Row{Kind: Rounding, Amount: rest})
	default:
		d.doc.Rows = append(d.doc.Rows, Row{Kind: Difference, Amount: rest})
		d.remark(TotalDiffers, shown, total)
	}
}

// payBack holds the refunds against the store's own sum of them.
func (d *draft) payBack() {
	each := Amount{}
	for i, r := range d.doc.Refunds {
		d.doc.Refunds[i].Amount = r.Amount.Rounded(d.digits)
		each = each.Minus(r.Amount)
	}
	if !d.hasRefunded || d.refunded.near(each, len(d.doc.Refunds), d.digits) {
		return
	}
	if each.Sign() != 0 {
		d.remark(RefundsDiffer, each.Rounded(d.digits), d.refunded.Rounded(d.digits))
	}
	if rest := each.Minus(d.refunded).Rounded(d.digits); rest.Sign() < 0 {
		d.doc.Refunds = append(d.doc.Refunds, Row{Kind: Refund, Amount: rest})
	}
}

func (d *draft) remark(kind NoteKind, amounts ...Amount) {
	d.doc.Remarks = append(d.doc.Remarks, Note{kind, amounts})
}
