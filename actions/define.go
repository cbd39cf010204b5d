package actions

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"shopbell/shape"
)

// Define closes a [Spec] over its types. It panics when the spec is not one that people could use (no summary, an
// example that does not fit, a field without a description): that is a mistake of the program, found by any test.
func Define[A, P any](s Spec[A, P]) *Kind {
	if s.Open == nil {
		panic(fmt.Sprintf("action %q has no Open", s.Name))
	}
	k := &Kind{
		Name: s.Name, Summary: s.Summary, Doc: s.Doc, Example: s.Example,
		Idempotent: s.Idempotent, ByStep: s.Repeats != nil, NoAccount: s.NoAccount, Marketing: s.Marketing, Causes: s.Causes, CausedBy: s.CausedBy,
		Params: shape.Of(new(P)), Account: shape.Of(new(A)),
	}
	if s.Result != nil {
		k.Result = shape.Of(reflect.New(reflect.TypeOf(s.Result)).Interface())
	}
	k.Redirect, k.Target = redirecting(s.Redirect), targeting(s.Target)
	k.Cost, k.Limit = costing(s.Cost), limiting(s.Limit)
	k.Reaches, k.Spare, k.Names = reaching(s.Reaches), sparing(s.Spare), naming(s.Names)
	k.Open = func(env Env, config json.RawMessage) (Outlet, error) {
		var account A
		if config != nil {
			if err := fits(k.Account, config); err != nil {
				return nil, err
			}
			if err := json.Unmarshal(config, &account); err != nil {
				return nil, fmt.Errorf("the account does not fit: %w", err)
			}
		}
		sender, err := s.Open(env, account)
		if err != nil {
			return nil, err
		}
		o := outlet[P]{sender: sender, again: byStep(s.Repeats, account)}
		o.mask, o.masks = hidingSecrets(k.Account, config)
		return o, nil
	}
	k.Check = func(params json.RawMessage) error {
		var p P
		switch err := json.Unmarshal(params, &p); {
		case err != nil && bytes.Contains(params, []byte("{{")):
			return nil // a hole stands where no text is: it will be a number, or a list
		case err != nil:
			return err
		}
		if c, ok := any(p).(Checker); ok {
			return c.Check()
		}
		return nil
	}
	if err := k.validate(); err != nil {
		panic(fmt.Sprintf("action %q: %v", s.Name, err))
	}
	return k
}

// fits checks JSON against a shape, and tells every fault in one error.
func fits(s *shape.Shape, text json.RawMessage) error {
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		return errors.New("this is not JSON")
	}
	var faults []error
	for _, f := range s.Check(value) {
		message := f.Message
		if len(f.Path) > 0 {
			message = strings.Join(f.Path, ".") + ": " + message
		}
		faults = append(faults, errors.New(message))
	}
	return errors.Join(faults...)
}

// A Checker is a parameter struct that can tell what a schema cannot: exactly one of two, a list that may not be empty.
// Check is called at load, when texts may still hold {{ … }} and must then be passed over (see [Known]), and again
// before each send. Its error is for the writer of the rule, whose request is to blame unless it says another (see [Permanent]).
type Checker interface {
	Check() error
}

// callOf gives a call its parameters.
func callOf[P any](c Call[json.RawMessage]) (Call[P], error) {
	call := Call[P]{Key: c.Key, Try: c.Try, Source: c.Source, Store: c.Store, Callback: c.Callback, Unsubscribe: c.Unsubscribe}
	if params, ok := c.Decoded.take(c.Params).(P); ok {
		call.Params = params
		return call, nil
	}
	return call, json.Unmarshal(c.Params, &call.Params)
}

// targeting closes [Spec.Target] over its parameter type. Parameters that do not fit name no provider: their send will fail.
func targeting[P any](target func(Call[P]) string) func(Call[json.RawMessage]) string {
	if target == nil {
		return nil
	}
	return func(c Call[json.RawMessage]) string {
		call, err := callOf[P](c)
		if err != nil {
			return ""
		}
		c.Decoded.keep(c.Params, call.Params)
		return target(call)
	}
}

// costing closes [Spec.Cost] over its parameter type. Parameters that do not fit cost nothing more than any.
func costing[P any](cost func(P) int) func(json.RawMessage) int {
	if cost == nil {
		return nil
	}
	return func(params json.RawMessage) int {
		var p P
		if json.Unmarshal(params, &p) != nil {
			return 1
		}
		return cost(p)
	}
}

// limiting closes [Spec.Limit] over its account type.
func limiting[A any](limit func(A) Limit) func(json.RawMessage) Limit {
	if limit == nil {
		return nil
	}
	return func(config json.RawMessage) Limit {
		var a A
		if config != nil && json.Unmarshal(config, &a) != nil {
			return Limit{}
		}
		return limit(a)
	}
}

// outlet closes a Sender over its parameter type. What it says holds none of its account's secrets.
type outlet[P any] struct {
	sender Sender[P]
	mask   Mask
	masks  bool               // there are secrets
	again  func(Call[P]) bool // nil where the kind says it of all steps
}

// Inside implements [Closed].
func (o outlet[P]) Inside() any { return o.sender }

func (o outlet[P]) hides() Mask { return o.mask }

// Send implements [Outlet].
func (o outlet[P]) Send(ctx context.Context, c Call[json.RawMessage]) (Result, error) {
	result, err := o.send(ctx, c)
	if o.masks {
		hushed(o.mask, map[string]any(result))
		err = hush(o.mask, err)
	}
	return result, err
}

func (o outlet[P]) send(ctx context.Context, c Call[json.RawMessage]) (Result, error) {
	call, err := callOf[P](c)
	if err != nil {
		return nil, Permanent(BlameRequest, fmt.Errorf("the parameters do not fit: %w", err))
	}
	if c, ok := any(call.Params).(Checker); ok {
		if err := c.Check(); Sorted(err) {
			return nil, err
		} else if err != nil {
			return nil, Permanent(BlameRequest, err)
		}
	}
	return o.sender.Send(ctx, call)
}
