package rules

import (
	"fmt"

	"shopbell/phone"
)

func phoneFunctions() []Function {
	return []Function{
		{
			Name: "phone", Signature: "phone(text, country?)",
			Doc: "A telephone number as services for text messages want it, by E.164: +491712345678. A number without its country's code is read as one of the country (\"DE\"), or else of the store's. " +
				"It is nil, never a guess, where the text is not one whole number that can exist there: it is too short, it has an extension, it holds other words, or no country is known.",
			least: 1, most: 2, params: []form{text}, onNil: []onNil{answers, refuses}, gives: text, empty: true, reads: true, run: runPhone,
			Examples: []Example{
				{`phone("0171 / 234 56 78", "DE")`, "+491712345678"}, {`phone("+1 (415) 555-2671")`, "+14155552671"}, {`phone("12345", "DE") ?? "no number"`, "no number"},
			},
		},
	}
}

// runPhone is the function phone.
func runPhone(s *scope, args []any) (any, error) {
	country := s.store.Country
	if given, ok := optional[string](args, 1); ok && given != "" {
		if len(given) != 2 {
			return nil, fmt.Errorf("a country is two letters such as \"DE\", and this is %s", quotedText(given))
		}
		country = given
	}
	number, err := phone.Read(args[0].(string), country)
	if err != nil {
		return nil, s.spend(1_000)
	}
	return number.E164, s.spend(1_000)
}
