package ecwid_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"shopbell/actions"
	"shopbell/actions/ecwid"
)

// asked are stores that can be asked.
type asked struct {
	count int
	of    string // the source whose stores were listed
	calls atomic.Int32
	tell  func(id string) (actions.StoreAnswer, error)
}

func (a *asked) List(source string) ([]actions.Store, error) {
	a.of = source
	if a.count == 0 {
		return nil, errors.New("there is no store")
	}
	var list []actions.Store
	for i := range a.count {
		list = append(list, actions.Store{Source: "shop", ID: fmt.Sprint(1000 + i)})
	}
	return list, nil
}

func (a *asked) Ask(_ context.Context, at actions.Store, accesses []string) (actions.StoreAnswer, error) {
	a.calls.Add(1)
	if !slices.Equal(accesses, []string{"read_orders", "read_discount_coupons", "read_customers"}) {
		return actions.StoreAnswer{}, fmt.Errorf("asked for %q", accesses)
	}
	return a.tell(at.ID)
}

// TestTester is what is said of stores and their tokens.
func TestTester(t *testing.T) {
	const writes = ". Whether it may also write is not told before a step does: that takes update_orders for orders, create_discount_coupons for coupons and update_customers for groups"
	lacking := func(names ...string) func(string) (actions.StoreAnswer, error) {
		return func(string) (actions.StoreAnswer, error) { return actions.StoreAnswer{Name: "Cups", Lacks: names}, nil }
	}
	dead := actions.Permanent(actions.BlameAccount, errors.New("store 1000 refuses its token"))
	for name, c := range map[string]struct {
		count       int
		tell        func(string) (actions.StoreAnswer, error)
		said, wrong string
		calls       int32
	}{
		"all": {1, lacking(), "store 1000 (Cups) takes its token, which may read all that steps look up" + writes, "", 1},
		"two lack": {1, lacking("read_orders", "read_customers"), "store 1000 (Cups) takes its token, which lacks the access read_orders, so that no step can set extra_fields or info, " +
			"and read_customers, so that no step can put a customer into a group; add what is needed to the app at Ecwid and install the app again" + writes, "", 1},
		"dead": {1, func(string) (actions.StoreAnswer, error) { return actions.StoreAnswer{}, dead }, "", "store 1000 refuses its token", 1},
		"one of two": {2, func(id string) (actions.StoreAnswer, error) {
			if id == "1001" {
				return actions.StoreAnswer{}, errors.New("the store's API answered 503")
			}
			return actions.StoreAnswer{}, nil
		}, "", "store 1001: the store's API answered 503; but store 1000 takes its token, which may read all that steps look up", 2},
		"many": {12, lacking(), "", "", 10},
		"none": {0, nil, "", "there is no store", 0},
	} {
		t.Run(name, func(t *testing.T) {
			stores := &asked{count: c.count, tell: c.tell}
			env := (&store{}).env()
			env.Stores = stores
			outlet, err := ecwid.Action.Open(env, json.RawMessage(`{"source":"mine"}`))
			if err != nil {
				t.Fatal(err)
			}
			tester, ok := actions.TesterOf(outlet)
			if !ok {
				t.Fatal("it cannot be tested")
			}
			said, err := tester.Test(t.Context())
			if name == "many" {
				if !strings.HasSuffix(said, ". The other 2 of 12 stores were not asked") || err != nil {
					t.Errorf("said %q, %v", said, err)
				}
			} else if said != c.said || (err == nil) != (c.wrong == "") || err != nil && err.Error() != c.wrong {
				t.Errorf("said %q, %v", said, err)
			}
			if name == "dead" && actions.OutcomeOf(err).Blame != actions.BlameAccount {
				t.Errorf("the account is not to blame: %v", err)
			}
			if stores.calls.Load() != c.calls || stores.of != "mine" {
				t.Errorf("%d calls, of stores of %q", stores.calls.Load(), stores.of)
			}
		})
	}
}
