package rules_test

import (
	"encoding/json"
	"testing"

	"shopbell/event"
)

func TestPhone(t *testing.T) {
	for _, test := range []struct{ text, country, store, want string }{
		{"0171 2345678", "DE", "", "+491712345678"},
		{"0171 2345678", "de", "", "+491712345678"},
		{"0171 2345678", "", "DE", "+491712345678"},
		{"0171/234-56.78", "", "DE", "+491712345678"},
		{" (0171) 2345678 ", "", "DE", "+491712345678"},
		{"tel:0171-2345678", "", "DE", "+491712345678"},
		{"+49 (0) 171 2345678", "", "", "+491712345678"},
		{"0049 171 2345678", "DE", "", "+491712345678"},
		{"+1 415 555 2671", "DE", "DE", "+14155552671"},
		{"(415) 555-2671", "US", "DE", "+14155552671"},
		{"0888 888 888", "BG", "", "+359888888888"},
		{"09012345678", "JP", "", "+819012345678"},
		{"02 1234 5678", "IT", "", "+390212345678"},

		{"0171 2345678", "", "", "nothing"},   // of no country
		{"0171 2345678", "XX", "", "nothing"}, // of a country that is none
		{"12345", "DE", "", "nothing"},        // too short
		{"+1 555 0100", "", "", "nothing"},    // cannot exist
		{"+49 171 2345678 x12", "", "", "nothing"},
		{"0171 2345678 / 0172 3456789", "DE", "", "nothing"}, // two
		{"Ann: 0171 2345678", "DE", "", "nothing"},
		{"1-800-FLOWERS", "US", "", "nothing"},
		{"ask my husband", "DE", "", "nothing"},
		{"", "DE", "", "nothing"},
		{"+", "DE", "", "nothing"},
		{"0000000000000", "DE", "", "nothing"},
	} {
		quoted, err := json.Marshal(test.text)
		if err != nil {
			t.Fatal(err)
		}
		code := `phone(` + string(quoted)
		if test.country != "" {
			code += `, "` + test.country + `"`
		}
		if got := evaluate(t, code+`) ?? "nothing"`, event.Store{Country: test.store}); got != test.want {
			t.Errorf("%s) in a store in %q is %s, want %s", code, test.store, got, test.want)
		}
	}
	for code, want := range map[string]string{
		`phone(order.shippingPerson?.phone) == nil`:            "true",
		`phone(event.data.phone, order.shippingPerson?.phone)`: "+491712345678", // a country that is nil is the store's
		`phone(event.data.phone, trim(" "))`:                   "+491712345678",
	} {
		if got := evaluate(t, code, event.Store{Country: "DE"}); got != want {
			t.Errorf("%s is %s, want %s", code, got, want)
		}
	}
	if _, err := attempt(t, `phone(event.data.phone, event.data.words)`, event.Store{}); err == nil {
		t.Error("a country in words was taken")
	}
}
