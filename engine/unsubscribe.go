package engine

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"

	"shopbell/actions"
	"shopbell/rules"
	"shopbell/secret"
)

// ErrUnsubscribe says that an address for unsubscribing is none of ours, or was made with another key.
var ErrUnsubscribe = errors.New("this link is not complete, or too old")

// leaving is what the address for unsubscribing says, sealed: who wants no more marketing of which store.
type leaving struct {
	Source  string          `json:"s"`
	Store   string          `json:"i"`
	Channel actions.Channel `json:"c"`
	Address string          `json:"a"`
}

const leavingLabel = "unsubscribe"

// unsubscribeURL gives the address at which the one recipient of a marketing step can say that it was the last; "" where there is
// none. A message that is redirected bears none: whoever tries rules must not unsubscribe by it.
func (e *Engine) unsubscribeURL(u *Run, step *Step, reached []actions.Recipient) string {
	if !step.Marketing || step.Mode == rules.Redirect || e.o.Box == nil || e.o.Public == "" || len(reached) != 1 {
		return ""
	}
	text, err := json.Marshal(leaving{u.Source, u.Store, reached[0].Channel, reached[0].Address})
	if err != nil {
		return ""
	}
	return e.o.Public + "/unsubscribe/" + base64.RawURLEncoding.EncodeToString(e.o.Box.Seal(secret.Text(text), leavingLabel))
}

// Leaving reads the last part of an address for unsubscribing.
func (e *Engine) Leaving(token string) (Suppression, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || e.o.Box == nil {
		return Suppression{}, ErrUnsubscribe
	}
	text, err := e.o.Box.Open(sealed, leavingLabel)
	var l leaving
	if err != nil || json.Unmarshal([]byte(text.Reveal()), &l) != nil {
		return Suppression{}, ErrUnsubscribe
	}
	return Suppression{Source: l.Source, Store: l.Store, Channel: l.Channel, Address: l.Address, Marketing: true, Why: "unsubscribed"}, nil
}

// Leave is what the recipient of a message wants who uses its address for unsubscribing.
func (e *Engine) Leave(ctx context.Context, token string) error {
	s, err := e.Leaving(token)
	if err != nil {
		return err
	}
	return e.Suppress(ctx, s)
}
