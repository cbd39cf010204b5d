package receipt

import "shopbell/locale"

// words are what a receipt says in one language. %s stands for what is filled in.
type words struct {
	receipt, order             string // titles
	number, orderNumber, date  string
	draft                      string // in place of a number
	payment                    string
	billedTo, deliveredTo      string
	item, quantity, price      string // headings
	tax, amount                string
	subtotal, discount, coupon string // coupon: %s is its code
	shipping, shippingDiscount string
	pickup, fee, giftCard      string
	rounding, difference       string
	total, includes, net       string // includes: %s is a tax
	refund, refundOn, left     string // refundOn: %s is a day
	taxID, registration        string
	page                       string // %s of %s
	states                     [PartlyRefunded + 1]string
	notes                      [LettersMissing + 1]string
}

// wordsOf gives the words of a language; nil when there are none.
func wordsOf(base string) *words {
	switch base {
	case "en":
		return english()
	case "de":
		return german()
	case "nl":
		return dutch()
	case "fr":
		return french()
	case "es":
		return spanish()
	case "it":
		return italian()
	case "pt":
		return portuguese()
	case "pl":
		return polish()
	case "bg":
		return bulgarian()
	}
	return nil
}

// Languages gives the languages that receipts have words of.
func Languages() []string {
	return []string{"bg", "de", "en", "es", "fr", "it", "nl", "pl", "pt"}
}

// wordsIn gives the words of a document.
func wordsIn(language string) *words {
	base, _ := locale.Parts(language)
	if w := wordsOf(base); w != nil {
		return w
	}
	return english()
}

func english() *words {
	return &words{
		receipt: "Receipt", order: "Order", number: "Receipt number", orderNumber: "Order", date: "Date", draft: "Draft, without a number",
		payment: "Payment", billedTo: "Billed to", deliveredTo: "Delivered to",
		item: "Item", quantity: "Quantity", price: "Price", tax: "Tax", amount: "Amount",
		subtotal: "Subtotal", discount: "Discount", coupon: "Coupon %s", shipping: "Shipping", shippingDiscount: "Discount on shipping", pickup: "Pickup", fee: "Fee", giftCard: "Paid by gift card",
		rounding: "Rounding", difference: "Other adjustments", total: "Total", includes: "including %s", net: "Total without tax",
		refund: "Refunded", refundOn: "Refunded on %s", left: "Total after refunds",
		taxID: "VAT number", registration: "Registration", page: "Page %s of %s",
		states: [...]string{"", "paid", "not paid yet", "cancelled", "refunded", "partly refunded"},
		notes: [...]string{
			"The store’s amounts come to %s, and its total is %s. The difference is shown as “Other adjustments”.",
			"The items come to %s, and the store’s subtotal is %s.",
			"The taxes by rate come to %s, and the store’s sum of taxes is %s.",
			"The single refunds come to %s, and the store’s sum of refunds is %s.",
			"Reverse charge: the tax is owed by the buyer.",
			"Amounts are in the currency of the store.",
			"[…] stands for letters that this document has no font for.",
		},
	}
}

func german() *words {
	return &words{
		receipt: "Quittung", order: "Bestellung", number: "Quittungsnummer", orderNumber: "Bestellung", date: "Datum", draft: "Entwurf, ohne Nummer",
		payment: "Zahlung", billedTo: "Käufer", deliveredTo: "Lieferung an",
		item: "Artikel", quantity: "Menge", price: "Preis", tax: "Steuer", amount: "Betrag",
		subtotal: "Zwischensumme", discount: "Rabatt", coupon: "Gutschein %s", shipping: "Versand", shippingDiscount: "Rabatt auf den Versand", pickup: "Abholung", fee: "Gebühr", giftCard: "Mit Geschenkgutschein bezahlt",
		rounding: "Rundung", difference: "Sonstige Anpassungen", total: "Gesamtbetrag", includes: "darin %s", net: "Gesamtbetrag ohne Steuer",
		refund: "Erstattet", refundOn: "Erstattet am %s", left: "Nach Erstattungen",
		taxID: "USt-IdNr.", registration: "Registernummer", page: "Seite %s von %s",
		states: [...]string{"", "bezahlt", "noch nicht bezahlt", "storniert", "erstattet", "teilweise erstattet"},
		notes: [...]string{
			"Die Beträge des Shops ergeben %s, sein Gesamtbetrag ist %s. Der Unterschied steht unter „Sonstige Anpassungen“.",
			"Die Artikel ergeben %s, die Zwischensumme des Shops ist %s.",
			"Die Steuern nach Sätzen ergeben %s, die Steuersumme des Shops ist %s.",
			"Die einzelnen Erstattungen ergeben %s, ihre Summe im Shop ist %s.",
			"Steuerschuldnerschaft des Leistungsempfängers (Reverse Charge).",
			"Beträge in der Währung des Shops.",
			"[…] steht für Buchstaben, für die dieses Dokument keine Schrift hat.",
		},
	}
}

