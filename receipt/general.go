package receipt

import (
	"cmp"
	"strings"
)

// general reads an order that has `line_items`: as Shopify and WooCommerce send it, and as a merchant may put one together.
func general(d *draft, o object) {
	doc := &d.doc
	doc.Order = strings.TrimPrefix(o.text("name", "number", "order_number", "id"), "#")
	doc.Created = o.moment(d.zone, "created_at", "date_created", "created")
	doc.State = generalState(o.text("financial_status", "payment_status", "status"))
	doc.Method = cmp.Or(o.text("payment_method_title", "payment_method", "gateway"), written(firstOf(listOf(o["payment_gateway_names"]))))
	doc.Buyer, doc.Recipient = addressed(o.in("billing_address", "billing")), addressed(o.in("shipping_address", "shipping"))
	if len(doc.Buyer.Lines) == 0 {
		doc.Buyer, doc.Recipient = doc.Recipient, Party{}
	}
	if len(doc.Buyer.Lines) == 0 {
		doc.Buyer = addressed(o.in("customer"))
	}
	doc.Buyer.Email = cmp.Or(o.text("email"), o.in("customer").text("email"), o.in("billing").text("email"))
	for _, item := range o.each("line_items") {
		doc.Lines = append(doc.Lines, generalLine(item))
	}
	d.subtotal, d.hasSubtotal = o.amount("total_line_items_price")
	d.total, d.hasTotal = o.amount("total_price", "total", "grand_total")
	generalCharges(d, o)
	generalTaxes(d, o)
	for _, r := range o.each("refunds") {
		for _, t := range append(r.each("transactions"), r) {
			if a := t.sum("amount", "total"); a.Sign() != 0 {
				if a.Sign() > 0 { // WooCommerce has them below zero
					a = a.Negative()
				}
				doc.Refunds = append(doc.Refunds, Row{Kind: Refund, On: r.moment(d.zone, "created_at", "date_created"), Amount: a})
			}
		}
	}
}

func firstOf(list []any) any {
	if len(list) == 0 {
		return nil
	}
	return list[0]
}

func generalState(status string) State {
	switch status {
	case "paid", "processing", "completed":
		return Paid
	case "pending", "authorized", "unpaid", "on-hold", "failed", "partially_paid":
		return Unpaid
	case "voided", "cancelled", "canceled":
		return Cancelled
	case "refunded":
		return Refunded
	case "partially_refunded":
		return PartlyRefunded
	}
	return Unknown
}

// generalLine reads one thing. WooCommerce gives the price after discounts, and in subtotal what it was before.
func generalLine(item object) Line {
	l := Line{Name: item.text("title", "name"), SKU: item.text("sku"), Details: some(item.text("variant_title", "variant"))}
	l.Quantity, _ = ParseAmount(cmp.Or(item.text("quantity"), "1"))
	l.Price = item.sum("price", "unit_price")
	l.Amount = l.Price.Times(l.Quantity)
	if before, ok := item.amount("subtotal"); ok {
		l.Amount = before
		if l.Quantity.Sign() > 0 {
			l.Price = before.Over(l.Quantity)
		}
	}
	for _, t := range item.each("tax_lines") {
		if rate := generalRate(t); rate != "" {
			l.Rates = append(l.Rates, rate)
		}
	}
	return l
}

// generalRate gives a rate in per cent, which Shopify tells as a part of one.
func generalRate(t object) Rate {
	if part, ok := t.amount("rate"); ok {
		hundred, _ := ParseAmount("100")
		return Rate(part.Times(hundred).Rounded(4).String())
	}
	return rateOf(t, "rate_percent", "percent")
}

func generalCharges(d *draft, o object) {
	code := ""
	for _, c := range append(o.each("discount_codes"), o.each("coupon_lines")...) {
		code = cmp.Or(code, c.text("code"))
	}
	kind := Discount
	if code != "" {
		kind = Coupon
	}
	d.reduce(kind, code, o.sum("total_discounts", "discount_total", "discount"))
	shipped, told := o.amount("shipping_total", "total_shipping", "shipping")
	name := ""
	lines := Amount{}
	for _, s := range o.each("shipping_lines") {
		name = cmp.Or(name, s.text("title", "method_title"))
		lines = lines.Plus(s.sum("price", "total"))
	}
	if !told {
		shipped = lines
	}
	if told || name != "" {
		d.charge(Shipping, name, shipped)
	}
	for _, f := range o.each("fee_lines", "fees") {
		d.charge(Fee, f.text("name", "title"), f.sum("total", "amount"))
	}
}

func generalTaxes(d *draft, o object) {
	d.tax, d.hasTax = o.amount("total_tax", "tax")
	for _, t := range o.each("tax_lines") {
		d.taxes = append(d.taxes, Tax{Name: t.text("title", "label", "name"), Rate: generalRate(t),
			Amount: t.sum("price", "tax_total", "amount").Plus(t.sum("shipping_tax_total"))})
	}
	if len(d.taxes) == 0 && d.tax.Sign() != 0 {
		d.taxes = []Tax{{Amount: d.tax}}
	}
	d.included = []bool{true, false}
	if included, ok := o.flag("taxes_included"); ok {
		d.included = []bool{included}
	}
}
