package locale

import "strings"

// Decimals gives how many digits of a currency follow the point, by ISO 4217.
func Decimals(currency string) int {
	switch currency {
	case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF":
		return 0
	case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND":
		return 3
	case "CLF", "UYW":
		return 4
	}
	return 2
}

// digitsIn gives with how many digits after the point an amount is written. Where nobody has coins of the smaller unit any
// more, a whole amount has none.
func digitsIn(currency string, whole func(digits int) bool) int {
	digits := Decimals(currency)
	switch currency {
	case "AFN", "ALL", "COP", "HUF", "IDR", "IQD", "IRR", "LAK", "LBP", "MGA", "MMK", "PKR", "SOS", "SYP", "YER":
		if whole(digits) {
			return 0
		}
	}
	return digits
}

// Symbol gives the sign of a currency as it is written in a language; where nobody would know the sign, the code.
func Symbol(currency, language string) string {
	base, region := Parts(language)
	if sign := homeSign(currency, base, region); sign != "" {
		return sign
	}
	for _, pair := range [...][2]string{
		{"EUR", "€"}, {"USD", "$"}, {"GBP", "£"}, {"JPY", "¥"}, {"CNY", "CN¥"}, {"INR", "₹"}, {"KRW", "₩"}, {"RUB", "₽"}, {"UAH", "₴"},
		{"TRY", "₺"}, {"ILS", "₪"}, {"VND", "₫"}, {"BRL", "R$"}, {"CAD", "CA$"}, {"AUD", "A$"}, {"NZD", "NZ$"}, {"MXN", "MX$"},
		{"HKD", "HK$"}, {"TWD", "NT$"}, {"SGD", "S$"}, {"NGN", "₦"}, {"PHP", "₱"}, {"THB", "฿"}, {"KZT", "₸"}, {"GEL", "₾"}, {"AZN", "₼"},
		{"AMD", "֏"}, {"MNT", "₮"}, {"GHS", "GH₵"}, {"PYG", "₲"}, {"CRC", "₡"},
	} {
		if pair[0] == currency {
			return pair[1]
		}
	}
	return currency
}

// homeSign gives the sign that a currency has at home: a dollar is $ in its own country, and złoty are zł in Polish.
func homeSign(currency, base, region string) string {
	home := dollarOf(region)
	switch {
	case home != "" && currency == home:
		return "$"
	case home != "" && home != "USD" && currency == "USD":
		return "US$"
	}
	for _, at := range [...][3]string{
		{"PLN", "zł", "pl"}, {"CZK", "Kč", "cs"}, {"HUF", "Ft", "hu"}, {"BGN", "лв.", "bg"}, {"SEK", "kr", "sv"}, {"NOK", "kr", "nb no nn"},
		{"DKK", "kr.", "da"}, {"ISK", "kr.", "is"}, {"RON", "lei", "ro"}, {"MKD", "ден.", "mk"}, {"BAM", "KM", "bs hr sr"}, {"ALL", "Lekë", "sq"},
		{"CNY", "¥", "zh"}, {"IDR", "Rp", "id"}, {"MYR", "RM", "ms"}, {"PEN", "S/", "es"}, {"BYN", "Br", "be ru"}, {"ZAR", "R", "en af"},
	} {
		for language := range strings.FieldsSeq(at[2]) {
			if at[0] == currency && language == base {
				return at[1]
			}
		}
	}
	return ""
}

// dollarOf gives the currency that is written $ in a country.
func dollarOf(region string) string {
	switch region {
	case "us", "ec", "sv", "pr":
		return "USD"
	case "ca":
		return "CAD"
	case "au":
		return "AUD"
	case "nz":
		return "NZD"
	case "sg":
		return "SGD"
	case "hk":
		return "HKD"
	case "tw":
		return "TWD"
	case "mx":
		return "MXN"
	case "ar":
		return "ARS"
	case "cl":
		return "CLP"
	case "co":
		return "COP"
	case "uy":
		return "UYU"
	}
	return ""
}
