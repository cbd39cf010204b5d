package actions_test

import (
	"testing"

	"shopbell/actions"
)

// However a domain is written, its mail goes to one place.
func TestMailTo(t *testing.T) {
	for address, want := range map[string]string{
		"Jane@Example.com":           "jane@example.com",
		"anna@Bücher.example":        "anna@xn--bcher-kva.example",
		"Anna@XN--BCHER-KVA.example": "anna@xn--bcher-kva.example",
		"a@BÜCHER.example":           "a@xn--bcher-kva.example",
		"\"a@b\"@пример.рф":          "\"a@b\"@xn--e1afmkfd.xn--p1ai",
		"a@[192.0.2.1]":              "a@[192.0.2.1]",
		"a@under_score.example":      "a@under_score.example",
		"none":                       "none",
		"":                           "",
	} {
		if got := actions.MailTo(address); got != (actions.Recipient{Channel: actions.Mail, Address: want}) {
			t.Errorf("%q: got %q, want %q", address, got.Address, want)
		}
	}
}
