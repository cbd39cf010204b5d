package http

import (
	"context"
	"fmt"
	nethttp "net/http"
	"time"

	"shopbell/actions"
)

// testable is a sender whose account can be tested: it gets tokens, or names an address that may be read.
type testable struct {
	*sender
	address string // "" for none
}

// Test implements [actions.Tester]: it gets a token, and reads the address.
func (t testable) Test(ctx context.Context) (string, error) {
	if t.address == "" {
		got, err := t.tokens.get(ctx, nil)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("%s gives a token, which is used for %s", t.tokens.url.Host, time.Until(got.end).Round(time.Second)), nil
	}
	call := actions.Call[Params]{Key: "test", Try: 1, Params: Params{URL: t.address, Method: nethttp.MethodGet}}
	r, err := t.request(ctx, &call)
	if err != nil {
		return "", actions.Permanent(actions.BlameAccount, fmt.Errorf("test: %w", err))
	}
	answer, err := t.ask(ctx, r, 0)
	if err != nil {
		return "", err
	}
	if err := answer.Err(t.rows...); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s answers %d", r.URL.Host, answer.Status), nil
}
