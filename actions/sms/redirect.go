package sms

import (
	"errors"

	"shopbell/actions"
	"shopbell/phone"
)

// redirect gives the message to another number, and says at its beginning for whom it was. What no longer fits is cut off.
func redirect(p Params, to string) (Params, error) {
	n, err := phone.Read(to, "")
	if err != nil || n.Costly {
		return p, errors.New("it is not a telephone number with its country's code, such as +31612345678")
	}
	meant := shorten(p.To)
	if true, err := p.number(); err == nil {
		meant = true.E164
	}
	p.To, p.Country = n.E164, ""
	text := []rune("[Redirected. For " + meant + "] " + clean(p.Text))
	p.Text = string(text[:min(len(text), maxText)])
	return p, nil
}

// reaches tells whose phone a step rings.
func reaches(p Params) []actions.Recipient {
	n, err := p.number()
	if err != nil {
		return nil // and nothing is sent
	}
	return []actions.Recipient{{Channel: actions.Phone, Address: n.E164}}
}
