package ecwid_test

import (
	"slices"
	"strings"
	"testing"

	"shopbell/sources"
)

// TestProbe is what a store tells of its token: what it lacks is told, whatever else it lacks; what is wrong with the store is an error, and
// a token that is dead is used once.
func TestProbe(t *testing.T) {
	asked := []string{"read_orders", "read_discount_coupons", "read_customers", "update_orders"}
	for name, c := range map[string]struct {
		before func(*counting)
		lacks  []string
		wrong  string
		calls  int
	}{
		"all":        {func(*counting) {}, nil, "", 4},
		"one lacks":  {func(c *counting) { c.SetScopes("read_store_profile", "read_orders", "read_customers") }, []string{"read_discount_coupons"}, "", 4},
		"no profile": {func(c *counting) { c.SetScopes("read_orders") }, []string{"read_discount_coupons", "read_customers"}, "", 4},
		"dead":       {func(c *counting) { c.Revoke("secret_test") }, nil, "store 1003 refuses its token (403 INVALID_API_TOKEN)", 1},
		"suspended":  {func(c *counting) { c.Suspend(true) }, nil, "store 1003 is suspended (402 STORE_IS_SUSPENDED)", 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := counted(t)
			c.before(s)
			told, err := s.source.(sources.Prober).Probe(t.Context(), "1003", asked)
			if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("the error is %v", err)
			}
			if err == nil && !slices.Equal(told.Lacks, c.lacks) {
				t.Errorf("it lacks %q", told.Lacks)
			}
			if err == nil && (told.Name == "") != (name == "no profile") {
				t.Errorf("its name is %q", told.Name)
			}
			if len(s.calls) != c.calls || slices.ContainsFunc(s.calls, func(call string) bool { return !strings.HasPrefix(call, "GET ") }) {
				t.Errorf("asked %q", s.calls)
			}
			if len(s.calls) == 4 && s.calls[1] != "GET orders?limit=1&responseFields=total" {
				t.Errorf("the orders were asked for by %q", s.calls[1])
			}
		})
	}
	s := counted(t)
	if _, err := s.source.(sources.Prober).Probe(t.Context(), "9", asked); !sources.IsUnconfirmed(err) {
		t.Errorf("of a store that is not there: %v", err)
	}
}
