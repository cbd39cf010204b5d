package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"shopbell/actions"
)

// permitted looks at whom a step would reach before it is sent. It gives the parameters without those who are not to be written
// to, and a word for each of them. When nobody is left, the error says so: the step is skipped.
func (e *Engine) permitted(ctx context.Context, u *Run, kind *actions.Kind, params json.RawMessage) (json.RawMessage, string, error) {
	if kind == nil || kind.Reaches == nil {
		return params, "", nil
	}
	reached := kind.Reaches(params)
	var out []actions.Recipient
	var words []string
	for _, r := range reached {
		s, err := e.suppressionFor(ctx, u.Source, u.Store, r)
		if errors.Is(err, ErrNone) {
			continue
		}
		if err != nil {
			return nil, "", fmt.Errorf("whether %s may be written to could not be read: %w", r.Address, err)
		}
		out = append(out, r)
		words = append(words, fmt.Sprintf("%s is not written to: %s", r.Address, s.Why))
	}
	if len(out) == 0 {
		return params, "", nil
	}
	note := strings.Join(words, "; ")
	if kind.Spare == nil || len(out) == len(reached) {
		return nil, "", actions.Skip(note)
	}
	params, left := kind.Spare(params, out)
	if !left {
		return nil, "", actions.Skip(note)
	}
	return params, note, nil
}

// heed keeps what a provider said of a recipient, so that nobody writes there again.
func (e *Engine) heed(u *Run, answer actions.Answer, err error) {
	if answer.Stop == (actions.Recipient{}) {
		return
	}
	s := Suppression{Source: u.Source, Store: u.Store, Channel: answer.Stop.Channel, Address: answer.Stop.Address, Why: err.Error()}
	if err := e.Suppress(e.workCtx, s); err != nil {
		e.o.Log.Error("a recipient who cannot be written to could not be noted; the next message tries again", "run", u.ID, "error", err)
		return
	}
	e.o.Log.Info("a recipient is not written to any more", "source", u.Source, "store", u.Store, "channel", s.Channel, "run", u.ID, "why", s.Why)
}