func dutch() *words {
	return &words{
		receipt: "Betalingsbewijs", order: "Bestelling", number: "Bonnummer", orderNumber: "Bestelling", date: "Datum", draft: "Concept, zonder nummer",
		payment: "Betaling", billedTo: "Koper", deliveredTo: "Geleverd aan",
		item: "Artikel", quantity: "Aantal", price: "Prijs", tax: "Btw", amount: "Bedrag",
		subtotal: "Subtotaal", discount: "Korting", coupon: "Kortingscode %s", shipping: "Verzending", shippingDiscount: "Korting op verzending", pickup: "Afhalen", fee: "Toeslag", giftCard: "Betaald met cadeaubon",
		rounding: "Afronding", difference: "Overige correcties", total: "Totaal", includes: "waarvan %s", net: "Totaal zonder btw",
		refund: "Terugbetaald", refundOn: "Terugbetaald op %s", left: "Totaal na terugbetaling",
		taxID: "Btw-nummer", registration: "KvK-nummer", page: "Pagina %s van %s",
		states: [...]string{"", "betaald", "nog niet betaald", "geannuleerd", "terugbetaald", "gedeeltelijk terugbetaald"},
		notes: [...]string{
			"De bedragen van de winkel komen op %s, het totaal van de winkel is %s. Het verschil staat onder ‘Overige correcties’.",
			"De artikelen komen op %s, het subtotaal van de winkel is %s.",
			"De btw per tarief komt op %s, de winkel noemt in totaal %s.",
			"De afzonderlijke terugbetalingen komen op %s, de winkel noemt in totaal %s.",
			"Btw verlegd: de koper is de btw verschuldigd.",
			"Bedragen in de munt van de winkel.",
			"[…] staat voor letters waarvoor dit document geen lettertype heeft.",
		},
	}
}

func french() *words {
	return &words{
		receipt: "Reçu", order: "Commande", number: "Numéro du reçu", orderNumber: "Commande", date: "Date", draft: "Brouillon, sans numéro",
		payment: "Paiement", billedTo: "Acheteur", deliveredTo: "Livré à",
		item: "Article", quantity: "Quantité", price: "Prix", tax: "TVA", amount: "Montant",
		subtotal: "Sous-total", discount: "Remise", coupon: "Code promo %s", shipping: "Livraison", shippingDiscount: "Remise sur la livraison", pickup: "Retrait", fee: "Frais", giftCard: "Payé par carte-cadeau",
		rounding: "Arrondi", difference: "Autres ajustements", total: "Total", includes: "dont %s", net: "Total hors taxe",
		refund: "Remboursé", refundOn: "Remboursé le %s", left: "Total après remboursement",
		taxID: "Numéro de TVA", registration: "Immatriculation", page: "Page %s sur %s",
		states: [...]string{"", "payé", "pas encore payé", "annulé", "remboursé", "partiellement remboursé"},
		notes: [...]string{
			"Les montants de la boutique font %s et son total est de %s. La différence figure sous « Autres ajustements ».",
			"Les articles font %s et le sous-total de la boutique est de %s.",
			"Les taxes par taux font %s et la boutique indique %s de taxes.",
			"Les remboursements font %s et la boutique en indique %s.",
			"Autoliquidation : la taxe est due par l’acheteur.",
			"Montants dans la monnaie de la boutique.",
			"[…] remplace des lettres pour lesquelles ce document n’a pas de police.",
		},
	}
}

func spanish() *words {
	return &words{
		receipt: "Recibo", order: "Pedido", number: "Número de recibo", orderNumber: "Pedido", date: "Fecha", draft: "Borrador, sin número",
		payment: "Pago", billedTo: "Comprador", deliveredTo: "Entregado a",
		item: "Artículo", quantity: "Cantidad", price: "Precio", tax: "Impuesto", amount: "Importe",
		subtotal: "Subtotal", discount: "Descuento", coupon: "Cupón %s", shipping: "Envío", shippingDiscount: "Descuento en el envío", pickup: "Recogida", fee: "Recargo", giftCard: "Pagado con tarjeta regalo",
		rounding: "Redondeo", difference: "Otros ajustes", total: "Total", includes: "incluye %s", net: "Total sin impuestos",
		refund: "Reembolsado", refundOn: "Reembolsado el %s", left: "Total tras reembolsos",
		taxID: "NIF/IVA", registration: "Registro", page: "Página %s de %s",
		states: [...]string{"", "pagado", "pendiente de pago", "cancelado", "reembolsado", "reembolsado en parte"},
		notes: [...]string{
			"Los importes de la tienda suman %s y su total es %s. La diferencia figura en «Otros ajustes».",
			"Los artículos suman %s y el subtotal de la tienda es %s.",
			"Los impuestos por tipo suman %s y la tienda indica %s de impuestos.",
			"Los reembolsos suman %s y la tienda indica %s.",
			"Inversión del sujeto pasivo: el comprador debe el impuesto.",
			"Importes en la moneda de la tienda.",
			"[…] sustituye letras para las que este documento no tiene fuente.",
		},
	}
}
