package receipt

import "cmp"

// cloudcart reads an order as CloudCart's order webhooks have it, and as the source that is named after it does.
func cloudcart(d *draft, o object) {
	doc := &d.doc
	doc.Order = o.text("id", "hash")
	doc.Created = o.moment(d.zone, "created_at", "date_added", "updated_at")
	payment := o.in("payment")
	doc.State = cmp.Or(cloudcartState(o.text("status")), cloudcartState(payment.text("status")))
	doc.Method = payment.text("provider_name", "provider")
	doc.Buyer, doc.Recipient = addressed(o.in("billing_address")), addressed(o.in("shipping_address"))
	customer := o.in("customer")
	if len(doc.Buyer.Lines) < 2 { // nothing, or a country
		doc.Buyer, doc.Recipient = doc.Recipient, Party{}
	}
	if len(doc.Buyer.Lines) == 0 {
		doc.Buyer = addressed(customer)
	}
	doc.Buyer.Email = customer.text("email")
	for _, p := range o.each("products") {
		doc.Lines = append(doc.Lines, cloudcartLine(p))
	}
	d.subtotal, d.hasSubtotal = o.amount("order_subtotal")
	d.total, d.hasTotal = o.amount("order_total")
	cloudcartCharges(d, o)
	d.tax, d.hasTax = o.amount("tax")
	for _, t := range o.each("tax_vat") {
		d.taxes = append(d.taxes, Tax{Name: t.text("name"), Rate: rateOf(t, "rate"), Amount: t.sum("value")})
	}
	if len(d.taxes) == 0 && d.tax.Sign() != 0 {
		d.taxes = []Tax{{Amount: d.tax}}
	}
	d.included = []bool{true, false} // it is not told
	if doc.State == Refunded && d.hasTotal {
		doc.Refunds = []Row{{Kind: Refund, Amount: d.total.Negative()}}
	}
}

func cloudcartState(status string) State {
	switch status {
	case "paid", "completed", "complete", "authorized":
		return Paid
	case "pending", "requested", "initiated", "held", "failed":
		return Unpaid
	case "cancelled", "voided", "timeouted":
		return Cancelled
	case "refunded":
		return Refunded
	}
	return Unknown
}

func cloudcartLine(p object) Line {
	l := Line{Name: p.text("name"), SKU: p.text("sku")}
	l.Quantity, _ = ParseAmount(cmp.Or(p.text("quantity"), "1"))
	l.Price = p.sum("unit_line_price_total", "unit_line_price", "price")
	var told bool
	if l.Amount, told = p.amount("line_price_total", "line_price"); !told {
		l.Amount = l.Price.Times(l.Quantity)
	}
	for _, option := range append(p.each("variant"), p.each("options")...) {
		if value := option.text("value"); value != "" {
			name := option.text("name")
			if name != "" {
				name += ": "
			}
			l.Details = append(l.Details, name+value)
		}
	}
	return l
}

// cloudcartCharges reads what changes the sum. It is not told whether the discount is that of the lines, which have it already.
func cloudcartCharges(d *draft, o object) {
	name := ""
	for _, x := range o.each("discounts") {
		name = cmp.Or(name, x.text("code", "name"))
	}
	if discount := o.sum("discount"); discount.Sign() != 0 {
		d.more = []Amount{{}, discount}
		d.moreName = name
	}
	ways, first := Amount{}, object{}
	for i, s := range o.each("shipping") {
		if i == 0 {
			first = s
		}
		ways = ways.Plus(s.sum("provider_amount")).Plus(s.sum("provider_insurance"))
	}
	price, told := o.amount("shipping_price")
	if !told {
		price = ways
	}
	if told || len(first) > 0 {
		d.charge(Shipping, first.text("provider_name", "service_name"), price)
	}
	for _, fee := range o.each("fees") {
		d.charge(Fee, fee.text("name", "title", "description"), fee.sum("amount", "value", "price", "total"))
	}
}
