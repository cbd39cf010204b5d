package newsletter

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"

	"shopbell/actions"
)

// An order is one step, as providers carry it out.
type order struct {
	*Params
	try   int    // from 1
	email string // the person's address, in the form that all providers compare
	list  string // an id that is safe in a path; "" for none
	when  time.Time
}

// orderOf reads a call. Its error is sorted.
func orderOf(call *actions.Call[Params]) (*order, error) {
	o := &order{Params: &call.Params, try: call.Try, list: string(call.Params.List)}
	var err error
	if o.email, err = addressOf(o.Email); err != nil {
		return nil, actions.Permanent(actions.BlameRecipient, err)
	}
	o.when, _ = moment(o.ConsentedAt) // checked before
	return o, nil
}

// addressOf gives a bare address in lower case. What some provider would read in another way than all others is refused.
func addressOf(text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	a, err := mail.ParseAddress(text)
	if err != nil || a.Address != text || len(text) > 254 || strings.ContainsAny(text, "\"\\<>()[] \t\r\n") {
		return "", fmt.Errorf("email: %q is not an e-mail address", actions.Excerpt([]byte(text)))
	}
	return text, nil
}

// hash is what Mailchimp knows a person by.
func hash(email string) string {
	sum := md5.Sum([]byte(strings.ToLower(strings.TrimSpace(email))))
	return hex.EncodeToString(sum[:])
}

// names parts the name: the first word, and the rest.
func (o *order) names() (first, last string) {
	first, last, _ = strings.Cut(strings.TrimSpace(o.Name), " ")
	return first, strings.TrimSpace(last)
}

// properties gives the fields, and the names under the provider's keys unless the fields have them. The map is the caller's own.
func (o *order) properties(first, last string) map[string]any {
	all := make(map[string]any, len(o.Fields)+2)
	given, family := o.names()
	if given != "" && first != "" {
		all[first] = given
	}
	if family != "" && last != "" {
		all[last] = family
	}
	for key, value := range o.Fields {
		if value != nil {
			all[key] = value
		}
	}
	return all
}

// written are the forms in which stores write a time.
func written() []string {
	return []string{time.RFC3339, "2006-01-02 15:04:05 -0700", time.DateTime, "2006-01-02T15:04:05-0700", time.DateOnly}
}

// moment reads a time; none is the zero time.
func moment(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, form := range written() {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("consented_at is not a time such as 2026-11-21T10:00:00Z")
}
