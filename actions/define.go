package actions

import (
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
		Idempotent: s.Idempotent, NoAccount: s.NoAccount, Marketing: s.Marketing, Causes: s.Causes,
		Params: shape.Of(new(P)), Account: shape.Of(new(A)),
	}
	if s.Result != nil {
		k.Result = shape.Of(reflect.New(reflect.TypeOf(s.Result)).Interface())
	}
	k.Redirect = redirecting(s.Redirect)
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
		return outlet[P]{sender}, nil
	}
	k.Check = func(params json.RawMessage) error {
		var p P
		if err := json.Unmarshal(params, &p); err != nil {
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

// outlet closes a Sender over its parameter type.
type outlet[P any] struct{ sender Sender[P] }

func (o outlet[P]) inside() any { return o.sender }

// Send implements [Outlet].
func (o outlet[P]) Send(ctx context.Context, c Call[json.RawMessage]) (Result, error) {
	call := Call[P]{Key: c.Key, Try: c.Try, Source: c.Source, Store: c.Store, Callback: c.Callback, Unsubscribe: c.Unsubscribe}
	if err := json.Unmarshal(c.Params, &call.Params); err != nil {
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
