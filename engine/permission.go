package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"shopbell/actions"
)

// permitted fills in a call, after a look at whom it would reach: those who are not to be written to are left out, with a word for
// each of them. When nobody is left, the error says so: the step is skipped.
func (e *Engine) permitted(ctx context.Context, u *Run, kind *actions.Kind, step *Step, call *actions.Call[json.RawMessage]) (note string, err error) {
	if kind == nil {
		return "", nil
	}
	if kind.Reaches == nil {
		_, err := e.affordable(ctx, u, kind, step, nil)
		return "", err
	}
	reached := kind.Reaches(step.Params)
	var out []actions.Recipient
	var words []string
	for _, r := range reached {
		s, err := e.suppressionFor(ctx, u.Source, u.Store, r, step.Marketing || kind.Marketing)
		if errors.Is(err, ErrNone) {
			continue
		}
		if err != nil {
			// Nothing has been sent: it is no unknown outcome, though time may have run out.
			return "", actions.RetryAfter(0, fmt.Errorf("whether %s may be written to could not be read: %w", r.Address, err))
		}
		out = append(out, r)
		words = append(words, s.word(r))
	}
	var full []actions.Recipient
	if left := without(reached, out); len(left) > 0 || len(reached) == 0 {
		if full, err = e.affordable(ctx, u, kind, step, left); err != nil {
			return "", err
		}
	}
	for _, r := range full {
		out = append(out, r)
		words = append(words, fmt.Sprintf("%s has had %d messages within a day, which is as many as anybody gets", r.Address, e.o.Cap.PerDay))
	}
	note = strings.Join(words, "; ")
	switch {
	case len(out) == 0:
	case kind.Spare == nil || len(out) == len(reached):
		return "", actions.Skip(note)
	default:
		var left bool
		if call.Params, left = kind.Spare(step.Params, out); !left {
			return "", actions.Skip(note)
		}
		reached = kind.Reaches(call.Params)
	}
	call.Unsubscribe = e.unsubscribeURL(u, step, reached)
	return note, nil
}

// without gives recipients but some.
func without(all, some []actions.Recipient) []actions.Recipient {
	return slices.DeleteFunc(slices.Clone(all), func(r actions.Recipient) bool { return slices.Contains(some, r) })
}

// word says why somebody is not written to.
func (s *Suppression) word(r actions.Recipient) string {
	if s.Marketing {
		return fmt.Sprintf("%s gets no marketing: %s", r.Address, s.Why)
	}
	return fmt.Sprintf("%s is not written to: %s", r.Address, s.Why)
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
