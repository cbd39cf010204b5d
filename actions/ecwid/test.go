package ecwid

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"shopbell/actions"
)

// mostAsked bounds the stores of one test. Ecwid shuts out an address that makes 20 calls a minute with tokens that do not work, and the
// tokens may all be dead.
const mostAsked = 10

// looksUp lists what tokens need for reading, and what cannot be done without it.
func looksUp() []need {
	return []need{
		{"read_orders", "no step can set extra_fields or info"},
		{"read_discount_coupons", "no step can make a coupon"},
		{"read_customers", "no step can put a customer into a group"},
	}
}

// A need is an access of a token, and what is so without it.
type need struct{ access, without string }

// writes says what cannot be tried without writing something.
const writes = "Whether it may also write is not told before a step does: that takes update_orders for orders, create_discount_coupons " +
	"for coupons and update_customers for groups"

// Test implements [actions.Tester]: it has stores tell what their tokens may read. It changes nothing, so that the access to write is
// not tried.
func (s sender) Test(ctx context.Context) (string, error) {
	if s.env.Stores == nil {
		return "", errors.New("no store can be asked here")
	}
	all, err := s.env.Stores.List(s.account.Source)
	if err != nil {
		return "", actions.Permanent(actions.BlameAccount, err)
	}
	some := all[:min(len(all), mostAsked)]
	said, errs := make([]string, len(some)), make([]error, len(some))
	var asking sync.WaitGroup
	for i, at := range some {
		asking.Go(func() { said[i], errs[i] = s.ask(ctx, at) })
	}
	asking.Wait()
	var good []string
	var bad error
	for i := range some {
		switch {
		case errs[i] == nil:
			good = append(good, said[i])
		case bad == nil:
			bad = errs[i]
		default:
			bad = fmt.Errorf("%w; %w", bad, errs[i])
		}
	}
	if bad != nil && len(good) > 0 {
		bad = fmt.Errorf("%w; but %s", bad, strings.Join(good, "; "))
	}
	if bad != nil {
		return "", bad
	}
	text := strings.Join(good, "; ") + ". " + writes
	if rest := len(all) - len(some); rest > 0 {
		text += fmt.Sprintf(". The other %d of %d stores were not asked", rest, len(all))
	}
	return text, nil
}

// ask has one store tell, and says it for people.
func (s sender) ask(ctx context.Context, at actions.Store) (string, error) {
	var accesses []string
	for _, n := range looksUp() {
		accesses = append(accesses, n.access)
	}
	answer, err := s.env.Stores.Ask(ctx, at, accesses)
	name := "store " + at.ID
	if err != nil && !strings.Contains(err.Error(), name) {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	if err != nil {
		return "", err
	}
	if answer.Name != "" {
		name += " (" + actions.Excerpt([]byte(answer.Name)) + ")"
	}
	var lacking []string
	for _, n := range looksUp() {
		for _, access := range answer.Lacks {
			if access == n.access {
				lacking = append(lacking, n.access+", so that "+n.without)
			}
		}
	}
	if len(lacking) == 0 {
		return name + " takes its token, which may read all that steps look up", nil
	}
	return name + " takes its token, which lacks the access " + strings.Join(lacking, ", and ") +
		"; add what is needed to the app at Ecwid and install the app again", nil
}

var _ actions.Tester = sender{}
