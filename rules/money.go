package rules

import (
	"math"
	"strconv"
	"strings"
)

// runMoney is the function money.
func runMoney(s *scope, args []any) (any, error) {
	amount, ok := numeric(args[0])
	if !ok {
		if args[0] == nil {
			return nil, errNothing
		}
		return nil, wants("money", "a number", args[0])
	}
	currency := s.store.Currency
	if len(args) == 2 {
		if currency, ok = args[1].(string); !ok {
			return nil, wants("money", "a currency such as \"EUR\"", args[1])
		}
	}
	return money(amount, strings.ToUpper(currency), s.store.Language), nil
}

// money writes an amount as people who read a language do: €1,234.50 in English, 1.234,50 € in German. Without a
// currency it is the bare number; a currency that has no symbol of its own keeps its code.
func money(amount float64, currency, language string) string {
	way := wayOf(language)
	digits := decimals(currency)
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(math.Abs(rounded(amount, digits)), 'f', digits, 64), ".")
	number := grouped(whole, way.group)
	if fraction != "" {
		number += way.point + fraction
	}
	minus := ""
	if rounded(amount, digits) < 0 {
		minus = "-"
	}
	sign := symbol(currency)
	switch {
	case currency == "":
		return minus + number
	case way.after:
		return minus + number + "\u00a0" + sign
	case way.space || len(sign) == 3 && sign == currency:
		return minus + sign + "\u00a0" + number
	}
	return minus + sign + number
}

// rounded rounds half away from zero, as shops do, to so many decimals: 1.005 is 1.01 although no float64 is 1.005.
func rounded(amount float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(math.Nextafter(amount*scale, math.Copysign(math.Inf(1), amount))) / scale
}

// A way is how numbers and currencies are written in a language.
type way struct {
	group, point string
	after        bool // the symbol stands after the number
	space        bool // the symbol stands before it, with a space
}

func wayOf(language string) way {
	tag := strings.ToLower(strings.ReplaceAll(language, "_", "-"))
	base, _, _ := strings.Cut(tag, "-")
	switch {
	case tag == "de-at":
		return way{group: "\u00a0", point: ",", space: true}
	case tag == "de-ch" || tag == "de-li" || tag == "it-ch":
		return way{group: "’", point: ".", space: true}
	case tag == "es-mx" || tag == "es-us":
		return way{group: ",", point: "."}
	case tag == "pt-br":
		return way{group: ".", point: ",", space: true}
	}
	switch base {
	case "de", "it", "es", "da", "el", "id", "sl", "hr", "sr", "ro", "vi", "ca", "is", "gl", "eu", "mk", "bs", "az":
		return way{group: ".", point: ",", after: true}
	case "fr":
		return way{group: "\u202f", point: ",", after: true}
	case "ru", "uk", "pl", "cs", "sk", "bg", "fi", "sv", "nb", "no", "nn", "hu", "et", "lv", "lt", "pt", "be", "kk", "hy", "ka", "sq":
		return way{group: "\u00a0", point: ",", after: true}
	case "nl":
		return way{group: ".", point: ",", space: true}
	case "tr":
		return way{group: ".", point: ","}
	}
	return way{group: ",", point: "."}
}

// decimals gives how many digits of a currency follow the point, by ISO 4217.
func decimals(currency string) int {
	switch currency {
	case "JPY", "KRW", "VND", "CLP", "ISK", "XAF", "XOF", "XPF", "PYG", "UGX", "RWF", "KMF", "GNF", "DJF", "BIF", "VUV", "UYI":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	}
	return 2
}

func symbol(currency string) string {
	for _, pair := range [...][2]string{
		{"EUR", "€"}, {"USD", "$"}, {"GBP", "£"}, {"JPY", "¥"}, {"CNY", "CN¥"}, {"INR", "₹"}, {"KRW", "₩"}, {"RUB", "₽"}, {"UAH", "₴"},
		{"TRY", "₺"}, {"ILS", "₪"}, {"VND", "₫"}, {"PLN", "zł"}, {"CZK", "Kč"}, {"BRL", "R$"}, {"CAD", "CA$"}, {"AUD", "A$"}, {"NZD", "NZ$"},
		{"MXN", "MX$"}, {"HKD", "HK$"}, {"BGN", "лв."}, {"HUF", "Ft"}, {"NGN", "₦"}, {"PHP", "₱"}, {"THB", "฿"}, {"KZT", "₸"}, {"GEL", "₾"},
		{"SEK", "kr"}, {"NOK", "kr"}, {"DKK", "kr."},
	} {
		if pair[0] == currency {
			return pair[1]
		}
	}
	return currency
}

// grouped puts a mark between every three digits.
func grouped(digits, mark string) string {
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(mark)
		}
		b.WriteRune(d)
	}
	return b.String()
}
