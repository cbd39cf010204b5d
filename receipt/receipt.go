// Package receipt makes a receipt of an order, as a PDF:
//
//	d, err := receipt.Read(order, receipt.Options{Seller: store})
//	d.Number = "R-2026-000123"
//	pdf, err := d.PDF(receipt.Standard())
//
// [Read] takes an order as rules see it, whatever platform it is of, and gives a [Document]: all that the receipt says, with exact
// amounts. What the store's numbers leave open is told on the receipt, never put right in silence: its rows always add up to its
// total, and a row of its own says by how much the store's own numbers do not.
//
// The same document gives the same bytes. Letters that no font here has are written in Latin letters, and those for which there
// are none as […]; never as boxes.
//
// It gives no numbers, reads no files and sends nothing. A receipt is no tax invoice: what a country demands of those, a merchant has
// to know.
package receipt

import "time"

// A Document is what a receipt says.
type Document struct {
	Number   string    // of the receipt; "" for one that has none, which says so
	Order    string    // number of the order as the customer sees it
	Created  time.Time // when the order was placed, in the store's time zone; zero when nobody knows
	Language string    // of its words, dates and amounts, such as "de" or "en-US"
	Currency string    // ISO 4217; "" when nobody knows

	Seller    Seller
	Buyer     Party // who pays
	Recipient Party // who gets it, where that is somebody else or somewhere else

	State  State  // of the payment
	Method string // of the payment

	Lines   []Line
	Rows    []Row // from the subtotal on; together they are Total
	Total   Amount
	Taxes   []Tax  // in Total
	Refunds []Row  // what was paid back, each below zero
	Remarks []Note // that are due by the numbers
	Words   string // of the seller to the buyer
}

// A Line is one thing that was bought.
type Line struct {
	Name     string
	Details  []string // such as chosen options, each a line
	SKU      string
	Quantity Amount
	Price    Amount // of one
	Amount   Amount // of all
	Rates    []Rate // of the taxes on it
}

// A Row is a part of the total.
type Row struct {
	Kind   RowKind
	Name   string    // what the store calls it; "" for nothing more than the kind
	On     time.Time // of a refund; zero when nobody knows
	Rate   Rate      // of a tax
	Amount Amount    // below zero for what is taken off
}

// A RowKind says what a row is.
type RowKind int

// The kinds of rows.
const (
	Subtotal RowKind = iota
	Discount
	Coupon
	Shipping
	ShippingDiscount
	Pickup
	Fee
	AddedTax
	GiftCard
	Rounding
	Difference // of what the store's own numbers do not explain
	Refund
)

// A Tax is what the total holds of one tax.
type Tax struct {
	Name   string // as the store calls it, such as VAT
	Rate   Rate
	Amount Amount
	Added  bool // to the prices; else they hold it already
}

// A Rate is a rate of tax in per cent, as text such as "20" or "8.875"; "" for one that nobody knows.
type Rate string

// A State is how far the payment is.
type State int

// The states of a payment. What is neither paid nor paid back gets no receipt: the document calls itself an order.
const (
	Unknown State = iota
	Paid
	Unpaid
	Cancelled
	Refunded
	PartlyRefunded
)

// Receipted tells whether money was taken, as far as is known, so that there is something to receipt.
func (s State) Receipted() bool { return s != Unpaid && s != Cancelled }

// A Note is a remark that is due by the numbers, with amounts that belong to it.
type Note struct {
	Kind    NoteKind
	Amounts []Amount
}

// A NoteKind says what a note is about.
type NoteKind int

// The kinds of notes.
const (
	TotalDiffers    NoteKind = iota // the rows come to the first amount, the store's total is the second
	LinesDiffer                     // the lines come to the first amount, the store's subtotal is the second
	TaxesDiffer                     // the taxes by rate come to the first amount, the store's tax is the second
	RefundsDiffer                   // the refunds come to the first amount, the store's sum of them is the second
	ReverseCharge                   // the buyer owes the tax
	CurrencyUnknown                 // amounts are in the store's currency, whatever that is
	LettersMissing                  // some letters are shown as […]
)
