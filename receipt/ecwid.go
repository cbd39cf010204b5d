package receipt

import (
	"cmp"
	"strings"
)

// ecwid reads an order as Ecwid's API has it.
func ecwid(d *draft, o object) {
	doc := &d.doc
	doc.Order = o.text("id", "vendorOrderNumber", "orderNumber")
	doc.Created = o.moment(d.zone, "createTimestamp", "createDate")
	doc.State = ecwidState(o.text("paymentStatus"))
	doc.Method = o.text("paymentMethod")
	doc.Buyer, doc.Recipient = addressed(o.in("billingPerson")), addressed(o.in("shippingPerson"))
	if len(doc.Buyer.Lines) == 0 {
		doc.Buyer, doc.Recipient = doc.Recipient, Party{}
	}
	doc.Buyer.Email, doc.Buyer.TaxID = o.text("email"), o.text("customerTaxId")
	for _, item := range o.each("items") {
		doc.Lines = append(doc.Lines, ecwidLine(item, doc.Language))
	}
	d.subtotal, d.hasSubtotal = o.amount("subtotal")
	d.total, d.hasTotal = o.amount("total")
	d.tax, d.hasTax = o.amount("tax")
	ecwidDiscounts(d, o)
	ecwidCharges(d, o)
	ecwidTaxes(d, o)
	if a := o.sum("giftCardRedemption"); a.Sign() != 0 {
		d.credits = append(d.credits, Row{Kind: GiftCard, Amount: a.Negative()})
	}
	for _, r := range o.each("refunds") {
		if a := r.sum("amount"); a.Sign() != 0 {
			doc.Refunds = append(doc.Refunds, Row{Kind: Refund, On: r.moment(d.zone, "date"), Amount: a.Negative()})
		}
	}
	d.refunded, d.hasRefunded = o.amount("refundedAmount")
	if reversed, _ := o.flag("reversedTaxApplied"); reversed {
		d.remark(ReverseCharge)
	}
}

func ecwidState(status string) State {
	switch status {
	case "PAID":
		return Paid
	case "AWAITING_PAYMENT", "INCOMPLETE":
		return Unpaid
	case "CANCELLED":
		return Cancelled
	case "REFUNDED":
		return Refunded
	case "PARTIALLY_REFUNDED":
		return PartlyRefunded
	}
	return Unknown
}

func ecwidLine(item object, language string) Line {
	l := Line{Name: translated(item, "name", language), SKU: item.text("sku"), Price: item.sum("price"), Quantity: Amount{}}
	if q, ok := item.amount("quantity"); ok {
		l.Quantity = q
	} else {
		l.Quantity, _ = ParseAmount("1")
	}
	l.Amount = l.Price.Times(l.Quantity)
	for _, option := range item.each("selectedOptions") {
		name, value := translated(option, "name", language), translated(option, "value", language)
		if value != "" {
			l.Details = append(l.Details, strings.Join(some(name, value), ": "))
		}
	}
	for _, t := range item.each("taxes") {
		if rate := rateOf(t, "value"); rate != "" {
			l.Rates = append(l.Rates, rate)
		}
	}
	return l
}

// translated gives a text in the document's language, where the store has it.
func translated(o object, name, language string) string {
	base, _, _ := strings.Cut(strings.ReplaceAll(strings.ToLower(language), "_", "-"), "-")
	return cmp.Or(o.in(name+"Translated").text(language, base), o.text(name))
}

// rateOf gives a rate of tax in per cent, without what needs not be written.
func rateOf(o object, names ...string) Rate {
	a, ok := o.amount(names...)
	if !ok {
		return ""
	}
	return Rate(a.Rounded(4).String())
}

// ecwidDiscounts reads what was taken off. Of `discount`, the API's pages say that it is the sum of all but the coupon, and
// answers were seen in which it is the coupon: so it only counts for what the others leave open.
func ecwidDiscounts(d *draft, o object) {
	coupon := o.sum("couponDiscount")
	c := o.in("discountCoupon")
	d.reduce(Coupon, cmp.Or(c.text("code"), c.text("name")), coupon)
	others := Amount{}
	for _, name := range []string{"volumeDiscount", "membershipBasedDiscount", "totalAndMembershipBasedDiscount"} {
		others = others.Plus(o.sum(name))
	}
	for _, v := range listOf(o["customDiscount"]) {
		a, _ := ParseAmount(written(v))
		others = others.Plus(a)
	}
	d.reduce(Discount, "", others)
	if all, ok := o.amount("discount"); ok {
		d.more = []Amount{{}, all.Minus(others), all.Minus(others).Minus(coupon)}
	}
}

func listOf(v any) []any {
	list, _ := v.([]any)
	return list
}

func ecwidCharges(d *draft, o object) {
	if s := o.in("shippingOption"); len(s) > 0 {
		kind := Shipping
		if pickup, _ := s.flag("isPickup"); pickup {
			kind = Pickup
		}
		rate := s.sum("shippingRate")
		d.charge(kind, s.text("shippingMethodName"), rate)
		if left, ok := s.amount("discountedShippingRate"); ok {
			d.shipping = []Amount{{}, rate.Minus(left)}
		}
	}
	fee := o.in("handlingFee")
	d.charge(Fee, fee.text("name"), fee.sum("value"))
	for _, s := range o.each("customSurcharges") {
		if total, ok := s.amount("total"); ok || s.text("type") != "PERCENT" {
			if !ok {
				total = s.sum("value")
			}
			d.charge(Fee, s.text("descriptionTranslated", "description"), total)
		}
	}
}

// ecwidTaxes reads taxes of the items, which hold those on their part of the shipping. Where these are fewer than the store's own
// sum, taxes on shipping and fees are told apart from them.
func ecwidTaxes(d *draft, o object) {
	inPrices, known := o.flag("pricesIncludeTax")
	if !known {
		inPrices = true // taxes say it themselves; where they do not, both are tried
		d.included = []bool{true, false}
	}
	read := func(from object, names ...string) (found []Tax) {
		for _, t := range from.each(names...) {
			included, told := t.flag("includeInPrice")
			if told {
				d.included = []bool{true}
			} else {
				included = inPrices
			}
			found = append(found, Tax{Name: t.text("name"), Rate: rateOf(t, "value"), Amount: t.sum("total"), Added: !included})
		}
		return found
	}
	of := func(taxes []Tax) (a Amount) {
		for _, t := range taxes {
			a = a.Plus(t.Amount)
		}
		return a
	}
	for _, item := range o.each("items") {
		d.taxes = append(d.taxes, read(item, "taxes")...)
	}
	apart := read(o, "taxesOnShipping")
	apart = append(apart, read(o.in("handlingFee"), "taxes")...)
	for _, s := range o.each("customSurcharges") {
		apart = append(apart, read(s, "taxes")...)
	}
	all := append(d.taxes[:len(d.taxes):len(d.taxes)], apart...)
	if !of(d.taxes).near(d.tax, len(d.taxes), d.digits) && of(all).near(d.tax, len(all), d.digits) {
		d.taxes = all
	}
	if len(d.taxes) == 0 && d.tax.Sign() != 0 {
		d.taxes = []Tax{{Amount: d.tax, Added: !inPrices}}
	}
}
