package actions

import (
	"encoding/json"
	"errors"
	"fmt"
)

// redirecting closes [Spec.Redirect] over its parameter type.
func redirecting[P any](redirect func(p P, to string) (P, error)) func(json.RawMessage, string) (json.RawMessage, error) {
	if redirect == nil {
		return nil
	}
	return func(params json.RawMessage, to string) (json.RawMessage, error) {
		var p P
		if err := json.Unmarshal(params, &p); err != nil {
			return nil, fmt.Errorf("the parameters do not fit: %w", err)
		}
		p, err := redirect(p, to)
		if err != nil {
			return nil, err
		}
		return json.Marshal(p)
	}
}

// CanRedirect tells whether messages of this kind can go to somebody instead; nil means yes. Its error is for people.
func (k *Kind) CanRedirect(to string) error {
	if k.Redirect == nil {
		return errors.New("it is no message")
	}
	_, err := k.Redirect(json.RawMessage("{}"), to)
	return err
}
