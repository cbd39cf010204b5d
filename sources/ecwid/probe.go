package ecwid

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"shopbell/sources"
)

// Probe implements [sources.Prober]. Ecwid has no call that lists what a token may do, so for each access to read something the length
// of a list is asked for: no entity, and so nobody's data, is in the answer.
func (s *source) Probe(ctx context.Context, store string, accesses []string) (sources.Probed, error) {
	shop, ok := s.shop(store)
	if !ok {
		return sources.Probed{}, sources.Unconfirmed("store %s is not configured for this source", store)
	}
	var p sources.Probed
	profile, err := shop.get(ctx, "profile", nil, profileScope)
	switch {
	case errors.Is(err, errNotFound):
		return p, fmt.Errorf("the API has no profile of store %s: is api right?", store)
	case err == nil && !sameProfile(profile, wanted{store: store}):
		return p, errors.New("the answer of the store's API is not the profile of store " + store)
	case err == nil:
		p.Name = storeOf(store, profile).Name
	case !shop.lacks(profileScope): // lacking that one alone, the token is still good for other things
		return p, err
	}
	for _, access := range accesses {
		path, ok := listOf(access)
		if !ok {
			continue
		}
		err := shop.count(ctx, path, access)
		switch {
		case err == nil:
		case shop.lacks(access):
			p.Lacks = append(p.Lacks, access)
		default:
			return p, err
		}
	}
	return p, nil
}

// listOf gives the list that an access opens, and false for one that opens none.
func listOf(access string) (path string, ok bool) {
	switch access {
	case "read_orders":
		return "orders", true
	case "read_catalog":
		return "products", true
	case "read_customers":
		return "customers", true
	case "read_discount_coupons":
		return "discount_coupons", true
	}
	return "", false
}

// count asks how long a list is.
func (s *shop) count(ctx context.Context, path, scope string) error {
	answer, err := s.get(ctx, path, url.Values{"limit": {"1"}, "responseFields": {"total"}}, scope)
	if errors.Is(err, errNotFound) {
		return fmt.Errorf("the API has no %s of store %s: is api right?", path, s.id)
	}
	var list struct {
		Total *int `json:"total"`
	}
	if err == nil && (json.Unmarshal(answer, &list) != nil || list.Total == nil) {
		return errors.New("the answer of the store's API is not a list of " + path)
	}
	return err
}

// lacks tells whether Ecwid said at the last call that wanted an access that the token has it not.
func (s *shop) lacks(scope string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.health == nil {
		return false
	}
	_, lacking := s.health.lacks[scope]
	return lacking
}

var _ sources.Prober = (*source)(nil)
