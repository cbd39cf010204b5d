package rules_test

import (
	"strings"
	"testing"

	"shopbell/event"
)

// The right symbol on the right side, in stores of many countries. Underlines stand for spaces that do not break a line,
// tildes for narrow ones. What is wanted is what the Unicode CLDR says, but for a plain minus, Western digits, and a mark
// in numbers of four digits.
func TestMoneyAroundTheWorld(t *testing.T) {
	plain := strings.NewReplacer("_", "\u00a0", "~", "\u202f")
	for _, test := range []struct{ language, currency, code, want string }{
		{"en-US", "USD", "money(-1234.5)", "-$1,234.50"},
		{"en-CA", "CAD", "money(5)", "$5.00"},
		{"en-CA", "CAD", `money(5, "USD")`, "US$5.00"},
		{"en-AU", "AUD", "money(5)", "$5.00"},
		{"en-GB", "GBP", "money(1234567.005)", "£1,234,567.01"},
		{"en-IN", "INR", "money(1234567.5)", "₹12,34,567.50"},
		{"hi", "INR", "money(123456)", "₹1,23,456.00"},
		{"en-ZA", "ZAR", "money(1234.5)", "R_1_234,50"},
		{"en", "SEK", "money(5)", "SEK_5.00"},
		{"en", "PLN", "money(5)", "PLN_5.00"},
		{"de", "EUR", "money(-12345.5)", "-12.345,50_€"},
		{"de-AT", "EUR", "money(-1234.5)", "-€_1.234,50"},
		{"de-CH", "CHF", "money(-1234.5)", "-CHF_1’234.50"},
		{"fr", "EUR", "money(-1234567.5)", "-1~234~567,50_€"},
		{"fr-CA", "CAD", "money(1234.5)", "1_234,50_$"},
		{"fr-CH", "CHF", "money(1234.5)", "1~234.50_CHF"},
		{"es", "EUR", "money(1234.5)", "1.234,50_€"},
		{"es-MX", "MXN", "money(1234.5)", "$1,234.50"},
		{"es-AR", "ARS", "money(1234.5)", "$_1.234,50"},
		{"es_CL", "CLP", "money(1234.5)", "$1.235"},
		{"es-PE", "PEN", "money(5)", "S/_5.00"},
		{"pt-BR", "BRL", "money(-5)", "-R$_5,00"},
		{"pt", "EUR", "money(1234.5)", "1_234,50_€"},
		{"nl", "EUR", "money(-5)", "€_-5,00"},
		{"it", "EUR", "money(5)", "5,00_€"},
		{"pl", "PLN", "money(5)", "5,00_zł"},
		{"cs", "CZK", "money(5)", "5,00_Kč"},
		{"hu", "HUF", "money(1234)", "1_234_Ft"},
		{"hu", "HUF", "money(1234.5)", "1_234,50_Ft"},
		{"bg", "BGN", "money(5)", "5,00_лв."},
		{"ro", "RON", "money(5)", "5,00_lei"},
		{"sv", "SEK", "money(5)", "5,00_kr"},
		{"da", "DKK", "money(5)", "5,00_kr."},
		{"nb", "NOK", "money(5)", "5,00_kr"},
		{"tr", "TRY", "money(1234.5)", "₺1.234,50"},
		{"uk", "UAH", "money(5)", "5,00_₴"},
		{"ja", "JPY", "money(1234.5)", "¥1,235"},
		{"ko", "KRW", "money(-1234567)", "-₩1,234,567"},
		{"zh", "CNY", "money(5)", "¥5.00"},
		{"zh-Hant-TW", "TWD", "money(5)", "$5.00"},
		{"vi", "VND", "money(125000)", "125.000_₫"},
		{"id", "IDR", "money(10000)", "Rp_10.000"},
		{"he", "ILS", "money(5)", "5.00_₪"},
		{"ar", "KWD", "money(1.5)", "1.500_KWD"},
		{"en", "BHD", "money(-0.0004)", "BHD_0.000"},
		{"en", "CLF", "money(1.5)", "CLF_1.5000"},
		{"en", "ISK", "money(1234.5)", "ISK_1,235"},
		{"tlh", "EUR", "money(5)", "€5.00"},
		{"en", "USD", "money(4503599627370497)", "$4,503,599,627,370,497.00"},
		{"en", "USD", `money(5, "eur", "de")`, "5,00_€"},
		{"de", "EUR", "number(1234567.891, 1)", "1.234.567,9"},
		{"de", "EUR", "number(-0.5)", "-0,5"},
		{"en", "EUR", "cents(0.1 + 0.2)", "30"},
		{"en", "EUR", `cents(1.0005, "KWD")`, "1001"},
		{"en", "EUR", "round(-2.345, 2)", "-2.35"},
	} {
		store := event.Store{Currency: test.currency, Language: test.language}
		if got, want := evaluate(t, test.code, store), plain.Replace(test.want); got != want {
			t.Errorf("%s in %s, %s: %q, want %q", test.code, test.currency, test.language, got, want)
		}
	}
}

// Amounts that are none are refused in words that say what to write.
func TestAmountsRefused(t *testing.T) {
	for code, want := range map[string]string{
		`money(event.data.text)`:                         `money wants a number, and got the text "12.50"; write float(…) around it`,
		`money(event.data.words)`:                        "money wants a number, and got text",
		`money(event.data.list)`:                         "money wants a number, and got a list",
		`money(event.data.yes)`:                          "money wants a number, and got true",
		`money(1 / event.data.zero)`:                     "something is divided by zero",
		`money(5, event.data.words)`:                     `a currency is three letters such as "EUR", and this is "a few"`,
		`money(5, "EUR", upper("German"))`:               `a language is written like "de" or "pt-BR", and this is "GERMAN"`,
		`number(5, 16)`:                                  "the number of digits after the point must be a whole one from 0 to 15",
		`round(5.5, 0.5)`:                                "the number of digits after the point must be a whole one from 0 to 15",
		`cents(1e20)`:                                    "cents cannot count 1e+20 exactly",
		`money(event.data.missing)`:                      "event.data.missing is empty; write event.data.missing ?? …",
		`daysBetween(event.created, event.data.missing)`: "event.data.missing is empty",
		`sort(event.data.missing)`:                       "event.data.missing is empty",
		`max(event.data.missing)`:                        "event.data.missing is empty",
		`get(order, event.data.missing)`:                 "event.data.missing is empty",
	} {
		if _, err := attempt(t, code, event.Store{Currency: "EUR"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", code, err, want)
		}
	}
}
