package cloudcart

import (
	"slices"

	"shopbell/event"
)

// anyStatus in order_statuses lets rules name any status.
const anyStatus = "*"

// orderStatuses are the codes of every store. The help article has complete, the platform's own wiki completed; the wiki
// alone has authorized, chargebacked and disputed.
func orderStatuses() []string {
	return []string{"pending", "paid", "completed", "complete", "authorized", "voided", "timeouted", "cancelled", "failed", "refunded", "chargebacked", "disputed"}
}

// paymentStatuses are all there are: merchants can only rename their labels.
func paymentStatuses() []string {
	return []string{"requested", "pending", "held", "completed", "failed", "refunded", "cancelled", "timeouted", "initiated", "authorized", "voided", "chargebacked", "disputed"}
}

func fulfilmentStatuses() []string { return []string{"not_fulfilled", "partial", "fulfilled"} }

func orderStatusSchema(added []string) *event.Schema {
	const doc = "Code of the order's status, whatever the merchant calls it."
	if slices.Contains(added, anyStatus) {
		return event.Of(event.Text, doc)
	}
	codes := orderStatuses()
	for _, code := range added {
		if !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	return event.Enum(doc, codes...)
}

func text(name, doc string) event.Field   { return event.May(name, event.Of(event.Text, doc)) }
func number(name, doc string) event.Field { return event.May(name, event.Of(event.Number, doc)) }
func flag(name, doc string) event.Field   { return event.May(name, event.Of(event.Flag, doc)) }

func inside(name, doc string, fields ...event.Field) event.Field {
	return event.May(name, event.ObjectOf(doc, fields...))
}

func list(name, doc string, fields ...event.Field) event.Field {
	return event.Must(name, event.ListOf(doc, event.ObjectOf("", fields...)))
}

func id(doc string) event.Field { return event.Must("id", event.Of(event.Number, doc)) }

func stamps() []event.Field {
	return []event.Field{text("created_at", "When it was made."), text("updated_at", "When it was last changed.")}
}

// orderSchema is the nested form of order webhooks (new_version 1). Amounts are in units of the currency, such as 12.9.
func orderSchema(added []string) *event.Schema {
	return event.ObjectOf("An order, in the form of CloudCart's order webhooks, as the store has it now.",
		id("Number of the order."),
		event.Must("status", orderStatusSchema(added)),
		event.May("status_fulfillment", event.Enum("How much of the order has been sent.", fulfilmentStatuses()...)),
		text("hash", "The order's code in links."),
		number("store_id", "CloudCart's number of the store."),
		text("created_at", "When the order was placed."),
		text("updated_at", "When the order was last changed."),
		number("order_subtotal", "Price of the products."),
		event.Must("order_total", event.Of(event.Number, "What the customer pays.")),
		number("shipping_price", "Price of the shipping."),
		number("tax", "Sum of the taxes."),
		number("discount", "Sum of the discounts."),
		text("currency", "Currency of all amounts, such as EUR."),
		text("language", "Language of the order, such as bg."),
		number("weight", "Weight of the order in grams."),
		flag("abandoned", "It is a cart that the customer left."),
		flag("email_sent", "The customer was told."),
		text("note_administrator", "Note of the merchant."),
		text("invoice_number", "Number of the invoice."), text("invoice_date", "Date of the invoice."),
		text("receipt_number", "Number of the receipt."), text("receipt_date", "Date of the receipt."),
		text("credit_number", "Number of the credit note."), text("credit_date", "Date of the credit note."),
		text("usn", "The order's name in another system."),
		event.Must("customer", buyerSchema()),
		event.Must("products", event.ListOf("What was ordered.", lineSchema())),
		event.Must("shipping", event.ListOf("How it is sent.", shippingSchema())),
		event.May("shipping_address", addressSchema("Where it is sent to.")),
		event.May("billing_address", addressSchema("For whom the invoice is.")),
		event.Must("payments", event.ListOf("How it is paid.", paymentSchema())),
		event.May("payment", paymentSchema()),
		list("discounts", "What made it cheaper.", number("id", "Number."), number("discount_id", "Number of the discount."), text("name", "Name."),
			text("code", "Code that the customer entered."), text("type", "flat, percent, shipping or fixed."), number("value", "Per cent or amount.")),
		list("tax_vat", "Taxes.", number("id", "Number."), text("name", "Name, such as VAT 20%."), number("rate", "In per cent."), number("value", "Amount.")),
		event.Must("fees", event.ListOf("Fees.", event.Of(event.Anything, ""))),
	)
}

func buyerSchema() *event.Schema {
	return event.ObjectOf("Who ordered, as it was then.",
		number("id", "Number of the customer; absent for a guest."), number("group_id", "Number of the customer's group."),
		number("subscriber_id", "Number of the subscriber."), text("first_name", "First name."), text("last_name", "Last name."),
		text("email", "E-mail address."), text("note", "What the customer wrote."), text("ip", "IP address."),
		inside("geoip", "Where the address is.", text("ip", "IP address."), text("city", "City."), text("state", "State."), text("country", "Country in words."),
			text("country_iso", "Country, such as BG."), text("timezone", "Time zone.")),
		event.May("custom_fields", event.Of(event.Anything, "Further fields of the customer.")))
}

func lineSchema() *event.Schema {
	return event.ObjectOf("One line of the order, as it was then.",
		number("id", "Number of the line."), number("product_id", "Number of the product."), number("variant_id", "Number of the variant."),
		event.Must("name", event.Of(event.Text, "Name of the product.")), text("sku", "SKU."), text("barcode", "Barcode."),
		event.Must("quantity", event.Of(event.Number, "How many; can be a part of one.")),
		text("url", "Page of the product."), text("image", "Picture."), number("weight", "Weight of one in grams."),
		flag("sale", "It was on sale."), flag("digital", "Nothing is sent."), flag("tracked", "Its stock is counted."),
		text("vendor", "Brand."), inside("category", "Main category.", number("id", "Number."), text("name", "Name.")),
		list("variant", "What makes the variant.", text("name", "Such as Size."), text("value", "Such as M.")),
		list("options", "What the customer chose.", number("id", "Number."), text("name", "Name."), text("value", "What was chosen."), text("type", "Kind of option.")),
		text("unit", "Unit of measure."),
		number("unit_line_price", "Price of one before discounts."), number("unit_line_discount_amount", "Discount on one."),
		number("unit_line_price_total", "Price of one."), number("line_price", "Price of all before discounts."),
		number("line_discount_amount", "Discount on all."), number("line_price_total", "Price of all."))
}

func shippingSchema() *event.Schema {
	return event.ObjectOf("One parcel or way of shipping.",
		number("id", "Number."), event.May("status", event.Enum("Whether it has been sent.", fulfilmentStatuses()...)),
		text("provider_name", "Name of the carrier."), text("provider_key", "Code of the carrier."),
		number("provider_amount", "Price."), number("provider_insurance", "Price of the insurance."), flag("order_has_insurance", "It is insured."),
		text("service_name", "Service of the carrier."), text("geo_zone", "Zone of the merchant."), text("desired_delivery_date", "When the customer wants it."),
		text("waybill_id", "Number of the waybill."), text("fulfilled_at", "When it was sent."), text("delivery_at", "When it arrives."), text("expedition_at", "When it leaves."))
}

func paymentSchema() *event.Schema {
	return event.ObjectOf("One payment.",
		number("id", "Number."), event.May("status", event.Enum("How far the payment is.", paymentStatuses()...)),
		text("provider", "Code of the provider, such as cod or stripe."), text("provider_name", "Name of the provider."),
		text("provider_reference_id", "The provider's own number of the payment."), number("amount", "Amount."),
		text("created_at", "When it was made."), text("updated_at", "When it was last changed."))
}

func addressSchema(doc string) *event.Schema {
	return event.ObjectOf(doc,
		number("id", "Number."), flag("company", "It is a company's."), text("company_name", "Company."), text("company_vat", "VAT number of the company."),
		text("company_registration_number", "Registration number of the company."), text("company_person", "Responsible person of the company."),
		text("first_name", "First name."), text("last_name", "Last name."), text("phone", "Phone number."),
		text("country", "Country, such as BG."), text("country_name", "Country in words."), text("state", "State or region."), text("city", "City."),
		text("street", "Street."), text("street_number", "Number of the house."), text("postal_code", "Postal code."), text("additional_info", "What the customer wrote about it."),
		text("formatted", "In one line."), text("gmap_address", "As maps know it."), text("office_id", "Office of the carrier."))
}
