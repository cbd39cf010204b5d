package email

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/invopop/jsonschema"
	"golang.org/x/net/idna"
)

// maxRecipients bounds the recipients of one message, all kinds together; servers commonly take 100.
const maxRecipients = 100

// Recipients are addresses as a step writes them: text, in which commas part several, or a list of such texts.
type Recipients []string

// UnmarshalJSON reads text or a list; nothing is nobody.
func (r *Recipients) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*r = nil
		if strings.TrimSpace(one) != "" {
			*r = Recipients{one}
		}
		return nil
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		return errors.New("want an e-mail address or a list of them")
	}
	*r = list
	return nil
}

// JSONSchema declares both forms.
func (Recipients) JSONSchema() *jsonschema.Schema {
	most := uint64(maxRecipients)
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{
		{Type: "string"},
		{Type: "array", Items: &jsonschema.Schema{Type: "string"}, MaxItems: &most},
	}}
}

// addresses parses all of them.
func (r Recipients) addresses() ([]*mail.Address, error) {
	var all []*mail.Address
	for _, text := range r {
		if strings.TrimSpace(text) == "" {
			continue
		}
		some, err := parse(text)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	return all, nil
}

// parse reads one text of addresses.
func parse(text string) ([]*mail.Address, error) {
	list, err := mail.ParseAddressList(strings.TrimSpace(text))
	if err != nil || strings.ContainsAny(text, "\r\n\x00") {
		return nil, fmt.Errorf("%q is not an e-mail address", shorten(text))
	}
	for i, a := range list {
		if list[i], err = toASCII(a); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// toASCII spells an international domain as DNS does, since servers need not know another spelling, and refuses what
// is valid in a header and yet no address for the envelope.
func toASCII(a *mail.Address) (*mail.Address, error) {
	at := strings.LastIndexByte(a.Address, '@')
	if strings.ContainsAny(a.Address, "<> \t\r\n") {
		return nil, fmt.Errorf("%q is not an e-mail address", shorten(a.Address))
	}
	host, err := idna.Lookup.ToASCII(a.Address[at+1:])
	if err != nil && !strings.HasPrefix(a.Address[at+1:], "[") {
		return nil, fmt.Errorf("%q is not an e-mail address: its domain cannot be one", shorten(a.Address))
	}
	if host == "" || err != nil {
		host = a.Address[at+1:]
	}
	return &mail.Address{Name: a.Name, Address: a.Address[:at+1] + host}, nil
}

func shorten(text string) string {
	const most = 100
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
