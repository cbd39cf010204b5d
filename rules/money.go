package rules

import (
	"fmt"
	"math"
	"strings"

	"shopbell/locale"
)

func moneyFunctions() []Function {
	return []Function{
		{
			Name: "money", Signature: "money(amount, currency?, language?)",
			Doc:   "An amount as people write it in the store's language and currency, or in those named: the right symbol on the right side, and as many digits after the point as the currency has. A currency without a symbol of its own keeps its code; whole amounts of those that have lost their small coins, such as HUF or IDR, are written without any.",
			least: 1, most: 3, params: []form{number, text, text}, gives: text, reads: true, run: runMoney,
			Examples: []Example{
				{`money(1234.5)`, "€1,234.50"}, {`money(-5, "JPY")`, "-¥5"}, {`money(1.5, "KWD")`, "KWD\u00a01.500"},
				{`money(1234.5, "EUR", "de")`, "1.234,50\u00a0€"},
			},
		},
		{
			Name: "number", Signature: "number(amount, digits?, language?)",
			Doc:   "A number as people write it in the store's language, or the one named, rounded to so many digits after the point. Without digits, it has as many as it needs.",
			least: 1, most: 3, params: []form{number, number, text}, gives: text, reads: true, run: runNumber,
			Examples: []Example{{`number(1234567.5)`, "1,234,567.5"}, {`number(1234.5, 2)`, "1,234.50"}, {`number(0.125, 2, "fr")`, "0,13"}},
		},
		{
			Name: "cents", Signature: "cents(amount, currency?)",
			Doc:   "An amount as a whole number of the smallest unit of the store's currency, or the one named, as payment services count.",
			least: 1, most: 2, params: []form{number, text}, gives: number, reads: true, run: runCents,
			Examples: []Example{{`cents(12.5)`, "1250"}, {`cents(12.5, "JPY")`, "13"}},
		},
		{
			Name: "round", Signature: "round(number, digits?)",
			Doc:   "A number rounded to so many digits after the point, or to a whole one. A half is rounded away from zero.",
			least: 1, most: 2, params: []form{number}, gives: number, run: runRound,
			Examples: []Example{{`round(2.5)`, "3"}, {`round(1.005, 2)`, "1.01"}},
		},
	}
}

func runMoney(s *scope, args []any) (any, error) {
	currency, err := currencyOf(args, s.store.Currency)
	if err != nil {
		return nil, err
	}
	language, err := languageOf(args, 2, s.store.Language)
	if err != nil {
		return nil, err
	}
	amount, _ := numeric(args[0])
	return locale.Money(amount, currency, language), nil
}

func runNumber(s *scope, args []any) (any, error) {
	digits, err := digitsOf(args, 1, -1)
	if err != nil {
		return nil, err
	}
	language, err := languageOf(args, 2, s.store.Language)
	if err != nil {
		return nil, err
	}
	amount, _ := numeric(args[0])
	return locale.Number(amount, digits, language), nil
}

func runCents(s *scope, args []any) (any, error) {
	currency, err := currencyOf(args, s.store.Currency)
	if err != nil {
		return nil, err
	}
	amount, _ := numeric(args[0])
	digits := locale.Decimals(currency)
	units := math.Round(locale.Round(amount, digits) * math.Pow10(digits))
	if math.Abs(units) > 1<<53 {
		return nil, fmt.Errorf("cents cannot count %g exactly", amount)
	}
	return int(units), nil
}

func runRound(_ *scope, args []any) (any, error) {
	digits, err := digitsOf(args, 1, 0)
	if err != nil {
		return nil, err
	}
	if whole, ok := args[0].(int); ok {
		return whole, nil
	}
	amount, _ := numeric(args[0])
	return locale.Round(amount, digits), nil
}

// currencyOf reads the second argument, a currency.
func currencyOf(args []any, otherwise string) (string, error) {
	given, ok := optional[string](args, 1)
	if !ok {
		return strings.ToUpper(otherwise), nil
	}
	code := strings.ToUpper(given)
	if len(code) != 3 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "", fmt.Errorf("a currency is three letters such as \"EUR\", and this is %s", quotedText(given))
	}
	return code, nil
}

// maxLanguage bounds the name of a language, in bytes: with its country and more.
const maxLanguage = 35

// languageOf reads an argument that is a language.
func languageOf(args []any, i int, otherwise string) (string, error) {
	given, ok := optional[string](args, i)
	if !ok {
		return otherwise, nil
	}
	base := ""
	if len(given) <= maxLanguage {
		base, _ = locale.Parts(given)
	}
	if len(base) < 2 || len(base) > 3 || strings.Trim(base, "abcdefghijklmnopqrstuvwxyz") != "" {
		return "", fmt.Errorf("a language is written like \"de\" or \"pt-BR\", and this is %s", quotedText(given))
	}
	return given, nil
}

// digitsOf reads an argument that is a number of digits after the point.
func digitsOf(args []any, i, otherwise int) (int, error) {
	given, ok := optional[any](args, i)
	if !ok {
		return otherwise, nil
	}
	return wholeBetween(given, 0, 15, "digits after the point")
}
