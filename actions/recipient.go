package actions

import (
	"encoding/json"
	"strings"

	"golang.org/x/net/idna"
)

// A Channel is a way to reach a person. One person has an address on each.
type Channel string

// The channels.
const (
	Mail  Channel = "email" // an address is compared in lower case
	Phone Channel = "phone" // a number in E.164, such as +31612345678
)

// A Recipient is a person that a message reaches.
type Recipient struct {
	Channel Channel
	Address string // the bare address, in the form that its channel compares
}

// MailTo gives the recipient at a bare e-mail address: in lower case, with an international domain as mail spells it, so that
// anna@Bücher.example and anna@xn--bcher-kva.example are one person. A domain that cannot be spelt so stays as it is.
func MailTo(address string) Recipient {
	address = strings.ToLower(address)
	at := strings.LastIndexByte(address, '@')
	if host, err := idna.Lookup.ToASCII(address[at+1:]); err == nil && host != "" {
		address = address[:at+1] + host
	}
	return Recipient{Channel: Mail, Address: address}
}

// reaching closes [Spec.Reaches] over its parameter type. Parameters that do not fit reach nobody: their send will fail.
func reaching[P any](reaches func(P) []Recipient) func(json.RawMessage) []Recipient {
	if reaches == nil {
		return nil
	}
	return func(params json.RawMessage) []Recipient {
		var p P
		if json.Unmarshal(params, &p) != nil {
			return nil
		}
		return reaches(p)
	}
}

// sparing closes [Spec.Spare] over its parameter type. Parameters that do not fit are given as they are: their send will fail.
func sparing[P any](spare func(P, []Recipient) (P, bool)) func(json.RawMessage, []Recipient) (json.RawMessage, bool) {
	if spare == nil {
		return nil
	}
	return func(params json.RawMessage, some []Recipient) (json.RawMessage, bool) {
		var p P
		if json.Unmarshal(params, &p) != nil {
			return params, true
		}
		p, left := spare(p, some)
		if !left {
			return nil, false
		}
		text, err := json.Marshal(p)
		return text, err == nil
	}
}
