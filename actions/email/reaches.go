package email

import (
	"net/mail"
	"slices"

	"shopbell/actions"
)

// reaches names all whom a message reaches. Addresses that cannot be read are left to Send.
func reaches(p Params) []actions.Recipient {
	var all []actions.Recipient
	for _, field := range []Recipients{p.To, p.CC, p.BCC} {
		found, err := field.addresses()
		if err != nil {
			continue
		}
		for _, a := range found {
			if r := recipient(a); !slices.Contains(all, r) {
				all = append(all, r)
			}
		}
	}
	return all
}

func recipient(a *mail.Address) actions.Recipient {
	return actions.MailTo(a.Address)
}

// spare leaves some out. Copies alone are not sent: what was for a person who does not get it is not for those who watch.
func spare(p Params, some []actions.Recipient) (Params, bool) {
	for _, field := range []*Recipients{&p.To, &p.CC, &p.BCC} {
		found, err := field.addresses()
		if err != nil {
			continue
		}
		*field = nil
		for _, a := range found {
			if !slices.Contains(some, recipient(a)) {
				*field = append(*field, a.String())
			}
		}
	}
	return p, len(p.To) > 0
}
