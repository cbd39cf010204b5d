// Package phone reads telephone numbers as people write them:
//
//	n, err := phone.Read("0171 / 234 56 78", "DE")
//	n.E164 // +491712345678
//
// It never guesses: what is not one whole number that can exist is an error. It does not know whether anybody has the
// number, nor whether it rings or takes text messages.
package phone

import (
	"errors"
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// A Number is one that can exist.
type Number struct {
	E164 string // with + and the country's code, such as +31612345678
	// Country is whose numbers it is among, in two capital letters; "" for none. Countries that share a code, as those of +44
	// do, may be taken for one another, see [Number.In].
	Country string
	Code    int  // the country's code, such as 31
	Costly  bool // whoever calls or writes to it pays more than for others: a premium rate or shared cost number
}

// The reasons why a text is no [Number]. They are for people.
var (
	ErrForm    = errors.New("it is not one whole telephone number")
	ErrCountry = errors.New("it has no country's code, such as +31, and nothing says of which country it is")
	ErrNone    = errors.New("no such number can exist there")
)

// maxText is how long a text may be that is read, in bytes.
const maxText = 100

// dialled matches text that is one number, as people write it.
var dialled = regexp.MustCompile(`^(?:tel:)?[+(]?[0-9 (][0-9 ().\-/\x{2010}-\x{2015}\x{a0}\x{202f}]+$`)

// Read reads a number. One without its country's code is of the country, two letters such as "DE" or "" for none.
func Read(text, country string) (Number, error) {
	if len(text) > maxText {
		return Number{}, ErrForm
	}
	text = strings.TrimSpace(text)
	if !dialled.MatchString(text) {
		return Number{}, ErrForm
	}
	n, err := phonenumbers.Parse(text, strings.ToUpper(country))
	switch {
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return Number{}, ErrCountry
	case err != nil:
		return Number{}, ErrForm
	case !phonenumbers.IsValidNumber(n):
		return Number{}, ErrNone
	}
	kind := phonenumbers.GetNumberType(n)
	return Number{
		E164:    phonenumbers.Format(n, phonenumbers.E164),
		Country: known(phonenumbers.GetRegionCodeForNumber(n)),
		Code:    int(n.GetCountryCode()),
		Costly:  kind == phonenumbers.PREMIUM_RATE || kind == phonenumbers.SHARED_COST,
	}, nil
}

// CodeOf gives a country's code: 31 for "NL". It is 0 for what is no country's two letters.
func CodeOf(country string) int {
	return int(phonenumbers.GetCountryCodeForRegion(strings.ToUpper(country)))
}

// IsCode tells whether some country or service has the code.
func IsCode(code int) bool {
	return known(phonenumbers.GetRegionCodeForCountryCode(code)) != "" || code >= 800 && len(phonenumbers.GetRegionCodesForCountryCode(code)) > 0
}

// In tells whether a number is among those of a country. Of countries that share a code, only those of +1 and +7 are told
// apart, by the digits that follow. Those of other codes share ranges, as Guernsey does with the United Kingdom, so there the
// code decides.
func (n Number) In(country string) bool {
	if n.Code != CodeOf(country) {
		return false
	}
	if n.Code == 1 || n.Code == 7 {
		return n.Country == strings.ToUpper(country)
	}
	return true
}

// known leaves out what the library says for none and for the whole world.
func known(region string) string {
	if len(region) != 2 || region == "ZZ" {
		return ""
	}
	return region
}
