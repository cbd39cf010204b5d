package receipt

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"shopbell/locale"
)

// Options are what an order does not say of its receipt.
type Options struct {
	// Seller is the store's profile, as rules have it or as Ecwid's API gives it, or a company's own data, see [SellerKeys].
	Seller   map[string]any
	Language string // of the receipt; "" for the order's or the seller's
	Currency string // of the amounts; "" for the order's or the seller's
	Zone     string // time zone of the days, such as Europe/Berlin; "" for the seller's, or UTC
	Words    string // to the buyer, shown at the end
}

// maxLines bounds how many things are in one order.
const maxLines = 2000

// Read makes the document of an order, which is an object in the form of Ecwid's API, of CloudCart's order webhooks, or of those that
// have `line_items`, such as Shopify and WooCommerce. Its error says what the order lacks.
func Read(order map[string]any, o Options) (*Document, error) {
	given, err := plainly(order)
	if err != nil {
		return nil, fmt.Errorf("the order: %w", err)
	}
	seller, err := plainly(o.Seller)
	if err != nil {
		return nil, fmt.Errorf("the seller: %w", err)
	}
	zone, err := zoneOf(cmp.Or(o.Zone, seller.text("timezone"), seller.in("formatsAndUnits").text("timezone")))
	if err != nil {
		return nil, err
	}
	d := &draft{zone: zone, doc: Document{Seller: sellerOf(seller), Words: oneLine(o.Words)}}
	d.doc.Language = languageOf(o.Language, given.text("lang", "language", "customer_locale"), seller.text("language"), seller.in("languages").text("defaultLanguage"))
	d.doc.Currency = currencyOf(o.Currency, given.text("currency"), seller.text("currency"), seller.in("formatsAndUnits").text("currency"))
	d.digits = locale.Decimals(d.doc.Currency)
	if o.Currency != "" && d.doc.Currency == "" {
		return nil, fmt.Errorf("a currency is three letters such as EUR, and this is %q", o.Currency)
	}
	switch {
	case len(given.each("line_items")) > 0:
		general(d, given)
	case len(given.each("products")) > 0 || given["order_total"] != nil:
		cloudcart(d, given)
	default:
		ecwid(d, given)
	}
	switch {
	case d.doc.Order == "":
		return nil, errors.New("the order has no id")
	case len(d.doc.Lines) == 0 && !d.hasTotal:
		return nil, errors.New("the order has neither items nor a total")
	case len(d.doc.Lines) > maxLines:
		return nil, fmt.Errorf("the order has %d items, and a receipt has room for %d", len(d.doc.Lines), maxLines)
	}
	return d.settle(), nil
}

func zoneOf(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" {
		return nil, fmt.Errorf("there is no time zone %q; write one such as Europe/Berlin", name)
	}
	return zone, nil
}

// languageOf takes the first language that there are words of.
func languageOf(candidates ...string) string {
	for _, c := range candidates {
		if base, _ := locale.Parts(c); len(c) < 36 && wordsOf(base) != nil {
			return c
		}
	}
	return "en"
}

// currencyOf takes the first that is given, unless it is no currency.
func currencyOf(candidates ...string) string {
	code := strings.ToUpper(cmp.Or(candidates...))
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return ""
	}
	return code
}
