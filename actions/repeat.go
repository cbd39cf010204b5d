package actions

import "encoding/json"

// Repeats tells whether a try of a step may be repeated whose outcome is unknown: as the step says, where its kind has
// [Spec.Repeats], and as the kind says of all steps otherwise. A nil kind is one that is not known any more: nobody says that it may.
func Repeats(k *Kind, o Outlet, c Call[json.RawMessage]) bool {
	if k == nil {
		return false
	}
	if said, ok := o.(interface {
		repeats(Call[json.RawMessage]) bool
	}); ok && k.ByStep {
		return said.repeats(c)
	}
	return k.Idempotent
}

// byStep closes [Spec.Repeats] over its account.
func byStep[A, P any](repeats func(A, Call[P]) bool, account A) func(Call[P]) bool {
	if repeats == nil {
		return nil
	}
	return func(c Call[P]) bool { return repeats(account, c) }
}

// repeats tells whether one step may be repeated. Parameters that do not fit say nothing, so that a person looks at them.
func (o outlet[P]) repeats(c Call[json.RawMessage]) bool {
	if o.again == nil {
		return false
	}
	call, err := callOf[P](c)
	return err == nil && o.again(call)
}
